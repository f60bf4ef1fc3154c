// What losses and metrics are given, as tensors; errors name the loss or metric and the shapes that came.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { broadcastShapes, type DType, sameShape, showShape, type Shape } from '../graph/types.ts'
import { castTensor, toTensor } from '../ops/convert.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'

/** Who asks, and for what: `labels`, `predictions`, `sample weights` or `values`. */
export function inputOf(where: string, what: string, value: TensorLike, dtype: DType = 'float32'): Tensor {
  return castTensor(toTensor(value, dtype, `${where}, ${what}`), dtype)
}

/** Weights of samples, which need not be given. */
export function weightsOf(where: string, value: TensorLike | null | undefined): Tensor | null {
  return value === null || value === undefined ? null : inputOf(where, 'sample weights', value)
}

/** @throws ShapeError unless `weights` broadcast to the shape of what they weigh. */
export function requireWeights(where: string, weights: Tensor, weighed: Shape, what: string): void {
  const common = broadcastShapes(weights.shape, weighed)
  if (common !== null && sameShape(common, weighed)) return
  throw new ShapeError(
    problem({
      where,
      expected: `sample weights that fit the ${what} ${showShape(weighed)}`,
      received: showShape(weights.shape),
      hint: 'One weight a sample beside several values a sample needs shape [batch, 1]',
    }),
  )
}

/**
 * What `compute` gives. An operation in it that cannot compute with what was `given` speaks of itself; its error becomes one of
 * the loss or metric, with the shapes of what was given, and what the operation said.
 * @throws ShapeError or ArgumentError.
 */
export function explained<T>(where: string, given: Readonly<Record<string, Tensor | null>>, compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    const isOurs = error instanceof ShapeError || error instanceof ArgumentError
    if (!isOurs || error.message.startsWith(`${where}:`) || error.message.startsWith(`${where},`)) throw error
    const there = Object.entries(given).filter((entry): entry is [string, Tensor] => entry[1] !== null)
    const Kind = error instanceof ShapeError ? ShapeError : ArgumentError
    throw new Kind(
      problem({
        where,
        expected: `${there.map(([what]) => what).join(' and ')} that it can compute with`,
        received: there.map(([what, { shape }]) => `${what} ${showShape(shape)}`).join(', '),
        hint: `It failed at ${error.message}`,
      }),
      { cause: error },
    )
  }
}
