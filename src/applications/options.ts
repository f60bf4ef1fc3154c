// What every application is called with, checked in one place.
import { ArgumentError, problem } from '../errors.ts'
import { layers } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'

export interface ApplicationOptions {
  /** Whether the classifier is part of the model. Default true. */
  readonly includeTop?: boolean
  /** `imagenet` (default), null for random weights, or the path of a safetensors file. */
  readonly weights?: 'imagenet' | null | (string & {})
  /** A symbolic tensor to build the model on. */
  readonly inputTensor?: SymbolicTensor
  /** [height, width, channels]; null for unknown sides. */
  readonly inputShape?: readonly (number | null)[]
  /** Without the top: null (default) leaves the 4-D features, `avg` and `max` pool them globally. */
  readonly pooling?: 'avg' | 'max' | null
  /** Default 1000. */
  readonly classes?: number
  /** Default `softmax`; null gives logits. */
  readonly classifierActivation?: string | null
  readonly name?: string
}

export function checkTop(
  application: string,
  { weights = 'imagenet', includeTop = true, classes = 1000, classifierActivation = 'softmax' }: ApplicationOptions,
): void {
  if (weights === 'imagenet' && includeTop && classes !== 1000)
    throw new ArgumentError(
      problem({ where: application, expected: 'classes 1000 for the ImageNet classifier', received: classes }),
    )
  if (weights !== null && includeTop && classifierActivation !== 'softmax' && classifierActivation !== null)
    throw new ArgumentError(
      problem({
        where: application,
        expected: 'classifierActivation softmax or null with pretrained weights',
        received: classifierActivation,
      }),
    )
}

/** The global pooling that ends a model without its top. */
export function poolFeatures(
  x: SymbolicTensor,
  pooling: 'avg' | 'max' | null | undefined,
  name?: { avg: string; max: string },
): SymbolicTensor {
  if (pooling === 'avg') return layers.globalAveragePooling2D(name ? { name: name.avg } : {}).apply(x) as SymbolicTensor
  if (pooling === 'max') return layers.globalMaxPooling2D(name ? { name: name.max } : {}).apply(x) as SymbolicTensor
  return x
}
