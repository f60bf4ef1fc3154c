// What EarlyStopping, ModelCheckpoint and ReduceLROnPlateau share: watching one value and knowing which way is better.
import { ArgumentError, problem } from '../../errors.ts'
import { checkRules, oneOf, text } from '../../platform/option-rules.ts'
import type { OptionRules } from '../../platform/option-rules.ts'
import { warn } from '../../platform/warn.ts'
import { Callback } from './callback.ts'
import type { Logs } from './callback.ts'

export type MonitorMode = 'auto' | 'min' | 'max'

export interface MonitorOptions {
  /** Name in the epoch's logs; default `val_loss`. */
  readonly monitor?: string
  /** Which way is better; `auto` (default) asks the metric of that name. */
  readonly mode?: MonitorMode
}

const monitorRules: OptionRules = {
  monitor: { ...text, hint: 'For example "val_loss" or "val_accuracy"' },
  mode: oneOf('auto', 'min', 'max'),
}

/** The options, if all are known and possible: those of watching, and those of `rules`. @throws ArgumentError if not. */
export function checkedMonitor<O extends MonitorOptions>(
  where: string,
  options: O,
  rules: OptionRules,
  first = 'monitor: "val_loss"',
): O {
  checkRules(where, options, { ...monitorRules, ...rules }, `${where}({ ${first} })`)
  return options
}

export abstract class MonitorCallback extends Callback {
  readonly monitor: string
  readonly mode: MonitorMode
  readonly minDelta: number
  /** The best value so far; null before the first. */
  best: number | null = null
  #smaller: boolean | null = null

  constructor(options: MonitorOptions, minDelta: number) {
    super()
    this.monitor = options.monitor ?? 'val_loss'
    this.mode = options.mode ?? 'auto'
    this.minDelta = minDelta
  }

  /** True if `value` is better than `reference` by more than `minDelta`; anything is better than null, NaN than nothing. */
  protected improves(value: number, reference: number | null): boolean {
    if (reference === null) return true
    return this.smallerIsBetter() ? value + this.minDelta < reference : value - this.minDelta > reference
  }

  /** @throws ArgumentError if `auto` finds no metric of that name. */
  protected smallerIsBetter(): boolean {
    this.#smaller ??= this.mode === 'auto' ? this.#fromMetrics() : this.mode === 'min'
    return this.#smaller
  }

  #fromMetrics(): boolean {
    const name = this.monitor.replace(/^val_/, '')
    if (name === 'loss') return true
    const direction = this.model.metricDirection(name)
    if (direction !== null) return direction === 'down'
    throw new ArgumentError(
      problem({
        where: `${this.constructor.name} with mode "auto"`,
        expected: 'a compiled metric that says which way is better',
        received: this.monitor,
        hint: 'Give mode "min" or "max"',
      }),
    )
  }

  /** The watched value; undefined after a warning that lists what there is. */
  protected monitored(logs: Logs): number | undefined {
    const value = logs[this.monitor]
    if (value === undefined) {
      warn(
        `${this.constructor.name} watches "${this.monitor}", which is not there. Available: ${Object.keys(logs).join(', ')}`,
      )
    }
    return value
  }
}
