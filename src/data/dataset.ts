// Pipelines with the meaning of tf.data: where elements come from, and what is made of them on their way.
import { ArgumentError, problem } from '../errors.ts'
import { hostRandom, nextSeed, tensor, Tensor } from '../ops/index.ts'
import { aWholeNumber, filePath, whole } from '../platform/option-rules.ts'
import { givenChoice, picked, weightedChoice } from './choosing.ts'
import { mapOrdered, mapUnordered, prefetched } from './concurrency.ts'
import type { Elements } from './concurrency.ts'
import {
  checkedOptions, orMinusOne, refuseResult, requireArgument, requireDataset, requireDatasets, requireFunction,
} from './dataset-arguments.ts' // prettier-ignore
import { commonSpec, mappedSpec, mapSpec, paddedSpec, specOf, TensorSpec } from './element-spec.ts'
import type { ElementSpec } from './element-spec.ts'
import { cardinalities, DatasetBase, INFINITE, UNKNOWN } from './dataset-base.ts'
import type { IterationOptions, Source, SpecRule } from './dataset-base.ts'
import { openCache, writeCache } from './file-cache.ts'
import {
  chosen, distinct, fromUser, grouped, interleaved, limited, numbered, repeated, scanned, shuffled, unbatched, whileWanted, windows, zipped,
} from './stages.ts' // prettier-ignore
import type { WindowOptions } from './stages.ts'
import { commonLength, contentOf, flatten, rebuild, stack, stackPadded, takeSlice, toElement } from './structure.ts'
import type { Element, ElementLike, ElementOf, Parts, Transform } from './element-types.ts'
import type { Padding } from './structure.ts'

export { INFINITE, UNKNOWN } from './dataset-base.ts'
export type { IterationOptions } from './dataset-base.ts'

/** Lets the library choose: how many calls run at the same time, how much is prepared ahead. */
export const AUTOTUNE = -1
const automatic = { calls: 4, prefetch: 2 }

/** What an element is made of, with a Dataset where it has a tensor. */
export type Windowed = Dataset | Windowed[] | { [key: string]: Windowed }

type Zipped<D extends readonly DatasetBase<unknown>[]> = {
  -readonly [K in keyof D]: D[K] extends DatasetBase<infer T> ? T : never
}

/** A tuple is spread over the arguments. */
function call<T, R>(transform: Transform<T, R>, element: T): R {
  return transform(...((Array.isArray(element) ? element : [element]) as Parts<T>))
}

async function isTrue(method: string, verdict: boolean | Tensor): Promise<boolean> {
  if (verdict instanceof Tensor) return (await verdict.item()) !== 0
  return typeof verdict === 'boolean' ? verdict : refuseResult(method, 'true, false or a tensor of one', verdict)
}

const samples = {
  expected: 'tensors or arrays of numbers',
  fits: (value: unknown) => value instanceof Tensor,
  hint: 'Names of classes become numbers first; lists of files are for imageDatasetFromList, texts for fromGenerator',
}

export class Dataset<T = Element> extends DatasetBase<T> {
  /**
   * Slices along axis 0 of every tensor in a structure: tf.data's from_tensor_slices. `[[1, 2], [3, 4]]` is one tensor; a tuple
   * of two is `[tensor([1, 2]), tensor([3, 4])]`. @throws ArgumentError if first dims differ.
   */
  static fromTensorSlices<const V extends ElementLike>(value: V): Dataset<ElementOf<V>> {
    const whole = toElement('Dataset.fromTensorSlices', value)
    const leaves = flatten(whole)
    for (const leaf of leaves) requireArgument('fromTensorSlices', 'value', leaf, samples)
    const length = commonLength('Dataset.fromTensorSlices', leaves)
    const source: Source<Element> = async function* () {
      const hosts = await Promise.all(leaves.map((leaf) => leaf.data()))
      for (let i = 0; i < length; i++) yield takeSlice(whole, leaves, hosts, i)
    }
    const slices = new Dataset(source, length, () => mapSpec(specOf(whole), (shape) => shape.slice(1)))
    return slices as unknown as Dataset<ElementOf<V>>
  }

  /** One element: the whole structure. */
  static fromTensors<const V extends ElementLike>(value: V): Dataset<ElementOf<V>> {
    const whole = toElement('Dataset.fromTensors', value)
    const only: Source<Element> = async function* () {
      yield await Promise.resolve(whole)
    }
    return new Dataset(only, 1) as unknown as Dataset<ElementOf<V>>
  }

  /** Elements that a generator function yields; it is called anew for every iteration. */
  static fromGenerator<V extends ElementLike>(
    make: () => Iterable<V> | AsyncIterable<V>,
    cardinality: number = UNKNOWN,
  ): Dataset<ElementOf<V>> {
    const where = 'Dataset.fromGenerator'
    requireFunction('fromGenerator', 'make', make)
    requireArgument('fromGenerator', 'cardinality', cardinality, cardinalities)
    const source: Source<Element> = async function* ({ signal }) {
      const made: unknown = make()
      if (!isIterable(made)) refuseResult('fromGenerator', 'something to iterate', made)
      for await (const element of fromUser(made, signal)) yield toElement(where, element)
    }
    return new Dataset(source, cardinality) as unknown as Dataset<ElementOf<V>>
  }

  /**
   * Elements of an async iterable, such as a stream. Every iteration iterates it again: what can be read only once gives its
   * elements once, unless `cache` keeps them. An early end returns the iterator; an abort does not wait for an element that is due.
   */
  static fromAsyncIterable<V extends ElementLike>(
    iterable: AsyncIterable<V>,
    cardinality: number = UNKNOWN,
  ): Dataset<ElementOf<V>> {
    requireArgument('fromAsyncIterable', 'iterable', iterable, {
      expected: 'something to iterate',
      fits: isIterable,
      hint: 'A function that makes it goes into fromGenerator',
    })
    requireArgument('fromAsyncIterable', 'cardinality', cardinality, cardinalities)
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
    requireDatasets('sampleFromDatasets', 'datasets', datasets)
    const { weights, seed = nextSeed(), stopOnEmptyDataset = false } = checkedOptions('sampleFromDatasets', options)
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
    options: { stopOnEmptyDataset?: boolean } = {},
  ): Dataset<T> {
    requireDatasets('chooseFromDatasets', 'datasets', datasets)
    requireDataset('chooseFromDatasets', 'choices', choices)
    const { stopOnEmptyDataset = true } = checkedOptions('chooseFromDatasets', options)
    return new Dataset<T>(async function* (iteration) {
      const order = choices.iterate(iteration)
      try {
        const iterations = datasets.map((dataset) => dataset.iterate(iteration))
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
    const int32 = { ...whole(-(2 ** 31), 2 ** 31), expected: 'a whole number of 32 bits' }
    for (const [name, value] of Object.entries({ start, stop, step })) requireArgument('range', name, value, int32)
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
  static zip<const D extends readonly DatasetBase<unknown>[]>(datasets: D): Dataset<Zipped<D>> {
    requireDatasets('zip', 'datasets', datasets)
    const counts = datasets.map((dataset) => dataset.cardinality())
    const known = counts.filter((count) => count !== INFINITE)
    const cardinality = known.length === 0 ? INFINITE : known.includes(UNKNOWN) ? UNKNOWN : Math.min(...known)
    return new Dataset<Zipped<D>>(
      (options) => zipped(datasets.map((dataset) => dataset.iterate(options))) as Elements<Zipped<D>>,
      cardinality,
      () => Promise.all(datasets.map((dataset) => dataset.elementSpec())),
    )
  }

  /**
   * Applies `transform` to every element; a tuple is spread over its arguments. Numbers and typed arrays in the result become
   * tensors. Up to `numParallelCalls` (default 1; AUTOTUNE) run at the same time; the order stays, unless `deterministic` is false.
   */
  map<const R = Element>(
    transform: Transform<T, R | Promise<R>>,
    options: { numParallelCalls?: number; deterministic?: boolean } = {},
  ): Dataset<ElementOf<R>> {
    requireFunction('map', 'transform', transform, 'map((image, label) => [ops.divide(image, 255), label])')
    const { numParallelCalls = 1, deterministic = true } = checkedOptions('map', options)
    const calls = numParallelCalls === AUTOTUNE ? automatic.calls : numParallelCalls
    type Result = ElementOf<R>
    const apply = async (element: T): Promise<Result> => {
      const made: unknown = await call(transform, element)
      return (made === undefined ? refuseResult('map', 'an element', made) : toElement('Dataset.map', made)) as Result
    }
    const mapped = deterministic ? mapOrdered : mapUnordered
    const source: Source<Result> = (iteration) => mapped(this.iterate(iteration), apply, calls)
    return new Dataset<Result>(source, this.cardinality(), async () => {
      // What is made of plain values, such as paths, has no specification before.
      const before = await this.elementSpec().catch(unlessArgument)
      for await (const element of this)
        return mappedSpec(before, before === null ? null : specOf(element), specOf(await apply(element)))
      return new Dataset(source).elementSpec()
    })
  }

  /** Elements for which `predicate` gives true (or a tensor that is not 0). */
  filter(predicate: Transform<T, boolean | Tensor | Promise<boolean | Tensor>>): Dataset<T> {
    requireFunction('filter', 'predicate', predicate, 'filter((image, label) => ops.less(label, 5))')
    return this.#derive(async function* (elements) {
      for await (const element of elements) {
        if (await isTrue('filter', await call(predicate, element))) yield element
      }
    }, UNKNOWN)
  }

  /** Ends before the first element for which `predicate` gives false (or a tensor that is 0). */
  takeWhile(predicate: Transform<T, boolean | Tensor | Promise<boolean | Tensor>>): Dataset<T> {
    requireFunction('takeWhile', 'predicate', predicate, 'takeWhile((image, label) => ops.less(label, 5))')
    const wanted = async (element: T): Promise<boolean> => isTrue('takeWhile', await call(predicate, element))
    return this.#derive((elements) => whileWanted(elements, wanted), UNKNOWN)
  }

  /** `step` gets a state and an element, and gives the next state and an element of the result. */
  scan<S, R = Element>(
    initial: S,
    step: (state: S, element: T) => readonly [S, R] | Promise<readonly [S, R]>,
  ): Dataset<R> {
    requireFunction('scan', 'step', step, 'scan(0, (state, element) => [ops.add(state, element), state])')
    return new Dataset<R>((options) => scanned(this.iterate(options), initial, step), this.cardinality())
  }

  /** Each element once; all that were seen are remembered. */
  unique(): Dataset<T> {
    return this.#derive((elements) => distinct(elements, (element) => contentOf(element as Element)), UNKNOWN)
  }

  /** The elements of the datasets that `transform` makes, one after the other. */
  flatMap<R = Element>(transform: Transform<T, Dataset<R> | Promise<Dataset<R>>>): Dataset<R> {
    requireFunction('flatMap', 'transform', transform, 'flatMap((rows) => data.Dataset.fromTensorSlices(rows))')
    return this.#interleave('flatMap', transform, 1, 1)
  }

  /**
   * As flatMap, but `cycleLength` of the datasets are open at the same time and give `blockLength` (default 1) elements in turn.
   */
  interleave<R = Element>(
    transform: Transform<T, Dataset<R> | Promise<Dataset<R>>>,
    options: { cycleLength: number; blockLength?: number },
  ): Dataset<R> {
    requireFunction('interleave', 'transform', transform, 'interleave((file) => read(file), { cycleLength: 4 })')
    const { cycleLength, blockLength = 1 } = checkedOptions('interleave', options)
    requireArgument('interleave', 'cycleLength', cycleLength, whole(1))
    return this.#interleave('interleave', transform, cycleLength, blockLength)
  }

  #interleave<R>(
    method: string,
    transform: Transform<T, Dataset<R> | Promise<Dataset<R>>>,
    cycleLength: number,
    blockLength: number,
  ): Dataset<R> {
    return new Dataset<R>((options) => {
      const open = async (element: T): Promise<Elements<R>> => {
        const made = await call(transform, element)
        return made instanceof Dataset ? made.iterate(options) : refuseResult(method, 'a dataset', made)
      }
      return interleaved(this.iterate(options), open, cycleLength, blockLength)
    }, UNKNOWN)
  }

  /** Stacks `batchSize` elements along a new first axis; the last, smaller batch is kept unless `dropRemainder`. */
  batch(batchSize: number, options: { dropRemainder?: boolean } = {}): Dataset<T> {
    requireArgument('batch', 'batchSize', batchSize, whole(1))
    return this.#grouped(batchSize, checkedOptions('batch', options).dropRemainder ?? false, stack)
  }

  /** As batch, with smaller tensors filled up behind: to `shapes`, or to the largest of the batch. */
  paddedBatch(batchSize: number, options: Padding & { dropRemainder?: boolean } = {}): Dataset<T> {
    requireArgument('paddedBatch', 'batchSize', batchSize, whole(1))
    const { dropRemainder = false, ...padding } = checkedOptions('paddedBatch', options)
    const join = (elements: readonly Element[]): Promise<Element> => stackPadded(elements, padding)
    return this.#grouped(batchSize, dropRemainder, join, async () => paddedSpec(await this.elementSpec(), padding))
  }

  #grouped(
    size: number,
    dropRemainder: boolean,
    join: (group: readonly Element[]) => Promise<Element>,
    spec: () => Promise<ElementSpec> = () => this.elementSpec(),
  ): Dataset<T> {
    const count = this.cardinality()
    const cardinality = count < 0 ? count : dropRemainder ? Math.floor(count / size) : Math.ceil(count / size)
    const joined = join as unknown as (group: readonly T[]) => Promise<T & Element>
    const source: Source<T> = (options) => mapOrdered(grouped(this.iterate(options), size, dropRemainder), joined, 1)
    const first = dropRemainder ? size : null
    return new Dataset(source, cardinality, async () => mapSpec(await spec(), (shape) => [first, ...shape]))
  }

  /** The reverse of `batch`. */
  unbatch(): Dataset<T> {
    const source: Source<T> = (options) => unbatched(this.iterate(options) as Elements<Element>) as Elements<T>
    const cardinality = this.cardinality() === INFINITE ? INFINITE : UNKNOWN
    return new Dataset(source, cardinality, async () => mapSpec(await this.elementSpec(), (shape) => shape.slice(1)))
  }

  /** Batches of another size, made of the elements of the batches. */
  rebatch(batchSize: number, options: { dropRemainder?: boolean } = {}): Dataset<T> {
    requireArgument('rebatch', 'batchSize', batchSize, whole(1))
    return this.unbatch().batch(batchSize, checkedOptions('rebatch', options))
  }

  /** Datasets of `size` elements each; of a tuple, tuples of datasets. `shift` defaults to `size`, `stride` to 1. */
  window(size: number, options: Partial<Omit<WindowOptions, 'size'>> = {}): Dataset<Windowed> {
    requireArgument('window', 'size', size, whole(1))
    const { shift = size, stride = 1, dropRemainder = false } = checkedOptions('window', options)
    const count = this.cardinality()
    const full = count - ((size - 1) * stride + 1)
    const groups = dropRemainder ? (full < 0 ? 0 : Math.floor(full / shift) + 1) : Math.ceil(count / shift)
    return new Dataset<Windowed>(
      async function* (this: Dataset<T>, iteration: IterationOptions): Elements<Windowed> {
        for await (const group of windows(this.iterate(iteration), { size, shift, stride, dropRemainder }))
          yield datasetsOf(group as Element[])
      }.bind(this),
      count < 0 ? count : groups,
    )
  }

  /**
   * Fills a buffer of `bufferSize` elements and emits a random one of them each time. With a seed (default: derived from
   * `setRandomSeed`) runs repeat; `reshuffleEachIteration` (default true) gives every epoch another order.
   */
  shuffle(bufferSize: number, options: { seed?: number; reshuffleEachIteration?: boolean } = {}): Dataset<T> {
    requireArgument('shuffle', 'bufferSize', bufferSize, whole(1))
    const { seed, reshuffleEachIteration = true } = checkedOptions('shuffle', options)
    const base = seed ?? nextSeed()
    let epoch = 0
    return this.#derive(
      (elements) => shuffled(elements, bufferSize, hostRandom(base, reshuffleEachIteration ? epoch++ : 0)),
      this.cardinality(),
    )
  }

  /** Repeats the elements `count` times; for ever if it is left out or -1. */
  repeat(count = -1): Dataset<T> {
    requireArgument('repeat', 'count', count, orMinusOne(0, '-1 for ever'))
    const own = this.cardinality()
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
    requireArgument('take', 'count', count, orMinusOne(0, '-1 for all'))
    if (count < 0) return this
    const own = this.cardinality()
    const cardinality = count === 0 ? 0 : own === UNKNOWN ? UNKNOWN : own === INFINITE ? count : Math.min(own, count)
    return this.#derive((elements) => limited(elements, count), cardinality)
  }

  /** All but the first `count` elements; none for -1. */
  skip(count: number): Dataset<T> {
    requireArgument('skip', 'count', count, orMinusOne(0, '-1 for all'))
    const own = this.cardinality()
    if (count < 0) return this.#derive((elements) => limited(elements, 0), Math.min(own, 0))
    return this.#derive(
      (elements) => chosen(elements, (index) => index >= count),
      own < 0 ? own : Math.max(0, own - count),
    )
  }

  /** Every `numShards`-th element, from `index` on. */
  shard(numShards: number, index: number): Dataset<T> {
    requireArgument('shard', 'numShards', numShards, whole(1))
    requireArgument('shard', 'index', index, whole(0, numShards - 1))
    const own = this.cardinality()
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
  cache(fileName?: string, options: { key?: string } = {}): Dataset<T> {
    const { key = '' } = checkedOptions('cache', options)
    if (fileName !== undefined) requireArgument('cache', 'fileName', fileName, filePath)
    if (fileName !== undefined)
      return this.#derive(async function* (elements) {
        const stored = (await openCache(fileName, key)) as Elements<T> | null
        yield* stored ?? writeCache(fileName, key, elements)
      }, this.cardinality())
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
    }, this.cardinality())
  }

  /** Prepares up to `bufferSize` elements (default AUTOTUNE: 2) while the consumer works. */
  prefetch(bufferSize = AUTOTUNE): Dataset<T> {
    requireArgument('prefetch', 'bufferSize', bufferSize, orMinusOne(0, 'AUTOTUNE'))
    const size = bufferSize === AUTOTUNE ? automatic.prefetch : bufferSize
    return this.#derive((elements) => prefetched(elements, size), this.cardinality())
  }

  /** Pairs of a running number (int32, from `start`) and the element. */
  enumerate(start = 0): Dataset<[Tensor, T]> {
    requireArgument('enumerate', 'start', start, aWholeNumber)
    const spec: SpecRule = async () => [new TensorSpec([], 'int32'), await this.elementSpec()]
    return new Dataset((options) => numbered(this.iterate(options), start), this.cardinality(), spec)
  }

  /** This dataset's elements, then the other's. */
  concatenate(other: Dataset<T>): Dataset<T> {
    requireDataset('concatenate', 'other', other)
    const counts = [this.cardinality(), other.cardinality()] as const
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

  /** `transform(this)`, for pipelines written as functions. */
  apply<R>(transform: (dataset: this) => R): R {
    requireFunction('apply', 'transform', transform, 'apply((dataset) => dataset.batch(32))')
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

function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
}

function unlessArgument(error: unknown): null {
  if (error instanceof ArgumentError) return null
  throw error
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
