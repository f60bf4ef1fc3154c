// Datasets of picture files with labels: their order, their split, their batches.
import { availableParallelism } from 'node:os'
import { ArgumentError, problem } from '../errors.ts'
import { hostRandom, nextSeed, tensor, type Tensor } from '../ops/index.ts'
import { mapOrdered, type Elements } from './concurrency.ts'
import { Dataset, UNKNOWN, type IterationOptions } from './dataset.ts'
import { requireDataset } from './dataset-arguments.ts'
import type { DirectoryIndex } from './directory-index.ts'
import { TensorSpec } from './element-spec.ts'
import type { ElementSpec } from './element-spec.ts'
import type { ImageOptions, Settings } from './image-options.ts'
import { pictureBatches } from './picture-batches.ts'
import { PictureLoader } from './picture-loader.ts'
import { RandomState } from './random-state.ts'
import { SkippedPictures } from './skipped-pictures.ts'
import type { SkippedImage } from './skipped-pictures.ts'
import type { Element } from './structure.ts'

/** A dataset of pictures that knows where they came from. Without labels there are no class names, and elements are pictures alone. */
export class ImageDataset<T = [Tensor, Tensor]> extends Dataset<T> {
  readonly classNames: readonly string[]
  readonly filePaths: readonly string[]
  /** The class of each file; empty without labels. */
  readonly labels: readonly number[]
  readonly #skipped: SkippedPictures
  constructor(
    dataset: Dataset<T>,
    classNames: readonly string[],
    filePaths: readonly string[],
    labels: readonly number[] = [],
    skipped = new SkippedPictures(),
  ) {
    requireDataset('constructor', 'dataset', dataset)
    super(
      (options) => dataset.iterate(options),
      dataset.cardinality(),
      () => dataset.elementSpec(),
    )
    this.classNames = classNames
    this.filePaths = filePaths
    this.labels = labels
    this.#skipped = skipped
  }
  /** With `onError: 'skip'`: the pictures that could not be read in the iterations so far. */
  get skipped(): readonly SkippedImage[] {
    return this.#skipped.list
  }
}

/**
 * One dataset, or two for `subset: 'both'`, of the files, shuffled and split as Keras does.
 * @throws ArgumentError for splits that leave nothing on one side.
 */
export function datasetsOfFiles(
  where: string,
  { paths, labels, classNames }: DirectoryIndex,
  options: ImageOptions,
  settings: Settings,
): ImageDataset<Element> | [ImageDataset<Element>, ImageDataset<Element>] {
  const say = (text: string): void => {
    if (options.verbose ?? true) console.log(text)
  }
  say(`Found ${paths.length} files${settings.labelMode === null ? '' : ` belonging to ${classNames.length} classes`}.`)
  if (settings.labelMode === 'binary' && classNames.length !== 2)
    throw new ArgumentError(
      problem({
        where,
        expected: 'exactly 2 classes for labelMode "binary"',
        received: classNames,
        hint: 'For more classes take "int" or "categorical"; `classNames` chooses some of them',
      }),
    )
  const order = paths.map((_, i) => i)
  const seed = options.seed ?? hostRandom(nextSeed()).int(1e6)
  if (settings.shuffle) new RandomState(seed).shuffle(order)
  const make = (chosen: readonly number[], shuffle: boolean): ImageDataset<Element> => {
    const files = chosen.map((i) => paths[i]!)
    const numbers = chosen.map((i) => labels[i]!)
    const { batchSize, labelMode, skip } = settings
    const listed = filesDataset(files, numbers)
    const ordered = shuffle ? listed.shuffle(batchSize === null ? 1024 : batchSize * 8, { seed }) : listed
    const skipped = new SkippedPictures()
    const classes = classNames.length
    const spec = specOfPictures(classes, settings)
    const noted = skip ? skipped : null
    const pictures =
      batchSize === null
        ? singlePictures(ordered, classes, settings, spec, noted)
        : pictureBatches(ordered, batchSize, classes, settings, spec, noted)
    return new ImageDataset(pictures, classNames, files, labelMode === null ? [] : numbers, skipped)
  }
  const { validationSplit, subset } = options
  if (validationSplit === undefined || subset === undefined) return make(order, settings.shuffle)
  const held = heldOut(order, labels, validationSplit, options.stratified ?? false)
  const training = order.filter((i) => !held.has(i))
  const validation = order.filter((i) => held.has(i))
  if (subset !== 'validation') say(`Using ${training.length} files for training.`)
  if (subset !== 'training') say(`Using ${validation.length} files for validation.`)
  if (training.length === 0 || validation.length === 0)
    throw new ArgumentError(
      problem({
        where,
        expected: 'a validationSplit that leaves files on both sides',
        received: `${validationSplit}: ${training.length} for training, ${validation.length} for validation`,
      }),
    )
  if (subset === 'training') return make(training, settings.shuffle)
  if (subset === 'validation') return make(validation, settings.shuffle)
  return [make(training, settings.shuffle), make(validation, false)]
}

/** The files set aside: the last ones, or, stratified, the last ones of each class, as many as there are otherwise. */
function heldOut(order: readonly number[], labels: readonly number[], part: number, stratified: boolean): Set<number> {
  const count = Math.floor(part * order.length)
  if (!stratified) return new Set(count === 0 ? [] : order.slice(-count))
  const sizes = new Map<number, number>()
  for (const i of order) sizes.set(labels[i]!, (sizes.get(labels[i]!) ?? 0) + 1)
  // Whole parts first, then one more for the classes with the largest remainders.
  const quotas = new Map([...sizes].map(([label, size]) => [label, Math.floor(part * size)]))
  let missing = count - [...quotas.values()].reduce((sum, quota) => sum + quota, 0)
  const remainder = (label: number): number => part * sizes.get(label)! - quotas.get(label)!
  for (const label of [...sizes.keys()].sort((a, b) => remainder(b) - remainder(a) || a - b))
    if (missing-- > 0) quotas.set(label, quotas.get(label)! + 1)
  const held = new Set<number>()
  for (const i of [...order].reverse()) {
    const quota = quotas.get(labels[i]!)!
    if (quota === 0) continue
    quotas.set(labels[i]!, quota - 1)
    held.add(i)
  }
  return held
}

const parallel = Math.max(2, availableParallelism())

/** One by one; without those that cannot be read, which `skipped` takes, or null: an error. */
function singlePictures(
  files: Dataset<[string, number]>,
  classes: number,
  settings: Settings,
  spec: ElementSpec,
  skipped: SkippedPictures | null,
): Dataset {
  const loader = new PictureLoader(settings)
  const load = async ([path, label]: [string, number]): Promise<Element | null> => {
    try {
      return await loadElement(loader, path, label, classes, settings)
    } catch (error) {
      if (skipped === null) throw error
      skipped.note(path, error)
      return null
    }
  }
  const good = async function* (options: IterationOptions): Elements<Element> {
    for await (const element of mapOrdered(files.iterate(options), load, parallel)) if (element !== null) yield element
  }
  const source = (options: IterationOptions): Elements<Element> => skipped?.said(good(options)) ?? good(options)
  return new Dataset(source, skipped === null ? files.cardinality() : UNKNOWN, () => spec).prefetch(2)
}

function specOfPictures(classes: number, { size, channels, labelMode, uint8, interpolation }: Settings): ElementSpec {
  const image = new TensorSpec([...size, channels], uint8 || interpolation === 'nearest' ? 'uint8' : 'float32')
  if (labelMode === null) return image
  if (labelMode === 'int') return [image, new TensorSpec([], 'int32')]
  return [image, new TensorSpec([labelMode === 'binary' ? 1 : classes], 'float32')]
}

/** Pairs of path and label: plain values, which become tensors when the picture is loaded. */
function filesDataset(paths: readonly string[], labels: readonly number[]): Dataset<[string, number]> {
  return new Dataset(async function* () {
    await Promise.resolve()
    for (const [i, path] of paths.entries()) yield [path, labels[i]!]
  }, paths.length)
}

async function loadElement(
  loader: PictureLoader,
  path: string,
  label: number,
  classes: number,
  settings: Settings,
): Promise<Element> {
  const image = await loader.loadOne(path)
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
