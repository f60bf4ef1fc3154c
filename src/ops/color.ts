// Conversions between colour spaces, channels last.
import { ShapeError, problem } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import { castTensor, toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import {
  abs, add, clip, divide, equal, greater, less, maximum, minimum, multiply, subtract, where,
} from './elementwise.ts' // prettier-ignore
import { concatenate, slice } from './movement.ts'
import type { Tensor } from './tensor.ts'

/** The channels of pictures (..., C), each with a last axis of length 1. @throws ShapeError unless C is among `counts`. */
function channelsOf(x: TensorLike, name: string, counts: readonly number[]): Tensor[] {
  const images = castTensor(toTensor(x, undefined, name), 'float32')
  const { shape } = images
  const count = shape.at(-1) ?? 0
  if (shape.length < 3 || !counts.includes(count)) {
    const expected = `pictures (..., height, width, channels) with ${counts.join(' or ')} channels`
    throw new ShapeError(problem({ where: name, expected, received: showShape(shape) }))
  }
  if (count === 1) return [images]
  const front = shape.slice(0, -1)
  const starts = front.map(() => 0)
  return Array.from({ length: count }, (_, i) => slice(images, [...starts, i], [...front, 1]))
}

/** One channel 0.2989 R + 0.587 G + 0.114 B of pictures (..., 3); pictures (..., 1) stay. float32. */
export function rgbToGrayscale(images: TensorLike): Tensor {
  const [r, g, b] = channelsOf(images, 'rgbToGrayscale', [1, 3])
  if (g === undefined || b === undefined) return r!
  return add(add(multiply(r!, 0.2989), multiply(g, 0.587)), multiply(b, 0.114))
}

/**
 * Hue, saturation and value of pictures (..., 3), as TensorFlow: hue and saturation in [0, 1] whatever the range of the colours,
 * value = the largest of them.
 */
export function rgbToHsv(images: TensorLike): Tensor {
  const [r, g, b] = channelsOf(images, 'rgbToHsv', [3]) as [Tensor, Tensor, Tensor]
  const value = maximum(maximum(r, g), b)
  const range = subtract(value, minimum(minimum(r, g), b))
  const colourful = greater(range, 0)
  const positive = greater(value, 0)
  // The divisors are 1 where the quotient does not count, so that gradients stay finite.
  const saturation = where(positive, divide(range, where(positive, value, 1)), 0)
  const norm = divide(1 / 6, where(colourful, range, 1))
  const sector = (a: Tensor, c: Tensor, offset: number) => add(multiply(norm, subtract(a, c)), offset)
  const angle = where(
    equal(r, value),
    multiply(norm, subtract(g, b)),
    where(equal(g, value), sector(b, r, 2 / 6), sector(r, g, 4 / 6)),
  )
  const hue = where(colourful, angle, 0)
  return concatenate([where(less(hue, 0), add(hue, 1), hue), saturation, value], -1)
}

/** The inverse of `rgbToHsv`. */
export function hsvToRgb(images: TensorLike): Tensor {
  const [h, s, v] = channelsOf(images, 'hsvToRgb', [3]) as [Tensor, Tensor, Tensor]
  const angle = multiply(h, 6)
  const distance = (centre: number) => abs(subtract(angle, centre))
  const weights = [subtract(distance(3), 1), subtract(2, distance(2)), subtract(2, distance(4))]
  const rest = subtract(1, s)
  return concatenate(
    weights.map((weight) => multiply(add(rest, multiply(s, clip(weight, 0, 1))), v)),
    -1,
  )
}
