// JPEG to pixels: by libjpeg-turbo in the addon, equal to TensorFlow to the bit; by sharp where there is no addon.
import type { JpegDecoding } from '../engines/native/binding.ts'
import { jpegHeader } from './jpeg-header.ts'
import { jpegAddon } from './picture-addon.ts'
import { type Channels, type Pixels, withChannels } from './pixels.ts'

export interface JpegOptions {
  /**
   * The inverse cosine transform: `fast` is TensorFlow's default and so imageDatasetFromDirectory's, `accurate` that of Pillow,
   * PyTorch and TensorFlow's `INTEGER_ACCURATE`. They differ by about one level. Default `fast`.
   */
  readonly dct?: 'fast' | 'accurate'
  /** Smooth instead of blocky colour where the file has it at half size. Default true. */
  readonly fancyUpscaling?: boolean
  /** 2, 4 or 8: the picture comes that much smaller, and sooner. Default 1. */
  readonly ratio?: 1 | 2 | 4 | 8
  /** Takes a cut file for what it still holds; the rest is grey. Default false: an error. */
  readonly tryRecoverTruncated?: boolean
}

export function jpegDecoding(options: JpegOptions, channels: 0 | Channels, maxPixels: number): JpegDecoding {
  return {
    channels,
    maxPixels,
    fast: (options.dct ?? 'fast') === 'fast',
    fancyUpscaling: options.fancyUpscaling ?? true,
    ratio: options.ratio ?? 1,
    recoverTruncated: options.tryRecoverTruncated ?? false,
  }
}

/**
 * channels 0: those of the file, CMYK as RGB. Grey of a colour file is its luma, as in TensorFlow.
 * @throws Error that says what is wrong with the bytes.
 */
export async function jpegPixels(
  bytes: Uint8Array,
  options: JpegOptions,
  channels: 0 | Channels,
  maxPixels: number,
): Promise<Pixels> {
  const how = jpegDecoding(options, channels, maxPixels)
  const addon = await jpegAddon()
  if (addon !== null) return addon.decodeJpeg(bytes, how)
  if (how.ratio !== 1 || !how.fancyUpscaling || how.recoverTruncated)
    throw new Error('ratio, fancyUpscaling and tryRecoverTruncated, which need the addon with libjpeg-turbo')
  return withSharp(bytes, channels, maxPixels)
}

async function withSharp(bytes: Uint8Array, channels: 0 | Channels, maxPixels: number): Promise<Pixels> {
  const { default: sharp } = await import('sharp')
  const components = jpegHeader(bytes)?.components ?? 3
  const cmyk = components === 4
  const wanted = channels === 0 ? (components === 1 ? 1 : 3) : channels
  let picture = sharp(bytes, { ignoreIcc: true, failOn: 'error', limitInputPixels: maxPixels })
  // Left as it is: the conversion of the library goes through a printer's profile.
  if (cmyk) picture = picture.pipelineColourspace('cmyk').toColourspace('cmyk')
  else picture = picture.toColourspace('srgb').removeAlpha()
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
  const { height, width } = info
  const had = info.channels as number
  if (had !== (cmyk ? 4 : 3)) throw new Error(`the decoder gave ${had} channels`)
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const rgb: Pixels = { data: cmyk ? fromCmyk(raw) : raw, height, width, channels: 3 }
  return withChannels(rgb, wanted)
}

/** CMYK to RGB without a colour profile, as TensorFlow does. */
function fromCmyk(pixels: Uint8Array): Uint8Array {
  const out = new Uint8Array((pixels.length / 4) * 3)
  for (let i = 0, to = 0; i < pixels.length; i += 4)
    for (let c = 0; c < 3; c++) out[to++] = Math.floor(((255 - pixels[i + c]!) * (255 - pixels[i + 3]!)) / 255)
  return out
}
