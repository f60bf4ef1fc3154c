// Leaves, reductions and data movement as ONNX nodes.
import type { Node } from '../../graph/node.ts'
import { allocate, sizeOf } from '../../graph/types.ts'
import type { Shape } from '../../graph/types.ts'
import { inPlanarOrder, planarAxis } from './context.ts'
import type { Context, Layout, Rules } from './context.ts'

/** Ends beyond any axis: a slice to the end, or with negative steps to before the beginning. */
const farEnd = 2n ** 63n - 1n
const farStart = -(2n ** 63n)

function axisIn(layout: Layout, axis: number): number {
  return layout === 'planar' ? planarAxis(axis) : axis
}
function ordered<T>(layout: Layout, values: readonly T[]): T[] {
  return layout === 'planar' ? inPlanarOrder(values) : [...values]
}

/** The axes that are left keep their order in NCHW unless channels and pixels are both among them. */
function orderIsKept(rank: number, axes: readonly number[]): boolean {
  const left = [0, 1, 2, 3].filter((axis) => axis < rank && !axes.includes(axis))
  return !left.includes(3) || !(left.includes(1) || left.includes(2))
}

function reduceLayout(node: Node, axes: readonly number[], keepDims: boolean, context: Context): Layout {
  const [x] = node.inputs as [Node]
  return x.shape.length === 4 && context.prefersPlanar(x) && (keepDims || orderIsKept(4, axes)) ? 'planar' : 'plain'
}

function reduce(
  opType: 'ReduceSum' | 'ReduceMax' | 'ReduceMin',
  node: Node<'reduceSum' | 'reduceMax' | 'reduceMin'>,
  context: Context,
): void {
  const { axes, keepDims } = node.attrs
  const layout = reduceLayout(node, axes, keepDims, context)
  const x = context.name(node.inputs[0]!, layout)
  const mapped = axes.map((axis) => axisIn(layout, axis)).sort((a, b) => a - b)
  const keepdims = keepDims ? 1 : 0
  // Sums have had their axes as an input since opset 13, the others since 18.
  const result =
    opType === 'ReduceSum'
      ? context.writer.node(opType, [x, context.writer.int64(mapped)], { keepdims })
      : context.writer.node(opType, [x], { axes: mapped, keepdims })
  context.set(node, keepDims ? layout : 'plain', result)
}

function int32(context: Context, name: string): string {
  return context.writer.node('Cast', [name], { to: 6 })
}

type MovementName =
  | 'input' | 'constant' | 'iota' | 'randomUniform' | 'stopGradient' | 'fused' | 'result' | 'reduceSum' | 'reduceMax' | 'reduceMin' | 'argMax' | 'moments'
  | 'reshape' | 'transpose' | 'broadcast' | 'slice' | 'pad' | 'concat' | 'reverse' | 'gather' | 'scatterAdd' | 'argSort' | 'takeAlong' | 'scatterAlong' // prettier-ignore

export const movementRules: Rules<MovementName> = {
  // Named by the caller, who knows what they are.
  input: () => undefined,
  // Written where they are read, in the layout that is wanted there.
  constant: () => undefined,
  iota(node, context) {
    const { axis, dtype } = node.attrs
    const dims = context.dims(node)
    if (typeof dims[axis] !== 'number') throw context.refuse(node, 'numbers along the batch')
    const one: Shape = dims.map((dim, i) => (i === axis && typeof dim === 'number' ? dim : 1))
    const data = allocate(dtype, sizeOf(one))
    for (let i = 0; i < data.length; i++) data[i] = i
    context.set(
      node,
      'plain',
      context.writer.node('Expand', [context.writer.tensor(data, one, dtype), context.shape(dims)]),
    )
  },
  randomUniform(node, context) {
    throw context.refuse(node, 'random numbers')
  },
  stopGradient(node, context) {
    const layout = context.layoutFor(node)
    context.set(node, layout, context.name(node.inputs[0]!, layout))
  },
  fused(node, context) {
    throw context.refuse(node, 'an engine has fused this graph already')
  },
  result(node, context) {
    throw context.refuse(node, 'an engine has fused this graph already')
  },
  reduceSum: (node, context) => reduce('ReduceSum', node, context),
  reduceMax: (node, context) => reduce('ReduceMax', node, context),
  reduceMin: (node, context) => reduce('ReduceMin', node, context),
  argMax(node, context) {
    const { axis } = node.attrs
    const layout = reduceLayout(node, [axis], false, context)
    const x = context.name(node.inputs[0]!, layout)
    context.set(
      node,
      'plain',
      int32(context, context.writer.node('ArgMax', [x], { axis: axisIn(layout, axis), keepdims: 0 })),
    )
  },
  moments(node, context) {
    const { writer } = context
    const { axes } = node.attrs
    const layout = reduceLayout(node, axes, false, context)
    const x = context.name(node.inputs[0]!, layout)
    const mapped = axes.map((axis) => axisIn(layout, axis)).sort((a, b) => a - b)
    const centred = writer.node('Sub', [x, writer.node('ReduceMean', [x], { axes: mapped, keepdims: 1 })])
    const mean = writer.node('ReduceMean', [x], { axes: mapped, keepdims: 0 })
    const variance = writer.node('ReduceMean', [writer.node('Mul', [centred, centred])], { axes: mapped, keepdims: 0 })
    const first = writer.int64([0])
    const parts = [mean, variance].map((each) => writer.node('Unsqueeze', [each, first]))
    context.set(node, 'plain', writer.node('Concat', parts, { axis: 0 }))
  },

  reshape(node, context) {
    const [x] = node.inputs as [Node]
    const dims = context.dims(node, (each) => (each as Node<'reshape'>).attrs.shape)
    // Values of one pixel lie alike in both layouts: no transposing around global pooling and squeeze-excite.
    const isPixel = (shape: Shape): boolean => shape.length === 4 && shape[1] === 1 && shape[2] === 1
    const from = (): string => context.name(x, isPixel(x.shape) && context.prefersPlanar(x) ? 'planar' : 'plain')
    if (isPixel(node.shape)) context.set(node, 'planar', () => context.reshape(from(), inPlanarOrder(dims)))
    context.set(node, 'plain', () => context.reshape(from(), dims))
  },
  transpose(node, context) {
    const { permutation } = node.attrs
    context.set(
      node,
      'plain',
      context.writer.node('Transpose', [context.name(node.inputs[0]!, 'plain')], { perm: permutation }),
    )
  },
  broadcast(node, context) {
    const dims = context.dims(node, (each) => (each as Node<'broadcast'>).attrs.shape)
    const layout = context.layoutFor(node)
    const x = context.operand(node.inputs[0]!, layout)
    context.set(node, layout, context.writer.node('Expand', [x, context.shape(ordered(layout, dims))]))
  },
  slice(node, context) {
    const { starts, strides } = node.attrs
    const [x] = node.inputs as [Node]
    if (!context.batch.isFixed(node, (each) => (each as Node<'slice'>).attrs.starts))
      throw context.refuse(node, 'from a place that moves with the batch')
    const whole = context.dims(x)
    const limits = context.dims(node, (each) => (each as Node<'slice'>).attrs.limits)
    const ends = limits.map((limit, i) => {
      if (typeof limit === 'number') return BigInt(limit)
      const dim = whole[i]!
      if (typeof dim === 'number' || dim.batches !== limit.batches) throw context.refuse(node, 'a part of the batch')
      return farEnd
    })
    const layout = context.layoutFor(node)
    const { writer } = context
    const axes = writer.int64(starts.map((_, i) => i))
    const bounds = [starts.map(BigInt), ends].map((each) => writer.int64(ordered(layout, each)))
    const steps = writer.int64(ordered(layout, strides))
    context.set(node, layout, writer.node('Slice', [context.name(x, layout), ...bounds, axes, steps]))
  },
  pad(node, context) {
    const { low, high, interior, value } = node.attrs
    if (interior.some((count) => count > 0)) throw context.refuse(node, 'elements between the elements')
    if (!context.batch.isFixed(node, (each) => (each as Node<'pad'>).attrs))
      throw context.refuse(node, 'as wide as the batch')
    const layout = context.layoutFor(node)
    const { writer } = context
    const pads = writer.int64([...ordered(layout, low), ...ordered(layout, high)])
    context.set(
      node,
      layout,
      writer.node('Pad', [context.name(node.inputs[0]!, layout), pads, writer.scalar(value, node.dtype)]),
    )
  },
  concat(node, context) {
    const layout = context.layoutFor(node)
    const parts = node.inputs.map((input) => context.name(input, layout))
    context.set(node, layout, context.writer.node('Concat', parts, { axis: axisIn(layout, node.attrs.axis) }))
  },
  reverse(node, context) {
    const layout = context.layoutFor(node)
    const { writer } = context
    const axes = node.attrs.axes.map((axis) => axisIn(layout, axis))
    const [starts, ends, steps] = [-1, farStart, -1].map((each) => writer.int64(axes.map(() => each)))
    context.set(
      node,
      layout,
      writer.node('Slice', [context.name(node.inputs[0]!, layout), starts!, ends!, writer.int64(axes), steps!]),
    )
  },
  gather(node, context) {
    const [x, indices] = node.inputs.map((input) => context.name(input, 'plain'))
    context.set(node, 'plain', context.writer.node('Gather', [x!, indices!], { axis: node.attrs.axis }))
  },
  scatterAdd(node, context) {
    throw context.refuse(node, 'sums by index')
  },
  argSort(node, context) {
    const { axis, descending } = node.attrs
    const size = context.dims(node)[axis]
    if (typeof size !== 'number') throw context.refuse(node, 'sorting along the batch')
    const { writer } = context
    const x = context.name(node.inputs[0]!, 'plain')
    const [, indices] = writer.nodes('TopK', [x, writer.int64([size])], 2, {
      axis,
      largest: descending ? 1 : 0,
      sorted: 1,
    })
    context.set(node, 'plain', int32(context, indices!))
  },
  takeAlong(node, context) {
    const [x, indices] = node.inputs as [Node, Node]
    const { axis } = node.attrs
    // ONNX does not broadcast here.
    const wide = (each: Node, along: Node): string => {
      const target = context.dims(node).map((dim, i) => (i === axis ? context.dims(along)[i]! : dim))
      const name = context.name(each, 'plain')
      return JSON.stringify(target) === JSON.stringify(context.dims(each))
        ? name
        : context.writer.node('Expand', [name, context.shape(target)])
    }
    context.set(node, 'plain', context.writer.node('GatherElements', [wide(x, x), wide(indices, indices)], { axis }))
  },
  scatterAlong(node, context) {
    throw context.refuse(node, 'sums by index')
  },
}
