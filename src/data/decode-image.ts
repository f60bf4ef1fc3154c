// Decodes picture files of any kind to pixels on the host: JPEG, PNG, GIF, BMP and WebP.
import { ArgumentError, FormatError, problem } from '../errors.ts'
import { decodeBmp } from './decode-bmp.ts'
import { decodeGif } from './decode-gif.ts'
import { type JpegOptions, jpegPixels } from './decode-jpeg.ts'
import { decodePng } from './decode-png.ts'
import { decodeWebp } from './decode-webp.ts'
import { checkValue, type OptionRule } from '../platform/option-rules.ts'
import { jpegHeader } from './jpeg-header.ts'
import { type Channels, frameOf, type Frames, type Pixels, upright, withChannels } from './pixels.ts'

export type ImageKind = 'jpeg' | 'png' | 'gif' | 'bmp' | 'webp'

export interface DecodeOptions extends JpegOptions {
  /** Default 3. */
  readonly channels?: Channels
  /** Largest number of pixels that is decoded, against decompression bombs. Default 100 million. */
  readonly maxPixels?: number
  /** Names the picture in errors. */
  readonly source?: string
  /** Turns the picture upright by its EXIF orientation. Default false, as in TensorFlow and Keras. */
  readonly applyExifOrientation?: boolean
}

export const defaultMaxPixels = 100_000_000

export const pictureBytes: OptionRule = {
  expected: 'the bytes of a picture file, a Uint8Array',
  fits: (value) => value instanceof Uint8Array,
  hint: '`readFile` of node:fs/promises gives those of a file, `new Uint8Array(buffer)` those of an ArrayBuffer',
}

/** What the first bytes say; the name of a file may lie. @throws ArgumentError for what are no bytes. */
export function imageKind(bytes: Uint8Array): ImageKind | null {
  checkValue('imageKind', 'bytes', bytes, pictureBytes)
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
 * uint8 pixels of a picture, of the first frame if there are several. Alpha is dropped, not blended; EXIF orientation and colour profiles are left alone,
 * as in TensorFlow. 16-bit pictures keep the high byte. Every kind can be had with 1, 3 and 4 channels: where TensorFlow refuses
 * (grey of BMP, GIF and WebP; alpha of JPEG, GIF and WebP) the result is Pillow's.
 * @throws FormatError that names `source` for broken, truncated, unknown or too large pictures.
 */
export async function decodePixels(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Pixels> {
  const { channels = 3, maxPixels = defaultMaxPixels } = options
  check(options)
  const wanted = { channels, wide: false, all: false, maxPixels }
  return named(bytes, options, async (kind) =>
    frameOf((await decodeUpright(bytes, kind, options, wanted)) as Frames<Uint8Array>, 0),
  )
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
    const received = (error instanceof Error ? error.message : String(error)).replace(/[:\s]+$/, '')
    throw new FormatError(problem({ where: source, expected, received }), { cause: error })
  }
}

/** What of a file is wanted, beside JPEG's options. */
interface Wanted {
  readonly channels: 0 | Channels
  /** 16 bits a value; else 8. */
  readonly wide: boolean
  /** Every frame of an animation; else the first. */
  readonly all: boolean
  readonly maxPixels: number
}

async function decodeKind(bytes: Uint8Array, kind: ImageKind, options: DecodeOptions, wanted: Wanted): Promise<Frames> {
  const { channels, maxPixels, wide, all } = wanted
  switch (kind) {
    case 'png':
      return decodePng(bytes, maxPixels, channels, wide)
    case 'jpeg':
      return { ...(await jpegPixels(bytes, options, channels, maxPixels)), count: 1 }
    case 'webp':
      return decodeWebp(bytes, maxPixels, channels, all)
    case 'gif': {
      const frames = decodeGif(bytes, maxPixels, all)
      return withChannels(frames, channels || 3)
    }
    case 'bmp': {
      const { data, channels: own, ...size } = decodeBmp(bytes, maxPixels)
      return withChannels({ data, count: 1, ...size, channels: 4 }, channels || own)
    }
  }
}

async function decodeUpright(
  bytes: Uint8Array,
  kind: ImageKind,
  options: DecodeOptions,
  wanted: Wanted,
): Promise<Frames> {
  const frames = await decodeKind(bytes, kind, options, wanted)
  return options.applyExifOrientation ? upright(frames, await orientationOf(bytes, kind)) : frames
}

/** EXIF's 1 to 8. */
async function orientationOf(bytes: Uint8Array, kind: ImageKind): Promise<number> {
  if (kind === 'jpeg') return jpegHeader(bytes)?.orientation ?? 1
  if (kind !== 'png' && kind !== 'webp') return 1
  const { default: sharp } = await import('sharp')
  return (await sharp(bytes).metadata()).orientation ?? 1
}

/**
 * All that a file holds: channels 0 are those of the file; `wide` values of 16 bits, of files with 8 times 257 (PNG) or 256 (the
 * others), as TensorFlow scales them.
 * @throws FormatError that names `source`.
 */
export async function decodeFrames(
  bytes: Uint8Array,
  options: Omit<DecodeOptions, 'channels'> & Omit<Wanted, 'maxPixels'>,
): Promise<Frames> {
  const { channels, wide, all, ...rest } = options
  const wanted = { channels, wide, all, maxPixels: rest.maxPixels ?? defaultMaxPixels }
  check(channels === 0 ? rest : { ...rest, channels })
  return named(bytes, rest, async (kind) => {
    const frames = await decodeUpright(bytes, kind, rest, wanted)
    if (!wide || frames.data instanceof Uint16Array) return frames
    return { ...frames, data: Uint16Array.from(frames.data, (value) => value * 256) }
  })
}
