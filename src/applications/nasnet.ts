// NASNet-A (Zoph et al., 2017), mobile and large: cells found by architecture search.
import { ArgumentError, problem } from '../errors.ts'
import { application, poolFeatures } from './application.ts'
import type { Application, ApplicationInfo, Settings } from './application.ts'
import { normalCell, normalized, reductionCell } from './nasnet-cells.ts'
import { obtainInputShape } from './options.ts'
import type { ApplicationOptions } from './options.ts'
import { activate, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'

const licence = 'Apache-2.0'

interface Plan {
  /** Channels of a normal cell in the first third. */
  readonly filters: number
  /** Normal cells in each third. */
  readonly repeats: number
  readonly stemFilters: number
  /** Whether a reduction cell is not the "previous" of the cell after it. */
  readonly skipReduction: boolean
}

function network({ filters, repeats, stemFilters, skipReduction }: Plan) {
  return (start: SymbolicTensor, settings: Settings<ApplicationOptions>): SymbolicTensor => {
    const stem = { filters: stemFilters, kernelSize: 3, strides: 2, useBias: false, name: 'stem_conv1' } as const
    let x = normalized(on(layers.conv2D({ ...stem, kernelInitializer: 'he_normal' }), start), 'stem_bn1')
    let previous: SymbolicTensor | null = null
    for (const [id, width] of [['stem_1', filters / 4], ['stem_2', filters / 2]] as const) [x, previous] = reductionCell(x, previous, width, id) // prettier-ignore
    for (let third = 0; third < 3; third++) {
      const width = filters * 2 ** third
      if (third > 0) {
        const [reduced, before] = reductionCell(x, previous, width, `reduce_${third * repeats}`)
        if (!skipReduction) previous = before
        x = reduced
      }
      for (let i = 0; i < repeats; i++)
        [x, previous] = normalCell(x, previous!, width, String(third * repeats + i + (third > 0 ? 1 : 0)))
    }
    x = activate(x, 'relu')
    const { includeTop, pooling, classes, classifierActivation } = settings
    if (!includeTop) return poolFeatures(x, pooling)
    x = on(layers.globalAveragePooling2D(), x)
    return on(layers.dense({ units: classes, activation: classifierActivation, name: 'predictions' }), x)
  }
}

function nasNet(
  variant: 'Mobile' | 'Large',
  known: Pick<ApplicationInfo, 'defaultSize' | 'parameters' | 'top1' | 'top5'>,
  plan: Plan,
  hashes: readonly [string, string],
): Application {
  const where = `nasNet${variant}`
  const { defaultSize } = known
  const kind = variant.toLowerCase()
  const folder = 'https://storage.googleapis.com/tensorflow/keras-applications/nasnet/'
  const source = 'trained by Google, converted by Somshubra Majumdar for keras-team'
  /** Input: RGB as x / 127.5 - 1. Keras keeps the files under other names than those of the download. */
  const files = pairOf({ licence, source }, folder, [`nasnet_${kind}.h5`, `nasnet_${kind}_no_top.h5`], hashes)
  const weights = {
    top: { ...files.top, url: `${folder}NASNet-${kind}.h5` },
    notop: { ...files.notop, url: `${folder}NASNet-${kind}-no-top.h5` },
  }
  return application({
    where,
    info: { ...known, kerasName: `NASNet${variant}`, family: 'nasnet', minSize: 32, preprocessing: 'tf', licence },
    shapeFor({ inputShape }, { includeTop, pretrained }) {
      if (pretrained && inputShape?.includes(null))
        throw new ArgumentError(
          problem({ where, expected: 'a known inputShape with the ImageNet weights', received: inputShape }),
        )
      // The mobile variant never has unknown sides by itself.
      const fixed = variant === 'Mobile' && !includeTop ? [defaultSize, defaultSize, 3] : undefined
      return obtainInputShape(where, inputShape ?? fixed, { defaultSize, minSize: 32, includeTop, pretrained })
    },
    modelName: () => `nasnet_${kind}`,
    weights: ({ includeTop }) => weights[includeTop ? 'top' : 'notop'],
    build: network(plan),
  })
}

/** NASNetMobile. Inputs: RGB as x / 127.5 - 1, at least 32x32; default 224x224. */
export const nasNetMobile = nasNet(
  'Mobile',
  { defaultSize: 224, parameters: 5_326_716, top1: 74.4, top5: 91.9 },
  { filters: 44, repeats: 4, stemFilters: 32, skipReduction: false },
  ['020fb642bf7360b370c678b08e0adf61', '1ed92395b5b598bdda52abe5c0dbfd63'],
)

/** NASNetLarge. Inputs: RGB as x / 127.5 - 1, at least 32x32; default 331x331. */
export const nasNetLarge = nasNet(
  'Large',
  { defaultSize: 331, parameters: 88_949_818, top1: 82.5, top5: 96 },
  { filters: 168, repeats: 6, stemFilters: 96, skipReduction: true },
  ['11577c9a518f0070763c2b964a382f17', 'd81d89dc07e6e56530c4e77faddd61b5'],
)
