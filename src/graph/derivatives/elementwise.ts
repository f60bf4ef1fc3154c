// Derivatives of elementwise primitives. x, a, b are inputs, y the result, dy its gradient, dx what is sought.
// Where y will do, x is not used, so that only y must be kept until the backward pass.
import { add, cast, div, equal, less, lessEqual, mul, neg, reshape, scalar, select, sub, sumTo } from '../build.ts'
import { isOp, makeNode } from '../node.ts'
import type { Node } from '../node.ts'
import type { ElementwiseName } from '../primitives.ts'
import type { DerivativeRule, Derivatives } from './rule.ts'

type UnaryName = 'neg' | 'abs' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'rsqrt' | 'tanh' | 'sigmoid' | 'erf' | 'sin' | 'cos' // prettier-ignore
type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'mod' | 'maximum' | 'minimum'

/** Rule of one input from a formula in dy, x and y. */
function unary<P extends UnaryName>(formula: (dy: Node, x: Node, y: Node) => Node): DerivativeRule<P> {
  return (node, dy, needs) => [needs[0] ? formula(dy, node.inputs[0]!, node as Node) : null]
}

/** Rule of two broadcasting inputs from a formula each; sums over what was broadcast. */
function binary<P extends BinaryName>(
  first: (dy: Node, a: Node, b: Node, y: Node) => Node,
  second: (dy: Node, a: Node, b: Node, y: Node) => Node,
): DerivativeRule<P> {
  return (node, dy, needs) => {
    const [a, b] = node.inputs as readonly [Node, Node]
    return [
      needs[0] ? sumTo(first(dy, a, b, node as Node), a.shape) : null,
      needs[1] ? sumTo(second(dy, a, b, node as Node), b.shape) : null,
    ]
  }
}

/** dy where y lies strictly between the bounds, else 0. An infinite bound is not compared. */
export function clampGradient(dy: Node, y: Node, low: number, high: number): Node {
  const above = low === -Infinity ? null : less(scalar(low), y)
  const below = high === Infinity ? null : less(y, scalar(high))
  const inside = above && below ? makeNode('and', [above, below], {}) : (above ?? below)
  return inside === null ? dy : select(inside, dy, scalar(0))
}

/** The value of a constant of one element. */
function constantValue(node: Node): number | null {
  return isOp(node, 'constant') && node.attrs.data.length === 1 ? node.attrs.data[0]! : null
}

/** d(a^b)/da = b a^(b - 1), and 0 where b = 0 (also at a = 0, where a^-1 is infinite). */
function powBase(dy: Node, a: Node, b: Node): Node {
  const exponent = constantValue(b)
  if (exponent !== null && exponent !== 0) {
    if (exponent === 1) return dy
    const power = exponent === 2 ? a : makeNode('pow', [a, reshape(scalar(exponent - 1), b.shape)], {})
    return mul(dy, mul(scalar(exponent), power))
  }
  const isZero = equal(b, scalar(0))
  const power = makeNode('pow', [a, select(isZero, scalar(1), sub(b, scalar(1)))], {})
  return mul(dy, select(isZero, scalar(0), mul(b, power)))
}

/** d(a^b)/db = a^b log(a), and 0 where a <= 0 (TensorFlow). */
function powExponent(dy: Node, a: Node, _b: Node, y: Node): Node {
  const positive = less(scalar(0), a)
  // The inner select keeps log, and its own derivative, away from a <= 0.
  const log = makeNode('log', [select(positive, a, scalar(1))], {})
  return mul(dy, mul(y, log))
}

export const elementwiseDerivatives: Derivatives<ElementwiseName | 'stopGradient' | 'fused' | 'result'> = {
  // dx = -dy
  neg: unary((dy) => neg(dy)),
  // dx = dy sign(x)
  abs: unary((dy, x) => mul(dy, makeNode('sign', [x], {}))),
  sign: 'none',
  // dx = dy y
  exp: unary((dy, _x, y) => mul(dy, y)),
  // dx = dy (y + 1)
  expm1: unary((dy, _x, y) => mul(dy, add(y, scalar(1)))),
  // dx = dy / x
  log: unary((dy, x) => div(dy, x)),
  // dx = dy / (1 + x)
  log1p: unary((dy, x) => div(dy, add(scalar(1), x))),
  // dx = dy / (2 y)
  sqrt: unary((dy, _x, y) => div(mul(scalar(0.5), dy), y)),
  // dx = -dy y^3 / 2
  rsqrt: unary((dy, _x, y) => mul(mul(scalar(-0.5), dy), mul(y, mul(y, y)))),
  // dx = dy (1 - y^2)
  tanh: unary((dy, _x, y) => mul(dy, sub(scalar(1), mul(y, y)))),
  // dx = dy y (1 - y)
  sigmoid: unary((dy, _x, y) => mul(dy, mul(y, sub(scalar(1), y)))),
  // dx = dy 2/sqrt(pi) exp(-x^2)
  erf: unary((dy, x) => mul(dy, mul(scalar(2 / Math.sqrt(Math.PI)), makeNode('exp', [neg(mul(x, x))], {})))),
  // dx = dy cos(x)
  sin: unary((dy, x) => mul(dy, makeNode('cos', [x], {}))),
  // dx = -dy sin(x)
  cos: unary((dy, x) => neg(mul(dy, makeNode('sin', [x], {})))),
  floor: 'none',
  ceil: 'none',
  round: 'none',
  isFinite: 'none',
  not: 'none',
  // dx = dy where low < y < high, else 0
  clamp: (node, dy, needs) => [needs[0] ? clampGradient(dy, node as Node, node.attrs.low, node.attrs.high) : null],
  // Between float32 and float32 only: dx = dy. Integers have no gradient.
  cast: (node, dy, needs) => [needs[0] ? cast(dy, node.inputs[0]!.dtype) : null],
  stopGradient: 'none',

  // da = dy, db = dy
  add: binary(
    (dy) => dy,
    (dy) => dy,
  ),
  // da = dy, db = -dy
  sub: binary(
    (dy) => dy,
    (dy) => neg(dy),
  ),
  // da = dy b, db = dy a
  mul: binary(
    (dy, _a, b) => mul(dy, b),
    (dy, a) => mul(dy, a),
  ),
  // da = dy / b, db = -dy y / b
  div: binary(
    (dy, _a, b) => div(dy, b),
    (dy, _a, b, y) => neg(div(mul(dy, y), b)),
  ),
  pow: binary(powBase, powExponent),
  // y = a - b floor(a / b): da = dy, db = -dy floor(a / b)
  mod: binary(
    (dy) => dy,
    (dy, a, b) => neg(mul(dy, makeNode('floor', [div(a, b)], {}))),
  ),
  // da = dy where b <= a, else 0; db is the rest
  maximum: binary(
    (dy, a, b) => select(lessEqual(b, a), dy, scalar(0)),
    (dy, a, b) => select(lessEqual(b, a), scalar(0), dy),
  ),
  // da = dy where a <= b, else 0; db is the rest
  minimum: binary(
    (dy, a, b) => select(lessEqual(a, b), dy, scalar(0)),
    (dy, a, b) => select(lessEqual(a, b), scalar(0), dy),
  ),
  equal: 'none',
  notEqual: 'none',
  less: 'none',
  lessEqual: 'none',
  and: 'none',
  or: 'none',
  // da = dy where the condition holds, else 0; db is the rest
  select: (node, dy, needs) => {
    const [condition, a, b] = node.inputs as readonly [Node, Node, Node]
    return [
      null,
      needs[1] ? sumTo(select(condition, dy, scalar(0)), a.shape) : null,
      needs[2] ? sumTo(select(condition, scalar(0), dy), b.shape) : null,
    ]
  },

  fused: (node) => refuse(node.op),
  result: (node) => refuse(node.op),
}

function refuse(op: string): never {
  throw new Error(`differentiate: "${op}" has no derivative: differentiate before the fusion pass, not after it`)
}
