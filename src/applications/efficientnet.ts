// EfficientNet B0 to B7 (Tan and Le, 2019): inverted residuals with squeeze-and-excitation, scaled in width, depth and size together.
import { application } from './application.ts'
import type { Application, ApplicationInfo, Settings } from './application.ts'
import { convolutionInitializer, finishEfficient, squeezeExcite } from './efficientnet-parts.ts'
import type { ApplicationOptions } from './options.ts'
import { activate, correctPad, divisible, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'

const licence = 'Apache-2.0'

/** Kernel, repeats, input and output filters, expansion, stride. */
const stages = [
  [3, 1, 32, 16, 1, 1],
  [3, 2, 16, 24, 6, 2],
  [5, 2, 24, 40, 6, 2],
  [3, 3, 40, 80, 6, 2],
  [5, 3, 80, 112, 6, 1],
  [5, 4, 112, 192, 6, 2],
  [3, 1, 192, 320, 6, 1],
] as const
/** Of a block's input channels. */
const squeezeRatio = 0.25
/** Dropout of whole residuals: from 0 at the first block towards this at the last. */
const dropConnectRate = 0.2
const deviations = [0.229, 0.224, 0.225]

function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.batchNormalization({ axis: 3, name }), x)
}
function swish(x: SymbolicTensor, name: string): SymbolicTensor {
  return activate(x, 'swish', name)
}
function pointwise(x: SymbolicTensor, filters: number, name: string): SymbolicTensor {
  const kernelInitializer = convolutionInitializer
  return on(layers.conv2D({ filters, kernelSize: 1, padding: 'same', useBias: false, kernelInitializer, name }), x)
}

interface Block {
  readonly prefix: string
  readonly kernelSize: number
  readonly strides: number
  readonly expand: number
  readonly filtersIn: number
  readonly filtersOut: number
  readonly dropRate: number
}

function block(inputs: SymbolicTensor, settings: Block): SymbolicTensor {
  const { prefix, kernelSize, strides, expand, filtersIn, filtersOut, dropRate } = settings
  const filters = filtersIn * expand
  let x = inputs
  if (expand !== 1) {
    x = pointwise(x, filters, `${prefix}expand_conv`)
    x = swish(normalized(x, `${prefix}expand_bn`), `${prefix}expand_activation`)
  }
  if (strides === 2)
    x = on(layers.zeroPadding2D({ padding: correctPad(x, kernelSize), name: `${prefix}dwconv_pad` }), x)
  const deep = { kernelSize, strides, useBias: false, depthwiseInitializer: convolutionInitializer } as const
  x = on(layers.depthwiseConv2D({ ...deep, padding: strides === 2 ? 'valid' : 'same', name: `${prefix}dwconv` }), x)
  x = swish(normalized(x, `${prefix}bn`), `${prefix}activation`)
  x = squeezeExcite(x, filters, Math.max(1, Math.trunc(filtersIn * squeezeRatio)), prefix)
  x = normalized(pointwise(x, filtersOut, `${prefix}project_conv`), `${prefix}project_bn`)
  if (strides !== 1 || filtersIn !== filtersOut) return x
  if (dropRate > 0) x = on(layers.dropout({ rate: dropRate, noiseShape: [null, 1, 1, 1], name: `${prefix}drop` }), x)
  return on(layers.add({ name: `${prefix}add` }), [x, inputs])
}

/** Scales pixels of 0..255; the statistics are weights, which the ImageNet files bring. */
function scaled(x: SymbolicTensor, pretrained: boolean): SymbolicTensor {
  let y = on(layers.rescaling({ scale: 1 / 255 }), x)
  y = on(layers.normalization({ axis: 3 }), y)
  // The original divided by the variance, the layer divides by its root.
  if (pretrained) y = on(layers.rescaling({ scale: deviations.map((deviation) => 1 / Math.sqrt(deviation)) }), y)
  return y
}

function network(width: number, depth: number, dropoutRate: number) {
  const channels = (filters: number): number => divisible(filters * width)
  const repeatsOf = (repeats: number): number => Math.ceil(depth * repeats)
  const total = stages.reduce((sum, [, repeats]) => sum + repeatsOf(repeats), 0)
  return (start: SymbolicTensor, settings: Settings<ApplicationOptions>): SymbolicTensor => {
    let x = scaled(start, settings.pretrained)
    x = on(layers.zeroPadding2D({ padding: correctPad(x, 3), name: 'stem_conv_pad' }), x)
    const stem = { filters: channels(32), kernelSize: 3, strides: 2, useBias: false, name: 'stem_conv' } as const
    x = on(layers.conv2D({ ...stem, kernelInitializer: convolutionInitializer }), x)
    x = swish(normalized(x, 'stem_bn'), 'stem_activation')
    let count = 0
    stages.forEach(([kernelSize, repeats, from, to, expand, stride], stage) => {
      for (let i = 0; i < repeatsOf(repeats); i++) {
        x = block(x, {
          prefix: `block${stage + 1}${String.fromCharCode(97 + i)}_`,
          kernelSize,
          strides: i === 0 ? stride : 1,
          expand,
          filtersIn: channels(i === 0 ? from : to),
          filtersOut: channels(to),
          dropRate: (dropConnectRate * count++) / total,
        })
      }
    })
    x = swish(normalized(pointwise(x, channels(1280), 'top_conv'), 'top_bn'), 'top_activation')
    return finishEfficient(x, settings, dropoutRate)
  }
}

function efficientNet(
  variant: string,
  [width, depth, defaultSize, dropoutRate]: readonly [number, number, number, number],
  known: Pick<ApplicationInfo, 'parameters' | 'top1' | 'top5'>,
  hashes: readonly [string, string],
): Application {
  const name = `efficientnetb${variant}`
  /** Input: RGB of 0..255. */
  const weights = pairOf(
    { licence, source: 'trained by Google (tensorflow/tpu), converted by Yixing Fu for keras-team' },
    'https://storage.googleapis.com/keras-applications/',
    [`${name}.h5`, `${name}_notop.h5`],
    hashes,
  )
  return application({
    where: `efficientNetB${variant}`,
    info: {
      ...known,
      kerasName: `EfficientNetB${variant}`,
      family: 'efficientnet',
      defaultSize,
      minSize: 32,
      preprocessing: 'none',
      licence,
    },
    modelName: () => name,
    weights: ({ includeTop }) => weights[includeTop ? 'top' : 'notop'],
    build: network(width, depth, dropoutRate),
  })
}

/** EfficientNetB0. Inputs: RGB of 0..255, at least 32x32; default 224x224. */
export const efficientNetB0 = efficientNet('0', [1, 1, 224, 0.2], { parameters: 5_330_571, top1: 77.1, top5: 93.3 }, [
  '902e53a9f72be733fc0bcb005b3ebbac',
  '50bc09e76180e00e4465e1a485ddc09d',
])

/** EfficientNetB1. Inputs: RGB of 0..255, at least 32x32; default 240x240. */
export const efficientNetB1 = efficientNet('1', [1, 1.1, 240, 0.2], { parameters: 7_856_239, top1: 79.1, top5: 94.4 }, [
  '1d254153d4ab51201f1646940f018540',
  '74c4e6b3e1f6a1eea24c589628592432',
])

/** EfficientNetB2. Inputs: RGB of 0..255, at least 32x32; default 260x260. */
export const efficientNetB2 = efficientNet(
  '2',
  [1.1, 1.2, 260, 0.3],
  { parameters: 9_177_569, top1: 80.1, top5: 94.9 },
  ['b15cce36ff4dcbd00b6dd88e7857a6ad', '111f8e2ac8aa800a7a99e3239f7bfb39'],
)

/** EfficientNetB3. Inputs: RGB of 0..255, at least 32x32; default 300x300. */
export const efficientNetB3 = efficientNet(
  '3',
  [1.2, 1.4, 300, 0.3],
  { parameters: 12_320_535, top1: 81.6, top5: 95.7 },
  ['ffd1fdc53d0ce67064dc6a9c7960ede0', 'af6d107764bb5b1abb91932881670226'],
)

/** EfficientNetB4. Inputs: RGB of 0..255, at least 32x32; default 380x380. */
export const efficientNetB4 = efficientNet(
  '4',
  [1.4, 1.8, 380, 0.4],
  { parameters: 19_466_823, top1: 82.9, top5: 96.4 },
  ['18c95ad55216b8f92d7e70b3a046e2fc', 'ebc24e6d6c33eaebbd558eafbeedf1ba'],
)

/** EfficientNetB5. Inputs: RGB of 0..255, at least 32x32; default 456x456. */
export const efficientNetB5 = efficientNet(
  '5',
  [1.6, 2.2, 456, 0.4],
  { parameters: 30_562_527, top1: 83.6, top5: 96.7 },
  ['ace28f2a6363774853a83a0b21b9421a', '38879255a25d3c92d5e44e04ae6cec6f'],
)

/** EfficientNetB6. Inputs: RGB of 0..255, at least 32x32; default 528x528. */
export const efficientNetB6 = efficientNet(
  '6',
  [1.8, 2.6, 528, 0.5],
  { parameters: 43_265_143, top1: 84, top5: 96.8 },
  ['165f6e37dce68623721b423839de8be5', '9ecce42647a20130c1f39a5d4cb75743'],
)

/** EfficientNetB7. Inputs: RGB of 0..255, at least 32x32; default 600x600. */
export const efficientNetB7 = efficientNet('7', [2, 3.1, 600, 0.5], { parameters: 66_658_687, top1: 84.3, top5: 97 }, [
  '8c03f828fec3ef71311cd463b6759d99',
  'cbcfe4450ddf6f3ad90b1b398090fe4a',
])
