// What a model is busy with, and what it therefore refuses: the misuse table of docs/ in code.
import { ArgumentError, problem } from '../../errors.ts'

export type Job = 'fit' | 'evaluate' | 'validation'

/**
 * One model does one job at a time. Metrics are shared by training and evaluation, so while the batches of an epoch run,
 * nothing else may touch them; between two epochs (in callbacks) evaluation is free. Prediction never is refused.
 */
export class Activity {
  #job: Job | null = null
  #inBatches = false

  /** Begins a job. Returns what ends it. @throws ArgumentError if the model is at work. */
  enter(where: string, job: Job): () => void {
    const before = { job: this.#job, inBatches: this.#inBatches }
    const between = this.#job === 'fit' && !this.#inBatches && job !== 'fit'
    if (this.#job !== null && !between) this.refuse(where, job)
    this.#job = job
    // An evaluation uses the metrics from its first to its last batch.
    this.#inBatches = job !== 'fit'
    return () => {
      this.#job = before.job
      this.#inBatches = before.inBatches
    }
  }

  /** From here to the end of the epoch's batches, metrics belong to training. */
  enterBatches(): () => void {
    this.#inBatches = true
    return () => {
      this.#inBatches = false
    }
  }

  /** @throws ArgumentError if the model is at work. */
  refuse(where: string, method: string): void {
    if (this.#job === null) return
    const job = this.#job === 'validation' ? 'fit' : this.#job
    const hint = job === 'fit' && method === 'evaluate' ? 'Evaluate in onEpochEnd, or after fit' : `Wait for ${job} to end`
    throw new ArgumentError(problem({ where: `${method} of ${where}`, expected: 'a model at rest', received: `one in ${job}`, hint }))
  }
}
