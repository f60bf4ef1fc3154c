// Infers the output shapes of a layer without `computeOutputShape`: traces its call with two batch sizes and sees which dims move.
import { ShapeError, problem } from '../errors.ts'
import type { DType, TensorType } from '../graph/types.ts'
import { shapeOnly, type Tensor } from '../ops/index.ts'
import { flatten, mapNested, type Nested, type SymbolicShape } from './nested.ts'
import { isTensor } from './symbolic.ts'

/** The type of a symbolic tensor. */
export class TensorSpec {
  readonly shape: SymbolicShape
  readonly dtype: DType
  constructor(shape: SymbolicShape, dtype: DType) {
    this.shape = shape
    this.dtype = dtype
  }
}

export function isSpec(value: unknown): value is TensorSpec {
  return value instanceof TensorSpec
}

// Two probes for every unknown dim. Beyond the batch they are large enough for deep stacks of strided convolutions.
const batchProbes = [2, 3] as const
const otherProbes = [192, 224] as const

/**
 * Output types of `call` for inputs of the given types. A dim that is the same in both traces is known, any other is null.
 * @throws ShapeError if the rank of an output depends on the batch size.
 */
export function traceOutputSpec(
  where: string,
  inputs: Nested<TensorSpec>,
  call: (inputs: Nested<Tensor>) => unknown,
): Nested<TensorSpec> {
  const leaves = flatten(inputs, isSpec)
  let structure: Nested<Tensor> | undefined
  const trace = (probe: 0 | 1): TensorType[] =>
    shapeOnly(
      (...tensors: Tensor[]) => {
        let next = 0
        const output = call(mapNested(inputs, isSpec, () => tensors[next++]!)) as Nested<Tensor>
        structure = output
        return flatten(output, isTensor)
      },
      leaves.map(({ shape, dtype }) => ({
        shape: shape.map((dim, axis) => dim ?? (axis === 0 ? batchProbes : otherProbes)[probe]),
        dtype,
      })),
    )
  const first = trace(0)
  const moves = leaves.some((leaf) => leaf.shape.includes(null))
  const second = moves ? trace(1) : first
  let next = 0
  return mapNested(structure!, isTensor, () => {
    const [a, b] = [first[next]!, second[next]!]
    next++
    if (a.shape.length !== b.shape.length)
      throw new ShapeError(
        problem({
          where,
          expected: 'an output rank that does not depend on unknown dims',
          received: [a.shape, b.shape],
        }),
      )
    return new TensorSpec(
      a.shape.map((dim, axis) => (dim === b.shape[axis] ? dim : null)),
      a.dtype,
    )
  })
}
