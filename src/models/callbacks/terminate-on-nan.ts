// Stops training at the first loss that is not a finite number.
import { Callback } from './callback.ts'
import type { Logs } from './callback.ts'

export class TerminateOnNaN extends Callback {
  override onBatchEnd(batch: number, logs: Logs): void {
    if (logs.loss === undefined || Number.isFinite(logs.loss)) return
    this.print(`Batch ${batch}: Invalid loss, terminating training`)
    this.model.stopTraining = true
  }
}

export function terminateOnNaN(): TerminateOnNaN {
  return new TerminateOnNaN()
}
