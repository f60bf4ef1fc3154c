// Cosine decay, with warm-up or with restarts (Loshchilov & Hutter, 2017, arXiv:1608.03983).
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { LearningRateSchedule, requirePositive, type ScheduleOptions } from './schedule.ts'

export interface CosineDecayOptions extends ScheduleOptions {
  initialLearningRate: number
  /** Steps of the decay, after those of the warm-up. */
  decaySteps: number
  /** The last rate, as a fraction of the one that the decay starts from. Default 0. */
  alpha?: number
  /** The rate that the warm-up leads to, and the decay starts from. Default null: no warm-up. */
  warmupTarget?: number | null
  /** Default 0. */
  warmupSteps?: number
}

/** 0.5 (1 + cos(pi fraction)): from 1 to 0. */
function cosineFrom1To0(fraction: Tensor): Tensor {
  return ops.multiply(0.5, ops.add(1, ops.cos(ops.multiply(Math.PI, fraction))))
}

/** Linear from `initialLearningRate` to `warmupTarget`, then half a cosine wave down to alpha times that. */
export class CosineDecay extends LearningRateSchedule {
  static readonly className: string = 'CosineDecay'
  readonly initialLearningRate: number
  readonly decaySteps: number
  readonly alpha: number
  readonly warmupTarget: number | null
  readonly warmupSteps: number

  constructor(options: CosineDecayOptions) {
    const { initialLearningRate, decaySteps, alpha = 0, warmupTarget = null, warmupSteps = 0, ...common } = options
    super(common)
    this.initialLearningRate = initialLearningRate
    this.decaySteps = requirePositive(this.className, 'decaySteps', decaySteps)
    this.alpha = alpha
    this.warmupTarget = warmupTarget
    this.warmupSteps = warmupSteps
  }

  override call(step: Tensor): Tensor {
    const { initialLearningRate, warmupTarget, warmupSteps, decaySteps } = this
    if (warmupTarget === null) return this.#decay(ops.minimum(step, decaySteps), initialLearningRate)
    const bounded = ops.minimum(step, decaySteps + warmupSteps)
    const decayed = this.#decay(ops.subtract(bounded, warmupSteps), warmupTarget)
    if (warmupSteps === 0) return decayed
    const slope = ops.multiply(
      Math.fround(warmupTarget) - Math.fround(initialLearningRate),
      ops.divide(bounded, warmupSteps),
    )
    return ops.where(ops.less(bounded, warmupSteps), ops.add(slope, initialLearningRate), decayed)
  }

  #decay(step: Tensor, from: number): Tensor {
    const cosine = cosineFrom1To0(ops.divide(step, this.decaySteps))
    return ops.multiply(from, ops.add(ops.multiply(1 - Math.fround(this.alpha), cosine), this.alpha))
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      alpha: this.alpha,
      name: this.name,
      warmup_target: this.warmupTarget,
      warmup_steps: this.warmupSteps,
    }
  }
}

export interface CosineDecayRestartsOptions extends ScheduleOptions {
  initialLearningRate: number
  /** Steps of the first period. */
  firstDecaySteps: number
  /** How many times longer each period is than the one before. Default 2. */
  tMul?: number
  /** The factor by which each period starts lower or higher than the one before. Default 1. */
  mMul?: number
  /** The lowest rate, as a fraction of `initialLearningRate`. Default 0. */
  alpha?: number
}

/** Half cosine waves one after another, each starting with a jump up. */
export class CosineDecayRestarts extends LearningRateSchedule {
  static readonly className: string = 'CosineDecayRestarts'
  readonly initialLearningRate: number
  readonly firstDecaySteps: number
  readonly tMul: number
  readonly mMul: number
  readonly alpha: number

  constructor(options: CosineDecayRestartsOptions) {
    const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0, name = 'SGDRDecay' } = options
    super({ name })
    this.initialLearningRate = initialLearningRate
    this.firstDecaySteps = requirePositive(this.className, 'firstDecaySteps', firstDecaySteps)
    this.tMul = tMul
    this.mMul = mMul
    this.alpha = alpha
  }

  override call(step: Tensor): Tensor {
    const { restarts, fraction } = this.#period(ops.divide(step, this.firstDecaySteps))
    const cosine = ops.multiply(ops.power(this.mMul, restarts), cosineFrom1To0(fraction))
    return ops.multiply(
      this.initialLearningRate,
      ops.add(ops.multiply(1 - Math.fround(this.alpha), cosine), this.alpha),
    )
  }

  /** How many periods are over, and what part of the present one is, given the time in lengths of the first one. */
  #period(time: Tensor): { restarts: Tensor; fraction: Tensor } {
    const { tMul } = this
    if (tMul === 1) {
      const restarts = ops.floor(time)
      return { restarts, fraction: ops.subtract(time, restarts) }
    }
    // tMul is a float32 before the difference is taken, as in Keras.
    const growthRate = 1 - Math.fround(tMul)
    // The first n periods take (1 - tMul^n) / (1 - tMul). The quotient of float32 logarithms decides at the restarts, as in Keras.
    const growth = ops.log(ops.subtract(1, ops.multiply(time, growthRate)))
    const restarts = ops.floor(ops.divide(growth, ops.log(ops.tensor(tMul))))
    const length = ops.power(tMul, restarts)
    const before = ops.divide(ops.subtract(1, length), growthRate)
    return { restarts, fraction: ops.divide(ops.subtract(time, before), length) }
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      first_decay_steps: this.firstDecaySteps,
      t_mul: this.tMul,
      m_mul: this.mMul,
      alpha: this.alpha,
      name: this.name,
    }
  }
}
