// Muon and LossScaleOptimizer, which the goldens do not hold: values of Keras 3.15.1.
import { describe, expect, it } from 'vitest'
import * as ops from '../../src/ops/index.ts'
import * as optimizers from '../../src/optimizers/index.ts'

function filled(shape: number[], value: (i: number) => number, name: string): ops.Variable {
  const size = shape.reduce((a, b) => a * b, 1)
  return new ops.Variable(
    Float32Array.from({ length: size }, (_, i) => value(i)),
    { shape, name },
  )
}

async function expectClose(variable: ops.Variable, expected: readonly number[]): Promise<void> {
  const received = await variable.data()
  expect(received.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) expect(received[i], `${variable.name}[${i}]`).toBeCloseTo(value, 5)
}

describe('Muon', () => {
  const cases: { options: optimizers.MuonOptions; expected: number[][] }[] = [
    {
      options: { learningRate: 0.1 },
      expected: [
        [-0.409603, -0.254229, -0.05545212, 0.25922775, 0.45575544, 0.6042546],
        [0.21526092, -0.68264347, 1.03901017, 2.2869482],
        [-0.64292401, -0.44348097, -0.25609449, -0.12186211, -0.07068514, 0.05217788, 0.23201656, 0.43467262],
      ],
    },
    {
      options: { learningRate: 0.1, nesterov: false, rmsRate: null, weightDecay: null, adamWeightDecay: 0.1 },
      expected: [
        [-0.39672518, -0.37956521, -0.19712541, 0.36619738, 0.56079131, 0.64124018],
        [0.20388141, -0.66573757, 1.01183414, 2.22707629],
        [-0.72589648, -0.46041816, -0.19192858, -0.03593355, -0.12652175, -0.07117453, 0.15468401, 0.47474271],
      ],
    },
    {
      options: { learningRate: 0.05, excludeLayers: ['wide'] },
      expected: [
        [-0.40479955, -0.22712131, -0.02773377, 0.22961798, 0.42788216, 0.60213071],
        [0.35760039, -0.59134954, 1.01949108, 2.14350367],
        [-0.69128954, -0.43677774, -0.16939357, -0.06885346, -0.03516808, -0.03192223, 0.14507288, 0.38971663],
      ],
    },
  ]
  it.each(cases)('$options', async ({ options, expected }) => {
    const bias = [0.5, -0.5, 1, 2]
    const variables = [
      filled([3, 2], (i) => i / 5 - 0.4, 'kernel'),
      filled([4], (i) => bias[i]!, 'bias'),
      filled([2, 4], (i) => i / 7 - 0.6, 'wide'),
    ]
    const optimizer = optimizers.muon({ ...options, name: 'muon' })
    optimizer.build(variables)
    for (let step = 0; step < 3; step++) {
      optimizer.apply(
        variables.map((v, k) =>
          ops.tensor(
            Float32Array.from({ length: v.size }, (_, i) => Math.sin(i + step + k)),
            { shape: v.shape },
          ),
        ),
      )
    }
    for (const [i, v] of variables.entries()) await expectClose(v, expected[i]!)
    const excluded = 'excludeLayers' in options
    expect(optimizer.variables.map(({ path }) => path)).toEqual([
      'muon/iteration',
      'muon/learning_rate',
      'muon/kernel_momentum',
      'muon/bias_momentum',
      'muon/bias_velocity',
      'muon/wide_momentum',
      ...(excluded ? ['muon/wide_velocity'] : []),
    ])
  })
})

describe('LossScaleOptimizer', () => {
  const steps = [
    { gradients: [8, 8, 8, 8], weights: [0.4, -0.6, 0.9, 1.9], scale: 8, counter: 1, iterations: 1 },
    { gradients: [8, Infinity, 8, 8], weights: [0.4, -0.6, 0.9, 1.9], scale: 4, counter: 0, iterations: 1 },
    { gradients: [4, 4, 4, 4], weights: [0.3, -0.7, 0.8, 1.8], scale: 4, counter: 1, iterations: 2 },
    { gradients: [4, 4, 4, 4], weights: [0.2, -0.8, 0.7, 1.7], scale: 8, counter: 0, iterations: 3 },
    { gradients: [8, 8, 8, 8], weights: [0.1, -0.9, 0.6, 1.6], scale: 8, counter: 1, iterations: 4 },
  ]

  it.each([['step by step'], ['compiled']])('%s: skips what is not finite, and grows', async (how) => {
    const optimizer = optimizers.lossScaleOptimizer({
      innerOptimizer: optimizers.sgd({ learningRate: 0.1, name: 'sgd' }),
      initialScale: 8,
      dynamicGrowthSteps: 2,
      name: 'lso',
    })
    const w = new ops.Variable(Float32Array.of(0.5, -0.5, 1, 2), { name: 'bias' })
    expect(await optimizer.scaleLoss(ops.tensor(1)).item()).toBe(8)
    optimizer.build([w])
    expect(optimizer.variables.map(({ path }) => path)).toEqual([
      'lso/iteration',
      'lso/learning_rate',
      'lso/step_counter',
      'lso/dynamic_scale',
      'sgd/iteration',
      'sgd/learning_rate',
    ])
    const compiled = ops.compileFunction((g: ops.Tensor) => {
      optimizer.apply([g])
      return []
    })
    for (const { gradients, weights, scale, counter, iterations } of steps) {
      const g = ops.tensor(Float32Array.from(gradients))
      if (how === 'compiled') compiled.run(g)
      else optimizer.apply([g])
      await expectClose(w, weights)
      expect(await optimizer.dynamicScale.item()).toBe(scale)
      expect(await optimizer.variables[2]!.item()).toBe(counter)
      expect(await optimizer.iterations.item()).toBe(iterations)
    }
  })

  it('leaves slots, averages and accumulators of a skipped step alone', async () => {
    const inner = optimizers.adam({ useEma: true, gradientAccumulationSteps: 2, lossScaleFactor: 4 })
    const optimizer = optimizers.lossScaleOptimizer({ innerOptimizer: inner, initialScale: 2 })
    expect(inner.lossScaleFactor).toBeNull()
    const w = new ops.Variable(Float32Array.of(1), { name: 'w' })
    optimizer.apply([ops.tensor([4])], [w])
    const before = await Promise.all(inner.variables.map((v) => v.item()))
    optimizer.apply([ops.tensor([NaN])])
    expect(await Promise.all(inner.variables.map((v) => v.item()))).toEqual(before)
    expect(await w.item()).toBe(1)
    optimizer.apply([ops.tensor([4])])
    expect(await w.item()).toBeCloseTo(0.999, 6)
  })

  it('passes the learning rate through, and is stored with what it wraps', () => {
    const optimizer = optimizers.lossScaleOptimizer({ innerOptimizer: optimizers.adam(0.5) })
    optimizer.learningRate = 0.25
    expect(optimizer.inner.learningRate).toBe(0.25)
    const again = optimizers.get(optimizers.serialize(optimizer))
    expect(again.getConfig()).toEqual(optimizer.getConfig())
    expect(again.learningRate).toBe(0.25)
    expect(() => optimizers.lossScaleOptimizer({ innerOptimizer: optimizer })).toThrow(/without dynamic/)
  })
})
