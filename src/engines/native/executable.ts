// A compiled graph of the native engine: lowers, orders, cuts, places and hands the plan to the addon; then runs it.
import type { BusyClock } from './busy-clock.ts'
import { EngineError } from '../../errors.ts'
import { isOp, rewriteGraph, topologicalOrder, withInputs } from '../../graph/node.ts'
import type { Graph, Node } from '../../graph/node.ts'
import { stableNodes } from '../../graph/passes/hoisting.ts'
import { sameShape, showShape } from '../../graph/types.ts'
import type { CompileOptions, EngineBuffer, Executable, Run } from '../engine.ts'
import { placeStorages } from './arena.ts'
import type { Placement } from './arena.ts'
import type { Binding, BlockHandle, MadeStep, ProgramHandle, ProgramSpec } from './binding.ts'
import { NativeBuffer } from './buffer.ts'
import { Builder } from './builder.ts'
import { dumpPlan } from './dump.ts'
import { decomposeGroups } from './lower/convolution.ts'
import { mayOverwrite } from './lower/elementwise.ts'
import { addCopy } from './lower/movement.ts'
import { clampsOnLoad, fuseDepthwiseBackward } from './lower/patterns.ts'
import type { NodeGroup } from './lower/patterns.ts'
import { lowerings } from './lower/table.ts'
import { findWeightPatterns } from './lower/weights.ts'
import type { Op, Storage, Value } from './plan.ts'
import { append, orderOps, originalOf, rematerialize } from './schedule.ts'
import { cutSegments } from './segments.ts'
import type { PlannedSegment } from './segments.ts'

export interface Plan {
  readonly batch: number
  /** Bytes from one picture of a value to the next. */
  readonly imageStride: (value: Value) => number
  readonly segments: readonly PlannedSegment[]
  readonly placement: Placement
  readonly steps: ReadonlyMap<Op, MadeStep>
}

export class NativeExecutable implements Executable {
  readonly plan: Plan
  readonly #binding: Binding
  readonly #clock: BusyClock
  readonly #label: string
  readonly #graph: Graph
  readonly #options: CompileOptions
  readonly #program: ProgramHandle
  /** Stable inputs, as the kept results were computed from them. */
  #computedFrom: { buffer: EngineBuffer; version: number }[] | null = null

  constructor(binding: Binding, graph: Graph, options: CompileOptions, clock: BusyClock) {
    this.#binding = binding
    this.#clock = clock
    this.#label = options.label ?? 'graph'
    this.#graph = graph
    this.#options = options
    checkDonations(graph, options)
    const { threads, lanes } = binding.information()
    this.plan = makePlan(binding, graph, options, threads, lanes)
    this.#program = binding.program(programSpec(this.plan, graph, threads))
  }

  run(inputs: readonly EngineBuffer[]): Run {
    const given = this.#check(inputs)
    const donations = this.#options.donations
    const stable = [...(this.#options.stableInputs ?? [])]
    const fresh = stable.some((index, k) => {
      const known = this.#computedFrom?.[k]
      return known === undefined || known.buffer !== given[index] || known.version !== given[index]!.version
    })
    const runSetup = this.#computedFrom === null || fresh
    const outputs = this.#graph.outputs.map((output, i) => {
      const donated = donations?.get(i)
      return donated === undefined ? NativeBuffer.allocate(this.#binding, output) : given[donated]!
    })
    const blocks: BlockHandle[] = [...given, ...outputs].map((buffer) => buffer.handle)
    this.#computedFrom = stable.map((index) => ({ buffer: given[index]!, version: given[index]!.version }))
    for (const index of donations?.values() ?? []) given[index]!.version++
    const done = this.#binding.run(this.#program, blocks, runSetup).then(
      () => {
        // Runs finish in order, so what made the inputs has settled.
        const failed = given.find((buffer) => buffer.failure !== null)
        if (failed) throw failed.failure!
      },
      (error: unknown) => {
        this.#computedFrom = null
        throw new EngineError(`native engine, ${this.#label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      },
    )
    this.#clock.during(done)
    // Whoever waits for `done` gets the error; nobody need wait for every run.
    done.catch((error: unknown) => {
      // A donated buffer holds its own value until its new one is written: whoever gave it still has it.
      outputs.forEach((buffer, i) => {
        if (!donations?.has(i)) buffer.failure = error as EngineError
      })
    })
    return { outputs, done }
  }

  dump(): string {
    return dumpPlan(this.#label, this.plan, this.#binding.times(this.#program))
  }

  #check(inputs: readonly EngineBuffer[]): NativeBuffer[] {
    const wanted = this.#graph.inputs
    if (inputs.length !== wanted.length)
      throw new EngineError(`native engine, ${this.#label}: expected ${wanted.length} buffers, received ${inputs.length}`)
    const donated = new Set(this.#options.donations?.values())
    inputs.forEach((buffer, i) => {
      if (donated.has(i) && inputs.indexOf(buffer) !== inputs.lastIndexOf(buffer))
        throw new EngineError(`native engine, ${this.#label}: the buffer of input "${wanted[i]!.attrs.name}" is written in place and cannot be given twice`)
    })
    return inputs.map((buffer, i) => {
      const { name } = wanted[i]!.attrs
      if (!(buffer instanceof NativeBuffer)) throw new EngineError(`native engine, ${this.#label}: input "${name}" is not a buffer of this engine`)
      if (buffer.dtype !== wanted[i]!.dtype || !sameShape(buffer.shape, wanted[i]!.shape))
        throw new EngineError(
          `native engine, ${this.#label}: input "${name}" expected ${wanted[i]!.dtype} ${showShape(wanted[i]!.shape)}, received ${buffer.dtype} ${showShape(buffer.shape)}`,
        )
      return buffer
    })
  }
}

function checkDonations(graph: Graph, { label = 'graph', donations, stableInputs }: CompileOptions): void {
  const taken = new Set<number>()
  for (const [output, input] of donations ?? []) {
    const from = graph.outputs[output]
    const to = graph.inputs[input]
    const fail = (reason: string): never => {
      throw new EngineError(`native engine, ${label}: output ${output} cannot replace input ${input}: ${reason}`)
    }
    if (!from || !to) return fail('there is no such output or input')
    if (from.dtype !== to.dtype || !sameShape(from.shape, to.shape))
      fail(`expected ${to.dtype} ${showShape(to.shape)}, received ${from.dtype} ${showShape(from.shape)}`)
    if (taken.has(input)) fail('another output replaces it already')
    if (stableInputs?.has(input)) fail('it is a stable input')
    taken.add(input)
  }
}

function makePlan(binding: Binding, original: Graph, options: CompileOptions, threads: number, lanes: number): Plan {
  // Rewriting loses the order that the passes chose: only where something is to be decomposed.
  const graph = original.nodes.some((node) => decomposeGroups(node, node.inputs) !== null)
    ? rewriteGraph(original, (node, inputs) => decomposeGroups(node, inputs) ?? withInputs(node, inputs))
    : original
  const stableInputs = options.stableInputs ?? new Set<number>()
  const donated = new Map<number, number>()
  for (const [output, input] of options.donations ?? []) donated.set(output, input)
  const donatedInputs = new Set(donated.values())
  const batch = batchOf(graph, stableInputs, donatedInputs)
  const groups = fuseDepthwiseBackward(graph)
  const builder = new Builder({ lanes, batch, stable: stableNodes(graph, stableInputs), onLoad: clampsOnLoad(graph, groups), weights: findWeightPatterns(graph) })
  graph.inputs.forEach((input, i) => {
    const isBatch = batch > 0 && !stableInputs.has(i) && !donatedInputs.has(i) && input.shape[0] === batch && (input.shape.length > 1 || input.dtype !== 'float32' || input.attrs.name.startsWith('arg'))
    builder.set(input, builder.external(i, input, { batch: isBatch, stable: stableInputs.has(i) }))
  })
  const resultsOf = new Map<Node, Node[]>()
  for (const node of graph.nodes) if (isOp(node, 'result')) append(resultsOf, node.inputs[0]!, node)
  lowerAll(graph.nodes, builder, groups, resultsOf)
  const before = bindOutputs(graph, donated, builder)
  const ordered = rematerialize(orderOps(builder.ops, before))
  const segments = cutSegments(ordered, { batch, threads })
  const steps = makeSteps(binding, segments, batch, threads)
  return { batch, imageStride: (value) => builder.imageBytesOf(value), segments, placement: placeStorages(segments), steps }
}

/** Lowers nodes in their order; a group as a whole when its first node comes, after what it needs. */
function lowerAll(nodes: readonly Node[], builder: Builder, groups: ReadonlyMap<Node, NodeGroup>, resultsOf: ReadonlyMap<Node, readonly Node[]>): void {
  const done = new Set<NodeGroup>()
  for (const node of nodes) {
    if (node.op === 'input' || builder.has(node) || builder.isAbsorbed(node)) continue
    const group = groups.get(node)
    if (!group) lowerOne(node, builder, resultsOf)
    else if (!done.has(group)) {
      done.add(group)
      const missing = topologicalOrder(group.needs.filter((need) => !builder.has(need)), (need) => builder.has(need))
      lowerAll(missing, builder, groups, resultsOf)
      group.lower(builder)
    }
  }
}

function lowerOne(node: Node, builder: Builder, resultsOf: ReadonlyMap<Node, readonly Node[]>): void {
  if (isOp(node, 'fused')) {
    const picked = resultsOf.get(node)
    if (!picked) {
      lowerings.fused(node, builder, [node])
      return
    }
    // One value for each result of the body, whether or not a node picks it.
    const results = node.attrs.body.results.map((result, index) => picked.find((pick) => isOp(pick, 'result') && pick.attrs.index === index) ?? result)
    lowerings.fused(node, builder, results)
    builder.set(node, builder.any(results[0]!))
    // Several nodes may pick the same result.
    for (const pick of picked) if (isOp(pick, 'result') && !builder.has(pick)) builder.set(pick, builder.any(results[pick.attrs.index]!))
    return
  }
  const lower = lowerings[node.op] as (node: Node, b: Builder, results: readonly Node[]) => void
  lower(node, builder, [])
}

/** The leading dim that most of the arithmetic shares: of convolutions' results, else of the largest argument. */
function batchOf(graph: Graph, stable: ReadonlySet<number>, donated: ReadonlySet<number>): number {
  const conv = graph.nodes.find((node) => node.op === 'conv' || node.op === 'convInputGrad' || node.op === 'convKernelGrad')
  const images = conv?.inputs[0]!.shape[0]
  if (images !== undefined) return images
  let best = 0
  let size = 0
  graph.inputs.forEach((input, i) => {
    if (stable.has(i) || donated.has(i) || input.shape.length < 2) return
    const own = input.shape.reduce((a, b) => a * b, 1)
    if (own > size) {
      size = own
      best = input.shape[0]!
    }
  })
  return best
}

/** Makes graph outputs land in their buffers, in place where that is safe; returns which ops must wait for which readers. */
function bindOutputs(graph: Graph, donated: ReadonlyMap<number, number>, b: Builder): Map<Op, Op[]> {
  const before = new Map<Op, Op[]>()
  const finals: { from: Value; target: number; input: number | undefined }[] = []
  const inPlaceWriters: { maker: Op; storage: Storage }[] = []
  const donatedTargets = new Set(donated.values())
  const claimed = new Set<Storage>()
  const values = graph.outputs.map((output) => b.value(output, 'plain'))
  const readers = new Map<Storage, Op[]>()
  const dependents = new Map<Storage, Op[]>()
  const index = (): void => {
    readers.clear()
    dependents.clear()
    for (const op of b.ops) for (const input of op.inputs) append(readers, input.storage, op)
    for (const op of b.ops) for (const input of op.inputs) append(dependents, input.storage, op)
  }
  index()
  graph.outputs.forEach((_, i) => {
    const value = values[i]!
    const { storage } = value
    const input = donated.get(i)
    const target = input ?? graph.inputs.length + i
    const maker = b.makerOf(value)
    const free = storage.external === null && storage.constant === null && !claimed.has(storage) && maker !== undefined && !value.stable
    const exact = storage.bytes === b.bytesOf(value.shape, value.dtype, 'plain')
    if (free && exact && value.layout === 'plain') {
      if (input === undefined) {
        storage.external = target
        claimed.add(storage)
        return
      }
      const old = b.any(graph.inputs[input]!)
      const others = (readers.get(old.storage) ?? []).filter((op) => op !== maker)
      const inPlace = maker.inputs.filter((operand) => operand.storage === old.storage)
      const safe = maker.kind === 'elementwise' && inPlace.every((operand) => mayOverwrite(value, operand)) && inPlace.length <= 1
      if (safe && !reaches(maker, new Set(others), dependents)) {
        storage.external = target
        claimed.add(storage)
        inPlaceWriters.push({ maker, storage: old.storage })
        return
      }
    }
    if (storage.external === target && input !== undefined) return // given back unchanged
    let from = value
    if (storage.external !== null && donatedTargets.has(storage.external)) {
      // The value is an input that another output writes over: it is saved first.
      from = b.fresh(value.shape, value.dtype, 'plain', { batch: false, stable: false })
      addCopy(b, value, from)
    }
    finals.push({ from, target, input })
  })
  for (const { from, target, input } of finals) {
    addCopy(b, from, b.external(target, from, { batch: false, stable: false }))
    const last = b.ops[b.ops.length - 1]!
    if (input !== undefined && last !== undefined) {
      const old = b.any(graph.inputs[input]!).storage
      before.set(last, b.ops.filter((op) => op !== last && op.inputs.some((operand) => operand.storage === old)))
    }
  }
  for (const { maker, storage } of inPlaceWriters)
    before.set(maker, [...(before.get(maker) ?? []), ...b.ops.filter((op) => op !== maker && op.inputs.some((operand) => operand.storage === storage))])
  return before
}

function reaches(from: Op, targets: ReadonlySet<Op>, dependents: ReadonlyMap<Storage, readonly Op[]>): boolean {
  const stack = [from]
  const seen = new Set<Op>()
  while (stack.length > 0) {
    const op = stack.pop()!
    for (const output of op.outputs)
      for (const next of dependents.get(output.storage) ?? []) {
        if (targets.has(next)) return true
        if (!seen.has(next)) {
          seen.add(next)
          stack.push(next)
        }
      }
  }
  return false
}

function makeSteps(binding: Binding, segments: readonly PlannedSegment[], batch: number, threads: number): Map<Op, MadeStep> {
  const steps = new Map<Op, MadeStep>()
  const made = new Map<Op, MadeStep>()
  const keys = new Map<Storage, string>()
  // What is not of the batch goes by its own first dim.
  const imagesOf = (op: Op, chunk: number): number => (op.role === 'whole' ? (op.inputs[0]?.shape[0] ?? 1) : chunk > 0 ? chunk : batch)
  const build = (op: Op, chunk: number, extra: Record<string, unknown>): MadeStep => {
    try {
      const step = binding.step(op.kind, { ...op.attributes(imagesOf(op, chunk)), ...extra }, chunk > 0 ? 1 : threads, chunk > 0 ? threads : 1)
      steps.set(op, step)
      made.set(originalOf(op), step)
      return step
    } catch (error) {
      throw new EngineError(`native engine: cannot make a step for ${op.label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  for (const { ops, chunk } of segments) {
    for (const op of ops) {
      if (op.packedFor) continue
      const step = build(op, chunk, {})
      for (const value of [...op.inputs, ...op.outputs]) {
        if (value.layout !== 'packed' || step.packedKey === '') continue
        const known = keys.get(value.storage)
        if (known !== undefined && known !== step.packedKey)
          throw new EngineError(`native engine: two steps want one kernel in different layouts (${known}, ${step.packedKey})`)
        keys.set(value.storage, step.packedKey)
        value.storage.bytes = Math.max(value.storage.bytes, step.packedBytes)
      }
    }
  }
  // These pack by themselves, as 1x1 convolutions take their kernels.
  for (const { ops } of segments)
    for (const op of ops) {
      const key = op.kind === 'packPointwise' || op.kind === 'transposePacked' ? keys.get(op.outputs[0]!.storage) : undefined
      if (key !== undefined && !/^(transposed )?OIhw(16i16o|8i8o)$/.test(key)) throw new EngineError(`native engine: a 1x1 convolution wants its kernel as ${key}`)
    }
  for (const { ops, chunk } of segments) for (const op of ops) if (op.packedFor) build(op, chunk, { for: made.get(originalOf(op.packedFor))!.handle })
  return steps
}

function programSpec(plan: Plan, graph: Graph, threads: number): ProgramSpec {
  const { placement, segments, steps, batch, imageStride } = plan
  const regions = { arena: 0, thread: 1, persistent: 2 }
  const operand = (value: Value, advance: boolean): [number, number, number] => {
    const { storage } = value
    const imageBytes = advance ? imageStride(value) : 0
    const place = placement.places.get(storage)!
    if (place.region === 'external') return [3 + storage.external!, 0, imageBytes]
    return [regions[place.region], place.offset, place.region !== 'thread' ? imageBytes : 0]
  }
  const persistentData: { offset: number; data: Uint8Array }[] = []
  for (const [storage, place] of placement.places) {
    if (storage.constant !== null && storage.constant.byteLength > 0) persistentData.push({ offset: place.offset, data: storage.constant })
  }
  return {
    threads,
    externals: graph.inputs.length + graph.outputs.length,
    arenaBytes: placement.arenaBytes,
    threadArenaBytes: placement.threadArenaBytes,
    persistentBytes: placement.persistentBytes,
    persistentData,
    profile: process.env.TANUKI_PROFILE === '1',
    segments: segments.map(({ ops, chunk, setup }) => {
      const combines: { threadOffset: number; count: number; result: Float64Array }[] = []
      const planned = ops.map((op) => {
        const operands = [
          ...op.inputs.flatMap((value, k) => operand(value, chunk > 0 && op.advance[k]!)),
          ...op.outputs.flatMap((value) => {
            const part = chunk > 0 && op.role === 'sum' ? placement.parts.get(value.storage) : undefined
            if (part === undefined) return operand(value, chunk > 0 && value.batch)
            combines.push({ threadOffset: part, count: value.storage.bytes / 4, result: Float64Array.from(operand(value, false)) })
            return [1, part, 0]
          }),
        ]
        return { handle: steps.get(op)!.handle, operands: Float64Array.from(operands), accumulates: op.role === 'sum' }
      })
      return { setup, batch, chunk, steps: planned, combines }
    }),
  }
}
