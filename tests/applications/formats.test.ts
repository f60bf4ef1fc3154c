// Every application in every format: written with a frozen part, read back, the same outputs bit by bit and the same part frozen.
// One of each family; all of them with TANUKI_ALL_APPLICATIONS=1. ONNX has export-onnx.test.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadModel, type Model, type Tensor, tensor } from '../../src/index.ts'
import * as ops from '../../src/ops/index.ts'
import { conditioned, strangers, tested } from './random-weights.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanuki-formats-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('each family is here', () => expect(strangers()).toEqual([]))

async function outputOf(model: Model, x: Tensor): Promise<Float32Array> {
  return (await ((await model.predictOnBatch(x)) as Tensor).data()) as Float32Array
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
  const others = b.weights
  for (const [i, weight] of a.weights.entries())
    if (!same((await weight.data()) as Float32Array, (await others[i]!.data()) as Float32Array))
      differing.push(weight.path)
  return differing
}
/** What stands in files: an input has nothing to freeze, and Keras does not write it. */
const frozen = (model: Model): boolean[] =>
  model.layers.filter(({ weights }) => weights.length > 0).map(({ trainable }) => trainable)

test.each(tested)('%s', { timeout: 600_000 }, async (name) => {
  const { network: model, pictures, shape } = await conditioned(name)
  const x = tensor(pictures, { shape })
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
})
