// The options that all optimizers share.
import { ArgumentError, problem } from '../errors.ts'
import { checkClipping, type ClipOptions } from './clip.ts'
import type { LearningRate } from './learning-rate.ts'
import type { LearningRateMultipliers } from './multipliers.ts'

export interface OptimizerOptions extends ClipOptions {
  learningRate?: LearningRate
  /** w <- w - w * weightDecay * learningRate before each update. Default null: none (AdamW: 0.004). */
  weightDecay?: number | null
  /** Whether moving averages of the weights are kept. Default false. */
  useEma?: boolean
  /** Default 0.99. */
  emaMomentum?: number
  /** After how many updates the weights are replaced by their averages. Default null: once, at the end of `fit`. */
  emaOverwriteFrequency?: number | null
  /** The loss is multiplied by it, the gradients are divided by it. Default null. */
  lossScaleFactor?: number | null
  /** Weights change only every so many steps, by the mean gradient. Default null: at every step. */
  gradientAccumulationSteps?: number | null
  /**
   * Factors of the learning rate by variable (not in Keras), e.g. `{ xception: 0.1 }` for a base that learns slower than its
   * head. A record is stored with the config, a function is not.
   */
  learningRateMultipliers?: LearningRateMultipliers | null
  /** Default: the class name in snake_case, numbered. */
  name?: string
}

/** @throws ArgumentError for options out of range, or two kinds of clipping. */
export function checkOptions(where: string, options: OptimizerOptions): void {
  checkClipping(where, options)
  const { gradientAccumulationSteps, emaMomentum, emaOverwriteFrequency, weightDecay } = options
  const check = (
    option: string,
    value: number | null | undefined,
    isGood: (value: number) => boolean,
    rule: string,
  ): void => {
    if (value === null || value === undefined || isGood(value)) return
    throw new ArgumentError(problem({ where, expected: `${option}: ${rule}`, received: value }))
  }
  const whole = (least: number) => (value: number) => Number.isInteger(value) && value >= least
  check('gradientAccumulationSteps', gradientAccumulationSteps, whole(2), 'an integer of at least 2, or null')
  check('emaOverwriteFrequency', emaOverwriteFrequency, whole(1), 'an integer of at least 1, or null')
  check('emaMomentum', emaMomentum, (value) => value >= 0 && value <= 1, 'a number from 0 to 1')
  check('weightDecay', weightDecay, Number.isFinite, 'a number or null')
}

/** @throws ArgumentError unless `value` is in [low, high]. */
export function requireRange(where: string, option: string, value: number, low: number, high: number): number {
  if (value >= low && value <= high) return value
  throw new ArgumentError(
    problem({
      where,
      expected: high === Infinity ? `${option} of at least ${low}` : `${option} from ${low} to ${high}`,
      received: value,
    }),
  )
}
