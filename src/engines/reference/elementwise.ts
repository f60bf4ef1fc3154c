// Elementwise kernels: computed in float64, rounded once when stored.
import type { ElementwiseName } from '../../graph/primitives.ts'
import type { DType, TypedArray } from '../../graph/types.ts'
import { sameShape, sizeOf } from '../../graph/types.ts'
import type { Kernel, Kernels } from './kernel.ts'
import { erf, floorMod, ieeePow, roundHalfToEven } from './scalar-math.ts'
import { allocateResult } from './storage.ts'
import { broadcastStrides, walk } from './strided.ts'

function unary<P extends ElementwiseName>(fn: (x: number) => number): Kernel<P> {
  return (node, inputs) => {
    const x = inputs[0]!
    const out = allocateResult(node.dtype, x.length)
    for (let i = 0; i < out.length; i++) out[i] = fn(x[i]!)
    return out
  }
}

function binary<P extends ElementwiseName>(fn: (a: number, b: number) => number): Kernel<P> {
  return (node, inputs) => {
    const a = inputs[0]!
    const b = inputs[1]!
    const [typeA, typeB] = [node.inputs[0]!, node.inputs[1]!]
    if (sameShape(typeA.shape, typeB.shape)) {
      const out = allocateResult(node.dtype, a.length)
      for (let i = 0; i < out.length; i++) out[i] = fn(a[i]!, b[i]!)
      return out
    }
    const strides = [broadcastStrides(typeA.shape, node.shape), broadcastStrides(typeB.shape, node.shape)]
    const out = allocateResult(node.dtype, sizeOf(node.shape))
    if (out.length === 0) return out
    const { length, starts, steps } = walk(node.shape, strides)
    const [startsA, startsB] = [starts[0]!, starts[1]!]
    const [stepA, stepB] = [steps[0]!, steps[1]!]
    let at = 0
    for (let row = 0; row < startsA.length; row++) {
      let fromA = startsA[row]!
      let fromB = startsB[row]!
      for (let i = 0; i < length; i++, fromA += stepA, fromB += stepB) out[at++] = fn(a[fromA]!, b[fromB]!)
    }
    return out
  }
}

/** A comparison that says yes as 1. All comparisons with NaN but notEqual are false. */
const test = <P extends ElementwiseName>(fn: (a: number, b: number) => boolean): Kernel<P> =>
  binary((a, b) => (fn(a, b) ? 1 : 0))

const multiply = binary<'mul'>((a, b) => a * b)
// A float64 product of two int32 can lose its low bits; imul wraps as machines do.
const multiplyInt = binary<'mul'>(Math.imul)

const lowest: Readonly<Record<'int32' | 'uint8', number>> = { int32: -(2 ** 31), uint8: 0 }
const highest: Readonly<Record<'int32' | 'uint8', number>> = { int32: 2 ** 31 - 1, uint8: 255 }

/**
 * How one element changes its dtype: float32 to an integer drops the fraction, keeps within the integer's range and makes NaN 0;
 * int32 to uint8 keeps the low eight bits; anything to bool is "not zero" (so NaN is true).
 */
function converter(from: DType, to: DType): (x: number) => number {
  if (to === 'bool') return (x) => (x === 0 ? 0 : 1)
  if (from === 'float32' && (to === 'int32' || to === 'uint8')) {
    const [low, high] = [lowest[to], highest[to]]
    return (x) => (Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, low), high)))
  }
  // Storing into the narrower array rounds to float32 or wraps.
  return (x) => x
}

function select(
  condition: TypedArray,
  a: TypedArray,
  b: TypedArray,
  out: TypedArray,
  rows: ReturnType<typeof walk>,
): void {
  const [startsC, startsA, startsB] = rows.starts as [Int32Array, Int32Array, Int32Array]
  const [stepC, stepA, stepB] = rows.steps as [number, number, number]
  let at = 0
  for (let row = 0; row < startsC.length; row++) {
    for (let i = 0; i < rows.length; i++) {
      out[at++] = condition[startsC[row]! + i * stepC]! ? a[startsA[row]! + i * stepA]! : b[startsB[row]! + i * stepB]!
    }
  }
}

export const elementwiseKernels: Kernels<ElementwiseName | 'stopGradient'> = {
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  sqrt: unary(Math.sqrt),
  rsqrt: unary((x) => 1 / Math.sqrt(x)),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  erf: unary(erf),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(roundHalfToEven),
  isFinite: unary((x) => (Number.isFinite(x) ? 1 : 0)),
  not: unary((x) => (x === 0 ? 1 : 0)),
  clamp: (node, [x]) => {
    // As float32, like the results: the derivative compares the two.
    const low = Math.fround(node.attrs.low)
    const high = Math.fround(node.attrs.high)
    const out = allocateResult(node.dtype, x!.length)
    for (let i = 0; i < out.length; i++) {
      const value = x![i]!
      // NaN is neither smaller nor larger, and stays.
      out[i] = value < low ? low : value > high ? high : value
    }
    return out
  },
  cast: (node, [x]) => {
    const convert = converter(node.inputs[0]!.dtype, node.dtype)
    const out = allocateResult(node.dtype, x!.length)
    for (let i = 0; i < out.length; i++) out[i] = convert(x![i]!)
    return out
  },
  stopGradient: (_node, [x]) => x!,

  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: (node, inputs) => (node.dtype === 'int32' ? multiplyInt : multiply)(node, inputs),
  div: binary((a, b) => a / b),
  pow: binary(ieeePow),
  mod: binary(floorMod),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  equal: test((a, b) => a === b),
  notEqual: test((a, b) => a !== b),
  less: test((a, b) => a < b),
  lessEqual: test((a, b) => a <= b),
  and: test((a, b) => a !== 0 && b !== 0),
  or: test((a, b) => a !== 0 || b !== 0),
  select: (node, [condition, a, b]) => {
    const strides = node.inputs.map((input) => broadcastStrides(input.shape, node.shape))
    const out = allocateResult(node.dtype, sizeOf(node.shape))
    if (out.length > 0) select(condition!, a!, b!, out, walk(node.shape, strides))
    return out
  },
}
