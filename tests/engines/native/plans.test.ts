// What plans of whole applications must be: free of oneDNN's reference kernels, in place, chunked, repeatable, and off the event loop.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { beforeAll, describe, expect, it } from 'vitest'
import { efficientNetLite0, xception } from '../../../src/applications/index.ts'
import * as layers from '../../../src/layers/index.ts'
import * as losses from '../../../src/losses/index.ts'
import { model } from '../../../src/models/index.ts'
import type { Functional } from '../../../src/models/index.ts'
import * as optimizers from '../../../src/optimizers/index.ts'
import { add, compileFunction, matmul, multiply, ready, setEngine, setRandomSeed, sum, tensor, Variable } from '../../../src/ops/index.ts'
import type { Tensor } from '../../../src/ops/index.ts'
import { plansOf } from './plans-of.ts'

beforeAll(async () => {
  await setEngine('native')
  await ready()
})

function classifier(base: Functional, size: number, units: number): Functional {
  const inputs = layers.input({ shape: [size, size, 3] })
  let x = base.apply(inputs, { training: false })
  x = layers.globalAveragePooling2D().apply(x)
  const network = model({ inputs, outputs: layers.dense({ units }).apply(x) })
  network.compile({ optimizer: optimizers.adam({ learningRate: 1e-5 }), loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }) })
  return network
}

const images = (count: number, size: number): Tensor =>
  tensor(Float32Array.from({ length: count * size * size * 3 }, (_, i) => Math.sin(i * 0.37)), { shape: [count, size, size, 3] })
const labels = (count: number): Tensor => tensor(Int32Array.from({ length: count }, (_, i) => i % 6), { dtype: 'int32' })

describe.each([
  { name: 'EfficientNet-Lite0', build: () => efficientNetLite0({ weights: null, includeTop: false, inputShape: [64, 64, 3] }), size: 64 },
  { name: 'EfficientNet-Lite0, odd size', build: () => efficientNetLite0({ weights: null, includeTop: false, inputShape: [75, 75, 3] }), size: 75 },
  { name: 'Xception', build: () => xception({ weights: null, includeTop: false, inputShape: [71, 71, 3] }), size: 71 },
])('$name', ({ build, size }) => {
  it.each([1, 4, 5])('batch %i: no reference kernel in inference or fine-tuning', async (count) => {
    const base = await build()
    const network = classifier(base, size, 6)
    const x = images(count, size)
    const plans = await plansOf(async () => {
      await (await network.predictOnBatch(x)).data()
      await network.trainOnBatch(x, labels(count))
    })
    expect(plans.length).toBeGreaterThanOrEqual(2)
    let steps = 0
    for (const { plan } of plans) {
      for (const [op, { implementation }] of plan.steps) {
        expect(implementation, op.label).not.toContain('ref')
        steps++
      }
    }
    expect(steps).toBeGreaterThan(100)
  })
})

it('keeps what depends on frozen weights, and computes it again when they change', async () => {
  const base = await efficientNetLite0({ weights: null, includeTop: false, inputShape: [64, 64, 3] })
  const x = images(2, 64)
  const plans = await plansOf(async () => (await base.predictOnBatch(x)).data())
  const setup = plans.at(-1)!.plan.segments.filter((segment) => segment.setup)
  expect(setup.flatMap(({ ops }) => ops.map((op) => op.label))).toContain('scale and pack')
  const main = plans.at(-1)!.plan.segments.filter((segment) => !segment.setup)
  expect(main.flatMap(({ ops }) => ops.map((op) => op.label))).not.toContain('scale and pack')
  const before = await (await base.predictOnBatch(x)).data()
  const kernel = base.getLayer('stem_conv').weights[0]!
  kernel.assign(tensor(new Float32Array(27 * 32).fill(0.01), { shape: kernel.shape }))
  const after = await (await base.predictOnBatch(x)).data()
  expect(Array.from(after)).not.toEqual(Array.from(before))
})

it('trains bit-identically twice', async () => {
  const run = async (): Promise<number[]> => {
    setRandomSeed(7)
    const base = await efficientNetLite0({ weights: null, includeTop: false, inputShape: [64, 64, 3] })
    const network = classifier(base, 64, 6)
    for (let step = 0; step < 2; step++) await network.trainOnBatch(images(8, 64), labels(8))
    return Array.from(await network.weights[0]!.data())
  }
  expect(await run()).toEqual(await run())
})

it('leaves the event loop free while a fine-tuning step runs: p99 of its delay is under 20 ms', async () => {
  const base = await efficientNetLite0({ weights: null, includeTop: false, inputShape: [224, 224, 3] })
  const network = classifier(base, 224, 6)
  const x = images(16, 224)
  const y = labels(16)
  await network.trainOnBatch(x, y) // traced and planned
  // On a machine that is busy with something else every timer is late: the best of several steps is what the engine itself costs.
  let best = Infinity
  for (let attempt = 0; attempt < 6 && best >= 20; attempt++) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    for (let step = 0; step < 3; step++) await network.trainOnBatch(x, y)
    delay.disable()
    best = Math.min(best, delay.percentile(99) / 1e6)
  }
  expect(best).toBeLessThan(20)
})

it('leaves resident memory flat over 10,000 steps and 10,000 expressions', async () => {
  const weight = new Variable(new Float32Array(256).fill(1), { shape: [16, 16] })
  const x = tensor(new Float32Array(256).fill(0.01), { shape: [16, 16] })
  const step = compileFunction(
    (input: Tensor) => {
      weight.assign(add(multiply(weight, 0.999), matmul(input, input)))
      return [sum(weight)]
    },
    { label: 'step' },
  )
  const settle = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      const { done } = step.run(x)
      const expression = add(multiply(x, i), x)
      if (i % 20 === 0) await done
      if (i % 20 === 0) await expression.data()
    }
    await weight.data()
    return process.memoryUsage().rss
  }
  const warm = await settle(3000)
  const after = await settle(10_000)
  expect((after - warm) / 2 ** 20).toBeLessThan(48)
})
