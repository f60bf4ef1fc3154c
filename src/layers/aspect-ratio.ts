// Cutting or filling pictures [N, H, W, C] to the aspect ratio of a target size, as Keras's image.resize does.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'

/** The middle part of the largest size with the target's aspect ratio. */
export function cropToAspectRatio(images: Tensor, targetHeight: number, targetWidth: number): Tensor {
  const [count, height, width, channels] = images.shape as readonly [number, number, number, number]
  const cropHeight = Math.max(Math.min(height, Math.trunc((width * targetHeight) / targetWidth)), 1)
  const cropWidth = Math.max(Math.min(width, Math.trunc((height * targetWidth) / targetHeight)), 1)
  if (cropHeight === height && cropWidth === width) return images
  const top = Math.trunc((height - cropHeight) / 2)
  const left = Math.trunc((width - cropWidth) / 2)
  return ops.slice(images, [0, top, left, 0], [count, cropHeight, cropWidth, channels])
}

/** The picture in the middle of a canvas with the target's aspect ratio. Both sides get equally much, so it may be one short. */
export function padToAspectRatio(images: Tensor, targetHeight: number, targetWidth: number, fillValue: number): Tensor {
  const [, height, width] = images.shape as readonly [number, number, number, number]
  const padHeight = Math.max(height, Math.trunc((width * targetHeight) / targetWidth))
  const padWidth = Math.max(width, Math.trunc((height * targetWidth) / targetHeight))
  const rows = Math.trunc((padHeight - height) / 2)
  const columns = Math.trunc((padWidth - width) / 2)
  if (rows === 0 && columns === 0) return images
  const around: [number, number][] = [
    [0, 0],
    [rows, rows],
    [columns, columns],
    [0, 0],
  ]
  return ops.pad(images, around, { value: fillValue })
}
