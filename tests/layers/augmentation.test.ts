// How the parameters of the augmentation layers are distributed; labels and masks beside pictures; configurations of Keras.
import { describe, expect, test } from 'vitest'
import * as layers from '../../src/layers/index.ts'
import { input, layerFromConfig, serializeLayer, type SymbolicTensor } from '../../src/layers/index.ts'
import { compileFunction, ones, type Tensor, tensor, zeros } from '../../src/ops/index.ts'

const n = 4000
const many = () => zeros([n, 2, 2, 3])

async function listOf(x: Tensor | undefined): Promise<number[]> {
  return Array.from(await x!.data())
}
function expectUniform(values: readonly number[], low: number, high: number): void {
  const slack = 1e-5 * Math.max(1, Math.abs(low), Math.abs(high))
  expect(Math.min(...values)).toBeGreaterThanOrEqual(low - slack)
  expect(Math.max(...values)).toBeLessThanOrEqual(high + slack)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const spread = (high - low) / Math.sqrt(12)
  expect(Math.abs(mean - (low + high) / 2)).toBeLessThanOrEqual((5 * spread) / Math.sqrt(values.length))
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length
  expect(Math.abs(Math.sqrt(variance) - spread)).toBeLessThanOrEqual(0.05 * spread)
}
function expectPart(flags: readonly number[], probability: number): void {
  const part = flags.filter((flag) => flag !== 0).length / flags.length
  expect(Math.abs(part - probability)).toBeLessThan(5 * Math.sqrt(0.25 / flags.length))
}

describe('draws', () => {
  test('uniform ones', async () => {
    const seed = 3
    const drawn = async (layer: layers.ImageLayer<unknown>, key: string) =>
      listOf((layer.getRandomTransformation(many()) as Record<string, Tensor>)[key])
    const hue = await drawn(layers.randomHue({ factor: 0.4, seed }), 'factor')
    expectUniform(hue, -0.2, 0.2)
    const some = (await drawn(layers.randomHue({ factor: [0.2, 0.4], seed }), 'factor')).map(Math.abs)
    expectUniform(some, 0.1, 0.2)
    // factor / (1 - factor), taken back.
    const saturation = await drawn(layers.randomSaturation({ factor: 0.8, seed }), 'factor')
    expectUniform(
      saturation.map((s) => s / (1 + s)),
      0,
      0.8,
    )
    expectUniform(await drawn(layers.randomColorDegeneration({ factor: 0.6, seed }), 'factor'), 0, 0.6)
    expectUniform(await drawn(layers.randomColorDegeneration({ factor: [-0.2, 0.6], seed }), 'factor'), -0.2, 0.6)
    expectUniform(await drawn(layers.randomSharpness({ factor: [0.3, 0.7], seed }), 'factor'), 0.3, 0.7)
    const solar = layers.solarization({ additionFactor: 0.2, thresholdFactor: [0.4, 0.6], seed })
    expectUniform(await drawn(solar, 'additions'), 0, 51)
    expectUniform(await drawn(solar, 'thresholds'), 102, 153)
    const shear = layers.randomShear({ xFactor: 0.3, yFactor: [0.1, 0.5], seed })
    expectUniform(await drawn(shear, 'shearX'), -0.3, 0.3)
    const y = await drawn(shear, 'shearY')
    expectUniform(y.map(Math.abs), 0.1, 0.5)
    expectPart(
      y.map((value) => Number(value < 0)),
      0.5,
    )
  })

  test('probabilities are drawn for each picture, then met', async () => {
    const invert = layers.randomInvert({ factor: [0.2, 0.6], seed: 1 }).getRandomTransformation(many())
    expectPart(await listOf(invert.applyInversion), 0.4)
    const perspective = layers.randomPerspective({ factor: 0.5, seed: 1 }).getRandomTransformation(many())
    expectPart(await listOf(perspective.applyPerspective), 0.25)
    const erasing = layers.randomErasing({ factor: 1, seed: 1 }).getRandomTransformation(many())
    expectPart(await listOf(erasing.applyErasing), 0.5)
    const blur = layers.randomGaussianBlur({ factor: [1, 1], seed: 1 }).getRandomTransformation(many())
    expectPart(await listOf(blur.shouldApplyBlur), 1)
    const grey = layers.randomGrayscale({ factor: 0.3, seed: 1 }).getRandomTransformation(many())
    expectPart(await listOf(grey.shouldApply), 0.3)
  })

  test('posterization keeps 1 to f - 1 bits, or exactly as many as a pair of equals says', async () => {
    const lost = async (factor: number | number[]) =>
      listOf(layers.randomPosterization({ factor, seed: 1 }).getRandomTransformation(many()).shiftFactor)
    const some = await lost(4)
    expect(new Set(some)).toEqual(new Set([5, 6, 7]))
    for (const shift of [5, 6, 7])
      expect(Math.abs(some.filter((s) => s === shift).length / n - 1 / 3)).toBeLessThan(0.04)
    expect(new Set(await lost([4, 4]))).toEqual(new Set([4]))
    expect(new Set(await lost(1))).toEqual(new Set([7]))
  })

  test('rectangles lie inside; squares of their sides are uniform', async () => {
    const layer = layers.randomErasing({ scale: [0.1, 0.4], seed: 2 })
    const { boxes } = layer.getRandomTransformation(zeros([n, 20, 30, 1]))
    const [x0, x1, y0, y1] = await Promise.all([boxes.x0, boxes.x1, boxes.y0, boxes.y1].map(listOf))
    expect(Math.min(...x0!, ...y0!)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...x1!)).toBeLessThanOrEqual(30 + 1e-4)
    expect(Math.max(...y1!)).toBeLessThanOrEqual(20 + 1e-4)
    expectUniform(
      x1!.map((x, i) => ((x - x0![i]!) / 30) ** 2),
      0.1,
      0.4,
    )
    const noise = await listOf(layer.getRandomTransformation(zeros([4, 30, 30, 1])).fill)
    expect(Math.min(...noise)).toBe(0)
    expect(Math.max(...noise)).toBe(255)
    expectPart(
      noise.map((value) => Number(value === 0)),
      0.5,
    )
  })

  test('mixing weights: beta distributed, and the kept area', async () => {
    const mix = layers.mixUp({ alpha: 1, seed: 4 }).getRandomTransformation(many())
    expectUniform(await listOf(mix.mixWeight), 0, 1)
    const order = await listOf(mix.permutationOrder)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
    const cut = layers.cutMix({ factor: [1, 1], seed: 4 }).getRandomTransformation(zeros([n, 10, 10, 1]))
    expectUniform(await listOf(cut.mixWeight), 0, 1)
  })

  test('RandAugment and AugMix choose every operation, at each run of one graph anew', async () => {
    const augment = layers.randAugment({ numOps: 40, seed: 5 }).getRandomTransformation(zeros([1, 4, 4, 3]))
    expect(new Set(await listOf(augment.layerIdxes)).size).toBeGreaterThan(8)
    const mix = layers.augMix({ numChains: 10, chainDepth: 10, allOps: false, seed: 5 })
    const links = mix.getRandomTransformation(zeros([1, 4, 4, 3])).chainTransforms.flat()
    const chosen = await Promise.all(links.map(async ({ index }) => (await index.data())[0]))
    expect([...new Set(chosen)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })
})

describe('labels and masks', () => {
  const images = tensor(
    Float32Array.from({ length: 4 * 6 * 6 }, (_, i) => i % 36),
    { shape: [4, 6, 6, 1] },
  )
  const apply = (layer: layers.Layer, value: Record<string, Tensor>, training = true) =>
    layer.applyNested(value, { training }) as unknown as Record<'images' | 'labels' | 'segmentationMasks', Tensor>
  const oneHot = tensor([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], { shape: [4, 4] })

  test.each([
    ['mixUp', layers.mixUp({ alpha: 1, seed: 1 })],
    ['cutMix', layers.cutMix({ factor: [1, 1], seed: 2 })],
  ])('%s mixes one-hot labels in the parts of the pictures', async (_, layer) => {
    // Picture i holds the number 10^i everywhere, so that a mean tells the parts.
    const pictures = tensor(
      Float32Array.from({ length: 4 * 64 }, (_, i) => 10 ** Math.floor(i / 64)),
      { shape: [4, 8, 8, 1] },
    )
    const y = apply(layer, { images: pictures, labels: oneHot })
    const rows = (await y.labels.array()) as number[][]
    const values = await listOf(y.images)
    let mixed = 0
    for (const [i, row] of rows.entries()) {
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
      const mean = values.slice(64 * i, 64 * i + 64).reduce((a, b) => a + b, 0) / 64
      const wanted = row.reduce((a, part, k) => a + part * 10 ** k, 0)
      // CutMix counts areas with fractions of pixels, pictures have whole ones.
      expect(Math.abs(mean - wanted) / Math.max(mean, wanted)).toBeLessThan(layer instanceof layers.MixUp ? 1e-4 : 0.5)
      if (Math.max(...row) < 0.999) mixed++
    }
    expect(mixed).toBeGreaterThan(0)
    const passed = apply(layer, { images: pictures, labels: oneHot }, false)
    expect(passed.labels).toBe(oneHot)
    expect(await passed.images.data()).toEqual(await pictures.data())
  })

  test('whole one-hot labels and float labels of one number are mixed, class numbers refused', async () => {
    const whole = tensor(Int32Array.of(1, 0, 0, 1, 1, 0, 0, 1), { shape: [4, 2] })
    expect(apply(layers.mixUp({ alpha: 1, seed: 1 }), { images, labels: whole }).labels.dtype).toBe('float32')
    const binary = apply(layers.mixUp({ alpha: 1, seed: 1 }), { images, labels: tensor([0, 1, 0, 1]) }).labels
    expect(binary.shape).toEqual([4])
    expect((await listOf(binary)).every((value) => value >= 0 && value <= 1)).toBe(true)
    expect(() => apply(layers.cutMix(), { images, labels: tensor([0, 1, 2, 3], { dtype: 'int32' }) })).toThrow(/oneHot/)
  })

  test.each([
    ['randomFlip', layers.randomFlip({ seed: 1 })],
    ['randomRotation', layers.randomRotation({ factor: 0.5, interpolation: 'nearest', seed: 1 })],
    [
      'randomTranslation',
      layers.randomTranslation({ heightFactor: 0.5, widthFactor: 0.5, interpolation: 'nearest', seed: 1 }),
    ],
    ['randomZoom', layers.randomZoom({ heightFactor: 0.5, interpolation: 'nearest', seed: 1 })],
    ['randomShear', layers.randomShear({ xFactor: 0.5, interpolation: 'nearest', seed: 1 })],
    ['randomPerspective', layers.randomPerspective({ interpolation: 'nearest', factor: [1, 1], seed: 1 })],
    ['randomElasticTransform', layers.randomElasticTransform({ interpolation: 'nearest', seed: 1 })],
    ['randomCrop', layers.randomCrop({ height: 3, width: 3, seed: 1 })],
    ['cutMix', layers.cutMix({ seed: 1 })],
  ])('%s moves masks with their pixels, and keeps their type', async (_, layer) => {
    const masks = tensor(Int32Array.from(await images.data()), { shape: images.shape, dtype: 'int32' })
    const y = apply(layer, { images, segmentationMasks: masks })
    expect(y.segmentationMasks.dtype).toBe('int32')
    expect(await listOf(y.segmentationMasks)).toEqual(await listOf(y.images))
  })

  test('colors leave masks alone; Keras entries that would stay behind are refused', () => {
    const masks = ones([4, 6, 6, 1])
    expect(apply(layers.randomBrightness(0.5), { images, segmentationMasks: masks }).segmentationMasks).toBe(masks)
    expect(() => apply(layers.randomFlip(), { images, segmentation_masks: masks })).toThrow(/segmentationMasks/)
    expect(() => apply(layers.randomFlip(), { images, bounding_boxes: masks })).toThrow(/Bounding boxes/)
  })

  test('objects of symbolic tensors', () => {
    const given = { images: input({ shape: [6, 6, 1], dtype: 'uint8' }), labels: input({ shape: [4], dtype: 'int32' }) }
    const y = layers.mixUp().applyNested(given) as unknown as Record<'images' | 'labels', SymbolicTensor>
    expect([y.images.shape, y.images.dtype, y.labels.shape, y.labels.dtype]).toEqual([
      [null, 6, 6, 1],
      'float32',
      [null, 4],
      'float32',
    ])
  })
})

test('layers without chance work the same in training, and AutoContrast and CLAHE at inference too', async () => {
  const images = tensor(
    Float32Array.from({ length: 2 * 9 * 3 }, (_, i) => 20 + (i % 13) * 3),
    { shape: [2, 3, 3, 3] },
  )
  for (const layer of [
    layers.autoContrast(),
    layers.contrastLimitedAdaptiveHistogramEqualization({ tileGridSize: [1, 1] }),
  ]) {
    const active = await layer.apply(images, { training: false }).data()
    expect(active).not.toEqual(await images.data())
    expect(await layer.apply(images, { training: true }).data()).toEqual(active)
  }
  expect(await layers.equalization().apply(images, { training: false }).data()).toEqual(await images.data())
})

test('steps of a color jitter draw independently of each other', async () => {
  const jitter = layers.randomColorJitter({ brightnessFactor: 1, saturationFactor: [0, 1], hueFactor: 1, seed: 3 })
  const drawn = jitter.getRandomTransformation(many()) as readonly Record<string, Tensor>[]
  const [a, b] = await Promise.all([listOf(drawn[0]!.delta), listOf(drawn[1]!.factor)])
  const ranks = (list: number[]) => {
    const median = [...list].sort((p, q) => p - q)[n / 2]!
    return list.map((value) => Number(value > median))
  }
  const [x, y] = [ranks(a), ranks(b)]
  expectPart(
    x.map((value, i) => Number(value === y[i])),
    0.5,
  )
})

describe('pipeline', () => {
  const make = () =>
    layers.pipeline({ layers: [layers.randomFlip({ mode: 'horizontal', seed: 1 }), layers.autoContrast()] })
  test("applies its layers in order and comes back from Keras' configuration", async () => {
    const pictures = tensor(
      Float32Array.from({ length: 2 * 4 * 5 * 3 }, (_, i) => (i * 7) % 60),
      { shape: [2, 4, 5, 3] },
    )
    const [flip, contrast] = [layers.randomFlip({ mode: 'horizontal', seed: 1 }), layers.autoContrast()]
    const wanted = await contrast.apply(flip.apply(pictures)).data()
    expect(await make().apply(pictures).data()).toEqual(wanted)
    const again = layerFromConfig(serializeLayer(make())) as layers.Pipeline
    expect(again.layers.map((layer) => layer.className)).toEqual(['RandomFlip', 'AutoContrast'])
    expect(Object.keys(make().getConfig())).toEqual(['layers', 'name'])
    expect(await again.apply(pictures).data()).toEqual(wanted)
    const inference = await make().apply(pictures, { training: false }).data()
    expect(inference).toEqual(await layers.autoContrast().apply(pictures).data())
  })
  test('runs as one graph', async () => {
    const pipeline = make()
    const step = compileFunction((x) => [pipeline.apply(x, { training: true })], { label: 'pipeline' })
    expect((await step.run(ones([2, 4, 5, 3])).outputs[0]!.data()).length).toBe(120)
  })
})
