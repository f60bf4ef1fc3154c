// Evaluation of what was recorded: everything that one reading or flush needs runs as one graph.
import type { Engine, EngineBuffer, Run } from '../engines/engine.ts'
import { isOp } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { collectCone, planFor } from './plans.ts'
import type { Cone } from './plans.ts'
import { enqueue } from './queue.ts'
import { bind, leafOf, Value, valueOf } from './values.ts'

/** A Tensor, as far as evaluation needs to know it. */
export interface Lazy {
  readonly node: Node
  /** Replaces the node by a leaf that stands for its value, so that the history can be forgotten. */
  settle(leaf: Node): void
}
/** A Variable, as far as evaluation needs to know it. */
export interface Assigned {
  /** What was assigned and not evaluated yet. */
  readonly pendingNode: Node | null
  adopt(value: Value): void
  abandon(): void
}

/** Nodes recorded while a Variable's assignments wait: beyond this they are evaluated unasked. */
export const longestPending = 2000

const pending = new Set<Assigned>()
let flushAsked = false
let asked: WeakRef<Lazy>[] = []
const mostAsked = 64
let recorded = 0
let failure: { error: unknown } | null = null

/** Counts recorded nodes, to know when assignments have waited long enough. */
export function countRecorded(nodes = 1): void {
  recorded += nodes
}
export function recordedSoFar(): number {
  return recorded
}

/** A Variable waits for evaluation. */
export function addPending(variable: Assigned): void {
  pending.add(variable)
}
export function flushIsAsked(): boolean {
  return flushAsked
}

/**
 * Lets the next flush evaluate a tensor too, if it is still alive then. Used for losses: read after the flush, they would
 * otherwise compute the whole step a second time, from the Variables' old values.
 */
export function evaluateWithNextFlush(tensor: Lazy): void {
  if (asked.length < mostAsked) asked.push(new WeakRef(tensor))
}

/**
 * Starts the evaluation of all pending assignments of Variables, as one graph, when the running piece of synchronous code
 * ends: what the same step assigns after this call (metrics, say) comes along. Returns at once. An error is thrown by the
 * next reading, evaluation or run; the Variables keep their former values.
 */
export function flush(): void {
  if (flushAsked) return
  flushAsked = true
  queueMicrotask(() => {
    if (!flushAsked) return
    try {
      flushNow()
    } catch (error) {
      noteFailure(error)
    }
  })
}

/** Starts the evaluation of all pending assignments at once. */
export function flushNow(): void {
  flushAsked = true
  start([], [], true)
}

/**
 * Starts the evaluation of tensors and of Variables' pending assignments; joins a flush that was asked for.
 * Returns the values of the nodes that the tensors had.
 */
export function start(tensors: readonly Lazy[], variables: readonly Assigned[], unwatched = false): Value[] {
  const assigned = new Set(variables)
  const lazies = [...tensors]
  const wasAsked = flushAsked
  if (flushAsked) {
    for (const variable of pending) assigned.add(variable)
    for (const reference of asked) {
      const tensor = reference.deref()
      if (tensor !== undefined && !lazies.includes(tensor)) lazies.push(tensor)
    }
    asked = []
    flushAsked = false
  }
  const waiting = [...assigned].filter((variable) => variable.pendingNode !== null)
  try {
    evaluateNodes([...lazies.map(({ node }) => node), ...waiting.map(({ pendingNode }) => pendingNode!)], unwatched)
  } catch (error) {
    for (const variable of waiting) if (!hasValueSoon(variable.pendingNode!)) drop(variable)
    if (wasAsked) flush()
    throw error
  }
  for (const variable of waiting) {
    variable.adopt(valueOf(variable.pendingNode!)!)
    pending.delete(variable)
  }
  return lazies.map((tensor) => {
    const value = valueOf(tensor.node)!
    // A constant stays one: it can be folded.
    if (!isOp(tensor.node, 'input') && !isOp(tensor.node, 'constant')) tensor.settle(leafOf(value))
    return value
  })
}

function hasValueSoon(node: Node): boolean {
  try {
    collectCone([node])
    return true
  } catch {
    return false
  }
}
function drop(variable: Assigned): void {
  variable.abandon()
  pending.delete(variable)
}

/** Throws the error of an earlier evaluation that nobody waited for. */
export function throwFormerFailure(): void {
  if (failure === null) return
  const { error } = failure
  failure = null
  throw error
}
/** Keeps an error that nobody waits for, for the next who does. */
export function noteFailure(error: unknown): void {
  failure ??= { error }
}

/** Gives every node a value, to be there when the queue comes to it. */
function evaluateNodes(nodes: readonly Node[], unwatched: boolean): void {
  const roots: Node[] = []
  for (const node of new Set(nodes)) {
    if (valueOf(node) !== undefined) continue
    if (isOp(node, 'constant')) bind(node, Value.ofHost(node.attrs.data, node))
    else roots.push(node)
  }
  if (roots.length === 0) return
  const cone = collectCone(roots)
  const results = roots.map((node) => new Value(node))
  roots.forEach((node, i) => bind(node, results[i]!))
  const fail = (error: unknown): void => {
    for (const value of results) value.reject(error)
    if (unwatched) noteFailure(error)
  }
  enqueue({ run: (engine) => runCone(engine, cone, results, fail), fail })
}

function runCone(engine: Engine, cone: Cone, results: readonly Value[], fail: (error: unknown) => void): void {
  try {
    const { executable, buffers } = planFor(cone, engine)
    const run = executable.run(buffers)
    resolveAll(results, run, cone.inputs, buffers)
    run.done.catch(fail)
  } catch (error) {
    fail(error)
  }
}

/** Hands the outputs of a run to their values. Buffers that an engine gives out twice are marked: nothing may write over them. */
export function resolveAll(
  results: readonly Value[],
  run: Run,
  inputs: readonly Value[],
  buffers: readonly EngineBuffer[],
  donated?: ReadonlyMap<number, number>,
): void {
  const holders = new Map<EngineBuffer, Value>()
  inputs.forEach((value, i) => holders.set(buffers[i]!, value))
  donated?.forEach((input) => holders.delete(buffers[input]!))
  results.forEach((value, i) => {
    const buffer = run.outputs[i]!
    const holder = holders.get(buffer)
    if (holder !== undefined) holder.aliased = value.aliased = true
    holders.set(buffer, value)
    value.resolve(buffer, run.done)
  })
}
