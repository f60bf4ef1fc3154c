// Normalization folding: a factor for each channel after a convolution (inference-mode BatchNorm) goes into its kernel.
import { makeNode, countUses, isOp, rewriteGraph, withInputs } from '../node.ts'
import type { Graph, Node } from '../node.ts'
import { sameShape } from '../types.ts'
import { channelFactor } from './channel-vector.ts'

/** An addition between the convolution and the factor: conv + vector, conv - vector or vector - conv. */
interface Offset {
  readonly op: 'add' | 'sub'
  readonly vector: Node
  readonly vectorFirst: boolean
}

/**
 * mul(conv(x, k), s) becomes conv(x, k s) and div likewise; mul(conv(x, k) + b, s) becomes conv(x, k s) + b s. Grouped and
 * depthwise convolutions too: s belongs to the kernel's last axis. Only where the convolution's result is used for nothing
 * else. Equal chains fold equally, so the pass may run on the forward graph, before differentiation (the gradients of scale
 * and kernel then cost their own size only), and again on the whole graph, whose equal parts merge.
 */
export function foldNormalization(graph: Graph): Graph {
  const uses = countUses(graph)
  // New nodes that stand for nodes with a single use.
  const single = new Set<Node>()
  return rewriteGraph(graph, (node, inputs) => {
    const rebuilt = withInputs(node, inputs)
    const result = foldFactor(rebuilt, single) ?? rebuilt
    if (uses.get(node) === 1) single.add(result)
    // A node that serves two old ones has two uses after all.
    else single.delete(result)
    return result
  })
}

function foldFactor(node: Node, single: Set<Node>): Node | null {
  if (!isOp(node, 'mul') && !isOp(node, 'div')) return null
  const [a, b] = node.inputs as readonly [Node, Node]
  const folded = scale(node.op, a, b, node, single)
  if (folded !== null || node.op === 'div') return folded
  return scale('mul', b, a, node, single)
}

/** `chain op factor` with the factor moved into the kernel of the convolution that the chain begins with, or null. */
function scale(op: 'mul' | 'div', chain: Node, factor: Node, node: Node, single: Set<Node>): Node | null {
  if (!sameShape(chain.shape, node.shape) || chain.shape.length !== 4) return null
  const s = channelFactor(factor, chain.shape)
  if (s === null) return null

  const offsets: Offset[] = []
  let conv = chain
  while (single.has(conv) && (isOp(conv, 'add') || isOp(conv, 'sub'))) {
    const [a, b]: readonly Node[] = conv.inputs
    const inner: Node = sameShape(a!.shape, conv.shape) && channelFactor(b!, conv.shape) !== null ? a! : b!
    const vectorFirst = inner === b
    const vector = channelFactor(vectorFirst ? a! : b!, conv.shape)
    if (vector === null || !sameShape(inner.shape, conv.shape)) return null
    offsets.push({ op: conv.op, vector, vectorFirst })
    conv = inner
  }
  if (!isOp(conv, 'conv') || !single.has(conv) || conv.attrs.epilogue !== null) return null

  const [x, kernel] = conv.inputs as readonly [Node, Node]
  let result: Node = makeNode('conv', [x, makeNode(op, [kernel, s], {})], conv.attrs)
  for (const { op: offsetOp, vector, vectorFirst } of offsets.reverse()) {
    // Seen from further factors, these are used once too.
    single.add(result)
    const offset = makeNode(op, [vector, s], {})
    result = makeNode(offsetOp, vectorFirst ? [offset, result] : [result, offset], {})
  }
  return result
}
