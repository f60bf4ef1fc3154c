// Layers that merge a list of inputs element by element: Add, Subtract, Multiply, Average, Maximum, Minimum.
import { problem, ShapeError } from '../errors.ts'
import { type DType, showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { Layer } from './layer.ts'
import { isShape, type LayerShape, type SymbolicShape } from './nested.ts'

/** Inputs of lower rank get dims of size 1 after the batch; then shapes broadcast as in NumPy. */
export abstract class Merge extends Layer {
  /** Exactly this many inputs; null for any number. */
  protected readonly exactly: number | null = null

  protected abstract merge(inputs: readonly Tensor[]): Tensor

  protected checkShapes(inputShape: LayerShape): readonly SymbolicShape[] {
    const shapes = Array.isArray(inputShape) && !isShape(inputShape) ? (inputShape as readonly SymbolicShape[]) : null
    const wanted = this.exactly === null ? 'a list of one input or more' : `a list of exactly ${this.exactly} inputs`
    if (shapes === null || shapes.length === 0 || (this.exactly !== null && shapes.length !== this.exactly))
      throw new ShapeError(
        problem({
          where: this.where,
          expected: wanted,
          received: shapes === null ? `one input of shape ${JSON.stringify(inputShape)}` : `${shapes.length} inputs`,
          hint: 'Merging layers are applied to a list: layer.apply([a, b])',
        }),
      )
    return shapes
  }

  override build(inputShape: LayerShape): void {
    this.computeOutputShape(inputShape)
  }

  override call(inputs: readonly Tensor[]): Tensor {
    this.computeOutputShape(inputs.map((input) => input.shape))
    const rank = Math.max(...inputs.map((input) => input.rank))
    return this.merge(
      inputs.map((input) => {
        if (input.rank === rank || input.rank === 0) return input
        const ones = new Array<number>(rank - input.rank).fill(1)
        return ops.reshape(input, [input.shape[0]!, ...ones, ...input.shape.slice(1)])
      }),
    )
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    const shapes = this.checkShapes(inputShape)
    const rank = Math.max(...shapes.map((shape) => shape.length))
    const full = shapes.map((shape) => [
      ...shape.slice(0, 1),
      ...new Array<number>(rank - Math.max(1, shape.length)).fill(1),
      ...shape.slice(1),
    ])
    return Array.from({ length: rank }, (_, axis) => {
      const dims = full.map((shape) => shape[axis] ?? null)
      const known = [...new Set(dims.filter((dim) => dim !== null && dim !== 1))]
      if (known.length > 1)
        throw new ShapeError(
          problem({
            where: this.where,
            expected: 'inputs whose shapes broadcast together',
            received: shapes.map(showShape).join(' and '),
          }),
        )
      // As in Keras, an unknown dim stays unknown, except for the batch.
      if (dims.includes(null) && (axis > 0 || known.length === 0)) return null
      return known[0] ?? 1
    })
  }

  protected override outputDtype(inputDtypes: readonly DType[]): DType {
    return promoted(inputDtypes)
  }
}

/** The type that holds all of these. */
export function promoted(dtypes: readonly DType[]): DType {
  const order: readonly DType[] = ['bool', 'uint8', 'int32', 'float32']
  return order[Math.max(...dtypes.map((dtype) => order.indexOf(dtype)))]!
}

/** The sum of the inputs. */
export class Add extends Merge {
  static override readonly className: string = 'Add'
  protected merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((a, b) => ops.add(a, b))
  }
}

/** The first input minus the second. */
export class Subtract extends Merge {
  static override readonly className: string = 'Subtract'
  protected override readonly exactly = 2
  protected merge(inputs: readonly Tensor[]): Tensor {
    return ops.subtract(inputs[0]!, inputs[1]!)
  }
}

/** The product of the inputs. */
export class Multiply extends Merge {
  static override readonly className: string = 'Multiply'
  protected merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((a, b) => ops.multiply(a, b))
  }
}

/** The mean of the inputs. */
export class Average extends Merge {
  static override readonly className: string = 'Average'
  protected merge(inputs: readonly Tensor[]): Tensor {
    const sum = inputs.reduce((a, b) => ops.add(a, b))
    return ops.divide(sum, inputs.length)
  }
  protected override outputDtype(): DType {
    return 'float32'
  }
}

/** The largest of the inputs; of equal ones the first gets the gradient. */
export class Maximum extends Merge {
  static override readonly className: string = 'Maximum'
  protected merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((a, b) => ops.maximum(a, b))
  }
}

/** The smallest of the inputs; of equal ones the first gets the gradient. */
export class Minimum extends Merge {
  static override readonly className: string = 'Minimum'
  protected merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((a, b) => ops.minimum(a, b))
  }
}
