// Keras' image utilities: loadImg, imgToArray, arrayToImg, saveImg. A picture is a uint8 tensor [height, width, channels].
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { writeFileAtomic } from '../platform/files.ts'
import { opening } from '../platform/opening.ts'
import {
  checkRules,
  checkValue,
  filePath,
  flag,
  oneOf,
  orNull,
  positive,
  type OptionRule,
  whole,
} from '../platform/option-rules.ts'
import { warn } from '../platform/warn.ts'
import { toTensor } from '../ops/convert.ts'
import { broadcastTo, cast, reshape, slice, tensor } from '../ops/index.ts'
import type { DType, Tensor, TensorLike } from '../ops/index.ts'
import { decodeFrames, decodePixels, imageKind } from './decode-image.ts'
import { encodeBmp, encodeGif, encodeJpeg, encodePng, encodeWebp, shapeHint } from './encode-image.ts'
import { type Box, type PillowFilter, pillowResize } from './pillow-resize.ts'
import { type Channels, withChannels } from './pixels.ts'

export interface LoadImgOptions {
  /** Default `rgb`. */
  readonly colorMode?: 'grayscale' | 'rgb' | 'rgba'
  /** [height, width]. Default: as it is. */
  readonly targetSize?: readonly [number, number] | null
  /** Default `nearest`. Pillow's filters, which smooth when they shrink and round to bytes: not those of `image.resize`. */
  readonly interpolation?: PillowFilter
  /** Cuts the middle of the wanted aspect ratio first. Default false. */
  readonly keepAspectRatio?: boolean
  /** Largest number of pixels. */
  readonly maxPixels?: number
}

const channelsOf: Readonly<Record<NonNullable<LoadImgOptions['colorMode']>, Channels>> = {
  grayscale: 1,
  rgb: 3,
  rgba: 4,
}
const filterNames: readonly PillowFilter[] = ['nearest', 'bilinear', 'bicubic', 'lanczos', 'box', 'hamming']

const loadRules: Readonly<Record<keyof LoadImgOptions, OptionRule>> = {
  colorMode: oneOf(...Object.keys(channelsOf)),
  targetSize: orNull({
    expected: '[height, width]',
    fits: (value) =>
      Array.isArray(value) && value.length === 2 && value.every((side) => Number.isInteger(side) && side > 0),
  }),
  interpolation: oneOf(...filterNames),
  keepAspectRatio: flag,
  maxPixels: positive,
}

/**
 * A picture as keras.utils.load_img gives it, decoded and resized as Pillow does: uint8 [height, width, channels]. A 16-bit grey PNG
 * in colour mode `grayscale` keeps its values, as int32.
 * @param path A file, or its bytes.
 * @throws ArgumentError for wrong options; FormatError that names the file if it cannot be read as a picture.
 */
export async function loadImg(path: string | Uint8Array, options: LoadImgOptions = {}): Promise<Tensor> {
  const where = 'loadImg'
  if (!(path instanceof Uint8Array)) checkValue(where, 'path', path, filePath)
  checkRules(where, options, loadRules, 'loadImg(path, { targetSize: [224, 224] })')
  const {
    colorMode = 'rgb',
    targetSize = null,
    interpolation = 'nearest',
    keepAspectRatio = false,
    maxPixels,
  } = options
  const channels = channelsOf[colorMode]
  const bytes = typeof path === 'string' ? await opening(where, path, 'read', () => readFile(path)) : path
  const source = typeof path === 'string' ? path : where
  const limits = { source, ...(maxPixels === undefined ? {} : { maxPixels }) }
  if (channels === 1 && isDeepGrey(bytes) && targetSize === null) {
    const { data, height, width } = await decodeFrames(bytes, { ...limits, channels: 1, wide: true, all: false })
    return tensor(Int32Array.from(data), { shape: [height, width, 1] })
  }
  // Pillow's grey is made of red, green and blue, for every kind of file.
  const decoded = await decodePixels(bytes, { ...limits, channels: channels === 4 ? 4 : 3, dct: 'accurate' })
  const pixels = withChannels(decoded, channels)
  const { height, width } = pixels
  if (targetSize === null) return tensor(pixels.data, { shape: [height, width, channels] })
  const box: Box = keepAspectRatio ? middle(height, width, targetSize) : [0, 0, width, height]
  const same = height === targetSize[0] && width === targetSize[1]
  const { data } = same ? pixels : pillowResize(pixels, targetSize, interpolation, box)
  return tensor(data, { shape: [...targetSize, channels] })
}

function isDeepGrey(bytes: Uint8Array): boolean {
  return imageKind(bytes) === 'png' && bytes[24] === 16 && bytes[25] === 0
}

function middle(height: number, width: number, [targetHeight, targetWidth]: readonly [number, number]): Box {
  const cropHeight = Math.min(height, Math.floor((width * targetHeight) / targetWidth))
  const cropWidth = Math.min(width, Math.floor((height * targetWidth) / targetHeight))
  const top = Math.floor((height - cropHeight) / 2)
  const left = Math.floor((width - cropWidth) / 2)
  return [left, top, left + cropWidth, top + cropHeight]
}

const dtypes: readonly DType[] = ['float32', 'int32', 'uint8', 'bool']

/**
 * A picture [height, width] or [height, width, channels] as numbers [height, width, channels], float32 unless said.
 * @throws ArgumentError for wrong options and what is no tensor; ShapeError for another rank.
 */
export function imgToArray(img: TensorLike, options: { readonly dtype?: DType } = {}): Tensor {
  const where = 'imgToArray'
  checkRules(where, options, { dtype: oneOf(...dtypes) }, "imgToArray(img, { dtype: 'float32' })")
  const { dtype = 'float32' } = options
  const image = pictureFrom(where, img)
  if (image.rank !== 2 && image.rank !== 3)
    throw new ShapeError(problem({ where, expected: 'a picture [height, width] or [height, width, channels]', received: image.shape, ...shapeHint(image) })) // prettier-ignore
  return cast(image.rank === 2 ? reshape(image, [...image.shape, 1]) : image, dtype)
}

/**
 * A picture of numbers [height, width, 1, 3 or 4]: uint8. With `scale` (default true) their range becomes 0 to 255; without it they
 * are taken as they are. Fractions are cut off, as in Keras. One channel with values above 255 gives int32.
 * @throws ArgumentError for wrong options and what is no tensor; ShapeError for another shape.
 */
export async function arrayToImg(x: TensorLike, options: { readonly scale?: boolean } = {}): Promise<Tensor> {
  checkRules('arrayToImg', options, { scale: flag }, 'arrayToImg(x, { scale: false })')
  return bytesOf('arrayToImg', x, options.scale)
}

async function bytesOf(where: string, x: TensorLike, scale = true): Promise<Tensor> {
  const array = pictureFrom(where, x)
  const { shape } = array
  if (shape.length !== 3 || ![1, 3, 4].includes(shape[2]!) || array.size === 0)
    throw new ShapeError(problem({ where, expected: 'an array [height, width, 1, 3 or 4]', received: shape, ...shapeHint(array) })) // prettier-ignore
  const values = Float32Array.from(await array.data())
  if (scale) {
    const low = values.reduce((least, value) => Math.min(least, value), Infinity)
    values.forEach((value, i) => (values[i] = value - low))
    const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
    values.forEach((value, i) => (values[i] = Math.fround(high === 0 ? value : value / high) * 255))
  }
  // An Int32Array cuts off, a Uint8Array of it keeps the low byte: as NumPy's casts do.
  const whole = Int32Array.from(values)
  const wide = shape[2] === 1 && values.some((value) => value > 255)
  return tensor(wide ? whole : Uint8Array.from(whole), { shape })
}

function pictureFrom(where: string, value: TensorLike): Tensor {
  if (typeof value !== 'string') return toTensor(value, undefined, where)
  const hint = 'utils.loadImg reads a picture from a file'
  throw new ArgumentError(problem({ where, expected: 'a picture as a tensor', received: value, hint }))
}

export interface SaveImgOptions {
  /** Default: by the ending of the path. */
  readonly fileFormat?: 'jpeg' | 'jpg' | 'png' | 'webp' | 'gif' | 'bmp'
  /** Stretches the values to 0..255 first. Default true. */
  readonly scale?: boolean
  /** JPEG and WebP, 1 to 100. Default 75 and 80, as Pillow. */
  readonly quality?: number
}

const formats = ['jpeg', 'jpg', 'png', 'webp', 'gif', 'bmp']
const saveRules: Readonly<Record<keyof SaveImgOptions, OptionRule>> = {
  // Pillow's names are in capitals.
  fileFormat: {
    ...oneOf(...formats),
    fits: (value) => typeof value === 'string' && formats.includes(value.toLowerCase()),
  },
  scale: flag,
  quality: whole(1, 100),
}

/**
 * Writes numbers [height, width, 1, 3 or 4] as a picture; whole or not at all. JPEG loses alpha, with a warning.
 * @throws ArgumentError for wrong options, a format that is not known, or a path that cannot be written; ShapeError for another shape.
 */
export async function saveImg(path: string, x: TensorLike, options: SaveImgOptions = {}): Promise<void> {
  const where = 'saveImg'
  checkValue(where, 'path', path, { ...filePath, hint: 'Write saveImg(path, picture)' })
  checkRules(where, options, saveRules, "saveImg(path, picture, { fileFormat: 'png' })")
  const { scale = true, quality, fileFormat } = options
  const format = (fileFormat ?? extname(path).slice(1)).toLowerCase()
  if (!formats.includes(format)) {
    const hint = 'Say the kind of the file: { fileFormat: "png" }'
    throw new ArgumentError(problem({ where, expected: `a path that ends in ${formats.map((one) => `.${one}`).join(', ')}`, received: path, hint })) // prettier-ignore
  }
  const image = await bytesOf(where, x, scale)
  const [height, width, channels] = image.shape as readonly [number, number, number]
  const rgb = (): Tensor => slice(image, [0, 0, 0], [height, width, 3])
  const chosen = quality === undefined ? {} : { quality }
  const encode: Readonly<Record<string, () => Promise<Uint8Array>>> = {
    jpeg: () => {
      if (channels === 4) warn('saveImg: JPEG has no alpha channel, it is left out')
      return encodeJpeg(channels === 4 ? rgb() : image, { quality: 75, ...chosen })
    },
    png: () => encodePng(image),
    webp: () => encodeWebp(channels === 1 ? threeTimes(image) : image, chosen),
    gif: () => encodeGif(image),
    bmp: () => encodeBmp(channels === 4 ? rgb() : image),
  }
  const bytes = await encode[format === 'jpg' ? 'jpeg' : format]!()
  await opening(where, path, 'written', () => writeFileAtomic(path, bytes))
}

function threeTimes(grey: Tensor): Tensor {
  return cast(broadcastTo(grey, [...grey.shape.slice(0, 2), 3]), 'uint8')
}
