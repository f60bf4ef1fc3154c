// Pillow's Image.resize on 8-bit pixels, equal to the bit: Keras' load_img resizes with it, not as TensorFlow does.
import type { Pixels } from './pixels.ts'

export type PillowFilter = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos' | 'box' | 'hamming'

/** The part of a picture that is resized: left, top, right, bottom. */
export type Box = readonly [number, number, number, number]

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI))

/** Radius, and weight at distance x. */
const filters: Readonly<Record<Exclude<PillowFilter, 'nearest'>, readonly [number, (x: number) => number]>> = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  hamming: [1, (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI)))],
  bicubic: [
    2,
    (signed) => {
      const x = Math.abs(signed)
      // Keys' kernel, a = -0.5.
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
    },
  ],
  lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
}

/** Weights in fixed point: 32 bits less 8 of the pixel and 2 of head-room. */
const precision = 22

interface Taps {
  readonly start: number
  readonly weights: readonly number[]
}

/** Unlike TensorFlow's: smoothed whenever it shrinks, in double precision, then in fixed point. */
function tapsOf(
  input: number,
  from: number,
  to: number,
  output: number,
  filter: Exclude<PillowFilter, 'nearest'>,
): Taps[] {
  const [radius, weightAt] = filters[filter]
  const scale = (to - from) / output
  const stretch = Math.max(scale, 1)
  const support = radius * stretch
  return Array.from({ length: output }, (_, i) => {
    const centre = from + (i + 0.5) * scale
    const start = Math.max(0, Math.trunc(centre - support + 0.5))
    const end = Math.min(input, Math.trunc(centre + support + 0.5))
    const raw = Array.from({ length: Math.max(0, end - start) }, (_, k) =>
      weightAt((k + start - centre + 0.5) * (1 / stretch)),
    )
    const total = raw.reduce((sum, weight) => sum + weight, 0)
    const fixed = (weight: number): number => {
      const scaled = (total === 0 ? weight : weight / total) * (1 << precision)
      return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
    }
    return { start, weights: raw.map(fixed) }
  })
}

/** Weighted sums along one axis; `stride` is the distance between its elements, `lines` where each line begins. */
function along(
  source: Uint8Array,
  target: Uint8Array,
  taps: readonly Taps[],
  stride: number,
  lines: readonly [number, number][],
): void {
  const half = 1 << (precision - 1)
  for (const [from, to] of lines)
    taps.forEach(({ start, weights }, i) => {
      // Beyond 31 bits in between: doubles hold it exactly.
      let sum = half
      for (let k = 0; k < weights.length; k++) sum += source[from + (start + k) * stride]! * weights[k]!
      target[to + i * stride] = Math.max(0, Math.min(255, Math.floor(sum / (1 << precision))))
    })
}

/** `image.resize((width, height), filter, box)`; pictures with alpha are weighted by it meanwhile, as there. */
export function pillowResize(
  pixels: Pixels,
  [height, width]: readonly [number, number],
  filter: PillowFilter,
  box: Box = [0, 0, pixels.width, pixels.height],
): Pixels {
  const whole = box[0] === 0 && box[1] === 0 && box[2] === pixels.width && box[3] === pixels.height
  if (whole && pixels.height === height && pixels.width === width) return pixels
  if (filter === 'nearest') return nearest(pixels, height, width, box)
  if (pixels.channels !== 4) return filtered(pixels, height, width, filter, box)
  return unweighted(filtered(weighted(pixels), height, width, filter, box))
}

function filtered(
  pixels: Pixels,
  height: number,
  width: number,
  filter: Exclude<PillowFilter, 'nearest'>,
  box: Box,
): Pixels {
  const horizontally = ({ data, height: tall, width: wide, channels }: Pixels): Pixels => {
    if (width === wide && box[0] === 0 && box[2] === wide) return { data, height: tall, width: wide, channels }
    const out = new Uint8Array(tall * width * channels)
    const taps = tapsOf(wide, box[0], box[2], width, filter)
    along(data, out, taps, channels, lines(tall, channels, wide * channels, width * channels))
    return { data: out, height: tall, width, channels }
  }
  const vertically = ({ data, height: tall, width: wide, channels }: Pixels): Pixels => {
    if (height === tall && box[1] === 0 && box[3] === tall) return { data, height: tall, width: wide, channels }
    const row = wide * channels
    const out = new Uint8Array(height * row)
    const taps = tapsOf(tall, box[1], box[3], height, filter)
    along(
      data,
      out,
      taps,
      row,
      Array.from({ length: row }, (_, i) => [i, i]),
    )
    return { data: out, height, width: wide, channels }
  }
  // Columns first where they lose more than twice as many pixels as rows (found by trial on Pillow 13): the picture in between, rounded to
  // bytes, is another then.
  const lost = pixels.height - height
  if (lost > 0 && lost > 2 * (pixels.width - width)) return horizontally(vertically(pixels))
  return vertically(horizontally(pixels))
}

function lines(rows: number, channels: number, pitch: number, outPitch: number): [number, number][] {
  return Array.from({ length: rows * channels }, (_, i) => {
    const [row, channel] = [Math.floor(i / channels), i % channels]
    return [row * pitch + channel, row * outPitch + channel]
  })
}

function nearest(
  { data, width: pitch, channels }: Pixels,
  height: number,
  width: number,
  [left, top, right, bottom]: Box,
): Pixels {
  // Positions are summed up, as there, not multiplied.
  const places = (from: number, to: number, count: number): number[] => {
    const step = (to - from) / count
    let at = from + step * 0.5
    return Array.from({ length: count }, () => {
      const place = Math.trunc(at)
      at += step
      return place
    })
  }
  const columns = places(left, right, width)
  const out = new Uint8Array(height * width * channels)
  let to = 0
  for (const y of places(top, bottom, height))
    for (const x of columns) {
      const from = (y * pitch + x) * channels
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!
    }
  return { data: out, height, width, channels }
}

function weighted(pixels: Pixels): Pixels {
  const data = pixels.data.slice()
  for (let i = 0; i < data.length; i += 4)
    for (let c = 0; c < 3; c++) {
      const product = data[i + c]! * data[i + 3]! + 128
      data[i + c] = ((product >> 8) + product) >> 8
    }
  return { ...pixels, data }
}

function unweighted(pixels: Pixels): Pixels {
  const { data } = pixels
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]!
    if (alpha === 0 || alpha === 255) continue
    for (let c = 0; c < 3; c++) data[i + c] = Math.min(255, Math.trunc((255 * data[i + c]!) / alpha))
  }
  return pixels
}
