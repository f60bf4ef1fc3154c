// Lowers the learning rate when a value has stopped getting better.
import { finite, verbosity, whole } from '../../platform/option-rules.ts'
import { pythonFloat } from '../python-format.ts'
import type { Logs } from './callback.ts'
import { currentRate, setRate } from './learning-rate.ts'
import { checkedMonitor, MonitorCallback } from './monitor.ts'
import type { MonitorOptions } from './monitor.ts'

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** New rate = rate * factor; below 1, default 0.1. */
  readonly factor?: number
  /** Epochs without progress before the rate is lowered; default 10. */
  readonly patience?: number
  readonly verbose?: number
  /** Default 1e-4. */
  readonly minDelta?: number
  /** Epochs to wait after a reduction; default 0. */
  readonly cooldown?: number
  /** Default 0. */
  readonly minLr?: number
}

const rules = {
  factor: {
    expected: 'a number from 0 to below 1',
    fits: (value: unknown) => typeof value === 'number' && value >= 0 && value < 1,
    hint: 'The learning rate is multiplied by it',
  },
  patience: whole(0),
  verbose: verbosity,
  minDelta: finite(),
  cooldown: whole(0),
  minLr: finite(0),
}

export class ReduceLROnPlateau extends MonitorCallback {
  readonly factor: number
  readonly patience: number
  readonly verbose: number
  readonly cooldown: number
  readonly minLr: number
  wait = 0
  cooldownCounter = 0

  /** @throws ArgumentError for unknown options and impossible values. */
  constructor(options: ReduceLROnPlateauOptions = {}) {
    super(checkedMonitor('reduceLROnPlateau', options, rules), options.minDelta ?? 1e-4)
    this.factor = options.factor ?? 0.1
    this.patience = options.patience ?? 10
    this.verbose = options.verbose ?? 0
    this.cooldown = options.cooldown ?? 0
    this.minLr = options.minLr ?? 0
  }

  override onTrainBegin(): void {
    this.best = null
    this.wait = 0
    this.cooldownCounter = 0
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const rate = currentRate(this.model)
    logs.learning_rate = rate
    const current = this.monitored(logs)
    if (current === undefined) return
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--
      this.wait = 0
    }
    if (this.improves(current, this.best)) {
      this.best = current
      this.wait = 0
    } else if (this.cooldownCounter <= 0) {
      this.wait++
      if (this.wait >= this.patience && rate > Math.fround(this.minLr)) this.#reduce(epoch, rate)
    }
  }

  #reduce(epoch: number, rate: number): void {
    const lower = Math.max(rate * this.factor, this.minLr)
    setRate(this.model, lower)
    if (this.verbose > 0) {
      this.print(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${pythonFloat(lower)}.`)
    }
    this.cooldownCounter = this.cooldown
    this.wait = 0
  }
}

export function reduceLROnPlateau(options: ReduceLROnPlateauOptions = {}): ReduceLROnPlateau {
  return new ReduceLROnPlateau(options)
}
