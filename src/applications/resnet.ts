// ResNet (He et al., 2015) and ResNetV2 (2016, activation before convolution), 50, 101 and 152 layers deep.
import { application, finish } from './application.ts'
import type { Application, ApplicationInfo } from './application.ts'
import { activate, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'
import type { WeightsPair } from './weights.ts'

/** What Keras' documentation says of the sources of its files. */
const origins = {
  1: { licence: 'MIT', source: 'trained by Kaiming He et al., converted by keras-team/keras-applications' },
  2: {
    licence: 'BSD-3-Clause',
    source: 'trained by Facebook (fb.resnet.torch), converted by keras-team/keras-applications',
  },
} as const

/** Input: BGR minus the mean of ImageNet's channels (V1), RGB as x / 127.5 - 1 (V2); trained at 224x224. */
function weightsOf(name: string, version: 1 | 2, hashes: readonly [string, string]): WeightsPair {
  const file = `${name}_weights_tf_dim_ordering_tf_kernels`
  return pairOf(
    origins[version],
    'https://storage.googleapis.com/tensorflow/keras-applications/resnet/',
    [`${file}.h5`, `${file}_notop.h5`],
    hashes,
  )
}

function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.batchNormalization({ axis: 3, epsilon: 1.001e-5, name }), x)
}
function pad(x: SymbolicTensor, padding: number, name: string): SymbolicTensor {
  return on(layers.zeroPadding2D({ padding, name }), x)
}

function blockV1(x: SymbolicTensor, filters: number, strides: number, isFirst: boolean, name: string): SymbolicTensor {
  const wide = { filters: 4 * filters, kernelSize: 1 }
  let shortcut = x
  if (isFirst) {
    shortcut = on(layers.conv2D({ ...wide, strides, name: `${name}_0_conv` }), x)
    shortcut = normalized(shortcut, `${name}_0_bn`)
  }
  let y = on(layers.conv2D({ filters, kernelSize: 1, strides, name: `${name}_1_conv` }), x)
  y = activate(normalized(y, `${name}_1_bn`), 'relu', `${name}_1_relu`)
  y = on(layers.conv2D({ filters, kernelSize: 3, padding: 'same', name: `${name}_2_conv` }), y)
  y = activate(normalized(y, `${name}_2_bn`), 'relu', `${name}_2_relu`)
  y = normalized(on(layers.conv2D({ ...wide, name: `${name}_3_conv` }), y), `${name}_3_bn`)
  y = on(layers.add({ name: `${name}_add` }), [shortcut, y])
  return activate(y, 'relu', `${name}_out`)
}

function blockV2(x: SymbolicTensor, filters: number, strides: number, isFirst: boolean, name: string): SymbolicTensor {
  const wide = { filters: 4 * filters, kernelSize: 1 }
  const active = activate(normalized(x, `${name}_preact_bn`), 'relu', `${name}_preact_relu`)
  let shortcut = x
  if (isFirst) shortcut = on(layers.conv2D({ ...wide, strides, name: `${name}_0_conv` }), active)
  else if (strides > 1) shortcut = on(layers.maxPooling2D({ poolSize: 1, strides }), x)
  let y = on(layers.conv2D({ filters, kernelSize: 1, useBias: false, name: `${name}_1_conv` }), active)
  y = activate(normalized(y, `${name}_1_bn`), 'relu', `${name}_1_relu`)
  y = pad(y, 1, `${name}_2_pad`)
  y = on(layers.conv2D({ filters, kernelSize: 3, strides, useBias: false, name: `${name}_2_conv` }), y)
  y = activate(normalized(y, `${name}_2_bn`), 'relu', `${name}_2_relu`)
  y = on(layers.conv2D({ ...wide, name: `${name}_3_conv` }), y)
  return on(layers.add({ name: `${name}_out` }), [shortcut, y])
}

/** The first block of a V1 stage and the last of a V2 stage halve the size, except in the first and the last stage. */
function features(start: SymbolicTensor, version: 1 | 2, repeats: readonly number[]): SymbolicTensor {
  let x = pad(start, 3, 'conv1_pad')
  x = on(layers.conv2D({ filters: 64, kernelSize: 7, strides: 2, name: 'conv1_conv' }), x)
  if (version === 1) x = activate(normalized(x, 'conv1_bn'), 'relu', 'conv1_relu')
  x = on(layers.maxPooling2D({ poolSize: 3, strides: 2, name: 'pool1_pool' }), pad(x, 1, 'pool1_pad'))
  repeats.forEach((count, i) => {
    const filters = 64 * 2 ** i
    for (let j = 1; j <= count; j++) {
      const name = `conv${i + 2}_block${j}`
      if (version === 1) x = blockV1(x, filters, j === 1 && i > 0 ? 2 : 1, j === 1, name)
      else x = blockV2(x, filters, j === count && i < repeats.length - 1 ? 2 : 1, j === 1, name)
    }
  })
  return version === 1 ? x : activate(normalized(x, 'post_bn'), 'relu', 'post_relu')
}

const depths = { 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3] } as const

function resNet(
  depth: keyof typeof depths,
  version: 1 | 2,
  known: Pick<ApplicationInfo, 'parameters' | 'top1' | 'top5'>,
  hashes: readonly [string, string],
): Application {
  const suffix = version === 1 ? '' : 'V2'
  const name = `resnet${depth}${suffix.toLowerCase()}`
  const weights = weightsOf(name, version, hashes)
  return application({
    where: `resNet${depth}${suffix}`,
    info: {
      ...known,
      kerasName: `ResNet${depth}${suffix}`,
      family: version === 1 ? 'resnet' : 'resnet_v2',
      defaultSize: 224,
      minSize: 32,
      preprocessing: version === 1 ? 'caffe' : 'tf',
      licence: origins[version].licence,
    },
    modelName: () => name,
    weights: ({ includeTop }) => weights[includeTop ? 'top' : 'notop'],
    build: (x, settings) => finish(features(x, version, depths[depth]), settings, 'named'),
  })
}

/** ResNet50. Inputs: BGR minus the mean of ImageNet's channels (`preprocessInput`), at least 32x32; default 224x224. */
export const resNet50 = resNet(50, 1, { parameters: 25_636_712, top1: 74.9, top5: 92.1 }, [
  '2cb95161c43110f7111970584f804107',
  '4d473c1dd8becc155b73f8504c6f6626',
])

/** ResNet101. Inputs as of ResNet50. */
export const resNet101 = resNet(101, 1, { parameters: 44_707_176, top1: 76.4, top5: 92.8 }, [
  'f1aeb4b969a6efcfb50fad2f0c20cfc5',
  '88cf7a10940856eca736dc7b7e228a21',
])

/** ResNet152. Inputs as of ResNet50. */
export const resNet152 = resNet(152, 1, { parameters: 60_419_944, top1: 76.6, top5: 93.1 }, [
  '100835be76be38e30d865e96f2aaae62',
  'ee4c566cf9a93f14d82f913c2dc6dd0c',
])

/** ResNet50V2. Inputs: RGB as x / 127.5 - 1, at least 32x32; default 224x224. */
export const resNet50V2 = resNet(50, 2, { parameters: 25_613_800, top1: 76, top5: 93 }, [
  '3ef43a0b657b3be2300d5770ece849e0',
  'fac2f116257151a9d068a22e544a4917',
])

/** ResNet101V2. Inputs as of ResNet50V2. */
export const resNet101V2 = resNet(101, 2, { parameters: 44_675_560, top1: 77.2, top5: 93.8 }, [
  '6343647c601c52e1368623803854d971',
  'c0ed64b8031c3730f411d2eb4eea35b5',
])

/** ResNet152V2. Inputs as of ResNet50V2. */
export const resNet152V2 = resNet(152, 2, { parameters: 60_380_648, top1: 78, top5: 94.2 }, [
  'a49b44d1979771252814e80f8ec446f9',
  'ed17cf2e0169df9d443503ef94b23b33',
])
