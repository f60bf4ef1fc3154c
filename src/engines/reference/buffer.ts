// Buffers of the reference engine: a host array that is replaced, never written to.
import { EngineError, problem } from '../../errors.ts'
import { showType } from '../../graph/shapes/check.ts'
import type { DType, Shape, TensorType, TypedArray } from '../../graph/types.ts'
import type { EngineBuffer } from '../engine.ts'

export class ReferenceBuffer implements EngineBuffer {
  readonly shape: Shape
  readonly dtype: DType
  /** Raised when a run that writes the buffer is queued, so that it says which value later runs will see. */
  version = 0
  /** Null until the run that makes it has ended; an error if that run failed. */
  #state: TypedArray | Error | null

  constructor(type: TensorType, data: TypedArray | null) {
    this.shape = type.shape
    this.dtype = type.dtype
    this.#state = data
  }

  /** @throws EngineError if the run that should have written the buffer failed. */
  get data(): TypedArray {
    const state = this.#state
    if (state === null || state instanceof Error) {
      const received = state === null ? 'a buffer that no run has written' : `a run that failed: ${state.message}`
      const message = problem({ where: `buffer ${showType(this)}`, expected: 'data', received })
      throw new EngineError(message, { cause: state })
    }
    return state
  }

  set data(data: TypedArray) {
    this.#state = data
  }

  /** After a failed run: a new buffer will never have data; one that was donated keeps what it had. */
  fail(error: Error): void {
    this.#state ??= error
  }
}
