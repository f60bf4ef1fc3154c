// Random layers: reproducible by seed, new draws at each call also inside one compiled graph, pass-through, statistics.
import { describe, expect, test } from 'vitest'
import * as layers from '../../src/layers/index.ts'
import { compileFunction, ones, setRandomSeed, type Tensor, tensor } from '../../src/ops/index.ts'

const bytes = Uint8Array.from({ length: 4 * 6 * 8 * 3 }, (_, i) => (i * 37) % 256)
const images = tensor(bytes, { shape: [4, 6, 8, 3] })

function statistics(values: ArrayLike<number>): { readonly mean: number; readonly std: number } {
  const list = Array.from(values)
  const mean = list.reduce((a, b) => a + b, 0) / list.length
  return { mean, std: Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length) }
}

const augmentations = {
  randomFlip: (seed: number | null) => layers.randomFlip({ mode: 'horizontal', seed }),
  randomRotation: (seed: number | null) => layers.randomRotation({ factor: 0.2, seed }),
  randomZoom: (seed: number | null) => layers.randomZoom({ heightFactor: 0.3, seed }),
  randomTranslation: (seed: number | null) => layers.randomTranslation({ heightFactor: 0.3, widthFactor: 0.3, seed }),
  randomContrast: (seed: number | null) => layers.randomContrast({ factor: 0.5, seed }),
  randomBrightness: (seed: number | null) => layers.randomBrightness({ factor: 0.5, seed }),
  randomCrop: (seed: number | null) => layers.randomCrop({ height: 2, width: 3, seed }),
  randomHue: (seed: number | null) => layers.randomHue({ factor: 0.5, seed }),
  randomSaturation: (seed: number | null) => layers.randomSaturation({ factor: 0.9, seed }),
  randomGrayscale: (seed: number | null) => layers.randomGrayscale({ factor: 0.6, seed }),
  randomColorDegeneration: (seed: number | null) => layers.randomColorDegeneration({ factor: 0.9, seed }),
  randomColorJitter: (seed: number | null) => layers.randomColorJitter({ brightnessFactor: 0.3, hueFactor: 0.3, seed }),
  randomSharpness: (seed: number | null) => layers.randomSharpness({ factor: 1, seed }),
  randomGaussianBlur: (seed: number | null) => layers.randomGaussianBlur({ sigma: [0.4, 1], seed }),
  randomErasing: (seed: number | null) => layers.randomErasing({ scale: [0.2, 0.6], seed }),
  randomInvert: (seed: number | null) => layers.randomInvert({ seed }),
  randomPosterization: (seed: number | null) => layers.randomPosterization({ factor: 6, seed }),
  solarization: (seed: number | null) => layers.solarization({ additionFactor: 0.4, thresholdFactor: 0.6, seed }),
  randomShear: (seed: number | null) => layers.randomShear({ xFactor: 0.3, yFactor: 0.3, seed }),
  randomPerspective: (seed: number | null) => layers.randomPerspective({ seed }),
  randomElasticTransform: (seed: number | null) => layers.randomElasticTransform({ scale: [0.8, 1], seed }),
  mixUp: (seed: number | null) => layers.mixUp({ alpha: 1, seed }),
  cutMix: (seed: number | null) => layers.cutMix({ seed }),
  randAugment: (seed: number | null) => layers.randAugment({ seed }),
  augMix: (seed: number | null) => layers.augMix({ numChains: 2, chainDepth: 2, seed }),
}
/** Layers that leave a single picture, or every second batch, alone by chance or on purpose are drawn again. */
const draws = 12

describe.each(Object.entries(augmentations))('%s', (_, make) => {
  test('trains by default, passes through otherwise, always as float32', async () => {
    const layer = make(3)
    const passed = layer.apply(images, { training: false })
    expect([passed.dtype, passed.shape]).toEqual(['float32', images.shape])
    expect(await passed.data()).toEqual(Float32Array.from(bytes))
    const changed = Array.from({ length: draws }, () => layer.apply(images))
    for (const y of changed) expect(y.dtype).toBe('float32')
    const values = await Promise.all(changed.map((y) => y.data()))
    for (const list of values) expect(list.every(Number.isFinite)).toBe(true)
    expect(values.some((list) => list.join() !== Float32Array.from(bytes).join())).toBe(true)
  })

  test('the same seed gives the same draws, one after another; so does the global seed', async () => {
    const [a, b] = [make(7), make(7)]
    const several = (layer: layers.Layer) =>
      Promise.all(Array.from({ length: draws }, async () => (await layer.apply(images).data()).join()))
    const first = await several(a)
    expect(await several(b)).toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(1)
    const global = async (seed: number) => {
      setRandomSeed(seed)
      return make(null).apply(images).data()
    }
    const one = await global(1)
    expect(await global(1)).toEqual(one)
  })

  test('draws anew at each run of one compiled graph, as it does eagerly', async () => {
    const [compiled, eager] = [make(5), make(5)]
    const step = compileFunction((x) => [compiled.apply(x, { training: true })], { label: 'augment' })
    for (let i = 0; i < 3; i++) {
      const wanted = await eager.apply(images, { training: true }).data()
      expect(await step.run(images).outputs[0]!.data()).toEqual(wanted)
    }
  })

  test('takes one picture, and an object of which only the pictures change', async () => {
    const single = tensor(bytes.slice(0, 6 * 8 * 3), { shape: [6, 8, 3] })
    const y = make(2).apply(single)
    expect(y.rank).toBe(3)
    const labels = tensor([1, 0, 1, 0])
    const both = make(2).applyNested({ images, labels }) as unknown as { images: Tensor; labels: Tensor }
    if (!(make(2) instanceof layers.MixUp) && !(make(2) instanceof layers.CutMix)) expect(both.labels).toBe(labels)
    expect(await both.images.data()).toEqual(await make(2).apply(images).data())
  })
})

test('each picture of a batch gets its own parameters; a crop is the same for all', async () => {
  const same = tensor(
    Float32Array.from({ length: 8 * 48 }, (_, i) => i % 48),
    { shape: [8, 6, 8, 1] },
  )
  const rows = async (layer: layers.Layer) => {
    const values = await layer.apply(same, { training: true }).data()
    const size = values.length / 8
    return Array.from({ length: 8 }, (_, i) => values.slice(i * size, (i + 1) * size).join())
  }
  expect(new Set(await rows(layers.randomRotation({ factor: 0.3, seed: 1 }))).size).toBe(8)
  expect(new Set(await rows(layers.randomFlip({ mode: 'vertical', seed: 1 }))).size).toBe(2)
  expect(new Set(await rows(layers.randomCrop({ height: 2, width: 3, seed: 1 }))).size).toBe(1)
})

test('contrast and brightness stay within the value range', async () => {
  const unit = tensor(
    Float32Array.from(bytes, (v) => v / 255),
    { shape: images.shape },
  )
  for (const layer of [
    layers.randomContrast({ factor: [0, 1], valueRange: [0, 1], seed: 1 }),
    layers.randomBrightness({ factor: [0.4, 0.9], valueRange: [0, 1], seed: 1 }),
  ]) {
    const values = await layer.apply(unit).data()
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBe(1)
  }
})

test('dropout: new masks at each run of a compiled graph, kept values scaled, nothing at inference', async () => {
  const layer = layers.dropout({ rate: 0.25, seed: 1 })
  const step = compileFunction((x) => [layer.apply(x, { training: true })], { label: 'dropout' })
  const runs = await Promise.all([0, 1].map(() => step.run(ones([4000])).outputs[0]!.data()))
  expect(runs[0]).not.toEqual(runs[1])
  for (const run of runs) {
    expect(new Set(run)).toEqual(new Set([0, Math.fround(1 / 0.75)]))
    const mean = statistics(run).mean
    expect(Math.abs(mean - 1)).toBeLessThan((5 * Math.sqrt(0.25 / 0.75)) / Math.sqrt(4000))
  }
  const x = ones([3])
  expect(layer.apply(x)).toBe(x)
})

test('spatial dropout drops whole channels', async () => {
  const y = (await layers
    .spatialDropout2D({ rate: 0.5, seed: 2 })
    .apply(ones([3, 2, 2, 8]), { training: true })
    .array()) as number[][][][]
  const drawn = new Set<number>()
  for (const picture of y)
    for (let c = 0; c < 8; c++) {
      const values = new Set(picture.flatMap((row) => row.map((pixel) => pixel[c]!)))
      expect(values.size).toBe(1)
      for (const value of values) drawn.add(value)
    }
  expect(drawn).toEqual(new Set([0, 2]))
})

test.each([
  ['gaussianNoise', layers.gaussianNoise({ stddev: 0.5, seed: 3 }), 0.5],
  ['gaussianDropout', layers.gaussianDropout({ rate: 0.2, seed: 3 }), Math.sqrt(0.2 / 0.8)],
] as const)('%s has its mean and deviation', async (_, layer, deviation) => {
  const values = await layer.apply(ones([20000]), { training: true }).data()
  const { mean, std } = statistics(values)
  expect(Math.abs(mean - 1)).toBeLessThan((5 * deviation) / Math.sqrt(values.length))
  expect(Math.abs(std / deviation - 1)).toBeLessThan(0.03)
})
