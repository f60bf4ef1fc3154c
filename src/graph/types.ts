// Shapes, dtypes and host arrays: the vocabulary that every folder shares.

/** Element types that a graph can hold. */
export type DType = 'float32' | 'int32' | 'uint8' | 'bool'
/** A concrete shape, row-major, channels last. */
export type Shape = readonly number[]
/** Host storage of a tensor; bool is stored as bytes 0 and 1. */
export type TypedArray = Float32Array | Int32Array | Uint8Array

export interface TensorType {
  readonly shape: Shape
  readonly dtype: DType
}

/** Bytes that one element takes. */
export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int32: 4, uint8: 1, bool: 1 }

/** Number of elements of a shape (1 for a scalar). */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const dim of shape) size *= dim
  return size
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i])
}

/** `(2, 3)`, `(4,)`, `()`: the way Keras prints shapes. */
export function showShape(shape: readonly (number | null)[]): string {
  const dims = shape.map((dim) => (dim === null ? 'None' : String(dim)))
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`
}

/** A zeroed host array for `count` elements. */
export function allocate(dtype: DType, count: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(count)
    case 'int32':
      return new Int32Array(count)
    case 'uint8':
    case 'bool':
      return new Uint8Array(count)
  }
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride
    stride *= shape[i]!
  }
  return strides
}

/** NumPy's broadcast of two shapes, or null where they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length)
  const out = new Array<number>(rank)
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1
    const y = b[b.length - i] ?? 1
    if (x !== y && x !== 1 && y !== 1) return null
    out[rank - i] = x === 1 ? y : x
  }
  return out
}
