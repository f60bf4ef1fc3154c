// Picture files to tensors, as tf.io does it: decodeImage, decodeJpeg and their kin.
import { ArgumentError, problem } from '../errors.ts'
import { checkRules, checkValue, flag, oneOf, type OptionRule, positive, text } from '../platform/option-rules.ts'
import { tensor } from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { decodeFrames, type DecodeOptions, imageKind, pictureBytes } from './decode-image.ts'
import type { Channels } from './pixels.ts'

export interface DecodeImageOptions extends Omit<DecodeOptions, 'channels'> {
  /** 1 grey, 3 RGB, 4 RGBA. Default 0: those of the file; CMYK comes as RGB. */
  readonly channels?: 0 | Channels
  /**
   * `uint8` (default); `uint16`: values up to 65535 in an int32 tensor, in full from 16-bit PNG; `float32`: values from 0 to 1.
   */
  readonly dtype?: 'uint8' | 'uint16' | 'float32'
  /** Animations give [frames, height, width, channels], as GIF and WebP always do; false: the first frame. Default true. */
  readonly expandAnimations?: boolean
}

type DecodeRules = Readonly<Partial<Record<keyof DecodeImageOptions, OptionRule>>>
const isOneOf =
  (...numbers: readonly number[]): OptionRule['fits'] =>
  (value) =>
    numbers.includes(value as number)
const gifRules: DecodeRules = {
  dtype: oneOf('uint8', 'uint16', 'float32'),
  maxPixels: positive,
  source: text,
  applyExifOrientation: flag,
  dct: oneOf('fast', 'accurate'),
  fancyUpscaling: flag,
  ratio: { expected: '1, 2, 4 or 8', fits: isOneOf(1, 2, 4, 8) },
  tryRecoverTruncated: flag,
}
const stillRules: DecodeRules = {
  channels: { expected: '0 for those of the file, 1, 3 or 4', fits: isOneOf(0, 1, 3, 4) },
  ...gifRules,
}
const imageRules: DecodeRules = { ...stillRules, expandAnimations: flag }

/** @throws ArgumentError unless these are bytes, and options of the function `where`. */
function check(where: string, bytes: Uint8Array, options: object, rules: DecodeRules): void {
  checkValue(where, 'bytes', bytes, pictureBytes)
  checkRules(
    where,
    options,
    rules,
    `${where}(bytes, { ${rules.channels === undefined ? "dtype: 'float32'" : 'channels: 3'} })`,
  )
}

/**
 * [height, width, channels] of a JPEG, PNG or BMP file; [frames, height, width, channels] of a GIF or WebP file unless
 * `expandAnimations` is false. Equal to tf.io.decode_image, which refuses some combinations that are had here: grey BMP, GIF,
 * WebP and CMYK JPEG; alpha of JPEG and GIF (opaque); RGB of WebP with alpha (dropped); float32 WebP; bitmaps with a palette.
 * @throws FormatError that names `source` for broken, truncated, unknown or too large pictures; ArgumentError for wrong options.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeImageOptions = {}): Promise<Tensor> {
  check('decodeImage', bytes, options, imageRules)
  return decode(bytes, { source: 'decodeImage', ...options })
}

async function decode(bytes: Uint8Array, options: DecodeImageOptions): Promise<Tensor> {
  const { channels = 0, dtype = 'uint8', expandAnimations = true, ...rest } = options
  const kind = imageKind(bytes)
  const animated = kind === 'gif' || kind === 'webp'
  // Of 16-bit files, fractions of 65535; of the others those of 255.
  const wide = dtype === 'uint16' || (dtype === 'float32' && kind === 'png')
  const { data, count, height, width, ...made } = await decodeFrames(bytes, { ...rest, channels, wide, all: animated && expandAnimations }) // prettier-ignore
  const shape = [...(animated && expandAnimations ? [count] : []), height, width, made.channels]
  if (dtype === 'uint8') return tensor(data as Uint8Array, { shape })
  if (dtype === 'uint16') return tensor(Int32Array.from(data), { shape })
  const unit = Math.fround(1 / (wide ? 65535 : 255))
  return tensor(
    Float32Array.from(data, (value) => value * unit),
    { shape },
  )
}

type StillOptions = Omit<DecodeImageOptions, 'expandAnimations'>

/** [height, width, channels] of a JPEG file; as tf.io.decode_jpeg, of PNG, GIF (its first frame) and WebP too. */
export async function decodeJpeg(bytes: Uint8Array, options: StillOptions = {}): Promise<Tensor> {
  return still('decodeJpeg', bytes, options)
}

/** [height, width, channels] of a PNG file; as tf.io.decode_png, of JPEG, GIF (its first frame) and WebP too. */
export async function decodePng(bytes: Uint8Array, options: StillOptions = {}): Promise<Tensor> {
  return still('decodePng', bytes, options)
}

/** [frames, height, width, 3] of a GIF file; as tf.io.decode_gif, of JPEG and PNG as a single frame. */
export async function decodeGif(bytes: Uint8Array, options: Omit<StillOptions, 'channels'> = {}): Promise<Tensor> {
  check('decodeGif', bytes, options, gifRules)
  return framed('decodeGif', bytes, { ...options, channels: 3 })
}

/** [height, width, channels] of a BMP file and of no other. */
export async function decodeBmp(bytes: Uint8Array, options: StillOptions = {}): Promise<Tensor> {
  check('decodeBmp', bytes, options, stillRules)
  const kind = imageKind(bytes)
  if (kind !== null && kind !== 'bmp') refuse('decodeBmp', 'a BMP file', kind, 'Use decodeImage')
  return decode(bytes, { source: 'decodeBmp', ...options })
}

/** [frames, height, width, channels] of a WebP file. */
export async function decodeWebp(bytes: Uint8Array, options: StillOptions = {}): Promise<Tensor> {
  check('decodeWebp', bytes, options, stillRules)
  return framed('decodeWebp', bytes, options)
}

async function still(name: string, bytes: Uint8Array, options: StillOptions): Promise<Tensor> {
  check(name, bytes, options, stillRules)
  refuseBmp(name, bytes)
  return decode(bytes, { source: name, ...options, expandAnimations: false })
}

async function framed(name: string, bytes: Uint8Array, options: StillOptions): Promise<Tensor> {
  refuseBmp(name, bytes)
  const made = await decode(bytes, { source: name, ...options })
  return made.rank === 4 ? made : tensor(await made.data(), { shape: [1, ...made.shape] })
}

function refuseBmp(name: string, bytes: Uint8Array): void {
  if (imageKind(bytes) === 'bmp') refuse(name, 'a JPEG, PNG, GIF or WebP file', 'bmp', 'Use decodeImage or decodeBmp')
}

function refuse(name: string, expected: string, received: string, hint: string): never {
  throw new ArgumentError(problem({ where: name, expected, received, hint }))
}
