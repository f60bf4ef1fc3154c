// Reductions over axes: sums, extremes, moments, and the softmax family.
import { makeNode } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { ArgumentError, problem } from '../errors.ts'
import { showShape, sizeOf } from '../graph/types.ts'
import type { Shape } from '../graph/types.ts'
import { requireOptions } from '../platform/arguments.ts'
import { manyAxes, oneAxis } from './axes.ts'
import { floatNode, scalarNode, toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { arithmeticType, castNode } from './dtypes.ts'
import { Tensor } from './tensor.ts'

export interface ReduceOptions {
  /** Default: all axes. Negative axes count from the end. */
  axis?: number | readonly number[] | null
  /** Keeps the reduced axes with length 1; default false. */
  keepdims?: boolean
}

/** JavaScript would ignore an axis that stands alone, or a misspelt option. */
function checkOptions(where: string, options: object, known: readonly string[] = ['axis', 'keepdims']): void {
  requireOptions(where, options, known, `${where}(x, { ${known[0]!}: ... })`)
}
const dimsOf = (shape: Shape, axes: readonly number[]): number => sizeOf(axes.map((axis) => shape[axis]!))

/** `x` without the length-1 axes that keepdims left. */
function dropAxes(x: Node, axes: readonly number[], keepdims: boolean | undefined): Node {
  if (keepdims === true || axes.length === 0) return x
  return makeNode('reshape', [x], { shape: x.shape.filter((_, i) => !axes.includes(i)) })
}

function reduce(op: 'reduceSum' | 'reduceMax' | 'reduceMin', x: Node, options: ReduceOptions, where: string): Node {
  const axes = manyAxes(where, options.axis, x.shape)
  return makeNode(op, [x], { axes, keepDims: options.keepdims ?? false })
}
function numericNode(x: TensorLike, where: string): Node {
  const { node } = toTensor(x, undefined, where)
  return castNode(node, arithmeticType(node.dtype))
}

/** bool and uint8 are summed as int32. */
export function sum(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('sum', options)
  return new Tensor(reduce('reduceSum', numericNode(x, 'sum'), options, 'sum'))
}
/** float32 of any dtype; NaN over no elements. */
export function mean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('mean', options)
  const node = floatNode(x, 'mean')
  const count = dimsOf(node.shape, manyAxes('mean', options.axis, node.shape))
  return new Tensor(makeNode('div', [reduce('reduceSum', node, options, 'mean'), scalarNode(count)], {}))
}

function extreme(op: 'reduceMax' | 'reduceMin', where: string) {
  return (x: TensorLike, options: ReduceOptions = {}): Tensor => {
    checkOptions(where, options)
    const { node } = toTensor(x, undefined, where)
    if (dimsOf(node.shape, manyAxes(where, options.axis, node.shape)) === 0) {
      throw new ArgumentError(
        problem({ where, expected: 'at least one element along the reduced axes', received: showShape(node.shape) }),
      )
    }
    const wide = arithmeticType(node.dtype)
    return new Tensor(castNode(reduce(op, castNode(node, wide), options, where), node.dtype))
  }
}
/** Keeps the dtype. @throws ArgumentError over no elements. */
export const max = extreme('reduceMax', 'max')
export const min = extreme('reduceMin', 'min')

/** The product, by halves: as exact as a sum of logarithms is not, and for numbers of any sign. */
export function prod(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('prod', options)
  let node = numericNode(x, 'prod')
  const axes = manyAxes('prod', options.axis, node.shape)
  const one = scalarNode(1, node.dtype)
  for (const axis of axes) {
    const along = (start: number, limit: number): Node => {
      const starts = node.shape.map((_, i) => (i === axis ? start : 0))
      const limits = node.shape.map((dim, i) => (i === axis ? limit : dim))
      return makeNode('slice', [node], { starts, limits, strides: node.shape.map(() => 1) })
    }
    if (node.shape[axis] === 0) {
      node = makeNode('broadcast', [one], { shape: node.shape.map((dim, i) => (i === axis ? 1 : dim)) })
    }
    for (let dim = node.shape[axis]!; dim > 1; dim = node.shape[axis]!) {
      const half = dim >> 1
      const product = makeNode('mul', [along(0, half), along(half, 2 * half)], {})
      node = dim % 2 === 0 ? product : makeNode('concat', [product, along(dim - 1, dim)], { axis })
    }
  }
  return new Tensor(dropAxes(node, axes, options.keepdims))
}

/** True if any element is not 0. */
export function any(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('any', options)
  const count = countTrue(x, options, 'any')
  return new Tensor(makeNode('notEqual', [count, scalarNode(0, 'int32')], {}))
}
/** True if no element is 0. */
export function all(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('all', options)
  const { shape } = toTensor(x, undefined, 'all')
  const count = countTrue(x, options, 'all')
  return new Tensor(
    makeNode('equal', [count, scalarNode(dimsOf(shape, manyAxes('all', options.axis, shape)), 'int32')], {}),
  )
}
function countTrue(x: TensorLike, options: ReduceOptions, where: string): Node {
  const truth = castNode(toTensor(x, undefined, where).node, 'bool')
  return reduce('reduceSum', castNode(truth, 'int32'), options, where)
}

export interface ArgOptions {
  /** Default: the flattened tensor. */
  axis?: number | null
  keepdims?: boolean
}
/** int32 index of the first largest element (NaN counts as largest). */
export function argmax(x: TensorLike, options: ArgOptions = {}): Tensor {
  checkOptions('argmax', options)
  return argExtreme(numericNode(x, 'argmax'), options, 'argmax')
}
/** int32 index of the first smallest element. */
export function argmin(x: TensorLike, options: ArgOptions = {}): Tensor {
  checkOptions('argmin', options)
  const node = numericNode(x, 'argmin')
  // -1 - x turns the order of integers around without overflow.
  const turned =
    node.dtype === 'int32' ? makeNode('sub', [scalarNode(-1, 'int32'), node], {}) : makeNode('neg', [node], {})
  return argExtreme(turned, options, 'argmin')
}
function argExtreme(x: Node, { axis, keepdims }: ArgOptions, where: string): Tensor {
  const whole = axis === undefined || axis === null
  const flat = whole ? makeNode('reshape', [x], { shape: [sizeOf(x.shape)] }) : x
  const index = makeNode('argMax', [flat], { axis: whole ? 0 : oneAxis(where, axis, x.shape) })
  if (keepdims !== true) return new Tensor(index)
  const shape = x.shape.map((dim, i) => (whole || i === oneAxis(where, axis, x.shape) ? 1 : dim))
  return new Tensor(makeNode('reshape', [index], { shape }))
}

/** Mean and biased variance, in float32. */
export function moments(
  x: TensorLike,
  options: { axes?: number | readonly number[] | null; keepdims?: boolean } = {},
): { mean: Tensor; variance: Tensor } {
  checkOptions('moments', options, ['axes', 'keepdims'])
  const node = floatNode(x, 'moments')
  const axes = manyAxes('moments', options.axes, node.shape)
  const both = makeNode('moments', [node], { axes })
  const rest = both.shape.slice(1)
  const shape = options.keepdims === true ? node.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : rest
  const pick = (index: number): Tensor => {
    const starts = both.shape.map((_, i) => (i === 0 ? index : 0))
    const limits = both.shape.map((dim, i) => (i === 0 ? index + 1 : dim))
    const part = makeNode('slice', [both], { starts, limits, strides: both.shape.map(() => 1) })
    return new Tensor(makeNode('reshape', [part], { shape }))
  }
  return { mean: pick(0), variance: pick(1) }
}
function momentsOptions({ axis, keepdims }: ReduceOptions) {
  return { ...(axis === undefined ? {} : { axes: axis }), ...(keepdims === undefined ? {} : { keepdims }) }
}
/** The biased variance: the mean square distance from the mean. */
export function variance(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('variance', options)
  return moments(x, momentsOptions(options)).variance
}
/** The square root of the biased variance. */
export function std(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('std', options)
  return new Tensor(makeNode('sqrt', [variance(x, options).node], {}))
}

/** The largest element over `axes`, as a constant for gradients; 0 where it is infinite or NaN, to be subtracted safely. */
function shiftOf(x: Node, axes: readonly number[]): Node {
  const largest = makeNode('stopGradient', [makeNode('reduceMax', [x], { axes, keepDims: true })], {})
  return makeNode('select', [makeNode('isFinite', [largest], {}), largest, scalarNode(0)], {})
}

/** log(sum(exp(x))), by shifting with the largest element, so that nothing overflows. */
export function logsumexp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('logsumexp', options)
  const node = floatNode(x, 'logsumexp')
  const axes = manyAxes('logsumexp', options.axis, node.shape)
  const shift = shiftOf(node, axes)
  const total = makeNode('reduceSum', [makeNode('exp', [makeNode('sub', [node, shift], {})], {})], {
    axes,
    keepDims: true,
  })
  const result = makeNode('add', [makeNode('log', [total], {}), shift], {})
  return new Tensor(dropAxes(result, axes, options.keepdims))
}
/** exp(x) / sum(exp(x)) along `axis` (default the last). */
export function softmax(x: TensorLike, options: { axis?: number | readonly number[] } = {}): Tensor {
  checkOptions('softmax', options, ['axis'])
  const node = floatNode(x, 'softmax')
  const axes = manyAxes('softmax', options.axis ?? -1, node.shape)
  const largest = makeNode('stopGradient', [makeNode('reduceMax', [node], { axes, keepDims: true })], {})
  const weights = makeNode('exp', [makeNode('sub', [node, largest], {})], {})
  return new Tensor(makeNode('div', [weights, makeNode('reduceSum', [weights], { axes, keepDims: true })], {}))
}
/** log(softmax(x)), exact also where the softmax is next to 0. */
export function logSoftmax(x: TensorLike, options: { axis?: number | readonly number[] } = {}): Tensor {
  checkOptions('logSoftmax', options, ['axis'])
  const node = floatNode(x, 'logSoftmax')
  const axes = manyAxes('logSoftmax', options.axis ?? -1, node.shape)
  const largest = makeNode('stopGradient', [makeNode('reduceMax', [node], { axes, keepDims: true })], {})
  const shifted = makeNode('sub', [node, largest], {})
  const total = makeNode('reduceSum', [makeNode('exp', [shifted], {})], { axes, keepDims: true })
  return new Tensor(makeNode('sub', [shifted, makeNode('log', [total], {})], {}))
}

function squareSum(x: Node, axes: readonly number[]): Node {
  return makeNode('reduceSum', [makeNode('mul', [x, x], {})], { axes, keepDims: true })
}
/** The Euclidean norm: the square root of the sum of squares. */
export function norm(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('norm', options)
  const node = floatNode(x, 'norm')
  const axes = manyAxes('norm', options.axis, node.shape)
  return new Tensor(dropAxes(makeNode('sqrt', [squareSum(node, axes)], {}), axes, options.keepdims))
}
/** x / sqrt(max(sum(x^2), epsilon)) along `axis` (default the last), as TensorFlow's l2_normalize. */
export function l2Normalize(
  x: TensorLike,
  options: { axis?: number | readonly number[]; epsilon?: number } = {},
): Tensor {
  checkOptions('l2Normalize', options, ['axis', 'epsilon'])
  const node = floatNode(x, 'l2Normalize')
  const axes = manyAxes('l2Normalize', options.axis ?? -1, node.shape)
  const least = scalarNode(options.epsilon ?? 1e-12)
  const scale = makeNode('rsqrt', [makeNode('maximum', [squareSum(node, axes), least], {})], {})
  return new Tensor(makeNode('mul', [node, scale], {}))
}
/** Running sums along `axis` (default the last): log2(n) shifted additions. */
export function cumsum(x: TensorLike, options: { axis?: number } = {}): Tensor {
  checkOptions('cumsum', options, ['axis'])
  let node = numericNode(x, 'cumsum')
  const axis = oneAxis('cumsum', options.axis ?? -1, node.shape)
  const dim = node.shape[axis]!
  const zeros = node.shape.map(() => 0)
  for (let shift = 1; shift < dim; shift *= 2) {
    const limits = node.shape.map((d, i) => (i === axis ? dim - shift : d))
    const kept = makeNode('slice', [node], { starts: zeros, limits, strides: node.shape.map(() => 1) })
    const low = node.shape.map((_, i) => (i === axis ? shift : 0))
    node = makeNode('add', [node, makeNode('pad', [kept], { low, high: zeros, interior: zeros, value: 0 })], {})
  }
  return new Tensor(node)
}
