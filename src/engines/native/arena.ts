// Gives every storage its place: one arena by liveness, one small arena a thread for what lives within a chunk, and what persists.
import { mayOverwrite } from './lower/elementwise.ts'
import type { Op, Storage } from './plan.ts'
import type { PlannedSegment } from './segments.ts'

export type Region = 'arena' | 'thread' | 'persistent' | 'external'
export interface Place {
  readonly region: Region
  readonly offset: number
}
export interface Placement {
  readonly places: ReadonlyMap<Storage, Place>
  /** Sums of chunked segments: each thread's part lies here until the segment ends. */
  readonly parts: ReadonlyMap<Storage, number>
  readonly arenaBytes: number
  readonly threadArenaBytes: number
  readonly persistentBytes: number
}

const alignment = 64
const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment

interface Interval {
  first: number
  last: number
  bytes: number
  readonly storage: Storage
}

export function placeStorages(segments: readonly PlannedSegment[]): Placement {
  const touches = new Map<Storage, { segments: Set<number>; first: number; last: number }>()
  // Ticks: one for each op of a split segment, one for a whole chunked segment.
  let tick = 0
  const ticks = segments.map(({ ops, chunk }) => {
    const own = ops.map((_, i) => (chunk > 0 ? tick : tick + i))
    tick += chunk > 0 ? 1 : ops.length
    return own
  })
  segments.forEach(({ ops }, s) => {
    ops.forEach((op, i) => {
      for (const { storage } of [...op.inputs, ...op.outputs]) {
        const at = ticks[s]![i]!
        const touch = touches.get(storage) ?? { segments: new Set<number>(), first: at, last: at }
        touch.segments.add(s)
        touch.last = at
        touches.set(storage, touch)
      }
    })
  })
  const places = new Map<Storage, Place>()
  const parts = new Map<Storage, number>()
  let persistentBytes = 0
  const persist = (storage: Storage): void => {
    places.set(storage, { region: 'persistent', offset: persistentBytes })
    persistentBytes += align(storage.bytes)
  }
  const arena: Storage[] = []
  const local = new Map<number, Storage[]>()
  for (const [storage, touch] of touches) {
    const only = touch.segments.size === 1 ? [...touch.segments][0]! : -1
    if (storage.external !== null) places.set(storage, { region: 'external', offset: 0 })
    else if (storage.constant !== null) persist(storage)
    else if ([...touch.segments].some((s) => segments[s]!.setup) && only < 0) persist(storage)
    else if (only >= 0 && segments[only]!.chunk > 0 && storage.imageBytes > 0) {
      const list = local.get(only)
      if (list) list.push(storage)
      else local.set(only, [storage])
    } else arena.push(storage)
  }
  const inArena = new Set(arena)
  segments.forEach((segment, s) => {
    const own = new Set(local.get(s) ?? [])
    markOverwrites(segment, ticks[s]!, (storage) => {
      if (own.has(storage)) return lastUse(segment.ops, storage)
      return inArena.has(storage) ? { tick: touches.get(storage)!.last, index: lastUse(segment.ops, storage).index } : null
    }, (a, b) => own.has(a) === own.has(b))
  })
  const arenaBytes = pack(arena, (storage) => ({ first: touches.get(storage)!.first, last: touches.get(storage)!.last, bytes: storage.bytes }), (storage, offset) =>
    places.set(storage, { region: 'arena', offset }),
  )
  let threadArenaBytes = 0
  segments.forEach(({ ops, chunk }, s) => {
    if (chunk === 0) return
    const span = new Map<Storage, { first: number; last: number; bytes: number }>()
    const own = new Set(local.get(s) ?? [])
    const sums: Storage[] = []
    ops.forEach((op, i) => {
      for (const { storage } of [...op.inputs, ...op.outputs]) {
        if (!own.has(storage)) continue
        const known = span.get(storage)
        if (known) known.last = i
        else span.set(storage, { first: i, last: i, bytes: storage.imageBytes * chunk })
      }
      if (op.role === 'sum') for (const { storage } of op.outputs) if (storage.imageBytes === 0) sums.push(storage)
    })
    for (const storage of sums) span.set(storage, { first: 0, last: ops.length, bytes: storage.bytes })
    const bytes = pack([...own, ...sums], (storage) => span.get(storage)!, (storage, offset) => {
      if (own.has(storage)) places.set(storage, { region: 'thread', offset })
      else parts.set(storage, offset)
    }, new Set(sums))
    threadArenaBytes = Math.max(threadArenaBytes, bytes)
  })
  return { places, parts, arenaBytes, threadArenaBytes, persistentBytes }
}

function lastUse(ops: readonly Op[], storage: Storage): { tick: number | null; index: number } {
  for (let i = ops.length - 1; i >= 0; i--) {
    if (ops[i]!.inputs.some((input) => input.storage === storage) || ops[i]!.outputs.some((output) => output.storage === storage)) return { tick: null, index: i }
  }
  return { tick: null, index: -1 }
}

/** Elementwise results take over the bytes of an operand that nobody reads afterwards. */
function markOverwrites(
  segment: PlannedSegment,
  ticks: readonly number[],
  lastOf: (storage: Storage) => { tick: number | null; index: number } | null,
  sameKind: (a: Storage, b: Storage) => boolean,
): void {
  segment.ops.forEach((op, i) => {
    if (op.kind !== 'elementwise') return
    const taken = new Set<Storage>()
    for (const output of op.outputs) {
      if (output.storage.over || !lastOf(output.storage)) continue
      op.inputs.forEach((input, k) => {
        const { storage } = input
        if (output.storage.over || taken.has(storage) || storage === output.storage || !mayOverwrite(output, input)) return
        if (op.role === 'map' && !op.advance[k]) return
        const last = lastOf(storage)
        if (!last || last.index !== i || (last.tick !== null && last.tick !== ticks[i])) return
        if (!sameKind(storage, output.storage) || storage.bytes !== output.storage.bytes) return
        // The operand may appear twice, in different shapes: then it is not ours alone.
        if (op.inputs.filter((other) => other.storage === storage).length > 1) return
        output.storage.over = storage
        taken.add(storage)
      })
    }
  })
}

function rootOf(storage: Storage): Storage {
  let root = storage
  while (root.over) root = root.over
  return root
}

/** Greedy by size: each storage at the lowest offset that is free during its life. Returns the bytes needed. */
function pack(
  storages: readonly Storage[],
  lifeOf: (storage: Storage) => { first: number; last: number; bytes: number },
  set: (storage: Storage, offset: number) => void,
  alone: ReadonlySet<Storage> = new Set(),
): number {
  const members = new Set(storages)
  const intervals = new Map<Storage, Interval>()
  const root = (storage: Storage): Storage => {
    if (alone.has(storage)) return storage
    let top = storage
    while (top.over && members.has(top.over)) top = top.over
    return top
  }
  for (const storage of storages) {
    const life = lifeOf(storage)
    const known = intervals.get(root(storage))
    if (known) {
      known.first = Math.min(known.first, life.first)
      known.last = Math.max(known.last, life.last)
      known.bytes = Math.max(known.bytes, life.bytes)
    } else intervals.set(root(storage), { ...life, storage: root(storage) })
  }
  const sorted = [...intervals.values()].sort((a, b) => b.bytes - a.bytes || a.first - b.first)
  const placed: { interval: Interval; offset: number }[] = []
  let total = 0
  const offsets = new Map<Storage, number>()
  for (const interval of sorted) {
    const busy = placed.filter((other) => other.interval.first <= interval.last && interval.first <= other.interval.last).sort((a, b) => a.offset - b.offset)
    let offset = 0
    for (const other of busy) {
      if (other.offset >= offset + interval.bytes) break
      offset = Math.max(offset, align(other.offset + other.interval.bytes))
    }
    placed.push({ interval, offset })
    offsets.set(interval.storage, offset)
    total = Math.max(total, align(offset + interval.bytes))
  }
  for (const storage of storages) set(storage, offsets.get(root(storage))!)
  return total
}

export { rootOf }
