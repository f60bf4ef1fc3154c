// A compiled graph of the reference engine: checks buffers, queues runs, keeps stable values, measures nodes when asked.
import { EngineError, problem } from '../../errors.ts'
import { dumpGraph } from '../../graph/dump.ts'
import type { Graph, Node } from '../../graph/node.ts'
import { showType } from '../../graph/shapes/check.ts'
import { sameShape } from '../../graph/types.ts'
import type { CompileOptions, EngineBuffer, Executable, Run } from '../engine.ts'
import { ReferenceBuffer } from './buffer.ts'
import { evaluateNode } from './evaluate.ts'
import type { Values } from './evaluate.ts'
import { makePlan } from './plan.ts'
import type { Plan, Step } from './plan.ts'
import type { JobQueue } from './queue.ts'

/** The stable values, and the buffers with their versions that they were computed from. */
interface StableCache {
  readonly buffers: readonly ReferenceBuffer[]
  readonly versions: readonly number[]
  readonly values: ReadonlyMap<Node, Values>
}

export interface ExecutableContext {
  readonly queue: JobQueue
  /** True for buffers of this very engine. */
  readonly owns: (buffer: EngineBuffer) => boolean
  readonly makeBuffer: (node: Node) => ReferenceBuffer
  readonly profile: boolean
}

export class ReferenceExecutable implements Executable {
  readonly #graph: Graph
  readonly #plan: Plan
  readonly #label: string | undefined
  readonly #stableInputs: readonly number[]
  readonly #donations: ReadonlyMap<number, number>
  readonly #context: ExecutableContext
  readonly #times = new Map<Node, number>()
  #runs = 0
  #cache: StableCache | null = null

  constructor(graph: Graph, options: CompileOptions, context: ExecutableContext) {
    this.#graph = graph
    this.#plan = makePlan(graph, options)
    this.#label = options.label
    this.#stableInputs = [...(options.stableInputs ?? [])].sort((a, b) => a - b)
    this.#donations = new Map(options.donations)
    this.#context = context
  }

  run(inputs: readonly EngineBuffer[]): Run {
    const buffers = this.#check(inputs)
    const stable = this.#stableInputs.map((index) => buffers[index]!)
    // Taken now: a run queued later may raise them before this one starts.
    const versions = stable.map(({ version }) => version)
    const outputs = this.#graph.outputs.map((output, i) => {
      const donated = this.#donations.get(i)
      return donated === undefined ? this.#context.makeBuffer(output) : buffers[donated]!
    })
    for (const index of this.#donations.values()) buffers[index]!.version++
    const done = this.#context.queue.add(async () => {
      try {
        await this.#compute(buffers, outputs, stable, versions)
      } catch (error) {
        outputs.forEach((output) => output.fail(error as Error))
        throw error
      }
    })
    // Whoever does not await the run still hears of its failure when reading an output.
    done.catch(() => undefined)
    return { outputs, done }
  }

  dump(): string {
    const title = this.#label === undefined ? '' : `# ${this.#label}\n`
    const text = title + dumpGraph(this.#graph)
    if (this.#times.size === 0) return text
    const lines = [...this.#times]
      .sort((a, b) => b[1] - a[1])
      .map(([node, milliseconds]) => {
        const number = this.#graph.nodes.indexOf(node)
        return `${(milliseconds / this.#runs).toFixed(3)} ms  node ${number}: ${node.op} ${showType(node)}`
      })
    return `${text}\n# time a run, over ${this.#runs} runs\n${lines.join('\n')}`
  }

  async #compute(
    buffers: readonly ReferenceBuffer[],
    outputs: readonly ReferenceBuffer[],
    stable: readonly ReferenceBuffer[],
    versions: readonly number[],
  ): Promise<void> {
    await this.#context.queue.breathe()
    this.#runs++
    const values = new Map<Node, Values>()
    this.#graph.inputs.forEach((leaf, i) => values.set(leaf, [buffers[i]!.data]))
    const kept = await this.#stableValues(values, stable, versions)
    kept.forEach((value, node) => values.set(node, value))
    await this.#perform(this.#plan.steps, values)
    // All results are there before the first buffer changes, so that a failed run changes none.
    const results = this.#graph.outputs.map((output) => values.get(output)![0]!)
    outputs.forEach((output, i) => (output.data = results[i]!))
  }

  async #stableValues(
    inputs: ReadonlyMap<Node, Values>,
    buffers: readonly ReferenceBuffer[],
    versions: readonly number[],
  ): Promise<ReadonlyMap<Node, Values>> {
    const cache = this.#cache
    const fresh =
      cache !== null &&
      cache.buffers.every((buffer, i) => buffer === buffers[i]) &&
      cache.versions.every((version, i) => version === versions[i])
    if (fresh) return cache.values
    this.#cache = null
    const values = new Map(inputs)
    await this.#perform(this.#plan.stable, values)
    const kept = new Map(this.#plan.kept.map((node) => [node, values.get(node)!]))
    this.#cache = { buffers, versions, values: kept }
    return kept
  }

  async #perform(steps: readonly Step[], values: Map<Node, Values>): Promise<void> {
    for (const { node, frees } of steps) {
      await this.#context.queue.breathe()
      const start = this.#context.profile ? performance.now() : 0
      const inputs = node.inputs.map((input) => values.get(input)!)
      values.set(node, evaluateNode(node, inputs))
      if (this.#context.profile) {
        this.#times.set(node, (this.#times.get(node) ?? 0) + performance.now() - start)
      }
      for (const freed of frees) values.delete(freed)
    }
  }

  #check(inputs: readonly EngineBuffer[]): ReferenceBuffer[] {
    const where = `run${this.#label === undefined ? '' : ` of "${this.#label}"`}`
    const refuse = (expected: string, received: string): never => {
      throw new EngineError(problem({ where, expected, received }))
    }
    const leaves = this.#graph.inputs
    if (inputs.length !== leaves.length) refuse(`${leaves.length} buffers`, String(inputs.length))
    const buffers = inputs.map((buffer, i) => {
      const leaf = leaves[i]!
      const name = `input ${i} "${leaf.attrs.name}"`
      if (!(buffer instanceof ReferenceBuffer) || !this.#context.owns(buffer)) {
        return refuse(`a buffer of this engine for ${name}`, 'something else')
      }
      if (buffer.dtype !== leaf.dtype || !sameShape(buffer.shape, leaf.shape)) {
        refuse(`${showType(leaf)} for ${name}`, showType(buffer))
      }
      return buffer
    })
    for (const index of this.#donations.values()) {
      if (buffers.some((buffer, i) => i !== index && buffer === buffers[index])) {
        refuse(`a donated buffer to be given once (input ${index} "${leaves[index]!.attrs.name}")`, 'it twice')
      }
    }
    return buffers
  }
}
