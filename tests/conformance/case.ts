// What a conformance case is: inputs, the nodes to compute from them, and what is known about the values.
import { makeNode } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import type { Attrs, PrimitiveName } from '../../src/graph/primitives.ts'
import type { DType, Shape, TensorType, TypedArray } from '../../src/graph/types.ts'
import { sizeOf } from '../../src/graph/types.ts'

export interface Tensor extends TensorType {
  readonly data: TypedArray
}

export interface Case {
  readonly name: string
  readonly inputs: readonly Tensor[]
  /** The outputs, computed from one leaf for each input. */
  readonly build: (leaves: readonly Node[]) => readonly Node[]
  /** The outputs' values, written down or computed in the simplest way. Else the reference engine is the only authority. */
  readonly expected?: readonly ArrayLike<number>[]
  /** The first output's shape and dtype, where the case is about them. */
  readonly type?: TensorType
  /** Allowed error relative to max(1, |value|); default 1e-5. */
  readonly tolerance?: number
  /** Inputs whose gradients are compared with differences; default: all float32 inputs. None where values sit on a kink. */
  readonly gradients?: readonly number[]
}

/** What sums many terms may be off by. */
export const accumulated = 1e-4

type Rest = Omit<Case, 'name' | 'inputs' | 'build'>

/** A case of one primitive applied to the inputs. */
export function caseOf<P extends PrimitiveName>(
  name: string,
  op: P,
  inputs: readonly Tensor[],
  attrs: Attrs<P>,
  rest: Rest = {},
): Case {
  return { name, inputs, build: (leaves) => [makeNode(op, leaves, attrs)], ...rest }
}

export function float(shape: Shape, values: ArrayLike<number>): Tensor {
  return tensor('float32', shape, Float32Array.from(values))
}
export function int(shape: Shape, values: ArrayLike<number>): Tensor {
  return tensor('int32', shape, Int32Array.from(values))
}
export function bytes(shape: Shape, values: ArrayLike<number>): Tensor {
  return tensor('uint8', shape, Uint8Array.from(values))
}
export function bool(shape: Shape, values: ArrayLike<number>): Tensor {
  return tensor('bool', shape, Uint8Array.from(values))
}
/** A list of float32. */
export const vector = (...values: number[]): Tensor => float([values.length], values)

function tensor(dtype: DType, shape: Shape, data: TypedArray): Tensor {
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} values for ${sizeOf(shape)} elements`)
  return { dtype, shape, data }
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function generator(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Uniform random values in [low, high). */
export function random(shape: Shape, seed = 1, low = -1, high = 1): Tensor {
  const next = generator(seed)
  return float(
    shape,
    Array.from({ length: sizeOf(shape) }, () => low + (high - low) * next()),
  )
}

/** Uniform random integers in [low, high). */
export function randomInts(shape: Shape, low: number, high: number, seed = 1): Tensor {
  const next = generator(seed)
  return int(
    shape,
    Array.from({ length: sizeOf(shape) }, () => Math.floor(low + (high - low) * next())),
  )
}

/** Random values all different by at least 0.01, in random order: no ties and no kinks. */
export function distinct(shape: Shape, seed = 1): Tensor {
  const count = sizeOf(shape)
  const next = generator(seed)
  const order = Array.from({ length: count }, (_, i) => ({ i, key: next() })).sort((a, b) => a.key - b.key)
  return float(
    shape,
    order.map(({ i }) => (i - count / 2) * 0.01 + 0.003),
  )
}
