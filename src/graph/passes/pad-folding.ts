// Pad folding: zero padding of height and width goes into the padding of the convolution that reads it.
import { countUses, isOp, makeNode, rewriteGraph, withInputs } from '../node.ts'
import type { Graph, Node } from '../node.ts'
import type { ConvAttrs, Padding2D } from '../primitives.ts'
import type { Shape } from '../types.ts'

/**
 * conv(pad(x), k) becomes conv(x, k) with more padding; so do the gradients: convKernelGrad(pad(x), dy), and a slice of
 * convInputGrad that cuts such a border off again. Only while the padding stays smaller than the kernel's reach, as
 * libraries demand.
 */
export function foldPads(graph: Graph): Graph {
  const uses = countUses(graph)
  return rewriteGraph(graph, (node, inputs) => {
    const rebuilt = withInputs(node, inputs)
    if (isOp(rebuilt, 'conv')) return foldIntoConv(rebuilt)
    if (isOp(rebuilt, 'convKernelGrad')) return foldIntoKernelGrad(rebuilt)
    if (isOp(rebuilt, 'slice') && uses.get(node.inputs[0]!) === 1) return foldIntoInputGrad(rebuilt)
    return rebuilt
  })
}

function foldIntoConv(node: Node<'conv'>): Node {
  const border = borderOf(node.inputs[0]!)
  if (border === null) return node
  const padding = widened(node.attrs, border, node.inputs[1]!.shape)
  if (padding === null) return node
  return makeNode('conv', [node.inputs[0]!.inputs[0]!, ...node.inputs.slice(1)], { ...node.attrs, padding })
}

function foldIntoKernelGrad(node: Node<'convKernelGrad'>): Node {
  const border = borderOf(node.inputs[0]!)
  if (border === null) return node
  const padding = widened(node.attrs, border, node.attrs.kernelShape)
  if (padding === null) return node
  return makeNode('convKernelGrad', [node.inputs[0]!.inputs[0]!, node.inputs[1]!], { ...node.attrs, padding })
}

function foldIntoInputGrad(node: Node<'slice'>): Node {
  const gradient = node.inputs[0]!
  if (!isOp(gradient, 'convInputGrad')) return node
  const { starts, limits, strides } = node.attrs
  const whole = gradient.shape
  const keepsOuter = [0, 3].every((axis) => starts[axis] === 0 && limits[axis] === whole[axis])
  if (!keepsOuter || strides.some((stride) => stride !== 1)) return node
  const border: Padding2D = [
    [starts[1]!, whole[1]! - limits[1]!],
    [starts[2]!, whole[2]! - limits[2]!],
  ]
  const padding = widened(gradient.attrs, border, gradient.inputs[1]!.shape)
  // A slice that cuts a whole image away has no convolution.
  if (padding === null || node.shape.includes(0)) return node
  return makeNode('convInputGrad', gradient.inputs, { ...gradient.attrs, padding, inputShape: node.shape })
}

/** What a pad node adds to height and width, or null if it is not such a zero border. */
function borderOf(node: Node): Padding2D | null {
  if (!isOp(node, 'pad') || node.shape.length !== 4) return null
  const { low, high, interior, value } = node.attrs
  if (value !== 0 || interior.some((gap) => gap !== 0)) return null
  if ([0, 3].some((axis) => low[axis] !== 0 || high[axis] !== 0)) return null
  return [
    [low[1]!, high[1]!],
    [low[2]!, high[2]!],
  ]
}

function widened({ padding, dilation }: ConvAttrs, border: Padding2D, kernel: Shape): Padding2D | null {
  const along = (i: 0 | 1): [number, number] => [padding[i][0] + border[i][0], padding[i][1] + border[i][1]]
  const sum: Padding2D = [along(0), along(1)]
  const fits = ([0, 1] as const).every((i) => Math.max(...sum[i]) < dilation[i] * (kernel[i]! - 1) + 1)
  return fits ? sum : null
}
