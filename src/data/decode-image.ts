// Decodes picture files to 8-bit pixels: JPEG, PNG, GIF (first frame), BMP and WebP.
import { ArgumentError, FormatError, problem } from '../errors.ts'
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
  if (starts(0x52, 0x49, 0x46, 0x46) && [0x57, 0x45, 0x42, 0x50].every((byte, i) => bytes[8 + i] === byte)) return 'webp'
  return null
}

/**
 * uint8 pixels of a picture, row-major, channels last. JPEG by the accurate integer transform (as Pillow and PyTorch; TensorFlow's
 * default, the fast one, differs by about one level). Alpha is dropped, not blended; EXIF orientation is left alone, as in TensorFlow.
 * @throws FormatError that names `source` for broken, truncated, unknown or too large pictures.
 */
export async function decodeImage(bytes: Uint8Array, { channels = 3, maxPixels = defaultMaxPixels, source = 'image' }: DecodeOptions = {}): Promise<Pixels> {
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new ArgumentError(problem({ where: 'decodeImage', expected: 'channels 1, 3 or 4', received: channels }))
  const kind = imageKind(bytes)
  if (kind === null)
    throw new FormatError(problem({ where: source, expected: 'a JPEG, PNG, GIF, BMP or WebP picture', received: `bytes ${[...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}` }))
  try {
    return kind === 'bmp' ? await decodeBmp(bytes, channels, maxPixels) : await decodeBySharp(bytes, channels, maxPixels)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new FormatError(problem({ where: source, expected: `a readable ${kind.toUpperCase()} picture of at most ${maxPixels} pixels`, received: reason }), { cause: error })
  }
}

async function decodeBySharp(bytes: Uint8Array, channels: Channels, maxPixels: number): Promise<Pixels> {
  const { default: sharp } = await import('sharp')
  let picture = sharp(bytes, { ignoreIcc: true, failOn: 'error', limitInputPixels: maxPixels }).toColourspace(channels === 1 ? 'b-w' : 'srgb')
  picture = channels === 4 ? picture.ensureAlpha() : picture.removeAlpha()
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
  if ((info.channels as number) !== channels) throw new Error(`the decoder gave ${info.channels} channels instead of ${channels}`)
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), height: info.height, width: info.width, channels }
}

async function decodeBmp(bytes: Uint8Array, channels: Channels, maxPixels: number): Promise<Pixels> {
  // Checked before decoding: the decoder allocates what the header claims.
  if (bytes.byteLength < 26) throw new Error('the header is cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pixels = Math.abs(view.getInt32(18, true)) * Math.abs(view.getInt32(22, true))
  if (pixels === 0 || pixels > maxPixels) throw new Error(`the header claims ${pixels} pixels`)
  const { decode } = await import('bmp-ts')
  const { data, width, height } = decode(Buffer.from(bytes), { toRGBA: true })
  const out = new Uint8Array(width * height * channels)
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!]
    if (channels === 1) out[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b)
    else {
      out[channels * i] = r
      out[channels * i + 1] = g
      out[channels * i + 2] = b
      if (channels === 4) out[4 * i + 3] = 255
    }
  }
  return { data: out, height, width, channels }
}
