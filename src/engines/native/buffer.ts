// Memory of the native engine holding one tensor, row-major.
import { allocate, bytesPerElement, sizeOf } from '../../graph/types.ts'
import type { DType, Shape, TensorType, TypedArray } from '../../graph/types.ts'
import type { EngineBuffer, OutsideMemory } from '../engine.ts'
import type { EngineError } from '../../errors.ts'
import type { Binding, BlockHandle, PictureBinding } from './binding.ts'

export class NativeBuffer implements EngineBuffer {
  readonly handle: BlockHandle
  readonly shape: Shape
  readonly dtype: DType
  version = 0
  /** Why the run that should have written it did not. */
  failure: EngineError | null = null

  constructor(handle: BlockHandle, { shape, dtype }: TensorType) {
    this.handle = handle
    this.shape = shape
    this.dtype = dtype
  }

  static allocate(binding: Binding, type: TensorType): NativeBuffer {
    return new NativeBuffer(binding.allocate(sizeOf(type.shape) * bytesPerElement[type.dtype]), type)
  }
  static filled(binding: Binding, value: number, type: TensorType): NativeBuffer {
    const elements = allocate(type.dtype, 4 / bytesPerElement[type.dtype]).fill(value)
    const [word] = new Uint32Array(elements.buffer)
    return new NativeBuffer(binding.allocateFilled(sizeOf(type.shape) * bytesPerElement[type.dtype], word!), type)
  }
}

/** A block that pictures were decoded to: on this engine a buffer without a copy. */
export class NativeMemory implements OutsideMemory {
  readonly handle: BlockHandle
  readonly #binding: PictureBinding
  constructor(binding: PictureBinding, handle: BlockHandle) {
    this.#binding = binding
    this.handle = handle
  }
  copyTo(target: TypedArray): void {
    this.#binding.copyOut(this.handle, target)
  }
}
