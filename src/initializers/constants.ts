// Initializers without randomness: zeros, ones, a constant, the identity matrix.
import { ArgumentError, problem } from '../errors.ts'
import { allocate, type DType, type Shape, showShape, sizeOf, type TypedArray } from '../graph/types.ts'
import { Initializer } from './initializer.ts'
import type { Config } from './objects.ts'

function filled(shape: Shape, dtype: DType, value: number): TypedArray {
  return allocate(dtype, sizeOf(shape)).fill(value)
}

export class Zeros extends Initializer {
  static override readonly className: string = 'Zeros'
  values(shape: Shape, dtype: DType): TypedArray {
    return filled(shape, dtype, 0)
  }
}

export class Ones extends Initializer {
  static override readonly className: string = 'Ones'
  values(shape: Shape, dtype: DType): TypedArray {
    return filled(shape, dtype, 1)
  }
}

export class Constant extends Initializer {
  static override readonly className: string = 'Constant'
  readonly value: number

  /** `value` (default 0) fills the weight. */
  constructor(options: { readonly value?: number } = {}) {
    super()
    const { value = 0 } = options
    if (typeof value !== 'number')
      throw new ArgumentError(
        problem({ where: 'initializers.constant', expected: '`value` to be a number', received: value }),
      )
    this.value = value
  }
  values(shape: Shape, dtype: DType): TypedArray {
    return filled(shape, dtype, this.value)
  }
  override getConfig(): Config {
    return { value: this.value }
  }
}

export class Identity extends Initializer {
  static override readonly className: string = 'Identity'
  readonly gain: number

  /** `gain` (default 1) is on the diagonal. */
  constructor(options: { readonly gain?: number } = {}) {
    super()
    this.gain = options.gain ?? 1
  }
  /** @throws ArgumentError for anything but a matrix. */
  values(shape: Shape, dtype: DType): TypedArray {
    if (shape.length !== 2)
      throw new ArgumentError(
        problem({
          where: 'initializers.identity',
          expected: 'a weight of rank 2',
          received: `shape ${showShape(shape)}`,
        }),
      )
    const out = filled(shape, dtype, 0)
    const [rows, columns] = shape as readonly [number, number]
    for (let i = 0; i < Math.min(rows, columns); i++) out[i * columns + i] = this.gain
    return out
  }
  override getConfig(): Config {
    return { gain: this.gain }
  }
}
