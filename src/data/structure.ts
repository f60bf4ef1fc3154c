// Elements of datasets: tensors in tuples and records; stacking them into batches and taking them apart.
import { ShapeError, problem } from '../errors.ts'
import { allocate, sameShape, sizeOf } from '../graph/types.ts'
import type { TypedArray } from '../graph/types.ts'
import { tensor, Tensor } from '../ops/index.ts'

export type Element = Tensor | Element[] | { [key: string]: Element }

/** A leaf is whatever is neither an array of elements nor a plain record. */
function isTuple(value: unknown): value is unknown[] {
  return (
    Array.isArray(value) &&
    !value.every(
      (item) => typeof item === 'number' || typeof item === 'boolean' || (Array.isArray(item) && isNumbers(item)),
    )
  )
}
function isNumbers(value: unknown[]): boolean {
  return value.every(
    (item) => typeof item === 'number' || typeof item === 'boolean' || (Array.isArray(item) && isNumbers(item)),
  )
}
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

export function mapStructure(value: Element, leaf: (leaf: Tensor) => Tensor): Element {
  if (isTuple(value)) return value.map((item) => mapStructure(item as Element, leaf))
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStructure(item as Element, leaf)]))
  return leaf(value as Tensor)
}

export function flatten(value: Element): Tensor[] {
  const leaves: Tensor[] = []
  mapStructure(value, (leaf) => {
    leaves.push(leaf)
    return leaf
  })
  return leaves
}

/** Puts `leaves` (in the order of `flatten`) into the structure of `like`. */
function rebuild(like: Element, leaves: readonly Tensor[]): Element {
  let at = 0
  return mapStructure(like, () => leaves[at++]!)
}

/** The i-th slice of a tensor along its first axis, without copying. */
export function sliceOf(whole: Tensor, data: TypedArray, i: number): Tensor {
  const shape = whole.shape.slice(1)
  const size = sizeOf(shape)
  return tensor(data.subarray(i * size, (i + 1) * size), { shape, dtype: whole.dtype })
}

/** Stacks equal elements along a new first axis. @throws ShapeError if shapes or dtypes differ. */
export async function stack(elements: readonly Element[]): Promise<Element> {
  const rows = elements.map(flatten)
  const [first] = rows
  const stacked = await Promise.all(
    first!.map(async (model, leaf) => {
      const { shape, dtype } = model
      const size = sizeOf(shape)
      const out = allocate(dtype, size * rows.length)
      await Promise.all(
        rows.map(async (row, i) => {
          const part = row[leaf]
          if (part === undefined || !sameShape(part.shape, shape) || part.dtype !== dtype)
            throw new ShapeError(
              problem({
                where: 'Dataset.batch',
                expected: `elements of one shape and dtype (the first: ${dtype} [${shape.join(', ')}])`,
                received: part ? `${part.dtype} [${part.shape.join(', ')}]` : 'an element without this part',
                hint: 'Resize or pad in a map before batching',
              }),
            )
          out.set(await part.data(), i * size)
        }),
      )
      return tensor(out, { shape: [rows.length, ...shape], dtype })
    }),
  )
  return rebuild(elements[0]!, stacked)
}

/** The elements that were stacked. */
export async function unstack(element: Element): Promise<Element[]> {
  const leaves = flatten(element)
  const hosts = await Promise.all(leaves.map((leaf) => leaf.data()))
  const count = leaves[0]?.shape[0] ?? 0
  return Array.from({ length: count }, (_, i) =>
    rebuild(
      element,
      leaves.map((leaf, k) => sliceOf(leaf, hosts[k]!, i)),
    ),
  )
}
