// Checks that the shape rules share; each names the primitive, what it expected and what it received.
import { ArgumentError, problem, ShapeError } from '../../errors.ts'
import type { Attrs, PrimitiveName } from '../primitives.ts'
import type { DType, Shape, TensorType } from '../types.ts'
import { showShape } from '../types.ts'

/** The rule that types a primitive's result. @throws ShapeError or ArgumentError. */
export type ShapeRule<P extends PrimitiveName> = (inputs: readonly TensorType[], attrs: Attrs<P>) => TensorType
/** Rules of a family of primitives: the families together make the total table in shapes.ts. */
export type ShapeRules<P extends PrimitiveName> = { readonly [Name in P]: ShapeRule<Name> }

/** `float32 (2, 3)` */
export function showType(type: TensorType): string {
  return `${type.dtype} ${showShape(type.shape)}`
}
/** `float32 (2, 3), int32 (4,)`, or `no inputs`. */
export function showTypes(types: readonly TensorType[]): string {
  return types.length === 0 ? 'no inputs' : types.map(showType).join(', ')
}

export function shapeError(where: PrimitiveName, expected: string, received: unknown, hint?: string): ShapeError {
  return new ShapeError(
    problem(hint === undefined ? { where, expected, received } : { where, expected, received, hint }),
  )
}
export function argumentError(where: PrimitiveName, expected: string, received: unknown, hint?: string): ArgumentError {
  return new ArgumentError(
    problem(hint === undefined ? { where, expected, received } : { where, expected, received, hint }),
  )
}

function wrongArity(op: PrimitiveName, expected: number, inputs: readonly TensorType[]): ArgumentError {
  const noun = expected === 1 ? 'input' : 'inputs'
  return argumentError(op, `${expected} ${noun}`, `${inputs.length}: ${showTypes(inputs)}`)
}

export function none(op: PrimitiveName, inputs: readonly TensorType[]): void {
  if (inputs.length !== 0) throw wrongArity(op, 0, inputs)
}
export function one(op: PrimitiveName, inputs: readonly TensorType[]): TensorType {
  const [a] = inputs
  if (inputs.length !== 1 || a === undefined) throw wrongArity(op, 1, inputs)
  return a
}
export function two(op: PrimitiveName, inputs: readonly TensorType[]): [TensorType, TensorType] {
  const [a, b] = inputs
  if (inputs.length !== 2 || a === undefined || b === undefined) throw wrongArity(op, 2, inputs)
  return [a, b]
}
export function three(op: PrimitiveName, inputs: readonly TensorType[]): [TensorType, TensorType, TensorType] {
  const [a, b, c] = inputs
  if (inputs.length !== 3 || a === undefined || b === undefined || c === undefined) throw wrongArity(op, 3, inputs)
  return [a, b, c]
}

/** float32 and int32: what arithmetic takes. bool and uint8 are data; cast them first. */
export const numeric: readonly DType[] = ['float32', 'int32']
export const float: readonly DType[] = ['float32']
export const integer: readonly DType[] = ['int32']
export const boolean: readonly DType[] = ['bool']
export const anyDType: readonly DType[] = ['float32', 'int32', 'uint8', 'bool']

export function checkDType(op: PrimitiveName, what: string, type: TensorType, allowed: readonly DType[]): void {
  if (!allowed.includes(type.dtype)) {
    throw argumentError(op, `${what} of dtype ${allowed.join(' or ')}`, showType(type), 'Cast it first')
  }
}

export function checkRank(op: PrimitiveName, what: string, type: TensorType, rank: number): void {
  if (type.shape.length !== rank) throw shapeError(op, `${what} of rank ${rank}`, showType(type))
}

/** Refuses a type that is not exactly of `shape`. */
export function checkShape(op: PrimitiveName, what: string, type: TensorType, shape: Shape): void {
  if (type.shape.length !== shape.length || type.shape.some((dim, i) => dim !== shape[i])) {
    throw shapeError(op, `${what} of shape ${showShape(shape)}`, showType(type))
  }
}

export function isCount(value: number, least = 0): boolean {
  return Number.isSafeInteger(value) && value >= least
}

/** Refuses dims that are not integers >= 0. */
export function checkDims(op: PrimitiveName, what: string, shape: Shape): void {
  for (const dim of shape) {
    if (!isCount(dim)) throw shapeError(op, `${what} of integers >= 0`, showShape(shape))
  }
}

export function checkAxis(op: PrimitiveName, axis: number, type: TensorType): void {
  if (!isCount(axis) || axis >= type.shape.length) {
    throw argumentError(op, `an axis from 0 to ${type.shape.length - 1}`, `axis ${axis} for ${showType(type)}`)
  }
}

/** Refuses axes that are not sorted, distinct and inside the rank. */
export function checkAxes(op: PrimitiveName, axes: readonly number[], type: TensorType): void {
  let previous = -1
  for (const axis of axes) {
    if (!isCount(axis) || axis >= type.shape.length || axis <= previous) {
      throw argumentError(
        op,
        `sorted, distinct axes from 0 to ${type.shape.length - 1}`,
        `axes [${axes.join(', ')}] for ${showType(type)}`,
      )
    }
    previous = axis
  }
}

/** Refuses a per-axis list of the wrong length or with values that are not integers >= `least`. */
export function checkPerAxis(
  op: PrimitiveName,
  what: string,
  values: readonly number[],
  type: TensorType,
  least: number,
): void {
  if (values.length !== type.shape.length || !values.every((value) => isCount(value, least))) {
    throw argumentError(
      op,
      `${what}: ${type.shape.length} integers >= ${least}`,
      `[${values.join(', ')}] for ${showType(type)}`,
    )
  }
}

/** Refuses a pair (strides, window, ...) whose values are not integers >= `least`. */
export function checkPair(op: PrimitiveName, what: string, pair: readonly number[], least: number): void {
  if (pair.length !== 2 || !pair.every((value) => isCount(value, least))) {
    throw argumentError(op, `${what}: two integers >= ${least}`, pair)
  }
}
