// The activation functions, composed from ops; formulas and gradients at kinks are Keras 3's on TensorFlow.
import { ArgumentError, problem } from '../errors.ts'
import { toTensor } from '../ops/convert.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'

/** The value itself. */
export function linear(x: Tensor): Tensor {
  return x
}

export interface ReluOptions {
  /** Slope below the threshold; default 0. */
  readonly negativeSlope?: number
  /** Largest result; default none. */
  readonly maxValue?: number | null
  /** Values at or below it count as negative; default 0. */
  readonly threshold?: number
}

/** `x` above the threshold (at most `maxValue`), `negativeSlope * (x - threshold)` below. Gradient 0 at x = 0 without a slope. */
export function relu(x: Tensor, options: ReluOptions = {}): Tensor {
  const { negativeSlope = 0, maxValue = null, threshold = 0 } = options
  if (negativeSlope === 0 && threshold === 0) return maxValue === null ? ops.relu(x) : ops.clip(x, 0, maxValue)
  if (threshold === 0 && maxValue === null) return leakyRelu(x, negativeSlope)
  const passes = threshold === 0 ? ops.relu(x) : ops.multiply(x, ops.cast(ops.greater(x, threshold), 'float32'))
  const positive = maxValue === null ? passes : cap(passes, maxValue)
  if (negativeSlope === 0) return positive
  return ops.subtract(positive, ops.multiply(ops.relu(ops.subtract(threshold, x)), negativeSlope))
}

/** At most `high`; the gradient passes at the bound itself, as in tf.clip_by_value. */
function cap(x: Tensor, high: number): Tensor {
  return ops.minimum(x, high)
}

/** `x` above 0, `negativeSlope * x` (default 0.2) at and below. */
export function leakyRelu(x: Tensor, negativeSlope = 0.2): Tensor {
  return ops.where(ops.greater(x, 0), x, ops.multiply(x, negativeSlope))
}

/** `min(max(x, 0), 6)`. */
export function relu6(x: Tensor): Tensor {
  return ops.clip(x, 0, 6)
}

export interface AxisOption {
  /** Default -1. */
  readonly axis?: number | readonly number[]
}

/** `exp(x) / sum(exp(x))` along `axis`. */
export function softmax(x: Tensor, options: AxisOption = {}): Tensor {
  const { axis = -1 } = options
  if (typeof axis === 'number') return ops.softmax(x, { axis })
  const axes = [...axis]
  const shifted = ops.exp(ops.subtract(x, ops.stopGradient(ops.max(x, { axis: axes, keepdims: true }))))
  return ops.divide(shifted, ops.sum(shifted, { axis: axes, keepdims: true }))
}

/** `log(softmax(x))`, stable. */
export function logSoftmax(x: Tensor, options: { readonly axis?: number } = {}): Tensor {
  return ops.logSoftmax(x, { axis: options.axis ?? -1 })
}

/** `1 / (1 + exp(-x))`. */
export function sigmoid(x: Tensor): Tensor {
  return ops.sigmoid(x)
}
/** `log(sigmoid(x))`, stable. */
export function logSigmoid(x: Tensor): Tensor {
  return ops.logSigmoid(x)
}
/** `clip(x / 6 + 0.5, 0, 1)`. */
export function hardSigmoid(x: Tensor): Tensor {
  return ops.multiply(relu6(ops.add(x, 3)), 1 / 6)
}
export function tanh(x: Tensor): Tensor {
  return ops.tanh(x)
}
/** `clip(x, -1, 1)`. */
export function hardTanh(x: Tensor): Tensor {
  return ops.maximum(ops.minimum(x, 1), -1)
}
/** `x - tanh(x)`. */
export function tanhShrink(x: Tensor): Tensor {
  return ops.subtract(x, ops.tanh(x))
}
/** `x * sigmoid(x)`, also called swish. */
export function silu(x: Tensor): Tensor {
  return ops.multiply(x, ops.sigmoid(x))
}
/** `x * hardSigmoid(x)`, also called hard swish. */
export function hardSilu(x: Tensor): Tensor {
  return ops.multiply(x, hardSigmoid(x))
}

/** `x * P(X <= x)` for a standard normal X; `approximate` uses tanh. */
export function gelu(x: Tensor, options: { readonly approximate?: boolean } = {}): Tensor {
  const half = ops.multiply(x, 0.5)
  if (options.approximate !== true) return ops.multiply(half, ops.add(ops.erf(ops.multiply(x, Math.SQRT1_2)), 1))
  const cubic = ops.multiply(ops.multiply(x, ops.square(x)), 0.044715)
  return ops.multiply(half, ops.add(ops.tanh(ops.multiply(ops.add(x, cubic), Math.sqrt(2 / Math.PI))), 1))
}

/** `x` above 0, `alpha * (exp(x) - 1)` below. */
export function elu(x: Tensor, options: { readonly alpha?: number } = {}): Tensor {
  // expm1 sees nothing above 0, where it would overflow.
  return ops.add(ops.relu(x), ops.multiply(ops.expm1(ops.minimum(x, 0)), options.alpha ?? 1))
}
/** `scale * elu(x, alpha)` with the constants of Klambauer et al. 2017. */
export function selu(x: Tensor): Tensor {
  const negative = ops.multiply(ops.expm1(ops.minimum(x, 0)), 1.6732632423543772)
  // Unlike elu, the gradient at 0 is that of the positive side.
  return ops.multiply(ops.where(ops.less(x, 0), negative, x), 1.0507009873554805)
}
/** `max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`. */
export function celu(x: Tensor, options: { readonly alpha?: number } = {}): Tensor {
  const { alpha = 1 } = options
  return ops.add(ops.relu(x), ops.multiply(ops.expm1(ops.multiply(ops.minimum(x, 0), 1 / alpha)), alpha))
}
/** `log(1 + exp(x))`, stable. */
export function softplus(x: Tensor): Tensor {
  return ops.softplus(x)
}
/** `x / (1 + |x|)`. */
export function softsign(x: Tensor): Tensor {
  return ops.divide(x, ops.add(ops.abs(x), 1))
}
/** `exp(x)`. */
export function exponential(x: Tensor): Tensor {
  return ops.exp(x)
}
/** `x * tanh(softplus(x))`. */
export function mish(x: Tensor): Tensor {
  return ops.multiply(x, ops.tanh(ops.softplus(x)))
}
/** `x` where `|x| > threshold` (0.5), 0 elsewhere. */
export function hardShrink(x: Tensor, options: { readonly threshold?: number } = {}): Tensor {
  return ops.where(ops.greater(ops.abs(x), options.threshold ?? 0.5), x, ops.zerosLike(x))
}
/** `x` moved towards 0 by `threshold` (0.5), not beyond it. */
export function softShrink(x: Tensor, options: { readonly threshold?: number } = {}): Tensor {
  const { threshold: by = 0.5 } = options
  const below = ops.where(ops.less(x, -by), ops.add(x, by), ops.zerosLike(x))
  return ops.where(ops.greater(x, by), ops.subtract(x, by), below)
}
/** `x` where `x > threshold`, `defaultValue` elsewhere. */
export function threshold(x: Tensor, options: { readonly threshold: number; readonly defaultValue: number }): Tensor {
  const { threshold: bound, defaultValue } = options ?? {}
  if (typeof bound !== 'number' || typeof defaultValue !== 'number')
    throw new ArgumentError(
      problem({
        where: 'activations.threshold',
        expected: '{ threshold, defaultValue }, two numbers',
        received: options,
        hint: 'Write activations.threshold(x, { threshold: 0.5, defaultValue: 0 })',
      }),
    )
  return ops.where(ops.greater(x, bound), x, defaultValue)
}
/** `(x + sqrt(x^2 + b)) / 2`, `b` = 4. */
export function squareplus(x: Tensor, options: { readonly b?: number } = {}): Tensor {
  return ops.multiply(ops.add(x, ops.sqrt(ops.add(ops.square(x), options.b ?? 4))), 0.5)
}
/** 0 up to -1, `(x + 1)^2 / 4` up to 1, then `x`. */
export function sparsePlus(x: Tensor): Tensor {
  const middle = ops.multiply(ops.square(ops.add(x, 1)), 0.25)
  return ops.where(ops.lessEqual(x, -1), ops.zerosLike(x), ops.where(ops.less(x, 1), middle, x))
}
/** 0 up to -1, `(x + 1) / 2` up to 1, then 1. */
export function sparseSigmoid(x: Tensor): Tensor {
  const middle = ops.multiply(ops.add(x, 1), 0.5)
  return ops.where(ops.lessEqual(x, -1), ops.zerosLike(x), ops.where(ops.greaterEqual(x, 1), ops.onesLike(x), middle))
}

/**
 * Sparse probabilities along `axis`, as Keras 3.15 computes them. The projection onto the simplex (Martins and Astudillo 2016) has
 * one value for its threshold, the last running sum of the support; Keras adds up all of them, so that the result sums to 1 only
 * where a single value is left.
 */
export function sparsemax(inputs: Tensor, options: { readonly axis?: number } = {}): Tensor {
  const x = toTensor(inputs, undefined, 'sparsemax')
  const axis = wrapAxis(options.axis ?? -1, x.rank)
  const count = x.shape[axis]!
  // The axis comes last, where running sums are a product with a triangle of ones.
  const order = [...x.shape.keys()].filter((i) => i !== axis).concat(axis)
  const z = ops.transpose(x, order)
  const sorted = ops.negative(ops.sort(ops.negative(z)))
  const running = ops.matmul(ops.reshape(sorted, [-1, count]), triangle(count))
  const sums = ops.reshape(running, [...sorted.shape])
  const ranks = ops.arange(1, count + 1, 1, 'float32')
  const inSupport = ops.cast(ops.greater(ops.add(ops.multiply(ranks, sorted), 1), sums), 'float32')
  const size = ops.sum(inSupport, { axis: -1, keepdims: true })
  const inside = ops.sum(ops.multiply(inSupport, sums), { axis: -1, keepdims: true })
  const tau = ops.divide(ops.subtract(inside, 1), size)
  const result = ops.relu(ops.subtract(z, tau))
  return ops.transpose(
    result,
    order.map((_, i) => order.indexOf(i)),
  )
}

/** Column j has ones in the rows up to j. */
function triangle(size: number): Tensor {
  const values = new Float32Array(size * size)
  for (let row = 0; row < size; row++) values.fill(1, row * size + row, (row + 1) * size)
  return ops.tensor(values, { shape: [size, size] })
}

/** The first half along `axis` times the sigmoid of the second. @throws ArgumentError for an odd size. */
export function glu(inputs: Tensor, options: { readonly axis?: number } = {}): Tensor {
  const x = toTensor(inputs, undefined, 'glu')
  const axis = wrapAxis(options.axis ?? -1, x.rank)
  if (x.shape[axis]! % 2 !== 0)
    throw new ArgumentError(
      problem({ where: 'activations.glu', expected: `an even size of axis ${axis}`, received: x.shape }),
    )
  const [value, gate] = ops.split(x, 2, axis) as [Tensor, Tensor]
  return ops.multiply(value, ops.sigmoid(gate))
}

function wrapAxis(axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis
  if (resolved >= 0 && resolved < rank) return resolved
  throw new ArgumentError(problem({ where: 'activations', expected: `\`axis\` within rank ${rank}`, received: axis }))
}
