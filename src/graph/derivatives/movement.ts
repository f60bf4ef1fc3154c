// Derivatives of leaves, reductions and data movement: each is the transpose of a linear map, or none at all.
import {
  add, broadcastTo, cast, div, equal, mul, pick, reduceSum, reshape, scalar, select, slice, sub,
  sumTo,
} from '../build.ts' // prettier-ignore
import { makeNode } from '../node.ts'
import type { Node } from '../node.ts'
import type { ReduceAttrs } from '../primitives.ts'
import { reducedShape } from '../shapes/reductions.ts'
import type { DerivativeRule, Derivatives } from './rule.ts'

type LeafName = 'input' | 'constant' | 'iota' | 'randomUniform'
type ReductionName = 'reduceSum' | 'reduceMax' | 'reduceMin' | 'argMax' | 'moments'
type MovementName = 'reshape' | 'transpose' | 'broadcast' | 'slice' | 'pad' | 'concat' | 'reverse' | 'gather' | 'scatterAdd' | 'argSort' | 'takeAlong' | 'scatterAlong' // prettier-ignore

/** The result of a reduction, with dims of 1 in place of the reduced ones, so that it broadcasts against the input. */
function unreduced(reduced: Node, node: Node, axes: readonly number[]): Node {
  return reshape(reduced, reducedShape(node.inputs[0]!.shape, axes, true))
}

/** dx = dy / count where x equals the extreme, else 0; count is the number of such places: ties share equally. */
function extreme<P extends 'reduceMax' | 'reduceMin'>(): DerivativeRule<P> {
  return (node, dy, needs) => {
    if (!needs[0]) return [null]
    const x = node.inputs[0]!
    const { axes } = node.attrs as ReduceAttrs
    const isExtreme = equal(x, unreduced(node as Node, node as Node, axes))
    const count = reduceSum(cast(isExtreme, 'float32'), axes, true)
    return [select(isExtreme, div(unreduced(dy, node as Node, axes), count), scalar(0))]
  }
}

export const movementDerivatives: Derivatives<LeafName | ReductionName | MovementName> = {
  input: 'none',
  constant: 'none',
  iota: 'none',
  randomUniform: 'none',

  // dx = dy, repeated
  reduceSum: (node, dy, needs) => [
    needs[0] ? broadcastTo(unreduced(dy, node as Node, node.attrs.axes), node.inputs[0]!.shape) : null,
  ],
  reduceMax: extreme(),
  reduceMin: extreme(),
  argMax: 'none',
  // mean = sum(x) / n, variance = sum((x - mean)^2) / n: dx = (dmean + 2 (x - mean) dvariance) / n
  moments: (node, dy, needs) => {
    if (!needs[0]) return [null]
    const x = node.inputs[0]!
    const { axes } = node.attrs
    const part = (both: Node, index: number): Node => unreduced(pick(both, index), node as Node, axes)
    const perElement = 1 / axes.reduce((n, axis) => n * x.shape[axis]!, 1)
    const centred = sub(x, part(node as Node, 0))
    const fromMean = mul(part(dy, 0), scalar(perElement))
    const fromVariance = mul(part(dy, 1), scalar(2 * perElement))
    return [add(mul(centred, fromVariance), fromMean)]
  },

  reshape: (node, dy, needs) => [needs[0] ? reshape(dy, node.inputs[0]!.shape) : null],
  // The inverse permutation
  transpose: (node, dy, needs) => {
    if (!needs[0]) return [null]
    const inverse = new Array<number>(node.attrs.permutation.length)
    node.attrs.permutation.forEach((axis, i) => (inverse[axis] = i))
    return [makeNode('transpose', [dy], { permutation: inverse })]
  },
  broadcast: (node, dy, needs) => [needs[0] ? sumTo(dy, node.inputs[0]!.shape) : null],
  // dx = dy at the places that were read, 0 around and between them
  slice: (node, dy, needs) => {
    if (!needs[0]) return [null]
    const { starts, strides } = node.attrs
    const x = node.inputs[0]!
    const low = [...starts]
    const interior = strides.map((stride) => stride - 1)
    const high = x.shape.map((dim, i) => {
      const count = node.shape[i]!
      const reach = count === 0 ? 0 : (count - 1) * strides[i]! + 1
      return dim - starts[i]! - reach
    })
    return [makeNode('pad', [dy], { low, high, interior, value: 0 })]
  },
  // dx = dy without the padding
  pad: (node, dy, needs) => {
    if (!needs[0]) return [null]
    const { low, interior } = node.attrs
    const x = node.inputs[0]!
    const limits = x.shape.map((dim, i) => low[i]! + dim + Math.max(0, dim - 1) * interior[i]!)
    return [
      slice(
        dy,
        low,
        limits,
        interior.map((gap) => gap + 1),
      ),
    ]
  },
  // Each input its own stretch of dy
  concat: (node, dy, needs) => {
    const { axis } = node.attrs
    let offset = 0
    return node.inputs.map((input, i) => {
      const from = offset
      offset += input.shape[axis]!
      if (!needs[i]) return null
      const starts = dy.shape.map((_, d) => (d === axis ? from : 0))
      const limits = dy.shape.map((dim, d) => (d === axis ? from + input.shape[axis]! : dim))
      return slice(dy, starts, limits)
    })
  },
  reverse: (node, dy, needs) => [needs[0] ? makeNode('reverse', [dy], node.attrs) : null],
  // gather and scatterAdd are each other's transposes
  gather: (node, dy, needs) => {
    const [x, indices] = node.inputs as readonly [Node, Node]
    if (!needs[0]) return [null, null]
    return [makeNode('scatterAdd', [indices, dy], { axis: node.attrs.axis, shape: x.shape }), null]
  },
  scatterAdd: (node, dy, needs) => [
    null,
    needs[1] ? makeNode('gather', [dy, node.inputs[0]!], { axis: node.attrs.axis }) : null,
  ],
  argSort: 'none',
  // takeAlong and scatterAlong are each other's transposes
  takeAlong: (node, dy, needs) => {
    const [x, indices] = node.inputs as readonly [Node, Node]
    if (!needs[0]) return [null, null]
    return [makeNode('scatterAlong', [indices, dy], { axis: node.attrs.axis, shape: x.shape }), null]
  },
  scatterAlong: (node, dy, needs) => [
    null,
    needs[1] ? makeNode('takeAlong', [dy, node.inputs[0]!], { axis: node.attrs.axis }) : null,
  ],
}
