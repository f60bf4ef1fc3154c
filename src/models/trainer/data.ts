// What fit, evaluate and predict take as data, and the batches they make of it.
import { ArgumentError, problem } from '../../errors.ts'
import { sizeOf } from '../../graph/types.ts'
import type { DType, Shape, TypedArray } from '../../graph/types.ts'
import { toTensor } from '../../ops/convert.ts'
import { Tensor, tensor, Variable } from '../../ops/index.ts'
import type { TensorLike } from '../../ops/index.ts'
import { flatten, isDict, mapTree } from '../tree.ts'
import type { Nested } from '../tree.ts'

/** Arrays whose first dimension counts samples: one, a list (several inputs or outputs), or a dictionary by name. */
export type ArrayData = TensorLike | readonly TensorLike[] | { readonly [name: string]: ArrayData }

/** What a dataset yields: `x`, `[x]`, `[x, y]` or `[x, y, sampleWeight]`. */
export type DataElement = Nested<TensorLike> | readonly [unknown, unknown?, unknown?]

/** A dataset: can be iterated again and again. `cardinality()` is the number of batches, -1 infinite, -2 unknown. */
export interface DatasetLike extends AsyncIterable<unknown> {
  cardinality?(): number
}

/** Batches from elsewhere: a dataset, a generator (one pass), or a function that makes a generator for each pass. */
export type BatchData =
  | DatasetLike
  | AsyncIterable<unknown>
  | AsyncIterator<unknown>
  | Generator
  | (() => AsyncIterable<unknown> | Iterable<unknown>)

/**
 * One batch. A `trainStep` of your own says what it expects of its data: `Batch<Tensor, Tensor>` for one input and one label,
 * `Batch<[Tensor, Tensor], Tensor>` for two inputs.
 */
export interface Batch<X extends Nested<Tensor> = Nested<Tensor>, Y = Nested<Tensor> | undefined> {
  readonly x: X
  readonly y: Y
  readonly sampleWeight: Nested<Tensor> | undefined
}

/** Where batches come from. */
export interface BatchSource {
  /** Batches of one pass; null if unknown, Infinity if it never ends. */
  readonly cardinality: number | null
  /** False for a generator: there is no second pass. */
  readonly restartable: boolean
  /** For arrays that are shuffled: with the epoch, it chooses the order of a pass. null where passes go by how many came before. */
  shuffleSeed: number | null
  /** Starts a pass; `epoch` chooses the order of shuffled arrays. */
  pass(epoch: number): AsyncIterator<Batch>
}

/** True for data that yields batches itself; arrays, tensors and dictionaries do not. */
export function isBatchData(value: unknown): value is BatchData {
  if (typeof value === 'function') return true
  if (value === null || typeof value !== 'object') return false
  if (value instanceof Tensor || value instanceof Variable || Array.isArray(value) || ArrayBuffer.isView(value))
    return false
  return Symbol.asyncIterator in value || Symbol.iterator in value
}

/** Rows on the host: what arrays are turned into before they are cut into batches. A class, so that it is a leaf of structures. */
export class HostArray {
  readonly data: TypedArray
  readonly shape: Shape
  readonly dtype: DType

  constructor(data: TypedArray, shape: Shape, dtype: DType) {
    this.data = data
    this.shape = shape
    this.dtype = dtype
  }
}

/**
 * Copies arrays to the host. A list counts as several arrays if it holds tensors, or if `count` (the number of inputs or
 * outputs of the model) says so; else it is one nested array.
 * @throws ArgumentError for scalars and for what is no array.
 */
export async function readArrays(where: string, value: unknown, count: number | null): Promise<Nested<HostArray>> {
  if (isDict(value)) {
    const entries: [string, Nested<HostArray>][] = []
    for (const [key, item] of Object.entries(value))
      entries.push([key, await readArrays(`${where}.${key}`, item, null)])
    return Object.fromEntries(entries)
  }
  if (Array.isArray(value) && isListOfArrays(value, count)) {
    const list: Nested<HostArray>[] = []
    for (const [i, item] of value.entries()) list.push(await readArrays(`${where}[${i}]`, item, null))
    return list
  }
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'string') {
    throw new ArgumentError(
      problem({ where, expected: 'a tensor, a typed array, nested arrays or a dataset', received: value }),
    )
  }
  const made = toTensor(value as TensorLike, undefined, where)
  if (made.shape.length === 0) {
    throw new ArgumentError(
      problem({ where, expected: 'data with samples along the first axis', received: 'a scalar' }),
    )
  }
  return new HostArray(await made.data(), made.shape, made.dtype)
}

function isListOfArrays(list: readonly unknown[], count: number | null): boolean {
  if (list.length === 0) return false
  if (list.every((item) => item instanceof Tensor || item instanceof Variable)) return true
  return count !== null && count > 1 && list.length === count && list.every((item) => typeof item === 'object')
}

/** The number of samples. @throws ArgumentError if the arrays disagree. */
export function countSamples(where: string, parts: Readonly<Record<string, Nested<HostArray> | undefined>>): number {
  let samples: number | null = null
  const counts: string[] = []
  let equal = true
  for (const [name, part] of Object.entries(parts)) {
    for (const { shape } of flatten(part)) {
      counts.push(`${name} ${shape[0]}`)
      samples ??= shape[0]!
      if (shape[0] !== samples) equal = false
    }
  }
  if (equal && samples !== null) return samples
  throw new ArgumentError(
    problem({ where, expected: 'the same number of samples in all arrays', received: counts.join(', ') }),
  )
}

/** Rows `[from, to)` of every array. */
export function sliceRows(arrays: Nested<HostArray>, from: number, to: number): Nested<HostArray> {
  return mapTree(arrays, ({ data, shape, dtype }) => {
    const row = sizeOf(shape.slice(1))
    return new HostArray(data.subarray(from * row, to * row), [to - from, ...shape.slice(1)], dtype)
  })
}

/** The rows `order[from…to)`, copied together. */
export function takeRows(arrays: Nested<HostArray>, order: Int32Array, from: number, to: number): Nested<Tensor> {
  return mapTree(arrays, ({ data, shape, dtype }) => {
    const row = sizeOf(shape.slice(1))
    const rows = new (data.constructor as new (size: number) => TypedArray)((to - from) * row)
    for (let i = from; i < to; i++) {
      const start = order[i]! * row
      rows.set(data.subarray(start, start + row), (i - from) * row)
    }
    return tensor(rows, { shape: [to - from, ...shape.slice(1)], dtype })
  })
}

/** Host arrays as tensors. */
export function toTensors(arrays: Nested<HostArray>): Nested<Tensor> {
  return mapTree(arrays, ({ data, shape, dtype }) => tensor(data, { shape, dtype }))
}

/**
 * A dataset's element as a batch.
 * @throws ArgumentError for more than three parts.
 */
export function toBatch(where: string, element: unknown): Batch {
  const parts = isTuple(element) ? element : [element]
  if (parts.length === 0 || parts.length > 3) {
    const expected = 'elements x, [x, y] or [x, y, sampleWeight]'
    throw new ArgumentError(problem({ where, expected, received: `a list of ${parts.length}` }))
  }
  const [x, y, sampleWeight] = parts
  return { x: tensorsOf(where, x)!, y: tensorsOf(where, y), sampleWeight: tensorsOf(where, sampleWeight) }
}

/** A top-level list is a tuple, unless it holds plain numbers. */
function isTuple(element: unknown): element is readonly unknown[] {
  return Array.isArray(element) && !element.some((item) => typeof item === 'number' || typeof item === 'boolean')
}

function tensorsOf(where: string, value: unknown): Nested<Tensor> | undefined {
  if (value === null || value === undefined) return undefined
  if (isDict(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tensorsOf(where, item)!]))
  if (Array.isArray(value) && value.length > 0 && value.every((item) => item instanceof Tensor)) return value
  return toTensor(value as TensorLike, undefined, `${where}, data`)
}

/** The number of samples of a batch: the first dimension of its first array. */
export function batchSize(batch: Batch): number {
  return flatten(batch.x)[0]?.shape[0] ?? 0
}
