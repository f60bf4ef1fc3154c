// imageDatasetFromDirectory: a folder of labelled pictures as batches, with Keras' order of classes, files and splits.
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { ArgumentError, problem } from '../errors.ts'
import type { ResizeMethod } from '../graph/primitives.ts'
import { hostRandom, nextSeed, tensor } from '../ops/index.ts'
import { Dataset } from './dataset.ts'
import { decodeResized } from './decode-image.ts'
import { indexDirectory, pictureExtensions } from './directory-index.ts'
import { RandomState } from './random-state.ts'
import type { Channels } from './pixels.ts'
import type { Fit } from './resize-image.ts'
import type { Element } from './structure.ts'

export type LabelMode = 'int' | 'categorical' | 'binary' | null
export type ColorMode = 'grayscale' | 'rgb' | 'rgba'

export interface ImageDirectoryOptions {
  /** `inferred` from the folders (default), null for none, or one whole number for each file in sorted order. */
  readonly labels?: 'inferred' | null | readonly number[]
  /** `int` (default): int32 (batch,); `categorical`: float32 one-hot; `binary`: float32 (batch, 1); null: no labels. */
  readonly labelMode?: LabelMode
  /** Folders to use (with inferred labels), in the order of their indices. Default: all, sorted. */
  readonly classNames?: readonly string[]
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
  /** Default `bilinear`. `nearest` gives uint8 pixels, as Keras does. */
  readonly interpolation?: ResizeMethod
  readonly followLinks?: boolean
  readonly cropToAspectRatio?: boolean
  readonly padToAspectRatio?: boolean
  /** Says how many files were found. Default true. */
  readonly verbose?: boolean
  /** Rounds the resized pixels to uint8, a quarter of the memory of float32 (Keras' default, false). */
  readonly uint8?: boolean
  /** Largest number of pixels of one picture. */
  readonly maxPixels?: number
  /** JPEG's inverse transform: `fast` (default) as in Keras on TensorFlow, `accurate` as Pillow's and PyTorch's. */
  readonly dct?: 'fast' | 'accurate'
}

/** A dataset of pictures that knows where they came from. Without labels there are no class names. */
export class ImageDataset extends Dataset {
  readonly classNames: readonly string[]
  readonly filePaths: readonly string[]
  constructor(dataset: Dataset, classNames: readonly string[], filePaths: readonly string[]) {
    super((options) => dataset.iterate(options), dataset.cardinality())
    this.classNames = classNames
    this.filePaths = filePaths
  }
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
const where = 'imageDatasetFromDirectory'

/**
 * Batches `[images, labels]` of the pictures under `directory`: images float32 (batch, height, width, channels), 0..255, resized as
 * tf.image.resize does. Class folders, files and splits come in Keras' order: the same seed gives the same files.
 * @throws ArgumentError for contradictory options, missing folders and folders without pictures; FormatError (while iterating) for broken pictures.
 */
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions & { subset: 'both' },
): Promise<[ImageDataset, ImageDataset]>
export async function imageDatasetFromDirectory(
  directory: string,
  options?: ImageDirectoryOptions,
): Promise<ImageDataset>
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions = {},
): Promise<ImageDataset | [ImageDataset, ImageDataset]> {
  const settings = checked(options)
  const { paths, labels, classNames } = await indexDirectory(where, directory, options)
  const say = (text: string): void => {
    if (options.verbose ?? true) console.log(text)
  }
  say(`Found ${paths.length} files${settings.labelMode === null ? '' : ` belonging to ${classNames.length} classes`}.`)
  if (paths.length === 0)
    throw new ArgumentError(
      problem({ where, expected: `pictures (${pictureExtensions.join(', ')}) under ${directory}`, received: 'none' }),
    )
  if (settings.labelMode === 'binary' && classNames.length !== 2)
    throw new ArgumentError(
      problem({ where, expected: 'exactly 2 classes for labelMode "binary"', received: classNames }),
    )
  const seed = options.seed ?? hostRandom(nextSeed()).int(1e6)
  if (settings.shuffle) {
    new RandomState(seed).shuffle(paths)
    new RandomState(seed).shuffle(labels)
  }
  const make = (from: number, to: number, shuffle: boolean): ImageDataset => {
    const files = paths.slice(from, to)
    const numbers = labels.slice(from, to)
    const { batchSize } = settings
    const listed = filesDataset(files, numbers)
    const ordered = shuffle ? listed.shuffle(batchSize === null ? 1024 : batchSize * 8, { seed }) : listed
    const load = async (path: string, label: number): Promise<Element> =>
      loadElement(path, label, classNames.length, settings)
    const pictures: Dataset = ordered.map(load, { numParallelCalls: Math.max(2, availableParallelism()) })
    const batches = batchSize === null ? pictures : pictures.batch(batchSize)
    return new ImageDataset(batches.prefetch(2), classNames, files)
  }
  const { validationSplit, subset } = options
  if (validationSplit === undefined || subset === undefined) return make(0, paths.length, settings.shuffle)
  const held = Math.floor(validationSplit * paths.length)
  const cut = paths.length - held
  if (subset !== 'validation') say(`Using ${cut} files for training.`)
  if (subset !== 'training') say(`Using ${held} files for validation.`)
  if (cut === 0 || held === 0)
    throw new ArgumentError(
      problem({
        where,
        expected: 'a validationSplit that leaves files on both sides',
        received: `${cut} for training, ${held} for validation`,
      }),
    )
  if (subset === 'training') return make(0, cut, settings.shuffle)
  if (subset === 'validation') return make(cut, paths.length, settings.shuffle)
  return [make(0, cut, settings.shuffle), make(cut, paths.length, false)]
}

interface Settings {
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
}

function checked(options: ImageDirectoryOptions): Settings {
  const refuse = (expected: string, received: unknown, hint?: string): never => {
    throw new ArgumentError(problem({ where, expected, received, ...(hint === undefined ? {} : { hint }) }))
  }
  const {
    labels = 'inferred',
    labelMode = 'int',
    colorMode = 'rgb',
    imageSize = [256, 256],
    shuffle = true,
    validationSplit,
    subset,
  } = options
  const { batchSize = 32 } = options
  const interpolation = (options.interpolation ?? 'bilinear').toLowerCase() as ResizeMethod
  if (
    labels !== 'inferred' &&
    labels !== null &&
    !(Array.isArray(labels) && labels.every((label) => Number.isInteger(label)))
  )
    refuse('labels "inferred", null or a list of whole numbers', labels)
  if (options.classNames !== undefined && labels !== 'inferred')
    refuse('classNames only with labels "inferred"', labels)
  if (!['int', 'categorical', 'binary', null].includes(labelMode))
    refuse('labelMode int, categorical, binary or null', labelMode)
  if ((labels === null) !== (labelMode === null))
    refuse('labels and labelMode both null, or neither', { labels, labelMode })
  if (!Object.hasOwn(channelsOf, colorMode)) refuse('colorMode grayscale, rgb or rgba', colorMode)
  const size: readonly [number, number] = typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize
  if (size.length !== 2 || !size.every((side) => Number.isInteger(side) && side > 0))
    refuse('imageSize: a positive whole number, or [height, width]', imageSize)
  if (!methods.includes(interpolation)) refuse(`interpolation ${methods.join(', ')}`, interpolation)
  if (!['fast', 'accurate', undefined].includes(options.dct)) refuse('dct "fast" or "accurate"', options.dct)
  if (options.cropToAspectRatio && options.padToAspectRatio)
    refuse('only one of cropToAspectRatio and padToAspectRatio', 'both')
  if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0))
    refuse('a positive batchSize, or null', batchSize)
  if (validationSplit !== undefined && !(validationSplit > 0 && validationSplit < 1))
    refuse('validationSplit between 0 and 1', validationSplit)
  if (subset !== undefined && !['training', 'validation', 'both'].includes(subset))
    refuse('subset training, validation or both', subset)
  if ((validationSplit === undefined) !== (subset === undefined))
    refuse('validationSplit and subset together', { validationSplit, subset })
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
  }
}

/** Pairs of path and label: plain values, which become tensors when the picture is loaded. */
function filesDataset(paths: readonly string[], labels: readonly number[]): Dataset<[string, number]> {
  return new Dataset(async function* () {
    await Promise.resolve()
    for (const [i, path] of paths.entries()) yield [path, labels[i]!]
  }, paths.length)
}

async function loadElement(path: string, label: number, classes: number, settings: Settings): Promise<Element> {
  const bytes = await readFile(path)
  const { size, channels, uint8, interpolation, fit, dct, maxPixels } = settings
  // As in TensorFlow, pixels that are only picked keep their type.
  const target = new (uint8 || interpolation === 'nearest' ? Uint8Array : Float32Array)(size[0] * size[1] * channels)
  await decodeResized(
    bytes,
    {
      channels,
      dct,
      source: path,
      plan: { size, method: interpolation, fit },
      ...(maxPixels === undefined ? {} : { maxPixels }),
    },
    target,
  )
  const image = tensor(target, { shape: [...size, channels] })
  switch (settings.labelMode) {
    case null:
      return image
    case 'int':
      return [image, tensor(label, { dtype: 'int32' })]
    case 'binary':
      return [image, tensor(Float32Array.of(label), { shape: [1] })]
    case 'categorical':
      return [
        image,
        tensor(
          Float32Array.from({ length: classes }, (_, i) => (i === label ? 1 : 0)),
          { shape: [classes] },
        ),
      ]
  }
}
