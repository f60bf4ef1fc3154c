// A rate that is constant between boundaries.
import { ArgumentError, problem } from '../errors.ts'
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { LearningRateSchedule, type ScheduleOptions } from './schedule.ts'

export interface PiecewiseConstantDecayOptions extends ScheduleOptions {
  /** Steps, ascending; the last step at which the rate of the same index holds. */
  boundaries: readonly number[]
  /** Rates, one more than boundaries. */
  values: readonly number[]
}

/** values[0] up to and with step boundaries[0], values[1] up to boundaries[1], … and the last value afterwards. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static readonly className: string = 'PiecewiseConstantDecay'
  readonly boundaries: readonly number[]
  readonly values: readonly number[]

  /** @throws ArgumentError unless there is one more value than boundaries. */
  constructor({ boundaries, values, name = 'PiecewiseConstant' }: PiecewiseConstantDecayOptions) {
    super({ name })
    if (values.length !== boundaries.length + 1 || boundaries.length === 0) {
      throw new ArgumentError(
        problem({
          where: 'PiecewiseConstantDecay',
          expected: 'boundaries, and one more value than there are boundaries',
          received: { boundaries, values },
        }),
      )
    }
    this.boundaries = [...boundaries]
    this.values = [...values]
  }

  override call(step: Tensor): Tensor {
    let rate = ops.tensor(this.values.at(-1)!)
    for (let i = this.boundaries.length - 1; i >= 0; i--) {
      rate = ops.where(ops.lessEqual(step, this.boundaries[i]!), this.values[i]!, rate)
    }
    return rate
  }

  override getConfig(): Config {
    return { boundaries: [...this.boundaries], values: [...this.values], name: this.name }
  }
}
