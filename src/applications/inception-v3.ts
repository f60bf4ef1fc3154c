// InceptionV3 (Szegedy et al., 2015): branches of factorized convolutions, concatenated.
import { application, finish } from './application.ts'
import { activate, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'

const licence = 'Apache-2.0'
const file = 'inception_v3_weights_tf_dim_ordering_tf_kernels'

/** Input: RGB as x / 127.5 - 1; trained at 299x299. */
export const inceptionV3Weights = pairOf(
  { licence, source: 'trained by Google, converted by keras-team/keras-applications' },
  'https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/',
  [`${file}.h5`, `${file}_notop.h5`],
  ['9a0d58056eeedaa3f26cb7ebd46da564', 'bcbd6486424b2319ff4ef7d526e38f63'],
)

interface Window {
  readonly strides?: number
  readonly padding?: 'same' | 'valid'
}
type Size = number | readonly [rows: number, columns: number]

/** Convolution, normalization without scale, ReLU; with automatic names. */
function convolution(
  x: SymbolicTensor,
  filters: number,
  kernelSize: Size,
  { strides = 1, padding = 'same' }: Window = {},
): SymbolicTensor {
  const y = on(layers.conv2D({ filters, kernelSize, strides, padding, useBias: false }), x)
  return activate(on(layers.batchNormalization({ axis: 3, scale: false }), y), 'relu')
}
/** Convolutions one after another. */
function chain(x: SymbolicTensor, ...steps: readonly (readonly [filters: number, kernelSize: Size])[]): SymbolicTensor {
  return steps.reduce((y, [filters, kernelSize]) => convolution(y, filters, kernelSize), x)
}
function pooled(x: SymbolicTensor, filters: number): SymbolicTensor {
  return convolution(on(layers.averagePooling2D({ poolSize: 3, strides: 1, padding: 'same' }), x), filters, 1)
}
function maxPooled(x: SymbolicTensor): SymbolicTensor {
  return on(layers.maxPooling2D({ poolSize: 3, strides: 2 }), x)
}
function joined(branches: SymbolicTensor[], name: string | null): SymbolicTensor {
  return on(layers.concatenate({ axis: 3, name }), branches)
}

const halving = { strides: 2, padding: 'valid' } as const

/** Branches of 1x1, 5x5 and two 3x3 convolutions. */
function block35(x: SymbolicTensor, pool: number, name: string): SymbolicTensor {
  // Made in this order: automatic names count.
  const one = chain(x, [64, 1])
  const five = chain(x, [48, 1], [64, 5])
  const three = chain(x, [64, 1], [96, 3], [96, 3])
  return joined([one, five, three, pooled(x, pool)], name)
}
/** Branches of 1x7 and 7x1 convolutions. */
function block17(x: SymbolicTensor, width: number, name: string): SymbolicTensor {
  const one = chain(x, [192, 1])
  const seven = chain(x, [width, 1], [width, [1, 7]], [192, [7, 1]])
  const twice = chain(x, [width, 1], [width, [7, 1]], [width, [1, 7]], [width, [7, 1]], [192, [1, 7]])
  return joined([one, seven, twice, pooled(x, 192)], name)
}
/** Branches that end in a 1x3 beside a 3x1 convolution. */
function block8(x: SymbolicTensor, index: 0 | 1): SymbolicTensor {
  const split = (y: SymbolicTensor, name: string | null): SymbolicTensor =>
    joined([convolution(y, 384, [1, 3]), convolution(y, 384, [3, 1])], name)
  const one = chain(x, [320, 1])
  const three = split(chain(x, [384, 1]), `mixed9_${index}`)
  const twice = split(chain(x, [448, 1], [384, 3]), null)
  return joined([one, three, twice, pooled(x, 192)], `mixed${9 + index}`)
}

function features(start: SymbolicTensor): SymbolicTensor {
  let x = convolution(start, 32, 3, halving)
  x = convolution(x, 32, 3, { padding: 'valid' })
  x = maxPooled(convolution(x, 64, 3))
  x = convolution(x, 80, 1, { padding: 'valid' })
  x = maxPooled(convolution(x, 192, 3, { padding: 'valid' }))
  x = block35(x, 32, 'mixed0')
  x = block35(x, 64, 'mixed1')
  x = block35(x, 64, 'mixed2')
  const three = convolution(x, 384, 3, halving)
  const twice = convolution(chain(x, [64, 1], [96, 3]), 96, 3, halving)
  x = joined([three, twice, maxPooled(x)], 'mixed3')
  for (const [i, width] of [128, 160, 160, 192].entries()) x = block17(x, width, `mixed${4 + i}`)
  const wide = convolution(chain(x, [192, 1]), 320, 3, halving)
  const seven = convolution(chain(x, [192, 1], [192, [1, 7]], [192, [7, 1]]), 192, 3, halving)
  x = joined([wide, seven, maxPooled(x)], 'mixed8')
  return block8(block8(x, 0), 1)
}

/** InceptionV3. Inputs: RGB as x / 127.5 - 1, at least 75x75; default 299x299. */
export const inceptionV3 = application({
  where: 'inceptionV3',
  info: {
    kerasName: 'InceptionV3',
    family: 'inception_v3',
    defaultSize: 299,
    minSize: 75,
    parameters: 23_851_784,
    top1: 77.9,
    top5: 93.7,
    preprocessing: 'tf',
    licence,
  },
  modelName: () => 'inception_v3',
  weights: ({ includeTop }) => (includeTop ? inceptionV3Weights.top : inceptionV3Weights.notop),
  build: (x, settings) => finish(features(x), settings),
})
