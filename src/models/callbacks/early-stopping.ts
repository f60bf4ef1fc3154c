// Stops training when a value has stopped getting better.
import type { Tensor } from '../../ops/index.ts'
import { finite, flag, orNull, verbosity, whole } from '../../platform/option-rules.ts'
import type { Logs } from './callback.ts'
import { checkedMonitor, MonitorCallback } from './monitor.ts'
import type { MonitorOptions } from './monitor.ts'

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Smaller changes do not count as better; default 0. */
  readonly minDelta?: number
  /** Epochs without progress after which to stop; default 0: at the first one. */
  readonly patience?: number
  readonly verbose?: number
  /** Progress counts only when the value also beats this; default null. */
  readonly baseline?: number | null
  /** Puts back the weights of the best epoch at the end, stopped early or not; default false. */
  readonly restoreBestWeights?: boolean
  /** Epochs before this one are not watched; default 0. */
  readonly startFromEpoch?: number
}

const rules = {
  minDelta: finite(),
  patience: whole(0),
  verbose: verbosity,
  baseline: orNull(finite()),
  restoreBestWeights: flag,
  startFromEpoch: whole(0),
}

/** Sets `model.stopTraining` after `patience` epochs without progress; never at the first epoch. */
export class EarlyStopping extends MonitorCallback {
  readonly patience: number
  readonly verbose: number
  readonly baseline: number | null
  readonly restoreBestWeights: boolean
  readonly startFromEpoch: number
  wait = 0
  stoppedEpoch = 0
  bestEpoch = 0
  #bestWeights: Tensor[] | null = null

  /** @throws ArgumentError for unknown options and impossible values. */
  constructor(options: EarlyStoppingOptions = {}) {
    super(checkedMonitor('earlyStopping', options, rules), Math.abs(options.minDelta ?? 0))
    this.patience = options.patience ?? 0
    this.verbose = options.verbose ?? 0
    this.baseline = options.baseline ?? null
    this.restoreBestWeights = options.restoreBestWeights ?? false
    this.startFromEpoch = options.startFromEpoch ?? 0
  }

  override onTrainBegin(): void {
    this.wait = 0
    this.stoppedEpoch = 0
    this.best = null
    this.bestEpoch = 0
    this.#bestWeights = null
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const current = this.monitored(logs)
    if (current === undefined || epoch < this.startFromEpoch) return
    if (this.restoreBestWeights && this.#bestWeights === null) {
      this.#bestWeights = this.model.getWeights()
      this.bestEpoch = epoch
    }
    this.wait++
    if (this.improves(current, this.best)) {
      this.best = current
      this.bestEpoch = epoch
      if (this.restoreBestWeights) this.#bestWeights = this.model.getWeights()
      if (this.baseline === null || this.improves(current, this.baseline)) this.wait = 0
      return
    }
    if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch
      this.model.stopTraining = true
    }
  }

  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0) this.print(`Epoch ${this.stoppedEpoch + 1}: early stopping`)
    if (this.#bestWeights === null) return
    if (this.verbose > 0) this.print(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`)
    this.model.setWeights(this.#bestWeights)
    this.#bestWeights = null
  }
}

export function earlyStopping(options: EarlyStoppingOptions = {}): EarlyStopping {
  return new EarlyStopping(options)
}
