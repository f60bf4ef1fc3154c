// Deals the batches of a source out to epochs: full passes, or a fixed number of steps that continues where the last epoch ended.
import { ArgumentError, problem } from '../../errors.ts'
import { warn } from '../../platform/warn.ts'
import type { Batch, BatchSource } from './data.ts'

export class Epochs {
  /** Steps of an epoch, as far as known: it is learned in the first full pass. */
  steps: number | null
  readonly #where: string
  readonly #source: BatchSource
  readonly #fixed: number | null
  #iterator: AsyncIterator<Batch> | null = null
  #passes = 0
  #epoch: number
  #step = 0
  #peeked: Batch | null = null

  /** @throws ArgumentError for an endless source without a number of steps. */
  constructor(where: string, source: BatchSource, stepsPerEpoch: number | null, firstEpoch = 0) {
    this.#where = where
    this.#source = source
    this.#fixed = stepsPerEpoch
    this.#epoch = firstEpoch
    if (stepsPerEpoch === null && source.cardinality === Infinity) {
      const hint = 'Give the number of steps, or use take(n) on the dataset'
      throw new ArgumentError(problem({ where, expected: 'data that ends', received: 'an infinite dataset', hint }))
    }
    this.steps = stepsPerEpoch ?? source.cardinality
  }

  /** The first batch, without taking it. @throws ArgumentError if there is none. */
  async peek(): Promise<Batch> {
    this.#peeked ??= await this.#pull()
    if (this.#peeked !== null) return this.#peeked
    throw new ArgumentError(problem({ where: this.#where, expected: 'at least one batch of data', received: 'none' }))
  }

  /** Begins an epoch. False if a generator has nothing more to give. */
  async begin(epoch: number): Promise<boolean> {
    this.#epoch = epoch
    this.#step = 0
    if (this.#peeked !== null) return true
    if (this.#fixed === null) await this.close()
    if (this.#iterator === null && this.#passes > 0 && !this.#source.restartable) return false
    if (this.#fixed !== null && this.#iterator !== null) {
      // Where the data ended exactly with the last epoch, a new pass begins, silently.
      this.#peeked = await this.#pull()
      if (this.#peeked === null) {
        await this.close()
        if (!this.#source.restartable) return false
      }
    }
    return true
  }

  /** Forgets the first batch: the run goes on at another epoch. A generator cannot be taken back. */
  async skipTo(epoch: number): Promise<void> {
    this.#epoch = epoch
    if (!this.#source.restartable) return
    this.#peeked = null
    await this.close()
  }

  /** The next batch of the epoch; null at its end. Warns if the data ends before a given number of steps. */
  async next(): Promise<Batch | null> {
    if (this.#fixed !== null && this.#step >= this.#fixed) return null
    const batch = this.#peeked ?? (await this.#pull())
    this.#peeked = null
    if (batch !== null) {
      this.#step++
      return batch
    }
    await this.close()
    if (this.#fixed === null) this.steps = this.#step
    else {
      warn(
        `${this.#where}: the data ran out after ${this.#step} of ${this.#fixed} steps; the epoch ends here. ` +
          'Make sure that the dataset gives enough batches, e.g. with repeat()',
      )
    }
    return null
  }

  async close(): Promise<void> {
    const iterator = this.#iterator
    this.#iterator = null
    await iterator?.return?.()
  }

  async #pull(): Promise<Batch | null> {
    if (this.#iterator === null) {
      if (this.#passes > 0 && !this.#source.restartable) return null
      this.#iterator = this.#source.pass(this.#epoch)
      this.#passes++
    }
    const result = await this.#iterator.next()
    return result.done === true ? null : result.value
  }
}
