// Walks over row-major arrays with strides: what broadcasting, transposing, slicing and padding have in common.
import type { DType, Shape, TypedArray } from '../../graph/types.ts'
import { sizeOf, stridesOf } from '../../graph/types.ts'
import { allocateResult } from './storage.ts'

/** Strides that read an array of `shape` as if it were broadcast to `target`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape)
  const missing = target.length - shape.length
  return target.map((_, i) => (i < missing || shape[i - missing] === 1 ? 0 : own[i - missing]!))
}

export interface Walk {
  /** Elements in a row, the innermost loop. */
  readonly length: number
  /** For each operand: where each row starts. */
  readonly starts: readonly Int32Array[]
  /** For each operand: the step between neighbours of a row. */
  readonly steps: readonly number[]
}

/**
 * The rows of a row-major walk over `shape`, seen by operands with the given strides.
 * Axes that all operands can walk as one are merged, so that rows are as long as possible. Not for empty shapes.
 */
export function walk(shape: Shape, operands: readonly (readonly number[])[]): Walk {
  const dims: number[] = []
  const strides: number[][] = operands.map(() => [])
  shape.forEach((dim, axis) => {
    if (dim === 1) return
    const last = dims.length - 1
    const merges = last >= 0 && operands.every((operand, k) => strides[k]![last] === operand[axis]! * dim)
    if (merges) dims[last] = dims[last]! * dim
    else dims.push(dim)
    operands.forEach((operand, k) => {
      if (merges) strides[k]![last] = operand[axis]!
      else strides[k]!.push(operand[axis]!)
    })
  })
  const length = dims.pop() ?? 1
  const steps = strides.map((list) => list.pop() ?? 0)
  return { length, steps, starts: strides.map((list) => rowStarts(dims, list)) }
}

function rowStarts(dims: readonly number[], strides: readonly number[]): Int32Array {
  const starts = new Int32Array(sizeOf(dims))
  // Doubles the filled part axis by axis, innermost first.
  let filled = 1
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    for (let i = 1; i < dims[axis]!; i++) {
      const shift = i * strides[axis]!
      for (let j = 0; j < filled; j++) starts[i * filled + j] = starts[j]! + shift
    }
    filled *= dims[axis]!
  }
  return starts
}

/** Gathers `shape` elements of `source`, beginning at `offset` with the given strides (possibly 0 or negative). */
export function readStrided(
  source: TypedArray,
  dtype: DType,
  shape: Shape,
  strides: readonly number[],
  offset = 0,
): TypedArray {
  const out = allocateResult(dtype, sizeOf(shape))
  if (out.length === 0) return out
  const { length, starts, steps } = walk(shape, [strides])
  const rows = starts[0]!
  const step = steps[0]!
  let at = 0
  for (const start of rows) {
    let from = start + offset
    for (let i = 0; i < length; i++, from += step) out[at++] = source[from]!
  }
  return out
}

/** Scatters all of `source`, of shape `shape`, into `target`, beginning at `offset` with the given strides. */
export function writeStrided(
  target: TypedArray,
  source: TypedArray,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): void {
  if (source.length === 0) return
  const { length, starts, steps } = walk(shape, [strides])
  const rows = starts[0]!
  const step = steps[0]!
  let at = 0
  for (const start of rows) {
    let to = start + offset
    for (let i = 0; i < length; i++, to += step) target[to] = source[at++]!
  }
}
