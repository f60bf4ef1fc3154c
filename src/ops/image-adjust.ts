// Functions on the colours of pictures (H, W, C) or (N, H, W, C), as in tf.image: uint8 pictures stay uint8, floats are not clipped.
import { ArgumentError, problem } from '../errors.ts'
import type { DType } from '../graph/types.ts'
import { hsvToRgb, rgbToGrayscale as grey, rgbToHsv } from './color.ts'
import type { TensorLike } from './convert.ts'
import { add, cast, clip, divide, floor, maximum, mod, multiply, power, subtract } from './elementwise.ts'
import { requireNumber } from './checks.ts'
import { imageAxes } from './image-axes.ts'
import { broadcastTo, concatenate, slice } from './movement.ts'
import { mean, std } from './reductions.ts'
import type { Tensor } from './tensor.ts'

/**
 * uint8 values as fractions of 255, and fractions as uint8 (cut off after scaling by 255.5, within 0..255); the same dtype stays.
 * @throws ArgumentError for other dtypes.
 */
export function convertImageDtype(images: TensorLike, dtype: 'uint8' | 'float32'): Tensor {
  const { tensor } = imageAxes('convertImageDtype', images)
  if (tensor.dtype === dtype) return tensor
  const known: readonly DType[] = ['uint8', 'float32']
  for (const [what, given] of [
    ['dtype', dtype],
    ["the pictures' dtype", tensor.dtype],
  ] as const) {
    if (known.includes(given)) continue
    const expected = `${what} uint8 or float32`
    throw new ArgumentError(problem({ where: 'convertImageDtype', expected, received: given }))
  }
  if (dtype === 'float32') return multiply(cast(tensor, 'float32'), 1 / 255)
  return cast(floor(clip(multiply(tensor, 255.5), 0, 255)), 'uint8')
}

/** Does to fractions what `change` does, in the pictures' own dtype. */
function adjusted(where: string, images: TensorLike, change: (images: Tensor) => Tensor): Tensor {
  const { tensor } = imageAxes(where, images)
  const dtype = tensor.dtype === 'uint8' ? 'uint8' : 'float32'
  return convertImageDtype(change(convertImageDtype(tensor, 'float32')), dtype)
}

function within(where: string, name: string, value: number, low: number, high: number): void {
  if (typeof value === 'number' && value >= low && value <= high) return
  throw new ArgumentError(problem({ where, expected: `${name} from ${low} to ${high}`, received: value }))
}

/** Adds `delta`, as a fraction of the full range. */
export function adjustBrightness(images: TensorLike, delta: number): Tensor {
  requireNumber('adjustBrightness', 'delta', delta)
  return adjusted('adjustBrightness', images, (x) => add(x, delta))
}

/** `(x - mean) * factor + mean`, with the mean of each channel of each picture. */
export function adjustContrast(images: TensorLike, factor: number): Tensor {
  requireNumber('adjustContrast', 'factor', factor)
  return adjusted('adjustContrast', images, (x) => {
    const middle = mean(x, { axis: [-3, -2], keepdims: true })
    return add(multiply(subtract(x, middle), factor), middle)
  })
}

/** `gain * x ** gamma` of fractions. */
export function adjustGamma(images: TensorLike, gamma = 1, gain = 1): Tensor {
  within('adjustGamma', 'gamma', gamma, 0, Infinity)
  requireNumber('adjustGamma', 'gain', gain)
  return adjusted('adjustGamma', images, (x) => multiply(power(x, gamma), gain))
}

/** Turns the hue by `delta`, -1 to 1, where 1 is all the way round. RGB. */
export function adjustHue(images: TensorLike, delta: number): Tensor {
  within('adjustHue', 'delta', delta, -1, 1)
  return changeHsv('adjustHue', images, (h, s, v) => [mod(add(h, delta + 1), 1), s, v])
}

/** Multiplies the saturation by `factor`, within 0..1. RGB. */
export function adjustSaturation(images: TensorLike, factor: number): Tensor {
  within('adjustSaturation', 'factor', factor, 0, Infinity)
  return changeHsv('adjustSaturation', images, (h, s, v) => [h, clip(multiply(s, factor), 0, 1), v])
}

function changeHsv(
  where: string,
  images: TensorLike,
  change: (h: Tensor, s: Tensor, v: Tensor) => readonly [Tensor, Tensor, Tensor],
): Tensor {
  return adjusted(where, images, (x) => {
    const hsv = rgbToHsv(x)
    const front = hsv.shape.slice(0, -1)
    const channel = (i: number): Tensor => slice(hsv, [...front.map(() => 0), i], [...front, 1])
    return hsvToRgb(concatenate(change(channel(0), channel(1), channel(2)), -1))
  })
}

/** One channel 0.2989 R + 0.587 G + 0.114 B, in the pictures' dtype. */
export function rgbToGrayscale(images: TensorLike): Tensor {
  return adjusted('rgbToGrayscale', images, grey)
}

/** (..., 1) to (..., 3), three times the same. */
export function grayscaleToRgb(images: TensorLike): Tensor {
  const { tensor, channels } = imageAxes('grayscaleToRgb', images)
  if (channels !== 1)
    throw new ArgumentError(problem({ where: 'grayscaleToRgb', expected: 'one channel', received: channels }))
  return broadcastTo(tensor, [...tensor.shape.slice(0, -1), 3])
}

/** Each picture with mean 0 and deviation 1 (a flat one is divided by 1 / sqrt(values)); float32. */
export function perImageStandardization(images: TensorLike): Tensor {
  const { tensor, height, width, channels } = imageAxes('perImageStandardization', images)
  const x = cast(tensor, 'float32')
  const over = { axis: [-3, -2, -1], keepdims: true }
  const least = 1 / Math.sqrt(height * width * channels)
  return divide(subtract(x, mean(x, over)), maximum(std(x, over), least))
}
