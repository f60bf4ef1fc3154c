// MobileNet (Howard et al., 2017): depthwise and pointwise convolutions with ReLU6, of any width.
import { ArgumentError, problem } from '../errors.ts'
import { warn } from '../platform/warn.ts'
import { application, poolFeatures } from './application.ts'
import type { Settings } from './application.ts'
import type { ApplicationOptions } from './options.ts'
import { activate, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'
import type { WeightsPair } from './weights.ts'
import { positive, rate, whole } from '../platform/option-rules.ts'

export interface MobileNetOptions extends ApplicationOptions {
  /** Factor of the number of channels; default 1. With the ImageNet weights 0.25, 0.5, 0.75 or 1. */
  readonly alpha?: number
  /** Output channels for each input channel of the depthwise convolutions; default 1. */
  readonly depthMultiplier?: number
  /** Rate of the dropout in front of the classifier; default 0.001. */
  readonly dropout?: number
}

const licence = 'Apache-2.0'
const where = 'mobileNet'
/** The sides that there are ImageNet weights for. */
const sizes = [128, 160, 192, 224]
const alphas: Readonly<Record<number, string>> = { 0.25: '2_5', 0.5: '5_0', 0.75: '7_5', 1: '1_0' }

/** Input: RGB as x / 127.5 - 1. Keras knows no hashes of these files. */
export function mobileNetWeights(alpha: number, size: number): WeightsPair {
  const file = `mobilenet_${alphas[alpha]}_${size}_tf`
  return pairOf(
    { licence, source: 'trained by Google, converted by keras-team/keras-applications' },
    'https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/',
    [`${file}.h5`, `${file}_no_top.h5`],
    null,
  )
}

/** The side that the model is named after; with the ImageNet weights the nearest there are: 224. */
function sideOf({
  inputShape: [height, width],
  pretrained,
}: Pick<Settings<MobileNetOptions>, 'inputShape' | 'pretrained'>): number | null {
  if (!pretrained) return height!
  return height === width && sizes.includes(height!) ? height! : 224
}

function check({ inputShape: [height, width], pretrained, options }: Settings<MobileNetOptions>): void {
  if (!pretrained) return
  const { alpha = 1, depthMultiplier = 1 } = options
  if (depthMultiplier !== 1)
    throw new ArgumentError(
      problem({ where, expected: 'depthMultiplier 1 with the ImageNet weights', received: depthMultiplier }),
    )
  if (alphas[alpha] === undefined)
    throw new ArgumentError(
      problem({ where, expected: 'alpha 0.25, 0.5, 0.75 or 1 with the ImageNet weights', received: alpha }),
    )
  if (height !== width || !sizes.includes(height!))
    warn(`${where}: there are ImageNet weights for squares of ${sizes.join(', ')} pixels; those for 224 are taken`)
}

function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  const normal = on(layers.batchNormalization({ name: `${name}_bn` }), x)
  return on(layers.reLU({ maxValue: 6, name: `${name}_relu` }), normal)
}

/** Filters and stride of each pair of a depthwise and a pointwise convolution. */
const blocks = [
  [64, 1], [128, 2], [128, 1], [256, 2], [256, 1], [512, 2], [512, 1], [512, 1], [512, 1], [512, 1], [512, 1], [1024, 2],
  [1024, 1],
] as const // prettier-ignore

function features(start: SymbolicTensor, { alpha = 1, depthMultiplier = 1 }: MobileNetOptions): SymbolicTensor {
  const stem = { filters: Math.trunc(32 * alpha), kernelSize: 3, strides: 2, padding: 'same', useBias: false } as const
  let x = normalized(on(layers.conv2D({ ...stem, name: 'conv1' }), start), 'conv1')
  blocks.forEach(([filters, strides], i) => {
    const id = i + 1
    if (strides === 2) x = on(layers.zeroPadding2D({ padding: [[0, 1], [0, 1]], name: `conv_pad_${id}` }), x) // prettier-ignore
    const padding = strides === 1 ? 'same' : 'valid'
    const deep = { kernelSize: 3, strides, padding, depthMultiplier, useBias: false, name: `conv_dw_${id}` } as const
    x = normalized(on(layers.depthwiseConv2D(deep), x), `conv_dw_${id}`)
    const point = { filters: Math.trunc(filters * alpha), kernelSize: 1, padding: 'same', useBias: false } as const
    x = normalized(on(layers.conv2D({ ...point, name: `conv_pw_${id}` }), x), `conv_pw_${id}`)
  })
  return x
}

function top(features: SymbolicTensor, settings: Settings<MobileNetOptions>): SymbolicTensor {
  const { classes, classifierActivation, options } = settings
  let x = on(layers.globalAveragePooling2D({ keepdims: true }), features)
  x = on(layers.dropout({ rate: options.dropout ?? 0.001, name: 'dropout' }), x)
  x = on(layers.conv2D({ filters: classes, kernelSize: 1, padding: 'same', name: 'conv_preds' }), x)
  x = on(layers.reshape({ targetShape: [classes], name: 'reshape_2' }), x)
  return activate(x, classifierActivation, 'predictions')
}

/** MobileNet. Inputs: RGB as x / 127.5 - 1, at least 32x32; default 224x224. */
export const mobileNet = application<MobileNetOptions>({
  where,
  info: {
    kerasName: 'MobileNet',
    family: 'mobilenet',
    defaultSize: 224,
    minSize: 32,
    parameters: 4_253_864,
    top1: 70.4,
    top5: 89.5,
    preprocessing: 'tf',
    licence,
  },
  furtherOptions: { alpha: positive, depthMultiplier: whole(1), dropout: rate },
  sizeFor: ({ inputShape: [height, width] = [] }) => (height === width && sizes.includes(height!) ? height! : 224),
  check,
  modelName: (settings) => `mobilenet_${(settings.options.alpha ?? 1).toFixed(2)}_${sideOf(settings) ?? 'None'}`,
  weights: (settings) =>
    mobileNetWeights(settings.options.alpha ?? 1, sideOf(settings)!)[settings.includeTop ? 'top' : 'notop'],
  build(x, settings) {
    const body = features(x, settings.options)
    return settings.includeTop ? top(body, settings) : poolFeatures(body, settings.pooling)
  },
})
