// The interface between Tanuki and whatever computes: compile a graph, run it on buffers, move bytes in and out.
import type { Graph } from '../graph/node.ts'
import type { TensorType, TypedArray } from '../graph/types.ts'

/** Memory of an engine holding one tensor, in a layout that is the engine's own business. Freed by the garbage collector. */
export interface EngineBuffer extends TensorType {
  /** Rises with every write, so that what was computed from the buffer can be known to be stale. */
  readonly version: number
}

/** A tensor's content, row-major, in memory that JavaScript does not see. Nobody writes to it any more. */
export interface OutsideMemory {
  copyTo(target: TypedArray): void
}

export interface CompileOptions {
  /** Names the executable in dumps and errors, e.g. `fit step`. */
  readonly label?: string
  /**
   * Indices of inputs that seldom change from run to run (weights that this graph does not train). What depends on nothing
   * else is computed once and kept until the buffer given for one of them, or its version, changes.
   */
  readonly stableInputs?: ReadonlySet<number>
  /** Output index -> index of the input whose buffer it replaces in place. Shapes and dtypes are equal. */
  readonly donations?: ReadonlyMap<number, number>
}

export interface Run {
  /** Usable at once as inputs of further runs on the same engine; donated outputs are the input's own buffer object. */
  readonly outputs: readonly EngineBuffer[]
  /** Settles when the results are there; rejects with an EngineError. */
  readonly done: Promise<void>
}

export interface Executable {
  /** Queues one run. Runs of one engine happen in the order of these calls. @throws EngineError for wrong buffers. */
  run(inputs: readonly EngineBuffer[]): Run
  /** The plan as readable text: segments, kernels, layouts, arena offsets and, after runs with `profile`, time per node. */
  dump(): string
}

export interface EngineInfo {
  readonly name: string
  /** Why this engine and not another. */
  readonly reason: string
  readonly threads: number
  /** E.g. `avx512`, `avx2`, `portable`, `javascript`. */
  readonly instructionSet: string
  readonly versions: Readonly<Record<string, string>>
  /** How long it has computed so far; only where that is measured. */
  readonly busyMilliseconds?: number
}

export interface Engine {
  readonly name: string
  info(): EngineInfo
  /** Copies host data into a new buffer. */
  upload(data: TypedArray, type: TensorType): EngineBuffer
  /** Makes memory a buffer without a copy; null if this engine cannot use memory of this kind. */
  adopt?(memory: OutsideMemory, type: TensorType): EngineBuffer | null
  /** Copies a buffer to the host, row-major, after all queued runs that write it. */
  download(buffer: EngineBuffer): Promise<TypedArray>
  /** Plans a graph. Donated inputs and stable inputs are disjoint. @throws EngineError if it cannot be planned. */
  compile(graph: Graph, options?: CompileOptions): Executable
}
