// The closed union of primitives: name -> attributes. Every typed table (shapes, derivatives, each engine's kernels) is total over it.
import type { Node } from './node.ts'
import type { DType, Shape, TypedArray } from './types.ts'

type None = Record<never, never>

/** `[[top, bottom], [left, right]]`, in pixels. */
export type Padding2D = readonly [readonly [number, number], readonly [number, number]]
export type Pair = readonly [number, number]

/** What a convolution does to its result before storing it: `clamp(conv + bias + residual, low, high)`. */
export interface Epilogue {
  /** A bias of shape [filters] follows the kernel among the inputs. */
  readonly bias: boolean
  /** A tensor of the result's shape follows (after the bias) among the inputs and is added. */
  readonly residual: boolean
  /** Bounds applied last; relu is [0, Infinity]. */
  readonly clamp: Pair | null
}

export interface ConvAttrs {
  readonly strides: Pair
  readonly padding: Padding2D
  readonly dilation: Pair
  readonly groups: number
}
export interface PoolAttrs {
  readonly window: Pair
  readonly strides: Pair
  readonly padding: Padding2D
}
export interface ReduceAttrs {
  /** Sorted, distinct, non-negative. */
  readonly axes: readonly number[]
  readonly keepDims: boolean
}
export type FillMode = 'constant' | 'nearest' | 'reflect' | 'wrap'
export interface AffineAttrs {
  readonly interpolation: 'nearest' | 'bilinear'
  readonly fillMode: FillMode
  readonly fillValue: number
}
export type ResizeMethod =
  'nearest' | 'bilinear' | 'bicubic' | 'area' | 'lanczos3' | 'lanczos5' | 'gaussian' | 'mitchellcubic'
export interface ResizeAttrs {
  readonly size: Pair
  readonly method: ResizeMethod
  readonly antialias: boolean
}

/**
 * The body of a `fused` node: elementwise nodes over `parameters` (input leaves, one for each input of the fused node).
 * All results have one and the same shape, to which every parameter broadcasts.
 */
export interface FusedBody {
  readonly parameters: readonly Node<'input'>[]
  readonly results: readonly Node[]
}

/** Attributes by primitive. Inputs are described beside each; `x` is any shape unless said. */
export interface PrimitiveAttrs {
  // Leaves
  /** A value given at run time. */
  input: { readonly name: string; readonly shape: Shape; readonly dtype: DType }
  constant: { readonly data: TypedArray; readonly shape: Shape; readonly dtype: DType }
  /** 0, 1, 2, … along `axis`. float32 or int32. */
  iota: { readonly shape: Shape; readonly axis: number; readonly dtype: DType }
  /** (seed int32 [2]) -> float32 in [0, 1): Philox4x32-10, see philox.ts. */
  randomUniform: { readonly shape: Shape }

  // Elementwise, one input. float32 unless said; neg, abs, sign take int32 too.
  neg: None
  abs: None
  sign: None
  exp: None
  expm1: None
  log: None
  log1p: None
  sqrt: None
  rsqrt: None
  tanh: None
  sigmoid: None
  erf: None
  sin: None
  cos: None
  floor: None
  ceil: None
  /** Half to even. */
  round: None
  /** float32 -> bool */
  isFinite: None
  /** bool -> bool */
  not: None
  /** min(max(x, low), high); NaN stays NaN. The gradient is 0 at and beyond the bounds (TensorFlow's relu, relu6). */
  clamp: { readonly low: number; readonly high: number }
  cast: { readonly dtype: DType }
  /** The value, without a derivative. */
  stopGradient: None

  // Elementwise, two inputs of one dtype, broadcast as NumPy does
  add: None
  sub: None
  mul: None
  /** float32 only */
  div: None
  /** float32 only */
  pow: None
  /** Floor modulo (sign of the divisor). */
  mod: None
  /** NaN if either is NaN. Equal values: the whole gradient goes to the first. */
  maximum: None
  minimum: None
  /** -> bool */
  equal: None
  notEqual: None
  less: None
  lessEqual: None
  /** bool, bool -> bool */
  and: None
  or: None
  /** (condition bool, a, b), broadcast. */
  select: None

  // Made by the fusion pass only
  /** Several results; `result` nodes pick them. The node's own type is that of its first result. */
  fused: { readonly body: FusedBody }
  /** (fused) -> its index-th result. */
  result: { readonly index: number }

  // Reductions
  reduceSum: ReduceAttrs
  reduceMax: ReduceAttrs
  reduceMin: ReduceAttrs
  /** First index of the largest -> int32, axis removed. */
  argMax: { readonly axis: number }
  /** Mean and biased variance over `axes` -> [2, ...remaining dims]. */
  moments: { readonly axes: readonly number[] }

  // Data movement, any dtype
  reshape: { readonly shape: Shape }
  transpose: { readonly permutation: readonly number[] }
  /** NumPy broadcast_to. */
  broadcast: { readonly shape: Shape }
  slice: { readonly starts: readonly number[]; readonly limits: readonly number[]; readonly strides: readonly number[] }
  /** `low`, `high` >= 0 elements around, `interior` between neighbours, filled with `value`. */
  pad: {
    readonly low: readonly number[]
    readonly high: readonly number[]
    readonly interior: readonly number[]
    readonly value: number
  }
  /** Any number of inputs. */
  concat: { readonly axis: number }
  reverse: { readonly axes: readonly number[] }
  /** (x, indices int32) -> x.shape with `axis` replaced by indices.shape. An index outside the axis is an EngineError. */
  gather: { readonly axis: number }
  /** (indices int32, updates) -> zeros of `shape` plus each update at its index along `axis`; the transpose of gather. */
  scatterAdd: { readonly axis: number; readonly shape: Shape }
  /** Stable -> int32 indices along `axis`. NaN counts as largest. */
  argSort: { readonly axis: number; readonly descending: boolean }
  /** (x, indices int32 of equal rank) -> NumPy take_along_axis. */
  takeAlong: { readonly axis: number }
  /** (indices, updates) -> zeros of `shape` plus updates; the transpose of takeAlong. */
  scatterAlong: { readonly axis: number; readonly shape: Shape }

  // Linear algebra, float32
  /** (a [...b, m, k], b [...b, k, n]) with equal leading dims. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean }
  /** (x NHWC, kernel [kh, kw, in/groups, out], bias?, residual?) */
  conv: ConvAttrs & { readonly epilogue: Epilogue | null }
  /** (dy, kernel) -> gradient of x, of shape `inputShape`. Also the forward of conv2DTranspose. */
  convInputGrad: ConvAttrs & { readonly inputShape: Shape }
  /** (x, dy) -> gradient of the kernel, of shape `kernelShape`. */
  convKernelGrad: ConvAttrs & { readonly kernelShape: Shape }
  /** NHWC; padding counts as -Infinity. */
  maxPool: PoolAttrs
  /** (x, dy) -> gradient; ties go to the first of the window, row-major. */
  maxPoolGrad: PoolAttrs
  /** NHWC; the divisor is the number of pixels that are not padding. */
  avgPool: PoolAttrs
  /** (dy) */
  avgPoolGrad: PoolAttrs & { readonly inputShape: Shape }

  // Images, NHWC float32
  /**
   * (images, transforms float32 [N, 8]): TensorFlow's ImageProjectiveTransformV3. Output pixel (x, y) is read at
   * ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1, transforms rows a0 a1 a2 b0 b1 b2 c0 c1.
   */
  affineSample: AffineAttrs
  /** (dy, transforms) -> gradient of the images, of the same shape as dy. */
  affineSampleGrad: AffineAttrs
  /** tf.image.resize, half-pixel centres. */
  resize: ResizeAttrs
  /** (dy) */
  resizeGrad: ResizeAttrs & { readonly inputShape: Shape }
}

export type PrimitiveName = keyof PrimitiveAttrs
export type Attrs<P extends PrimitiveName> = PrimitiveAttrs[P]

/** Primitives that compute each element from the elements at the same place: what the fusion pass may merge. */
export const elementwiseNames = [
  'neg', 'abs', 'sign', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'rsqrt', 'tanh', 'sigmoid', 'erf', 'sin', 'cos',
  'floor', 'ceil', 'round', 'isFinite', 'not', 'clamp', 'cast', 'add', 'sub', 'mul', 'div', 'pow', 'mod', 'maximum',
  'minimum', 'equal', 'notEqual', 'less', 'lessEqual', 'and', 'or', 'select',
] as const satisfies readonly PrimitiveName[] // prettier-ignore
export type ElementwiseName = (typeof elementwiseNames)[number]
const elementwiseSet: ReadonlySet<PrimitiveName> = new Set(elementwiseNames)
export function isElementwise(op: PrimitiveName): op is ElementwiseName {
  return elementwiseSet.has(op)
}
