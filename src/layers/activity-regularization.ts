// ActivityRegularization: a penalty on whatever passes through.
import { L1L2 } from '../regularizers/index.ts'
import { numberOption } from './checks.ts'
import { type Config, omit } from './config.ts'
import type { LayerOptions } from './layer.ts'
import { Identity } from './reshaping.ts'

export interface ActivityRegularizationOptions extends LayerOptions {
  /** Factor of the sum of absolute values; default 0. */
  readonly l1?: number
  /** Factor of the sum of squares; default 0. */
  readonly l2?: number
}

/** Gives its input back and adds `l1 * sum(|x|) + l2 * sum(x^2)` to the loss. */
export class ActivityRegularization extends Identity {
  static override readonly className: string = 'ActivityRegularization'
  readonly l1: number
  readonly l2: number

  constructor(options: ActivityRegularizationOptions = {}) {
    const { l1 = 0, l2 = 0 } = options
    super({ ...options, activityRegularizer: new L1L2({ l1, l2 }) })
    this.l1 = numberOption(this.where, 'l1', l1)
    this.l2 = numberOption(this.where, 'l2', l2)
  }
  override getConfig(): Config {
    return { ...omit(super.getConfig(), 'activity_regularizer'), l1: this.l1, l2: this.l2 }
  }
}
