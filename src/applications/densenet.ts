// DenseNet (Huang et al., 2017): every layer sees the outputs of all before it in its block.
import { application, finish } from './application.ts'
import type { Application, ApplicationInfo } from './application.ts'
import { activate, channelsOf, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'
import type { WeightsPair } from './weights.ts'

const licence = 'BSD-3-Clause'
const growth = 32

/** Input: RGB scaled to 0..1, normalized by ImageNet's channels; trained at 224x224. */
function weightsOf(name: string, hashes: readonly [string, string]): WeightsPair {
  const file = `${name}_weights_tf_dim_ordering_tf_kernels`
  return pairOf(
    {
      licence,
      source: 'trained by Zhuang Liu et al. (liuzhuang13/DenseNet), converted by keras-team/keras-applications',
    },
    'https://storage.googleapis.com/tensorflow/keras-applications/densenet/',
    [`${file}.h5`, `${file}_notop.h5`],
    hashes,
  )
}

function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.batchNormalization({ axis: 3, epsilon: 1.001e-5, name }), x)
}
function convolution(x: SymbolicTensor, filters: number, kernelSize: number, name: string): SymbolicTensor {
  return on(
    layers.conv2D({ filters, kernelSize, padding: kernelSize === 1 ? 'valid' : 'same', useBias: false, name }),
    x,
  )
}

function denseLayer(x: SymbolicTensor, name: string): SymbolicTensor {
  let y = activate(normalized(x, `${name}_0_bn`), 'relu', `${name}_0_relu`)
  y = convolution(y, 4 * growth, 1, `${name}_1_conv`)
  y = activate(normalized(y, `${name}_1_bn`), 'relu', `${name}_1_relu`)
  y = convolution(y, growth, 3, `${name}_2_conv`)
  return on(layers.concatenate({ axis: 3, name: `${name}_concat` }), [x, y])
}

/** Half the channels, half the size. */
function transition(x: SymbolicTensor, name: string): SymbolicTensor {
  let y = activate(normalized(x, `${name}_bn`), 'relu', `${name}_relu`)
  y = convolution(y, Math.trunc(channelsOf(x) * 0.5), 1, `${name}_conv`)
  return on(layers.averagePooling2D({ poolSize: 2, strides: 2, name: `${name}_pool` }), y)
}

function features(start: SymbolicTensor, blocks: readonly number[]): SymbolicTensor {
  let x = on(layers.zeroPadding2D({ padding: 3 }), start)
  x = on(layers.conv2D({ filters: 64, kernelSize: 7, strides: 2, useBias: false, name: 'conv1_conv' }), x)
  x = activate(normalized(x, 'conv1_bn'), 'relu', 'conv1_relu')
  x = on(layers.zeroPadding2D({ padding: 1 }), x)
  x = on(layers.maxPooling2D({ poolSize: 3, strides: 2, name: 'pool1' }), x)
  blocks.forEach((count, i) => {
    const stage = i + 2
    if (i > 0) x = transition(x, `pool${stage - 1}`)
    for (let j = 1; j <= count; j++) x = denseLayer(x, `conv${stage}_block${j}`)
  })
  return activate(normalized(x, 'bn'), 'relu', 'relu')
}

function denseNet(
  depth: number,
  known: Pick<ApplicationInfo, 'parameters' | 'top1' | 'top5'>,
  blocks: readonly number[],
  hashes: readonly [string, string],
): Application {
  const weights = weightsOf(`densenet${depth}`, hashes)
  return application({
    where: `denseNet${depth}`,
    info: {
      ...known,
      kerasName: `DenseNet${depth}`,
      family: 'densenet',
      defaultSize: 224,
      minSize: 32,
      preprocessing: 'torch',
      licence,
    },
    modelName: () => `densenet${depth}`,
    weights: ({ includeTop }) => weights[includeTop ? 'top' : 'notop'],
    build: (x, settings) => finish(features(x, blocks), settings, 'named'),
  })
}

/** DenseNet121. Inputs: RGB normalized by ImageNet's channels (`preprocessInput`), at least 32x32; default 224x224. */
export const denseNet121 = denseNet(
  121,
  { parameters: 8_062_504, top1: 75, top5: 92.3 },
  [6, 12, 24, 16],
  ['9d60b8095a5708f2dcce2bca79d332c7', '30ee3e1110167f948a6b9946edeeb738'],
)

/** DenseNet169. Inputs as of DenseNet121. */
export const denseNet169 = denseNet(
  169,
  { parameters: 14_307_880, top1: 76.2, top5: 93.2 },
  [6, 12, 32, 32],
  ['d699b8f76981ab1b30698df4c175e90b', 'b8c4d4c20dd625c148057b9ff1c1176b'],
)

/** DenseNet201. Inputs as of DenseNet121. */
export const denseNet201 = denseNet(
  201,
  { parameters: 20_242_984, top1: 77.3, top5: 93.6 },
  [6, 12, 48, 32],
  ['1ceb130c1ea1b78c3bf6114dbdfd8807', 'c13680b51ded0fb44dff2d8f86ac8bb1'],
)
