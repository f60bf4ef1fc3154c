// Brings what a functional model is called with into the order, rank and type of its inputs, or says which input does not fit.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import type { DType } from '../graph/types.ts'
import { batchHint } from '../layers/checks.ts'
import { TensorSpec } from '../layers/output-spec.ts'
import type { SymbolicTensor } from '../layers/symbolic.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { flatten, isDict, sortedKeys } from './tree.ts'
import type { Nested } from './tree.ts'

interface Typed {
  readonly shape: readonly (number | null)[]
  readonly dtype: DType
}

/** Names by which the inputs can be given in a dictionary: its own keys, or the names of the input layers. */
export function inputKeys(structure: Nested<SymbolicTensor>, inputs: readonly SymbolicTensor[]): string[] {
  return isDict(structure) ? sortedKeys(structure) : inputs.map((input) => input.history.operation.name)
}

/**
 * One value for each input, in order. Takes a single value, a list in order, or a dictionary by name.
 * @throws ShapeError if one is missing or there are too many.
 */
export function orderInputs<T>(
  where: string,
  given: Nested<T>,
  structure: Nested<SymbolicTensor>,
  inputs: readonly SymbolicTensor[],
): T[] {
  if (isDict(given)) {
    return inputKeys(structure, inputs).map((key) => {
      const values = flatten<T>(given[key])
      if (values.length === 1) return values[0]!
      throw new ShapeError(problem({ where, expected: `an input named "${key}"`, received: Object.keys(given) }))
    })
  }
  const values = flatten<T>(given)
  if (values.length === inputs.length) return values
  const names = inputs.map((input) => input.history.operation.name).join(', ')
  const expected = `${inputs.length} input${inputs.length === 1 ? '' : 's'} (${names})`
  throw new ShapeError(problem({ where, expected, received: `${values.length} values` }))
}

/** The shape after a missing or a superfluous last dimension of size 1 is mended. The batch size is never checked. */
function mendedShape(where: string, type: Typed, input: SymbolicTensor): readonly (number | null)[] {
  const wanted = input.shape
  let shape = type.shape
  if (shape.length === wanted.length + 1 && shape.at(-1) === 1) shape = shape.slice(0, -1)
  else if (shape.length === wanted.length - 1 && wanted.at(-1) === 1) shape = [...shape, 1]
  const fits =
    shape.length === wanted.length &&
    shape.every((dim, i) => i === 0 || dim === null || wanted[i] === null || dim === wanted[i])
  if (fits) return shape
  throw new ShapeError(
    problem({
      where,
      expected: `input "${input.history.operation.name}" of shape ${showShape(wanted)}`,
      received: `shape ${showShape(type.shape)}`,
      ...batchHint(type.shape, wanted.length),
    }),
  )
}

/** The tensor as the graph wants it: mended rank, and the input's dtype (pictures come as bytes). */
export function fitTensor(where: string, value: Tensor, input: SymbolicTensor): Tensor {
  const shape = mendedShape(where, value, input) as number[]
  const fitted = shape.length === value.shape.length ? value : ops.reshape(value, shape)
  return fitted.dtype === input.dtype ? fitted : ops.cast(fitted, input.dtype)
}

/** The same for a type. */
export function fitSpec(where: string, value: TensorSpec, input: SymbolicTensor): TensorSpec {
  return new TensorSpec(mendedShape(where, value, input), input.dtype)
}
