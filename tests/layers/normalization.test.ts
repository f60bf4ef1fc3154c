// Normalization.adapt: kinds of data, and what it refuses. BatchNormalization: the form that folds, and what training moves.
import { expect, test } from 'vitest'
import * as layers from '../../src/layers/index.ts'
import { compileFunction, ones, tensor } from '../../src/ops/index.ts'

const rows = [
  [1, 10],
  [3, 10],
  [5, 40],
]

test('adapt takes an array, a tensor, and batches sync or async; the order does not matter', async () => {
  async function* batches() {
    yield tensor(rows.slice(0, 2))
    await Promise.resolve()
    yield tensor(rows.slice(2))
  }
  for (const data of [rows, tensor(rows), [tensor(rows.slice(1)), tensor(rows.slice(0, 1))], batches()]) {
    const layer = layers.normalization()
    await layer.adapt(data)
    expect((await layer.mean!.data()).map((v) => Math.round(v * 1e4) / 1e4)).toEqual(Float32Array.of(3, 20))
    const variance = await layer.variance!.data()
    expect(variance[0]).toBeCloseTo(8 / 3, 5)
    expect(variance[1]).toBeCloseTo(200, 3)
  }
})

test('adapting again forgets; it refuses nothing, pairs, and layers with given statistics', async () => {
  const layer = layers.normalization()
  await layer.adapt(rows)
  await layer.adapt([[7, 7]])
  expect(await layer.mean!.array()).toEqual([7, 7])
  expect(await layer.apply(tensor([[7, 8]])).array()).toEqual([[0, 1e7]])
  await expect(layer.adapt([tensor([[1, 2, 3]])])).rejects.toThrow(
    /statistics of shape \(2,\), received "shape \(1, 3\)"/,
  )
  await expect(layers.normalization().adapt(new Set([[tensor(rows), tensor([1, 0, 1])]]) as never)).rejects.toThrow(
    /single tensors/,
  )
  await expect(layers.normalization().adapt(new Set<never>())).rejects.toThrow(/received "no batch"/)
  await expect(layers.normalization({ mean: 1, variance: 2 }).adapt(rows)).rejects.toThrow(/given statistics/)
})

test('BatchNormalization at inference is one product and one sum with vectors of the channels', async () => {
  const layer = layers.batchNormalization()
  layer.build([null, 2, 2, 3])
  layer.setWeights([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
    [10, 11, 12],
  ])
  const step = compileFunction((x) => [layer.apply(x)], { label: 'inference' })
  const y = await step.run(ones([1, 2, 2, 3])).outputs[0]!.data()
  for (let c = 0; c < 3; c++) expect(y[c]).toBeCloseTo(((c + 1) * (1 - (7 + c))) / Math.sqrt(10 + c + 1e-3) + 4 + c, 5)
})

test('training moves the statistics by the momentum, once a call, with the biased variance', async () => {
  const layer = layers.batchNormalization({ momentum: 0.9 })
  const step = compileFunction((x) => [layer.apply(x, { training: true })], { label: 'training' })
  const x = tensor([[1], [3]])
  await step.run(x).done
  expect((await layer.movingMean!.data())[0]).toBeCloseTo(0.2, 6)
  expect((await layer.movingVariance!.data())[0]).toBeCloseTo(0.9 + 0.1 * 1, 6)
  await step.run(x).done
  expect((await layer.movingMean!.data())[0]).toBeCloseTo(0.38, 6)
  await layer.apply(x).data()
  expect((await layer.movingMean!.data())[0]).toBeCloseTo(0.38, 6)
})
