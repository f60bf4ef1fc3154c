// Checks of the arguments that many operations share: shapes, counts, numbers, dtypes, lists, shapes that broadcast.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { broadcastShapes, sameShape, showShape } from '../graph/types.ts'
import type { DType, Shape } from '../graph/types.ts'

const dtypes: readonly string[] = ['float32', 'int32', 'uint8', 'bool'] satisfies readonly DType[]

/** @throws ArgumentError unless `shape` is an array of whole numbers, none below `least`. */
export function requireShape(where: string, shape: Shape, least = 0): void {
  if (Array.isArray(shape) && shape.every((dim) => Number.isInteger(dim) && dim >= least)) return
  const hint = typeof shape === 'number' ? { hint: `Write [${String(shape)}]` } : {}
  throw new ArgumentError(problem({ where, expected: 'a shape: an array of whole numbers', received: shape, ...hint }))
}

/** @throws ArgumentError unless `list` is an array of whole numbers. */
export function requireIntegers(where: string, what: string, list: readonly number[]): void {
  if (Array.isArray(list) && list.every((item) => Number.isInteger(item))) return
  throw new ArgumentError(problem({ where, expected: `${what}: an array of whole numbers`, received: list }))
}

/** @throws ArgumentError unless `count` is a whole number from `least` on. */
export function requireCount(where: string, what: string, count: number, least = 0): void {
  if (Number.isInteger(count) && count >= least) return
  throw new ArgumentError(problem({ where, expected: `${what}: a whole number from ${least} on`, received: count }))
}

/** @throws ArgumentError unless `size` is [height, width], at least one pixel each. */
export function requireSize(where: string, size: readonly [number, number]): void {
  if (Array.isArray(size) && size.length === 2 && size.every((side) => Number.isInteger(side) && side >= 1)) return
  const hint = typeof size === 'number' ? { hint: `Write [${String(size)}, ${String(size)}]` } : {}
  const expected = 'a size [height, width] in whole pixels'
  throw new ArgumentError(problem({ where, expected, received: size, ...hint }))
}

/** @throws ArgumentError unless `value` is a number, and not NaN. */
export function requireNumber(where: string, what: string, value: number): void {
  if (typeof value === 'number' && !Number.isNaN(value)) return
  throw new ArgumentError(problem({ where, expected: `${what}: a number`, received: value }))
}

/** @throws ArgumentError for what is no dtype; undefined is left to a default. */
export function requireDType(where: string, dtype: DType | undefined): void {
  if (dtype === undefined || dtypes.includes(dtype)) return
  throw new ArgumentError(problem({ where, expected: `a dtype among ${dtypes.join(', ')}`, received: dtype }))
}

/** @throws ArgumentError unless `list` is an array. */
export function requireList(where: string, list: readonly unknown[], expected: string): void {
  if (!Array.isArray(list)) throw new ArgumentError(problem({ where, expected, received: list }))
}

/** @throws ShapeError that names the operation, not the primitive behind it. */
export function requireBroadcast(where: string, a: Shape, b: Shape): void {
  if (sameShape(a, b) || broadcastShapes(a, b) !== null) return
  throw new ShapeError(
    problem({ where, expected: 'shapes that broadcast', received: `${showShape(a)} and ${showShape(b)}` }),
  )
}
