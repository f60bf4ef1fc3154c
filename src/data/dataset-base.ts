// What every dataset is: lazy, iterated as often as one likes from scratch, of a length that may be known; nothing runs before it is asked for.
import { ArgumentError, problem } from '../errors.ts'
import { whole } from '../platform/option-rules.ts'
import { abortError } from '../platform/wait.ts'
import type { Elements } from './concurrency.ts'
import { checkedOptions, requireArgument, requireFunction } from './dataset-arguments.ts'
import { specOf } from './element-spec.ts'
import type { ElementSpec } from './element-spec.ts'

/** Cardinality of a dataset that never ends, and of one whose length is not known. */
export const INFINITE = -1
export const UNKNOWN = -2
export interface IterationOptions {
  /** Ends the iteration with an AbortError at the next element. */
  readonly signal?: AbortSignal
}
export type Source<T> = (options: IterationOptions) => Elements<T>
export type SpecRule = () => ElementSpec | Promise<ElementSpec>
export const cardinalities = { ...whole(UNKNOWN), expected: 'a number of elements, INFINITE or UNKNOWN' }

/** The part of Dataset that needs no other dataset. */
export class DatasetBase<T> implements AsyncIterable<T> {
  readonly #source: Source<T>
  readonly #cardinality: number
  readonly #spec: SpecRule | undefined

  /**
   * Makes a dataset of any generator function. `cardinality`: number of elements, INFINITE or UNKNOWN. `spec`: what the elements
   * are made of; without it, the first element tells.
   */
  constructor(source: Source<T>, cardinality: number = UNKNOWN, spec?: SpecRule) {
    requireFunction('constructor', 'source', source, 'async function* () { yield … }')
    requireArgument('constructor', 'cardinality', cardinality, cardinalities)
    this.#source = source
    this.#cardinality = cardinality
    this.#spec = spec
  }

  [Symbol.asyncIterator](): Elements<T> {
    return this.iterate()
  }

  /** Starts an iteration that an AbortSignal can end. */
  iterate(options: IterationOptions = {}): Elements<T> {
    return this.#iterate(checkedOptions('iterate', options))
  }

  async *#iterate(options: IterationOptions): Elements<T> {
    throwIfAborted(options)
    for await (const element of this.#source(options)) {
      throwIfAborted(options)
      yield element
    }
  }

  /** Number of elements, INFINITE (-1) or UNKNOWN (-2). */
  cardinality(): number {
    return this.#cardinality
  }

  /**
   * Structure, shapes (null: varies) and dtypes of the elements. Where only running tells, as after `map`, the first element is
   * made; a batch whose last may be smaller has null as its first size. @throws ArgumentError if an empty dataset cannot tell.
   */
  async elementSpec(): Promise<ElementSpec> {
    if (this.#spec !== undefined) return this.#spec()
    for await (const element of this) return specOf(element)
    const expected = 'an element that shows what the elements are made of'
    throw new ArgumentError(problem({ where: 'Dataset.elementSpec', expected, received: 'an empty dataset' }))
  }

  /** Folds the elements into one value. */
  async reduce<S>(initial: S, step: (state: S, element: T) => S | Promise<S>): Promise<S> {
    requireFunction('reduce', 'step', step, 'reduce(0, (sum, element) => sum + 1)')
    let state = initial
    for await (const element of this) state = await step(state, element)
    return state
  }

  /** All elements, in memory. Not for a dataset that never ends. */
  async toArray(): Promise<T[]> {
    const all: T[] = []
    for await (const element of this) all.push(element)
    return all
  }
}

function throwIfAborted({ signal }: IterationOptions): void {
  if (signal?.aborted) throw abortError('the iteration over a dataset', signal)
}
