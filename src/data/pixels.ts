// Decoded pixels on the host, and what brings them from one number of channels to another.

export interface Pixels {
  /** Row-major, channels last. */
  readonly data: Uint8Array
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Channels of a result: 1 grey, 3 RGB, 4 RGBA. */
export type Channels = 1 | 3 | 4

/** ITU-R 601 in fixed point, each as its library rounds: libpng cuts off (TensorFlow's grey PNG), Pillow rounds. */
const greyRules = {
  libpng: { weights: [9797 * 2, 19234 * 2, 3737 * 2], half: 0 },
  pillow: { weights: [19595, 38470, 7471], half: 0x8000 },
} as const

/** From RGB or RGBA; alpha is dropped or made 255. */
export function withChannels(pixels: Pixels, channels: Channels, grey: keyof typeof greyRules = 'pillow'): Pixels {
  const { data, height, width, channels: had } = pixels
  if (had === channels) return pixels
  const count = height * width
  const out = new Uint8Array(count * channels)
  const { weights, half } = greyRules[grey]
  for (let i = 0; i < count; i++) {
    const from = i * had
    const to = i * channels
    // Grey in the file, with or without alpha, is red, green and blue at once.
    const [r, g, b] =
      had < 3 ? [data[from]!, data[from]!, data[from]!] : [data[from]!, data[from + 1]!, data[from + 2]!]
    if (channels === 1) out[to] = had < 3 ? r : (r * weights[0] + g * weights[1] + b * weights[2] + half) >> 16
    else {
      out[to] = r
      out[to + 1] = g
      out[to + 2] = b
      if (channels === 4) out[to + 3] = had === 4 ? data[from + 3]! : had === 2 ? data[from + 1]! : 255
    }
  }
  return { data: out, height, width, channels }
}
