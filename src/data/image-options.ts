// The options of datasets of pictures: their defaults and what they must be.
import { ArgumentError, problem } from '../errors.ts'
import type { ResizeMethod } from '../graph/primitives.ts'
import type { Channels } from './pixels.ts'
import type { Fit } from './resize-image.ts'

export type LabelMode = 'int' | 'categorical' | 'binary' | null
export type ColorMode = 'grayscale' | 'rgb' | 'rgba'

/** How pictures and their labels become batches. */
export interface ImageOptions {
  /** `int` (default): int32 (batch,); `categorical`: float32 one-hot; `binary`: float32 (batch, 1); null: no labels. */
  readonly labelMode?: LabelMode
  readonly colorMode?: ColorMode
  /** Default 32; null: single pictures. */
  readonly batchSize?: number | null
  /** [height, width] or one number for both. Default [256, 256]. */
  readonly imageSize?: number | readonly [number, number]
  /** Default true. */
  readonly shuffle?: boolean
  /** For the order of the files and of each epoch, 0 to 2^32 - 1. Default: derived from `setRandomSeed`. */
  readonly seed?: number
  /** Part of the files, between 0 and 1, that is set aside for validation. Needs `subset`. */
  readonly validationSplit?: number
  readonly subset?: 'training' | 'validation' | 'both'
  /** Sets aside the same part of each class (Keras cannot; default false). */
  readonly stratified?: boolean
  /** Default `bilinear`. `nearest` gives uint8 pixels, as Keras does. */
  readonly interpolation?: ResizeMethod
  readonly cropToAspectRatio?: boolean
  readonly padToAspectRatio?: boolean
  /** Says how many files were found. Default true. */
  readonly verbose?: boolean
  /** Rounds the resized pixels to uint8, a quarter of the memory of float32 (Keras' default, false). */
  readonly uint8?: boolean
  /** `skip` leaves out pictures that cannot be read, and lists them in `skipped`; default `throw`. */
  readonly onError?: 'throw' | 'skip'
  /** Largest number of pixels of one picture. */
  readonly maxPixels?: number
  /** JPEG's inverse transform: `fast` (default) as in Keras on TensorFlow, `accurate` as Pillow's and PyTorch's. */
  readonly dct?: 'fast' | 'accurate'
}

const channelsOf: Readonly<Record<ColorMode, Channels>> = { grayscale: 1, rgb: 3, rgba: 4 }
const methods: readonly ResizeMethod[] = [
  'bilinear',
  'nearest',
  'bicubic',
  'area',
  'lanczos3',
  'lanczos5',
  'gaussian',
  'mitchellcubic',
]
export interface Settings {
  readonly labelMode: LabelMode
  readonly channels: Channels
  readonly batchSize: number | null
  readonly size: readonly [number, number]
  readonly shuffle: boolean
  readonly interpolation: ResizeMethod
  readonly fit: Fit
  readonly uint8: boolean
  readonly maxPixels: number | undefined
  readonly dct: 'fast' | 'accurate'
  readonly skip: boolean
}

/** The options with their defaults. @throws ArgumentError for wrong and contradictory ones. */
export function checkedOptions(where: string, options: ImageOptions): Settings {
  const refuse = (expected: string, received: unknown, hint?: string): never => {
    throw new ArgumentError(problem({ where, expected, received, ...(hint === undefined ? {} : { hint }) }))
  }
  const {
    labelMode = 'int',
    colorMode = 'rgb',
    imageSize = [256, 256],
    shuffle = true,
    validationSplit,
    subset,
  } = options
  const { batchSize = 32 } = options
  const interpolation = (options.interpolation ?? 'bilinear').toLowerCase() as ResizeMethod
  if (!['int', 'categorical', 'binary', null].includes(labelMode))
    refuse('labelMode int, categorical, binary or null', labelMode)
  if (!Object.hasOwn(channelsOf, colorMode)) refuse('colorMode grayscale, rgb or rgba', colorMode)
  const size: readonly [number, number] = typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize
  if (size.length !== 2 || !size.every((side) => Number.isInteger(side) && side > 0))
    refuse('imageSize: a positive whole number, or [height, width]', imageSize)
  if (!methods.includes(interpolation)) refuse(`interpolation ${methods.join(', ')}`, interpolation)
  if (!['fast', 'accurate', undefined].includes(options.dct)) refuse('dct "fast" or "accurate"', options.dct)
  if (options.cropToAspectRatio && options.padToAspectRatio)
    refuse('only one of cropToAspectRatio and padToAspectRatio', 'both')
  if (!['throw', 'skip', undefined].includes(options.onError)) refuse('onError "throw" or "skip"', options.onError)
  if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0))
    refuse('a positive batchSize, or null', batchSize)
  if (validationSplit !== undefined && !(validationSplit > 0 && validationSplit < 1))
    refuse('validationSplit between 0 and 1', validationSplit)
  if (subset !== undefined && !['training', 'validation', 'both'].includes(subset))
    refuse('subset training, validation or both', subset)
  if ((validationSplit === undefined) !== (subset === undefined))
    refuse('validationSplit and subset together', { validationSplit, subset })
  if (options.stratified === true && subset === undefined) refuse('validationSplit and subset with stratified', subset)
  if (validationSplit !== undefined && shuffle && options.seed === undefined)
    refuse(
      'a seed',
      undefined,
      'Without one, the training and validation parts would overlap; give seed, or shuffle: false',
    )
  return {
    labelMode,
    channels: channelsOf[colorMode],
    batchSize,
    size,
    shuffle,
    interpolation,
    fit: options.cropToAspectRatio ? 'crop' : options.padToAspectRatio ? 'pad' : 'stretch',
    uint8: options.uint8 ?? false,
    maxPixels: options.maxPixels,
    dct: options.dct ?? 'fast',
    skip: options.onError === 'skip',
  }
}
