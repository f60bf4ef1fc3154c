// Orders ops so that sums and what only they feed (gradients of weights, updates) run as soon as they can, and redoes what is cheaper than kept.
import type { Op, Storage, Value } from './plan.ts'

/** Ops from which no op of the batch is reachable: they may run whenever their operands are there. */
export function tailOps(ops: readonly Op[]): Set<Op> {
  const makers = new Map<Storage, Op[]>()
  for (const op of ops) for (const output of op.outputs) append(makers, output.storage, op)
  const leads = new Set<Op>()
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i]!
    if (op.role === 'map') leads.add(op)
    if (!leads.has(op)) continue
    for (const input of op.inputs) for (const maker of makers.get(input.storage) ?? []) leads.add(maker)
  }
  // Makers come before readers, so one backward sweep finds all.
  return new Set(ops.filter((op) => !leads.has(op)))
}

export function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

/** `before`: ops that must have run before an op (readers of a buffer that it overwrites). */
export function orderOps(ops: readonly Op[], before: ReadonlyMap<Op, readonly Op[]>): Op[] {
  const tail = tailOps(ops)
  const makers = new Map<Storage, Op[]>()
  for (const op of ops) for (const output of op.outputs) append(makers, output.storage, op)
  const dependencies = new Map<Op, Set<Op>>()
  const dependents = new Map<Op, Op[]>()
  const position = new Map(ops.map((op, i) => [op, i]))
  for (const op of ops) {
    const needs = new Set<Op>(before.get(op) ?? [])
    for (const value of [...op.inputs, ...op.outputs]) {
      // Several ops may write one storage (fill, then copies into it): they keep their order.
      for (const maker of makers.get(value.storage) ?? []) if (maker !== op && position.get(maker)! < position.get(op)!) needs.add(maker)
    }
    needs.delete(op)
    dependencies.set(op, needs)
    for (const need of needs) append(dependents, need, op)
  }
  const waiting = new Map(ops.map((op) => [op, dependencies.get(op)!.size]))
  const order: Op[] = []
  const done = new Set<Op>()
  const run = (first: Op): void => {
    const stack = [first]
    while (stack.length > 0) {
      const op = stack.pop()!
      if (done.has(op)) continue
      done.add(op)
      order.push(op)
      const ready: Op[] = []
      for (const dependent of dependents.get(op) ?? []) {
        const left = waiting.get(dependent)! - 1
        waiting.set(dependent, left)
        if (left === 0 && tail.has(dependent)) ready.push(dependent)
      }
      stack.push(...ready.reverse())
    }
  }
  for (const op of ops) if (!tail.has(op) || waiting.get(op) === 0) run(op)
  // What is left waits for an overwriting order that cannot be kept; original order is right for values.
  for (const op of ops) run(op)
  return order
}

/** How many ops apart two uses must lie for a value to count as kept for the backward pass. */
const farApart = 24
/** Bytes that a core moves in the time of one multiply-add. */
export const bytesPerWork = 0.25
/** A value is computed again if that costs less than this many times moving it. */
const worthwhile = 4
/** Values below this size (bytes of the whole batch) are kept: there is nothing to win. */
const smallValue = 2 << 20

/**
 * Rematerialization: a large batch value that is used again long after it was made, and that is cheap to make from values that live
 * then anyway, is computed a second time just before its late uses. Saves its memory between, and its way to memory and back.
 */
export function rematerialize(ops: readonly Op[]): Op[] {
  const makers = new Map<Storage, { op: Op; at: number }>()
  const uses = new Map<Storage, number[]>()
  const writers = new Map<Storage, number>()
  ops.forEach((op, at) => {
    for (const output of op.outputs) {
      makers.set(output.storage, { op, at })
      writers.set(output.storage, (writers.get(output.storage) ?? 0) + 1)
    }
    for (const input of op.inputs) append(uses, input.storage, at)
  })
  /** Storage -> position from which its second making serves. */
  const splits = new Map<Storage, number>()
  ops.forEach((op, at) => {
    if (op.role !== 'map' || op.outputs.length !== 1 || op.inputs.length === 0) return
    const { storage } = op.outputs[0]!
    if (storage.external !== null || storage.bytes < smallValue || writers.get(storage) !== 1) return
    if (!['convolution', 'depthwiseForward', 'elementwise', 'layout', 'subsample'].includes(op.kind)) return
    const positions = uses.get(storage) ?? []
    const gap = positions.findIndex((use, i) => use - (i === 0 ? at : positions[i - 1]!) > farApart)
    if (gap < 0) return
    const split = positions[gap]!
    // Every operand must be there again at the split: external or constant, used there anyway, or itself made again.
    const alive = (value: Value): boolean => {
      if (!value.batch || value.storage.external !== null) return true
      if (splits.has(value.storage)) return splits.get(value.storage)! >= 0
      const later = uses.get(value.storage) ?? []
      return later[later.length - 1]! >= split
    }
    if (!op.inputs.every(alive)) return
    const cost = op.work * bytesPerWork + op.inputs.reduce((sum, input) => sum + input.storage.imageBytes, 0)
    if (cost > worthwhile * storage.imageBytes) return
    splits.set(storage, split)
    // What it is made from is made again by then too: reading the first copy would keep it alive.
    for (const input of op.inputs) {
      const own = splits.get(input.storage)
      if (own !== undefined && own > split) splits.set(input.storage, split)
    }
  })
  if (splits.size === 0) return [...ops]
  const out: Op[] = []
  const again = new Map<Storage, Value>()
  const late = (value: Value, at: number): Value => {
    const split = splits.get(value.storage)
    if (split === undefined || at < split) return value
    const known = again.get(value.storage)
    if (known) return { ...value, storage: known.storage }
    const { op } = makers.get(value.storage)!
    const inputs = op.inputs.map((input) => late(input, at))
    const fresh: Value = { ...op.outputs[0]!, storage: { ...value.storage, over: null } }
    again.set(value.storage, fresh)
    out.push({ ...op, inputs, outputs: [fresh], label: `${op.label} (again)` })
    return { ...value, storage: fresh.storage }
  }
  ops.forEach((op, at) => {
    const inputs = op.inputs.map((input) => late(input, at))
    out.push(inputs.every((input, i) => input === op.inputs[i]) ? op : replaceInputs(op, inputs))
  })
  return out
}

/** Packing refers to ops by identity: a replaced op keeps answering for the original. */
const originals = new WeakMap<Op, Op>()
function replaceInputs(op: Op, inputs: readonly Value[]): Op {
  const replaced = { ...op, inputs }
  originals.set(replaced, originalOf(op))
  return replaced
}
export function originalOf(op: Op): Op {
  return originals.get(op) ?? op
}
