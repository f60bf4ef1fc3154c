// Exponential decay, and decay with the inverse of time.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { LearningRateSchedule, requirePositive, type ScheduleOptions } from './schedule.ts'

export interface DecayOptions extends ScheduleOptions {
  initialLearningRate: number
  /** Steps after which the decay has been applied once. */
  decaySteps: number
  decayRate: number
  /** Whether the rate stays constant between multiples of `decaySteps`. Default false. */
  staircase?: boolean
}

abstract class RateDecay extends LearningRateSchedule {
  readonly initialLearningRate: number
  readonly decaySteps: number
  readonly decayRate: number
  readonly staircase: boolean

  constructor({ initialLearningRate, decaySteps, decayRate, staircase = false, ...common }: DecayOptions) {
    super(common)
    this.initialLearningRate = initialLearningRate
    this.decaySteps = requirePositive(this.className, 'decaySteps', decaySteps)
    this.decayRate = decayRate
    this.staircase = staircase
  }

  protected periods(step: Tensor): Tensor {
    const periods = ops.divide(step, this.decaySteps)
    return this.staircase ? ops.floor(periods) : periods
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      decay_rate: this.decayRate,
      staircase: this.staircase,
      name: this.name,
    }
  }
}

/** initialLearningRate * decayRate^(step / decaySteps). */
export class ExponentialDecay extends RateDecay {
  static readonly className: string = 'ExponentialDecay'
  override call(step: Tensor): Tensor {
    return ops.multiply(this.initialLearningRate, ops.power(this.decayRate, this.periods(step)))
  }
}

/** initialLearningRate / (1 + decayRate * step / decaySteps). */
export class InverseTimeDecay extends RateDecay {
  static readonly className: string = 'InverseTimeDecay'
  override call(step: Tensor): Tensor {
    return ops.divide(this.initialLearningRate, ops.add(1, ops.multiply(this.decayRate, this.periods(step))))
  }
}
