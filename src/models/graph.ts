// The graph between given symbolic inputs and outputs: which calls belong to it, and their deterministic order (Keras' map_graph).
import { ArgumentError, problem } from '../errors.ts'
import type { Layer } from '../layers/layer.ts'
import type { InboundNode, SymbolicTensor } from '../layers/symbolic.ts'

export interface NetworkGraph {
  /** The calls that belong to the graph. */
  readonly nodes: ReadonlySet<InboundNode>
  /** The calls in the order in which they run: by decreasing depth. */
  readonly order: readonly InboundNode[]
  /** The calls of each depth, deepest (inputs) first. */
  readonly levels: readonly (readonly InboundNode[])[]
  /** Layers and operations by decreasing depth, ties by first visit from the outputs. */
  readonly operations: readonly Layer[]
}

/** The call that made a tensor. */
export function producer(tensor: SymbolicTensor): InboundNode {
  return tensor.history.operation.inboundNodes[tensor.history.nodeIndex]!
}

/** True for the tensor that an InputLayer holds. */
export function isInputTensor(tensor: SymbolicTensor): boolean {
  return producer(tensor).inputs.length === 0
}

/**
 * Finds everything between `inputs` and `outputs`.
 * @throws ArgumentError if an output cannot be computed from the inputs, a tensor depends on itself, or two operations share a name.
 */
export function mapGraph(
  where: string,
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): NetworkGraph {
  const { finished, visit } = traverse(where, inputs, outputs)
  const nodeDepths = new Map<InboundNode, number>()
  const operationDepths = new Map<Layer, number>()
  const given = new Set(inputs)
  for (const node of [...finished].reverse()) {
    // A shared layer sits as deep as its deepest call.
    const depth = Math.max(nodeDepths.get(node) ?? 0, operationDepths.get(node.operation) ?? 0)
    operationDepths.set(node.operation, depth)
    nodeDepths.set(node, depth)
    // What made a given tensor lies outside.
    if (node.outputs.every((output) => given.has(output))) continue
    for (const input of node.inputs) {
      const parent = producer(input)
      nodeDepths.set(parent, Math.max(depth + 1, nodeDepths.get(parent) ?? 0))
    }
  }
  // Inputs that no output needs stay in the model, last.
  for (const input of inputs) {
    const { operation } = input.history
    if (operationDepths.has(operation)) continue
    operationDepths.set(operation, 0)
    visit.set(operation, -1)
    nodeDepths.set(producer(input), 0)
  }
  const byDepth = new Map<number, InboundNode[]>()
  for (const [node, depth] of nodeDepths) {
    const level = byDepth.get(depth)
    if (level === undefined) byDepth.set(depth, [node])
    else level.push(node)
  }
  const levels = [...byDepth].sort(([a], [b]) => b - a).map(([, level]) => level)
  const order = levels.flat()
  const operations = [...operationDepths]
    .sort(([a, depthA], [b, depthB]) => depthB - depthA || visit.get(a)! - visit.get(b)!)
    .map(([operation]) => operation)
  checkConnected(where, inputs, order)
  checkNames(where, operations)
  return { nodes: new Set(order), order, levels, operations }
}

/** Post-order of the calls and pre-order of the operations, from the outputs. Iterative: models can be deep. */
function traverse(where: string, inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]) {
  const stopAt = new Set(inputs)
  const finished = new Set<InboundNode>()
  const inProgress = new Set<InboundNode>()
  const visit = new Map<Layer, number>()
  const stack: { node: InboundNode; parents: readonly SymbolicTensor[]; next: number }[] = []
  const enter = (tensor: SymbolicTensor): void => {
    const node = producer(tensor)
    if (inProgress.has(node)) {
      const expected = 'a graph without cycles'
      throw new ArgumentError(
        problem({ where, expected, received: `a tensor of ${node.operation.name} that needs itself` }),
      )
    }
    if (finished.has(node)) return
    if (!visit.has(node.operation)) visit.set(node.operation, visit.size)
    inProgress.add(node)
    stack.push({ node, parents: stopAt.has(tensor) ? [] : node.inputs, next: 0 })
  }
  for (const output of outputs) {
    enter(output)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      if (top.next < top.parents.length) {
        enter(top.parents[top.next++]!)
        continue
      }
      stack.pop()
      inProgress.delete(top.node)
      finished.add(top.node)
    }
  }
  return { finished, visit }
}

function checkConnected(where: string, inputs: readonly SymbolicTensor[], order: readonly InboundNode[]): void {
  const known = new Set(inputs)
  for (const node of order) {
    // A given input is known without running the call that made it.
    if (node.outputs.length > 0 && node.outputs.every((output) => known.has(output))) continue
    for (const input of node.inputs) if (!known.has(input)) disconnected(where, node.operation.name, input)
    if (node.inputs.length === 0) disconnected(where, node.operation.name, node.outputs[0]!)
    for (const output of node.outputs) known.add(output)
  }
}

function disconnected(where: string, operation: string, tensor: SymbolicTensor): never {
  const source = tensor.history.operation
  // An input layer that runs has no inputs itself: it is the one that is missing.
  const isInput = source.name === operation || source.inboundNodes[tensor.history.nodeIndex]?.inputs.length === 0
  throw new ArgumentError(
    problem({
      where,
      expected: 'every output to be computable from `inputs`',
      received: isInput
        ? `graph disconnected: the input ${source.name} is not among them`
        : `graph disconnected: ${operation} needs the output of ${source.name}`,
      hint: 'List every input that the outputs depend on',
    }),
  )
}

function checkNames(where: string, operations: readonly Layer[]): void {
  const seen = new Set<string>()
  for (const { name } of operations) {
    if (seen.has(name)) {
      const hint = 'Give one of the layers another `name`'
      throw new ArgumentError(
        problem({ where, expected: 'layer names that are unique in the model', received: `${name} twice`, hint }),
      )
    }
    seen.add(name)
  }
}
