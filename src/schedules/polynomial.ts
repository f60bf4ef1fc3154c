// Polynomial decay to an end rate.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { LearningRateSchedule, requirePositive, type ScheduleOptions } from './schedule.ts'

export interface PolynomialDecayOptions extends ScheduleOptions {
  initialLearningRate: number
  decaySteps: number
  /** Default 0.0001. */
  endLearningRate?: number
  /** Default 1: a straight line. */
  power?: number
  /** Whether to start over, with ever longer periods, instead of staying at the end. Default false. */
  cycle?: boolean
}

/** (initial - end) (1 - step / decaySteps)^power + end. */
export class PolynomialDecay extends LearningRateSchedule {
  static readonly className: string = 'PolynomialDecay'
  readonly initialLearningRate: number
  readonly decaySteps: number
  readonly endLearningRate: number
  readonly power: number
  readonly cycle: boolean

  constructor(options: PolynomialDecayOptions) {
    const { initialLearningRate, decaySteps, endLearningRate = 0.0001, power = 1, cycle = false, ...common } = options
    super(common)
    this.initialLearningRate = initialLearningRate
    this.decaySteps = requirePositive(this.className, 'decaySteps', decaySteps)
    this.endLearningRate = endLearningRate
    this.power = power
    this.cycle = cycle
  }

  override call(step: Tensor): Tensor {
    const { endLearningRate, initialLearningRate } = this
    const rest = ops.power(ops.subtract(1, this.#fraction(step)), this.power)
    // Both rates as float32 before their difference is taken, as Keras does it.
    const span = Math.fround(initialLearningRate) - Math.fround(endLearningRate)
    return ops.add(ops.multiply(span, rest), endLearningRate)
  }

  #fraction(step: Tensor): Tensor {
    const { decaySteps } = this
    if (!this.cycle) return ops.divide(ops.minimum(step, decaySteps), decaySteps)
    const cycles = ops.where(ops.equal(step, 0), 1, ops.ceil(ops.divide(step, decaySteps)))
    return ops.divide(step, ops.multiply(decaySteps, cycles))
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      end_learning_rate: this.endLearningRate,
      power: this.power,
      cycle: this.cycle,
      name: this.name,
    }
  }
}
