// Small models and data that the tests of models share.
import * as layers from '../../src/layers/index.ts'
import { type Functional, input, model, setOutput } from '../../src/index.ts'
import { hostRandom } from '../../src/ops/index.ts'
import { tensor, type Tensor, type Variable } from '../../src/ops/index.ts'

/** Random data of a shape, the same for the same seed. */
export function randomTensor(shape: readonly number[], seed = 1): Tensor {
  const random = hostRandom(seed)
  const size = shape.reduce((a, b) => a * b, 1)
  return tensor(
    Float32Array.from({ length: size }, () => random.normal()),
    { shape },
  )
}

/** A base like Xception, of a size that the reference engine runs in a moment. */
export function smallBase(size = 8, width = 4): Functional {
  const inputs = input({ shape: [size, size, 3] })
  let x = layers
    .conv2D({ filters: width, kernelSize: 3, padding: 'same', useBias: false, name: 'block1_conv' })
    .apply(inputs)
  x = layers.batchNormalization({ name: 'block1_bn' }).apply(x)
  x = layers.activation({ activation: 'relu', name: 'block1_act' }).apply(x)
  let y = layers
    .separableConv2D({ filters: width, kernelSize: 3, padding: 'same', useBias: false, name: 'block2_sepconv' })
    .apply(x)
  y = layers.batchNormalization({ name: 'block2_sepconv_bn' }).apply(y)
  return model({ inputs, outputs: layers.add({ name: 'add' }).apply([x, y]), name: 'base' })
}

export async function valuesOf(variables: readonly Variable[]): Promise<number[][]> {
  return Promise.all(variables.map(async (variable) => [...(await variable.data())]))
}

/** Collects what models print, until `restore`. */
export function captureOutput(options: { isTerminal?: boolean; columns?: number | null; colors?: boolean } = {}): {
  text: () => string
  restore: () => void
} {
  let text = ''
  setOutput({
    write: (part) => (text += part),
    isTerminal: options.isTerminal ?? false,
    columns: options.columns ?? null,
    colors: options.colors ?? false,
  })
  return { text: () => text, restore: () => setOutput(null) }
}
