// Pixels to picture files: JPEG as TensorFlow writes it, PNG, WebP, GIF and BMP.
import { ArgumentError, problem } from '../errors.ts'
import type { JpegEncoding } from '../engines/native/binding.ts'
import { toTensor } from '../ops/convert.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { checkRules, flag, oneOf, type OptionRule, whole } from '../platform/option-rules.ts'
import { jpegAddon } from './picture-addon.ts'
import { withChannels } from './pixels.ts'

export interface EncodeJpegOptions {
  /** 0 to 100. Default 95. */
  readonly quality?: number
  readonly progressive?: boolean
  /** Smaller files, more work; the pixels stay the same. */
  readonly optimizeSize?: boolean
  /** Colour at half size. Default true. */
  readonly chromaDownsampling?: boolean
  /** Default `in`. */
  readonly densityUnit?: 'in' | 'cm'
  /** Dots a unit. Default 300. */
  readonly xDensity?: number
  readonly yDensity?: number
}

export interface EncodePngOptions {
  /** 0 to 9. Default 6. */
  readonly compression?: number
}

export interface EncodeWebpOptions {
  /** 1 to 100. Default 80. */
  readonly quality?: number
  readonly lossless?: boolean
}

interface Picture {
  readonly data: Uint8Array | Uint16Array
  readonly height: number
  readonly width: number
  readonly channels: 1 | 2 | 3 | 4
}

/** @throws ArgumentError unless `image` is [height, width, channels] of uint8 (`wide`: or of int32 within 0..65535). */
async function pictureOf(where: string, image: TensorLike, counts: readonly number[], wide = false): Promise<Picture> {
  const tensor = toTensor(image, undefined, where)
  const { shape, dtype } = tensor
  const fits = shape.length === 3 && counts.includes(shape[2]!) && shape[0]! > 0 && shape[1]! > 0
  if (!fits || !(dtype === 'uint8' || (wide && dtype === 'int32'))) {
    const hint = dtype === 'float32' ? { hint: 'utils.arrayToImg makes bytes of other numbers' } : shapeHint(tensor)
    const expected = `a uint8 ${wide ? 'or int32 ' : ''}tensor [height, width, ${counts.join(' or ')}]`
    throw new ArgumentError(problem({ where, expected, received: `${dtype} [${shape.join(', ')}]`, ...hint })) // prettier-ignore
  }
  const values = await tensor.data()
  const [height, width, channels] = shape as [number, number, Picture['channels']]
  if (dtype === 'uint8') return { data: values as Uint8Array, height, width, channels }
  const outside = values.find((value) => value < 0 || value > 65535)
  if (outside !== undefined)
    throw new ArgumentError(problem({ where, expected: 'values from 0 to 65535', received: outside }))
  return { data: Uint16Array.from(values), height, width, channels }
}

/** What to do about something that has not the rank of one picture, to be spread into the parts of a problem. */
export function shapeHint({ rank }: Tensor): { hint?: string } {
  if (rank === 4) return { hint: 'Take one picture of a batch: ops.unstack(images) gives them' }
  return rank === 2 ? { hint: 'ops.expandDims(image, -1) gives it its axis of channels' } : {}
}

const jpegRules: Readonly<Record<keyof EncodeJpegOptions, OptionRule>> = {
  quality: whole(0, 100),
  progressive: flag,
  optimizeSize: flag,
  chromaDownsampling: flag,
  densityUnit: oneOf('in', 'cm'),
  xDensity: whole(1, 65535),
  yDensity: whole(1, 65535),
}
const pngRules: Readonly<Record<keyof EncodePngOptions, OptionRule>> = { compression: whole(0, 9) }
const webpRules: Readonly<Record<keyof EncodeWebpOptions, OptionRule>> = { quality: whole(1, 100), lossless: flag }

/**
 * A JPEG file of a uint8 tensor [height, width, 1 or 3], byte by byte that of tf.io.encode_jpeg; by sharp, and so not equal, where
 * the addon lacks libjpeg-turbo.
 * @throws ArgumentError for other tensors and options.
 */
export async function encodeJpeg(image: TensorLike, options: EncodeJpegOptions = {}): Promise<Uint8Array> {
  const where = 'encodeJpeg'
  checkRules(where, options, jpegRules, 'encodeJpeg(image, { quality: 95 })')
  const { progressive = false, optimizeSize = false, chromaDownsampling = true, densityUnit = 'in' } = options
  const { data, height, width, channels } = await pictureOf(where, image, [1, 3])
  const how: JpegEncoding = {
    height,
    width,
    channels: channels as 1 | 3,
    quality: options.quality ?? 95,
    progressive,
    optimizeSize,
    chromaDownsampling,
    densityUnit: densityUnit === 'cm' ? 2 : 1,
    xDensity: options.xDensity ?? 300,
    yDensity: options.yDensity ?? 300,
  }
  if (height > 65500 || width > 65500)
    throw new ArgumentError(problem({ where, expected: 'sides of at most 65500', received: [height, width] }))
  const addon = await jpegAddon()
  if (addon !== null) return addon.encodeJpeg(data as Uint8Array, how)
  const picture = (await raw({ data, height, width, channels })).jpeg({
    quality: Math.max(1, how.quality),
    progressive,
    optimiseCoding: optimizeSize,
    chromaSubsampling: chromaDownsampling ? '4:2:0' : '4:4:4',
  })
  return bytesOf(picture)
}

/**
 * A PNG file of [height, width, 1 to 4 channels]: grey, grey with alpha, RGB, RGBA; uint8, or int32 within 0..65535 for 16 bits.
 * @throws ArgumentError for other tensors and options.
 */
export async function encodePng(image: TensorLike, options: EncodePngOptions = {}): Promise<Uint8Array> {
  const where = 'encodePng'
  checkRules(where, options, pngRules, 'encodePng(image, { compression: 6 })')
  const compressionLevel = options.compression ?? 6
  const picture = await pictureOf(where, image, [1, 2, 3, 4], true)
  const deep = picture.data instanceof Uint16Array
  const grey = picture.channels < 3
  const space = deep ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb'
  return bytesOf((await raw(picture)).toColourspace(space).png({ compressionLevel, palette: false }))
}

/** A WebP file of a uint8 tensor [height, width, 3 or 4]. */
export async function encodeWebp(image: TensorLike, options: EncodeWebpOptions = {}): Promise<Uint8Array> {
  checkRules('encodeWebp', options, webpRules, 'encodeWebp(image, { quality: 80 })')
  const { quality = 80, lossless = false } = options
  const picture = await pictureOf('encodeWebp', image, [3, 4])
  return bytesOf((await raw(picture)).webp({ quality, lossless, exact: true }))
}

/** A still GIF file of a uint8 tensor [height, width, 1, 3 or 4], with at most 256 colours. */
export async function encodeGif(image: TensorLike): Promise<Uint8Array> {
  return bytesOf((await raw(await pictureOf('encodeGif', image, [1, 3, 4]))).gif())
}

/** A 24-bit BMP file of a uint8 tensor [height, width, 1 or 3]. */
export async function encodeBmp(image: TensorLike): Promise<Uint8Array> {
  const picture = await pictureOf('encodeBmp', image, [1, 3])
  const { data, height, width } = withChannels(picture as Picture & { readonly data: Uint8Array }, 3)
  const stride = Math.ceil((width * 3) / 4) * 4
  const out = new Uint8Array(54 + stride * height)
  const view = new DataView(out.buffer)
  out.set([0x42, 0x4d])
  view.setUint32(2, out.length, true)
  view.setUint32(10, 54, true)
  view.setUint32(14, 40, true)
  view.setInt32(18, width, true)
  view.setInt32(22, height, true)
  view.setUint16(26, 1, true)
  view.setUint16(28, 24, true)
  view.setUint32(34, stride * height, true)
  // The bottom row first; blue, green, red.
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) out[54 + (height - 1 - y) * stride + x * 3 + c] = data[(y * width + x) * 3 + 2 - c]!
  return out
}

async function raw({ data, height, width, channels }: Picture) {
  const { default: sharp } = await import('sharp')
  return sharp(data, { raw: { width, height, channels } })
}

async function bytesOf(picture: { toBuffer(): Promise<Buffer> }): Promise<Uint8Array> {
  const buffer = await picture.toBuffer()
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
