// Decodes picture files to 8-bit pixels: JPEG, PNG, GIF (first frame), BMP and WebP.
import { ArgumentError, FormatError, problem } from '../errors.ts'
import { decodeBmp } from './decode-bmp.ts'
import { type JpegOptions, jpegDecoding, jpegPixels } from './decode-jpeg.ts'
import { jpegHeader } from './jpeg-header.ts'
import { jpegAddon } from './picture-addon.ts'
import { type Channels, type Pixels, withChannels } from './pixels.ts'
import { type ResizePlan, resizePixels, resizeTables } from './resize-image.ts'

export type ImageKind = 'jpeg' | 'png' | 'gif' | 'bmp' | 'webp'

export interface DecodeOptions extends JpegOptions {
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
 * uint8 pixels of a picture, row-major, channels last. Alpha is dropped, not blended; EXIF orientation and colour profiles are left alone,
 * as in TensorFlow. 16-bit pictures keep the high byte. Every kind can be had with 1, 3 and 4 channels: where TensorFlow refuses
 * (grey of BMP, GIF and WebP; alpha of JPEG, GIF and WebP) the result is Pillow's.
 * @throws FormatError that names `source` for broken, truncated, unknown or too large pictures.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Pixels> {
  const { channels = 3, maxPixels = defaultMaxPixels } = options
  check(options)
  return named(bytes, options, (kind) => decode(bytes, kind, options, channels, maxPixels))
}

/** Decodes and resizes. Into a Uint8Array of the new size rounded, into a Float32Array as tf.image.resize gives it. */
export async function decodeResized<T extends Uint8Array | Float32Array>(
  bytes: Uint8Array,
  options: DecodeOptions & { readonly plan: ResizePlan },
  target: T,
): Promise<T> {
  const { channels = 3, maxPixels = defaultMaxPixels, plan } = options
  check(options)
  return named(bytes, options, async (kind) => {
    const header = kind === 'jpeg' ? jpegHeader(bytes) : null
    const addon = header === null || (options.ratio ?? 1) !== 1 ? null : await jpegAddon()
    if (header !== null && addon !== null && header.height > 0 && header.width > 0) {
      // In one go: the pixels of the file's size never come to JavaScript.
      const tables = resizeTables([header.height, header.width], channels, plan)
      return addon.decodeJpegResized(bytes, jpegDecoding(options, channels, maxPixels), tables, target)
    }
    const { data, height, width } = await decode(bytes, kind, options, channels, maxPixels)
    return resizePixels(data, resizeTables([height, width], channels, plan), target)
  })
}

function check({ channels = 3, dct = 'fast', ratio = 1 }: DecodeOptions): void {
  const refuse = (expected: string, received: unknown): never => {
    throw new ArgumentError(problem({ where: 'decodeImage', expected, received }))
  }
  if (![1, 3, 4].includes(channels)) refuse('channels 1, 3 or 4', channels)
  if (dct !== 'fast' && dct !== 'accurate') refuse('dct "fast" or "accurate"', dct)
  if (![1, 2, 4, 8].includes(ratio)) refuse('ratio 1, 2, 4 or 8', ratio)
}

/** Runs `work`, and makes whatever goes wrong an error that names the picture. */
async function named<T>(
  bytes: Uint8Array,
  { maxPixels = defaultMaxPixels, source = 'image' }: DecodeOptions,
  work: (kind: ImageKind) => Promise<T>,
): Promise<T> {
  const kind = imageKind(bytes)
  if (kind === null) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const received = bytes.byteLength === 0 ? 'an empty file' : `bytes ${start}`
    throw new FormatError(problem({ where: source, expected: 'a JPEG, PNG, GIF, BMP or WebP picture', received }))
  }
  try {
    return await work(kind)
  } catch (error) {
    const expected = `a readable ${kind.toUpperCase()} picture of at most ${maxPixels} pixels`
    const received = error instanceof Error ? error.message : String(error)
    throw new FormatError(problem({ where: source, expected, received }), { cause: error })
  }
}

async function decode(
  bytes: Uint8Array,
  kind: ImageKind,
  options: JpegOptions,
  channels: Channels,
  maxPixels: number,
): Promise<Pixels> {
  if (kind === 'bmp') {
    const { rgba, height, width } = decodeBmp(bytes, maxPixels)
    return withChannels({ data: rgba, height, width, channels: 4 }, channels)
  }
  if (kind === 'jpeg') return jpegPixels(bytes, options, channels, maxPixels)
  const { default: sharp } = await import('sharp')
  let picture = sharp(bytes, { ignoreIcc: true, failOn: 'error', limitInputPixels: maxPixels })
  picture = channels === 4 ? picture.toColourspace('srgb').ensureAlpha() : picture.toColourspace('srgb').removeAlpha()
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const { height, width } = info
  const had = info.channels as number
  if (had !== (channels === 4 ? 4 : 3)) throw new Error(`the decoder gave ${had} channels`)
  return withChannels({ data: raw, height, width, channels: had }, channels, kind === 'png' ? 'libpng' : 'pillow')
}
