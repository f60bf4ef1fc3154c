// VGG16 and VGG19 (Simonyan and Zisserman, 2015): 3x3 convolutions and two wide dense layers.
import { application, poolFeatures } from './application.ts'
import type { Application, ApplicationInfo, Settings } from './application.ts'
import type { ApplicationOptions } from './options.ts'
import { layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'
import type { WeightsPair } from './weights.ts'

const licence = 'CC-BY-4.0'

/** Input: BGR minus the mean of ImageNet's channels; trained at 224x224. */
function weightsOf(name: 'vgg16' | 'vgg19', hashes: readonly [string, string]): WeightsPair {
  const file = `${name}_weights_tf_dim_ordering_tf_kernels`
  return pairOf(
    { licence, source: 'trained by the Visual Geometry Group, University of Oxford; converted by keras-team' },
    `https://storage.googleapis.com/tensorflow/keras-applications/${name}/`,
    [`${file}.h5`, `${file}_notop.h5`],
    hashes,
  )
}
export const vgg16Weights = weightsOf('vgg16', ['64373286793e3c8b2b4e3219cbf3544b', '6d6bbae143d832006294945121d1f1fc'])
export const vgg19Weights = weightsOf('vgg19', ['cbe5617147190e668d6c5d5026f83318', '253f8cb515780f3b799900260a226db6'])

/** @param repeats convolutions in each of the five blocks */
function network(repeats: readonly number[]) {
  return (start: SymbolicTensor, settings: Settings<ApplicationOptions>): SymbolicTensor => {
    const { includeTop, pooling, classes, classifierActivation } = settings
    let x = start
    repeats.forEach((count, i) => {
      const block = { filters: Math.min(512, 64 * 2 ** i), kernelSize: 3, activation: 'relu', padding: 'same' } as const
      for (let j = 1; j <= count; j++) x = on(layers.conv2D({ ...block, name: `block${i + 1}_conv${j}` }), x)
      x = on(layers.maxPooling2D({ poolSize: 2, strides: 2, name: `block${i + 1}_pool` }), x)
    })
    if (!includeTop) return poolFeatures(x, pooling)
    x = on(layers.flatten({ name: 'flatten' }), x)
    for (const name of ['fc1', 'fc2']) x = on(layers.dense({ units: 4096, activation: 'relu', name }), x)
    return on(layers.dense({ units: classes, activation: classifierActivation, name: 'predictions' }), x)
  }
}

function vgg(
  name: 'vgg16' | 'vgg19',
  known: Pick<ApplicationInfo, 'kerasName' | 'parameters' | 'top1' | 'top5'>,
  weights: WeightsPair,
  repeats: readonly number[],
): Application {
  return application({
    where: name,
    info: { ...known, family: name, defaultSize: 224, minSize: 32, preprocessing: 'caffe', licence },
    modelName: () => name,
    weights: ({ includeTop }) => weights[includeTop ? 'top' : 'notop'],
    build: network(repeats),
  })
}

/** VGG16. Inputs: BGR minus the mean of ImageNet's channels (`preprocessInput`), at least 32x32; default 224x224. */
export const vgg16 = vgg(
  'vgg16',
  { kerasName: 'VGG16', parameters: 138_357_544, top1: 71.3, top5: 90.1 },
  vgg16Weights,
  [2, 2, 3, 3, 3],
)

/** VGG19. Inputs: BGR minus the mean of ImageNet's channels (`preprocessInput`), at least 32x32; default 224x224. */
export const vgg19 = vgg(
  'vgg19',
  { kerasName: 'VGG19', parameters: 143_667_240, top1: 71.3, top5: 90 },
  vgg19Weights,
  [2, 2, 4, 4, 4],
)
