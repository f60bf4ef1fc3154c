// The base class of initializers, and the rule that gives fans to shapes.
import { type DType, type Shape, sizeOf, type TypedArray } from '../graph/types.ts'
import { requireDType, requireShape } from '../ops/checks.ts'
import { type Tensor, tensor } from '../ops/index.ts'
import { requireOptions } from '../platform/arguments.ts'
import type { Config, Configured } from './objects.ts'

/** Makes the first values of a weight, on the host and at once. */
export abstract class Initializer implements Configured {
  static readonly className: string = 'Initializer'

  get className(): string {
    const own = this.constructor as typeof Initializer
    return Object.hasOwn(own, 'className') ? own.className : own.name
  }

  /** The values of a weight of `shape`, row-major, in the storage of `dtype` (float32 or an integer type). */
  abstract values(shape: Shape, dtype: DType): TypedArray

  /** The same as a tensor. @throws ArgumentError for what is no shape, or no dtype. */
  apply(shape: Shape, options: { readonly dtype?: DType } = {}): Tensor {
    const where = `${this.className}.apply`
    requireShape(where, shape)
    requireOptions(where, options, ['dtype'], "apply(shape, { dtype: 'float32' })")
    requireDType(where, options.dtype)
    const dtype = options.dtype ?? 'float32'
    return tensor(this.values(shape, dtype), { shape, dtype })
  }

  getConfig(): Config {
    return {}
  }
}

export interface Fans {
  readonly fanIn: number
  readonly fanOut: number
}

/** Keras's compute_fans: a dense kernel's (in, out); for convolutions both times the size of the window. */
export function fansOf(shape: Shape): Fans {
  if (shape.length === 0) return { fanIn: 1, fanOut: 1 }
  if (shape.length === 1) return { fanIn: shape[0]!, fanOut: shape[0]! }
  const window = sizeOf(shape.slice(0, -2))
  return { fanIn: window * shape.at(-2)!, fanOut: window * shape.at(-1)! }
}
