// Epilogue fusion: bias, residual and clamp after a convolution are done while its result is stored.
import { neg } from '../build.ts'
import { countUses, graphOf, isOp, makeNode, withInputs } from '../node.ts'
import type { Graph, Node } from '../node.ts'
import type { Pair } from '../primitives.ts'
import { sameShape } from '../types.ts'
import { channelVector } from './channel-vector.ts'

/** A convolution and what it takes in; operands are nodes of the old graph. */
interface Chain {
  readonly conv: Node<'conv'>
  readonly vectors: { readonly node: Node; readonly negative: boolean }[]
  residual: Node | null
  clamp: Pair | null
  /** The old node whose value the new convolution gives. */
  last: Node
}

/**
 * clamp(conv(x, k) + bias + residual) becomes one convolution, each part optional and the sums in any order, as long as what
 * lies between is used once. Of two convolutions that are added, the later takes the earlier as its residual.
 */
export function fuseEpilogues(graph: Graph): Graph {
  const uses = countUses(graph)
  const consumers = new Map<Node, Node>()
  for (const node of graph.nodes) for (const input of node.inputs) consumers.set(input, node)

  const taken = new Set<Node>()
  const chains = new Map<Node, Chain>()
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!
    if (!isOp(node, 'conv') || node.attrs.epilogue?.clamp) continue
    const chain: Chain = { conv: node, vectors: [], residual: null, clamp: null, last: node }
    for (;;) {
      const next = uses.get(chain.last) === 1 ? consumers.get(chain.last) : undefined
      if (next === undefined || taken.has(next) || !take(chain, next)) break
      taken.add(next)
      chain.last = next
    }
    if (chain.last !== node) chains.set(chain.last, chain)
  }
  if (chains.size === 0) return graph

  const replaced = new Map<Node, Node>()
  for (const node of graph.nodes) {
    const chain = chains.get(node)
    if (node.op === 'input') replaced.set(node, node)
    else if (chain !== undefined)
      replaced.set(
        node,
        build(chain, (old) => replaced.get(old)!),
      )
    else {
      const inputs = node.inputs.map((input) => replaced.get(input)!)
      replaced.set(node, withInputs(node, inputs))
    }
  }
  return graphOf(
    graph.inputs,
    graph.outputs.map((output) => replaced.get(output)!),
  )
}

/** Adds `next`, the only consumer of the chain's last node, to the chain if it has a place for it. */
function take(chain: Chain, next: Node): boolean {
  if (chain.clamp !== null || !sameShape(next.shape, chain.conv.shape)) return false
  if (isOp(next, 'clamp')) {
    chain.clamp = [next.attrs.low, next.attrs.high]
    return true
  }
  const [a, b] = next.inputs as readonly [Node, Node]
  if (isOp(next, 'sub') && a === chain.last && channelVector(b, next.shape) !== null) {
    chain.vectors.push({ node: b, negative: true })
    return true
  }
  if (!isOp(next, 'add')) return false
  const other = a === chain.last ? b : a
  if (channelVector(other, next.shape) !== null) {
    chain.vectors.push({ node: other, negative: false })
    return true
  }
  if (chain.residual !== null || chain.conv.attrs.epilogue?.residual || !sameShape(other.shape, next.shape))
    return false
  chain.residual = other
  return true
}

function build({ conv, vectors, residual, clamp }: Chain, renew: (old: Node) => Node): Node {
  const { epilogue } = conv.attrs
  const [x, kernel, ...extra] = conv.inputs.map(renew)
  let bias = epilogue?.bias ? extra.shift()! : null
  const added = residual === null ? (extra.shift() ?? null) : renew(residual)
  for (const { node, negative } of vectors) {
    const vector = channelVector(renew(node), conv.shape)!
    if (bias === null) bias = negative ? neg(vector) : vector
    else bias = makeNode(negative ? 'sub' : 'add', [bias, vector], {})
  }
  const inputs = [x!, kernel!, ...(bias ? [bias] : []), ...(added ? [added] : [])]
  return makeNode('conv', inputs, {
    ...conv.attrs,
    epilogue: { bias: bias !== null, residual: added !== null, clamp },
  })
}
