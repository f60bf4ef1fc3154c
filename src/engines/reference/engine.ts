// The reference engine: plain TypeScript, one primitive at a time. The oracle of every test, and the fallback.
import { EngineError, problem } from '../../errors.ts'
import { showType } from '../../graph/shapes/check.ts'
import type { DType, TensorType, TypedArray } from '../../graph/types.ts'
import { allocate, sizeOf } from '../../graph/types.ts'
import { environmentVariable } from '../../platform/environment.ts'
import type { Engine, EngineBuffer } from '../engine.ts'
import { ReferenceBuffer } from './buffer.ts'
import { ReferenceExecutable } from './executable.ts'
import { JobQueue } from './queue.ts'

const storage: Readonly<Record<DType, { readonly name: string; readonly is: (data: unknown) => boolean }>> = {
  float32: { name: 'Float32Array', is: (data) => data instanceof Float32Array },
  int32: { name: 'Int32Array', is: (data) => data instanceof Int32Array },
  uint8: { name: 'Uint8Array', is: (data) => data instanceof Uint8Array },
  bool: { name: 'Uint8Array', is: (data) => data instanceof Uint8Array },
}

/**
 * An engine that computes in JavaScript on the calling thread, giving way to the event loop about every 10 ms.
 * Sums are taken in float64 and rounded once, so its results are at least as exact as any other engine's.
 * @param reason Why this engine was chosen, for `info()`; default: nothing to add to what the chooser knows.
 */
export function createReferenceEngine(reason = ''): Engine {
  const queue = new JobQueue()
  const owned = new WeakSet<EngineBuffer>()
  const makeBuffer = (type: TensorType, data: TypedArray | null = null): ReferenceBuffer => {
    const buffer = new ReferenceBuffer({ shape: [...type.shape], dtype: type.dtype }, data)
    owned.add(buffer)
    return buffer
  }
  const context = {
    queue,
    owns: (buffer: EngineBuffer) => owned.has(buffer),
    makeBuffer: (type: TensorType) => makeBuffer(type),
    // Times of nodes in `dump()`.
    profile: environmentVariable('TANUKI_PROFILE') === '1',
  }
  return {
    name: 'reference',
    info: () => ({ name: 'reference', reason, threads: 1, instructionSet: 'javascript', versions: {} }),
    upload: (data, type) => {
      if (!storage[type.dtype].is(data) || data.length !== sizeOf(type.shape)) {
        const expected = `a ${storage[type.dtype].name} of ${sizeOf(type.shape)} elements for ${showType(type)}`
        const received = `a ${data.constructor.name} of ${data.length} elements`
        throw new EngineError(problem({ where: 'upload', expected, received }))
      }
      const copy = allocate(type.dtype, data.length)
      // Not slice(), by which Node's Buffer shares its memory.
      copy.set(data)
      return makeBuffer(type, copy)
    },
    download: (buffer) => {
      if (!(buffer instanceof ReferenceBuffer) || !owned.has(buffer)) {
        const expected = 'a buffer of this engine'
        return Promise.reject(new EngineError(problem({ where: 'download', expected, received: 'something else' })))
      }
      // In the queue: it sees what the runs queued before it leave, and nothing of those after it.
      return queue.add(() => buffer.data.slice())
    },
    compile: (graph, options = {}) => new ReferenceExecutable(graph, options, context),
  }
}
