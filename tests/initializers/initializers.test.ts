// Initializers: names, seeds, fans, functions, misuse. Statistics are compared with Keras in goldens-run.
import { expect, test } from 'vitest'
import * as initializers from '../../src/initializers/index.ts'
import { dense, layerFromConfig, serializeLayer } from '../../src/layers/index.ts'
import { Model, ops, optimizers, type Tensor } from '../../src/index.ts'
import { setRandomSeed, tensor } from '../../src/ops/index.ts'

test('names in every spelling give the class', () => {
  for (const name of ['he_normal', 'HeNormal', 'heNormal'] as const)
    expect(initializers.getInitializer(name)).toBeInstanceOf(initializers.HeNormal)
  expect(initializers.getInitializer('uniform')).toBeInstanceOf(initializers.RandomUniform)
  expect(() => initializers.get('xavier' as never)).toThrow(
    /initializer: expected one of .*GlorotUniform.*received "xavier"/,
  )
})

test('a seed gives the same values on every call; without one each object draws its own from the global seed', () => {
  const seeded = initializers.glorotUniform({ seed: 3 })
  expect(seeded.values([4, 5], 'float32')).toEqual(seeded.values([4, 5], 'float32'))
  const draw = () => initializers.glorotUniform().values([4, 5], 'float32')
  setRandomSeed(9)
  const [a, b] = [draw(), draw()]
  expect(a).not.toEqual(b)
  setRandomSeed(9)
  expect([draw(), draw()]).toEqual([a, b])
})

test('fans', () => {
  expect(initializers.fansOf([])).toEqual({ fanIn: 1, fanOut: 1 })
  expect(initializers.fansOf([7])).toEqual({ fanIn: 7, fanOut: 7 })
  expect(initializers.fansOf([3, 3, 8, 2])).toEqual({ fanIn: 72, fanOut: 18 })
  const limit = Math.sqrt(6 / 2049)
  const values = initializers.glorotUniform({ seed: 1 }).values([2048, 1], 'float32')
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(limit)
  expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.98 * limit)
})

test('a function may stand for an initializer, with a typed array or a tensor', async () => {
  const seen: unknown[] = []
  const layer = dense({
    units: 2,
    kernelInitializer: (shape, dtype) => {
      seen.push(shape, dtype)
      return Float32Array.of(1, 2, 3, 4)
    },
  })
  layer.build([null, 2])
  expect(seen).toEqual([[2, 2], 'float32'])
  expect(await layer.kernel!.array()).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(() => layer.getConfig()).toThrow(/Initializer, to be stored/)
  expect(initializers.get(() => tensor([1]))([1], 'float32')).toHaveProperty('rank', 1)
})

test('misuse', () => {
  expect(() => initializers.glorotUniform({ seed: 1.5 })).toThrow(/`seed` to be an integer or null, received 1.5/)
  expect(() => initializers.varianceScaling({ scale: 0 })).toThrow(/`scale` to be positive/)
  expect(() => initializers.varianceScaling({ mode: 'fan' as never })).toThrow(/`mode` to be one of fan_in/)
  expect(() => initializers.identity().values([2, 2, 2], 'float32')).toThrow(/rank 2/)
  expect(() => initializers.orthogonal().values([2], 'float32')).toThrow(/rank 2 or more/)
})

test('configs of layers keep seeds and gains', () => {
  const layer = dense({ units: 2, kernelInitializer: initializers.orthogonal({ gain: 2, seed: 4 }) })
  const again = layerFromConfig(serializeLayer(layer))
  expect(again.getConfig()).toEqual(layer.getConfig())
  expect(layer.getConfig().kernel_initializer).toEqual({
    module: 'keras.initializers',
    class_name: 'Orthogonal',
    config: { seed: 4, gain: 2 },
    registered_name: null,
  })
})

test('a function that returns a tensor serves any layer, also one that fit builds', async () => {
  class Own extends Model {
    dense = dense({
      units: 2,
      kernelInitializer: (shape) => ops.full(shape, 3),
      biasInitializer: (shape) => ops.ones(shape),
    })
    override call(x: Tensor): Tensor {
      return this.dense.apply(x)
    }
  }
  const net = new Own()
  net.compile({ optimizer: optimizers.sgd(0), loss: 'mse' })
  await net.fit(ops.ones([4, 3]), ops.ones([4, 2]), { verbose: 0 })
  expect(await net.weights[0]!.array()).toEqual(Array(3).fill([3, 3]))
  expect(await net.weights[1]!.array()).toEqual([1, 1])
  const wrong = dense({ units: 2, kernelInitializer: () => ops.ones([5, 5]) })
  expect(() => wrong.build([null, 3])).toThrow(/\(3, 2\).*\(5, 5\)/)
})
