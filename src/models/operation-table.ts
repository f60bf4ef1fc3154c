// What the operations of Keras' graphs compute, by class name: the arguments of the call and the attributes as Keras stores them.
import * as activations from '../activations/index.ts'
import { ArgumentError, problem } from '../errors.ts'
import type { Config } from '../layers/config.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { getItem } from './get-item.ts'
import { imageRules } from './operation-images.ts'
import {
  axesOption,
  axisOption,
  dtypeOption,
  flat,
  joined,
  padded,
  rolled,
  rule,
  swapped,
  unary,
} from './operation-rules.ts'
import type { OperationRule } from './operation-rules.ts' // prettier-ignore

const numpy = 'keras.src.ops.numpy'
const nn = 'keras.src.ops.nn'
const math = 'keras.src.ops.math'
const core = 'keras.src.ops.core'
const functions = 'keras.src.activations.activations'

function binary(run: (a: TensorLike, b: TensorLike) => Tensor): OperationRule {
  return rule(numpy, ([a, b]) => run(a as TensorLike, b as TensorLike))
}
function reduction(
  run: (x: TensorLike, options: { axis?: number | readonly number[]; keepdims?: boolean }) => Tensor,
  module = numpy,
): OperationRule {
  return rule(module, ([x], { axis, keepdims, initial, ord }) => {
    for (const [name, value] of [['initial', initial], ['ord', ord]] as const) refuse(name, value) // prettier-ignore
    return run(x as TensorLike, { ...axesOption(axis), keepdims: keepdims === true })
  })
}
function refuse(name: string, value: unknown): void {
  if (value === null || value === undefined) return
  throw new ArgumentError(problem({ where: 'operation', expected: `no \`${name}\``, received: value }))
}
/** Operations along one axis, which is the flattened tensor's where there is none. */
function along(run: (x: Tensor, axis: number) => Tensor): OperationRule {
  return rule(numpy, ([x], { axis }) =>
    axis === null ? run(flat(x as Tensor), 0) : run(x as Tensor, axisOption(axis)),
  )
}
const number = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback)

const arithmetic: Record<string, OperationRule> = {
  Add: binary(ops.add),
  Subtract: binary(ops.subtract),
  Multiply: binary(ops.multiply),
  Divide: binary(ops.divide),
  TrueDivide: binary(ops.divide),
  FloorDivide: binary((a, b) => ops.floor(ops.divide(a, b))),
  Mod: binary(ops.mod),
  Power: binary(ops.power),
  Maximum: binary(ops.maximum),
  Minimum: binary(ops.minimum),
  Logaddexp: binary((a, b) => ops.add(ops.maximum(a, b), ops.log1p(ops.exp(ops.negative(ops.abs(ops.subtract(a, b))))))), // prettier-ignore
  Matmul: binary((a, b) => ops.matmul(a, b)),
  Equal: binary(ops.equal),
  NotEqual: binary(ops.notEqual),
  Less: binary(ops.less),
  LessEqual: binary(ops.lessEqual),
  Greater: binary(ops.greater),
  GreaterEqual: binary(ops.greaterEqual),
  LogicalAnd: binary(ops.logicalAnd),
  LogicalOr: binary(ops.logicalOr),
  LogicalXor: binary((a, b) => ops.notEqual(ops.cast(a, 'bool'), ops.cast(b, 'bool'))),
  LogicalNot: unary(numpy, ops.logicalNot),
  Where: rule(numpy, ([condition, a, b]) => ops.where(condition as Tensor, a as TensorLike, b as TensorLike)),
  Negative: unary(numpy, ops.negative),
  Abs: unary(numpy, ops.abs),
  Absolute: unary(numpy, ops.abs),
  Sign: unary(numpy, ops.sign),
  Exp: unary(numpy, ops.exp),
  Expm1: unary(numpy, ops.expm1),
  Log: unary(numpy, ops.log),
  Log1p: unary(numpy, ops.log1p),
  Sqrt: unary(numpy, ops.sqrt),
  Rsqrt: unary(math, ops.rsqrt),
  Square: unary(numpy, ops.square),
  Reciprocal: unary(numpy, ops.reciprocal),
  Sin: unary(numpy, ops.sin),
  Cos: unary(numpy, ops.cos),
  Tanh: unary(numpy, ops.tanh),
  Erf: unary(math, ops.erf),
  Floor: unary(numpy, ops.floor),
  Ceil: unary(numpy, ops.ceil),
  Round: rule(numpy, ([x], { decimals }) => {
    const scale = 10 ** number(decimals, 0)
    return scale === 1 ? ops.round(x as Tensor) : ops.divide(ops.round(ops.multiply(x as Tensor, scale)), scale)
  }),
  Isnan: unary(numpy, ops.isNan),
  Isfinite: unary(numpy, ops.isFinite),
  Copy: unary(numpy, (x) => x),
  StopGradient: unary(core, ops.stopGradient),
  Cast: rule(core, ([x], { dtype }) => ops.cast(x as Tensor, dtypeOption(dtype) ?? 'float32')),
  Clip: rule(numpy, ([x], { x_min, x_max }) => ops.clip(x as Tensor, x_min as number, x_max as number)),
  ZerosLike: rule(numpy, ([x], { dtype }) => ops.zerosLike(x as Tensor, dtypeOption(dtype))),
  OnesLike: rule(numpy, ([x], { dtype }) => ops.onesLike(x as Tensor, dtypeOption(dtype))),
}

const reductions: Record<string, OperationRule> = {
  Mean: reduction(ops.mean),
  Sum: reduction(ops.sum),
  Prod: reduction(ops.prod),
  Max: reduction(ops.max),
  Min: reduction(ops.min),
  Amax: reduction(ops.max),
  Amin: reduction(ops.min),
  Var: reduction(ops.variance),
  Std: reduction(ops.std),
  Any: reduction(ops.any),
  All: reduction(ops.all),
  CountNonzero: reduction((x, options) => ops.sum(ops.cast(ops.notEqual(x, 0), 'int32'), options)),
  Logsumexp: reduction(ops.logsumexp, math),
  Norm: reduction(ops.norm, 'keras.src.ops.linalg'),
  Average: rule(numpy, ([x], { axis, weights }) => {
    refuse('weights', weights)
    return ops.mean(x as Tensor, axesOption(axis))
  }),
  Argmax: rule(numpy, ([x], { axis, keepdims }) => ops.argmax(x as Tensor, { axis: axis as number | null, keepdims: keepdims === true })), // prettier-ignore
  Argmin: rule(numpy, ([x], { axis, keepdims }) => ops.argmin(x as Tensor, { axis: axis as number | null, keepdims: keepdims === true })), // prettier-ignore
  Cumsum: along((x, axis) => ops.cumsum(x, { axis })),
  Sort: along((x, axis) => ops.sort(x, { axis })),
  Argsort: along((x, axis) => ops.argsort(x, { axis })),
  TopK: rule(math, ([x], { k }) => {
    const { values, indices } = ops.topK(x as Tensor, k as number)
    return [values, indices]
  }),
}

const movement: Record<string, OperationRule> = {
  GetItem: rule(numpy, ([x, key]) => getItem(x as Tensor, key)),
  Slice: rule(core, ([x, starts], { shape }) => ops.slice(x as Tensor, starts as number[], shape as number[])),
  Reshape: rule(numpy, ([x], { newshape }) => ops.reshape(x as Tensor, (newshape as (number | null)[]).map((dim) => dim ?? -1))), // prettier-ignore
  Ravel: unary(numpy, flat),
  Transpose: rule(numpy, ([x], { axes }) => ops.transpose(x as Tensor, (axes as number[] | null) ?? undefined)),
  Swapaxes: rule(numpy, ([x], { axis1, axis2 }) => swapped(x as Tensor, [axis1 as number], [axis2 as number], true)),
  Moveaxis: rule(numpy, ([x], { source, destination }) => swapped(x as Tensor, [source].flat() as number[], [destination].flat() as number[], false)), // prettier-ignore
  ExpandDims: rule(numpy, ([x], { axis }) => {
    const tensor = x as Tensor
    const axes = [axis ?? -1].flat() as number[]
    const rank = tensor.rank + axes.length
    // From the first place in the result on, so that later ones count what was put in.
    const places = axes.map((each) => (each < 0 ? each + rank : each)).sort((a, b) => a - b)
    return places.reduce((result, place) => ops.expandDims(result, place), tensor)
  }),
  Squeeze: rule(numpy, ([x], { axis }) => ops.squeeze(x as Tensor, (axis as number | number[] | null) ?? undefined)),
  Flip: rule(numpy, ([x], { axis }) => ops.flip(x as Tensor, (axis as number | number[] | null) ?? undefined)),
  Roll: rule(numpy, ([x], { shift, axis }) => rolled(x as Tensor, shift, axis)),
  Repeat: rule(numpy, ([x], { repeats, axis }) => ops.repeat(x as Tensor, repeats as number, (axis as number | null) ?? undefined)), // prettier-ignore
  Tile: rule(numpy, ([x], { repeats }) => ops.tile(x as Tensor, repeats as number | number[])),
  BroadcastTo: rule(numpy, ([x], { shape }) => ops.broadcastTo(x as Tensor, shape as number[])),
  Pad: rule(numpy, ([x], attributes) => padded(x as Tensor, attributes)),
  Concatenate: rule(numpy, ([xs], { axis }) => ops.concatenate(xs as Tensor[], number(axis, -1))),
  Stack: rule(numpy, ([xs], { axis }) => ops.stack(xs as Tensor[], number(axis, 0))),
  Hstack: rule(numpy, ([xs]) => joined(xs as Tensor[], 1)),
  Vstack: rule(numpy, ([xs]) => joined(xs as Tensor[], 0)),
  Split: rule(numpy, ([x], { indices_or_sections: parts, axis }) => ops.split(x as Tensor, parts as number | number[], number(axis, 0))), // prettier-ignore
  Unstack: rule(core, ([x], { axis }) => ops.unstack(x as Tensor, number(axis, 0))),
  Take: rule(numpy, ([x, indices], { axis }) => ops.take(x as Tensor, ops.tensor(indices as number[], { dtype: 'int32' }), (axis as number | null) ?? undefined)), // prettier-ignore
  TakeAlongAxis: rule(numpy, ([x, indices], { axis }) => ops.takeAlongAxis(x as Tensor, indices as Tensor, number(axis, -1))), // prettier-ignore
  OneHot: rule(nn, ([x], { num_classes: count, axis, dtype }) => {
    const coded = ops.oneHot(x as Tensor, count as number, dtypeOption(dtype) ?? 'float32')
    const place = number(axis, -1)
    return place === -1 ? coded : swapped(coded, [-1], [place], false)
  }),
}

type Activation = (x: Tensor, attributes: Config) => Tensor
function activation(run: Activation, module = nn): OperationRule {
  return rule(module, ([x], attributes) => run(x as Tensor, attributes))
}
const neural: Record<string, OperationRule> = {
  Relu: unary(nn, ops.relu),
  Relu6: unary(nn, ops.relu6),
  Sigmoid: unary(nn, ops.sigmoid),
  LogSigmoid: unary(nn, ops.logSigmoid),
  HardSigmoid: unary(nn, activations.hardSigmoid),
  SparseSigmoid: unary(nn, activations.sparseSigmoid),
  Silu: unary(nn, activations.silu),
  HardSilu: unary(nn, activations.hardSilu),
  HardTanh: unary(nn, activations.hardTanh),
  TanhShrink: unary(nn, activations.tanhShrink),
  Softplus: unary(nn, ops.softplus),
  SparsePlus: unary(nn, activations.sparsePlus),
  Softsign: unary(nn, activations.softsign),
  Selu: unary(nn, activations.selu),
  Gelu: activation((x, { approximate }) => activations.gelu(x, { approximate: approximate !== false })),
  Elu: activation((x, { alpha }) => activations.elu(x, { alpha: number(alpha, 1) })),
  Celu: activation((x, { alpha }) => activations.celu(x, { alpha: number(alpha, 1) })),
  LeakyRelu: activation((x, { negative_slope: slope }) => activations.leakyRelu(x, number(slope, 0.2))), // prettier-ignore
  HardShrink: activation((x, { threshold }) => activations.hardShrink(x, { threshold: number(threshold, 0.5) })),
  SoftShrink: activation((x, { threshold }) => activations.softShrink(x, { threshold: number(threshold, 0.5) })),
  Threshold: activation((x, { threshold, default_value: value }) => activations.threshold(x, { threshold: threshold as number, defaultValue: value as number })), // prettier-ignore
  Squareplus: activation((x, { b }) => activations.squareplus(x, { b: number(b, 4) })),
  Sparsemax: activation((x, { axis }) => activations.sparsemax(x, { axis: number(axis, -1) })),
  Glu: activation((x, { axis }) => activations.glu(x, { axis: number(axis, -1) })),
  Softmax: activation((x, { axis }) => ops.softmax(x, axesOption(axis ?? -1))),
  LogSoftmax: activation((x, { axis }) => ops.logSoftmax(x, axesOption(axis ?? -1))),
  ReLU: activation((x, { negative_slope: slope, max_value: max, threshold }) => activations.relu(x, { negativeSlope: number(slope, 0), maxValue: max as number | null, threshold: number(threshold, 0) }), functions), // prettier-ignore
  Mish: activation((x) => activations.mish(x), functions),
  Normalize: activation((x, { axis, order, epsilon }) => {
    const least = number(epsilon, 1e-7)
    const along = axesOption(axis ?? -1)
    // x * min(rsqrt(s), 1 / epsilon) = x * rsqrt(max(s, epsilon^2))
    if (order === 2 || order === undefined) return ops.l2Normalize(x, { ...along, epsilon: least * least })
    const p = number(order, 2)
    const total = ops.sum(ops.power(ops.abs(x), p), { ...along, keepdims: true })
    return ops.divide(x, ops.maximum(ops.power(total, 1 / p), least))
  }),
  BatchNorm: rule(nn, ([x, mean, variance, offset, scale], { axis, epsilon }) => {
    const tensor = x as Tensor
    const place = number(axis, -1) < 0 ? tensor.rank + number(axis, -1) : number(axis, -1)
    const wide = (value: unknown): Tensor => ops.reshape(value as Tensor, tensor.shape.map((dim, i) => (i === place ? dim : 1))) // prettier-ignore
    const inverse = ops.rsqrt(ops.add(wide(variance), number(epsilon, 1e-3)))
    const factor = (scale ?? null) === null ? inverse : ops.multiply(inverse, wide(scale))
    const result = ops.multiply(ops.subtract(tensor, wide(mean)), factor)
    return (offset ?? null) === null ? result : ops.add(result, wide(offset))
  }),
}

/** Every operation that is known, by Keras' class name. */
export const operationTable: Readonly<Record<string, OperationRule>> = {
  ...arithmetic,
  ...reductions,
  ...movement,
  ...neural,
  ...imageRules,
}
