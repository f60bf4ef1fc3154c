// Concrete values and the nodes that stand for them: host data not yet uploaded, buffers of the engine, results still to come.
import type { Engine, EngineBuffer, OutsideMemory } from '../engines/engine.ts'
import { EngineError } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { allocate, sizeOf } from '../graph/types.ts'
import type { DType, Shape, TensorType, TypedArray } from '../graph/types.ts'
import { enqueue } from './queue.ts'

/** One tensor's worth of numbers, wherever they are. Its content never changes while somebody else may read it. */
export class Value implements TensorType {
  readonly shape: Shape
  readonly dtype: DType
  /** How many Variables hold it as their current value. */
  owners = 0
  /** True if the buffer is also another value's. */
  aliased = false
  #host: TypedArray | OutsideMemory | null = null
  #buffer: EngineBuffer | null = null
  #done: Promise<void> | null = null
  #settled = false
  #listeners: (() => void)[] = []
  #error: unknown = null
  /** Nodes bound to this value: while one of them lives, somebody may still ask for the content. */
  #nodes: WeakRef<Node>[] = []

  constructor(type: TensorType) {
    this.shape = type.shape
    this.dtype = type.dtype
  }

  static ofHost(host: TypedArray | OutsideMemory, type: TensorType): Value {
    const value = new Value(type)
    value.#host = host
    value.#settled = true
    return value
  }

  get failed(): boolean {
    return this.#error !== null
  }
  /** True once nothing can go wrong any more. */
  get settled(): boolean {
    return this.#settled
  }
  /** Calls `listener` when the value is settled; never, if it fails. */
  whenSettled(listener: () => void): void {
    if (this.#settled) listener()
    else this.#listeners.push(listener)
  }

  /** Sets what a run has made. `done` may still reject, which makes the value fail. */
  resolve(buffer: EngineBuffer, done: Promise<void>): void {
    this.#buffer = buffer
    this.#done = done
    done.then(
      () => {
        this.#done = null
        this.#settled = true
        for (const listener of this.#listeners) listener()
        this.#listeners = []
      },
      (error: unknown) => this.reject(error),
    )
  }
  reject(error: unknown): void {
    this.#error = error ?? new EngineError('the engine failed without saying why')
    this.#buffer = null
    this.#done = null
    this.#listeners = []
  }

  /** The engine's buffer, uploaded at the first call. @throws what the run that should have made it threw. */
  bufferOn(engine: Engine): EngineBuffer {
    if (this.#error !== null) throw this.#error
    if (this.#buffer === null) {
      if (this.#host === null) throw new Error('a value is used before the run that makes it')
      const type = { shape: this.shape, dtype: this.dtype }
      const adopted = ArrayBuffer.isView(this.#host) ? null : (engine.adopt?.(this.#host, type) ?? null)
      this.#buffer = adopted ?? engine.upload(this.#hostArray(this.#host), type)
      this.#host = null
    }
    return this.#buffer
  }

  #hostArray(host: TypedArray | OutsideMemory, copy = false): TypedArray {
    if (ArrayBuffer.isView(host)) return copy ? host.slice() : host
    const array = allocate(this.dtype, sizeOf(this.shape))
    host.copyTo(array)
    return array
  }

  /** A copy for the host, as of now: runs that are queued later do not change it. */
  read(): Promise<TypedArray> {
    if (this.#host !== null) return Promise.resolve(this.#hostArray(this.#host, true))
    return new Promise((resolve, reject) => {
      const run = (engine: Engine): void => {
        try {
          const download = engine.download(this.bufferOn(engine))
          // A run that failed may leave anything in the buffer: its own error comes first.
          Promise.all([this.#done, download]).then(([, data]) => resolve(data), reject)
          download.catch(() => undefined)
        } catch (error) {
          reject(error as Error)
        }
      }
      enqueue({ run, fail: reject })
    })
  }

  /** Resolves when the value is there, without copying it. */
  finished(): Promise<void> {
    if (this.#host !== null) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const run = (engine: Engine): void => {
        try {
          this.bufferOn(engine)
          ;(this.#done ?? Promise.resolve()).then(resolve, reject)
        } catch (error) {
          reject(error as Error)
        }
      }
      enqueue({ run, fail: reject })
    })
  }

  addNode(node: Node): void {
    this.#nodes = this.#nodes.filter((known) => known.deref() !== undefined)
    this.#nodes.push(new WeakRef(node))
  }
  /** True while somebody beside one Variable may read the content: then nothing may be written over it. */
  get isShared(): boolean {
    return this.aliased || this.owners > 1 || this.#nodes.some((node) => node.deref() !== undefined)
  }
}

// In the node itself: what a WeakMap holds, collections of young objects take for alive.
const held = Symbol('value')
interface Holder {
  [held]?: Value
}

/** The value of a node that has one. */
export function valueOf(node: Node): Value | undefined {
  return (node as Holder)[held]
}
/** From now on `node` need not be computed: graphs end at it and take `value` as an input. */
export function bind(node: Node, value: Value): void {
  ;(node as Holder)[held] = value
  value.addNode(node)
}
/** A new leaf that stands for `value`. */
export function leafOf(value: Value, name = 'value'): Node<'input'> {
  const leaf = inputLeaf(name, value)
  bind(leaf, value)
  return leaf
}
/** A new leaf without a value: an argument of a traced function. */
export function inputLeaf(name: string, type: TensorType): Node<'input'> {
  return makeNode('input', [], { name, shape: type.shape, dtype: type.dtype })
}
