// Reductions over axes, accumulated in float64.
import type { Shape, TypedArray } from '../../graph/types.ts'
import { sizeOf, stridesOf } from '../../graph/types.ts'
import type { Kernel, Kernels } from './kernel.ts'
import { allocateResult } from './storage.ts'
import { walk } from './strided.ts'
import type { Walk } from './strided.ts'

/** Where each element of a row-major walk over `shape` lands among the results: stride 0 along the reduced axes. */
function resultWalk(shape: Shape, axes: readonly number[]): Walk {
  const kept = shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
  const strides = stridesOf(kept).map((stride, i) => (axes.includes(i) ? 0 : stride))
  // The second operand is the input itself: only axes that both can walk as one may merge.
  return walk(shape, [strides, stridesOf(shape)])
}

/** Folds each element of `x` into the total of its result by `combine`. */
function accumulate(
  x: TypedArray,
  totals: Float64Array,
  rows: Walk,
  combine: (total: number, x: number) => number,
): void {
  const starts = rows.starts[0]!
  const step = rows.steps[0]!
  let at = 0
  for (const start of starts) {
    let to = start
    for (let i = 0; i < rows.length; i++, to += step) totals[to] = combine(totals[to]!, x[at++]!)
  }
}

type Reduction = 'reduceSum' | 'reduceMax' | 'reduceMin'

/** `start` is the result for an empty range; stored into int32 the infinities become the ends of its range. */
function reduction<P extends Reduction>(start: number, combine: (total: number, x: number) => number): Kernel<P> {
  return (node, [x]) => {
    const first = node.dtype === 'int32' ? Math.min(Math.max(start, -(2 ** 31)), 2 ** 31 - 1) : start
    const out = allocateResult(node.dtype, sizeOf(node.shape))
    const totals = new Float64Array(out.length).fill(first)
    if (x!.length > 0) accumulate(x!, totals, resultWalk(node.inputs[0]!.shape, node.attrs.axes), combine)
    // Integer sums wrap here.
    out.set(totals)
    return out
  }
}

/** Splits a shape around an axis: elements before it, along it, and after it. */
export function aroundAxis(shape: Shape, axis: number): [outer: number, count: number, inner: number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))]
}

export const reductionKernels: Kernels<Reduction | 'argMax' | 'moments'> = {
  reduceSum: reduction(0, (total, x) => total + x),
  // Math.max and Math.min keep NaN.
  reduceMax: reduction(-Infinity, Math.max),
  reduceMin: reduction(Infinity, Math.min),
  // NaN counts as largest, as in NumPy and in argSort.
  argMax: (node, [x]) => {
    const [outer, count, inner] = aroundAxis(node.inputs[0]!.shape, node.attrs.axis)
    const out = allocateResult('int32', outer * inner)
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let best = 0
        let largest = x![o * count * inner + i]!
        for (let k = 1; k < count && !Number.isNaN(largest); k++) {
          const value = x![(o * count + k) * inner + i]!
          if (value > largest || Number.isNaN(value)) {
            best = k
            largest = value
          }
        }
        out[o * inner + i] = best
      }
    }
    return out
  },
  // Two passes: the mean first, then the mean square distance from it, so that large means cost no digits.
  moments: (node, [x]) => {
    const { shape } = node.inputs[0]!
    const out = allocateResult('float32', sizeOf(node.shape))
    const results = out.length / 2
    const count = sizeOf(node.attrs.axes.map((axis) => shape[axis]!))
    const means = new Float64Array(results)
    const variances = new Float64Array(results)
    if (x!.length > 0) {
      const rows = resultWalk(shape, node.attrs.axes)
      accumulate(x!, means, rows, (total, value) => total + value)
      for (let i = 0; i < results; i++) means[i] = means[i]! / count
      accumulateSquares(x!, means, variances, rows)
    } else if (count === 0) means.fill(NaN)
    for (let i = 0; i < results; i++) {
      out[i] = means[i]!
      out[results + i] = variances[i]! / count
    }
    return out
  },
}

function accumulateSquares(x: TypedArray, means: Float64Array, totals: Float64Array, rows: Walk): void {
  const step = rows.steps[0]!
  let at = 0
  for (const start of rows.starts[0]!) {
    let to = start
    for (let i = 0; i < rows.length; i++, to += step) {
      const distance = x[at++]! - means[to]!
      totals[to] = totals[to]! + distance * distance
    }
  }
}
