// Scheduling: an order of the nodes in which intermediate results die early.
import { isOp } from '../node.ts'
import type { Graph, Node } from '../node.ts'
import { bytesPerElement, sizeOf } from '../types.ts'

export interface ScheduleOptions {
  /** Output index -> index of the input that it replaces in place: it is computed after all other readers of that input, where possible. */
  readonly donations?: ReadonlyMap<number, number>
}

/**
 * Depth-first from the outputs, but a node runs as soon as it frees at least as many bytes as its result takes: the gradient of
 * a kernel, and the kernel's update, right after the last other use of the activations' gradient, not at the end of the step.
 * Leaves and outputs take no room of their own: they live anyway.
 */
export function schedule(graph: Graph, { donations = new Map() }: ScheduleOptions = {}): Graph {
  const before = donationOrder(graph, donations)
  const base = depthFirst(graph, before)
  const isOutput = new Set<Node>(graph.outputs)
  const size = (node: Node): number =>
    node.inputs.length === 0 || isOutput.has(node) ? 0 : sizeOf(node.shape) * bytesPerElement[node.dtype]

  const consumers = new Map<Node, Node[]>(base.map((node) => [node, []]))
  const waiting = new Map<Node, number>()
  const unread = new Map<Node, number>()
  for (const node of base) {
    const inputs = new Set(node.inputs)
    const dependencies = new Set([...inputs, ...(before.get(node) ?? [])])
    for (const dependency of dependencies) consumers.get(dependency)!.push(node)
    for (const input of inputs) unread.set(input, (unread.get(input) ?? 0) + 1)
    waiting.set(node, dependencies.size)
  }
  /** The room that a node takes: a fused node takes that of its results. */
  const cost = (node: Node): number => {
    if (isOp(node, 'result')) return 0
    const results = isOp(node, 'fused') ? consumers.get(node)!.filter((consumer) => isOp(consumer, 'result')) : []
    return results.length > 0 ? results.reduce((sum, result) => sum + size(result), 0) : size(node)
  }
  const freed = (node: Node): number => {
    let sum = 0
    for (const input of new Set(node.inputs)) if (unread.get(input) === 1) sum += size(input)
    return sum
  }

  const order: Node[] = []
  const done = new Set<Node>()
  for (const next of base) {
    const stack = [next]
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (done.has(node) || (node !== next && freed(node) < cost(node))) continue
      done.add(node)
      order.push(node)
      const candidates = new Set<Node>()
      for (const input of new Set(node.inputs)) {
        const left = unread.get(input)! - 1
        unread.set(input, left)
        // The one reader left would free the input.
        if (left === 1) for (const reader of consumers.get(input)!) candidates.add(reader)
      }
      for (const consumer of consumers.get(node)!) {
        waiting.set(consumer, waiting.get(consumer)! - 1)
        candidates.add(consumer)
      }
      const ready = [...candidates].filter((candidate) => waiting.get(candidate) === 0 && !done.has(candidate))
      stack.push(...ready.reverse())
    }
  }
  return { inputs: graph.inputs, nodes: order, outputs: graph.outputs }
}

/** For each node that overwrites an input: the other readers of that input that can come first without a cycle. */
function donationOrder(graph: Graph, donations: ReadonlyMap<number, number>): Map<Node, Node[]> {
  const before = new Map<Node, Node[]>()
  if (donations.size === 0) return before
  // What must come after a node: those that use it, and those that overwrite what it reads.
  const after = new Map<Node, Node[]>()
  const append = (map: Map<Node, Node[]>, key: Node, value: Node): void => {
    const list = map.get(key)
    if (list === undefined) map.set(key, [value])
    else list.push(value)
  }
  for (const node of graph.nodes) for (const input of node.inputs) append(after, input, node)
  for (const [output, input] of donations) {
    const result = graph.outputs[output]!
    const writer = isOp(result, 'result') ? result.inputs[0]! : result
    if (writer.inputs.length === 0) continue
    const dependents = reachable(writer, after)
    for (const reader of new Set(after.get(graph.inputs[input]!))) {
      if (dependents.has(reader)) continue
      append(before, writer, reader)
      append(after, reader, writer)
    }
  }
  return before
}

function reachable(start: Node, next: ReadonlyMap<Node, readonly Node[]>): Set<Node> {
  const found = new Set([start])
  for (const node of found) for (const follower of next.get(node) ?? []) found.add(follower)
  return found
}

/** Each node after its inputs, the deepest input first: what little the others need is computed just before it is used. */
function depthFirst(graph: Graph, before: ReadonlyMap<Node, readonly Node[]>): Node[] {
  const depths = new Map<Node, number>()
  for (const node of graph.nodes) {
    depths.set(
      node,
      node.inputs.reduce((most, input) => Math.max(most, depths.get(input)! + 1), 0),
    )
  }
  const order: Node[] = []
  const seen = new Set<Node>()
  const stack: { node: Node; dependencies: readonly Node[]; next: number }[] = []
  const enter = (node: Node): void => {
    if (seen.has(node)) return
    seen.add(node)
    const dependencies = [...(before.get(node) ?? []), ...node.inputs]
    dependencies.sort((a, b) => depths.get(b)! - depths.get(a)!)
    stack.push({ node, dependencies, next: 0 })
  }
  for (const output of graph.outputs) {
    enter(output)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const dependency = top.dependencies[top.next++]
      if (dependency !== undefined) enter(dependency)
      else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}
