// MobileNetV2 (Sandler et al., 2018): inverted residuals with linear bottlenecks.
import { ArgumentError, problem } from '../errors.ts'
import { warn } from '../platform/warn.ts'
import { application, poolFeatures } from './application.ts'
import type { Settings } from './application.ts'
import { checkSameSide } from './options.ts'
import type { ApplicationOptions } from './options.ts'
import { channelsOf, correctPad, divisible, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'
import type { WeightsPair } from './weights.ts'
import { positive } from '../platform/option-rules.ts'

export interface MobileNetV2Options extends ApplicationOptions {
  /** Factor of the number of channels; default 1. With the ImageNet weights 0.35, 0.5, 0.75, 1, 1.3 or 1.4. */
  readonly alpha?: number
}

const licence = 'Apache-2.0'
const where = 'mobileNetV2'
/** The sides that there are ImageNet weights for. */
const sizes = [96, 128, 160, 192, 224]
const alphas = [0.35, 0.5, 0.75, 1, 1.3, 1.4]

/** Input: RGB as x / 127.5 - 1. Keras knows no hashes of these files. */
export function mobileNetV2Weights(alpha: number, size: number): WeightsPair {
  const factor = Number.isInteger(alpha) ? alpha.toFixed(1) : String(alpha)
  const file = `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${factor}_${size}`
  return pairOf(
    { licence, source: 'trained by Google, converted by Jonathan Chow for keras-team/keras-applications' },
    'https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/',
    [`${file}.h5`, `${file}_no_top.h5`],
    null,
  )
}

/** The side that the model is named after; with the ImageNet weights the nearest there are: 224. */
function sideOf({
  inputShape: [height, width],
  pretrained,
}: Pick<Settings<MobileNetV2Options>, 'inputShape' | 'pretrained'>): number | null {
  if (!pretrained) return height!
  return height === width && sizes.includes(height!) ? height! : 224
}

function sizeFor({ inputShape, inputTensor }: MobileNetV2Options): number {
  const [height, width] = inputShape ?? inputTensor?.shape.slice(1, 3) ?? []
  return height === width && sizes.includes(height!) ? height! : 224
}

function check({ inputShape: [height, width], pretrained, options }: Settings<MobileNetV2Options>): void {
  checkSameSide(where, options)
  if (!pretrained) return
  const { alpha = 1 } = options
  if (!alphas.includes(alpha))
    throw new ArgumentError(
      problem({ where, expected: `alpha among ${alphas.join(', ')} with the ImageNet weights`, received: alpha }),
    )
  if (height !== width || !sizes.includes(height!))
    warn(`${where}: there are ImageNet weights for squares of ${sizes.join(', ')} pixels; those for 224 are taken`)
}

function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.batchNormalization({ epsilon: 1e-3, momentum: 0.999, name }), x)
}
function relu6(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.reLU({ maxValue: 6, name }), x)
}
function pointwise(x: SymbolicTensor, filters: number, name: string): SymbolicTensor {
  return on(layers.conv2D({ filters, kernelSize: 1, padding: 'same', useBias: false, name }), x)
}

/** Filters, stride and expansion of each block. */
const blocks = [
  [16, 1, 1], [24, 2, 6], [24, 1, 6], [32, 2, 6], [32, 1, 6], [32, 1, 6], [64, 2, 6], [64, 1, 6], [64, 1, 6], [64, 1, 6],
  [96, 1, 6], [96, 1, 6], [96, 1, 6], [160, 2, 6], [160, 1, 6], [160, 1, 6], [320, 1, 6],
] as const // prettier-ignore

function block(
  inputs: SymbolicTensor,
  id: number,
  filters: number,
  strides: number,
  expansion: number,
): SymbolicTensor {
  const prefix = id === 0 ? 'expanded_conv_' : `block_${id}_`
  const channels = channelsOf(inputs)
  let x = inputs
  if (id > 0) {
    x = pointwise(x, expansion * channels, `${prefix}expand`)
    x = relu6(normalized(x, `${prefix}expand_BN`), `${prefix}expand_relu`)
  }
  if (strides === 2) x = on(layers.zeroPadding2D({ padding: correctPad(x, 3), name: `${prefix}pad` }), x)
  const padding = strides === 1 ? 'same' : 'valid'
  x = on(layers.depthwiseConv2D({ kernelSize: 3, strides, useBias: false, padding, name: `${prefix}depthwise` }), x)
  x = relu6(normalized(x, `${prefix}depthwise_BN`), `${prefix}depthwise_relu`)
  x = normalized(pointwise(x, filters, `${prefix}project`), `${prefix}project_BN`)
  return channels === filters && strides === 1 ? on(layers.add({ name: `${prefix}add` }), [inputs, x]) : x
}

function features(start: SymbolicTensor, { alpha = 1 }: MobileNetV2Options): SymbolicTensor {
  const stem = { filters: divisible(32 * alpha), kernelSize: 3, strides: 2, padding: 'same', useBias: false } as const
  let x = on(layers.conv2D({ ...stem, name: 'Conv1' }), start)
  x = relu6(normalized(x, 'bn_Conv1'), 'Conv1_relu')
  blocks.forEach(([filters, strides, expansion], id) => {
    x = block(x, id, divisible(Math.trunc(filters * alpha)), strides, expansion)
  })
  // The last one does not become narrower.
  const last = { filters: alpha > 1 ? divisible(1280 * alpha) : 1280, kernelSize: 1, useBias: false } as const
  x = on(layers.conv2D({ ...last, name: 'Conv_1' }), x)
  return relu6(normalized(x, 'Conv_1_bn'), 'out_relu')
}

/** MobileNetV2. Inputs: RGB as x / 127.5 - 1, at least 32x32; default 224x224. */
export const mobileNetV2 = application<MobileNetV2Options>({
  where,
  info: {
    kerasName: 'MobileNetV2',
    family: 'mobilenet_v2',
    defaultSize: 224,
    minSize: 32,
    parameters: 3_538_984,
    top1: 71.3,
    top5: 90.1,
    preprocessing: 'tf',
    licence,
  },
  furtherOptions: { alpha: positive },
  sizeFor,
  check,
  modelName: (settings) => `mobilenetv2_${(settings.options.alpha ?? 1).toFixed(2)}_${sideOf(settings) ?? 'None'}`,
  weights: (settings) =>
    mobileNetV2Weights(settings.options.alpha ?? 1, sideOf(settings)!)[settings.includeTop ? 'top' : 'notop'],
  build(x, { options, includeTop, pooling, classes, classifierActivation }) {
    const body = features(x, options)
    // The pooling has no name of its own, with and without the top.
    if (!includeTop) return poolFeatures(body, pooling)
    const pooled = poolFeatures(body, 'avg')
    return on(layers.dense({ units: classes, activation: classifierActivation, name: 'predictions' }), pooled)
  },
})
