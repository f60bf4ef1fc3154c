// Constant folding: small results that depend on constants alone are computed once, by an evaluator that the caller brings.
import { makeNode, rewriteGraph, withInputs } from '../node.ts'
import type { Graph, Node } from '../node.ts'
import { sizeOf } from '../types.ts'
import type { TypedArray } from '../types.ts'

/** Computes nodes that depend on no input; one array a node, row-major. */
export type Evaluate = (nodes: Node[]) => readonly TypedArray[]

export interface FoldOptions {
  readonly evaluate: Evaluate
  /** Results, and intermediates on the way to them, with more elements than this are left alone; default 4096. */
  readonly limit?: number
}

/**
 * Replaces nodes whose inputs are all constants by constants. Broadcasts, reshapes and iotas are folded only where a further
 * computation uses them: by themselves they are cheaper than their elements.
 */
export function foldConstants(graph: Graph, { evaluate, limit = 4096 }: FoldOptions): Graph {
  const foldable = new Set<Node>()
  for (const node of graph.nodes) {
    if (sizeOf(node.shape) > limit || node.op === 'input' || node.op === 'fused') continue
    if (node.inputs.every((input) => foldable.has(input))) foldable.add(node)
  }
  // What is seen from outside the foldable part.
  const roots = new Set<Node>()
  const consider = (node: Node): void => {
    if (foldable.has(node) && !isCheap(node)) roots.add(node)
  }
  for (const node of graph.nodes) if (!foldable.has(node) || isCheap(node)) node.inputs.forEach(consider)
  graph.outputs.forEach(consider)
  if (roots.size === 0) return graph

  const list = [...roots]
  const values = evaluate(list)
  const folded = new Map<Node, Node>()
  list.forEach((node, i) => {
    const data = values[i]
    if (data === undefined)
      throw new Error(`foldConstants: the evaluator gave ${values.length} of ${list.length} values`)
    folded.set(node, makeNode('constant', [], { data, shape: node.shape, dtype: node.dtype }))
  })
  return rewriteGraph(graph, (node, inputs) => folded.get(node) ?? withInputs(node, inputs))
}

function isCheap(node: Node): boolean {
  return node.op === 'constant' || node.op === 'broadcast' || node.op === 'reshape' || node.op === 'iota'
}
