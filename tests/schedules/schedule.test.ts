// Schedules beyond the goldens: boundaries, misuse, functions, storage.
import { describe, expect, it } from 'vitest'
import { ArgumentError } from '../../src/errors.ts'
import * as ops from '../../src/ops/index.ts'
import type { Tensor } from '../../src/ops/index.ts'
import * as optimizers from '../../src/optimizers/index.ts'
import * as schedules from '../../src/schedules/index.ts'

describe('schedules', () => {
  it('hold a piece up to and with its boundary', async () => {
    const schedule = schedules.piecewiseConstantDecay({ boundaries: [2, 5], values: [1, 0.5, 0.25] })
    const rates = await Promise.all([0, 2, 3, 5, 6].map((step) => schedule.at(step)))
    expect(rates).toEqual([1, 1, 0.5, 0.5, 0.25])
  })

  it('decay at once where the warm-up has no steps', async () => {
    const schedule = schedules.cosineDecay({ initialLearningRate: 0, decaySteps: 10, warmupTarget: 1 })
    expect(await schedule.at(0)).toBe(1)
    expect(await schedule.at(10)).toBeCloseTo(0, 6)
  })

  it('follow a step tensor', async () => {
    const steps = new ops.Variable(3, { dtype: 'int32' })
    const schedule = schedules.inverseTimeDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 1 })
    expect(await schedule.apply(steps).item()).toBe(0.25)
  })

  it('refuse impossible options', () => {
    expect(() => schedules.exponentialDecay({ initialLearningRate: 1, decaySteps: 0, decayRate: 0.5 })).toThrow(
      ArgumentError,
    )
    expect(() => schedules.piecewiseConstantDecay({ boundaries: [1], values: [1] })).toThrow(ArgumentError)
    // @ts-expect-error no such option
    expect(() => schedules.cosineDecay({ initialLearningRate: 1, decaySteps: 1, warmup: 3 })).toThrow(/warmupSteps/)
  })

  it('can be functions and registered classes', async () => {
    const constant = new schedules.FunctionSchedule((step) => ops.multiply(step, 2))
    expect(await constant.at(4)).toBe(8)
    expect(() => schedules.deserialize(schedules.serialize(constant))).toThrow(ArgumentError)
    class Half extends schedules.LearningRateSchedule {
      override call(step: ops.Tensor): ops.Tensor {
        return ops.divide(step, 2)
      }
      override getConfig(): Record<string, unknown> {
        return { name: this.name }
      }
    }
    schedules.register(Half)
    const stored = schedules.serialize(new Half())
    expect(await schedules.deserialize(stored).at(3)).toBe(1.5)
  })
})

it('a schedule of one method trains', async () => {
  class Harmonic extends schedules.LearningRateSchedule {
    override call(step: Tensor): Tensor {
      return ops.divide(0.1, ops.add(step, 1))
    }
  }
  expect(await new Harmonic().at(1)).toBeCloseTo(0.05)
  const optimizer = optimizers.adam({ learningRate: new Harmonic() })
  optimizer.apply([ops.tensor([1])], [new ops.Variable(ops.tensor([1]))])
  expect(await optimizer.iterations.item()).toBe(1)
  expect(new Harmonic().getConfig()).toEqual({ name: 'Harmonic' })
})
