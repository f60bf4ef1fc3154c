// Resizing and affine sampling of images, and their gradients.
import type { AffineAttrs, FillMode } from '../../graph/primitives.ts'
import { resizeAxes } from '../../graph/resize-weights.ts'
import type { AxisWeights } from '../../graph/resize-weights.ts'
import type { Shape, TypedArray } from '../../graph/types.ts'
import { sizeOf } from '../../graph/types.ts'
import type { Kernels } from './kernel.ts'
import { allocateResult } from './storage.ts'

/** Applies `axis` to x of [outer, n, inner]; the transpose takes results back to the elements that they came from. */
function alongAxis(
  x: Float64Array | TypedArray,
  outer: number,
  n: number,
  inner: number,
  { starts, span, weights }: AxisWeights,
  transpose: boolean,
): Float64Array {
  const m = starts.length
  const out = new Float64Array(outer * (transpose ? n : m) * inner)
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < m; i++) {
      for (let t = 0; t < span; t++) {
        const weight = weights[i * span + t]!
        // A tap of weight 0 reads nothing: NaN and infinities beside the window stay where they are.
        if (weight === 0) continue
        const wide = (o * n + starts[i]! + t) * inner
        const narrow = (o * m + i) * inner
        const [to, from] = transpose ? [wide, narrow] : [narrow, wide]
        for (let c = 0; c < inner; c++) out[to + c] = out[to + c]! + weight * x[from + c]!
      }
    }
  }
  return out
}

/**
 * TensorFlow's map of a coordinate into an axis of `length` pixels (ImageProjectiveTransformV3), in float32.
 * `constant` leaves it where it is.
 */
export function mapCoordinate(coordinate: number, length: number, fillMode: FillMode): number {
  const f = Math.fround
  const clamp = (c: number): number => Math.min(Math.max(c, 0), length - 1)
  let c = coordinate
  switch (fillMode) {
    case 'constant':
      return c
    case 'nearest':
      return clamp(c)
    // d c b a | a b c d | d c b a
    case 'reflect': {
      if (length <= 1) return Number.isFinite(c) ? 0 : NaN
      const period = 2 * length
      if (c < 0) {
        if (c < period) c = f(period * Math.trunc(f(-c / period)) + c)
        c = c < -length ? f(c + period) : f(-c - 1)
      } else if (c > length - 1) {
        c = f(c - period * Math.trunc(f(c / period)))
        if (c >= length) c = f(period - c - 1)
      }
      return clamp(c)
    }
    // a b c d | a b c d | a b c d
    case 'wrap': {
      if (length <= 1) return Number.isFinite(c) ? 0 : NaN
      const last = length - 1
      if (c < 0) c = f(c + length * (Math.trunc(f(-c / last)) + 1))
      else if (c > last) c = f(c - length * Math.trunc(f(c / last)))
      return clamp(c)
    }
  }
}

/** Half away from zero, as C's round. */
function roundAway(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5)
}

/**
 * Calls `read` for each output pixel and each of the (one or four) places that it is read from: the offsets of the pixels'
 * channels and the weight. Offset -1 stands for a place outside the image. A pixel whose position is no number (a projection
 * through 0, an infinite transform) is read from outside alone.
 */
function forEachSample(
  shape: Shape,
  transforms: TypedArray,
  { interpolation, fillMode }: AffineAttrs,
  read: (outputAt: number, inputAt: number, weight: number) => void,
): void {
  const f = Math.fround
  const [images, height, width, channels] = shape as [number, number, number, number]
  let outputAt = 0
  for (let image = 0; image < images; image++) {
    const [a0, a1, a2, b0, b1, b2, c0, c1] = Array.from(transforms.subarray(image * 8, image * 8 + 8), f) as [
      number, number, number, number, number, number, number, number,
    ] // prettier-ignore
    const offset = (x: number, y: number): number =>
      x < 0 || x >= width || y < 0 || y >= height ? -1 : ((image * height + y) * width + x) * channels
    for (let oy = 0; oy < height; oy++) {
      for (let ox = 0; ox < width; ox++, outputAt += channels) {
        const k = f(f(f(c0 * ox) + f(c1 * oy)) + 1)
        const x = mapCoordinate(f(f(f(f(a0 * ox) + f(a1 * oy)) + a2) / k), width, fillMode)
        const y = mapCoordinate(f(f(f(f(b0 * ox) + f(b1 * oy)) + b2) / k), height, fillMode)
        if (k === 0 || !Number.isFinite(x) || !Number.isFinite(y)) read(outputAt, -1, 1)
        else if (interpolation === 'nearest') read(outputAt, offset(roundAway(x), roundAway(y)), 1)
        else {
          const [left, top] = [Math.floor(x), Math.floor(y)]
          const [right, bottom] = [left + 1, top + 1]
          read(outputAt, offset(left, top), (right - x) * (bottom - y))
          read(outputAt, offset(right, top), (x - left) * (bottom - y))
          read(outputAt, offset(left, bottom), (right - x) * (y - top))
          read(outputAt, offset(right, bottom), (x - left) * (y - top))
        }
      }
    }
  }
}

export const imageKernels: Kernels<'affineSample' | 'affineSampleGrad' | 'resize' | 'resizeGrad'> = {
  affineSample: (node, [images, transforms]) => {
    const channels = node.shape[3]!
    const sums = new Float64Array(sizeOf(node.shape))
    const { fillValue } = node.attrs
    forEachSample(node.shape, transforms!, node.attrs, (outputAt, inputAt, weight) => {
      if (weight === 0) return
      for (let c = 0; c < channels; c++) {
        const value = inputAt < 0 ? fillValue : images![inputAt + c]!
        sums[outputAt + c] = sums[outputAt + c]! + weight * value
      }
    })
    const out = allocateResult('float32', sums.length)
    out.set(sums)
    return out
  },
  affineSampleGrad: (node, [dy, transforms]) => {
    const channels = node.shape[3]!
    const sums = new Float64Array(sizeOf(node.shape))
    forEachSample(node.shape, transforms!, node.attrs, (outputAt, inputAt, weight) => {
      if (weight === 0 || inputAt < 0) return
      for (let c = 0; c < channels; c++) sums[inputAt + c] = sums[inputAt + c]! + weight * dy![outputAt + c]!
    })
    const out = allocateResult('float32', sums.length)
    out.set(sums)
    return out
  },
  resize: (node, [images]) => {
    const [n, height, width, channels] = node.inputs[0]!.shape as [number, number, number, number]
    const [rows, columns] = resizeAxes([height, width], node.attrs)
    const wide = alongAxis(images!, n * height, width, channels, columns, false)
    const sums = alongAxis(wide, n, height, node.shape[2]! * channels, rows, false)
    const out = allocateResult('float32', sums.length)
    out.set(sums)
    return out
  },
  resizeGrad: (node, [dy]) => {
    const [n, height, width, channels] = node.shape as [number, number, number, number]
    const [rows, columns] = resizeAxes([height, width], node.attrs)
    const tall = alongAxis(dy!, n, height, node.attrs.size[1] * channels, rows, true)
    const sums = alongAxis(tall, n * height, width, channels, columns, true)
    const out = allocateResult('float32', sums.length)
    out.set(sums)
    return out
  },
}
