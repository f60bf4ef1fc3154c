// InceptionResNetV2 (Szegedy et al., 2016): Inception's branches added to their input.
import { application, finish } from './application.ts'
import { CustomScaleLayer } from './custom-scale-layer.ts'
import { activate, channelsOf, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'

const licence = 'Apache-2.0'
const file = 'inception_resnet_v2_weights_tf_dim_ordering_tf_kernels'

/** Input: RGB as x / 127.5 - 1; trained at 299x299. */
export const inceptionResNetV2Weights = pairOf(
  { licence, source: 'trained by Google, converted by keras-team/keras-applications' },
  'https://storage.googleapis.com/tensorflow/keras-applications/inception_resnet_v2/',
  [`${file}.h5`, `${file}_notop.h5`],
  ['e693bd0210a403b3192acc6073ad2e96', 'd19885ff4a710c122648d3b5c3b684e4'],
)

type Size = number | readonly [rows: number, columns: number]

interface Details {
  readonly strides?: number
  readonly padding?: 'same' | 'valid'
  readonly name?: string
}

/** Convolution, normalization without scale, ReLU. */
function convolution(x: SymbolicTensor, filters: number, kernelSize: Size, details: Details = {}): SymbolicTensor {
  const { strides = 1, padding = 'same', name } = details
  const y = on(layers.conv2D({ filters, kernelSize, strides, padding, useBias: false, name: name ?? null }), x)
  const named = (suffix: string): string | null => (name === undefined ? null : `${name}_${suffix}`)
  return activate(on(layers.batchNormalization({ axis: 3, scale: false, name: named('bn') }), y), 'relu', named('ac'))
}
/** Convolutions one after another. */
function chain(x: SymbolicTensor, ...steps: readonly (readonly [filters: number, kernelSize: Size])[]): SymbolicTensor {
  return steps.reduce((y, [filters, kernelSize]) => convolution(y, filters, kernelSize), x)
}
function maxPooled(x: SymbolicTensor): SymbolicTensor {
  return on(layers.maxPooling2D({ poolSize: 3, strides: 2 }), x)
}
function joined(branches: SymbolicTensor[], name: string): SymbolicTensor {
  return on(layers.concatenate({ axis: 3, name }), branches)
}

const halving = { strides: 2, padding: 'valid' } as const

const branches = {
  block35: (x: SymbolicTensor) => [chain(x, [32, 1]), chain(x, [32, 1], [32, 3]), chain(x, [32, 1], [48, 3], [64, 3])],
  block17: (x: SymbolicTensor) => [chain(x, [192, 1]), chain(x, [128, 1], [160, [1, 7]], [192, [7, 1]])],
  block8: (x: SymbolicTensor) => [chain(x, [192, 1]), chain(x, [192, 1], [224, [1, 3]], [256, [3, 1]])],
}

/** The branches, as many channels as the input, scaled and added to it. */
function residual(
  x: SymbolicTensor,
  kind: keyof typeof branches,
  index: number,
  scale: number,
  activation: 'relu' | null = 'relu',
): SymbolicTensor {
  const name = `${kind}_${index}`
  const mixed = joined(branches[kind](x), `${name}_mixed`)
  const up = on(layers.conv2D({ filters: channelsOf(x), kernelSize: 1, padding: 'same', name: `${name}_conv` }), mixed)
  const sum = on(new CustomScaleLayer({ scale }), [x, up])
  return activation === null ? sum : activate(sum, activation, `${name}_ac`)
}

function stem(start: SymbolicTensor): SymbolicTensor {
  let x = convolution(start, 32, 3, halving)
  x = convolution(x, 32, 3, { padding: 'valid' })
  x = maxPooled(convolution(x, 64, 3))
  x = convolution(x, 80, 1, { padding: 'valid' })
  x = maxPooled(convolution(x, 192, 3, { padding: 'valid' }))
  const one = chain(x, [96, 1])
  const five = chain(x, [48, 1], [64, 5])
  const three = chain(x, [64, 1], [96, 3], [96, 3])
  const pool = convolution(on(layers.averagePooling2D({ poolSize: 3, strides: 1, padding: 'same' }), x), 64, 1)
  return joined([one, five, three, pool], 'mixed_5b')
}

function features(start: SymbolicTensor): SymbolicTensor {
  let x = stem(start)
  for (let i = 1; i <= 10; i++) x = residual(x, 'block35', i, 0.17)
  const first = convolution(x, 384, 3, halving)
  const second = convolution(chain(x, [256, 1], [256, 3]), 384, 3, halving)
  x = joined([first, second, maxPooled(x)], 'mixed_6a')
  for (let i = 1; i <= 20; i++) x = residual(x, 'block17', i, 0.1)
  const one = convolution(chain(x, [256, 1]), 384, 3, halving)
  const two = convolution(chain(x, [256, 1]), 288, 3, halving)
  const three = convolution(chain(x, [256, 1], [288, 3]), 320, 3, halving)
  x = joined([one, two, three, maxPooled(x)], 'mixed_7a')
  for (let i = 1; i <= 9; i++) x = residual(x, 'block8', i, 0.2)
  x = residual(x, 'block8', 10, 1, null)
  return convolution(x, 1536, 1, { name: 'conv_7b' })
}

/** InceptionResNetV2. Inputs: RGB as x / 127.5 - 1, at least 75x75; default 299x299. */
export const inceptionResNetV2 = application({
  where: 'inceptionResNetV2',
  info: {
    kerasName: 'InceptionResNetV2',
    family: 'inception_resnet_v2',
    defaultSize: 299,
    minSize: 75,
    parameters: 55_873_736,
    top1: 80.3,
    top5: 95.3,
    preprocessing: 'tf',
    licence,
  },
  modelName: () => 'inception_resnet_v2',
  weights: ({ includeTop }) => (includeTop ? inceptionResNetV2Weights.top : inceptionResNetV2Weights.notop),
  build: (x, settings) => finish(features(x), settings),
})
