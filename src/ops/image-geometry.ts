// Functions that move the pixels of pictures (H, W, C) or (N, H, W, C): flips, quarter turns, crops, pads, patches, as in tf.image.
import { ArgumentError, problem } from '../errors.ts'
import { requireOptions } from '../platform/arguments.ts'
import { concatenate, flip, pad, slice, stridedSlice, transpose as permute } from './movement.ts'
import type { TensorLike } from './convert.ts'
import { imageAxes, type ImageAxes } from './image-axes.ts'
import { resize, type ResizeOptions } from './image.ts'
import type { Tensor } from './tensor.ts'

export function flipLeftRight(images: TensorLike): Tensor {
  return flip(imageAxes('flipLeftRight', images).tensor, -2)
}

export function flipUpDown(images: TensorLike): Tensor {
  return flip(imageAxes('flipUpDown', images).tensor, -3)
}

/** Rows become columns. */
export function transpose(images: TensorLike): Tensor {
  return swapped(imageAxes('transpose', images))
}

function swapped({ tensor, before }: ImageAxes): Tensor {
  const n = before.length
  return permute(tensor, [...before.keys(), n + 1, n, n + 2])
}

/** Turned `k` quarters counter-clockwise; default 1. */
export function rot90(images: TensorLike, k = 1): Tensor {
  const axes = imageAxes('rot90', images)
  if (!Number.isInteger(k))
    throw new ArgumentError(problem({ where: 'rot90', expected: 'a whole number of quarter turns', received: k }))
  switch (((k % 4) + 4) % 4) {
    case 1:
      return flip(swapped(axes), -3)
    case 2:
      return flip(axes.tensor, [-3, -2])
    case 3:
      return flip(swapped(axes), -2)
    default:
      return axes.tensor
  }
}

function cropAt(
  { tensor, before, channels }: ImageAxes,
  top: number,
  left: number,
  height: number,
  width: number,
): Tensor {
  return slice(tensor, [...before.map(() => 0), top, left, 0], [...before, height, width, channels])
}

function padAt(
  { tensor, before, height, width }: ImageAxes,
  top: number,
  left: number,
  toHeight: number,
  toWidth: number,
): Tensor {
  const none = [0, 0] as [number, number]
  return pad(tensor, [...before.map(() => none), [top, toHeight - top - height], [left, toWidth - left - width], none])
}

function requireWhole(
  where: string,
  values: Readonly<Record<string, number>>,
  least: Readonly<Record<string, number>>,
): void {
  for (const [name, value] of Object.entries(values))
    if (!Number.isInteger(value) || value < (least[name] ?? 0))
      throw new ArgumentError(problem({ where, expected: `${name}: a whole number from ${least[name] ?? 0} on`, received: value })) // prettier-ignore
}

/** The middle, `fraction` of each side, rounded so that both edges lose equally much. */
export function centralCrop(images: TensorLike, fraction: number): Tensor {
  const where = 'centralCrop'
  const axes = imageAxes(where, images)
  if (typeof fraction !== 'number' || !(fraction > 0 && fraction <= 1))
    throw new ArgumentError(problem({ where, expected: 'a fraction above 0, at most 1', received: fraction }))
  const edge = (size: number): number => Math.trunc((size - size * fraction) / 2)
  const [top, left] = [edge(axes.height), edge(axes.width)]
  return cropAt(axes, top, left, axes.height - 2 * top, axes.width - 2 * left)
}

/** @throws ArgumentError for a box that is empty or reaches beyond the picture. */
export function cropToBoundingBox(
  images: TensorLike,
  offsetHeight: number,
  offsetWidth: number,
  targetHeight: number,
  targetWidth: number,
): Tensor {
  const where = 'cropToBoundingBox'
  const axes = imageAxes(where, images)
  requireWhole(where, { offsetHeight, offsetWidth, targetHeight, targetWidth }, { targetHeight: 1, targetWidth: 1 })
  if (offsetHeight + targetHeight > axes.height || offsetWidth + targetWidth > axes.width) {
    const received = { offsetHeight, offsetWidth, targetHeight, targetWidth }
    throw new ArgumentError(
      problem({ where, expected: `a box within ${axes.height} x ${axes.width} pixels`, received }),
    )
  }
  return cropAt(axes, offsetHeight, offsetWidth, targetHeight, targetWidth)
}

/** Zeros around, the picture at the offsets. @throws ArgumentError if it does not fit. */
export function padToBoundingBox(
  images: TensorLike,
  offsetHeight: number,
  offsetWidth: number,
  targetHeight: number,
  targetWidth: number,
): Tensor {
  const where = 'padToBoundingBox'
  const axes = imageAxes(where, images)
  requireWhole(where, { offsetHeight, offsetWidth, targetHeight, targetWidth }, {})
  if (offsetHeight + axes.height > targetHeight || offsetWidth + axes.width > targetWidth) {
    const expected = `a target that holds ${axes.height} x ${axes.width} pixels behind the offsets`
    const received = { offsetHeight, offsetWidth, targetHeight, targetWidth }
    throw new ArgumentError(problem({ where, expected, received }))
  }
  return padAt(axes, offsetHeight, offsetWidth, targetHeight, targetWidth)
}

/** The middle of larger pictures; zeros around smaller ones. */
export function resizeWithCropOrPad(images: TensorLike, targetHeight: number, targetWidth: number): Tensor {
  const where = 'resizeWithCropOrPad'
  const axes = imageAxes(where, images)
  requireWhole(where, { targetHeight, targetWidth }, { targetHeight: 1, targetWidth: 1 })
  const { height, width } = axes
  const half = (size: number): number => Math.max(0, Math.floor(size / 2))
  const [cropHeight, cropWidth] = [Math.min(height, targetHeight), Math.min(width, targetWidth)]
  const cut = cropAt(axes, half(height - targetHeight), half(width - targetWidth), cropHeight, cropWidth)
  const inner = { ...axes, tensor: cut, height: cropHeight, width: cropWidth }
  return padAt(inner, half(targetHeight - height), half(targetWidth - width), targetHeight, targetWidth)
}

/**
 * As large as fits without distortion, zeros around. float32 (`nearest` keeps the dtype).
 * @throws ArgumentError if a side would vanish.
 */
export function resizeWithPad(
  images: TensorLike,
  targetHeight: number,
  targetWidth: number,
  options: ResizeOptions = {},
): Tensor {
  const where = 'resizeWithPad'
  const axes = imageAxes(where, images)
  requireWhole(where, { targetHeight, targetWidth }, { targetHeight: 1, targetWidth: 1 })
  // In float32, as TensorFlow computes it.
  const f = Math.fround
  const ratio = Math.max(f(axes.width / targetWidth), f(axes.height / targetHeight))
  const [exactHeight, exactWidth] = [f(axes.height / ratio), f(axes.width / ratio)]
  const [height, width] = [Math.floor(exactHeight), Math.floor(exactWidth)]
  if (height < 1 || width < 1) {
    const received = `${axes.height} x ${axes.width} for ${targetHeight} x ${targetWidth}`
    throw new ArgumentError(problem({ where, expected: 'sides of at least one pixel after resizing', received }))
  }
  const edge = (space: number): number => Math.max(0, Math.floor(space / 2))
  const small = resize(axes.tensor, [height, width], options)
  const top = edge(targetHeight - exactHeight)
  const left = edge(targetWidth - exactWidth)
  return padAt({ ...axes, tensor: small, height, width }, top, left, targetHeight, targetWidth)
}

export interface PatchOptions {
  /** Height and width of a patch. */
  readonly size: number | readonly [number, number]
  /** Default: `size`, patches side by side. */
  readonly strides?: number | readonly [number, number]
  /** Distance of the pixels within a patch; default 1. */
  readonly dilationRate?: number | readonly [number, number]
  /** `valid` (default) or `same`, with zeros around. */
  readonly padding?: 'valid' | 'same'
}

/** Patches as the last axis, row by row, each pixel with its channels: (..., rows, columns, height * width * C). */
export function extractPatches(images: TensorLike, options: PatchOptions): Tensor {
  const where = 'extractPatches'
  const axes = imageAxes(where, images)
  requireOptions(where, options, ['size', 'strides', 'dilationRate', 'padding'], `${where}(images, { size: 16 })`)
  const pair = (name: string, value: number | readonly [number, number]): readonly [number, number] => {
    const both = Array.isArray(value) ? (value as readonly [number, number]) : ([value, value] as [number, number])
    requireWhole(where, { [name]: both[0] }, { [name]: 1 })
    requireWhole(where, { [name]: both[1] }, { [name]: 1 })
    return both
  }
  const { padding = 'valid' } = options
  if (padding !== 'valid' && padding !== 'same')
    throw new ArgumentError(problem({ where, expected: 'padding "valid" or "same"', received: padding }))
  const size = pair('size', options.size)
  const strides = pair('strides', options.strides ?? size)
  const rate = pair('dilationRate', options.dilationRate ?? 1)
  const reach = [0, 1].map((i) => (size[i]! - 1) * rate[i]! + 1)
  let padded: ImageAxes = axes
  if (padding === 'same') {
    const missing = [axes.height, axes.width].map((length, i) =>
      Math.max(0, (Math.ceil(length / strides[i]!) - 1) * strides[i]! + reach[i]! - length),
    )
    const [height, width] = [axes.height + missing[0]!, axes.width + missing[1]!]
    const [top, left] = missing.map((count) => Math.floor(count / 2)) as [number, number]
    padded = { ...axes, tensor: padAt(axes, top, left, height, width), height, width }
  }
  const counts = [padded.height, padded.width].map((length, i) => Math.floor((length - reach[i]!) / strides[i]!) + 1)
  if (counts.some((count) => count < 1)) {
    const expected = `pictures of at least ${reach.join(' x ')} pixels`
    throw new ArgumentError(problem({ where, expected, received: `${axes.height} x ${axes.width}` }))
  }
  const parts: Tensor[] = []
  const front = axes.before
  for (let y = 0; y < size[0]; y++)
    for (let x = 0; x < size[1]; x++) {
      const [top, left] = [y * rate[0], x * rate[1]]
      parts.push(
        stridedSlice(padded.tensor, {
          starts: [...front.map(() => 0), top, left, 0],
          limits: [
            ...front,
            top + (counts[0]! - 1) * strides[0] + 1,
            left + (counts[1]! - 1) * strides[1] + 1,
            axes.channels,
          ],
          strides: [...front.map(() => 1), strides[0], strides[1], 1],
        }),
      )
    }
  return concatenate(parts, -1)
}
