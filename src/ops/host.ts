// Host data to one flat typed array with a shape and a dtype.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { allocate } from '../graph/types.ts'
import type { DType, TypedArray } from '../graph/types.ts'

/** Arrays in arrays of numbers or booleans; the innermost may be typed arrays. */
export type NestedData = number | boolean | TypedArray | Uint8ClampedArray | readonly NestedData[]

export interface HostArray {
  readonly data: TypedArray
  readonly dtype: DType
}

/** A typed array in the storage of `dtype` (default: its own); converted, and so copied, only where needed. */
export function hostArray(source: ArrayBufferView, dtype: DType | undefined, where: string): HostArray {
  // A Buffer too: its `slice` does not copy.
  const bytes =
    source instanceof Uint8ClampedArray || (source instanceof Uint8Array && source.constructor !== Uint8Array)
  const array = bytes ? bytesOf(source) : source
  const own = dtypeOf(array)
  if (own === null) {
    throw new ArgumentError(
      problem({
        where,
        expected: 'a Float32Array, Int32Array or Uint8Array',
        received: source.constructor.name,
        hint:
          source instanceof Float64Array
            ? 'There is no float64 here; convert with Float32Array.from(values)'
            : 'Convert it first, e.g. with Int32Array.from(values)',
      }),
    )
  }
  const data = array as TypedArray
  if (dtype === undefined || dtype === own) return { data, dtype: own }
  return { data: convert(data, dtype), dtype }
}

function bytesOf(array: Uint8ClampedArray | Uint8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.length)
}

function dtypeOf(array: ArrayBufferView): DType | null {
  if (array instanceof Float32Array) return 'float32'
  if (array instanceof Int32Array) return 'int32'
  return array instanceof Uint8Array ? 'uint8' : null
}

/** As the primitive `cast` does: to integers drops the fraction and keeps within the range; to bool is "not zero". */
function convert(data: ArrayLike<number>, dtype: DType): TypedArray {
  const out = allocate(dtype, data.length)
  const [low, high] = dtype === 'uint8' ? [0, 255] : [-(2 ** 31), 2 ** 31 - 1]
  for (let i = 0; i < out.length; i++) {
    const value = data[i]!
    if (dtype === 'float32') out[i] = value
    else if (dtype === 'bool') out[i] = value === 0 ? 0 : 1
    else if (data instanceof Int32Array) out[i] = value
    else out[i] = Number.isNaN(value) ? 0 : Math.trunc(Math.min(Math.max(value, low), high))
  }
  return out
}

/**
 * Nested arrays to one flat array and its shape. Numbers give float32, booleans bool, typed arrays their own dtype.
 * @throws ShapeError for ragged arrays; ArgumentError for other elements, or a mixture.
 */
export function flattenNested(
  value: readonly NestedData[],
  dtype: DType | undefined,
  where: string,
): HostArray & { shape: number[] } {
  const shape: number[] = []
  for (let level: NestedData = value; isArrayLike(level);) {
    shape.push(level.length)
    if (ArrayBuffer.isView(level) || level.length === 0) break
    level = level[0]!
  }
  const flat: number[] = []
  const kinds = new Set<DType>()
  const walk = (item: NestedData, depth: number): void => {
    if (isArrayLike(item)) {
      if (shape[depth] !== item.length)
        throw ragged(where, `length ${shape[depth] ?? 'of a number'}`, `length ${item.length}`)
      if (ArrayBuffer.isView(item)) {
        kinds.add(hostArray(item, undefined, where).dtype)
        for (const element of item) flat.push(element)
      } else for (const inner of item) walk(inner, depth + 1)
      return
    }
    if (depth !== shape.length) throw ragged(where, `arrays of length ${shape[depth]!}`, String(item))
    if (typeof item === 'number') kinds.add('float32')
    else if (typeof item === 'boolean') kinds.add('bool')
    else {
      throw new ArgumentError(
        problem({
          where,
          expected: 'numbers or booleans in the arrays',
          received: item,
          hint: typeof item === 'string' ? 'Turn texts into numbers first' : 'Use stack() for tensors',
        }),
      )
    }
    flat.push(Number(item))
  }
  walk(value, 0)
  if (kinds.size > 1) {
    throw new ArgumentError(problem({ where, expected: 'elements of one kind', received: [...kinds].join(' and ') }))
  }
  const [own = 'float32'] = kinds
  const target = dtype ?? own
  return { data: convert(flat, target), dtype: target, shape }
}

function isArrayLike(value: NestedData): value is TypedArray | Uint8ClampedArray | readonly NestedData[] {
  return Array.isArray(value) || ArrayBuffer.isView(value)
}

function ragged(where: string, expected: string, received: string): ShapeError {
  return new ShapeError(problem({ where, expected: `nested arrays of equal lengths (${expected})`, received }))
}
