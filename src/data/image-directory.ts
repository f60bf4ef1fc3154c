// imageDatasetFromDirectory: a folder of labelled pictures as batches, with Keras' order of classes, files and splits.
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { ArgumentError, problem } from '../errors.ts'
import type { ResizeMethod } from '../graph/primitives.ts'
import { tensor } from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { Dataset } from './dataset.ts'
import { decodeImage } from './decode-image.ts'
import type { Channels } from './decode-image.ts'
import { RandomState } from './random-state.ts'
import { resizeImage } from './resize-image.ts'
import type { Pixels } from './resize-image.ts'
import type { Element } from './structure.ts'

export type LabelMode = 'int' | 'categorical' | 'binary' | null
export type ColorMode = 'grayscale' | 'rgb' | 'rgba'

export interface ImageDirectoryOptions {
  /** `inferred` from the folders (default), null for none, or one whole number for each file in sorted order. */
  readonly labels?: 'inferred' | null | readonly number[]
  /** `int` (default): int32 (batch,); `categorical`: float32 one-hot; `binary`: float32 (batch, 1); null: no labels. */
  readonly labelMode?: LabelMode
  /** Folders to use, in the order of their indices. Default: all, sorted. */
  readonly classNames?: readonly string[]
  readonly colorMode?: ColorMode
  /** Default 32; null: single pictures. */
  readonly batchSize?: number | null
  /** [height, width] or one number for both. Default [256, 256]. */
  readonly imageSize?: number | readonly [number, number]
  /** Default true. */
  readonly shuffle?: boolean
  readonly seed?: number
  /** Part of the files, between 0 and 1, that is set aside for validation. Needs `subset`. */
  readonly validationSplit?: number
  readonly subset?: 'training' | 'validation' | 'both'
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
}

/** A dataset of pictures that knows where they came from. */
export class ImageDataset extends Dataset {
  readonly classNames: readonly string[]
  readonly filePaths: readonly string[]
  constructor(dataset: Dataset, classNames: readonly string[], filePaths: readonly string[]) {
    super((options) => dataset.iterate(options), dataset.cardinality())
    this.classNames = classNames
    this.filePaths = filePaths
  }
}

const extensions = ['.bmp', '.gif', '.jpeg', '.jpg', '.png']
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
  const { paths, labels, classNames } = await indexDirectory(directory, options)
  const say = (text: string): void => {
    if (options.verbose ?? true) console.log(text)
  }
  say(`Found ${paths.length} files${settings.labelMode === null ? '' : ` belonging to ${classNames.length} classes`}.`)
  if (paths.length === 0)
    throw new ArgumentError(
      problem({ where, expected: `pictures (${extensions.join(', ')}) under ${directory}`, received: 'none' }),
    )
  if (settings.labelMode === 'binary' && classNames.length !== 2)
    throw new ArgumentError(
      problem({ where, expected: 'exactly 2 classes for labelMode "binary"', received: classNames }),
    )
  const seed = options.seed ?? Math.floor(Math.random() * 1e6)
  if (settings.shuffle) {
    new RandomState(seed).shuffle(paths)
    new RandomState(seed).shuffle(labels)
  }
  const make = (from: number, to: number, shuffle: boolean): ImageDataset => {
    const files = paths.slice(from, to)
    const numbers = labels.slice(from, to)
    let dataset = pathDataset(files, numbers)
    const { batchSize } = settings
    if (shuffle) dataset = dataset.shuffle(batchSize === null ? 1024 : batchSize * 8, { seed })
    dataset = dataset.map(
      async (path: string, label: number) => loadElement(path, label, classNames.length, settings),
      { numParallelCalls: Math.max(2, availableParallelism()) },
    ) as unknown as Dataset
    if (batchSize !== null) dataset = dataset.batch(batchSize)
    return new ImageDataset(dataset.prefetch(2), classNames, files)
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
  readonly crop: boolean
  readonly pad: boolean
  readonly uint8: boolean
  readonly maxPixels: number | undefined
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
  const { interpolation = 'bilinear', batchSize = 32 } = options
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
    crop: options.cropToAspectRatio ?? false,
    pad: options.padToAspectRatio ?? false,
    uint8: options.uint8 ?? false,
    maxPixels: options.maxPixels,
  }
}

/** By code point, as Python sorts; JavaScript's own order is by UTF-16 unit. */
export function byCodePoint(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

async function indexDirectory(
  directory: string,
  options: ImageDirectoryOptions,
): Promise<{ paths: string[]; labels: number[]; classNames: readonly string[] }> {
  const { labels = 'inferred', followLinks = false } = options
  let entries
  try {
    entries = await readdir(directory, { withFileTypes: true })
  } catch (error) {
    throw new ArgumentError(
      problem({
        where,
        expected: 'a folder',
        received: resolve(directory),
        hint: error instanceof Error ? error.message : String(error),
      }),
      { cause: error },
    )
  }
  if (labels !== 'inferred') {
    const paths = await walk(directory, followLinks)
    if (labels !== null && labels.length !== paths.length)
      throw new ArgumentError(
        problem({
          where,
          expected: `one label for each of ${paths.length} files`,
          received: `${labels.length} labels`,
        }),
      )
    const numbers = labels === null ? paths.map(() => 0) : [...labels]
    return { paths, labels: numbers, classNames: [...new Set(numbers)].sort((a, b) => a - b).map(String) }
  }
  const folders = entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || (entry.isSymbolicLink() && followLinks)))
    .map((entry) => entry.name)
    .sort(byCodePoint)
  const { classNames = folders } = options
  for (const name of classNames)
    if (!folders.includes(name))
      throw new ArgumentError(
        problem({ where, expected: `classNames among the folders ${folders.join(', ')}`, received: name }),
      )
  const paths: string[] = []
  const numbers: number[] = []
  for (const [index, name] of classNames.entries()) {
    for (const path of await walk(join(directory, name), followLinks)) {
      paths.push(path)
      numbers.push(index)
    }
  }
  return { paths, labels: numbers, classNames }
}

/** All pictures below a folder: folders sorted by path, names sorted within. */
async function walk(root: string, followLinks: boolean): Promise<string[]> {
  const folders = new Map<string, string[]>()
  const visit = async (folder: string): Promise<void> => {
    const names: string[] = []
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() || (entry.isSymbolicLink() && followLinks && (await isFolder(path)))) await visit(path)
      else if (extensions.includes(extname(entry.name).toLowerCase())) names.push(entry.name)
    }
    folders.set(folder, names.sort(byCodePoint))
  }
  await visit(root)
  return [...folders.keys()]
    .sort(byCodePoint)
    .flatMap((folder) => folders.get(folder)!.map((name) => join(folder, name)))
}

async function isFolder(path: string): Promise<boolean> {
  try {
    await readdir(path)
    return true
  } catch {
    return false // a link to a file, or to nothing
  }
}

/** (path, label) pairs; plain values, which become tensors when the picture is loaded. */
function pathDataset(paths: readonly string[], labels: readonly number[]): Dataset {
  return new Dataset(async function* () {
    await Promise.resolve()
    for (const [i, path] of paths.entries()) yield [path, labels[i]!] as unknown as Element
  }, paths.length)
}

async function loadElement(path: string, label: number, classes: number, settings: Settings): Promise<Element> {
  const bytes = await readFile(path)
  const { maxPixels } = settings
  const pixels = await decodeImage(bytes, {
    channels: settings.channels,
    source: path,
    ...(maxPixels === undefined ? {} : { maxPixels }),
  })
  const image = toTensor(fit(pixels, settings), settings)
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

function toTensor(data: Float32Array, { size, channels, uint8 }: Settings): Tensor {
  const shape = [...size, channels]
  if (!uint8) return tensor(data, { shape })
  // Half to even, as NumPy rounds.
  return tensor(
    Uint8Array.from(data, (value) => Math.max(0, Math.min(255, roundHalfEven(value)))),
    { shape },
  )
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low
}

function fit(pixels: Pixels, { size, interpolation, crop, pad }: Settings): Float32Array {
  const [height, width] = size
  if (crop) return resizeImage(centerCrop(pixels, height, width), size, interpolation)
  if (!pad) return resizeImage(pixels, size, interpolation)
  // Letter-box: zeros around the picture bring it to the wanted ratio first.
  const padded = letterBox(pixels, height, width)
  return resizeImage(padded, size, interpolation)
}

function centerCrop({ data, height, width, channels }: Pixels, targetHeight: number, targetWidth: number): Pixels {
  const cropHeight = Math.max(Math.min(height, Math.trunc((width * targetHeight) / targetWidth)), 1)
  const cropWidth = Math.max(Math.min(width, Math.trunc((height * targetWidth) / targetHeight)), 1)
  const top = Math.trunc((height - cropHeight) / 2)
  const left = Math.trunc((width - cropWidth) / 2)
  const out = new Uint8Array(cropHeight * cropWidth * channels)
  for (let y = 0; y < cropHeight; y++) {
    const from = ((top + y) * width + left) * channels
    out.set(data.subarray(from, from + cropWidth * channels), y * cropWidth * channels)
  }
  return { data: out, height: cropHeight, width: cropWidth, channels }
}

function letterBox({ data, height, width, channels }: Pixels, targetHeight: number, targetWidth: number): Pixels {
  const boxHeight = Math.max(height, Math.trunc((width * targetHeight) / targetWidth))
  const boxWidth = Math.max(width, Math.trunc((height * targetWidth) / targetHeight))
  const top = Math.trunc((boxHeight - height) / 2)
  const left = Math.trunc((boxWidth - width) / 2)
  const out = new Uint8Array(boxHeight * boxWidth * channels)
  for (let y = 0; y < height; y++)
    out.set(data.subarray(y * width * channels, (y + 1) * width * channels), ((top + y) * boxWidth + left) * channels)
  return { data: out, height: boxHeight, width: boxWidth, channels }
}
