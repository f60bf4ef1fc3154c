// Cuts the ordered ops into segments: runs of per-picture ops go through the batch in chunks that fit the cache, each thread on its own pictures.
import type { Op, Storage } from './plan.ts'
import { append, bytesPerWork, tailOps } from './schedule.ts'

export interface PlannedSegment {
  readonly ops: readonly Op[]
  /** Pictures a call; 0: not chunked, every op uses all threads. */
  readonly chunk: number
  readonly setup: boolean
}

export interface SegmentOptions {
  readonly batch: number
  readonly threads: number
  /** Cache of one core, and one core's share of the shared cache, in bytes. */
  readonly ownCache?: number
  readonly sharedCache?: number
}

export function cutSegments(ops: readonly Op[], options: SegmentOptions): PlannedSegment[] {
  const isStable = (op: Op): boolean => op.outputs.every((output) => output.stable)
  const setup = ops.filter(isStable)
  const segments: PlannedSegment[] = setup.length > 0 ? [{ ops: setup, chunk: 0, setup: true }] : []
  const rest = ops.filter((op) => !isStable(op))
  if (options.batch < 2 || options.batch < options.threads) {
    if (rest.length > 0) segments.push({ ops: rest, chunk: 0, setup: false })
    return segments
  }
  for (const run of cutRuns(rest)) segments.push(...chunkRun(run, options))
  return segments
}

interface RunOfOps {
  readonly before: Op[]
  readonly body: Op[]
  readonly after: Op[]
}

/** Runs of ops of the batch, with the whole-batch ops that come before and after them. */
function cutRuns(ops: readonly Op[]): RunOfOps[] {
  const tail = tailOps(ops)
  const runs: RunOfOps[] = []
  let run: RunOfOps = { before: [], body: [], after: [] }
  // What the run makes that is complete only at its end.
  let late = new Set<Storage>()
  let made = new Set<Storage>()
  const flush = (): void => {
    if (run.before.length + run.body.length + run.after.length > 0) runs.push(run)
    run = { before: [], body: [], after: [] }
    late = new Set()
    made = new Set()
  }
  for (const op of ops) {
    if (op.role === 'whole') {
      const waits = [...op.inputs, ...op.outputs].some((value) => made.has(value.storage))
      if (waits && !tail.has(op)) flush()
      const behind = run.body.length > 0 && tail.has(op)
      ;(behind ? run.after : run.before).push(op)
      for (const output of op.outputs) {
        if (!behind) break
        late.add(output.storage)
        made.add(output.storage)
      }
    } else {
      // Read as a whole (as a row of all samples, say), a value of the batch must be complete too.
      if (op.inputs.some((value, k) => late.has(value.storage) || (!op.advance[k] && made.has(value.storage)))) flush()
      run.body.push(op)
      for (const output of op.outputs) {
        made.add(output.storage)
        if (output.storage.imageBytes === 0) late.add(output.storage)
      }
    }
  }
  flush()
  return runs
}

function divisors(n: number): number[] {
  const out: number[] = []
  for (let d = 1; d <= n; d++) if (n % d === 0) out.push(d)
  return out
}

/** What one call costs besides its work, in bytes a core could move meanwhile. */
const callOverhead = 60_000
/** Bytes that memory moves for each byte that the own cache moves. */
const sharedCost = 0.6
const memoryCost = 2.5

/** Cuts the body by dynamic programming: the chunk of a segment is a compromise of its ops, every cut writes and reads what crosses it. */
function chunkRun({ before, body, after }: RunOfOps, options: SegmentOptions): PlannedSegment[] {
  const { batch, threads, ownCache = 700_000, sharedCache = 8 << 20 } = options
  if (body.length === 0) {
    const ops = [...before, ...after]
    return ops.length > 0 ? [{ ops, chunk: 0, setup: false }] : []
  }
  const chunks = divisors(batch).filter((chunk) => batch / chunk >= threads)
  const n = body.length
  const weightBytes = body.map((op) =>
    [...op.inputs, ...op.outputs].reduce((sum, value) => sum + (value.storage.imageBytes === 0 ? value.storage.bytes || packedBytes(value.shape) : 0), 0),
  )
  const imageBytes = body.map((op) => [...op.inputs, ...op.outputs].reduce((sum, value) => sum + value.storage.imageBytes, 0))
  const costs = chunks.map((chunk) => {
    const calls = batch / chunk
    const imbalance = (Math.ceil(calls / threads) * threads) / calls
    const sums = [0]
    body.forEach((op, i) => {
      const working = imageBytes[i]! * chunk
      const factor = working <= ownCache ? 0.15 : working <= sharedCache ? sharedCost : memoryCost
      // Small matrices use the vector units badly.
      const rows = op.work > 0 ? pixelsOf(op) * chunk : 0
      const weak = rows > 0 && rows < 196 ? 1 + 0.25 * (1 - rows / 196) : 1
      const cost =
        batch * (imageBytes[i]! * factor + op.work * bytesPerWork * weak) + calls * (callOverhead + weightBytes[i]! * (op.role === 'sum' ? 1.5 : 0.3))
      sums.push(sums[i]! + cost * imbalance)
    })
    return sums
  })
  const crossing = crossingBytes(body)
  const best = new Array<number>(n + 1).fill(Infinity)
  const from = new Array<{ at: number; chunk: number }>(n + 1)
  best[0] = 0
  for (let end = 1; end <= n; end++) {
    for (let start = 0; start < end; start++) {
      const cut = start === 0 ? 0 : crossing[start]! * batch * (crossing[start]! * batch > sharedCache ? 2 * memoryCost : 2 * sharedCost) + 40_000
      chunks.forEach((chunk, c) => {
        const cost = best[start]! + cut + costs[c]![end]! - costs[c]![start]!
        if (cost < best[end]!) {
          best[end] = cost
          from[end] = { at: start, chunk }
        }
      })
    }
  }
  const cuts: { ops: Op[]; chunk: number }[] = []
  for (let end = n; end > 0; end = from[end]!.at) cuts.unshift({ ops: body.slice(from[end]!.at, end), chunk: from[end]!.chunk })
  return interleave(cuts, before, after)
}

function packedBytes(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 4)
}

function pixelsOf(op: Op): number {
  const { shape } = op.outputs[0]!.batch ? op.outputs[0]! : op.inputs[0]!
  return shape.length === 4 ? shape[1]! * shape[2]! : 1
}

/** For each place between two ops: bytes of a picture's values made before it and used after it. */
function crossingBytes(body: readonly Op[]): number[] {
  const made = new Map<Storage, number>()
  const last = new Map<Storage, number>()
  body.forEach((op, i) => {
    for (const output of op.outputs) if (!made.has(output.storage)) made.set(output.storage, i)
    for (const input of op.inputs) if (made.has(input.storage)) last.set(input.storage, i)
  })
  const change = new Array<number>(body.length + 1).fill(0)
  for (const [storage, end] of last) {
    const start = made.get(storage)!
    change[start + 1]! += storage.imageBytes
    change[end + 1]! -= storage.imageBytes
  }
  const out: number[] = []
  let live = 0
  change.forEach((delta, i) => (out[i] = live += delta))
  return out
}

/** Puts each whole-batch op right before the first segment that needs it, or right after the last that feeds it. */
function interleave(cuts: readonly { ops: Op[]; chunk: number }[], before: readonly Op[], after: readonly Op[]): PlannedSegment[] {
  const place = new Map<Storage, number>()
  cuts.forEach(({ ops }, i) => {
    for (const op of ops) for (const input of op.inputs) if (!place.has(input.storage)) place.set(input.storage, i)
  })
  const ahead: Op[][] = cuts.map(() => [])
  const writers = new Map<Storage, Op[]>()
  for (const op of before) for (const output of op.outputs) append(writers, output.storage, op)
  const position = new Map<Op, number>()
  for (let i = before.length - 1; i >= 0; i--) {
    const op = before[i]!
    const places = op.outputs.map((output) => place.get(output.storage) ?? Infinity)
    const at = Math.min(cuts.length - 1, ...places)
    position.set(op, at)
    for (const input of op.inputs) place.set(input.storage, Math.min(place.get(input.storage) ?? Infinity, at))
    // All writers of one storage go together.
    for (const output of op.outputs) place.set(output.storage, at)
  }
  for (const op of before) ahead[position.get(op)!]!.push(op)
  const behind: Op[][] = cuts.map(() => [])
  const doneAt = new Map<Storage, number>()
  const touchedUntil = new Map<Storage, number>()
  cuts.forEach(({ ops }, i) => {
    for (const op of ops) {
      for (const output of op.outputs) doneAt.set(output.storage, i)
      for (const value of [...op.inputs, ...op.outputs]) touchedUntil.set(value.storage, i)
    }
  })
  for (const [op, at] of position) for (const value of [...op.inputs, ...op.outputs]) touchedUntil.set(value.storage, Math.max(touchedUntil.get(value.storage) ?? 0, at))
  for (const op of after) {
    const at = Math.max(
      0,
      ...op.inputs.map((input) => doneAt.get(input.storage) ?? 0),
      // An update in place waits for the last reader of what it replaces.
      ...op.outputs.map((output) => touchedUntil.get(output.storage) ?? 0),
      ...op.outputs.map((output) => doneAt.get(output.storage) ?? 0),
    )
    for (const output of op.outputs) doneAt.set(output.storage, at)
    for (const value of [...op.inputs, ...op.outputs]) touchedUntil.set(value.storage, Math.max(touchedUntil.get(value.storage) ?? 0, at))
    behind[at]!.push(op)
  }
  const out: PlannedSegment[] = []
  cuts.forEach((cut, i) => {
    if (ahead[i]!.length > 0) out.push({ ops: ahead[i]!, chunk: 0, setup: false })
    out.push({ ops: cut.ops, chunk: cut.chunk, setup: false })
    if (behind[i]!.length > 0) out.push({ ops: behind[i]!, chunk: 0, setup: false })
  })
  return out
}
