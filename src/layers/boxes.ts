// Random rectangles in pictures, for RandomErasing and CutMix.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { perImage } from './random-image.ts'

/** Rectangles x0 <= x < x1, y0 <= y < y1 in pixels (not whole), each [N]. */
export interface Boxes {
  readonly x0: Tensor
  readonly x1: Tensor
  readonly y0: Tensor
  readonly y1: Tensor
}

/** The rectangles with the given parts of width and height, placed inside the pictures by draws in [0, 1); all [N]. */
export function placeBoxes(images: Tensor, parts: readonly [Tensor, Tensor], draws: readonly [Tensor, Tensor]): Boxes {
  const [, height, width] = images.shape as readonly [number, number, number, number]
  const side = (size: number, part: Tensor, draw: Tensor): [Tensor, Tensor] => {
    const length = ops.multiply(part, size)
    const start = ops.multiply(draw, ops.subtract(size, length))
    return [start, ops.add(start, length)]
  }
  const [x0, x1] = side(width, parts[0], draws[0])
  const [y0, y1] = side(height, parts[1], draws[1])
  return { x0, x1, y0, y1 }
}

/** bool [N, H, W, 1]: the pixels whose corner lies in the rectangle. */
export function insideBoxes(images: Tensor, { x0, x1, y0, y1 }: Boxes): Tensor {
  const [, height, width] = images.shape as readonly [number, number, number, number]
  const x = ops.reshape(ops.arange(0, width, 1, 'float32'), [1, 1, width, 1])
  const y = ops.reshape(ops.arange(0, height, 1, 'float32'), [1, height, 1, 1])
  const between = (at: Tensor, low: Tensor, high: Tensor) =>
    ops.logicalAnd(ops.greaterEqual(at, perImage(low)), ops.less(at, perImage(high)))
  return ops.logicalAnd(between(x, x0, x1), between(y, y0, y1))
}
