// Keras' utilities on arrays of numbers: toCategorical, normalize.
import { ArgumentError, problem } from '../errors.ts'
import { requireOptions } from '../platform/arguments.ts'
import { oneAxis } from './axes.ts'
import { requireNumber } from './checks.ts'
import { toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { abs, divide, equal, power, where } from './elementwise.ts'
import { oneHot } from './indexing.ts'
import { reshape } from './movement.ts'
import { max, min, norm, sum } from './reductions.ts'
import type { Tensor } from './tensor.ts'

/**
 * Class indices as one-hot rows, float32: [...shape, numClasses]. A last axis of length 1 is dropped first.
 * @param numClasses Default: the largest index + 1.
 * @throws ArgumentError for an index that is no whole number from 0 to numClasses - 1.
 */
export async function toCategorical(indices: TensorLike, numClasses?: number): Promise<Tensor> {
  const where = 'toCategorical'
  const given = toTensor(indices, undefined, where)
  const values = await given.data()
  const count = numClasses ?? Array.from(values).reduce((most, value) => Math.max(most, value), -1) + 1
  if (!Number.isInteger(count) || count < 1)
    throw new ArgumentError(problem({ where, expected: 'a whole number of classes from 1 on', received: count }))
  const wrong = values.find((value) => !Number.isInteger(value) || value < 0 || value >= count)
  if (wrong !== undefined)
    throw new ArgumentError(problem({ where, expected: `class indices from 0 to ${count - 1}`, received: wrong }))
  const { shape } = given
  const kept = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape
  return oneHot(reshape(given, kept), count)
}

/** `x` divided by its norm of order 1, 2 (default), p or Infinity along `axis` (default -1); zeros stay zeros. */
export function normalize(x: TensorLike, options: { axis?: number; order?: number } = {}): Tensor {
  requireOptions('normalize', options, ['axis', 'order'], 'normalize(x, { axis: -1 })')
  const { axis = -1, order = 2 } = options
  requireNumber('normalize', 'order', order)
  const given = toTensor(x, undefined, 'normalize')
  oneAxis('normalize', axis, given.shape)
  if (Number.isNaN(order) || order === 0)
    throw new ArgumentError(problem({ where: 'normalize', expected: 'an order other than 0', received: order }))
  const along = { axis, keepdims: true }
  const length =
    order === 2
      ? norm(given, along)
      : order === Infinity
        ? max(abs(given), along)
        : order === -Infinity
          ? min(abs(given), along)
          : power(sum(power(abs(given), order), along), 1 / order)
  return divide(given, where(equal(length, 0), 1, length))
}
