// Lazy, re-iterable pipelines with the meaning of tf.data: every iteration starts from scratch, nothing runs before it is asked for.
import { ArgumentError, problem } from '../errors.ts'
import { abortError } from '../platform/wait.ts'
import { hostRandom, nextSeed, tensor, type Tensor } from '../ops/index.ts'
import { givenChoice, picked, weightedChoice } from './choosing.ts'
import { mapOrdered, mapUnordered, prefetched } from './concurrency.ts'
import type { Elements } from './concurrency.ts'
import { commonSpec, mappedSpec, mapSpec, paddedSpec, specOf, TensorSpec } from './element-spec.ts'
import type { ElementSpec } from './element-spec.ts'
import { openCache, writeCache } from './file-cache.ts'
import {
  chosen, distinct, fromUser, grouped, interleaved, limited, numbered, repeated, requireCount, scanned, shuffled, unbatched,
  whileWanted, windows, zipped,
} from './stages.ts' // prettier-ignore
import type { WindowOptions } from './stages.ts'
import { commonLength, contentOf, flatten, rebuild, stack, stackPadded, takeSlice, toElement } from './structure.ts'
import type { Element, ElementLike, Padding } from './structure.ts'

/** Cardinality of a dataset that never ends, and of one whose length is not known. */
export const INFINITE = -1
export const UNKNOWN = -2
/** Lets the library choose: how many calls run at the same time, how much is prepared ahead. */
export const AUTOTUNE = -1
const automatic = { calls: 4, prefetch: 2 }

export interface IterationOptions {
  /** Ends the iteration with an AbortError at the next element. */
  readonly signal?: AbortSignal
}
type Source<T> = (options: IterationOptions) => Elements<T>
/** A user's function: it is given the parts of a tuple one by one. */
type Transform<R> = (...parts: never[]) => R
/** What an element is made of, with a Dataset where it has a tensor. */
export type Windowed = Dataset | Windowed[] | { [key: string]: Windowed }

/** A tuple is spread over the arguments. */
function call<R>(transform: Transform<R>, element: unknown): R {
  const free = transform as unknown as (...parts: unknown[]) => R
  return Array.isArray(element) ? free(...(element as unknown[])) : free(element)
}

type SpecRule = () => ElementSpec | Promise<ElementSpec>
async function isTrue(verdict: boolean | Tensor): Promise<boolean> {
  return typeof verdict === 'boolean' ? verdict : (await verdict.item()) !== 0
}

export class Dataset<T = Element> implements AsyncIterable<T> {
  readonly #source: Source<T>
  readonly #cardinality: number
  readonly #spec: SpecRule | undefined

  /**
   * Makes a dataset of any generator function. `cardinality`: number of elements, INFINITE or UNKNOWN. `spec`: what the elements
   * are made of; without it, the first element tells.
   */
  constructor(source: Source<T>, cardinality: number = UNKNOWN, spec?: SpecRule) {
    requireCount('constructor', 'a cardinality: a number of elements, INFINITE or UNKNOWN', cardinality, UNKNOWN)
    this.#source = source
    this.#cardinality = cardinality
    this.#spec = spec
  }

  /**
   * Slices along axis 0 of every tensor in a structure: tf.data's from_tensor_slices. `[[1, 2], [3, 4]]` is one tensor; a tuple
   * of two is `[tensor([1, 2]), tensor([3, 4])]`. @throws ArgumentError if first dims differ.
   */
  static fromTensorSlices(value: ElementLike): Dataset {
    const whole = toElement(value)
    const leaves = flatten(whole)
    const length = commonLength('Dataset.fromTensorSlices', leaves)
    const source: Source<Element> = async function* () {
      const hosts = await Promise.all(leaves.map((leaf) => leaf.data()))
      for (let i = 0; i < length; i++) yield takeSlice(whole, leaves, hosts, i)
    }
    return new Dataset(source, length, () => mapSpec(specOf(whole), (shape) => shape.slice(1)))
  }

  /** One element: the whole structure. */
  static fromTensors(value: ElementLike): Dataset {
    const whole = toElement(value)
    return new Dataset(async function* () {
      yield await Promise.resolve(whole)
    }, 1)
  }

  /** Elements that a generator function yields; it is called anew for every iteration. */
  static fromGenerator(
    make: () => Iterable<ElementLike> | AsyncIterable<ElementLike>,
    cardinality: number = UNKNOWN,
  ): Dataset {
    return new Dataset(async function* ({ signal }) {
      for await (const element of fromUser(make(), signal)) yield toElement(element)
    }, cardinality)
  }

  /**
   * Elements of an async iterable, such as a stream. Every iteration iterates it again: what can be read only once gives its
   * elements once, unless `cache` keeps them. An early end returns the iterator; an abort does not wait for an element that is due.
   */
  static fromAsyncIterable(iterable: AsyncIterable<ElementLike>, cardinality: number = UNKNOWN): Dataset {
    return Dataset.fromGenerator(() => iterable, cardinality)
  }

  /**
   * Elements of several datasets, each time of a random one: with the probabilities `weights` (default: equal). Goes on with the
   * others when one ends, unless `stopOnEmptyDataset`.
   */
  static sampleFromDatasets<T>(
    datasets: readonly Dataset<T>[],
    options: { weights?: readonly number[]; seed?: number; stopOnEmptyDataset?: boolean } = {},
  ): Dataset<T> {
    const { weights, seed = nextSeed(), stopOnEmptyDataset = false } = options
    const chooser = weightedChoice(datasets.length, weights)
    let epoch = 0
    return new Dataset<T>((iteration) =>
      picked(
        datasets.map((dataset) => dataset.iterate(iteration)),
        chooser(hostRandom(seed, epoch++)),
        stopOnEmptyDataset,
      ),
    )
  }

  /** Elements of several datasets, each time of the one whose index `choices` gives; ends with it, or with the first that is empty. */
  static chooseFromDatasets<T>(
    datasets: readonly Dataset<T>[],
    choices: Dataset<Tensor>,
    { stopOnEmptyDataset = true }: { stopOnEmptyDataset?: boolean } = {},
  ): Dataset<T> {
    return new Dataset<T>(async function* (options) {
      const order = choices.iterate(options)
      try {
        const iterations = datasets.map((dataset) => dataset.iterate(options))
        yield* picked(iterations, givenChoice(datasets.length, order), stopOnEmptyDataset)
      } finally {
        await order.return()
      }
    })
  }

  /** Whole numbers (int32) from start (0) to stop, which is left out. */
  static range(stop: number): Dataset<Tensor>
  static range(start: number, stop: number, step?: number): Dataset<Tensor>
  static range(first: number, second?: number, step = 1): Dataset<Tensor> {
    const [start, stop] = second === undefined ? [0, first] : [first, second]
    for (const value of [start, stop, step]) requireCount('range', 'whole numbers', value, -(2 ** 31), 2 ** 31)
    if (step === 0)
      throw new ArgumentError(problem({ where: 'Dataset.range', expected: 'a step other than 0', received: step }))
    const count = Math.max(0, Math.ceil((stop - start) / step))
    return new Dataset(
      async function* () {
        await Promise.resolve()
        for (let i = 0; i < count; i++) yield tensor(start + i * step, { dtype: 'int32' })
      },
      count,
      () => new TensorSpec([], 'int32'),
    )
  }

  /** Tuples of the datasets' elements; ends with the shortest. @throws ArgumentError for no dataset at all. */
  static zip(datasets: readonly Dataset[]): Dataset {
    if (datasets.length === 0)
      throw new ArgumentError(problem({ where: 'Dataset.zip', expected: 'at least one dataset', received: datasets }))
    const counts = datasets.map((dataset) => dataset.cardinality())
    const known = counts.filter((count) => count !== INFINITE)
    const cardinality = known.length === 0 ? INFINITE : known.includes(UNKNOWN) ? UNKNOWN : Math.min(...known)
    return new Dataset<Element>(
      (options) => zipped<Element>(datasets.map((dataset) => dataset.iterate(options))),
      cardinality,
      () => Promise.all(datasets.map((dataset) => dataset.elementSpec())),
    )
  }

  [Symbol.asyncIterator](): Elements<T> {
    return this.iterate()
  }

  /** Starts an iteration that an AbortSignal can end. */
  async *iterate(options: IterationOptions = {}): Elements<T> {
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

  /**
   * Applies `transform` to every element; a tuple is spread over its arguments. Numbers and typed arrays in the result become
   * tensors. Up to `numParallelCalls` (default 1; AUTOTUNE) run at the same time; the order stays, unless `deterministic` is false.
   */
  map<R = Element>(
    transform: Transform<R | Promise<R>>,
    { numParallelCalls = 1, deterministic = true }: { numParallelCalls?: number; deterministic?: boolean } = {},
  ): Dataset<R extends ElementLike ? (R extends Element ? R : Element) : R> {
    const calls = numParallelCalls === AUTOTUNE ? automatic.calls : numParallelCalls
    requireCount('map', 'a positive numParallelCalls, or AUTOTUNE', calls, 1)
    type Result = R extends ElementLike ? (R extends Element ? R : Element) : R
    const apply = async (element: T): Promise<Result> => toElement(await call(transform, element)) as Result
    const mapped = deterministic ? mapOrdered : mapUnordered
    const source: Source<Result> = (options) => mapped(this.iterate(options), apply, calls)
    return new Dataset<Result>(source, this.#cardinality, async () => {
      // What is made of plain values, such as paths, has no specification before.
      const before = await this.elementSpec().catch(unlessArgument)
      for await (const element of this)
        return mappedSpec(before, before === null ? null : specOf(element), specOf(await apply(element)))
      return new Dataset(source).elementSpec()
    })
  }

  /** Elements for which `predicate` gives true (or a tensor that is not 0). */
  filter(predicate: Transform<boolean | Tensor | Promise<boolean | Tensor>>): Dataset<T> {
    return this.#derive(async function* (elements) {
      for await (const element of elements) {
        if (await isTrue(await call(predicate, element))) yield element
      }
    }, UNKNOWN)
  }

  /** Ends before the first element for which `predicate` gives false (or a tensor that is 0). */
  takeWhile(predicate: Transform<boolean | Tensor | Promise<boolean | Tensor>>): Dataset<T> {
    const wanted = async (element: T): Promise<boolean> => isTrue(await call(predicate, element))
    return this.#derive((elements) => whileWanted(elements, wanted), UNKNOWN)
  }

  /** `step` gets a state and an element, and gives the next state and an element of the result. */
  scan<S, R = Element>(
    initial: S,
    step: (state: S, element: T) => readonly [S, R] | Promise<readonly [S, R]>,
  ): Dataset<R> {
    return new Dataset<R>((options) => scanned(this.iterate(options), initial, step), this.#cardinality)
  }

  /** Each element once; all that were seen are remembered. */
  unique(): Dataset<T> {
    return this.#derive((elements) => distinct(elements, (element) => contentOf(element as Element)), UNKNOWN)
  }

  /** The elements of the datasets that `transform` makes, one after the other. */
  flatMap<R = Element>(transform: Transform<Dataset<R> | Promise<Dataset<R>>>): Dataset<R> {
    return this.interleave(transform, { cycleLength: 1 })
  }

  /**
   * As flatMap, but `cycleLength` of the datasets are open at the same time and give `blockLength` (default 1) elements in turn.
   */
  interleave<R = Element>(
    transform: Transform<Dataset<R> | Promise<Dataset<R>>>,
    { cycleLength, blockLength = 1 }: { cycleLength: number; blockLength?: number },
  ): Dataset<R> {
    requireCount('interleave', 'a positive cycleLength', cycleLength, 1)
    requireCount('interleave', 'a positive blockLength', blockLength, 1)
    return new Dataset<R>((options) => {
      const open = async (element: T): Promise<Elements<R>> => (await call(transform, element)).iterate(options)
      return interleaved(this.iterate(options), open, cycleLength, blockLength)
    }, UNKNOWN)
  }

  /** Stacks `batchSize` elements along a new first axis; the last, smaller batch is kept unless `dropRemainder`. */
  batch(batchSize: number, { dropRemainder = false }: { dropRemainder?: boolean } = {}): Dataset {
    requireCount('batch', 'a positive batchSize', batchSize, 1)
    return this.#grouped(batchSize, dropRemainder, stack)
  }

  /** As batch, with smaller tensors filled up behind: to `shapes`, or to the largest of the batch. */
  paddedBatch(
    batchSize: number,
    { dropRemainder = false, ...padding }: Padding & { dropRemainder?: boolean } = {},
  ): Dataset {
    requireCount('paddedBatch', 'a positive batchSize', batchSize, 1)
    const join = (elements: readonly Element[]): Promise<Element> => stackPadded(elements, padding)
    return this.#grouped(batchSize, dropRemainder, join, async () => paddedSpec(await this.elementSpec(), padding))
  }

  #grouped(
    size: number,
    dropRemainder: boolean,
    join: (group: readonly Element[]) => Promise<Element>,
    spec: () => Promise<ElementSpec> = () => this.elementSpec(),
  ): Dataset {
    const count = this.#cardinality
    const cardinality = count < 0 ? count : dropRemainder ? Math.floor(count / size) : Math.ceil(count / size)
    const source: Source<Element> = (options) =>
      mapOrdered(grouped(this.iterate(options) as Elements<Element>, size, dropRemainder), join, 1)
    const first = dropRemainder ? size : null
    return new Dataset(source, cardinality, async () => mapSpec(await spec(), (shape) => [first, ...shape]))
  }

  /** The reverse of `batch`. */
  unbatch(): Dataset {
    const source: Source<Element> = (options) => unbatched(this.iterate(options) as Elements<Element>)
    return new Dataset(source, UNKNOWN, async () => mapSpec(await this.elementSpec(), (shape) => shape.slice(1)))
  }

  /** Batches of another size, made of the elements of the batches. */
  rebatch(batchSize: number, options: { dropRemainder?: boolean } = {}): Dataset {
    return this.unbatch().batch(batchSize, options)
  }

  /** Datasets of `size` elements each; of a tuple, tuples of datasets. `shift` defaults to `size`, `stride` to 1. */
  window(size: number, options: Partial<Omit<WindowOptions, 'size'>> = {}): Dataset<Windowed> {
    const { shift = size, stride = 1, dropRemainder = false } = options
    for (const [name, value] of Object.entries({ size, shift, stride }))
      requireCount('window', `a positive ${name}`, value, 1)
    const count = this.#cardinality
    const full = count - ((size - 1) * stride + 1)
    const whole = dropRemainder ? (full < 0 ? 0 : Math.floor(full / shift) + 1) : Math.ceil(count / shift)
    return new Dataset<Windowed>(
      async function* (this: Dataset<T>, iteration: IterationOptions): Elements<Windowed> {
        for await (const group of windows(this.iterate(iteration), { size, shift, stride, dropRemainder }))
          yield datasetsOf(group as Element[])
      }.bind(this),
      count < 0 ? count : whole,
    )
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
    requireCount('shuffle', 'a whole number as seed', base, -Number.MAX_SAFE_INTEGER)
    let epoch = 0
    return this.#derive(
      (elements) => shuffled(elements, bufferSize, hostRandom(base, reshuffleEachIteration ? epoch++ : 0)),
      this.#cardinality,
    )
  }

  /** Repeats the elements `count` times; for ever if it is left out or -1. */
  repeat(count = -1): Dataset<T> {
    requireCount('repeat', 'a count, or -1', count, -1)
    const own = this.#cardinality
    const cardinality =
      count === 0 || own === 0 ? 0 : count < 0 || own === INFINITE ? INFINITE : own === UNKNOWN ? UNKNOWN : own * count
    return new Dataset<T>(
      (options) => repeated(() => this.iterate(options), count),
      cardinality,
      () => this.elementSpec(),
    )
  }

  /** The first `count` elements; all for -1. */
  take(count: number): Dataset<T> {
    requireCount('take', 'a count, or -1', count, -1)
    if (count < 0) return this
    const own = this.#cardinality
    const cardinality = count === 0 ? 0 : own === UNKNOWN ? UNKNOWN : own === INFINITE ? count : Math.min(own, count)
    return this.#derive((elements) => limited(elements, count), cardinality)
  }

  /** All but the first `count` elements; none for -1. */
  skip(count: number): Dataset<T> {
    requireCount('skip', 'a count, or -1', count, -1)
    const own = this.#cardinality
    if (count < 0) return this.take(0)
    return this.#derive(
      (elements) => chosen(elements, (index) => index >= count),
      own < 0 ? own : Math.max(0, own - count),
    )
  }

  /** Every `numShards`-th element, from `index` on. */
  shard(numShards: number, index: number): Dataset<T> {
    requireCount('shard', 'a positive numShards', numShards, 1)
    requireCount('shard', `an index below ${numShards}`, index, 0, numShards - 1)
    const own = this.#cardinality
    return this.#derive(
      (elements) => chosen(elements, (position) => position % numShards === index),
      own < 0 ? own : Math.max(0, Math.ceil((own - index) / numShards)),
    )
  }

  /**
   * Keeps the elements of the first complete iteration, in memory or in a file, and replays them; an iteration that is left early
   * keeps nothing. A file stays for later runs: `key` says what is in it, such as the options of the pipeline, and a file of
   * another key is made anew. @throws FormatError while iterating, if the file is damaged.
   */
  cache(fileName?: string, { key = '' }: { key?: string } = {}): Dataset<T> {
    if (fileName !== undefined)
      return this.#derive(async function* (elements) {
        const stored = (await openCache(fileName, key)) as Elements<T> | null
        yield* stored ?? writeCache(fileName, key, elements)
      }, this.#cardinality)
    let kept: readonly T[] | null = null
    return this.#derive(async function* (elements) {
      if (kept !== null) {
        yield* kept
        return
      }
      const seen: T[] = []
      for await (const element of elements) {
        seen.push(element)
        yield element
      }
      kept = seen
    }, this.#cardinality)
  }

  /** Prepares up to `bufferSize` elements (default AUTOTUNE: 2) while the consumer works. */
  prefetch(bufferSize = AUTOTUNE): Dataset<T> {
    const size = bufferSize === AUTOTUNE ? automatic.prefetch : bufferSize
    requireCount('prefetch', 'a bufferSize, or AUTOTUNE', size, 0)
    return this.#derive((elements) => prefetched(elements, size), this.#cardinality)
  }

  /** Pairs of a running number (int32, from `start`) and the element. */
  enumerate(start = 0): Dataset<[Tensor, T]> {
    const spec: SpecRule = async () => [new TensorSpec([], 'int32'), await this.elementSpec()]
    return new Dataset((options) => numbered(this.iterate(options), start), this.#cardinality, spec)
  }

  /** This dataset's elements, then the other's. */
  concatenate(other: Dataset<T>): Dataset<T> {
    const counts = [this.#cardinality, other.cardinality()] as const
    const sum = counts[0] + counts[1]
    const cardinality = counts.includes(INFINITE) ? INFINITE : counts.includes(UNKNOWN) ? UNKNOWN : sum
    return new Dataset<T>(
      async function* (this: Dataset<T>, options: IterationOptions): Elements<T> {
        yield* this.iterate(options)
        yield* other.iterate(options)
      }.bind(this),
      cardinality,
      async () => commonSpec(await this.elementSpec(), await other.elementSpec()),
    )
  }

  /** Folds the elements into one value. */
  async reduce<S>(initial: S, step: (state: S, element: T) => S | Promise<S>): Promise<S> {
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

  /** `transform(this)`, for pipelines written as functions. */
  apply<R>(transform: (dataset: this) => R): R {
    return transform(this)
  }

  #derive(transform: (elements: Elements<T>) => Elements<T>, cardinality: number): Dataset<T> {
    return new Dataset<T>(
      (options) => transform(this.iterate(options)),
      cardinality,
      () => this.elementSpec(),
    )
  }
}

function unlessArgument(error: unknown): null {
  if (error instanceof ArgumentError) return null
  throw error
}

function throwIfAborted({ signal }: IterationOptions): void {
  if (signal?.aborted) throw abortError('the iteration over a dataset', signal)
}

/** For each tensor of the elements' structure the dataset of its values. */
function datasetsOf(group: readonly Element[]): Windowed {
  const rows = group.map(flatten)
  const columns = rows[0]!.map((_, leaf) => {
    const source: Source<Element> = async function* () {
      await Promise.resolve()
      for (const row of rows) yield row[leaf]!
    }
    return new Dataset(source, rows.length)
  })
  return rebuild(group[0]!, columns) as Windowed
}
