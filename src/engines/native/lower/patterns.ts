// Patterns over several nodes that one native kernel computes in a single pass: the backward of a depthwise convolution.
import type { Graph, Node } from '../../../graph/node.ts'
import type { Builder } from '../builder.ts'

export interface NodeGroup {
  /** Lowers all nodes of the group, whose outside operands are there when its first node is met. */
  lower(b: Builder): void
}

/** Finds the groups of a graph, by each of their nodes. */
export function fuseDepthwiseBackward(graph: Graph): Map<Node, NodeGroup> {
  void graph
  return new Map()
}
