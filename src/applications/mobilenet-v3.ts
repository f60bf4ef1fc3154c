// MobileNetV3 (Howard et al., 2019): inverted residuals with squeeze-and-excitation and hard swish, small and large.
import { ArgumentError, problem } from '../errors.ts'
import { applyOperation } from '../models/index.ts'
import { warn } from '../platform/warn.ts'
import { application, poolFeatures } from './application.ts'
import type { Application, ApplicationInfo, Settings } from './application.ts'
import { checkSameSide } from './options.ts'
import type { ApplicationOptions } from './options.ts'
import { activate, channelsOf, correctPad, divisible, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'
import type { WeightsPair } from './weights.ts'
import { flag, positive, rate } from '../platform/option-rules.ts'

export interface MobileNetV3Options extends ApplicationOptions {
  /** Factor of the number of channels; default 1. With the ImageNet weights 0.75 or 1. */
  readonly alpha?: number
  /** Without squeeze-and-excitation, hard swish and 5x5 convolutions; default false. */
  readonly minimalistic?: boolean
  /** Rate of the dropout in front of the classifier; default 0.2. */
  readonly dropoutRate?: number
  /** Begin with a Rescaling of 0..255 to -1..1; default true. */
  readonly includePreprocessing?: boolean
}

const licence = 'Apache-2.0'

/** MD5 of the files with and without the classifier. */
const hashes: Readonly<Record<string, readonly [string, string]>> = {
  'large_224_0.75_float': ['765b44a33ad4005b3ac83185abf1d0eb', '40af19a13ebea4e2ee0c676887f69a2e'],
  'large_224_1.0_float': ['59e551e166be033d707958cf9e29a6a7', '07fb09a5933dd0c8eaafa16978110389'],
  'large_minimalistic_224_1.0_float': ['675e7b876c45c57e9e63e6d90a36599c', 'ec5221f64a2f6d1ef965a614bdae7973'],
  'small_224_0.75_float': ['cb65d4e5be93758266aa0a7f2c6708b7', 'ebdb5cc8e0b497cd13a7c275d475c819'],
  'small_224_1.0_float': ['8768d4c2e7dee89b9d02b2d03d65d862', 'd3e8ec802a04aa4fc771ee12a9a9b836'],
  'small_minimalistic_224_1.0_float': ['99cd97fb2fcdad2bf028eb838de69e37', 'cde8136e733e811080d9fcd8a252f7e4'],
}

/** Input: RGB of 0..255 (-1..1 without the preprocessing); trained at 224x224. */
export function mobileNetV3Weights(size: 'small' | 'large', alpha: number, minimalistic: boolean): WeightsPair {
  const variant = `${size}${minimalistic ? '_minimalistic' : ''}_224_${alpha === 1 ? '1.0' : String(alpha)}_float`
  return pairOf(
    { licence, source: 'trained by Google, converted by DeepAR and keras-team' },
    'https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/',
    [`weights_mobilenet_v3_${variant}.h5`, `weights_mobilenet_v3_${variant}_no_top_v2.h5`],
    hashes[variant] ?? null,
  )
}

/** How one variant's activation and kernels look. */
interface Style {
  readonly kernelSize: number
  readonly activation: (x: SymbolicTensor) => SymbolicTensor
  /** Ratio of squeeze-and-excitation; 0 for none. */
  readonly squeeze: number
}

const relu = (x: SymbolicTensor): SymbolicTensor => on(layers.reLU(), x)
const hardSwish = (x: SymbolicTensor): SymbolicTensor => activate(x, 'hard_swish')
const full: Style = { kernelSize: 5, activation: hardSwish, squeeze: 0.25 }
const minimal: Style = { kernelSize: 3, activation: relu, squeeze: 0 }

/** Expansion, filters, kernel (0: the style's), stride, with squeeze-and-excitation, with the style's activation (else ReLU). */
type Row = readonly [
  expansion: number,
  filters: number,
  kernel: number,
  strides: number,
  squeeze: boolean,
  styled: boolean,
]

const small: readonly Row[] = [
  [1, 16, 3, 2, true, false],
  [72 / 16, 24, 3, 2, false, false],
  [88 / 24, 24, 3, 1, false, false],
  [4, 40, 0, 2, true, true],
  [6, 40, 0, 1, true, true],
  [6, 40, 0, 1, true, true],
  [3, 48, 0, 1, true, true],
  [3, 48, 0, 1, true, true],
  [6, 96, 0, 2, true, true],
  [6, 96, 0, 1, true, true],
  [6, 96, 0, 1, true, true],
]
const large: readonly Row[] = [
  [1, 16, 3, 1, false, false],
  [4, 24, 3, 2, false, false],
  [3, 24, 3, 1, false, false],
  [3, 40, 0, 2, true, false],
  [3, 40, 0, 1, true, false],
  [3, 40, 0, 1, true, false],
  [6, 80, 3, 2, false, true],
  [2.5, 80, 3, 1, false, true],
  [2.3, 80, 3, 1, false, true],
  [2.3, 80, 3, 1, false, true],
  [6, 112, 3, 1, true, true],
  [6, 112, 3, 1, true, true],
  [6, 160, 0, 2, true, true],
  [6, 160, 0, 1, true, true],
  [6, 160, 0, 1, true, true],
]

function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.batchNormalization({ epsilon: 1e-3, momentum: 0.999, name }), x)
}
function pointwise(x: SymbolicTensor, filters: number, name: string, useBias = false): SymbolicTensor {
  return on(layers.conv2D({ filters, kernelSize: 1, padding: 'same', useBias, name }), x)
}

/** Channels weighted by what a small network makes of their means; its sigmoid is relu6(x + 3) / 6, in operations as in Keras. */
function squeezeExcite(inputs: SymbolicTensor, filters: number, ratio: number, prefix: string): SymbolicTensor {
  let x = on(layers.globalAveragePooling2D({ keepdims: true, name: `${prefix}squeeze_excite_avg_pool` }), inputs)
  x = pointwise(x, divisible(filters * ratio), `${prefix}squeeze_excite_conv`, true)
  x = on(layers.reLU({ name: `${prefix}squeeze_excite_relu` }), x)
  x = pointwise(x, filters, `${prefix}squeeze_excite_conv_1`, true)
  x = on(layers.reLU({ maxValue: 6 }), applyOperation('Add', [x, 3]))
  x = applyOperation('Multiply', [x, 1 / 6])
  return on(layers.multiply({ name: `${prefix}squeeze_excite_mul` }), [inputs, x])
}

function block(inputs: SymbolicTensor, id: number, row: Row, filters: number, style: Style): SymbolicTensor {
  const [expansion, , kernel, strides, squeeze, styled] = row
  const activation = styled ? style.activation : relu
  const kernelSize = kernel === 0 ? style.kernelSize : kernel
  const prefix = id === 0 ? 'expanded_conv_' : `expanded_conv_${id}_`
  const channels = channelsOf(inputs)
  const wide = divisible(channels * expansion)
  let x = inputs
  if (id > 0) x = activation(normalized(pointwise(x, wide, `${prefix}expand`), `${prefix}expand_bn`))
  if (strides === 2)
    x = on(layers.zeroPadding2D({ padding: correctPad(x, kernelSize), name: `${prefix}depthwise_pad` }), x)
  const padding = strides === 1 ? 'same' : 'valid'
  x = on(layers.depthwiseConv2D({ kernelSize, strides, padding, useBias: false, name: `${prefix}depthwise` }), x)
  x = activation(normalized(x, `${prefix}depthwise_bn`))
  if (squeeze && style.squeeze > 0) x = squeezeExcite(x, wide, style.squeeze, prefix)
  x = normalized(pointwise(x, filters, `${prefix}project`), `${prefix}project_bn`)
  return strides === 1 && channels === filters ? on(layers.add({ name: `${prefix}add` }), [inputs, x]) : x
}

function network(rows: readonly Row[], lastFilters: number) {
  return (start: SymbolicTensor, settings: Settings<MobileNetV3Options>): SymbolicTensor => {
    const { alpha = 1, minimalistic = false, dropoutRate = 0.2, includePreprocessing = true } = settings.options
    const style = minimalistic ? minimal : full
    let x = includePreprocessing ? on(layers.rescaling({ scale: 1 / 127.5, offset: -1 }), start) : start
    x = on(layers.conv2D({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', useBias: false, name: 'conv' }), x)
    x = style.activation(normalized(x, 'conv_bn'))
    rows.forEach((row, id) => {
      x = block(x, id, row, divisible(row[1] * alpha), style)
    })
    x = style.activation(normalized(pointwise(x, divisible(channelsOf(x) * 6), 'conv_1'), 'conv_1_bn'))
    if (!settings.includeTop) return poolFeatures(x, settings.pooling, 'named')
    x = on(layers.globalAveragePooling2D({ keepdims: true }), x)
    x = style.activation(pointwise(x, alpha > 1 ? divisible(lastFilters * alpha) : lastFilters, 'conv_2', true))
    if (dropoutRate > 0) x = on(layers.dropout({ rate: dropoutRate }), x)
    x = on(layers.flatten(), pointwise(x, settings.classes, 'logits', true))
    return activate(x, settings.classifierActivation, 'predictions')
  }
}

function check(where: string) {
  return ({ inputShape: [height, width], pretrained, options }: Settings<MobileNetV3Options>): void => {
    checkSameSide(where, options)
    if (height !== null && width !== null && (height! < 32 || width! < 32))
      throw new ArgumentError(problem({ where, expected: 'an input of at least 32x32', received: `${height}x${width}` })) // prettier-ignore
    if (!pretrained) return
    const { alpha = 1, minimalistic = false } = options
    if (!(minimalistic ? [1] : [0.75, 1]).includes(alpha))
      throw new ArgumentError(
        problem({
          where,
          expected: `alpha ${minimalistic ? '1' : '0.75 or 1'} with the ImageNet weights`,
          received: alpha,
        }),
      )
    if (height !== width || height !== 224)
      warn(`${where}: the ImageNet weights were trained on pictures of 224x224 pixels; they are taken all the same`)
  }
}

function shapeFor({ inputShape, inputTensor }: MobileNetV3Options): (number | null)[] {
  if (inputShape === undefined) return inputTensor === undefined ? [null, null, 3] : inputTensor.shape.slice(1)
  return [...inputShape]
}

function mobileNetV3(
  size: 'small' | 'large',
  known: Pick<ApplicationInfo, 'kerasName' | 'parameters' | 'top1'>,
  build: ReturnType<typeof network>,
): Application<MobileNetV3Options> {
  const where = size === 'small' ? 'mobileNetV3Small' : 'mobileNetV3Large'
  return application<MobileNetV3Options>({
    where,
    info: {
      ...known,
      family: 'mobilenet_v3',
      defaultSize: 224,
      minSize: 32,
      top5: null,
      preprocessing: 'none',
      licence,
    },
    furtherOptions: { alpha: positive, minimalistic: flag, dropoutRate: rate, includePreprocessing: flag },
    shapeFor,
    check: check(where),
    modelName: () => known.kerasName!,
    weights: ({ includeTop, options: { alpha = 1, minimalistic = false } }) =>
      mobileNetV3Weights(size, alpha, minimalistic)[includeTop ? 'top' : 'notop'],
    build,
  })
}

/** MobileNetV3Small. Inputs: RGB of 0..255 (-1..1 with `includePreprocessing: false`), at least 32x32; any size by default. */
export const mobileNetV3Small = mobileNetV3(
  'small',
  { kerasName: 'MobileNetV3Small', parameters: 2_554_968, top1: 68.1 },
  network(small, 1024),
)

/** MobileNetV3Large. Inputs: RGB of 0..255 (-1..1 with `includePreprocessing: false`), at least 32x32; any size by default. */
export const mobileNetV3Large = mobileNetV3(
  'large',
  { kerasName: 'MobileNetV3Large', parameters: 5_507_432, top1: 75.6 },
  network(large, 1280),
)
