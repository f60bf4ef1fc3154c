// The lowering of every primitive: a missing one does not compile.
import { isOp } from '../../../graph/node.ts'
import type { Node } from '../../../graph/node.ts'
import type { PrimitiveName } from '../../../graph/primitives.ts'
import { resizeAxes } from '../../../graph/resize-weights.ts'
import { sizeOf } from '../../../graph/types.ts'
import type { Shape } from '../../../graph/types.ts'
import { inherit } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { StepAttributes, Value } from '../plan.ts'
import { lowerConv, lowerConvInputGrad, lowerConvKernelGrad } from './convolution.ts'
import { lowerElementwise } from './elementwise.ts'
import { lowerBroadcast, lowerConcat, lowerPad, lowerReshape, lowerReverse, lowerSlice, lowerTranspose } from './movement.ts'
import { lowerIndexed, lowerMoments, lowerReduce, lowerSearch } from './reductions.ts'

type Lowering<P extends PrimitiveName> = (node: Node<P>, b: Builder, results: readonly Node[]) => void

const elementwise = (node: Node, b: Builder): void => lowerElementwise(node, [node], b)

export const lowerings: { readonly [P in PrimitiveName]: Lowering<P> } = {
  input: () => {
    throw new Error('plan: inputs are bound, not lowered')
  },
  constant: (node, b) => b.set(node, b.constant(node.attrs.data, node.shape, node.dtype)),
  iota: (node, b) => {
    const to = whole(node, b, true)
    const { axis } = node.attrs
    const view = [sizeOf(node.shape.slice(0, axis)), node.shape[axis] ?? 1, sizeOf(node.shape.slice(axis + 1))]
    if (sizeOf(node.shape) > 0) b.add({ kind: 'iota', label: 'iota', role: 'whole', inputs: [], outputs: [to], attributes: { view, dtype: node.dtype } })
  },
  randomUniform: (node, b) => {
    const seed = b.value(node.inputs[0]!, 'plain')
    const to = whole(node, b, seed.stable)
    if (sizeOf(node.shape) > 0)
      b.add({ kind: 'randomUniform', label: 'random', role: 'whole', inputs: [seed], outputs: [to], attributes: { count: sizeOf(node.shape) } })
  },

  neg: elementwise, abs: elementwise, sign: elementwise, exp: elementwise, expm1: elementwise, log: elementwise, log1p: elementwise,
  sqrt: elementwise, rsqrt: elementwise, tanh: elementwise, sigmoid: elementwise, erf: elementwise, sin: elementwise, cos: elementwise,
  floor: elementwise, ceil: elementwise, round: elementwise, isFinite: elementwise, not: elementwise, clamp: elementwise,
  cast: elementwise, add: elementwise, sub: elementwise, mul: elementwise, div: elementwise, pow: elementwise, mod: elementwise,
  maximum: elementwise, minimum: elementwise, equal: elementwise, notEqual: elementwise, less: elementwise, lessEqual: elementwise,
  and: elementwise, or: elementwise, select: elementwise,
  // prettier-ignore
  stopGradient: (node, b) => b.set(node, b.any(node.inputs[0]!)),
  fused: (node, b, results) => lowerElementwise(node, results, b),
  result: () => undefined, // set by its fused node

  reduceSum: lowerReduce,
  reduceMax: lowerReduce,
  reduceMin: lowerReduce,
  argMax: lowerSearch,
  argSort: lowerSearch,
  moments: lowerMoments,

  reshape: lowerReshape,
  transpose: lowerTranspose,
  broadcast: lowerBroadcast,
  slice: lowerSlice,
  pad: lowerPad,
  concat: lowerConcat,
  reverse: lowerReverse,
  gather: lowerIndexed,
  scatterAdd: lowerIndexed,
  takeAlong: lowerIndexed,
  scatterAlong: lowerIndexed,

  matmul: lowerMatmul,
  conv: lowerConv,
  convInputGrad: lowerConvInputGrad,
  convKernelGrad: lowerConvKernelGrad,

  maxPool: (node, b) => pool(node, node.inputs[0]!.shape, node.shape, 'poolForward', 'max', b),
  maxPoolGrad: (node, b) => pool(node, node.inputs[0]!.shape, node.inputs[1]!.shape, 'poolBackward', 'max', b),
  avgPool: (node, b) => pool(node, node.inputs[0]!.shape, node.shape, 'poolForward', 'average', b),
  avgPoolGrad: (node, b) => pool(node, node.attrs.inputShape, node.inputs[0]!.shape, 'poolBackward', 'average', b),

  affineSample: (node, b) => affine(node, b),
  affineSampleGrad: (node, b) => affine(node, b),
  resize: (node, b) => resize(node, node.inputs[0]!.shape, b),
  resizeGrad: (node, b) => resize(node, node.attrs.inputShape, b),
}

/** A result that does not come picture by picture. */
function whole(node: Node, b: Builder, stable: boolean): Value {
  const to = b.fresh(node.shape, node.dtype, 'plain', { batch: false, stable })
  b.set(node, to)
  return to
}

function lowerMatmul(node: Node<'matmul'>, b: Builder): void {
  const [left, right] = node.inputs as [Node, Node]
  const { transposeA, transposeB } = node.attrs
  const values = [b.value(left, 'plain'), b.value(right, 'plain')] as const
  const rank = left.shape.length
  const ofBatch = (value: Value, node: Node): boolean => value.batch && node.shape[0] === b.batch
  // Rank 2: rows of the batch; more: the leading dim is the batch of both.
  const isMap =
    rank === 2 ? ofBatch(values[0], left) && !transposeA && !values[1].batch : (ofBatch(values[0], left) || ofBatch(values[1], right)) && left.shape[0] === b.batch
  const to = b.fresh(node.shape, 'float32', 'plain', { batch: isMap, stable: inherit(...values).stable })
  if (!isMap) to.storage.imageBytes = 0
  b.set(node, to)
  if (sizeOf(node.shape) === 0) return
  const k = left.shape[rank - (transposeA ? 2 : 1)]!
  const m = node.shape[rank - 2]!
  const n = node.shape[rank - 1]!
  const batch = sizeOf(node.shape.slice(0, -2))
  if (k === 0) {
    b.add({ kind: 'fill', label: 'fill', role: 'whole', inputs: [], outputs: [to], attributes: { dtype: 'float32', value: 0, count: sizeOf(node.shape) } })
    return
  }
  b.add({
    kind: 'matmul',
    label: `matmul ${m}x${k}x${n}`,
    role: isMap ? 'map' : 'whole',
    inputs: values,
    advance: [isMap, isMap && rank > 2],
    outputs: [to],
    attributes: (images) => ({
      batch: isMap && rank > 2 ? (batch / b.batch) * images : batch,
      m: isMap && rank === 2 ? images : m,
      k,
      n,
      transposeA,
      transposeB,
    }),
    work: isMap ? (batch * m * k * n) / b.batch : 0,
  })
}

type PoolNode = Node<'maxPool'> | Node<'maxPoolGrad'> | Node<'avgPool'> | Node<'avgPoolGrad'>

function pool(node: PoolNode, input: Shape, output: Shape, kind: string, op: 'max' | 'average', b: Builder): void {
  const { window, strides, padding } = node.attrs
  const inputs = node.inputs.map((operand) => b.value(operand, 'blocked'))
  const to = b.fresh(node.shape, 'float32', 'blocked', inherit(...inputs))
  b.set(node, to)
  if (sizeOf(node.shape) === 0) return
  b.add({
    kind,
    label: node.op,
    inputs,
    outputs: [to],
    attributes: (images) => ({
      images: to.batch ? images : input[0],
      channels: input[3],
      height: input[1],
      width: input[2],
      outHeight: output[1],
      outWidth: output[2],
      window,
      strides,
      padding: padding.flat(),
      op,
    }),
  })
}

/** A per-picture op on plain NHWC values. */
function perPicture(node: Node, kind: string, attributes: StepAttributes, b: Builder): void {
  const inputs = node.inputs.map((operand) => b.value(operand, 'plain'))
  const flags = inherit(...inputs)
  const isMap = flags.batch && node.inputs.every((operand) => operand.shape[0] === b.batch)
  const to = b.fresh(node.shape, 'float32', 'plain', { batch: isMap, stable: flags.stable })
  if (!isMap) to.storage.imageBytes = 0
  b.set(node, to)
  if (sizeOf(node.shape) === 0) return
  b.add({
    kind,
    label: node.op,
    role: isMap ? 'map' : 'whole',
    inputs,
    advance: inputs.map(() => isMap),
    outputs: [to],
    attributes: (images) => ({ images: isMap ? images : node.shape[0], ...attributes }),
  })
}

function affine(node: Node<'affineSample'> | Node<'affineSampleGrad'>, b: Builder): void {
  const [, height, width, channels] = node.shape as unknown as [number, number, number, number]
  const { interpolation, fillMode, fillValue } = node.attrs
  perPicture(node, 'affine', { height, width, channels, interpolation, fillMode, fillValue, grad: node.op === 'affineSampleGrad' }, b)
}

function resize(node: Node<'resize'> | Node<'resizeGrad'>, input: Shape, b: Builder): void {
  const [rows, columns] = resizeAxes([input[1]!, input[2]!], node.attrs)
  perPicture(node, 'resize', {
    channels: input[3],
    grad: isOp(node, 'resizeGrad'),
    rowsIn: input[1],
    rowsStart: [...rows.starts],
    rowsWeights: rows.weights,
    columnsIn: input[2],
    columnsStart: [...columns.starts],
    columnsWeights: columns.weights,
  }, b)
}
