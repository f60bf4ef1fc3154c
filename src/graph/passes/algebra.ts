// Algebraic identities: nodes that change nothing go, chains of data movement become one, broadcasts move behind the arithmetic.
// For graphs that are differentiated already: it removes stopGradient and may make two nodes one.
import { broadcastTo, isFilledWith, reshape } from '../build.ts'
import { isOp, makeNode, rewriteGraph, withInputs } from '../node.ts'
import type { Graph, Node } from '../node.ts'
import { isElementwise } from '../primitives.ts'
import type { DType } from '../types.ts'
import { broadcastShapes, sameShape, sizeOf } from '../types.ts'

/** Applies the identities below from the leaves on, each node until none fits. Values change by no more than the sign of a zero. */
export function simplifyAlgebra(graph: Graph): Graph {
  return rewriteGraph(graph, (node, inputs) => {
    let current = withInputs(node, inputs)
    for (;;) {
      const next = step(current)
      if (next === null) return current
      current = next
    }
  })
}

/** One identity applied to `node`, or null. */
function step(node: Node): Node | null {
  const elementwise = isElementwise(node.op) ? (dropBroadcast(node) ?? sinkBroadcast(node)) : null
  return elementwise ?? arithmetic(node) ?? movement(node)
}

/** a op broadcast(b) = a op b where the result has the same shape. */
function dropBroadcast(node: Node): Node | null {
  if (node.inputs.length < 2) return null
  for (let i = 0; i < node.inputs.length; i++) {
    const input = node.inputs[i]!
    if (!isOp(input, 'broadcast')) continue
    const inputs = node.inputs.map((other, k) => (k === i ? input.inputs[0]! : other))
    const shape = inputs.reduce<readonly number[] | null>((s, x) => s && broadcastShapes(s, x.shape), [])
    if (shape !== null && sameShape(shape, node.shape)) return withInputs(node, inputs)
  }
  return null
}

/** op(broadcast(a), s) = broadcast(op(a, s)) where every input is a broadcast or a single element: fewer elements to compute. */
function sinkBroadcast(node: Node): Node | null {
  if (!node.inputs.some((input) => input.op === 'broadcast')) return null
  if (!node.inputs.every((input) => input.op === 'broadcast' || sizeOf(input.shape) === 1)) return null
  const inputs = node.inputs.map((input) => (input.op === 'broadcast' ? input.inputs[0]! : input))
  const small = withInputs(node, inputs)
  return sizeOf(small.shape) < sizeOf(node.shape) ? broadcastTo(small, node.shape) : null
}

/** `x`, if replacing `node` by it changes neither shape nor dtype. */
function same(node: Node, x: Node): Node | null {
  return sameShape(node.shape, x.shape) && node.dtype === x.dtype ? x : null
}

function arithmetic(node: Node): Node | null {
  const [a, b, c] = node.inputs
  switch (node.op) {
    case 'add':
      // x + 0 = x, x + -y = x - y
      if (isFilledWith(b!, 0)) return same(node, a!)
      if (isFilledWith(a!, 0)) return same(node, b!)
      if (isOp(b!, 'neg')) return makeNode('sub', [a!, b.inputs[0]!], {})
      return isOp(a!, 'neg') ? makeNode('sub', [b!, a.inputs[0]!], {}) : null
    case 'sub':
      // x - 0 = x, x - -y = x + y
      if (isFilledWith(b!, 0)) return same(node, a!)
      return isOp(b!, 'neg') ? makeNode('add', [a!, b.inputs[0]!], {}) : null
    case 'mul':
      // x 1 = x
      if (isFilledWith(b!, 1)) return same(node, a!)
      return isFilledWith(a!, 1) ? same(node, b!) : null
    case 'div':
      return isFilledWith(b!, 1) ? same(node, a!) : null
    case 'pow':
      // x^1 = x, x^2 = x x
      if (isFilledWith(b!, 1)) return same(node, a!)
      return isFilledWith(b!, 2) && sameShape(a!.shape, node.shape) ? makeNode('mul', [a!, a!], {}) : null
    case 'neg':
    case 'not':
      return a!.op === node.op ? a!.inputs[0]! : null
    case 'select':
      if (b === c || isFilledWith(a!, 1)) return same(node, b!)
      return isFilledWith(a!, 0) ? same(node, c!) : null
    case 'cast':
      return castStep(node, a!)
    case 'stopGradient':
      return a!
    default:
      return null
  }
}

/** True if every value of `from` is a value of `to`. */
function isWidening(from: DType, to: DType): boolean {
  return from === to || from === 'bool' || (from === 'uint8' && to !== 'bool')
}

function castStep(node: Node, x: Node): Node | null {
  if (node.dtype === x.dtype) return x
  // cast(cast(x)) = cast(x) if the inner one loses nothing
  if (isOp(x, 'cast') && isWidening(x.inputs[0]!.dtype, x.dtype)) {
    return makeNode('cast', [x.inputs[0]!], { dtype: node.dtype })
  }
  return null
}

function movement(node: Node): Node | null {
  const x = node.inputs[0]
  if (x === undefined) return null
  if (isOp(node, 'reshape')) {
    if (isOp(x, 'reshape')) return reshape(x.inputs[0]!, node.shape)
    // A single element spread out may as well be spread to the new shape.
    if (isOp(x, 'broadcast') && sizeOf(x.inputs[0]!.shape) === 1) {
      return broadcastTo(reshape(x.inputs[0]!, []), node.shape)
    }
    return same(node, x)
  }
  if (isOp(node, 'transpose')) return transposeStep(node, x)
  if (isOp(node, 'broadcast')) {
    return isOp(x, 'broadcast') ? broadcastTo(x.inputs[0]!, node.shape) : same(node, x)
  }
  if (isOp(node, 'slice')) {
    const isWhole = node.attrs.strides.every((stride) => stride === 1) && sameShape(node.shape, x.shape)
    return isWhole ? x : null
  }
  if (isOp(node, 'pad')) return same(node, x)
  if (isOp(node, 'concat')) return node.inputs.length === 1 ? x : null
  if (isOp(node, 'reverse')) return node.attrs.axes.every((axis) => x.shape[axis]! <= 1) ? x : null
  if (isOp(node, 'reduceSum') || isOp(node, 'reduceMax') || isOp(node, 'reduceMin')) {
    return node.attrs.axes.every((axis) => x.shape[axis] === 1) ? reshape(x, node.shape) : null
  }
  return null
}

function transposeStep(node: Node<'transpose'>, x: Node): Node | null {
  const { permutation } = node.attrs
  if (isOp(x, 'transpose')) {
    const inner = x.attrs.permutation
    return makeNode('transpose', [x.inputs[0]!], { permutation: permutation.map((axis) => inner[axis]!) })
  }
  // Moving axes of one element, or none at all, leaves the elements where they are.
  const moved = permutation.filter((axis) => x.shape[axis] !== 1)
  return moved.every((axis, i) => i === 0 || moved[i - 1]! < axis) ? reshape(x, node.shape) : null
}
