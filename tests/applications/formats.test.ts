// Every application in every format: written with a frozen part, read back, the same outputs bit by bit and the same part frozen.
// One of each family; all of them with TANUKI_ALL_APPLICATIONS=1. ONNX has export-onnx.test.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import {
  applications,
  type Functional,
  loadModel,
  type Model,
  setRandomSeed,
  type Tensor,
  tensor,
} from '../../src/index.ts'
import * as ops from '../../src/ops/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanuki-formats-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The smallest of each family, as narrow as it goes. */
const small: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  convNeXtTiny: {}, denseNet121: {}, efficientNetB0: {}, efficientNetLite0: {}, efficientNetV2B0: {}, inceptionResNetV2: {}, inceptionV3: {},
  mobileNet: { alpha: 0.25 }, mobileNetV2: { alpha: 0.35 }, mobileNetV3Small: {}, nasNetMobile: {}, resNet50: {}, resNet50V2: {}, vgg16: {},
  xception: {},
} // prettier-ignore
type Build = (options: Readonly<Record<string, unknown>>) => Promise<Functional>
const builders = applications as unknown as Readonly<Record<string, Build>>
const names = applications.list().map(({ name }) => name)
/** The name without its size, version and depth: a new family must get a small member here. */
const familyOf = (name: string): string =>
  name
    .replace(/(Tiny|Small|Base|Large|XLarge|Mobile|Lite\d|V2[BSML]\d?|B\d)$/, '')
    .replace(/^(denseNet|resNet|vgg)\d+/, '$1')

test('each family is here', () => {
  expect(Object.keys(small).filter((name) => !names.includes(name))).toEqual([])
  const families = Object.keys(small).map(familyOf)
  expect(names.filter((name) => !families.includes(familyOf(name)))).toEqual([])
})

async function outputOf(model: Model, x: Tensor): Promise<Float32Array> {
  return (await ((await model.predictOnBatch(x)) as Tensor).data()) as Float32Array
}
/** Every weight unlike any other of its shape, so that exchanged ones are seen. */
function setApart(model: Model): void {
  model.weights.forEach((weight, i) => {
    // Normalization counts what it has seen in whole numbers.
    const step = weight.dtype === 'int32' ? i + 1 : (i + 1) * 1e-5
    weight.assign(ops.add(weight.value(), ops.full(weight.shape, step, weight.dtype)))
  })
}
function clear(model: Model): void {
  for (const weight of model.weights) weight.assign(ops.zeros(weight.shape, weight.dtype))
}
/** Equal bytes; a comparison item by item of large arrays would take minutes. */
function same(a: Float32Array, b: Float32Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))
}
async function otherWeights(a: Model, b: Model): Promise<string[]> {
  const differing: string[] = []
  for (const [i, weight] of a.weights.entries())
    if (!same((await weight.data()) as Float32Array, (await b.weights[i]!.data()) as Float32Array))
      differing.push(weight.path)
  return differing
}
/** What stands in files: an input has nothing to freeze, and Keras does not write it. */
const frozen = (model: Model): boolean[] =>
  model.layers.filter(({ weights }) => weights.length > 0).map(({ trainable }) => trainable)

test.each(process.env.TANUKI_ALL_APPLICATIONS === '1' ? names : Object.keys(small))(
  '%s',
  { timeout: 300_000 },
  async (name) => {
    const size = /inception|xception/i.test(name) ? 75 : 32
    const options = { weights: null, includeTop: false, pooling: 'avg', inputShape: [size, size, 3], ...small[name] }
    const x = tensor(
      Float32Array.from({ length: 2 * size * size * 3 }, (_, i) => 128 + 127 * Math.sin(i * 0.37)),
      { shape: [2, size, size, 3] },
    )
    setRandomSeed(3)
    const model = await builders[name]!(options)
    setApart(model)
    model.layers.forEach((layer, i) => (layer.trainable = i >= model.layers.length / 2))
    const wanted = await outputOf(model, x)
    expect(wanted.every(Number.isFinite)).toBe(true)

    let other: Model = model
    for (const ending of ['.keras', '.safetensors']) {
      const path = join(folder, `model${ending}`)
      await model.save(path)
      const loaded = await loadModel(path)
      other = loaded
      rmSync(path)
      expect(frozen(loaded), ending).toEqual(frozen(model))
      expect(await otherWeights(model, loaded), ending).toEqual([])
      expect(same(await outputOf(loaded, x), wanted), ending).toBe(true)
    }

    // Weights go into a model of which another part is frozen, and leave that as it is.
    other.layers.forEach((layer, i) => (layer.trainable = i < other.layers.length / 3))
    const before = frozen(other)
    for (const ending of ['.weights.h5', '.h5', '.safetensors']) {
      const path = join(folder, `weights${ending}`)
      await model.saveWeights(path)
      clear(other)
      const report = await other.loadWeights(path)
      rmSync(path)
      expect(report.loaded, ending).toHaveLength(model.weights.length)
      expect(await otherWeights(model, other), ending).toEqual([])
      expect(same(await outputOf(other, x), wanted), ending).toBe(true)
      expect(frozen(other), ending).toEqual(before)
    }
  },
)
