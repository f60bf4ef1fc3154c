// Matrix products, convolutions, pooling and image sampling as ONNX nodes.
import { isOp } from '../../graph/node.ts'
import type { Node } from '../../graph/node.ts'
import type { ConvAttrs, PoolAttrs } from '../../graph/primitives.ts'
import { resizeAxes } from '../../graph/resize-weights.ts'
import type { AxisWeights } from '../../graph/resize-weights.ts'
import { permuted } from './context.ts'
import type { Context, Rules } from './context.ts'
import type { Attributes } from './writer.ts'

/** [kh, kw, in / groups, out] -> [out, in / groups, kh, kw]. */
const kernelOrder = [3, 2, 0, 1]

function kernelName(kernel: Node, context: Context): string {
  // Depthwise kernels are reshaped constants; reshaping keeps the order of the values.
  let source = kernel
  while (isOp(source, 'reshape')) source = source.inputs[0]!
  if (isOp(source, 'constant')) {
    const dims = kernelOrder.map((axis) => kernel.shape[axis]!)
    return context.writer.tensor(permuted(source.attrs.data, kernel.shape, kernelOrder), dims, kernel.dtype)
  }
  return context.writer.node('Transpose', [context.name(kernel, 'plain')], { perm: kernelOrder })
}

/** [top, left, bottom, right] */
function pads({ padding: [[top, bottom], [left, right]] }: ConvAttrs | PoolAttrs): number[] {
  return [top, left, bottom, right]
}

function pool(opType: 'MaxPool' | 'AveragePool', node: Node<'maxPool' | 'avgPool'>, context: Context): void {
  const { window, strides } = node.attrs
  const { writer } = context
  let x = context.name(node.inputs[0]!, 'planar')
  let padding: Attributes = { pads: pads(node.attrs) }
  // onnxruntime moves a Pad before a pool into the pool's own padding, which MaxPool takes for minus infinity whatever the Pad's
  // value was; it does not where the pool has no explicit padding.
  if (isOp(node.inputs[0]!, 'pad')) {
    const [top, left, bottom, right] = pads(node.attrs)
    const bare = [top, left, bottom, right].every((side) => side === 0)
    if (!bare && opType === 'MaxPool') {
      const border = writer.int64([0, 0, top!, left!, 0, 0, bottom!, right!])
      x = writer.node('Pad', [x, border, writer.scalar(-Infinity)])
    }
    if (bare || opType === 'MaxPool') padding = { auto_pad: 'VALID' }
  }
  context.set(node, 'planar', writer.node(opType, [x], { kernel_shape: window, strides, ...padding }))
}

/** The weights of one axis as a matrix [input, output]. */
function resizeMatrix({ starts, span, weights }: AxisWeights, inputSize: number): Float32Array {
  const matrix = new Float32Array(inputSize * starts.length)
  starts.forEach((start, out) => {
    for (let t = 0; t < span; t++) {
      const weight = weights[out * span + t]!
      if (weight !== 0) matrix[(start + t) * starts.length + out]! += weight
    }
  })
  return matrix
}

type LinearName =
  | 'matmul' | 'conv' | 'convInputGrad' | 'convKernelGrad' | 'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad' | 'affineSample'
  | 'affineSampleGrad' | 'resize' | 'resizeGrad' // prettier-ignore

const gradient = (node: Node, context: Context): never => {
  throw context.refuse(node, 'a gradient')
}

export const linearRules: Rules<LinearName> = {
  matmul(node, context) {
    const { transposeA, transposeB } = node.attrs
    const rank = node.shape.length
    const perm = node.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i))
    const [a, b] = node.inputs.map((input, i) => {
      const name = context.name(input, 'plain')
      return [transposeA, transposeB][i] ? context.writer.node('Transpose', [name], { perm }) : name
    })
    context.set(node, 'plain', context.writer.node('MatMul', [a!, b!]))
  },
  conv(node, context) {
    const [x, kernel] = node.inputs as [Node, Node]
    const { strides, dilation, groups, epilogue } = node.attrs
    if (epilogue !== null) throw context.refuse(node, 'an engine has fused this graph already')
    const attributes = {
      kernel_shape: kernel.shape.slice(0, 2),
      strides,
      dilations: dilation,
      group: groups,
      pads: pads(node.attrs),
    }
    const operands = [context.name(x, 'planar'), kernelName(kernel, context)]
    context.set(node, 'planar', context.writer.node('Conv', operands, attributes))
  },
  /** The forward of a transposed convolution. */
  convInputGrad(node, context) {
    const [dy, kernel] = node.inputs as [Node, Node]
    const { strides, dilation, groups, padding } = node.attrs
    // ONNX: size = stride (size of dy - 1) + reach - pads + output_padding.
    const ends = ([0, 1] as const).map((i) => {
      const full = strides[i] * (dy.shape[1 + i]! - 1) + dilation[i] * (kernel.shape[i]! - 1) + 1
      const end = full - padding[i][0] - node.shape[1 + i]!
      return end >= 0 ? { pad: end, output: 0 } : { pad: 0, output: -end }
    })
    const attributes = {
      kernel_shape: kernel.shape.slice(0, 2),
      strides,
      dilations: dilation,
      group: groups,
      pads: [padding[0][0], padding[1][0], ends[0]!.pad, ends[1]!.pad],
      output_padding: ends.map(({ output }) => output),
    }
    const operands = [context.name(dy, 'planar'), kernelName(kernel, context)]
    context.set(node, 'planar', context.writer.node('ConvTranspose', operands, attributes))
  },
  convKernelGrad: gradient,
  maxPool: (node, context) => pool('MaxPool', node, context),
  maxPoolGrad: gradient,
  avgPool: (node, context) => pool('AveragePool', node, context),
  avgPoolGrad: gradient,

  affineSample(node, context) {
    throw context.refuse(node, 'a random rotation, translation or zoom that is active in inference')
  },
  affineSampleGrad: gradient,
  /** Separable and linear: whole rows and columns by a table (nearest) or a matrix (all others), exactly as here. */
  resize(node, context) {
    const [x] = node.inputs as [Node]
    const { writer } = context
    const [height, width] = [x.shape[1]!, x.shape[2]!]
    const [rows, columns] = resizeAxes([height, width], node.attrs)
    let name = context.name(x, 'planar')
    if (node.attrs.method === 'nearest') {
      for (const [axis, { starts }] of [
        [2, rows],
        [3, columns],
      ] as const)
        name = writer.node('Gather', [name, writer.tensor(starts, [starts.length], 'int32')], { axis })
    } else {
      const [down, across] = [resizeMatrix(rows, height), resizeMatrix(columns, width)]
      const left = writer.tensor(
        permuted(down, [height, rows.starts.length], [1, 0]),
        [rows.starts.length, height],
        'float32',
      )
      name = writer.node('MatMul', [name, writer.tensor(across, [width, columns.starts.length], 'float32')])
      name = writer.node('MatMul', [left, name])
    }
    context.set(node, 'planar', name)
  },
  resizeGrad: gradient,
}
