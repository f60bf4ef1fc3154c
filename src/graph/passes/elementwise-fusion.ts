// Elementwise fusion: connected elementwise nodes of one shape become one `fused` node that reads and writes memory once.
import { graphOf, makeNode, Node, withInputs } from '../node.ts'
import type { Graph } from '../node.ts'
import { isElementwise } from '../primitives.ts'
import { sameShape } from '../types.ts'
import { Groups } from './groups.ts'
import type { Group } from './groups.ts'
import { stableNodes } from './hoisting.ts'

export interface FuseElementwiseOptions {
  /** Indices of inputs that seldom change: what depends on them alone is not mixed with the rest, so that it can be hoisted. */
  readonly stableInputs?: ReadonlySet<number>
}

const maxBody = 64
const maxInputs = 24
/** What one program of the native engine can store. */
const maxResults = 32

/**
 * Greedy, from the outputs back: a node joins the groups of its elementwise consumers of exactly its own shape. Consumers, not
 * producers: what the backward pass makes of forward results alone (1 - sigmoid) is then made when it is used, and not kept.
 * A node that is also used outside its group stays a result of the group, so that an optimizer's update (new slots and new
 * weights) is one node. Operands of smaller shapes stay outside: they are computed once and broadcast on reading.
 * A `fused` node of one result is used directly; of several, each is picked by a `result` node.
 */
export function fuseElementwise(graph: Graph, { stableInputs }: FuseElementwiseOptions = {}): Graph {
  const groups = new Groups(graph)
  const stable = stableInputs === undefined ? new Set<Node>() : stableNodes(graph, stableInputs)
  const outputs = new Set<Node>(graph.outputs)
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!
    if (!isElementwise(node.op)) continue
    for (const consumer of groups.consumersOf(node)) {
      if (!isElementwise(consumer.op) || !sameShape(consumer.shape, node.shape)) continue
      if (stable.has(consumer) !== stable.has(node)) continue
      const mine = groups.of(node)
      const other = groups.of(consumer)
      if (mine !== other && fits(mine, other, groups, outputs)) groups.merge(mine, other)
    }
  }
  return rebuild(graph, groups)
}

function fits(a: Group, b: Group, groups: Groups, outputs: ReadonlySet<Node>): boolean {
  if (a.members.length + b.members.length > maxBody) return false
  const members = [...a.members, ...b.members]
  if (inputsOf(members).length > maxInputs) return false
  if (members.length <= maxResults) return true
  const inside = (node: Node) => groups.of(node) === a || groups.of(node) === b
  const results = members.filter((node) => outputs.has(node) || !groups.consumersOf(node).every(inside))
  return results.length <= maxResults
}

/** What the members read from outside, each once, in order of first use. */
function inputsOf(members: readonly Node[]): Node[] {
  const inside = new Set(members)
  const inputs = new Set<Node>()
  for (const node of members) for (const input of node.inputs) if (!inside.has(input)) inputs.add(input)
  return [...inputs]
}

function rebuild(graph: Graph, groups: Groups): Graph {
  const usedOutside = new Set<Node>(graph.outputs)
  for (const node of graph.nodes) {
    for (const input of node.inputs) if (groups.of(input) !== groups.of(node)) usedOutside.add(input)
  }
  const replaced = new Map<Node, Node>()
  for (const { members } of groups.ordered()) {
    const [only] = members
    if (members.length === 1) {
      const inputs = only!.inputs.map((input) => replaced.get(input)!)
      replaced.set(only!, only!.op === 'input' ? only! : withInputs(only!, inputs))
      continue
    }
    const outside = inputsOf(members)
    const results = members.filter((node) => usedOutside.has(node))
    const fused = makeFused(
      members,
      outside,
      results,
      outside.map((input) => replaced.get(input)!),
    )
    results.forEach((node, index) => {
      replaced.set(node, results.length === 1 ? fused : makeNode('result', [fused], { index }))
    })
  }
  return graphOf(
    graph.inputs,
    graph.outputs.map((output) => replaced.get(output)!),
  )
}

function makeFused(members: readonly Node[], outside: readonly Node[], results: readonly Node[], inputs: Node[]): Node {
  const parameters = outside.map(({ shape, dtype }, i) => makeNode('input', [], { name: `p${i}`, shape, dtype }))
  const body = new Map<Node, Node>()
  outside.forEach((node, i) => body.set(node, parameters[i]!))
  for (const node of members) {
    const operands = node.inputs.map((input) => body.get(input)!)
    // The types are those of the node: nothing to infer.
    body.set(node, new Node(node.op, operands, node.attrs, node))
  }
  return makeNode('fused', inputs, { body: { parameters, results: results.map((node) => body.get(node)!) } })
}
