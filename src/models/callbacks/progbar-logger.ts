// Prints the progress of fit, evaluate and predict.
import { currentOutput } from '../output.ts'
import { Progbar } from '../progbar.ts'
import { Callback } from './callback.ts'
import type { Logs } from './callback.ts'

/** Values are asked for only when a redraw is due: reading them makes the run wait for the engine. */
export class ProgbarLogger extends Callback {
  #bar: Progbar | null = null
  #done = 0
  #inTraining = false

  override readsTrainBatches(): boolean {
    return false
  }

  override onTrainBegin(): void {
    this.#inTraining = true
  }

  override onEpochBegin(epoch: number): void {
    if (this.params.verbose === 0) return
    if (this.params.epochs > 1) this.print(`Epoch ${epoch + 1}/${this.params.epochs}`)
    this.#begin()
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#finish(logs)
  }

  override onTrainEnd(): void {
    this.#inTraining = false
  }

  override onTestBegin(): void {
    if (!this.#inTraining) this.#begin()
  }

  override onTestEnd(logs?: Logs): void {
    if (!this.#inTraining) this.#finish(logs ?? {})
  }

  override onPredictBegin(): void {
    if (!this.#inTraining) this.#begin()
  }

  override onPredictEnd(): void {
    if (!this.#inTraining) this.#finish({})
  }

  /** Tells that a batch is over. `readValues` fetches the running values, and is called only if they will be drawn. */
  async batchDone(readValues: (() => Promise<Logs>) | null): Promise<void> {
    const bar = this.#bar
    if (bar === null) return
    this.#done++
    if (!bar.wantsValues()) bar.update(this.#done)
    else bar.update(this.#done, readValues === null ? [] : Object.entries(await readValues()))
  }

  #begin(): void {
    this.#done = 0
    const { verbose, steps } = this.params
    this.#bar = verbose === 0 ? null : new Progbar({ target: steps, verbose, output: currentOutput() })
  }

  #finish(logs: Logs): void {
    this.#bar?.finalize(this.#done, Object.entries(logs))
    this.#bar = null
  }
}
