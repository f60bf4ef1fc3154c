// Deals the batches of a source out to epochs: full passes, or a fixed number of steps that continues where the last epoch ended.
import { ArgumentError, problem } from '../../errors.ts'
import { warn } from '../../platform/warn.ts'
import type { Batch, BatchSource } from './data.ts'
import type { DataPlace, TrainingPosition } from './position.ts'

export class Epochs {
  /** Steps of an epoch, as far as known: it is learned in the first full pass. */
  steps: number | null
  readonly #where: string
  readonly #source: BatchSource
  readonly #fixed: number | null
  #iterator: AsyncIterator<Batch> | null = null
  #passes = 0
  #passEpoch = 0
  /** Batches of the pass that were given out. */
  #taken = 0
  #epoch: number
  #step = 0
  #peeked: Batch | null = null
  /** After `resume`: steps of the epoch that are done. */
  #done: number | null = null

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
    this.#step = this.#done ?? 0
    const resumed = this.#done !== null
    this.#done = null
    if (this.#peeked !== null) return true
    if (this.#fixed === null && !resumed) await this.close()
    if (this.#iterator === null && this.#passes > 0 && !this.#source.restartable) return false
    if (this.#fixed !== null && this.#iterator !== null && this.#step === 0) {
      // Where the data ended exactly with the last epoch, a new pass begins, silently.
      this.#peeked = await this.#pull()
      if (this.#peeked === null) {
        await this.close()
        if (!this.#source.restartable) return false
      }
    }
    return true
  }

  /** Where the epoch that was begun takes its next batch from. */
  get here(): DataPlace {
    return this.#iterator === null ? this.#newPass(this.#epoch) : this.#place()
  }
  /** Where the next epoch will begin, once this one has ended. */
  get afterEpoch(): DataPlace {
    return this.#fixed === null || this.#iterator === null ? this.#newPass(this.#epoch + 1) : this.#place()
  }
  #place(): DataPlace {
    const { shuffleSeed } = this.#source
    return { pass: this.#passes - 1, passEpoch: this.#passEpoch, taken: this.#taken, shuffleSeed }
  }
  #newPass(epoch: number): DataPlace {
    return { pass: this.#passes, passEpoch: epoch, taken: 0, shuffleSeed: this.#source.shuffleSeed }
  }

  /**
   * Goes to where a former run stood, before the first epoch. Returns the epoch to begin and the steps of it that are done. A
   * generator cannot be taken back, nor can it know: it goes on with what it gives.
   * @throws ArgumentError if there is less data than was trained on.
   */
  async resume({ epoch, batch, pass, passEpoch, taken, shuffleSeed }: TrainingPosition): Promise<[number, number]> {
    const source = this.#source
    this.#epoch = passEpoch
    if (source.restartable) {
      const byEpoch = source.shuffleSeed !== null
      if (byEpoch) source.shuffleSeed = shuffleSeed ?? source.shuffleSeed
      // The pass that was begun for the first batch may be the right one.
      if (byEpoch || pass > 0) {
        this.#peeked = null
        await this.close()
        // Datasets give each pass another order, by counting: the former passes are begun again.
        for (let before = this.#passes; !byEpoch && before < pass; before++) {
          await this.#pull()
          await this.close()
        }
        this.#passes = pass
      }
      for (let i = 0; i < taken; i++) {
        const skipped = this.#peeked ?? (await this.#pull())
        this.#peeked = null
        if (skipped !== null) continue
        const received = `data that ends after ${i}`
        const hint = 'Resume with the data and the batch size of the former run'
        throw new ArgumentError(
          problem({ where: this.#where, expected: `at least ${taken} batches, to resume`, received, hint }),
        )
      }
      this.#taken = taken
    }
    this.#done = batch
    if (batch === 0) return [epoch, 0]
    // The former run may have stopped after the last batch of its epoch.
    const isOver = this.#fixed === null ? (this.#peeked ??= await this.#pull()) === null : batch >= this.#fixed
    if (!isOver) return [epoch, batch]
    this.#done = this.#fixed === null ? null : 0
    if (this.#fixed === null) await this.close()
    return [epoch + 1, 0]
  }

  /** The next batch of the epoch; null at its end. Warns if the data ends before a given number of steps. */
  async next(): Promise<Batch | null> {
    if (this.#fixed !== null && this.#step >= this.#fixed) return null
    const batch = this.#peeked ?? (await this.#pull())
    this.#peeked = null
    if (batch !== null) {
      this.#step++
      this.#taken++
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
      this.#passEpoch = this.#epoch
      this.#passes++
      this.#taken = 0
    }
    const result = await this.#iterator.next()
    return result.done === true ? null : result.value
  }
}
