// The plan of a graph: its nodes in order, what each frees, and which of them are kept from run to run.
import { EngineError, problem } from '../../errors.ts'
import type { Graph, Node } from '../../graph/node.ts'
import { stableNodes } from '../../graph/passes/hoisting.ts'
import { showType } from '../../graph/shapes/check.ts'
import { sameShape } from '../../graph/types.ts'
import type { CompileOptions } from '../engine.ts'

export interface Step {
  readonly node: Node
  /** Nodes whose values nobody needs after this step. */
  readonly frees: readonly Node[]
}

export interface Plan {
  /** Computed once and kept until a stable input changes. */
  readonly stable: readonly Step[]
  /** Stable values that the steps and outputs use. */
  readonly kept: readonly Node[]
  /** Computed in each run. */
  readonly steps: readonly Step[]
}

/** @throws EngineError for a graph out of order, and for options that name no input or output or contradict each other. */
export function makePlan(
  graph: Graph,
  { label, stableInputs = new Set(), donations = new Map() }: CompileOptions,
): Plan {
  const where = `compile${label === undefined ? '' : ` "${label}"`}`
  checkOrder(graph, where)
  checkOptions(graph, where, stableInputs, donations)
  const stable = stableNodes(graph, stableInputs)
  const computed = graph.nodes.filter((node) => node.op !== 'input')
  const once = computed.filter((node) => stable.has(node))
  const always = computed.filter((node) => !stable.has(node))
  const used = new Set(always.flatMap((node) => node.inputs))
  graph.outputs.forEach((output) => used.add(output))
  const kept = once.filter((node) => used.has(node))
  return {
    stable: withFrees(once, kept),
    kept,
    // Freed values of input leaves and of kept nodes only leave the run's own table.
    steps: withFrees(always, graph.outputs),
  }
}

function withFrees(nodes: readonly Node[], needed: readonly Node[]): Step[] {
  const alive = new Set(needed)
  const steps: Step[] = []
  // Backwards: whoever uses a value first here uses it last.
  for (const node of [...nodes].reverse()) {
    const frees = [...new Set(node.inputs)].filter((input) => !alive.has(input))
    frees.forEach((input) => alive.add(input))
    steps.push({ node, frees })
  }
  return steps.reverse()
}

function checkOrder(graph: Graph, where: string): void {
  const known = new Set<Node>(graph.inputs)
  for (const node of graph.nodes) {
    const early = node.inputs.find((input) => !known.has(input))
    if (early !== undefined || (node.op === 'input' && !known.has(node))) {
      const expected = 'each node after its inputs, and each input leaf among the inputs'
      throw new EngineError(problem({ where, expected, received: `${node.op} before ${early?.op ?? 'its value'}` }))
    }
    known.add(node)
  }
  const lost = graph.outputs.find((output) => !known.has(output))
  if (lost !== undefined) {
    throw new EngineError(problem({ where, expected: 'outputs among the nodes', received: showType(lost) }))
  }
}

function checkOptions(
  graph: Graph,
  where: string,
  stableInputs: ReadonlySet<number>,
  donations: ReadonlyMap<number, number>,
): void {
  const refuse = (expected: string, received: string): never => {
    throw new EngineError(problem({ where, expected, received }))
  }
  for (const index of stableInputs) {
    if (graph.inputs[index] === undefined) refuse(`stable inputs below ${graph.inputs.length}`, String(index))
  }
  const taken = new Set<number>()
  for (const [from, to] of donations) {
    const output = graph.outputs[from]
    const input = graph.inputs[to]
    if (output === undefined || input === undefined) {
      refuse(`donations of ${graph.outputs.length} outputs to ${graph.inputs.length} inputs`, `${from} -> ${to}`)
    } else if (output.dtype !== input.dtype || !sameShape(output.shape, input.shape)) {
      refuse(`a donation of one type (output ${from} to input ${to})`, `${showType(output)} -> ${showType(input)}`)
    }
    if (taken.has(to)) refuse('at most one output donated to each input', `two to input ${to}`)
    if (stableInputs.has(to)) refuse('donated and stable inputs to be disjoint', `input ${to} among both`)
    taken.add(to)
  }
}
