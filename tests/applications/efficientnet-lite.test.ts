// EfficientNet-Lite0: structure, golden features and logits, values inside, and weight files that do not fit.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { efficientNetLite0 } from '../../src/applications/index.ts'
import { ArgumentError, FormatError } from '../../src/errors.ts'
import { encodeSafetensors } from '../../src/formats/safetensors.ts'
import { input, rescaling } from '../../src/layers/index.ts'
import type { SymbolicTensor } from '../../src/layers/index.ts'
import { model } from '../../src/models/index.ts'
import type { Tensor } from '../../src/ops/index.ts'
import { tensor } from '../../src/ops/index.ts'
import { difference, readSafetensors } from '../goldens-run/read.ts'

const assets = new URL('../../assets/weights/', import.meta.url)
const predict = async (network: { predict(x: Tensor): Promise<unknown> }, x: Tensor): Promise<Float32Array> =>
  (await ((await network.predict(x)) as Tensor).data()) as Float32Array

/** The formula picture of assets/weights/README.md, preprocessed. */
function formula(size: number): Tensor {
  const data = new Float32Array(size * size * 3)
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      for (let c = 0; c < 3; c++)
        data[(y * size + x) * 3 + c] = (((3 * y + 5 * x + 40 * c + Math.floor((x * y) / 16)) % 256) - 127) / 128
  return tensor(data, { shape: [1, size, size, 3] })
}

describe('structure', () => {
  for (const [includeTop, counts] of [
    [true, [4_694_024, 144, 247]],
    [false, [3_413_024, 141, 245]],
  ] as const)
    // prettier-ignore
    test(`with${includeTop ? '' : 'out'} the top`, async () => {
      const network = await efficientNetLite0({ includeTop, weights: null })
      expect([network.countParams(), network.layers.length, network.weights.length]).toEqual(counts)
      const statistics = network.nonTrainableWeights.reduce((sum, { size }) => sum + size, 0)
      expect(statistics).toBe(42_016)
      expect(network.name).toBe('efficientnet-lite0')
      expect(network.outputShape).toEqual(includeTop ? [null, 1000] : [null, null, null, 1280])
    })
})

describe('golden values', () => {
  const logitsOf = { classifierActivation: null } as const
  test('features and logits of four pictures', async () => {
    const golden = readSafetensors(new URL('features_golden.safetensors', assets).pathname)
    const pixels = golden.get('images')!
    const images = tensor(
      Float32Array.from(pixels.data, (value) => (value - 127) / 128),
      { shape: pixels.shape },
    )
    const features = await efficientNetLite0({ includeTop: false, pooling: 'avg' })
    expect(difference(await predict(features, images), golden.get('features')!.data, { absolute: 1e-4 })).toBe(null)
    const whole = await efficientNetLite0(logitsOf)
    const logits = await predict(whole, images)
    expect(difference(logits, golden.get('logits')!.data, { absolute: 1e-4 })).toBe(null)
    const best = [0, 1, 2, 3]
      .map((i) => logits.subarray(i * 1000, (i + 1) * 1000))
      .map((row) => row.indexOf(Math.max(...row)))
    expect(best).toEqual([601, 842, 774, 610])
  })
  const rows = {
    224: [[2.517316, 0, 0, 0, 0, 0, 0.333101, 3.794063], 275.92794, 22.246352, 11.03677, [1.59116, -3.17206, -0.80655, -0.9977]],
    160: [[1.882914, 0, 0, 0, 0, 0, 0.150061, 3.810854], 323.42755, 26.261484, 14.80237, [2.26931, -2.80223, -1.34684, -1.24027]],
    150: [[1.508601, 0, 0, 0, 0, 0, 0.889048, 2.180113], 344.99794, 25.761978, 12.95886, [1.99943, -1.19839, -1.88119, -1.63918]],
  } as const // prettier-ignore
  for (const [size, [first, sum, norm, most, logits]] of Object.entries(rows))
    test(`the formula picture at ${size}`, async () => {
      const shape = [Number(size), Number(size), 3]
      const body = await efficientNetLite0({ includeTop: false, pooling: 'avg', inputShape: shape })
      const features = await predict(body, formula(Number(size)))
      expect(difference(features.subarray(0, 8), first, { absolute: 5e-5 })).toBe(null)
      const total = features.reduce((a, b) => a + b, 0)
      expect(Math.abs(total - sum)).toBeLessThan(2e-3)
      expect(Math.abs(Math.hypot(...features) - norm)).toBeLessThan(2e-4)
      // The top takes 224 only, unless the input is given as a tensor.
      const whole = await efficientNetLite0({ ...logitsOf, inputTensor: input({ shape }) })
      const scores = await predict(whole, formula(Number(size)))
      expect(scores.indexOf(Math.max(...scores))).toBe(506)
      expect(Math.abs(scores[506]! - most)).toBeLessThan(1e-4)
      expect(difference(scores.subarray(0, 4), logits, { absolute: 1e-4 })).toBe(null)
    })
  const inside = {
    stem_activation: [2.16133, 2.16133, 3.84163, 0],
    block1a_project_bn: [-0.52615, 7.25501, 2.85093, 2.33307],
    block2b_add: [0.15748, 11.68624, -0.40016, 1.82154],
    block3b_add: [0.90086, 8.98673, 5.00642, -10.07462],
    block4c_add: [-1.68024, 8.55436, -11.49307, -16.02793],
    block5c_add: [-0.32761, 5.18095, 1.34982, -3.74628],
    block6d_add: [0.54603, 4.21266, -3.39792, -9.37531],
    block7a_project_bn: [-0.07625, 2.37641, 0.42561, -2.51446],
    top_activation: [0.21557, 0.21557, 0, 0],
  }
  test('inside, at 224', async () => {
    const body = await efficientNetLite0({ includeTop: false, inputShape: [224, 224, 3] })
    const outputs = Object.keys(inside).map(
      (name) => body.layers.find((layer) => layer.name === name)!.output as SymbolicTensor,
    )
    const results = (await model({ inputs: body.inputs[0]!, outputs }).predict(formula(224))) as unknown as Tensor[]
    for (const [i, [name, expected]] of Object.entries(inside).entries()) {
      const data = (await results[i]!.data()) as Float32Array
      const mean = data.reduce((a, b) => a + b, 0) / data.length
      const absolute = data.reduce((a, b) => a + Math.abs(b), 0) / data.length
      expect(difference([mean, absolute, data[0]!, data.at(-1)!], expected, { absolute: 2e-4 }), name).toBe(null)
    }
  })
  test('on top of a tensor of other layers', async () => {
    const pixels = input({ shape: [64, 64, 3] })
    const inputTensor = rescaling({ scale: 1 / 128, offset: -127 / 128 }).apply(pixels) as SymbolicTensor
    const network = await efficientNetLite0({ includeTop: false, pooling: 'avg', inputTensor })
    expect(network.inputs).toEqual([pixels])
    expect(network.layers[1]!.className).toBe('Rescaling')
    const plain = await efficientNetLite0({ includeTop: false, pooling: 'avg' })
    const raw = tensor(
      Float32Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7) % 256),
      { shape: [1, 64, 64, 3] },
    )
    const scaled = tensor(
      Float32Array.from({ length: 64 * 64 * 3 }, (_, i) => (((i * 7) % 256) - 127) / 128),
      { shape: [1, 64, 64, 3] },
    )
    expect(difference(await predict(network, raw), await predict(plain, scaled), { absolute: 1e-4 })).toBe(null)
  })
})

describe('weight files', () => {
  const inFolder = async (bytes: Uint8Array, run: (path: string) => Promise<void>): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'tanuki-weights-'))
    try {
      await writeFile(join(folder, 'w.safetensors'), bytes)
      await run(join(folder, 'w.safetensors'))
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  test('a file of one’s own', async () => {
    const bytes = await readFile(new URL('efficientnet_lite0_notop.safetensors', assets))
    await inFolder(bytes, async (weights) => {
      const own = await efficientNetLite0({ includeTop: false, weights, pooling: 'avg' })
      const embedded = await efficientNetLite0({ includeTop: false, pooling: 'avg' })
      expect(await predict(own, formula(64))).toEqual(await predict(embedded, formula(64)))
    })
  })
  test('a wrong file is refused with all names', async () => {
    const wrong = encodeSafetensors({
      'stem_conv/kernel': { dtype: 'F32', shape: [3, 3, 3, 1], data: new Float32Array(27) },
      'stem_bn/gamma': { dtype: 'F32', shape: [32], data: new Float32Array(32) },
      'other/kernel': { dtype: 'F32', shape: [1], data: new Float32Array(1) },
    })
    await inFolder(wrong, async (weights) => {
      const error = await efficientNetLite0({ includeTop: false, weights }).catch((caught: unknown) => caught as Error)
      expect(error).toBeInstanceOf(FormatError)
      const { message } = error as Error
      expect(message).toContain('"stem_conv/kernel" has shape (3, 3, 3, 1) in the file, (3, 3, 3, 32) in the model')
      expect(message).toContain('"other/kernel" of the file is not in the model')
      const { weights: all } = await efficientNetLite0({ includeTop: false, weights: null })
      expect(message.match(/is not in the file/g)!.length).toBe(all.length - 2)
      expect(message).not.toContain('"stem_bn/gamma"')
    })
  })
  test('a missing or broken file', async () => {
    await expect(efficientNetLite0({ weights: '/nowhere/w.safetensors' })).rejects.toThrow(ArgumentError)
    await inFolder(Uint8Array.of(1, 2, 3), (weights) => expect(efficientNetLite0({ weights })).rejects.toThrow(/w\.safetensors/)) // prettier-ignore
  })
})

describe('options that contradict each other', () => {
  const cases = {
    'other classes with the ImageNet top': { classes: 10 },
    'another activation with weights': { classifierActivation: 'relu' },
    'another size with the ImageNet top': { inputShape: [160, 160, 3] },
    'grey pictures with weights': { includeTop: false, inputShape: [160, 160, 1] },
    'too small pictures': { includeTop: false, inputShape: [31, 31, 3] },
    'a shape of two': { includeTop: false, inputShape: [224, 224] },
    'unknown sides with the top': { weights: null, inputShape: [null, null, 3] },
  } as const
  for (const [name, options] of Object.entries(cases))
    test(name, () => expect(efficientNetLite0(options)).rejects.toThrow(ArgumentError))
})
