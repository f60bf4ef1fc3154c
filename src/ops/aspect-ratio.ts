// Cutting or filling pictures to the aspect ratio of a target size, as Keras' image.resize does.
import { requireOptions } from '../platform/arguments.ts'
import { checkValue } from '../platform/option-rules.ts'
import { requireSize } from './checks.ts'
import { imageAxes } from './image-axes.ts'
import type { TensorLike } from './convert.ts'
import { resize, type ResizeOptions } from './image.ts'
import { pad, slice } from './movement.ts'
import type { Tensor } from './tensor.ts'

/** The middle part of pictures (..., H, W, C) of the largest size with the target's aspect ratio. */
export function cropToAspectRatio(images: TensorLike, size: readonly [number, number]): Tensor {
  requireSize('cropToAspectRatio', size)
  const [targetHeight, targetWidth] = size
  const { tensor, before, height, width, channels } = imageAxes('cropToAspectRatio', images)
  const cropHeight = Math.max(Math.min(height, Math.trunc((width * targetHeight) / targetWidth)), 1)
  const cropWidth = Math.max(Math.min(width, Math.trunc((height * targetWidth) / targetHeight)), 1)
  if (cropHeight === height && cropWidth === width) return tensor
  const top = Math.trunc((height - cropHeight) / 2)
  const left = Math.trunc((width - cropWidth) / 2)
  return slice(tensor, [...before.map(() => 0), top, left, 0], [...before, cropHeight, cropWidth, channels])
}

/**
 * Pictures (..., H, W, C) in the middle of a canvas with the target's aspect ratio. Both sides get equally much, so it may be one
 * short. `fillValue` default 0.
 */
export function padToAspectRatio(images: TensorLike, size: readonly [number, number], fillValue = 0): Tensor {
  requireSize('padToAspectRatio', size)
  checkValue('padToAspectRatio', 'fillValue', fillValue, { expected: 'a number', fits: (x) => typeof x === 'number' })
  const [targetHeight, targetWidth] = size
  const { tensor, before, height, width } = imageAxes('padToAspectRatio', images)
  const padHeight = Math.max(height, Math.trunc((width * targetHeight) / targetWidth))
  const padWidth = Math.max(width, Math.trunc((height * targetWidth) / targetHeight))
  const rows = Math.trunc((padHeight - height) / 2)
  const columns = Math.trunc((padWidth - width) / 2)
  if (rows === 0 && columns === 0) return tensor
  const none = [0, 0] as [number, number]
  return pad(tensor, [...before.map(() => none), [rows, rows], [columns, columns], none], { value: fillValue })
}

/** The middle of pictures (H, W, C) or (N, H, W, C), without distortion, at `size`: crops, then resizes. Default `bilinear`. */
export function smartResize(
  images: TensorLike,
  size: readonly [number, number],
  options: Pick<ResizeOptions, 'interpolation'> = {},
): Tensor {
  requireSize('smartResize', size)
  requireOptions('smartResize', options, ['interpolation'], 'smartResize(images, size, { interpolation: ... })')
  return resize(cropToAspectRatio(imageAxes('smartResize', images).tensor, size), size, options)
}
