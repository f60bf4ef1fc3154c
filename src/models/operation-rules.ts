// What the rules of operations are made of: their type, and arguments and attributes in Keras' stored form turned into ours.
import { ArgumentError, problem } from '../errors.ts'
import type { DType } from '../graph/types.ts'
import type { Config } from '../layers/config.ts'
import * as ops from '../ops/index.ts'
import type { PadMode, Tensor } from '../ops/index.ts'

export interface OperationRule {
  /** Where Keras keeps the class. */
  readonly module: string
  /** `attributes` are those of the class and the keyword arguments of the call, with Keras' keys. */
  readonly run: (args: readonly unknown[], attributes: Config) => Tensor | readonly Tensor[]
}

export function rule(module: string, run: OperationRule['run']): OperationRule {
  return { module, run }
}
export function unary(module: string, run: (x: Tensor) => Tensor): OperationRule {
  return { module, run: ([x]) => run(x as Tensor) }
}

/** `axis` as an option; none for null. */
export function axesOption(axis: unknown): { axis?: number | readonly number[] } {
  return axis === null || axis === undefined ? {} : { axis: axis as number | readonly number[] }
}
/** One axis; the last by default. */
export function axisOption(axis: unknown): number {
  return typeof axis === 'number' ? axis : -1
}

const types: readonly (readonly [RegExp, DType])[] = [
  [/^b?float(16|32|64)$/, 'float32'],
  [/^(u?int(16|32|64)|int8)$/, 'int32'],
  [/^uint8$/, 'uint8'],
  [/^bool$/, 'bool'],
]
/** The type that stands for one of Keras'; undefined for null. @throws ArgumentError for something else. */
export function dtypeOption(name: unknown): DType | undefined {
  if (name === null || name === undefined) return undefined
  const found = types.find(([pattern]) => pattern.test(String(name)))
  if (found !== undefined) return found[1]
  throw new ArgumentError(problem({ where: 'operation', expected: 'a `dtype` of numbers or bool', received: name }))
}

export function flat(x: Tensor): Tensor {
  return ops.reshape(x, [-1])
}

/** Axes `from` moved to the places `to`, or (`swap`) exchanged with them. */
export function swapped(x: Tensor, from: readonly number[], to: readonly number[], swap: boolean): Tensor {
  const at = (axis: number): number => (axis < 0 ? axis + x.rank : axis)
  const order = x.shape.map((_, i) => i)
  if (swap) {
    const [a, b] = [at(from[0]!), at(to[0]!)]
    order[a] = b
    order[b] = a
    return ops.transpose(x, order)
  }
  const moved = from.map(at)
  const rest = order.filter((axis) => !moved.includes(axis))
  const places = to.map((place, i) => [at(place), moved[i]!] as const).sort(([a], [b]) => a - b)
  for (const [place, axis] of places) rest.splice(place, 0, axis)
  return ops.transpose(x, rest)
}

/** NumPy's `hstack` (1) and `vstack` (0): vectors are joined end to end, or as rows. */
export function joined(xs: readonly Tensor[], axis: 0 | 1): Tensor {
  if (xs.some((x) => x.rank > 1)) return ops.concatenate(xs, axis)
  return axis === 1 ? ops.concatenate(xs, 0) : ops.stack(xs, 0)
}

export function rolled(x: Tensor, shift: unknown, axis: unknown): Tensor {
  if (axis === null || axis === undefined) return ops.reshape(rolled(flat(x), shift, 0), x.shape)
  const shifts = [shift].flat() as number[]
  const axes = [axis].flat() as number[]
  return axes.reduce((result, each, i) => rolledOnce(result, shifts[i] ?? shifts[0]!, each), x)
}
function rolledOnce(x: Tensor, shift: number, axis: number): Tensor {
  const dim = x.shape[axis < 0 ? axis + x.rank : axis]!
  const by = ((shift % dim) + dim) % dim
  return by === 0 ? x : ops.concatenate(ops.split(x, [dim - by], axis).reverse(), axis)
}

export function padded(x: Tensor, { pad_width: width, mode, constant_values: value }: Config): Tensor {
  const pairs = typeof width === 'number' ? [[width, width]] : (width as readonly (readonly [number, number])[])
  const all = pairs.length === 1 ? x.shape.map(() => pairs[0]!) : pairs
  const options = { mode: (mode ?? 'constant') as PadMode, value: typeof value === 'number' ? value : 0 }
  return ops.pad(x, all as readonly (readonly [number, number])[], options)
}
