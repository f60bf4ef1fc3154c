// Convolutions and pooling of images, NHWC.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import type { Padding2D, Pair } from '../graph/primitives.ts'
import { requireOptions } from '../platform/arguments.ts'
import { checkValue, oneOf } from '../platform/option-rules.ts'
import { showShape } from '../graph/types.ts'
import { floatNode } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { reshapeNode } from './movement.ts'
import { Tensor } from './tensor.ts'

/** `valid`: none; `same`: so that the result has ceil(size / stride) pixels; or [[top, bottom], [left, right]] pixels. */
export type Padding = 'valid' | 'same' | Padding2D
export type PairLike = number | readonly [number, number]

export interface ConvOptions {
  /** Default 1. */
  strides?: PairLike
  /** Default `valid`. */
  padding?: Padding
  /** Default 1. */
  dilationRate?: PairLike
  /** Default 1. */
  groups?: number
}
export type DepthwiseOptions = Omit<ConvOptions, 'groups'>

function pairOf(where: string, what: string, value: PairLike): Pair {
  const pair = typeof value === 'number' ? ([value, value] as const) : value
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((x) => Number.isInteger(x) && x >= 1)) {
    throw new ArgumentError(problem({ where, expected: `${what}: an integer >= 1 or two of them`, received: value }))
  }
  return [pair[0], pair[1]]
}
function checkOptions(where: string, options: object, known: readonly string[]): void {
  requireOptions(where, options, known, `${where}(images, …, { ${known[0]!}: 2 })`)
}
function images(x: TensorLike, where: string): Node {
  const node = floatNode(x, where)
  if (node.shape.length === 4) return node
  throw new ShapeError(
    problem({
      where,
      expected: 'images of shape (batch, height, width, channels)',
      received: showShape(node.shape),
      ...(node.shape.length === 3 ? { hint: 'Make a batch of one picture: expandDims(picture, 0)' } : {}),
    }),
  )
}
function kernelNode(kernel: TensorLike, where: string, dims: string): Node {
  const node = floatNode(kernel, where)
  if (node.shape.length === 4) return node
  throw new ShapeError(problem({ where, expected: `a kernel of shape ${dims}`, received: showShape(node.shape) }))
}

/** Keras's rule: total = max((ceil(n / s) - 1) s + d (k - 1) + 1 - n, 0); the smaller half comes before. */
export function samePadding(size: number, window: number, stride: number, dilation = 1): Pair {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + dilation * (window - 1) + 1 - size, 0)
  return [Math.floor(total / 2), total - Math.floor(total / 2)]
}
function explicitPadding(
  where: string,
  padding: Padding,
  size: Pair,
  window: Pair,
  strides: Pair,
  dilation: Pair,
): Padding2D {
  if (padding === 'valid') return [[0, 0], [0, 0]] // prettier-ignore
  if (padding === 'same') {
    return [
      samePadding(size[0], window[0], strides[0], dilation[0]),
      samePadding(size[1], window[1], strides[1], dilation[1]),
    ]
  }
  if (
    Array.isArray(padding) &&
    padding.length === 2 &&
    padding.every((side) => Array.isArray(side) && side.length === 2 && side.every((x) => Number.isInteger(x)))
  ) {
    return padding
  }
  throw new ArgumentError(
    problem({ where, expected: 'padding "valid", "same" or [[top, bottom], [left, right]]', received: padding }),
  )
}
const spatial = (node: Node): Pair => [node.shape[1]!, node.shape[2]!]

/**
 * Cross-correlation of images (N, H, W, C) with a kernel (kh, kw, C / groups, filters), as Keras's `conv`.
 * @throws ShapeError or ArgumentError if shapes or options do not fit.
 */
export function conv(x: TensorLike, kernel: TensorLike, options: ConvOptions = {}): Tensor {
  checkOptions('conv', options, ['strides', 'padding', 'dilationRate', 'groups'])
  const node = images(x, 'conv')
  const weights = kernelNode(kernel, 'conv', '(height, width, channels / groups, filters)')
  return new Tensor(convNode('conv', node, weights, options))
}
function convNode(where: string, x: Node, kernel: Node, options: ConvOptions): Node {
  const strides = pairOf(where, 'strides', options.strides ?? 1)
  const dilation = pairOf(where, 'dilationRate', options.dilationRate ?? 1)
  const window: Pair = [kernel.shape[0]!, kernel.shape[1]!]
  const padding = explicitPadding(where, options.padding ?? 'valid', spatial(x), window, strides, dilation)
  const attrs = { strides, padding, dilation, groups: options.groups ?? 1, epilogue: null }
  return makeNode('conv', [x, kernel], attrs)
}
/** Each channel by itself with a kernel (kh, kw, C, multiplier) -> (N, H, W, C * multiplier), channel c's results together. */
export function depthwiseConv(x: TensorLike, kernel: TensorLike, options: DepthwiseOptions = {}): Tensor {
  checkOptions('depthwiseConv', options, ['strides', 'padding', 'dilationRate'])
  return new Tensor(depthwiseNode('depthwiseConv', images(x, 'depthwiseConv'), kernel, options))
}
function depthwiseNode(where: string, x: Node, kernel: TensorLike, options: DepthwiseOptions): Node {
  const weights = kernelNode(kernel, where, '(height, width, channels, multiplier)')
  const [kh, kw, channels, multiplier] = weights.shape as [number, number, number, number]
  if (channels !== x.shape[3]) {
    throw new ShapeError(
      problem({ where, expected: `a kernel for ${x.shape[3]!} channels`, received: showShape(weights.shape) }),
    )
  }
  const grouped = reshapeNode(weights, [kh, kw, 1, channels * multiplier])
  return convNode(where, x, grouped, { ...options, groups: channels })
}
/** A depthwise convolution, then a pointwise one (kernel (1, 1, C * multiplier, filters)). The options apply to the first. */
export function separableConv(
  x: TensorLike,
  depthwiseKernel: TensorLike,
  pointwiseKernel: TensorLike,
  options: DepthwiseOptions = {},
): Tensor {
  checkOptions('separableConv', options, ['strides', 'padding', 'dilationRate'])
  const deep = depthwiseNode('separableConv', images(x, 'separableConv'), depthwiseKernel, options)
  const pointwise = kernelNode(pointwiseKernel, 'separableConv', '(1, 1, channels * multiplier, filters)')
  return new Tensor(convNode('separableConv', deep, pointwise, {}))
}

export interface ConvTransposeOptions {
  /** Default 1. */
  strides?: PairLike
  /** Default `valid`. */
  padding?: 'valid' | 'same'
  /** Extra pixels of the result, below the stride; default: Keras's own size, see below. */
  outputPadding?: PairLike | null
  dilationRate?: PairLike
}
/**
 * The transpose of `conv`: images (N, H, W, C), kernel (kh, kw, filters, C). With K = d (k - 1) + 1 the size of the result is
 * H s + max(K - s, 0) for `valid` and H s for `same`; with outputPadding p it is (H - 1) s + K - 2 q + p, where q is 0 or K / 2.
 */
export function convTranspose(x: TensorLike, kernel: TensorLike, options: ConvTransposeOptions = {}): Tensor {
  const where = 'convTranspose'
  checkOptions(where, options, ['strides', 'padding', 'outputPadding', 'dilationRate'])
  const node = images(x, where)
  const weights = kernelNode(kernel, where, '(height, width, filters, channels)')
  const [kh, kw, filters, channels] = weights.shape as [number, number, number, number]
  if (channels !== node.shape[3]) {
    throw new ShapeError(
      problem({ where, expected: `a kernel for ${node.shape[3]!} channels`, received: showShape(weights.shape) }),
    )
  }
  const strides = pairOf(where, 'strides', options.strides ?? 1)
  const dilation = pairOf(where, 'dilationRate', options.dilationRate ?? 1)
  checkValue(where, 'padding', options.padding ?? 'valid', oneOf('valid', 'same'))
  const same = options.padding === 'same'
  const extra = options.outputPadding ?? null
  const extras = extra === null ? null : typeof extra === 'number' ? ([extra, extra] as const) : extra
  const size: number[] = []
  const padding: Pair[] = []
  for (const i of [0, 1] as const) {
    const [n, stride, reach] = [node.shape[1 + i]!, strides[i], dilation[i] * ([kh, kw][i]! - 1) + 1]
    if (extras !== null && !(Number.isInteger(extras[i]) && extras[i] >= 0 && extras[i] < stride)) {
      throw new ArgumentError(
        problem({
          where,
          expected: `outputPadding of integers from 0 to strides - 1 (${stride - 1})`,
          received: extra,
        }),
      )
    }
    const natural = same ? n * stride : n * stride + Math.max(reach - stride, 0)
    const length =
      extras === null ? natural : (n - 1) * stride + reach - 2 * (same ? Math.floor(reach / 2) : 0) + extras[i]
    size.push(length)
    // The forward convolution, from the result's size to n pixels, needs this much padding.
    const total = Math.max((n - 1) * stride + reach - length, 0)
    padding.push([Math.floor(total / 2), total - Math.floor(total / 2)])
  }
  const attrs = { strides, dilation, groups: 1, padding: [padding[0]!, padding[1]!] as const }
  const inputShape = [node.shape[0]!, size[0]!, size[1]!, filters]
  return new Tensor(makeNode('convInputGrad', [node, weights], { ...attrs, inputShape }))
}

export interface PoolOptions {
  /** Default 2. */
  poolSize?: PairLike
  /** Default: the pool size. */
  strides?: PairLike | null
  /** Default `valid`. */
  padding?: Padding
}
function pool(op: 'maxPool' | 'avgPool', where: string, x: TensorLike, options: PoolOptions): Tensor {
  checkOptions(where, options, ['poolSize', 'strides', 'padding'])
  const node = images(x, where)
  const window = pairOf(where, 'poolSize', options.poolSize ?? 2)
  const strides = pairOf(where, 'strides', options.strides ?? window)
  const padding = explicitPadding(where, options.padding ?? 'valid', spatial(node), window, strides, [1, 1])
  return new Tensor(makeNode(op, [node], { window, strides, padding }))
}
/** The largest of each window, and the gradient to the first of equal ones; padding never wins. */
export function maxPool(x: TensorLike, options: PoolOptions = {}): Tensor {
  return pool('maxPool', 'maxPool', x, options)
}
/** The mean of each window's pixels, without those of the padding. */
export function averagePool(x: TensorLike, options: PoolOptions = {}): Tensor {
  return pool('avgPool', 'averagePool', x, options)
}
