// The check that opens every function on pictures.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import { toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import type { Tensor } from './tensor.ts'

export interface ImageAxes {
  readonly tensor: Tensor
  /** The dims in front of the picture's own three. */
  readonly before: readonly number[]
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** @throws ShapeError unless `images` is (H, W, C) or (N, H, W, C). */
export function imageAxes(where: string, images: TensorLike): ImageAxes {
  const tensor = toTensor(images, undefined, where)
  const { shape } = tensor
  if (shape.length !== 3 && shape.length !== 4) {
    const expected = 'pictures (batch, height, width, channels) or one (height, width, channels)'
    throw new ShapeError(problem({ where, expected, received: showShape(shape) }))
  }
  const [height, width, channels] = shape.slice(-3) as [number, number, number]
  return { tensor, before: shape.slice(0, -3), height, width, channels }
}
