// The base class of callbacks: hooks that fit, evaluate and predict call, in Keras' order.
import type { Model } from '../model.ts'
import { currentOutput } from '../output.ts'

/** Values by name. Epoch logs go through all callbacks as one object: what an earlier one adds, later ones see. */
export type Logs = Record<string, number>

/** What a run tells its callbacks at the start. `steps` is null while unknown. */
export interface RunParams {
  readonly verbose: 0 | 1 | 2
  readonly epochs: number
  readonly steps: number | null
}

type Hook = void | Promise<void>

/**
 * Override the hooks you need; a hook may be async, the run waits for it. `epoch` and `batch` count from 0.
 * Metric values are fetched after every batch only if a callback overrides a hook that ends a training or test batch.
 */
export class Callback {
  #model: Model | null = null
  params: RunParams = { verbose: 0, epochs: 0, steps: null }

  /** The model of the run. @throws Error before the run has begun. */
  get model(): Model {
    if (this.#model === null) throw new Error(`${this.constructor.name} has no model yet: it gets one when fit begins`)
    return this.#model
  }

  setModel(model: Model): void {
    this.#model = model
  }

  setParams(params: RunParams): void {
    this.params = params
  }

  onTrainBegin(_logs?: Logs): Hook {}
  onTrainEnd(_logs?: Logs): Hook {}
  onEpochBegin(_epoch: number, _logs?: Logs): Hook {}
  onEpochEnd(_epoch: number, _logs: Logs): Hook {}
  onTestBegin(_logs?: Logs): Hook {}
  onTestEnd(_logs?: Logs): Hook {}
  onPredictBegin(_logs?: Logs): Hook {}
  onPredictEnd(_logs?: Logs): Hook {}
  /** Called by the training hook below unless that is overridden. */
  onBatchBegin(_batch: number, _logs?: Logs): Hook {}
  onBatchEnd(_batch: number, _logs: Logs): Hook {}
  onTrainBatchBegin(batch: number, logs?: Logs): Hook {
    return this.onBatchBegin(batch, logs)
  }
  /** `logs` are the running values of the epoch so far. */
  onTrainBatchEnd(batch: number, logs: Logs): Hook {
    return this.onBatchEnd(batch, logs)
  }
  onTestBatchBegin(_batch: number, _logs?: Logs): Hook {}
  onTestBatchEnd(_batch: number, _logs: Logs): Hook {}
  onPredictBatchBegin(_batch: number): Hook {}
  /** `outputs` are the batch's predictions, in the structure of the model's outputs. */
  onPredictBatchEnd(_batch: number, _logs: { outputs: unknown }): Hook {}

  /** True if the values of every training batch must be read for this callback. */
  readsTrainBatches(): boolean {
    return (
      this.onTrainBatchEnd !== Callback.prototype.onTrainBatchEnd || this.onBatchEnd !== Callback.prototype.onBatchEnd
    )
  }

  /** True if the values of every test batch must be read for this callback. */
  readsTestBatches(): boolean {
    return this.onTestBatchEnd !== Callback.prototype.onTestBatchEnd
  }

  /** Prints one line for the user. */
  protected print(line: string): void {
    currentOutput().write(`${line}\n`)
  }
}
