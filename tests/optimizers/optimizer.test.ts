// What the base class of optimizers promises beyond the goldens: misuse, learning rates, multipliers, accumulation, storage.
import { afterEach, describe, expect, it } from 'vitest'
import { ArgumentError } from '../../src/errors.ts'
import * as ops from '../../src/ops/index.ts'
import { clearSession } from '../../src/ops/naming.ts'
import * as optimizers from '../../src/optimizers/index.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'
import * as schedules from '../../src/schedules/index.ts'

afterEach(() => setWarningHandler(null))

function variable(values: number[], name: string, path = name): ops.Variable {
  const made = new ops.Variable(Float32Array.from(values), { name })
  made.path = path
  return made
}
function gradient(...values: number[]): ops.Tensor {
  return ops.tensor(Float32Array.from(values))
}

describe('misuse', () => {
  it('refuses variables that it was not built for', () => {
    const optimizer = optimizers.sgd()
    optimizer.build([variable([1], 'a')])
    expect(() => optimizer.apply([gradient(1)], [variable([1], 'b')])).toThrow(/new optimizer/)
  })

  it('needs variables, as many gradients as variables, and at least one gradient', () => {
    const w = variable([1], 'w')
    expect(() => optimizers.sgd().apply([gradient(1)])).toThrow(/build/)
    expect(() => optimizers.sgd().apply([gradient(1), gradient(2)], [w])).toThrow(ArgumentError)
    expect(() => optimizers.sgd().apply([null], [w])).toThrow(/no|none/)
    expect(() => optimizers.sgd().apply([])).not.toThrow()
  })

  it('warns of variables without a gradient, and leaves them alone', async () => {
    const warnings: string[] = []
    setWarningHandler((message) => warnings.push(message))
    const [a, b] = [variable([1], 'a'), variable([1], 'left_alone')]
    const optimizer = optimizers.adam({ learningRate: 0.1, weightDecay: 0.5 })
    optimizer.apply([gradient(1), null], [a, b])
    expect(warnings.join()).toContain('left_alone')
    expect(await b.item()).toBe(1)
    expect(await a.item()).not.toBe(1)
  })

  it('refuses options out of range and two kinds of clipping', () => {
    expect(() => optimizers.sgd({ clipnorm: 1, clipvalue: 1 })).toThrow(/at most one/)
    expect(() => optimizers.sgd({ gradientAccumulationSteps: 1 })).toThrow(ArgumentError)
    expect(() => optimizers.sgd({ useEma: true, emaMomentum: 2 })).toThrow(ArgumentError)
    expect(() => optimizers.sgd({ emaOverwriteFrequency: 0 })).toThrow(ArgumentError)
    expect(() => optimizers.sgd({ momentum: 2 })).toThrow(ArgumentError)
    expect(() => optimizers.sgd(NaN)).toThrow(/learningRate/)
    expect(() => optimizers.lion({ beta1: 0 })).toThrow(ArgumentError)
    // @ts-expect-error no such option
    expect(() => optimizers.adam({ lr: 0.1 })).toThrow(/learningRate/)
    // @ts-expect-error misspelt
    expect(() => optimizers.get('adma')).toThrow(/Adam/)
  })

  it('excludes from weight decay only before it is built', () => {
    const optimizer = optimizers.adamW()
    optimizer.build([variable([1], 'w')])
    expect(() => optimizer.excludeFromWeightDecay({ names: ['bias'] })).toThrow(ArgumentError)
  })
})

describe('learning rate', () => {
  it('is a number, rounded to float32, settable at any time', async () => {
    const w = variable([1], 'w')
    const optimizer = optimizers.sgd(0.1)
    expect(optimizer.learningRate).toBe(Math.fround(0.1))
    optimizer.apply([gradient(1)], [w])
    optimizer.learningRate = 0.5
    expect(optimizer.learningRate).toBe(0.5)
    optimizer.apply([gradient(1)])
    expect(await w.item()).toBeCloseTo(0.4, 6)
  })

  it('takes effect in a compiled step', async () => {
    const w = variable([0], 'w')
    const optimizer = optimizers.sgd(1)
    optimizer.build([w])
    const step = ops.compileFunction((g: ops.Tensor) => {
      optimizer.apply([g])
      return []
    })
    step.run(gradient(-1))
    optimizer.learningRate = 10
    step.run(gradient(-1))
    expect(await w.item()).toBe(11)
    expect(await optimizer.iterations.item()).toBe(2)
  })

  it('is the file’s after loading a state', () => {
    const optimizer = optimizers.adam(0.1)
    const rate = optimizer.variables[1]!
    expect(rate.path).toBe(`${optimizer.name}/learning_rate`)
    rate.assign(Float32Array.of(0.25))
    expect(optimizer.learningRate).toBe(0.25)
    rate.assign(ops.multiply(rate, 2))
    expect(() => optimizer.learningRate).toThrow(/currentLearningRate/)
  })

  it('may be a schedule or a function of the step; then numbers are refused', async () => {
    const w = variable([0], 'w')
    const optimizer = optimizers.sgd((step) => ops.add(step, 1))
    expect(optimizer.variables.map(({ name }) => name)).toEqual(['iteration'])
    for (let i = 0; i < 3; i++) optimizer.apply([gradient(-1)], [w])
    expect(await w.item()).toBe(6)
    expect(await optimizer.currentLearningRate()).toBe(4)
    expect(() => {
      optimizer.learningRate = 0.1
    }).toThrow(/schedule/)
  })

  it('may become a schedule, which takes its variable out of the state', async () => {
    const optimizer = optimizers.sgd(0.1)
    optimizer.learningRate = schedules.exponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 })
    expect(optimizer.variables).toHaveLength(1)
    expect(await optimizer.currentLearningRate()).toBe(1)
  })
})

describe('multipliers', () => {
  const paths = ['base/block1/kernel', 'base/block2/kernel', 'head/kernel']

  it.each([
    ['by path', { base: 0.1, 'base/block2': 0.5 }],
    ['by function', (v: ops.Variable) => (v.path.includes('block2') ? 0.5 : v.path.startsWith('base') ? 0.1 : 1)],
  ] as const)('%s', async (_, learningRateMultipliers) => {
    const variables = paths.map((path) => variable([1], 'kernel', path))
    const optimizer = optimizers.sgd({ learningRate: 1, learningRateMultipliers })
    optimizer.apply([gradient(1), gradient(1), gradient(1)], variables)
    const values = await Promise.all(variables.map((v) => v.item()))
    expect(values.map((value) => Math.round(value * 1e5) / 1e5)).toEqual([0.9, 0.5, 0])
  })

  it('equal as many optimizers with their own rates, decay included', async () => {
    const together = paths.map((path) => variable([1, -2], 'kernel', path))
    const apart = paths.map((path) => variable([1, -2], 'kernel', path))
    const factors = [0.1, 0.5, 1]
    const one = optimizers.nadam({
      learningRate: 0.1,
      weightDecay: 0.1,
      learningRateMultipliers: (v) => factors[together.indexOf(v)]!,
    })
    const several = factors.map((factor) => optimizers.nadam({ learningRate: 0.1 * factor, weightDecay: 0.1 }))
    for (let step = 0; step < 4; step++) {
      const gradients = paths.map((_, i) => gradient(Math.sin(step + i), Math.cos(step - i)))
      one.apply(gradients, together)
      for (const [i, optimizer] of several.entries()) optimizer.apply([gradients[i]!], [apart[i]!])
    }
    for (const [i, v] of together.entries()) {
      const expected = await apart[i]!.data()
      for (const [j, value] of (await v.data()).entries()) expect(value).toBeCloseTo(expected[j]!, 5)
    }
  })

  it('match whole segments only, and are stored if they can be', () => {
    const factors = { head: 2 }
    const stored = optimizers.sgd({ learningRateMultipliers: factors }).getConfig()
    expect(stored.learning_rate_multipliers).toEqual(factors)
    const config = optimizers.sgd({ learningRateMultipliers: () => 1 }).getConfig()
    expect(config).not.toHaveProperty('learning_rate_multipliers')
    const again = optimizers.get({ class_name: 'SGD', config: stored })
    expect(again.learningRateMultipliers).toEqual(factors)
  })

  it('match whole segments only', async () => {
    const w = variable([1], 'kernel', 'header/kernel')
    optimizers.sgd({ learningRate: 1, learningRateMultipliers: { head: 0 } }).apply([gradient(1)], [w])
    expect(await w.item()).toBe(0)
  })

  it('must be numbers of at least 0', () => {
    const optimizer = optimizers.sgd({ learningRateMultipliers: () => NaN })
    expect(() => optimizer.apply([gradient(1)], [variable([1], 'w')])).toThrow(/learningRateMultipliers/)
  })
})

describe('a step', () => {
  it('accumulates without touching weights, slots or averages of variables', async () => {
    const w = variable([1], 'w')
    const optimizer = optimizers.adam({
      learningRate: 0.1,
      gradientAccumulationSteps: 2,
      weightDecay: 0.1,
      clipvalue: 1,
    })
    optimizer.apply([gradient(3)], [w])
    expect(await w.item()).toBe(1)
    expect(await Promise.all(optimizer.variables.slice(2).map((v) => v.item()))).toEqual([3, 0, 0])
    optimizer.apply([gradient(1)], [w])
    expect(await w.item()).toBeCloseTo(1 - 0.01 - 0.1, 5)
    expect(await optimizer.variables[2]!.item()).toBe(0)
    expect(await optimizer.updateCount.item()).toBe(1)
  })

  it('applies constraints last', async () => {
    const w = variable([0.5, 1], 'w')
    w.constraint = (value) => ops.maximum(value, 0.8)
    optimizers.sgd(1).apply([gradient(0.1, 0.1)], [w])
    expect(await w.array()).toEqual([Math.fround(0.8), Math.fround(0.9)])
  })

  it('clips by the common norm, and lets a norm that is not finite be seen', async () => {
    const [a, b] = [variable([0], 'a'), variable([0], 'b')]
    const optimizer = optimizers.sgd({ learningRate: 1, globalClipnorm: 1 })
    optimizer.apply([gradient(3), gradient(4)], [a, b])
    expect(await a.item()).toBeCloseTo(-0.6, 6)
    expect(await b.item()).toBeCloseTo(-0.8, 6)
    optimizer.apply([gradient(Infinity), gradient(1)], [a, b])
    expect(await b.item()).toBeNaN()
  })

  it('is one fused pass for each variable, and one for the scalars that all share', async () => {
    const variables = Array.from({ length: 5 }, (_, i) => variable([1, 2, 3], `w${i}`))
    const optimizer = optimizers.adam({ weightDecay: 0.1, learningRateMultipliers: { w1: 1 } })
    optimizer.build(variables)
    const step = ops.compileFunction((...gradients: ops.Tensor[]) => {
      optimizer.apply(gradients)
      return []
    })
    await step.run(...variables.map((v) => v.value())).done
    expect(step.dump().match(/^\s*(%\d+ = fused\(|fused \d+)/gm)).toHaveLength(variables.length + 1)
  })

  it('works in the custom loop with a tape', async () => {
    const w = variable([4], 'w')
    const optimizer = optimizers.sgd(0.1)
    for (let i = 0; i < 50; i++) {
      const tape = new ops.GradientTape()
      const loss = tape.record(() => ops.sum(ops.square(w)))
      optimizer.applyGradients([[tape.gradient(loss, w), w]])
    }
    expect(await w.item()).toBeCloseTo(4 * 0.8 ** 50, 6)
  })

  it('scales the loss and unscales the gradients', async () => {
    const w = variable([1], 'w')
    const optimizer = optimizers.sgd({ learningRate: 1, lossScaleFactor: 8 })
    expect(await optimizer.scaleLoss(ops.tensor(2)).item()).toBe(16)
    optimizer.apply([gradient(8)], [w])
    expect(await w.item()).toBe(0)
  })
})

describe('names and storage', () => {
  it.each([
    ['adam', 'Adam'],
    ['rmsprop', 'RMSprop'],
    ['AdamW', 'AdamW'],
    ['sgd', 'SGD'],
  ] as const)('%s', (name, className) => {
    expect(optimizers.get(name).className).toBe(className)
    expect(optimizers.get(name)).not.toBe(optimizers.get(name))
  })

  it('names state after the paths of variables', () => {
    clearSession()
    const optimizer = optimizers.adam()
    optimizer.build([variable([1], 'kernel', 'base/conv/kernel')])
    expect(optimizer.variables.map(({ path }) => path)).toEqual([
      'adam/iteration',
      'adam/learning_rate',
      'adam/base_conv_kernel_momentum',
      'adam/base_conv_kernel_velocity',
    ])
    expect(optimizers.adam().name).toBe('adam_1')
    expect(optimizer.variables.every((v) => !v.trainable)).toBe(true)
  })

  it.each([
    'adadelta',
    'adafactor',
    'adagrad',
    'adam',
    'adamw',
    'adamax',
    'ftrl',
    'lamb',
    'lion',
    'muon',
    'nadam',
    'rmsprop',
    'sgd',
  ] as const)('%s round-trips through the stored form', (name) => {
    const made = optimizers.get(name)
    const stored = optimizers.serialize(made)
    expect(stored).toMatchObject({ module: 'keras.optimizers', class_name: made.className, registered_name: null })
    expect(optimizers.get(JSON.parse(JSON.stringify(stored)) as typeof stored).getConfig()).toEqual(made.getConfig())
  })

  it('stores schedules', () => {
    const learningRate = schedules.polynomialDecay({ initialLearningRate: 0.1, decaySteps: 5 })
    const stored = optimizers.serialize(optimizers.adam({ learningRate }))
    expect(optimizers.get(stored).getConfig()).toEqual(stored.config)
  })

  it('takes optimizers of the user', async () => {
    class Signs extends optimizers.Optimizer<ops.Tensor> {
      constructor(options: optimizers.OptimizerOptions = {}) {
        super({ learningRate: 1, ...options })
      }
      protected override prepare(rate: ops.Tensor): ops.Tensor {
        return rate
      }
      protected override update(g: ops.Tensor, v: ops.Variable, rate: ops.Tensor): void {
        this.write(v, ops.subtract(this.read(v), ops.multiply(rate, ops.sign(g))))
      }
    }
    optimizers.register(Signs)
    const again = optimizers.get(optimizers.serialize(new Signs({ learningRate: 0.5 })))
    const w = variable([1, 1], 'w')
    again.apply([gradient(7, -7)], [w])
    expect(await w.array()).toEqual([0.5, 1.5])
  })
})
