// Lazy, re-iterable pipelines with the meaning of tf.data: every iteration starts from scratch, nothing runs before it is asked for.
import { AbortError, ArgumentError, problem } from '../errors.ts'
import { hostRandom, nextSeed, tensor, Tensor } from '../ops/index.ts'
import type { TensorLike } from '../ops/index.ts'
import { mapOrdered, prefetched } from './concurrency.ts'
import { flatten, mapStructure, sliceOf, stack, unstack } from './structure.ts'
import type { Element } from './structure.ts'

/** Cardinality of a dataset that never ends, and of one whose length is not known. */
export const INFINITE = -1
export const UNKNOWN = -2

export interface IterationOptions {
  /** Ends the iteration with an AbortError at the next element. */
  readonly signal?: AbortSignal
}
type Source<T> = (options: IterationOptions) => AsyncGenerator<T, void, undefined>

/** Like TensorLike, in tuples and records. */
export type ElementLike = TensorLike | readonly ElementLike[] | { readonly [key: string]: ElementLike }

export class Dataset<T extends Element = Element> implements AsyncIterable<T> {
  readonly #source: Source<T>
  readonly #cardinality: number

  /** Makes a dataset of any generator function. `cardinality`: number of elements, INFINITE or UNKNOWN. */
  constructor(source: Source<T>, cardinality: number = UNKNOWN) {
    this.#source = source
    this.#cardinality = cardinality
  }

  /** Slices along axis 0 of every tensor in a structure: tf.data's from_tensor_slices. @throws ArgumentError if first dims differ. */
  static fromTensorSlices(value: ElementLike): Dataset {
    const whole = mapStructure(value as Element, (leaf) => tensor(leaf as TensorLike))
    const leaves = flatten(whole)
    const lengths = leaves.map((leaf) => leaf.shape[0])
    const [length] = lengths
    if (length === undefined || lengths.some((other) => other !== length))
      throw new ArgumentError(
        problem({
          where: 'Dataset.fromTensorSlices',
          expected: 'tensors with one and the same first dim',
          received: leaves.map((leaf) => leaf.shape),
        }),
      )
    return new Dataset(async function* () {
      const hosts = new Map(await Promise.all(leaves.map(async (leaf) => [leaf, await leaf.data()] as const)))
      for (let i = 0; i < length; i++) yield mapStructure(whole, (leaf) => sliceOf(leaf, hosts.get(leaf)!, i))
    }, length)
  }

  /** Elements that a generator function yields; it is called anew for every iteration. */
  static fromGenerator(
    make: () => Iterable<ElementLike> | AsyncIterable<ElementLike>,
    cardinality: number = UNKNOWN,
  ): Dataset {
    return new Dataset(async function* () {
      for await (const element of make()) yield mapStructure(element as Element, (leaf) => tensor(leaf as TensorLike))
    }, cardinality)
  }

  /** Whole numbers (int32) from start (0) to stop, which is left out. */
  static range(stop: number): Dataset<Tensor>
  static range(start: number, stop: number, step?: number): Dataset<Tensor>
  static range(first: number, second?: number, step = 1): Dataset<Tensor> {
    const [start, stop] = second === undefined ? [0, first] : [first, second]
    if (step === 0)
      throw new ArgumentError(problem({ where: 'Dataset.range', expected: 'a step other than 0', received: step }))
    const count = Math.max(0, Math.ceil((stop - start) / step))
    return new Dataset(async function* () {
      await Promise.resolve()
      for (let i = 0; i < count; i++) yield tensor(start + i * step, { dtype: 'int32' })
    }, count)
  }

  /** Tuples of the datasets' elements; ends with the shortest. */
  static zip(datasets: readonly Dataset[]): Dataset {
    const counts = datasets.map((dataset) => dataset.cardinality())
    const known = counts.filter((count) => count !== INFINITE)
    const cardinality = known.length === 0 ? INFINITE : known.includes(UNKNOWN) ? UNKNOWN : Math.min(...known)
    return new Dataset(async function* (options) {
      const iterators = datasets.map((dataset) => dataset.iterate(options))
      try {
        for (;;) {
          const results = await Promise.all(iterators.map((iterator) => iterator.next()))
          if (results.some((result) => result.done)) return
          yield results.map((result) => result.value as Element)
        }
      } finally {
        await Promise.all(iterators.map((iterator) => iterator.return()))
      }
    }, cardinality)
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.iterate()
  }

  /** Starts an iteration that an AbortSignal can end. */
  async *iterate(options: IterationOptions = {}): AsyncGenerator<T, void, undefined> {
    for await (const element of this.#source(options)) {
      if (options.signal?.aborted)
        throw new AbortError('the iteration over a dataset was aborted', { cause: options.signal.reason })
      yield element
    }
  }

  /** Number of elements, INFINITE (-1) or UNKNOWN (-2). */
  cardinality(): number {
    return this.#cardinality
  }

  /**
   * Applies `transform` to every element; a tuple is spread over its arguments. Up to `numParallelCalls` (default 1) run at the same
   * time; the order stays.
   */
  map<R extends Element>(
    transform: (...parts: never[]) => R | Promise<R>,
    { numParallelCalls = 1 }: { numParallelCalls?: number } = {},
  ): Dataset<R> {
    const call = transform as unknown as (...parts: Element[]) => R | Promise<R>
    const apply = (element: T): Promise<R> => Promise.resolve(Array.isArray(element) ? call(...element) : call(element))
    return new Dataset<R>(
      (options) => mapOrdered(this.iterate(options), async (element) => apply(element), numParallelCalls),
      this.#cardinality,
    )
  }

  /** Elements for which `predicate` gives true (or a tensor that is not 0). */
  filter(predicate: (...parts: never[]) => boolean | Tensor | Promise<boolean | Tensor>): Dataset<T> {
    const call = predicate as unknown as (...parts: Element[]) => boolean | Tensor | Promise<boolean | Tensor>
    return this.#derive(async function* (elements) {
      for await (const element of elements) {
        const verdict = await (Array.isArray(element) ? call(...element) : call(element))
        if (typeof verdict === 'boolean' ? verdict : (await verdict.item()) !== 0) yield element
      }
    }, UNKNOWN)
  }

  /** The elements of the datasets that `transform` makes, one after the other. */
  flatMap(transform: (...parts: never[]) => Dataset): Dataset {
    const call = transform as unknown as (...parts: Element[]) => Dataset
    return new Dataset((options) => flatMapped(this.iterate(options), call, options), UNKNOWN)
  }

  /** Stacks `batchSize` elements along a new first axis; the last, smaller batch is kept unless `dropRemainder`. */
  batch(batchSize: number, { dropRemainder = false }: { dropRemainder?: boolean } = {}): Dataset {
    requireCount('batch', 'a positive batchSize', batchSize, 1)
    const count = this.#cardinality
    const cardinality = count < 0 ? count : dropRemainder ? Math.floor(count / batchSize) : Math.ceil(count / batchSize)
    return new Dataset((options) => batched(this.iterate(options), batchSize, dropRemainder), cardinality)
  }

  /** The reverse of `batch`. */
  unbatch(): Dataset {
    return new Dataset((options) => unbatched(this.iterate(options)), UNKNOWN)
  }

  /**
   * Fills a buffer of `bufferSize` elements and emits a random one of them each time. With a seed (default: derived from
   * `setRandomSeed`) runs repeat; `reshuffleEachIteration` (default true) gives every epoch another order.
   */
  shuffle(
    bufferSize: number,
    { seed, reshuffleEachIteration = true }: { seed?: number; reshuffleEachIteration?: boolean } = {},
  ): Dataset<T> {
    requireCount('shuffle', 'a positive bufferSize', bufferSize, 1)
    const base = seed ?? nextSeed()
    let epoch = 0
    return new Dataset<T>(
      (options) =>
        shuffled(
          this.iterate(options),
          bufferSize,
          hostRandom(base + (reshuffleEachIteration ? 0x9e3779b1 * epoch++ : 0)),
        ),
      this.#cardinality,
    )
  }

  /** Repeats the elements `count` times; for ever if it is left out or -1. */
  repeat(count = -1): Dataset<T> {
    const own = this.#cardinality
    const cardinality =
      count === 0 || own === 0 ? 0 : count < 0 || own === INFINITE ? INFINITE : own === UNKNOWN ? UNKNOWN : own * count
    const iterate = (options: IterationOptions): AsyncGenerator<T, void, undefined> => this.iterate(options)
    return new Dataset<T>(async function* (options) {
      for (let i = 0; count < 0 || i < count; i++) {
        let empty = true
        for await (const element of iterate(options)) {
          empty = false
          yield element
        }
        if (empty) return
      }
    }, cardinality)
  }

  /** The first `count` elements; all for -1. */
  take(count: number): Dataset<T> {
    if (count < 0) return this
    const own = this.#cardinality
    return this.#derive(
      async function* (elements) {
        if (count === 0) return
        let taken = 0
        for await (const element of elements) {
          yield element
          if (++taken === count) return
        }
      },
      own === UNKNOWN ? UNKNOWN : own === INFINITE ? count : Math.min(own, count),
    )
  }

  /** All but the first `count` elements; none for -1. */
  skip(count: number): Dataset<T> {
    const own = this.#cardinality
    return this.#derive(
      async function* (elements) {
        if (count < 0) return
        let seen = 0
        for await (const element of elements) if (seen++ >= count) yield element
      },
      count < 0 ? 0 : own < 0 ? own : Math.max(0, own - count),
    )
  }

  /** Every `numShards`-th element, from `index` on. */
  shard(numShards: number, index: number): Dataset<T> {
    requireCount('shard', 'a positive numShards', numShards, 1)
    requireCount('shard', `an index below ${numShards}`, index, 0, numShards - 1)
    const own = this.#cardinality
    return this.#derive(
      async function* (elements) {
        let seen = 0
        for await (const element of elements) if (seen++ % numShards === index) yield element
      },
      own < 0 ? own : Math.max(0, Math.ceil((own - index) / numShards)),
    )
  }

  /** Keeps the elements of the first complete iteration in memory and replays them; an iteration that is left early keeps nothing. */
  cache(): Dataset<T> {
    let kept: T[] | null = null
    const iterate = (options: IterationOptions): AsyncGenerator<T, void, undefined> => this.iterate(options)
    return new Dataset<T>(async function* (options) {
      if (kept !== null) {
        yield* kept
        return
      }
      const seen: T[] = []
      for await (const element of iterate(options)) {
        seen.push(element)
        yield element
      }
      kept = seen
    }, this.#cardinality)
  }

  /** Prepares up to `bufferSize` elements (default 2) while the consumer works. */
  prefetch(bufferSize = 2): Dataset<T> {
    const size = bufferSize < 0 ? 2 : bufferSize
    return new Dataset<T>((options) => prefetched(this.iterate(options), size), this.#cardinality)
  }

  /** Pairs of a running number (int32, from `start`) and the element. */
  enumerate(start = 0): Dataset {
    return new Dataset((options) => numbered(this.iterate(options), start), this.#cardinality)
  }

  /** This dataset's elements, then the other's. */
  concatenate(other: Dataset<T>): Dataset<T> {
    const counts = [this.#cardinality, other.cardinality()]
    const cardinality = counts.includes(INFINITE)
      ? INFINITE
      : counts.includes(UNKNOWN)
        ? UNKNOWN
        : counts[0]! + counts[1]!
    const iterate = (options: IterationOptions): AsyncGenerator<T, void, undefined> => this.iterate(options)
    return new Dataset<T>(async function* (options) {
      yield* iterate(options)
      yield* other.iterate(options)
    }, cardinality)
  }

  /** Folds the elements into one value. */
  async reduce<S>(initial: S, step: (state: S, element: T) => S | Promise<S>): Promise<S> {
    let state = initial
    for await (const element of this) state = await step(state, element)
    return state
  }

  /** `transform(this)`, for pipelines written as functions. */
  apply<R>(transform: (dataset: this) => R): R {
    return transform(this)
  }

  #derive(
    transform: (elements: AsyncGenerator<T, void, undefined>) => AsyncGenerator<T, void, undefined>,
    cardinality: number,
  ): Dataset<T> {
    return new Dataset<T>((options) => transform(this.iterate(options)), cardinality)
  }
}

function requireCount(
  method: string,
  expected: string,
  value: number,
  low: number,
  high = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isInteger(value) || value < low || value > high)
    throw new ArgumentError(problem({ where: `Dataset.${method}`, expected, received: value }))
}

type Elements<T> = AsyncGenerator<T, void, undefined>

async function* flatMapped<T extends Element>(
  elements: Elements<T>,
  call: (...parts: Element[]) => Dataset,
  options: IterationOptions,
): Elements<Element> {
  for await (const element of elements)
    yield* (Array.isArray(element) ? call(...element) : call(element)).iterate(options)
}

async function* batched(elements: Elements<Element>, size: number, dropRemainder: boolean): Elements<Element> {
  let group: Element[] = []
  for await (const element of elements) {
    group.push(element)
    if (group.length === size) {
      yield await stack(group)
      group = []
    }
  }
  if (group.length > 0 && !dropRemainder) yield await stack(group)
}

async function* unbatched(elements: Elements<Element>): Elements<Element> {
  for await (const element of elements) yield* await unstack(element)
}

async function* numbered(elements: Elements<Element>, start: number): Elements<Element> {
  let i = start
  for await (const element of elements) yield [tensor(i++, { dtype: 'int32' }), element]
}

async function* shuffled<T>(elements: Elements<T>, size: number, random: { int(n: number): number }): Elements<T> {
  const buffer: T[] = []
  for await (const element of elements) {
    if (buffer.length < size) {
      buffer.push(element)
      continue
    }
    const slot = random.int(size)
    yield buffer[slot]!
    buffer[slot] = element
  }
  while (buffer.length > 0) {
    const slot = random.int(buffer.length)
    yield buffer[slot]!
    buffer[slot] = buffer[buffer.length - 1]!
    buffer.pop()
  }
}
