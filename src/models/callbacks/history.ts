// Keeps the values of every epoch; what fit returns.
import { Callback } from './callback.ts'
import type { Logs } from './callback.ts'

export class History extends Callback {
  /** One list a name, one number an epoch in which the name was logged. */
  history: Record<string, number[]> = {}
  /** Indices of the epochs, counted from 0. */
  epoch: number[] = []

  override onTrainBegin(): void {
    this.history = {}
    this.epoch = []
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch)
    for (const [name, value] of Object.entries(logs)) (this.history[name] ??= []).push(value)
    this.model.history = this
  }
}
