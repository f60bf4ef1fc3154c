// The options of datasets of pictures: their defaults and what they must be.
import { ArgumentError, problem } from '../errors.ts'
import type { ResizeMethod } from '../graph/primitives.ts'
import { checkRules, flag, oneOf, orNull, positive, whole } from '../platform/option-rules.ts'
import type { OptionRule, OptionRules } from '../platform/option-rules.ts'
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
  'bilinear', 'nearest', 'bicubic', 'area', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic',
] // prettier-ignore
const side = whole(1)
const method = oneOf(...methods)
const part: OptionRule = {
  expected: 'a number between 0 and 1',
  fits: (value) => typeof value === 'number' && value > 0 && value < 1,
  hint: 'It is a part of the files: 0.2 is a fifth',
}
const rules: Readonly<Record<keyof ImageOptions, OptionRule>> = {
  labelMode: orNull(oneOf('int', 'categorical', 'binary')),
  colorMode: oneOf('grayscale', 'rgb', 'rgba'),
  batchSize: orNull(whole(1)),
  imageSize: {
    expected: 'a whole number >= 1, or two of them: [height, width]',
    fits: (value) => side.fits(value) || (Array.isArray(value) && value.length === 2 && value.every(side.fits)),
  },
  shuffle: flag,
  seed: whole(0, 2 ** 32 - 1),
  validationSplit: part,
  subset: oneOf('training', 'validation', 'both'),
  stratified: flag,
  // Keras takes them in any case.
  interpolation: { ...method, fits: (value) => typeof value === 'string' && method.fits(value.toLowerCase()) },
  cropToAspectRatio: flag,
  padToAspectRatio: flag,
  verbose: flag,
  uint8: flag,
  onError: oneOf('throw', 'skip'),
  maxPixels: positive,
  dct: oneOf('fast', 'accurate'),
}

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

/**
 * The options with their defaults. `further` are those of one function alone.
 * @throws ArgumentError for unknown, wrong and contradictory ones.
 */
export function checkedOptions(where: string, options: ImageOptions, further: OptionRules, example: string): Settings {
  checkRules(where, options, { ...rules, ...further }, example)
  const { labelMode = 'int', colorMode = 'rgb', imageSize = [256, 256], shuffle = true, validationSplit, subset } = options // prettier-ignore
  const { batchSize = 32, interpolation = 'bilinear' } = options
  const refuse = (expected: string, received: unknown, hint?: string): never => {
    throw new ArgumentError(problem({ where, expected, received, ...(hint === undefined ? {} : { hint }) }))
  }
  if (options.cropToAspectRatio && options.padToAspectRatio)
    refuse('only one of `cropToAspectRatio` and `padToAspectRatio`', 'both')
  const both = 'For example validationSplit: 0.2, subset: "both", seed: 42'
  if ((validationSplit === undefined) !== (subset === undefined))
    refuse('`validationSplit` and `subset` together', { validationSplit, subset }, both)
  if (options.stratified === true && subset === undefined)
    refuse('`validationSplit` and `subset` with `stratified`', subset, both)
  if (validationSplit !== undefined && shuffle && options.seed === undefined)
    refuse(
      'a `seed` with `validationSplit`',
      undefined,
      'Without one, the training and validation parts would overlap; give seed, or shuffle: false',
    )
  return {
    labelMode,
    channels: channelsOf[colorMode],
    batchSize,
    size: typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize,
    shuffle,
    interpolation: interpolation.toLowerCase() as ResizeMethod,
    fit: options.cropToAspectRatio ? 'crop' : options.padToAspectRatio ? 'pad' : 'stretch',
    uint8: options.uint8 ?? false,
    maxPixels: options.maxPixels,
    dct: options.dct ?? 'fast',
    skip: options.onError === 'skip',
  }
}
