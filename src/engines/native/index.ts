// The native engine: plans made here, run by the addon over oneDNN.
import type { CompileOptions, Engine, EngineBuffer, EngineInfo, Executable, OutsideMemory } from '../engine.ts'
import { EngineError } from '../../errors.ts'
import type { Graph } from '../../graph/node.ts'
import { allocate, bytesPerElement, showShape, sizeOf } from '../../graph/types.ts'
import type { TensorType, TypedArray } from '../../graph/types.ts'
import { loadBinding } from './binding.ts'
import type { Binding } from './binding.ts'
import { FilledMemory } from '../filled.ts'
import { NativeBuffer, NativeMemory } from './buffer.ts'
import { BusyClock } from './busy-clock.ts'
import { NativeExecutable } from './executable.ts'

class NativeEngine implements Engine {
  readonly name = 'native'
  readonly #binding: Binding
  readonly #reason: string
  readonly #clock = new BusyClock()

  constructor(binding: Binding, reason: string) {
    this.#binding = binding
    this.#reason = reason
  }

  info(): EngineInfo {
    const { oneDNN, libjpegTurbo, instructionSet, threads } = this.#binding.information()
    const versions = { oneDNN, 'libjpeg-turbo': libjpegTurbo || 'not built in: JPEG is decoded by sharp' }
    const busyMilliseconds = this.#clock.milliseconds
    return { name: this.name, reason: this.#reason, threads, instructionSet, versions, busyMilliseconds }
  }

  upload(data: TypedArray, type: TensorType): EngineBuffer {
    const bytes = sizeOf(type.shape) * bytesPerElement[type.dtype]
    const fits = type.dtype === 'float32' ? data instanceof Float32Array : type.dtype === 'int32' ? data instanceof Int32Array : data instanceof Uint8Array
    if (!fits || data.byteLength !== bytes)
      throw new EngineError(`native engine, upload: expected ${type.dtype} ${showShape(type.shape)}, received ${data.constructor.name} of ${data.length} elements`)
    const buffer = NativeBuffer.allocate(this.#binding, type)
    if (bytes > 0) this.#binding.write(buffer.handle, data)
    return buffer
  }

  adopt(memory: OutsideMemory, type: TensorType): EngineBuffer | null {
    if (memory instanceof FilledMemory) return NativeBuffer.filled(this.#binding, memory.value, type)
    return memory instanceof NativeMemory ? new NativeBuffer(memory.handle, type) : null
  }

  async download(buffer: EngineBuffer): Promise<TypedArray> {
    if (!(buffer instanceof NativeBuffer)) throw new EngineError('native engine, download: this is not a buffer of this engine')
    const target = allocate(buffer.dtype, sizeOf(buffer.shape))
    await this.#binding.read(buffer.handle, target)
    if (buffer.failure !== null) throw buffer.failure
    return target
  }

  compile(graph: Graph, options: CompileOptions = {}): Executable {
    return new NativeExecutable(this.#binding, graph, options, this.#clock)
  }

  /** Bytes of native memory: in buffers and persistent data, waiting for reuse, and in the arena shared by all plans. */
  memory(): { usedBytes: number; pooledBytes: number; arenaBytes: number } {
    const { usedBytes, pooledBytes, arenaBytes } = this.#binding.information()
    return { usedBytes, pooledBytes, arenaBytes }
  }
}

export type { NativeEngine }
export { NativeExecutable } from './executable.ts'

/** @throws EngineError if the addon is not built or does not load here. */
export function createNativeEngine(reason = 'default engine'): Promise<NativeEngine> {
  // Loading is synchronous, but a failure is the promise's.
  return Promise.resolve().then(() => new NativeEngine(loadBinding(), reason))
}
