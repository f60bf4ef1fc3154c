// Operations on each element by itself.
import { makeNode } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import type { ElementwiseName } from '../graph/primitives.ts'
import type { DType } from '../graph/types.ts'
import { ArgumentError, problem } from '../errors.ts'
import { requireBroadcast, requireDType } from './checks.ts'
import { castTensor, floatNode, promote, scalarNode, toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { arithmeticType, castNode } from './dtypes.ts'
import { Tensor } from './tensor.ts'

type Simple = Exclude<ElementwiseName, 'clamp' | 'cast'>

/** An operation of one operand that exists for float32 alone; other dtypes are cast. */
function floatUnary(op: Simple, name: string = op) {
  return (x: TensorLike): Tensor => new Tensor(makeNode(op, [floatNode(x, name)], {}))
}
/** An operation of one operand that keeps integers; uint8 and bool become int32. */
function unary(op: Simple, name: string = op) {
  return (x: TensorLike): Tensor => {
    const { node } = toTensor(x, undefined, name)
    return new Tensor(makeNode(op, [castNode(node, arithmeticType(node.dtype))], {}))
  }
}

/** -x */
export const negative = unary('neg', 'negative')
export const abs = unary('abs')
/** -1, 0 or 1. */
export const sign = unary('sign')
export const exp = floatUnary('exp')
/** exp(x) - 1, exact near 0. */
export const expm1 = floatUnary('expm1')
export const log = floatUnary('log')
/** log(1 + x), exact near 0. */
export const log1p = floatUnary('log1p')
export const sqrt = floatUnary('sqrt')
/** 1 / sqrt(x) */
export const rsqrt = floatUnary('rsqrt')
export const tanh = floatUnary('tanh')
/** 1 / (1 + exp(-x)) */
export const sigmoid = floatUnary('sigmoid')
/** The Gauss error function. */
export const erf = floatUnary('erf')
export const sin = floatUnary('sin')
export const cos = floatUnary('cos')
export const floor = floatUnary('floor')
export const ceil = floatUnary('ceil')
/** True for neither infinities nor NaN. */
export const isFinite = floatUnary('isFinite')

/** To the nearest integer, halves to even. Integers stay as they are. */
export function round(x: TensorLike): Tensor {
  const tensor = toTensor(x, undefined, 'round')
  return tensor.dtype === 'float32' ? new Tensor(makeNode('round', [tensor.node], {})) : tensor
}
/** x * x */
export function square(x: TensorLike): Tensor {
  const tensor = toTensor(x, undefined, 'square')
  return multiply(tensor, tensor)
}
/** 1 / x */
export function reciprocal(x: TensorLike): Tensor {
  return divide(1, x)
}
export function isNan(x: TensorLike): Tensor {
  const node = floatNode(x, 'isNan')
  return new Tensor(makeNode('notEqual', [node, node], {}))
}
/** Not x, where x counts as true if it is not 0. */
export function logicalNot(x: TensorLike): Tensor {
  return new Tensor(makeNode('not', [booleanNode(x, 'logicalNot')], {}))
}
/**
 * Another dtype. float32 to an integer drops the fraction and keeps within the range (NaN gives 0); int32 to uint8 keeps the
 * low eight bits; anything to bool is "not 0".
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  if (dtype === undefined) {
    throw new ArgumentError(problem({ where: 'cast', expected: 'a dtype, as cast(x, "float32")', received: dtype }))
  }
  requireDType('cast', dtype)
  return castTensor(toTensor(x, dtype, 'cast'), dtype)
}
/** The value, through which no gradient flows. */
export function stopGradient(x: TensorLike): Tensor {
  return new Tensor(makeNode('stopGradient', [toTensor(x, undefined, 'stopGradient').node], {}))
}

/**
 * Limits to [min, max]; NaN stays NaN. With numbers as bounds the gradient is 0 at and beyond them.
 * @throws ArgumentError if min > max.
 */
export function clip(x: TensorLike, min: TensorLike, max: TensorLike): Tensor {
  const tensor = toTensor(x, undefined, 'clip')
  if (typeof min === 'number' && typeof max === 'number') {
    if (!(min <= max)) {
      throw new ArgumentError(problem({ where: 'clip', expected: 'min <= max', received: `min ${min}, max ${max}` }))
    }
    if (tensor.dtype === 'float32') return new Tensor(makeNode('clamp', [tensor.node], { low: min, high: max }))
    if (!Number.isFinite(min) || !Number.isFinite(max)) {
      // Integers know no infinity; such a bound bounds nothing.
      const lower = min === -Infinity ? tensor : maximum(tensor, min)
      return max === Infinity ? lower : minimum(lower, max)
    }
  }
  const [low, high] = [toTensor(min, undefined, 'clip'), toTensor(max, undefined, 'clip')]
  requireBroadcast('clip', tensor.shape, low.shape)
  requireBroadcast('clip', tensor.shape, high.shape)
  return minimum(maximum(tensor, min), max)
}
/** max(x, 0); the gradient at 0 is 0. */
export function relu(x: TensorLike): Tensor {
  return clip(x, 0, Infinity)
}
/** min(max(x, 0), 6); the gradients at 0 and 6 are 0. */
export function relu6(x: TensorLike): Tensor {
  return clip(x, 0, 6)
}
/** log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)), which neither overflows nor loses small results. */
export function softplus(x: TensorLike): Tensor {
  const node = floatNode(x, 'softplus')
  return new Tensor(softplusNode(node))
}
/** log(sigmoid(x)) = -softplus(-x). */
export function logSigmoid(x: TensorLike): Tensor {
  const negated = makeNode('neg', [floatNode(x, 'logSigmoid')], {})
  return new Tensor(makeNode('neg', [softplusNode(negated)], {}))
}

const lowestFloat = -3.4028234663852886e38

/**
 * max(x, 0) is written as (x + |x|) / 2, whose derivative at 0 is 1/2 (sign(0) = 0), as that of softplus is; a maximum would
 * give 0 or 1, and zeros are common: untrained layers make them. The lower bound keeps -Infinity + Infinity away.
 */
function softplusNode(x: Node): Node {
  const bounded = makeNode('clamp', [x], { low: lowestFloat, high: Infinity })
  const magnitude = makeNode('abs', [bounded], {})
  const half = scalarNode(0.5)
  const positive = makeNode('add', [makeNode('mul', [bounded, half], {}), makeNode('mul', [magnitude, half], {})], {})
  const tail = makeNode('log1p', [makeNode('exp', [makeNode('neg', [magnitude], {})], {})], {})
  return makeNode('add', [positive, tail], {})
}

/** Arithmetic in the common dtype; uint8 and bool are computed with as int32, and uint8 comes back as uint8, wrapped. */
function arithmetic(op: 'add' | 'sub' | 'mul' | 'mod' | 'maximum' | 'minimum', name: string) {
  return (a: TensorLike, b: TensorLike): Tensor => {
    const [x, y] = promote(name, a, b) as [Node, Node]
    requireBroadcast(name, x.shape, y.shape)
    const wide = arithmeticType(x.dtype)
    const node = makeNode(op, [castNode(x, wide), castNode(y, wide)], {})
    return new Tensor(x.dtype === 'uint8' ? castNode(node, 'uint8') : node)
  }
}
function floatBinary(op: 'div' | 'pow', name: string) {
  return (a: TensorLike, b: TensorLike): Tensor => {
    const [x, y] = [floatNode(a, name), floatNode(b, name)]
    requireBroadcast(name, x.shape, y.shape)
    return new Tensor(makeNode(op, [x, y], {}))
  }
}

export const add = arithmetic('add', 'add')
export const subtract = arithmetic('sub', 'subtract')
export const multiply = arithmetic('mul', 'multiply')
/** a / b in float32. */
export const divide = floatBinary('div', 'divide')
/** a to the power b, in float32. */
export const power = floatBinary('pow', 'power')
/** The remainder with the sign of b. */
export const mod = arithmetic('mod', 'mod')
/** NaN if either is; of equal values the first gets the gradient. */
export const maximum = arithmetic('maximum', 'maximum')
export const minimum = arithmetic('minimum', 'minimum')

function comparison(op: 'equal' | 'notEqual' | 'less' | 'lessEqual', name: string, swapped = false) {
  return (a: TensorLike, b: TensorLike): Tensor => {
    let [x, y] = promote(name, a, b) as [Node, Node]
    requireBroadcast(name, x.shape, y.shape)
    if (op === 'less' || op === 'lessEqual') {
      const wide = arithmeticType(x.dtype)
      x = castNode(x, wide)
      y = castNode(y, wide)
    }
    return new Tensor(makeNode(op, swapped ? [y, x] : [x, y], {}))
  }
}

/** a == b, bool. */
export const equal = comparison('equal', 'equal')
export const notEqual = comparison('notEqual', 'notEqual')
export const less = comparison('less', 'less')
export const lessEqual = comparison('lessEqual', 'lessEqual')
export const greater = comparison('less', 'greater', true)
export const greaterEqual = comparison('lessEqual', 'greaterEqual', true)

function booleanNode(x: TensorLike, name: string): Node {
  return castNode(toTensor(x, undefined, name).node, 'bool')
}
/** Both are not 0. */
export function logicalAnd(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [booleanNode(a, 'logicalAnd'), booleanNode(b, 'logicalAnd')]
  requireBroadcast('logicalAnd', x.shape, y.shape)
  return new Tensor(makeNode('and', [x, y], {}))
}
/** Either is not 0. */
export function logicalOr(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [booleanNode(a, 'logicalOr'), booleanNode(b, 'logicalOr')]
  requireBroadcast('logicalOr', x.shape, y.shape)
  return new Tensor(makeNode('or', [x, y], {}))
}
/** a where the condition is not 0, else b; all three broadcast. */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = promote('where', a, b) as [Node, Node]
  const chosen = booleanNode(condition, 'where')
  for (const [one, other] of [[x, y], [chosen, x], [chosen, y]] as const) requireBroadcast('where', one.shape, other.shape) // prettier-ignore
  return new Tensor(makeNode('select', [chosen, x, y], {}))
}
