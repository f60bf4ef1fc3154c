// Recorded nodes to executables: the cone below some nodes is keyed by its structure, so that the second step finds the first's plan.
import type { Engine, EngineBuffer, Executable } from '../engines/engine.ts'
import { ArgumentError, problem } from '../errors.ts'
import { isOp, makeNode, Node, topologicalOrder } from '../graph/node.ts'
import type { Graph } from '../graph/node.ts'
import { attributesKey } from '../graph/passes/common-subexpressions.ts'
import { showShape } from '../graph/types.ts'
import type { TypedArray } from '../graph/types.ts'
import { LruCache } from './lru.ts'
import { optimize } from './optimize.ts'
import { bind, inputLeaf, Value, valueOf } from './values.ts'

/** Longer constants are given as inputs: comparing them at every step would cost more than it saves. */
const longestConstant = 16
/** Graphs above this many nodes count as large; few plans of those are kept, since each has an arena of its own. */
const largeGraph = 256
const smallPlans = new LruCache<Plan>(128)
const largePlans = new LruCache<Plan>(8)

interface Plan {
  readonly executable: Executable
  /** The constants that were built in, by position; undefined where one has changed from step to step and became an input. */
  readonly constants: readonly (TypedArray | undefined)[]
}

/** The cone below some nodes, ending at nodes that have values. */
export interface Cone {
  readonly key: string
  readonly order: readonly Node[]
  readonly inputs: readonly Value[]
  /** For each node that ends the cone, its index in `inputs`. */
  readonly slots: ReadonlyMap<Node, number>
  readonly constants: readonly Node<'constant'>[]
  readonly roots: readonly Node[]
}

/** @throws ArgumentError if the cone needs a leaf that has no value: an argument of a traced function. */
export function collectCone(roots: readonly Node[]): Cone {
  const order = topologicalOrder(roots, (node) => valueOf(node) !== undefined)
  const inputs: Value[] = []
  const slotOfValue = new Map<Value, number>()
  const slots = new Map<Node, number>()
  const constants: Node<'constant'>[] = []
  const ids = new Map<Node, number>()
  const idOfSlot: number[] = []
  const parts: string[] = []
  for (const node of order) {
    const value = valueOf(node) ?? longConstant(node)
    if (value !== undefined) {
      let slot = slotOfValue.get(value)
      if (slot === undefined) {
        slot = inputs.push(value) - 1
        slotOfValue.set(value, slot)
        idOfSlot.push(parts.push(`${value.dtype}${value.shape.join()}`) - 1)
      }
      slots.set(node, slot)
      ids.set(node, idOfSlot[slot]!)
      continue
    }
    if (isOp(node, 'input')) throw unbound(node)
    if (isOp(node, 'constant')) {
      constants.push(node)
      ids.set(node, parts.push(`c${node.dtype}${node.shape.join()}`) - 1)
      continue
    }
    const from = node.inputs.map((input) => ids.get(input)!)
    ids.set(node, parts.push(`${node.op}(${from.join()})${attributesKey(node.attrs)}`) - 1)
  }
  parts.push(`>${roots.map((root) => ids.get(root)!).join()}`)
  return { key: parts.join(';'), order, inputs, slots, constants, roots }
}

function longConstant(node: Node): Value | undefined {
  if (!isOp(node, 'constant') || node.attrs.data.length <= longestConstant) return undefined
  const value = Value.ofHost(node.attrs.data, node)
  bind(node, value)
  return value
}

function unbound(node: Node<'input'>): ArgumentError {
  return new ArgumentError(
    problem({
      where: 'reading a tensor',
      expected: 'a tensor with a value',
      received: `one that depends on "${node.attrs.name}" ${showShape(node.shape)}, which stands for a value inside a traced function`,
      hint: 'Return it from the traced function, or assign it to a Variable there',
    }),
  )
}

/** The plan for a cone, compiled if there is none yet, and what to run it on. @throws EngineError if it cannot be planned. */
export function planFor(cone: Cone, engine: Engine): { executable: Executable; buffers: EngineBuffer[] } {
  const cache = cone.order.length > largeGraph ? largePlans : smallPlans
  const known = cache.get(cone.key)
  // A number that changes from step to step, such as a learning rate, must not mean a new plan for each: it becomes an input.
  const built = cone.constants.map(({ attrs: { data } }, i) => {
    if (known === undefined) return data
    const before = known.constants[i]
    return before !== undefined && sameData(before, data) ? before : undefined
  })
  let plan = known
  if (known === undefined || built.some((data, i) => data !== known.constants[i])) {
    plan = { executable: engine.compile(optimize(graphOfCone(cone, built)), { label: 'eager' }), constants: built }
    cache.set(cone.key, plan)
  }
  const buffers = cone.inputs.map((value) => value.bufferOn(engine))
  cone.constants.forEach((node, i) => {
    if (built[i] === undefined) buffers.push(engine.upload(node.attrs.data, node))
  })
  return { executable: plan!.executable, buffers }
}

/** A copy of the cone in new nodes, so that no cached plan keeps alive what the caller has dropped. */
function graphOfCone(cone: Cone, built: readonly (TypedArray | undefined)[]): Graph {
  const inputs = cone.inputs.map((value, i) => inputLeaf(`value${i}`, value))
  const copies = new Map<Node, Node>()
  const nodes: Node[] = [...inputs]
  cone.constants.forEach((node, i) => {
    const data = built[i]
    const copy = data === undefined ? inputLeaf(`number${i}`, node) : makeNode('constant', [], { ...node.attrs, data })
    if (isOp(copy, 'input')) inputs.push(copy)
    copies.set(node, copy)
    nodes.push(copy)
  })
  for (const node of cone.order) {
    if (copies.has(node)) continue
    const slot = cone.slots.get(node)
    if (slot !== undefined) {
      copies.set(node, inputs[slot]!)
      continue
    }
    const from = node.inputs.map((input) => copies.get(input)!)
    const copy = new Node(node.op, from, node.attrs, node)
    copies.set(node, copy)
    nodes.push(copy)
  }
  return { inputs, nodes, outputs: cone.roots.map((root) => copies.get(root)!) }
}

/** Equal to the bit, so that NaN equals itself and 0 differs from -0. */
function sameData(a: TypedArray, b: TypedArray): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => Object.is(value, b[i])))
}
