// Where kernels get the arrays for their results; float32 results can be widened to float64 to check derivatives.
import type { DType, TypedArray } from '../../graph/types.ts'
import { allocate } from '../../graph/types.ts'

let wide = false

/** A zeroed array for a kernel's result. */
export function allocateResult(dtype: DType, count: number): TypedArray {
  // Kernels only index their arrays, so the wider type may pass for the narrow one.
  if (wide && dtype === 'float32') return new Float64Array(count) as unknown as Float32Array
  return allocate(dtype, count)
}

/** Runs synchronous `work` with float64 in place of float32 storage: finite differences then mean something. */
export function withFloat64Storage<T>(work: () => T): T {
  const before = wide
  wide = true
  try {
    return work()
  } finally {
    wide = before
  }
}
