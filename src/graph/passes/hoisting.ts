// Hoisting: which nodes need not be computed again while the stable inputs stay as they are.
import type { Graph, Node } from '../node.ts'

/**
 * The nodes that depend on nothing but constants and the inputs whose indices are in `stableInputs`
 * (for example the folded and reordered weights of a frozen base). The stable inputs themselves are among them.
 */
export function stableNodes(graph: Graph, stableInputs: ReadonlySet<number>): Set<Node> {
  const stable = new Set<Node>()
  graph.inputs.forEach((input, i) => {
    if (stableInputs.has(i)) stable.add(input)
  })
  for (const node of graph.nodes) {
    if (node.op !== 'input' && node.inputs.every((input) => stable.has(input))) stable.add(node)
  }
  return stable
}
