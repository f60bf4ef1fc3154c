// Content that is one number throughout (fresh slots of optimizers): an engine makes it where it needs it, and nobody copies it there.
import type { TypedArray } from '../graph/types.ts'
import type { OutsideMemory } from './engine.ts'

export class FilledMemory implements OutsideMemory {
  readonly value: number
  /** @param value One that the dtype of its tensor can hold. */
  constructor(value: number) {
    this.value = value
  }
  copyTo(target: TypedArray): void {
    target.fill(this.value)
  }
}
