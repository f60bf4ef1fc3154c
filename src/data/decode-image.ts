// Decodes picture files to 8-bit pixels: JPEG, PNG, GIF (first frame), BMP and WebP.
import { ArgumentError, FormatError, problem } from '../errors.ts'
import { decodeBmp } from './decode-bmp.ts'
import type { Pixels } from './resize-image.ts'

export type ImageKind = 'jpeg' | 'png' | 'gif' | 'bmp' | 'webp'
/** Channels of the result: 1 grey, 3 RGB, 4 RGBA. */
export type Channels = 1 | 3 | 4

export interface DecodeOptions {
  /** Default 3. */
  readonly channels?: Channels
  /** Largest number of pixels that is decoded, against decompression bombs. Default 100 million. */
  readonly maxPixels?: number
  /** Names the picture in errors. */
  readonly source?: string
}

const defaultMaxPixels = 100_000_000

/** What the first bytes say; the name of a file may lie. */
export function imageKind(bytes: Uint8Array): ImageKind | null {
  const starts = (...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte)
  if (starts(0xff, 0xd8, 0xff)) return 'jpeg'
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png'
  if (starts(0x47, 0x49, 0x46, 0x38)) return 'gif'
  if (starts(0x42, 0x4d)) return 'bmp'
  if (starts(0x52, 0x49, 0x46, 0x46) && [0x57, 0x45, 0x42, 0x50].every((byte, i) => bytes[8 + i] === byte))
    return 'webp'
  return null
}

/**
 * uint8 pixels of a picture, row-major, channels last. JPEG by the accurate integer transform (as Pillow and PyTorch; TensorFlow's
 * default, the fast one, differs by a few levels). Alpha is dropped, not blended; EXIF orientation and colour profiles are left alone,
 * as in TensorFlow. 16-bit pictures keep the high byte. Every kind can be had with 1, 3 and 4 channels: where TensorFlow refuses
 * (grey of BMP, GIF and WebP; alpha of JPEG, GIF and WebP) the result is Pillow's.
 * @throws FormatError that names `source` for broken, truncated, unknown or too large pictures.
 */
export async function decodeImage(
  bytes: Uint8Array,
  { channels = 3, maxPixels = defaultMaxPixels, source = 'image' }: DecodeOptions = {},
): Promise<Pixels> {
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new ArgumentError(problem({ where: 'decodeImage', expected: 'channels 1, 3 or 4', received: channels }))
  const kind = imageKind(bytes)
  if (kind === null) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const received = bytes.byteLength === 0 ? 'an empty file' : `bytes ${start}`
    throw new FormatError(problem({ where: source, expected: 'a JPEG, PNG, GIF, BMP or WebP picture', received }))
  }
  try {
    return await decode(bytes, kind, channels, maxPixels)
  } catch (error) {
    const expected = `a readable ${kind.toUpperCase()} picture of at most ${maxPixels} pixels`
    const received = error instanceof Error ? error.message : String(error)
    throw new FormatError(problem({ where: source, expected, received }), { cause: error })
  }
}

async function decode(bytes: Uint8Array, kind: ImageKind, channels: Channels, maxPixels: number): Promise<Pixels> {
  if (kind === 'bmp') {
    const { rgba, height, width } = decodeBmp(bytes, maxPixels)
    return { data: pick(rgba, 4, channels, kind), height, width, channels }
  }
  const { default: sharp } = await import('sharp')
  const cmyk = kind === 'jpeg' && jpegComponents(bytes) === 4
  let picture = sharp(bytes, { ignoreIcc: true, failOn: 'error', limitInputPixels: maxPixels })
  // Left as it is: the conversion of the library goes through a printer's profile.
  if (cmyk) picture = picture.pipelineColourspace('cmyk').toColourspace('cmyk')
  else
    picture = channels === 4 ? picture.toColourspace('srgb').ensureAlpha() : picture.toColourspace('srgb').removeAlpha()
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const { height, width } = info
  const had = info.channels as number
  if (had !== (cmyk || channels === 4 ? 4 : 3)) throw new Error(`the decoder gave ${had} channels`)
  return { data: pick(cmyk ? fromCmyk(raw) : raw, had, channels, kind), height, width, channels }
}

/** RGB or RGBA to the wanted channels. */
function pick(pixels: Uint8Array, had: number, channels: Channels, kind: ImageKind): Uint8Array {
  if (had === channels) return pixels
  const count = pixels.length / had
  const out = new Uint8Array(count * channels)
  // ITU-R 601 in fixed point, each as its library rounds: libpng cuts off (TensorFlow's grey PNG), Pillow rounds.
  const half = kind === 'png' ? 0 : 0x8000
  const [red, green, blue] = kind === 'png' ? [9797 * 2, 19234 * 2, 3737 * 2] : [19595, 38470, 7471]
  for (let i = 0; i < count; i++) {
    const [r, g, b] = [pixels[i * had]!, pixels[i * had + 1]!, pixels[i * had + 2]!]
    if (channels === 1) out[i] = (r * red + g * green + b * blue + half) >> 16
    else {
      out[i * channels] = r
      out[i * channels + 1] = g
      out[i * channels + 2] = b
    }
  }
  return out
}

/** CMYK to RGBA without a colour profile, as Pillow and (within one level) TensorFlow do. */
function fromCmyk(pixels: Uint8Array): Uint8Array {
  const out = new Uint8Array(pixels.length)
  for (let i = 0; i < pixels.length; i += 4) {
    const light = 255 - pixels[i + 3]!
    for (let c = 0; c < 3; c++) out[i + c] = light - Math.round((pixels[i + c]! * light) / 255)
    out[i + 3] = 255
  }
  return out
}

/** The number of components that a JPEG's frame header gives; null if there is none. */
function jpegComponents(bytes: Uint8Array): number | null {
  for (let at = 2; at + 9 < bytes.byteLength && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!
    // Fill bytes, and markers without a length.
    if (marker === 0xff) at++
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return bytes[at + 9]!
    else at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
  }
  return null
}
