// Axes as users give them (negative, single, missing) to the sorted lists that primitives take.
import { ArgumentError, problem } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import type { Shape } from '../graph/types.ts'

/** One axis, counted from the end if negative. `extra` more than the rank is allowed where an axis is inserted. */
export function oneAxis(where: string, axis: number, shape: Shape, extra = 0): number {
  const rank = shape.length + extra
  const index = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || index < 0 || index >= rank) {
    throw new ArgumentError(
      problem({
        where,
        expected: rank === 0 ? 'a tensor with axes' : `an axis from ${-rank} to ${rank - 1}`,
        received: typeof axis === 'number' ? `axis ${axis} for shape ${showShape(shape)}` : axis,
      }),
    )
  }
  return index
}

/** Sorted distinct axes; all of them if none is given. */
export function manyAxes(where: string, axis: number | readonly number[] | null | undefined, shape: Shape): number[] {
  if (axis === undefined || axis === null) return shape.map((_, i) => i)
  const list = typeof axis === 'number' ? [axis] : axis
  if (!Array.isArray(list)) {
    throw new ArgumentError(problem({ where, expected: 'an axis or a list of axes', received: list }))
  }
  const axes = list.map((one: number) => oneAxis(where, one, shape)).sort((a, b) => a - b)
  if (new Set(axes).size !== axes.length) {
    throw new ArgumentError(problem({ where, expected: 'distinct axes', received: list }))
  }
  return axes
}
