// Nodes in SSA form and the graphs made of them. A node never changes; passes build new ones.
import type { Attrs, PrimitiveName } from './primitives.ts'
import { inferType } from './shapes.ts'
import type { DType, Shape, TensorType } from './types.ts'

/** One application of a primitive: exactly one typed result (`fused` has more; see `result`). */
export class Node<P extends PrimitiveName = PrimitiveName> implements TensorType {
  readonly op: P
  readonly inputs: readonly Node[]
  readonly attrs: Attrs<P>
  readonly shape: Shape
  readonly dtype: DType

  /** Use `makeNode`, which infers and checks the type. */
  constructor(op: P, inputs: readonly Node[], attrs: Attrs<P>, type: TensorType) {
    this.op = op
    this.inputs = inputs
    this.attrs = attrs
    this.shape = type.shape
    this.dtype = type.dtype
  }
}

/** True, with the attributes' type known, if `node` applies `op`. */
export function isOp<P extends PrimitiveName>(node: Node, op: P): node is Node<P> {
  return node.op === op
}

/**
 * Makes a node after checking its inputs by the primitive's shape rule.
 * @throws ShapeError or ArgumentError that names the primitive, the expected and the received types.
 */
export function makeNode<P extends PrimitiveName>(op: P, inputs: readonly Node[], attrs: Attrs<P>): Node<P> {
  return new Node(op, inputs, attrs, inferType(op, inputs, attrs))
}

/** What runs: every node of `nodes` comes after its inputs; every input leaf is in `inputs`, used or not. */
export interface Graph {
  readonly inputs: readonly Node<'input'>[]
  readonly nodes: readonly Node[]
  readonly outputs: readonly Node[]
}

/** Nodes that `roots` depend on, each after its inputs, in a depth-first order that depends on structure alone. Iterative: graphs are deep. */
export function topologicalOrder(roots: readonly Node[], isLeaf: (node: Node) => boolean = () => false): Node[] {
  const order: Node[] = []
  const seen = new Set<Node>()
  const stack: { node: Node; next: number }[] = []
  for (const root of roots) {
    if (seen.has(root)) continue
    seen.add(root)
    stack.push({ node: root, next: 0 })
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      const inputs = isLeaf(top.node) ? [] : top.node.inputs
      if (top.next < inputs.length) {
        const input = inputs[top.next++]!
        if (!seen.has(input)) {
          seen.add(input)
          stack.push({ node: input, next: 0 })
        }
      } else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}

/** The graph that computes `outputs` from `inputs`. @throws Error if an input leaf outside `inputs` is needed. */
export function graphOf(inputs: readonly Node<'input'>[], outputs: readonly Node[]): Graph {
  const nodes = topologicalOrder(outputs)
  const known = new Set<Node>(inputs)
  for (const node of nodes) {
    if (node.op === 'input' && !known.has(node))
      throw new Error(`graphOf: input leaf "${(node as Node<'input'>).attrs.name}" is not among the inputs`)
  }
  return { inputs, nodes, outputs }
}

/**
 * Rebuilds a graph from its leaves to its outputs: `rewrite(node, inputs)` gives the new node for `node` given its new inputs
 * (return `node` itself, when nothing changed, to keep sharing). Input leaves stay the same objects.
 */
export function rewriteGraph(graph: Graph, rewrite: (node: Node, inputs: readonly Node[]) => Node): Graph {
  const replaced = new Map<Node, Node>()
  for (const node of graph.nodes) {
    if (node.op === 'input') {
      replaced.set(node, node)
      continue
    }
    const inputs = node.inputs.map((input) => replaced.get(input)!)
    replaced.set(node, rewrite(node, inputs))
  }
  return graphOf(
    graph.inputs,
    graph.outputs.map((output) => replaced.get(output) ?? output),
  )
}

/** The same node over other inputs (itself if they are the same objects). The type is inferred anew. */
export function withInputs<P extends PrimitiveName>(node: Node<P>, inputs: readonly Node[]): Node<P> {
  if (inputs.length === node.inputs.length && inputs.every((input, i) => input === node.inputs[i])) return node
  return makeNode(node.op, inputs, node.attrs)
}

/** How many nodes and outputs use each node. */
export function countUses(graph: Graph): Map<Node, number> {
  const uses = new Map<Node, number>()
  for (const node of graph.nodes) for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1)
  for (const output of graph.outputs) uses.set(output, (uses.get(output) ?? 0) + 1)
  return uses
}
