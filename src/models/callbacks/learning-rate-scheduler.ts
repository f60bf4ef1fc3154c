// Sets the learning rate of each epoch from a function.
import { ArgumentError, problem } from '../../errors.ts'
import { aFunction, checkRules, checkValue, verbosity } from '../../platform/option-rules.ts'
import { pythonFloat } from '../python-format.ts'
import { Callback } from './callback.ts'
import type { Logs } from './callback.ts'
import { currentRate, setRate } from './learning-rate.ts'

/** The rate for an epoch (counted from 0), given the rate so far. */
export type RateSchedule = (epoch: number, rate: number) => number

export interface LearningRateSchedulerOptions {
  readonly schedule: RateSchedule
  readonly verbose?: number
}

const rules = {
  schedule: { ...aFunction, hint: 'For example (epoch, rate) => rate * 0.9' },
  verbose: verbosity,
}

export class LearningRateScheduler extends Callback {
  readonly schedule: RateSchedule
  readonly verbose: number

  /** @throws ArgumentError for unknown options and a schedule that is no function. */
  constructor(options: LearningRateSchedulerOptions) {
    super()
    const where = 'learningRateScheduler'
    checkRules(where, options, rules, `${where}({ schedule: (epoch, rate) => rate * 0.9 })`)
    const { schedule, verbose = 0 } = options
    checkValue(where, 'schedule', schedule, rules.schedule)
    this.schedule = schedule
    this.verbose = verbose
  }

  /** @throws ArgumentError if the schedule gives no finite number. */
  override onEpochBegin(epoch: number): void {
    const rate = this.schedule(epoch, currentRate(this.model))
    if (typeof rate !== 'number' || !Number.isFinite(rate)) {
      const expected = 'a finite number from `schedule`'
      throw new ArgumentError(problem({ where: 'learningRateScheduler', expected, received: rate }))
    }
    setRate(this.model, rate)
    if (this.verbose > 0) {
      this.print(`\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${pythonFloat(rate)}.`)
    }
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    logs.learning_rate = currentRate(this.model)
  }
}

export function learningRateScheduler(options: LearningRateSchedulerOptions): LearningRateScheduler {
  return new LearningRateScheduler(options)
}
