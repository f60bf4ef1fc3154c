// EfficientNetV2 B0 to B3, S, M and L (Tan and Le, 2021): EfficientNet with whole convolutions in the first stages.
import { application } from './application.ts'
import type { Application, ApplicationInfo, Settings } from './application.ts'
import { convolutionInitializer, finishEfficient, squeezeExcite } from './efficientnet-parts.ts'
import type { ApplicationOptions } from './options.ts'
import { activate, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'
import { flag } from '../platform/option-rules.ts'

export interface EfficientNetV2Options extends ApplicationOptions {
  /** Begin with layers that scale pixels of 0..255; default true. */
  readonly includePreprocessing?: boolean
}

const licence = 'Apache-2.0'

/** Repeats, input and output filters, expansion, squeeze-and-excitation, stride, fused: one whole convolution instead of two. */
type Stage = readonly [
  repeats: number,
  from: number,
  to: number,
  expand: number,
  squeeze: number,
  strides: number,
  fused: boolean,
]

const base: readonly Stage[] = [
  [1, 32, 16, 1, 0, 1, true],
  [2, 16, 32, 4, 0, 2, true],
  [2, 32, 48, 4, 0, 2, true],
  [3, 48, 96, 4, 0.25, 2, false],
  [5, 96, 112, 6, 0.25, 1, false],
  [8, 112, 192, 6, 0.25, 2, false],
]
const small: readonly Stage[] = [
  [2, 24, 24, 1, 0, 1, true],
  [4, 24, 48, 4, 0, 2, true],
  [4, 48, 64, 4, 0, 2, true],
  [6, 64, 128, 4, 0.25, 2, false],
  [9, 128, 160, 6, 0.25, 1, false],
  [15, 160, 256, 6, 0.25, 2, false],
]
const medium: readonly Stage[] = [
  [3, 24, 24, 1, 0, 1, true],
  [5, 24, 48, 4, 0, 2, true],
  [5, 48, 80, 4, 0, 2, true],
  [7, 80, 160, 4, 0.25, 2, false],
  [14, 160, 176, 6, 0.25, 1, false],
  [18, 176, 304, 6, 0.25, 2, false],
  [5, 304, 512, 6, 0.25, 1, false],
]
const large: readonly Stage[] = [
  [4, 32, 32, 1, 0, 1, true],
  [7, 32, 64, 4, 0, 2, true],
  [7, 64, 96, 4, 0, 2, true],
  [10, 96, 192, 4, 0.25, 2, false],
  [19, 192, 224, 6, 0.25, 1, false],
  [25, 224, 384, 6, 0.25, 2, false],
  [7, 384, 640, 6, 0.25, 1, false],
]

const kernelSize = 3
/** Dropout of whole residuals: from 0 at the first block towards this at the last. */
const dropConnectRate = 0.2
const dropoutRate = 0.2

function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.batchNormalization({ axis: 3, momentum: 0.9, name }), x)
}
function swish(x: SymbolicTensor, name: string): SymbolicTensor {
  return activate(x, 'swish', name)
}
function convolution(x: SymbolicTensor, filters: number, size: number, strides: number, name: string): SymbolicTensor {
  const window = { kernelSize: size, strides, padding: 'same', kernelInitializer: convolutionInitializer } as const
  return on(layers.conv2D({ filters, ...window, useBias: false, name }), x)
}

interface Block {
  readonly prefix: string
  readonly filtersIn: number
  readonly filtersOut: number
  readonly expand: number
  readonly squeeze: number
  readonly strides: number
  readonly fused: boolean
  readonly dropRate: number
}

/** The inside of a block up to the projection: a whole convolution (fused), or 1x1 and depthwise. */
function expanded(inputs: SymbolicTensor, { prefix, filtersIn, expand, strides, fused }: Block): SymbolicTensor {
  const filters = filtersIn * expand
  let x = inputs
  if (expand !== 1) {
    x = convolution(x, filters, fused ? kernelSize : 1, fused ? strides : 1, `${prefix}expand_conv`)
    x = swish(normalized(x, `${prefix}expand_bn`), `${prefix}expand_activation`)
  }
  if (fused) return x
  const deep = { kernelSize, strides, padding: 'same', depthwiseInitializer: convolutionInitializer } as const
  x = on(layers.depthwiseConv2D({ ...deep, useBias: false, name: `${prefix}dwconv2` }), x)
  return swish(normalized(x, `${prefix}bn`), `${prefix}activation`)
}

function block(inputs: SymbolicTensor, settings: Block): SymbolicTensor {
  const { prefix, filtersIn, filtersOut, expand, squeeze, strides, fused, dropRate } = settings
  let x = expanded(inputs, settings)
  if (squeeze > 0) x = squeezeExcite(x, filtersIn * expand, Math.max(1, Math.trunc(filtersIn * squeeze)), prefix)
  // Without an expansion the only convolution of a fused block is the projection.
  const only = fused && expand === 1
  x = convolution(x, filtersOut, only ? kernelSize : 1, only ? strides : 1, `${prefix}project_conv`)
  x = normalized(x, `${prefix}project_bn`)
  if (only) x = swish(x, `${prefix}project_activation`)
  if (strides !== 1 || filtersIn !== filtersOut) return x
  if (dropRate > 0) x = on(layers.dropout({ rate: dropRate, noiseShape: [null, 1, 1, 1], name: `${prefix}drop` }), x)
  return on(layers.add({ name: `${prefix}add` }), [x, inputs])
}

/** Scales pixels of 0..255: the B variants by ImageNet's statistics as EfficientNet does, the others to -1..1. */
function scaled(x: SymbolicTensor, byChannel: boolean): SymbolicTensor {
  if (!byChannel) return on(layers.rescaling({ scale: 1 / 128, offset: -1 }), x)
  const statistics = { mean: [0.485, 0.456, 0.406], variance: [0.229 ** 2, 0.224 ** 2, 0.225 ** 2] }
  return on(layers.normalization({ ...statistics, axis: 3 }), on(layers.rescaling({ scale: 1 / 255 }), x))
}

/** The multiple of eight next to the scaled number of filters; unlike EfficientNet's it may fall by more than a tenth. */
function rounded(filters: number, width: number): number {
  return Math.max(8, Math.floor(Math.trunc(filters * width + 4) / 8) * 8)
}

function network(stages: readonly Stage[], width: number, depth: number) {
  const total = stages.reduce((sum, [repeats]) => sum + repeats, 0)
  return (start: SymbolicTensor, settings: Settings<EfficientNetV2Options>): SymbolicTensor => {
    const byChannel = stages === base && settings.inputShape[2] === 3
    let x = (settings.options.includePreprocessing ?? true) ? scaled(start, byChannel) : start
    x = convolution(x, rounded(stages[0]![1], width), 3, 2, 'stem_conv')
    x = swish(normalized(x, 'stem_bn'), 'stem_activation')
    let count = 0
    stages.forEach(([repeats, from, to, expand, squeeze, stride, fused], stage) => {
      for (let i = 0; i < Math.ceil(depth * repeats); i++) {
        x = block(x, {
          prefix: `block${stage + 1}${String.fromCharCode(97 + i)}_`,
          filtersIn: rounded(i === 0 ? from : to, width),
          filtersOut: rounded(to, width),
          expand,
          squeeze,
          strides: i === 0 ? stride : 1,
          fused,
          // As in Keras, by the number of blocks before the depth is scaled.
          dropRate: (dropConnectRate * count++) / total,
        })
      }
    })
    x = convolution(x, rounded(1280, width), 1, 1, 'top_conv')
    x = swish(normalized(x, 'top_bn'), 'top_activation')
    return finishEfficient(x, settings, dropoutRate)
  }
}

function efficientNetV2(
  variant: string,
  defaultSize: number,
  build: ReturnType<typeof network>,
  known: Pick<ApplicationInfo, 'parameters' | 'top1' | 'top5'>,
  hashes: readonly [string, string],
): Application<EfficientNetV2Options> {
  const name = `efficientnetv2-${variant.toLowerCase()}`
  /** Input: RGB of 0..255. */
  const weights = pairOf(
    { licence, source: 'trained by Google (google/automl), converted by keras-team' },
    'https://storage.googleapis.com/tensorflow/keras-applications/efficientnet_v2/',
    [`${name}.h5`, `${name}_notop.h5`],
    hashes,
  )
  return application<EfficientNetV2Options>({
    where: `efficientNetV2${variant}`,
    info: {
      ...known,
      kerasName: `EfficientNetV2${variant}`,
      family: 'efficientnet_v2',
      defaultSize,
      minSize: 32,
      preprocessing: 'none',
      licence,
    },
    furtherOptions: { includePreprocessing: flag },
    modelName: () => name,
    weights: ({ includeTop }) => weights[includeTop ? 'top' : 'notop'],
    build,
  })
}

/** EfficientNetV2B0. Inputs: RGB of 0..255, at least 32x32; default 224x224. */
export const efficientNetV2B0 = efficientNetV2(
  'B0',
  224,
  network(base, 1, 1),
  { parameters: 7_200_312, top1: 78.7, top5: 94.3 },
  ['21ecbf6da12460d5c40bb2f29ceb2188', '893217f2bb855e2983157299931e43ff'],
)

/** EfficientNetV2B1. Inputs: RGB of 0..255, at least 32x32; default 240x240. */
export const efficientNetV2B1 = efficientNetV2(
  'B1',
  240,
  network(base, 1, 1.1),
  { parameters: 8_212_124, top1: 79.8, top5: 95 },
  ['069f0534ff22adf035c89e2d9547a9dc', '0e80663031ca32d657f9caa404b6ec37'],
)

/** EfficientNetV2B2. Inputs: RGB of 0..255, at least 32x32; default 260x260. */
export const efficientNetV2B2 = efficientNetV2(
  'B2',
  260,
  network(base, 1.1, 1.2),
  { parameters: 10_178_374, top1: 80.5, top5: 95.1 },
  ['424e49f28180edbde1e94797771950a7', '1dfe2e7a5d45b6632553a8961ea609eb'],
)

/** EfficientNetV2B3. Inputs: RGB of 0..255, at least 32x32; default 300x300. */
export const efficientNetV2B3 = efficientNetV2(
  'B3',
  300,
  network(base, 1.2, 1.4),
  { parameters: 14_467_622, top1: 82, top5: 95.8 },
  ['1f1fc43bd98a6e4fd8fdfd551e02c7a0', 'f6abf7b5849ac99a89b50dd3fd532856'],
)

/** EfficientNetV2S. Inputs: RGB of 0..255, at least 32x32; default 384x384. */
export const efficientNetV2S = efficientNetV2(
  'S',
  384,
  network(small, 1, 1),
  { parameters: 21_612_360, top1: 83.9, top5: 96.7 },
  ['e1d88a8495beba45748fedd0cecbe016', 'af0682fb74e8c54910f2d4393339c070'],
)

/** EfficientNetV2M. Inputs: RGB of 0..255, at least 32x32; default 480x480. */
export const efficientNetV2M = efficientNetV2(
  'M',
  480,
  network(medium, 1, 1),
  { parameters: 54_431_388, top1: 85.3, top5: 97.4 },
  ['a3bf6aa3276309f4fc6a34aa114c95cd', '1b8dc055df72dde80d614482840fe342'],
)

/** EfficientNetV2L. Inputs: RGB of 0..255, at least 32x32; default 480x480. */
export const efficientNetV2L = efficientNetV2(
  'L',
  480,
  network(large, 1, 1),
  { parameters: 119_027_848, top1: 85.7, top5: 97.5 },
  ['27e6d408b53c7ebc868fefa357689935', 'b0b66b5c863aef5b46e8608fe1711615'],
)
