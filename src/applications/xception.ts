// Xception (Chollet, 2017): separable convolutions with residuals; layer for layer that of Keras.
import { application, finish } from './application.ts'
import { activate, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'

const licence = 'MIT'
const file = 'xception_weights_tf_dim_ordering_tf_kernels'

/** Input: RGB as x / 127.5 - 1; trained at 299x299. */
export const xceptionWeights = pairOf(
  { licence, source: 'trained by François Chollet, keras-team/keras-applications' },
  'https://storage.googleapis.com/tensorflow/keras-applications/xception/',
  [`${file}.h5`, `${file}_notop.h5`],
  ['0a58e3b7378bc2990ea3b43d5981f1f6', 'b0042744bf5b25fce3cb969f33bebb97'],
)

function convolution(
  x: SymbolicTensor,
  filters: number,
  kernelSize: number,
  strides: number,
  padding: 'same' | 'valid',
  name: string | null = null,
): SymbolicTensor {
  return on(layers.conv2D({ filters, kernelSize, strides, padding, useBias: false, name }), x)
}
function normalization(x: SymbolicTensor, name: string | null = null): SymbolicTensor {
  return on(layers.batchNormalization({ name }), x)
}
function relu(x: SymbolicTensor, name: string): SymbolicTensor {
  return activate(x, 'relu', name)
}
function separable(x: SymbolicTensor, filters: number, name: string): SymbolicTensor {
  return normalization(
    on(layers.separableConv2D({ filters, kernelSize: 3, padding: 'same', useBias: false, name }), x),
    `${name}_bn`,
  )
}

/** Two separable convolutions and a pooling, beside a strided 1x1 convolution. Block 2 has no activation in front. */
function downsampling(inputs: SymbolicTensor, block: number, filters: readonly [number, number]): SymbolicTensor {
  const prefix = `block${block}_`
  // Made first, as in Keras: automatic names count in order of creation.
  const residual = normalization(convolution(inputs, filters[1], 1, 2, 'same'))
  let x = block === 2 ? inputs : relu(inputs, `${prefix}sepconv1_act`)
  x = separable(x, filters[0], `${prefix}sepconv1`)
  x = separable(relu(x, `${prefix}sepconv2_act`), filters[1], `${prefix}sepconv2`)
  x = on(layers.maxPooling2D({ poolSize: 3, strides: 2, padding: 'same', name: `${prefix}pool` }), x)
  return on(layers.add(), [x, residual])
}

function features(start: SymbolicTensor): SymbolicTensor {
  let x = convolution(start, 32, 3, 2, 'valid', 'block1_conv1')
  x = relu(normalization(x, 'block1_conv1_bn'), 'block1_conv1_act')
  x = convolution(x, 64, 3, 1, 'valid', 'block1_conv2')
  x = relu(normalization(x, 'block1_conv2_bn'), 'block1_conv2_act')
  x = downsampling(x, 2, [128, 128])
  x = downsampling(x, 3, [256, 256])
  x = downsampling(x, 4, [728, 728])
  for (let block = 5; block <= 12; block++) {
    const residual = x
    for (let i = 1; i <= 3; i++) {
      const unit = `block${block}_sepconv${i}`
      x = separable(relu(x, `${unit}_act`), 728, unit)
    }
    x = on(layers.add(), [x, residual])
  }
  x = downsampling(x, 13, [728, 1024])
  x = relu(separable(x, 1536, 'block14_sepconv1'), 'block14_sepconv1_act')
  return relu(separable(x, 2048, 'block14_sepconv2'), 'block14_sepconv2_act')
}

/** Xception. Inputs: RGB as x / 127.5 - 1, at least 71x71; default 299x299. */
export const xception = application({
  where: 'xception',
  info: {
    kerasName: 'Xception',
    family: 'xception',
    defaultSize: 299,
    minSize: 71,
    parameters: 22_910_480,
    top1: 79,
    top5: 94.5,
    preprocessing: 'tf',
    licence,
  },
  modelName: () => 'xception',
  weights: ({ includeTop }) => (includeTop ? xceptionWeights.top : xceptionWeights.notop),
  build: (x, settings) => finish(features(x), settings),
})
