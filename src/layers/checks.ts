// Argument checks that many layers share; each error names the layer, what was expected and what came.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import { closest } from '../platform/arguments.ts'
import type { SymbolicShape } from './nested.ts'

/** @throws ArgumentError unless `value` is an integer of at least `least`. */
export function integerOption(where: string, option: string, value: unknown, least = 1): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value
  const kind = least === 1 ? 'a positive integer' : least === -Infinity ? 'an integer' : `an integer >= ${least}`
  throw new ArgumentError(problem({ where, expected: `\`${option}\` to be ${kind}`, received: value }))
}

/** @throws ArgumentError unless `value` is a finite number within [low, high]. */
export function numberOption(where: string, option: string, value: unknown, low = -Infinity, high = Infinity): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high) return value
  const range = high === Infinity ? (low === -Infinity ? '' : ` >= ${low}`) : ` in [${low}, ${high}]`
  throw new ArgumentError(problem({ where, expected: `\`${option}\` to be a number${range}`, received: value }))
}

/** @throws ArgumentError unless `value` is one of `choices`. */
export function choiceOption<T extends string>(
  where: string,
  option: string,
  value: unknown,
  choices: readonly T[],
): T {
  if (choices.includes(value as T)) return value as T
  const list = choices.map((choice) => `"${choice}"`).join(', ')
  const meant = typeof value === 'string' ? closest(value, choices) : null
  const hint = meant === null ? {} : { hint: `Did you mean "${meant}"?` }
  throw new ArgumentError(problem({ where, expected: `\`${option}\` to be one of ${list}`, received: value, ...hint }))
}

/** A name in lower case, as Keras reads it; anything else stays for the check that follows. */
export function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value
}

/** One axis, or a list of them. @throws ArgumentError unless all are integers. */
export function axesOption(where: string, option: string, value: unknown): number | readonly number[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.every((axis) => Number.isInteger(axis))) return value as number | readonly number[]
  throw new ArgumentError(
    problem({ where, expected: `\`${option}\` to be an integer or a list of them`, received: value }),
  )
}

/** One integer for all `count` dims, or one for each. */
export type Sizes = number | readonly number[]

/** `3` -> [3, 3]; `[3, 2]` stays. @throws ArgumentError naming the option. */
export function sizesOption(where: string, option: string, value: unknown, count: number, least = 1): number[] {
  const list: unknown[] = Array.isArray(value) ? value : new Array<unknown>(count).fill(value)
  if (list.length === count && list.every((n) => typeof n === 'number' && Number.isInteger(n) && n >= least))
    return list as number[]
  throw new ArgumentError(
    problem({
      where,
      expected: `\`${option}\` to be an integer >= ${least}${count === 1 ? '' : ` or ${count} of them`}`,
      received: value,
    }),
  )
}

/** `[[top, bottom], [left, right]]` from an integer, `[height, width]` or the full form (ZeroPadding2D, Cropping2D). */
export function sidesOption(where: string, option: string, value: unknown, count = 2): [number, number][] {
  const whole = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 0
  if (whole(value)) return Array.from({ length: count }, () => [value, value])
  if (Array.isArray(value)) {
    if (count === 1 && value.length === 2 && value.every(whole)) return [[value[0] as number, value[1] as number]]
    if (value.length === count) {
      const sides = (value as unknown[]).map((side): [number, number] | null => {
        if (whole(side)) return [side, side]
        if (Array.isArray(side) && side.length === 2 && whole(side[0]) && whole(side[1])) return [side[0], side[1]]
        return null
      })
      if (sides.every((side) => side !== null)) return sides
    }
  }
  throw new ArgumentError(
    problem({
      where,
      expected: `\`${option}\` to be an integer >= 0, ${count} integers, or ${count} pairs of them`,
      received: value,
    }),
  )
}

/** channels_last is the only layout. @throws ArgumentError for channels_first. */
export function dataFormatOption(where: string, value: unknown): void {
  if (value === undefined || value === null || value === 'channels_last') return
  throw new ArgumentError(
    problem({
      where,
      expected: '`dataFormat` to be "channels_last", the only layout',
      received: value,
      hint: 'Transpose the data once, when it is read',
    }),
  )
}

/** A negative axis counted from the end. @throws ArgumentError if it is outside of the rank. */
export function resolveAxis(where: string, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis
  if (Number.isInteger(axis) && resolved >= 0 && resolved < rank) return resolved
  throw new ArgumentError(problem({ where, expected: `\`axis\` in [${-rank}, ${rank})`, received: axis }))
}

/** @throws ShapeError unless the rank is one of `ranks`. */
export function requireRank(where: string, shape: SymbolicShape, ...ranks: number[]): void {
  if (ranks.includes(shape.length)) return
  throw new ShapeError(
    problem({
      where,
      expected: `an input of rank ${ranks.join(' or ')}`,
      received: `shape ${showShape(shape)}`,
      ...batchHint(shape, Math.min(...ranks)),
    }),
  )
}

/** What to do about an input that lacks one axis: mostly it is the batch. */
export function batchHint(shape: SymbolicShape, wantedRank: number): { hint?: string } {
  if (shape.length !== wantedRank - 1 || shape[0] === null) return {}
  return { hint: `The first axis is the batch: ops.expandDims(x, 0) makes a batch of one` }
}

/** The size of `axis`, which must be known. @throws ShapeError if it is not. */
export function knownDim(where: string, shape: SymbolicShape, axis: number): number {
  const dim = shape[axis < 0 ? axis + shape.length : axis]
  if (typeof dim === 'number') return dim
  throw new ShapeError(
    problem({
      where,
      expected: `axis ${axis} of the input to have a known size`,
      received: `shape ${showShape(shape)}`,
      hint: 'Give the full shape to input({ shape })',
    }),
  )
}

/** The single shape of a layer with one input. @throws ShapeError for a list of inputs. */
export function singleShape(where: string, shape: unknown): SymbolicShape {
  if (Array.isArray(shape) && shape.every((dim) => dim === null || typeof dim === 'number'))
    return shape as SymbolicShape
  throw new ShapeError(
    problem({ where, expected: 'one input tensor', received: `inputs of shapes ${JSON.stringify(shape)}` }),
  )
}
