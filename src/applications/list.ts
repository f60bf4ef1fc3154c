// The table of all applications.
import type { Application, ApplicationInfo } from './application.ts'
import * as convnext from './convnext.ts'
import * as densenet from './densenet.ts'
import { efficientNetLite0 } from './efficientnet-lite.ts'
import * as efficientnetV2 from './efficientnet-v2.ts'
import * as efficientnet from './efficientnet.ts'
import { inceptionResNetV2 } from './inception-resnet-v2.ts'
import { inceptionV3 } from './inception-v3.ts'
import { mobileNetV2 } from './mobilenet-v2.ts'
import { mobileNetV3Large, mobileNetV3Small } from './mobilenet-v3.ts'
import { mobileNet } from './mobilenet.ts'
import * as nasnet from './nasnet.ts'
import * as resnet from './resnet.ts'
import * as vgg from './vgg.ts'
import { xception } from './xception.ts'

/** A row of `list()`. */
export interface ListedApplication extends ApplicationInfo {
  /** Name of the function: `applications[name]`. */
  readonly name: string
  /** Builds the model, as `applications[name]` does. */
  readonly build: Application
}

const families: readonly Readonly<Record<string, unknown>>[] = [
  { efficientNetLite0, xception },
  vgg,
  resnet,
  { inceptionV3, inceptionResNetV2, mobileNet, mobileNetV2, mobileNetV3Small, mobileNetV3Large },
  densenet,
  nasnet,
  efficientnet,
  efficientnetV2,
  convnext,
]

function isApplication(value: unknown): value is Application {
  return typeof value === 'function' && 'info' in value && 'decodePredictions' in value
}

/** Name, sizes, number of parameters, accuracy and licence of every application. */
export function list(): ListedApplication[] {
  return families.flatMap((family) =>
    Object.entries(family).flatMap(([name, build]) => (isApplication(build) ? [{ name, ...build.info, build }] : [])),
  )
}
