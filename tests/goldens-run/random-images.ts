// The random image cases of the goldens: transforms with fixed parameters, and how parameters are distributed.
import { expect } from 'vitest'
import type { Dropout } from '../../src/layers/index.ts'
import { ImageLayer, layerFromConfig } from '../../src/layers/index.ts'
import { ones, type Tensor, tensor, zeros } from '../../src/ops/index.ts'
import { transformationOf } from './image-parameters.ts'
import { type Book, difference, type JsonObject } from './read.ts'

export interface RandomImageCase {
  readonly name: string
  readonly class_name: string
  readonly config: JsonObject
  readonly inputs: readonly { readonly tensor: string }[]
  readonly outputs: readonly { readonly tensor: string }[]
  readonly parameters: JsonObject
  /** Keys of one-hot labels before and after. */
  readonly labels?: { readonly input: string; readonly output: string }
}

function imageLayer(class_name: string, config: JsonObject): ImageLayer<unknown> {
  const layer = layerFromConfig({ class_name, config })
  expect(layer).toBeInstanceOf(ImageLayer)
  return layer as ImageLayer<unknown>
}

export async function randomImageCase(book: Book<RandomImageCase>, one: RandomImageCase): Promise<void> {
  const layer = imageLayer(one.class_name, one.config)
  expect(layer.getConfig()).toEqual(one.config)
  const read = (key: string): Tensor => {
    const { data, shape, dtype } = book.tensor(key)
    return tensor(data, { shape, dtype })
  }
  const images = read(one.inputs[0]!.tensor)
  const wanted = book.tensor(one.outputs[0]!.tensor)
  // Positions near a half or a border may fall on either side.
  const near = one.config.interpolation === 'nearest' ? 0.02 : 0
  // Operations that cut to whole numbers after others may meet 254.99998 instead of 255.
  const mayDiffer = Math.max(near, one.class_name === 'RandAugment' || one.class_name === 'AugMix' ? 0.002 : 0)
  const close = async (y: Tensor, what: string) => {
    expect(y.shape, what).toEqual(wanted.shape)
    expect(difference(await y.data(), wanted.data, { absolute: 1e-2 }, { mayDiffer }), what).toBeNull()
  }
  const parameters = transformationOf(layer, one.parameters, images.shape, read)
  await close(layer.transformImages(images, parameters), 'given parameters')
  if (one.labels !== undefined) {
    const labels = layer.transformLabels(read(one.labels.input), parameters)
    expect(difference(await labels.data(), book.tensor(one.labels.output).data, { absolute: 1e-6 })).toBeNull()
  }
  // A range of zero width makes the layer's own draw exact.
  const ranges = ['factor', 'height_factor', 'width_factor'].map((key) => one.config[key]).filter(Array.isArray)
  const exact = ['RandomRotation', 'RandomZoom', 'RandomTranslation', 'RandomBrightness']
  if (exact.includes(one.class_name) && ranges.length > 0 && ranges.every(([low, high]) => low === high))
    await close(layer.apply(images, { training: true }), 'own draw')
}

export interface DistributionCase {
  readonly class_name: string
  readonly config: JsonObject
  readonly quantity: string
  readonly low?: number | null
  readonly high?: number | null
  readonly n: number
}

export async function distributionCase(one: DistributionCase): Promise<void> {
  const { class_name, config } = one
  if (class_name === 'Dropout') return dropoutCase(one)
  if (class_name === 'RandomCrop') return cropCase(one)
  const layer = imageLayer(class_name, { ...config, seed: 7 })
  const drawn = layer.getRandomTransformation(zeros([one.n, 2, 2, 3])) as Record<string, Tensor>
  const keys: Record<string, string> = {
    RandomRotation: 'angle',
    RandomTranslation: 'heightShift',
    RandomContrast: 'contrast',
    RandomBrightness: 'delta',
    RandomFlip: 'flips',
    RandomZoom: one.quantity.startsWith('width') ? 'widthZoom' : 'heightZoom',
  }
  const values = await drawn[keys[class_name]!]!.data()
  if (class_name === 'RandomZoom' && config.width_factor === undefined)
    expect(await drawn.widthZoom!.data()).toEqual(await drawn.heightZoom!.data())
  let [low, high] = [one.low ?? null, one.high ?? null]
  // Null: Keras 3.15 and its documentation differ; the documented range is [1 - f, 1 + f].
  if (low === null || high === null) [low, high] = [1 - (config.factor as number), 1 + (config.factor as number)]
  const slack = 1e-5 * Math.max(1, Math.abs(low), Math.abs(high))
  expect(Math.min(...values)).toBeGreaterThanOrEqual(low - slack)
  expect(Math.max(...values)).toBeLessThanOrEqual(high + slack)
  const { mean, std } = statistics(values)
  // A flag is 0 or 1, everything else uniform between the bounds.
  const spread = class_name === 'RandomFlip' ? 0.5 : (high - low) / Math.sqrt(12)
  expect(Math.abs(mean - (low + high) / 2)).toBeLessThan((5 * spread) / Math.sqrt(values.length))
  expect(Math.abs(std / spread - 1)).toBeLessThan(0.05)
}

function statistics(values: ArrayLike<number>): { mean: number; std: number } {
  const list = Array.from(values)
  const mean = list.reduce((a, b) => a + b, 0) / list.length
  return { mean, std: Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length) }
}

async function dropoutCase(one: DistributionCase): Promise<void> {
  const layer = layerFromConfig({ class_name: 'Dropout', config: { ...one.config, seed: 7 } }) as Dropout
  const noise = one.config.noise_shape as (number | null)[] | undefined
  const shape = noise === undefined ? [one.n] : [one.n / 12, 3, noise[2]!]
  const apply = () => layer.apply(ones(shape), { training: true }).data()
  const first = await apply()
  expect(await apply()).not.toEqual(first)
  const { rate } = layer
  for (const value of first) expect([0, Math.fround(1 / (1 - rate))]).toContain(value)
  if (noise === undefined) {
    const zeroFraction = first.filter((value) => value === 0).length / first.length
    expect(Math.abs(zeroFraction - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / first.length))
  } else {
    const width = shape[2]!
    for (let i = 0; i < first.length; i++) {
      const row = Math.floor(i / width) % 3
      expect(first[i]).toBe(first[i - row * width])
    }
  }
}

async function cropCase(one: DistributionCase): Promise<void> {
  const { input, height, width } = one.config as unknown as { input: [number, number]; height: number; width: number }
  const layer = imageLayer('RandomCrop', { height, width, seed: 7 })
  const counts = [new Array<number>(input[0] - height + 1).fill(0), new Array<number>(input[1] - width + 1).fill(0)]
  for (let i = 0; i < one.n; i++) {
    const place = layer.getRandomTransformation(zeros([4, ...input, 3])) as { top: Tensor; left: Tensor }
    counts[0]![(await place.top.data())[0]!]!++
    counts[1]![(await place.left.data())[0]!]!++
  }
  for (const list of counts) {
    const wanted = one.n / list.length
    expect(list.reduce((a, b) => a + b, 0)).toBe(one.n)
    for (const count of list) expect(Math.abs(count - wanted)).toBeLessThan(5 * Math.sqrt(wanted))
  }
}
