// An initializer that asks a function, which may answer with values or, for a new weight, with a tensor.
import { ArgumentError, problem } from '../errors.ts'
import { type DType, type Shape, showShape, type TypedArray } from '../graph/types.ts'
import type { Tensor } from '../ops/index.ts'
import { Initializer } from './initializer.ts'

/** A function may stand for an initializer. */
export type InitializerFunction = (shape: Shape, dtype: DType) => Tensor | TypedArray

export class FunctionInitializer extends Initializer {
  static override readonly className: string = 'FunctionInitializer'
  readonly ask: InitializerFunction
  constructor(ask: InitializerFunction) {
    super()
    this.ask = ask
  }
  values(shape: Shape, dtype: DType): TypedArray {
    const result = this.ask(shape, dtype)
    if (ArrayBuffer.isView(result)) return result
    throw new ArgumentError(
      problem({
        where: 'initializer',
        expected: `a typed array with the values of shape ${showShape(shape)}`,
        received: result,
        hint: 'Initializers run on the host; return values, not a tensor, where values are asked for',
      }),
    )
  }
}
