// Batches from datasets and generators.
import { ArgumentError, problem } from '../../errors.ts'
import { toBatch } from './data.ts'
import type { Batch, BatchData, BatchSource } from './data.ts'

export class IterableSource implements BatchSource {
  readonly cardinality: number | null
  readonly restartable: boolean
  readonly shuffleSeed = null
  readonly #where: string
  readonly #open: () => AsyncIterator<unknown> | Iterator<unknown>

  constructor(where: string, data: BatchData) {
    this.#where = where
    this.cardinality = cardinalityOf(data)
    this.#open = () => open(where, typeof data === 'function' ? data() : data)
    this.restartable = typeof data === 'function' || !isItsOwnIterator(data)
  }

  pass(): AsyncIterator<Batch> {
    const iterator = this.#open()
    const where = this.#where
    return {
      async next() {
        const result = await iterator.next()
        if (result.done === true) return { done: true, value: undefined }
        return { done: false, value: toBatch(where, result.value) }
      },
      async return() {
        await iterator.return?.(undefined)
        return { done: true, value: undefined }
      },
    }
  }
}

function open(where: string, data: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  if (typeof data === 'object' && data !== null) {
    if (Symbol.asyncIterator in data) return (data as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    if (Symbol.iterator in data) return (data as Iterable<unknown>)[Symbol.iterator]()
  }
  throw new ArgumentError(
    problem({ where, expected: 'a function that returns something to iterate over', received: data }),
  )
}

/** A generator object is consumed by its only pass; a dataset gives a new iterator each time. */
function isItsOwnIterator(data: object): boolean {
  const iterable = data as { [Symbol.asyncIterator]?: () => unknown; [Symbol.iterator]?: () => unknown }
  // A generator's method only returns itself, so asking does not start anything.
  if (typeof (data as { next?: unknown }).next !== 'function') return false
  return iterable[Symbol.asyncIterator]?.() === data || iterable[Symbol.iterator]?.() === data
}

function cardinalityOf(data: BatchData): number | null {
  const { cardinality } = data as { cardinality?: unknown }
  if (typeof cardinality !== 'function') return null
  const count = (data as { cardinality(): number }).cardinality()
  if (count === -1) return Infinity
  return count < 0 ? null : count
}
