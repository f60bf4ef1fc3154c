// Saves the model or its weights while it trains.
import { ArgumentError, problem } from '../../errors.ts'
import { checkValue, finite, flag, orNull, text, verbosity, whole } from '../../platform/option-rules.ts'
import { warn } from '../../platform/warn.ts'
import { fillPlaceholders } from '../python-format.ts'
import type { Logs } from './callback.ts'
import { checkedMonitor, MonitorCallback } from './monitor.ts'
import type { MonitorOptions } from './monitor.ts'

export interface ModelCheckpointOptions extends MonitorOptions {
  /** May hold `{epoch:02d}` (from 1), `{batch}` and any log name, as `{val_loss:.2f}`. */
  readonly filepath: string
  readonly verbose?: number
  /** Saves only when the watched value is better than ever; default false. */
  readonly saveBestOnly?: boolean
  /** Default false: the whole model. */
  readonly saveWeightsOnly?: boolean
  /** `epoch` (default) or a number of batches, counted across epochs. */
  readonly saveFreq?: 'epoch' | number
  /** With saveBestOnly: save only what beats this; default null. */
  readonly initialValueThreshold?: number | null
}

const where = 'modelCheckpoint'
const rules = {
  filepath: {
    ...text,
    expected: 'the path of a file',
    hint: 'For example { filepath: "best.keras", saveBestOnly: true }',
  },
  verbose: verbosity,
  saveBestOnly: flag,
  saveWeightsOnly: flag,
  saveFreq: {
    expected: '"epoch" or a number of batches',
    fits: (value: unknown) => value === 'epoch' || whole(1).fits(value),
  },
  initialValueThreshold: orNull(finite()),
}

export class ModelCheckpoint extends MonitorCallback {
  readonly filepath: string
  readonly verbose: number
  readonly saveBestOnly: boolean
  readonly saveWeightsOnly: boolean
  readonly saveFreq: 'epoch' | number
  #epoch = 0
  #lastBatch = 0
  #batchesSinceSave = 0

  /** @throws ArgumentError for a file name of a wrong kind or a wrong `saveFreq`. */
  constructor(options: ModelCheckpointOptions) {
    super(checkedMonitor(where, options, rules, 'filepath: "best.keras"'), 0)
    checkValue(where, 'filepath', options.filepath, rules.filepath)
    this.filepath = options.filepath
    this.verbose = options.verbose ?? 0
    this.saveBestOnly = options.saveBestOnly ?? false
    this.saveWeightsOnly = options.saveWeightsOnly ?? false
    this.saveFreq = options.saveFreq ?? 'epoch'
    this.best = options.initialValueThreshold ?? null
    const endings = this.saveWeightsOnly ? ['.weights.h5', '.safetensors'] : ['.keras', '.h5', '.safetensors']
    if (!endings.some((ending) => this.filepath.endsWith(ending))) {
      const what = this.saveWeightsOnly ? 'weights' : 'a model'
      const expected = `a \`filepath\` for ${what} that ends with ${endings.join(' or ')}`
      throw new ArgumentError(problem({ where, expected, received: this.filepath }))
    }
  }

  override readsTrainBatches(): boolean {
    return this.saveFreq !== 'epoch'
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch
  }

  override async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    if (this.#isDue(batch)) await this.#save(this.#epoch, batch, logs)
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === 'epoch') await this.#save(epoch, null, logs)
  }

  #isDue(batch: number): boolean {
    if (this.saveFreq === 'epoch') return false
    this.#batchesSinceSave += batch <= this.#lastBatch ? batch + 1 : batch - this.#lastBatch
    this.#lastBatch = batch
    if (this.#batchesSinceSave < this.saveFreq) return false
    this.#batchesSinceSave = 0
    return true
  }

  async #save(epoch: number, batch: number | null, logs: Logs): Promise<void> {
    const values = { epoch: epoch + 1, ...(batch === null ? {} : { batch: batch + 1 }), ...logs }
    const path = fillPlaceholders(this.filepath, values)
    if (!this.#shouldSave(epoch, path, logs)) return
    if (this.saveWeightsOnly) await this.model.saveWeights(path)
    else await this.model.save(path)
    if (this.verbose > 0) this.print(`\nEpoch ${epoch + 1}: finished saving model to ${path}`)
  }

  #shouldSave(epoch: number, path: string, logs: Logs): boolean {
    const tell = (text: string): void => {
      if (this.verbose > 0) this.print(`\nEpoch ${epoch + 1}: ${text}`)
    }
    if (!this.saveBestOnly) {
      tell(`saving model to ${path}`)
      return true
    }
    const current = logs[this.monitor]
    if (current === undefined) {
      warn(`Can save best model only with ${this.monitor} available.`)
      return true
    }
    const before = this.best === null ? 'None' : this.best.toFixed(5)
    if (!this.improves(current, this.best)) {
      tell(`${this.monitor} did not improve from ${before}`)
      return false
    }
    tell(`${this.monitor} improved from ${before} to ${current.toFixed(5)}, saving model to ${path}`)
    this.best = current
    return true
  }
}

export function modelCheckpoint(options: ModelCheckpointOptions): ModelCheckpoint {
  return new ModelCheckpoint(options)
}
