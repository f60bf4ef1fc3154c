// Elements of datasets: tensors in tuples and records; stacking them into batches and taking them apart.
import { ArgumentError, ShapeError, problem } from '../errors.ts'
import { allocate, sameShape, showShape, sizeOf } from '../graph/types.ts'
import type { TypedArray } from '../graph/types.ts'
import { toTensor } from '../ops/convert.ts'
import { tensor, Tensor } from '../ops/index.ts'
import type { TensorLike } from '../ops/index.ts'
import type { Element } from './element-types.ts'

export type { Element, ElementLike } from './element-types.ts'

/** A leaf is whatever is neither a tuple nor a plain record. */
function isTuple(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && !isNumbers(value)
}
function isNumbers(value: readonly unknown[]): boolean {
  return value.every(
    (item) => typeof item === 'number' || typeof item === 'boolean' || (Array.isArray(item) && isNumbers(item)),
  )
}
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The same structure with other leaves. */
export function mapLeaves(value: unknown, leaf: (leaf: unknown) => unknown): unknown {
  if (isTuple(value)) return value.map((item) => mapLeaves(item, leaf))
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapLeaves(item, leaf)]))
  return leaf(value)
}

/** Makes tensors of all leaves; text and datasets (of a window) stay. @throws ArgumentError that names `where` for what cannot be one. */
export function toElement(where: string, value: unknown): Element {
  const stays = (leaf: unknown): boolean =>
    leaf instanceof Tensor ||
    typeof leaf === 'string' ||
    (typeof leaf === 'object' && leaf !== null && Symbol.asyncIterator in leaf)
  return mapLeaves(value, (leaf) => (stays(leaf) ? leaf : toTensor(leaf as TensorLike, undefined, where))) as Element
}

export function flatten(value: Element): Tensor[] {
  const leaves: Tensor[] = []
  mapLeaves(value, (leaf) => leaves.push(leaf as Tensor))
  return leaves
}

/** Puts `leaves` (in the order of `flatten`) into the structure of `like`. */
export function rebuild(like: Element, leaves: readonly unknown[]): unknown {
  let at = 0
  return mapLeaves(like, () => leaves[at++]!)
}

/** The i-th slice of a tensor along its first axis, without copying. */
function sliceOf(whole: Tensor, data: TypedArray, i: number): Tensor {
  const shape = whole.shape.slice(1)
  const size = sizeOf(shape)
  return tensor(data.subarray(i * size, (i + 1) * size), { shape, dtype: whole.dtype })
}

/** How `stackPadded` fills up smaller tensors. */
export interface Padding {
  /** One shape for each leaf, or one for all; null: the largest size in the batch. Default: that for every axis. */
  readonly shapes?: readonly (number | null)[] | readonly (readonly (number | null)[])[]
  /** Default 0. */
  readonly value?: number
}

/** Stacks equal elements along a new first axis. @throws ShapeError if shapes, dtypes or structures differ. */
export async function stack(elements: readonly Element[]): Promise<Element> {
  return stackLeaves('Dataset.batch', elements, (shapes, _leaf, fail) => {
    for (const shape of shapes)
      if (!sameShape(shape, shapes[0]!)) fail(`tensors of shape [${shapes[0]!.join(', ')}]`, shape)
    return shapes[0]!
  })
}

/** Stacks elements of one rank, filled up behind to a common shape. @throws ShapeError for an element that does not fit. */
export async function stackPadded(
  elements: readonly Element[],
  { shapes: wanted, value = 0 }: Padding,
): Promise<Element> {
  const perLeaf = wanted !== undefined && Array.isArray(wanted[0])
  const target: ShapeRule = (shapes, leaf, fail) => {
    const own = (perLeaf ? wanted[leaf] : wanted) as readonly (number | null)[] | undefined
    const rank = own?.length ?? shapes[0]!.length
    for (const shape of shapes) if (shape.length !== rank) fail(`tensors of rank ${rank}`, shape)
    const largest = Array.from({ length: rank }, (_, axis) => Math.max(...shapes.map((shape) => shape[axis]!)))
    const common = largest.map((size, axis) => own?.[axis] ?? size)
    for (const shape of shapes)
      if (shape.some((size, axis) => size > common[axis]!)) fail(`tensors of at most [${common.join(', ')}]`, shape)
    return common
  }
  return stackLeaves('Dataset.paddedBatch', elements, target, value)
}

type Fail = (expected: string, received: readonly number[]) => never
/** The common shape of a leaf's tensors. */
type ShapeRule = (shapes: readonly (readonly number[])[], leaf: number, fail: Fail) => readonly number[]

async function stackLeaves(where: string, elements: readonly Element[], target: ShapeRule, fill = 0): Promise<Element> {
  const hint = 'Bring elements to one form in a map before batching'
  const fail = (expected: string, received: unknown): never => {
    throw new ShapeError(problem({ where, expected, received, hint }))
  }
  const rows = elements.map(flatten)
  const models = rows[0]!
  for (const leaf of rows.flat()) if (!(leaf instanceof Tensor)) fail('tensors', leaf)
  for (const row of rows) if (row.length !== models.length) fail(`elements of ${models.length} tensors`, row.length)
  const stacked = models.map(async ({ dtype }, leaf) => {
    const parts = rows.map((row) => row[leaf]!)
    for (const part of parts) if (part.dtype !== dtype) fail(`tensors of dtype ${dtype}`, part.dtype)
    const shapes = parts.map((part) => part.shape)
    const shape = target(shapes, leaf, fail)
    const size = sizeOf(shape)
    const out = allocate(dtype, size * parts.length)
    if (fill !== 0) out.fill(fill)
    const datas = await Promise.all(parts.map((part) => part.data()))
    datas.forEach((data, i) => place(data, shapes[i]!, out.subarray(i * size, (i + 1) * size), shape))
    return tensor(out, { shape: [parts.length, ...shape], dtype })
  })
  return rebuild(elements[0]!, await Promise.all(stacked)) as Element
}

/** Copies a tensor to the front corner of a larger one. */
function place(data: TypedArray, from: readonly number[], out: TypedArray, to: readonly number[]): void {
  if (sameShape(from, to)) {
    out.set(data)
    return
  }
  const [inner, outer] = [sizeOf(from.slice(1)), sizeOf(to.slice(1))]
  for (let i = 0; i < from[0]!; i++)
    place(
      data.subarray(i * inner, (i + 1) * inner),
      from.slice(1),
      out.subarray(i * outer, (i + 1) * outer),
      to.slice(1),
    )
}

/** The elements that were stacked. @throws ArgumentError unless all tensors have the same first dim. */
export async function unstack(element: Element): Promise<Element[]> {
  const leaves = flatten(element)
  const count = commonLength('Dataset.unbatch', leaves)
  const hosts = await Promise.all(leaves.map((leaf) => leaf.data()))
  return Array.from({ length: count }, (_, i) => takeSlice(element, leaves, hosts, i))
}

/** The first dim that all tensors share. @throws ArgumentError if there is none. */
export function commonLength(where: string, leaves: readonly Tensor[]): number {
  const [length] = leaves.map((leaf) => leaf.shape[0])
  if (length !== undefined && leaves.every((leaf) => leaf.shape[0] === length)) return length
  const received = leaves.length === 0 ? 'none' : leaves.map((leaf) => showShape(leaf.shape)).join(' and ')
  const expected = 'tensors with the same number of samples, their first dim'
  throw new ArgumentError(problem({ where, expected, received }))
}

/** The i-th slices of an element's tensors, whose content is `hosts`. */
export function takeSlice(
  element: Element,
  leaves: readonly Tensor[],
  hosts: readonly TypedArray[],
  i: number,
): Element {
  const slices = leaves.map((leaf, k) => sliceOf(leaf, hosts[k]!, i))
  return rebuild(element, slices) as Element
}

/** Shapes, dtypes and values as text: equal for equal elements only. */
export async function contentOf(element: Element): Promise<string> {
  const parts = flatten(element).map(async (leaf) => {
    const { buffer, byteOffset, byteLength } = await leaf.data()
    return `${leaf.toString()}:${Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')}`
  })
  return (await Promise.all(parts)).join('|')
}
