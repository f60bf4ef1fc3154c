// Patterns over weights: products that are computed while they are packed or summed, and so never stand in memory.
import { isOp } from '../../../graph/node.ts'
import type { Graph, Node } from '../../../graph/node.ts'
import { sameShape, sizeOf } from '../../../graph/types.ts'
import { append } from '../schedule.ts'

export interface WeightPatterns {
  /** 1x1 kernels times a vector by output channel, read by convolutions alone -> the kernel and the vector. */
  readonly scaledKernels: ReadonlyMap<Node, { kernel: Node; scale: Node }>
  /** Products with a kernel's gradient of which only the sums by output channel are wanted. */
  readonly products: ReadonlySet<Node>
  /** Gradients of dense kernels -> the kernel that such a product multiplies them with and the sums: made while the gradient is unpacked. */
  readonly summedGradients: ReadonlyMap<Node, { factor: Node; sums: Node }>
}

export function findWeightPatterns(graph: Graph): WeightPatterns {
  const users = new Map<Node, Node[]>()
  for (const node of graph.nodes) for (const input of new Set(node.inputs)) append(users, input, node)
  const outputs = new Set(graph.outputs)
  const scaledKernels = new Map<Node, { kernel: Node; scale: Node }>()
  const products = new Set<Node>()
  const summedGradients = new Map<Node, { factor: Node; sums: Node }>()
  for (const node of graph.nodes) {
    if (!isOp(node, 'mul') || outputs.has(node) || node.shape.length !== 4) continue
    const readers = users.get(node) ?? []
    const [left, right] = node.inputs as [Node, Node]
    const [kernel, scale] = sameShape(left.shape, node.shape) ? [left, right] : [right, left]
    if (readers.length > 0 && isScale(scale, node) && readers.every((reader) => readsPointwise(reader, node))) scaledKernels.set(node, { kernel, scale })
    if (readers.length === 1 && isColumnSum(readers[0]!, node) && isProduct(left, right)) {
      products.add(node)
      const [gradient, factor] = left.op === 'convKernelGrad' ? [left, right] : [right, left]
      // An input of the graph is there whenever the gradient is made.
      if (isDense(gradient) && factor.op === 'input' && !summedGradients.has(gradient)) summedGradients.set(gradient, { factor, sums: readers[0]! })
    }
  }
  return { scaledKernels, products, summedGradients }
}

function isDense(gradient: Node): boolean {
  return isOp(gradient, 'convKernelGrad') && gradient.attrs.groups === 1
}

function isScale(scale: Node, { shape }: Node): boolean {
  return shape[0] === 1 && shape[1] === 1 && shape[3]! > 1 && scale.shape[scale.shape.length - 1] === shape[3] && sizeOf(scale.shape) === shape[3]
}

/** A dense 1x1 convolution without padding, or the gradient of its input, with `kernel` as its kernel alone. */
function readsPointwise(reader: Node, kernel: Node): boolean {
  if (!isOp(reader, 'conv') && !isOp(reader, 'convInputGrad')) return false
  const { groups, padding } = reader.attrs
  const alone = reader.inputs.every((input, i) => (input === kernel) === (i === 1))
  // Sources of one or three channels are read as planes, with another packing.
  const channels = kernel.shape[2]!
  return alone && groups === 1 && padding.flat().every((pad) => pad === 0) && channels !== 1 && channels !== 3
}

function isColumnSum(reader: Node, { shape }: Node): boolean {
  return isOp(reader, 'reduceSum') && reader.attrs.axes.length === shape.length - 1 && !reader.attrs.axes.includes(shape.length - 1)
}

function isProduct(left: Node, right: Node): boolean {
  return sameShape(left.shape, right.shape) && (left.op === 'convKernelGrad' || right.op === 'convKernelGrad')
}
