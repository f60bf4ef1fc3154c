// What the operations of Keras' graphs compute, by class name.
import type { Config } from '../layers/config.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'

interface OperationRule {
  readonly module: string
  readonly run: (args: readonly [TensorLike, TensorLike, ...TensorLike[]], attributes: Config) => Tensor
}

const numpy = 'keras.src.ops.numpy'
const nn = 'keras.src.ops.nn'

function unary(module: string, run: (x: TensorLike) => Tensor): OperationRule {
  return { module, run: ([x]) => run(x) }
}
function binary(run: (a: TensorLike, b: TensorLike) => Tensor): OperationRule {
  return { module: numpy, run: ([a, b]) => run(a, b) }
}
function reduction(
  run: (x: TensorLike, options: { axis?: number | number[]; keepdims?: boolean }) => Tensor,
): OperationRule {
  return {
    module: numpy,
    run: ([x], { axis, keepdims }) =>
      run(x, {
        ...(axis === null || axis === undefined ? {} : { axis: axis as number | number[] }),
        keepdims: keepdims === true,
      }),
  }
}
const axisOf = (attributes: Config, fallback: number): number =>
  typeof attributes.axis === 'number' ? attributes.axis : fallback

export const operationTable: Readonly<Record<string, OperationRule>> = {
  Add: binary(ops.add),
  Subtract: binary(ops.subtract),
  Multiply: binary(ops.multiply),
  Divide: binary(ops.divide),
  TrueDivide: binary(ops.divide),
  Power: binary(ops.power),
  Maximum: binary(ops.maximum),
  Minimum: binary(ops.minimum),
  Matmul: binary(ops.matmul),
  Negative: unary(numpy, ops.negative),
  Abs: unary(numpy, ops.abs),
  Absolute: unary(numpy, ops.abs),
  Exp: unary(numpy, ops.exp),
  Log: unary(numpy, ops.log),
  Sqrt: unary(numpy, ops.sqrt),
  Square: unary(numpy, ops.square),
  Tanh: unary(numpy, ops.tanh),
  Mean: reduction(ops.mean),
  Sum: reduction(ops.sum),
  Max: reduction(ops.max),
  Min: reduction(ops.min),
  Clip: { module: numpy, run: ([x], { x_min, x_max }) => ops.clip(x, x_min as number, x_max as number) },
  Reshape: { module: numpy, run: ([x], { newshape }) => ops.reshape(x, (newshape as (number | null)[]).map((dim) => dim ?? -1)) }, // prettier-ignore
  Transpose: { module: numpy, run: ([x], { axes }) => ops.transpose(x, (axes as number[] | null) ?? undefined) },
  ExpandDims: { module: numpy, run: ([x], attributes) => ops.expandDims(x, axisOf(attributes, -1)) },
  Flip: { module: numpy, run: ([x], { axis }) => ops.flip(x, (axis as number | number[] | null) ?? undefined) },
  Squeeze: { module: numpy, run: ([x], { axis }) => ops.squeeze(x, (axis as number | null) ?? undefined) },
  Concatenate: {
    module: numpy,
    run: ([xs], attributes) => ops.concatenate(xs as unknown as Tensor[], axisOf(attributes, -1)),
  },
  Stack: { module: numpy, run: ([xs], attributes) => ops.stack(xs as unknown as Tensor[], axisOf(attributes, 0)) },
  Relu: unary(nn, ops.relu),
  Relu6: unary(nn, ops.relu6),
  Sigmoid: unary(nn, ops.sigmoid),
  Silu: unary(nn, (x) => ops.multiply(x, ops.sigmoid(x))),
  Softplus: unary(nn, ops.softplus),
  Softmax: { module: nn, run: ([x], attributes) => ops.softmax(x, { axis: axisOf(attributes, -1) }) },
  LogSoftmax: { module: nn, run: ([x], attributes) => ops.logSoftmax(x, { axis: axisOf(attributes, -1) }) },
}
