// Short makers of the nodes that derivative rules and passes are written with.
import { makeNode } from './node.ts'
import type { Node } from './node.ts'
import type { DType, Shape } from './types.ts'
import { sameShape } from './types.ts'

/** A constant of shape (). */
export function scalar(value: number, dtype: DType = 'float32'): Node<'constant'> {
  const data =
    dtype === 'float32' ? Float32Array.of(value) : dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value)
  return makeNode('constant', [], { data, shape: [], dtype })
}

/** Zeros of any shape, stored as one number. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Node {
  return broadcastTo(scalar(0, dtype), shape)
}

export const neg = (x: Node): Node => makeNode('neg', [x], {})
export const add = (a: Node, b: Node): Node => makeNode('add', [a, b], {})
export const sub = (a: Node, b: Node): Node => makeNode('sub', [a, b], {})
export const mul = (a: Node, b: Node): Node => makeNode('mul', [a, b], {})
export const div = (a: Node, b: Node): Node => makeNode('div', [a, b], {})
export const less = (a: Node, b: Node): Node => makeNode('less', [a, b], {})
export const lessEqual = (a: Node, b: Node): Node => makeNode('lessEqual', [a, b], {})
export const equal = (a: Node, b: Node): Node => makeNode('equal', [a, b], {})
export const select = (condition: Node, a: Node, b: Node): Node => makeNode('select', [condition, a, b], {})
export const cast = (x: Node, dtype: DType): Node => (x.dtype === dtype ? x : makeNode('cast', [x], { dtype }))

export function reshape(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : makeNode('reshape', [x], { shape })
}

export function broadcastTo(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : makeNode('broadcast', [x], { shape })
}

export function reduceSum(x: Node, axes: readonly number[], keepDims = false): Node {
  return axes.length === 0 ? x : makeNode('reduceSum', [x], { axes, keepDims })
}

/** The transpose of a broadcast: sums `x` over the axes along which `shape` was repeated. */
export function sumTo(x: Node, shape: Shape): Node {
  const extra = x.shape.length - shape.length
  const axes: number[] = []
  x.shape.forEach((dim, i) => {
    if (i < extra || (shape[i - extra] === 1 && dim !== 1)) axes.push(i)
  })
  return reshape(reduceSum(x, axes), shape)
}

/** A block of `x` with stride 1. */
export function slice(
  x: Node,
  starts: readonly number[],
  limits: readonly number[],
  strides: readonly number[] = x.shape.map(() => 1),
): Node {
  return makeNode('slice', [x], { starts, limits, strides })
}

/** `x[index]` along the first axis, which is removed. */
export function pick(x: Node, index: number): Node {
  const starts = x.shape.map((_, i) => (i === 0 ? index : 0))
  const limits = x.shape.map((dim, i) => (i === 0 ? index + 1 : dim))
  return reshape(slice(x, starts, limits), x.shape.slice(1))
}

/** True if every element of a constant equals `value`. */
export function isFilledWith(node: Node, value: number): boolean {
  if (node.op === 'broadcast' || node.op === 'reshape') return isFilledWith(node.inputs[0]!, value)
  if (node.op !== 'constant') return false
  const { data } = (node as Node<'constant'>).attrs
  // Long constants are weights, not fillers.
  return data.length > 0 && data.length <= 4096 && data.every((element) => element === value)
}
