// Decoded pixels on the host, and what brings them from one number of channels to another.

/** Channels of a result: 1 grey, 3 RGB, 4 RGBA. */
export type Channels = 1 | 3 | 4

export interface Pixels {
  /** Row-major, channels last. */
  readonly data: Uint8Array
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Pictures of one size one after the other; 8 or 16 bits a value. */
export interface Frames<T extends Uint8Array | Uint16Array = Uint8Array | Uint16Array> {
  readonly data: T
  readonly count: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/**
 * Grey of colour by ITU-R 601 in fixed point, each as its library rounds: libpng (TensorFlow's grey PNG) cuts off with 8 bits and
 * rounds with 16, Pillow rounds.
 */
const greyRules = {
  libpng: ([r, g, b]: readonly [number, number, number], wide: boolean) =>
    (r * 9797 + g * 19234 + b * 3737 + (wide ? 0x4000 : 0)) >> 15,
  pillow: ([r, g, b]: readonly [number, number, number]) => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16,
}

/** From 1 grey, 2 grey and alpha, 3 RGB or 4 RGBA; alpha is dropped, or made opaque where there was none. */
export function withChannels<F extends { readonly data: Uint8Array | Uint16Array; readonly channels: number }>(
  pixels: F,
  channels: number,
  grey: keyof typeof greyRules = 'pillow',
): F {
  const { data, channels: had } = pixels
  if (had === channels) return pixels
  const wide = data instanceof Uint16Array
  const opaque = wide ? 65535 : 255
  const count = data.length / had
  const out = new (wide ? Uint16Array : Uint8Array)(count * channels)
  for (let i = 0; i < count; i++) {
    const from = i * had
    const to = i * channels
    // Grey in the file, with or without alpha, is red, green and blue at once.
    const r = data[from]!
    const [g, b] = had < 3 ? [r, r] : [data[from + 1]!, data[from + 2]!]
    const alpha = had === 4 ? data[from + 3]! : had === 2 ? data[from + 1]! : opaque
    if (channels < 3) out[to] = r === g && g === b ? r : greyRules[grey]([r, g, b], wide)
    else {
      out[to] = r
      out[to + 1] = g
      out[to + 2] = b
    }
    if (channels === 2 || channels === 4) out[to + channels - 1] = alpha
  }
  return { ...pixels, data: out, channels }
}

/** The n-th of several pictures. */
export function frameOf({ data, height, width, channels }: Frames<Uint8Array>, n: number): Pixels {
  const size = height * width * channels
  return { data: data.subarray(n * size, (n + 1) * size), height, width, channels }
}

/**
 * Turns and mirrors a picture upright, by EXIF's orientation 1 to 8: 2 mirrored, 3 upside down, 4 both, 6 and 8 lying on a side,
 * 5 and 7 lying and mirrored.
 */
export function upright<F extends Frames | Pixels>(pixels: F, orientation: number): F {
  if (orientation <= 1) return pixels
  const { data, height, width, channels } = pixels
  const lying = orientation >= 5
  const [outHeight, outWidth] = lying ? [width, height] : [height, width]
  const out = data.slice()
  const size = height * width
  for (let frame = 0; frame < data.length / channels; frame += size)
    for (let y = 0; y < outHeight; y++)
      for (let x = 0; x < outWidth; x++) {
        // Where the pixel of the upright picture lies in the stored one.
        const [u, v] = lying ? [y, x] : [x, y]
        const column = [2, 3, 7, 8].includes(orientation) ? width - 1 - u : u
        const row = [3, 4, 6, 7].includes(orientation) ? height - 1 - v : v
        const from = (frame + row * width + column) * channels
        const to = (frame + y * outWidth + x) * channels
        for (let c = 0; c < channels; c++) out[to + c] = data[from + c]!
      }
  return { ...pixels, data: out, height: outHeight, width: outWidth }
}
