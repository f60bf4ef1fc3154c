// datasets.load: a known data set by its name, in the splits that are asked for, as TensorFlow Datasets loads it.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ArgumentError, problem } from '../../errors.ts'
import { closest } from '../../platform/arguments.ts'
import { opening } from '../../platform/opening.ts'
import {
  abortSignal, aFunction, checkRules, checkValue, filePath, flag, folderPath, orNull, positive, text, whole, type OptionRule,
} from '../../platform/option-rules.ts' // prettier-ignore
import { cacheFolder } from '../cache-folder.ts'
import { AUTOTUNE, Dataset } from '../dataset.ts'
import type { DownloadOptions } from '../download.ts'
import type { ElementSpec } from '../element-spec.ts'
import type { Element } from '../structure.ts'
import type { Tensor } from '../../ops/index.ts'
import { buildSet } from './build.ts'
import { countOf, fileSlices, readingCycle } from './example-order.ts'
import type { FileSlice } from './example-order.ts'
import { namesRule, specOfFeatures } from './features.ts'
import { knownSets } from './known.ts'
import type { KnownSet } from './known.ts'
import { openNpzSet } from './npz-set.ts'
import type { NpzSetOptions } from './npz-set.ts'
import type { DatasetInfo, ExampleSource } from './source.ts'
import { slicesOf } from './split-spec.ts'
import { openStoredSet } from './stored-set.ts'

export interface LoadOptions extends Pick<DownloadOptions, 'signal' | 'onProgress'> {
  /** `[input, target]` tuples instead of records of all parts. */
  readonly asSupervised?: boolean
  /** Stacks so many examples, which must have one size. Default: single examples. */
  readonly batchSize?: number | null
  /** Reads the files of a split in another order each time. Default false. */
  readonly shuffleFiles?: boolean
  readonly shuffleSeed?: number
  /** Where sets are kept, each in `<name>/<version>`. Default: `datasets` in `cacheFolder()`. */
  readonly dataDir?: string
  /** false: only what is there already. Default true, unless `TANUKI_OFFLINE` is set. */
  readonly download?: boolean
}

const isText = (value: unknown): boolean => typeof value === 'string'
const rules: Readonly<Record<keyof LoadOptions | 'split', OptionRule>> = {
  split: {
    expected: 'a split such as "train[:80%]", a list or a record of them',
    fits: (value) =>
      isText(value) || (typeof value === 'object' && value !== null && Object.values(value).every(isText)),
  },
  asSupervised: flag,
  batchSize: orNull(whole(1)),
  shuffleFiles: flag,
  shuffleSeed: whole(0),
  dataDir: folderPath,
  download: flag,
  signal: abortSignal,
  onProgress: orNull(aFunction),
}
const npzRules: Readonly<Record<keyof LoadOptions | keyof NpzSetOptions | 'split', OptionRule>> = {
  ...rules,
  classNames: namesRule,
  maxBytes: positive,
}

/** The examples of some splits of a set, and what is known of the set. */
export class KnownDataset<T = Element> extends Dataset<T> {
  readonly info: DatasetInfo
  constructor(dataset: Dataset<T>, info: DatasetInfo) {
    super(
      (options) => dataset.iterate(options),
      dataset.cardinality(),
      () => dataset.elementSpec(),
    )
    this.info = info
  }
  /** The names of the classes, if the target (or the only label) has any. */
  get classNames(): readonly string[] {
    const { features, supervisedKeys } = this.info
    const labels = Object.entries(features).filter(([, spec]) => spec.kind === 'label')
    const label = labels.find(([name]) => name === supervisedKeys?.[1]) ?? labels[0]
    return label?.[1].kind === 'label' ? (label[1].names ?? []) : []
  }
}

type Splits = string | readonly string[] | Readonly<Record<string, string>>
/** With `asSupervised`, elements are pairs of input and target. */
type Loaded<S, T = Element> = S extends string ? KnownDataset<T> : { [K in keyof S]: KnownDataset<T> }
type Supervised = { readonly asSupervised: true }

/**
 * Loads a known data set, or one that lies in `dataDir`. `split` in the language of TensorFlow Datasets (`train[:40%]+test`): text
 * gives a dataset, a list a list, a record a record; without it, a record of all splits. Sets that are not there are downloaded, checked
 * and prepared first. Pictures come as uint8 of their own size, labels as int32, text as strings.
 * @throws ArgumentError for unknown names and splits, DownloadError, FormatError for damaged files, AbortError.
 */
export async function load<const S extends Splits>(
  name: string,
  options: LoadOptions & { readonly split: S } & Supervised,
): Promise<Loaded<S, [Tensor, Tensor]>>
export async function load<const S extends Splits>(
  name: string,
  options: LoadOptions & { readonly split: S },
): Promise<Loaded<S>>
export async function load(name: string, options?: LoadOptions): Promise<Record<string, KnownDataset>>
export async function load(
  name: string,
  options: LoadOptions & { readonly split?: string | readonly string[] | Readonly<Record<string, string>> } = {},
): Promise<unknown> {
  checkValue('datasets.load', 'name', name, text)
  checkRules('datasets.load', options, rules, "datasets.load('cats_vs_dogs', { split: 'train' })")
  const source = await openSet(name, options)
  return splitsOf(source, options)
}

/** As `load`, from a folder that TensorFlow Datasets, or a build of this library, has written. */
export async function loadFromDirectory<const S extends Splits>(
  folder: string,
  options: LoadOptions & { readonly split: S } & Supervised,
): Promise<Loaded<S, [Tensor, Tensor]>>
export async function loadFromDirectory<const S extends Splits>(
  folder: string,
  options: LoadOptions & { readonly split: S },
): Promise<Loaded<S>>
export async function loadFromDirectory(folder: string, options?: LoadOptions): Promise<Record<string, KnownDataset>>
export async function loadFromDirectory(
  folder: string,
  options: LoadOptions & { readonly split?: string | readonly string[] | Readonly<Record<string, string>> } = {},
): Promise<unknown> {
  checkValue('datasets.loadFromDirectory', 'folder', folder, folderPath)
  checkRules('datasets.loadFromDirectory', options, rules, "datasets.loadFromDirectory(folder, { split: 'train' })")
  return splitsOf(await openStoredSet(folder), options)
}

/**
 * As `load`, from a .npz file in the layout of keras.datasets: `x_train`, `y_train`, `x_test`, `y_test`, or other splits (see `NpzSetOptions`
 * for the rest). uint8 pictures come as `image` with an axis of channels, classes as int32 `label`, in the order of the file, which is held
 * in memory. @throws FormatError for damage and arrays that do not belong together; ArgumentError if there is no such file.
 */
export async function loadFromNpz<const S extends Splits>(
  path: string,
  options: LoadOptions & NpzSetOptions & { readonly split: S } & Supervised,
): Promise<Loaded<S, [Tensor, Tensor]>>
export async function loadFromNpz<const S extends Splits>(
  path: string,
  options: LoadOptions & NpzSetOptions & { readonly split: S },
): Promise<Loaded<S>>
export async function loadFromNpz(
  path: string,
  options?: LoadOptions & NpzSetOptions,
): Promise<Record<string, KnownDataset>>
export async function loadFromNpz(
  path: string,
  options: LoadOptions &
    NpzSetOptions & { readonly split?: string | readonly string[] | Readonly<Record<string, string>> } = {},
): Promise<unknown> {
  const where = 'datasets.loadFromNpz'
  checkValue(where, 'path', path, filePath)
  checkRules(where, options, npzRules, "datasets.loadFromNpz(path, { split: 'train' })")
  const { classNames, maxBytes } = options
  const limits = { ...(classNames ? { classNames } : {}), ...(maxBytes === undefined ? {} : { maxBytes }) }
  const source = await opening(where, path, 'read', () => openNpzSet(path, limits))
  return splitsOf(source, options)
}

/** The names that `load` knows. */
export function list(): string[] {
  return [...knownSets.keys()].sort()
}

function splitsOf(
  source: ExampleSource,
  options: LoadOptions & { readonly split?: string | readonly string[] | Readonly<Record<string, string>> },
): unknown {
  const { split = Object.fromEntries(Object.keys(source.info.splits).map((one) => [one, one])) } = options
  const make = (spec: string): KnownDataset => datasetOf(source, spec, options)
  if (typeof split === 'string') return make(split)
  if (Array.isArray(split)) return (split as readonly string[]).map(make)
  return Object.fromEntries(Object.entries(split).map(([key, spec]) => [key, make(spec as string)]))
}

async function openSet(name: string, options: LoadOptions): Promise<ExampleSource> {
  const [plain, version] = name.split(':') as [string, string | undefined]
  const dataDir = options.dataDir ?? join(cacheFolder(), 'datasets')
  const known = knownSets.get(plain)
  if (known !== undefined) {
    const source = await openKnown(known, dataDir, options)
    if (version === undefined || version === source.info.version) return source
  }
  const folder = join(dataDir, plain)
  const there = /^[\p{L}\p{N}_]+$/u.test(plain) ? await versionsIn(folder) : []
  const wanted = version ?? there.at(-1)
  if (wanted !== undefined && there.includes(wanted)) return openStoredSet(join(folder, wanted))
  const expected = `a data set of ${list().join(', ')}, or one in ${dataDir}`
  const near = closest(plain, list())
  const hint = near === null ? 'Define a set of your own with datasets.register' : `Did you mean "${near}"?`
  throw new ArgumentError(problem({ where: 'datasets.load', expected, received: name, hint }))
}

async function openKnown(known: KnownSet, dataDir: string, options: LoadOptions): Promise<ExampleSource> {
  const { signal, onProgress, download } = options
  const common = {
    downloads: join(dataDir, 'downloads'),
    ...(signal ? { signal } : {}),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(download === undefined ? {} : { offline: !download }),
  }
  if ('open' in known) return known.open({ dataDir, ...common })
  return openStoredSet(await buildSet(known, dataDir, common))
}

/** The versions of a set that lie in its folder, the highest last. */
async function versionsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const versions = names.filter((name) => /^\d+\.\d+\.\d+$/.test(name))
  const rank = (version: string): number[] => version.split('.').map(Number)
  return versions.sort((a, b) => {
    const [x, y] = [rank(a), rank(b)]
    return x[0]! - y[0]! || x[1]! - y[1]! || x[2]! - y[2]!
  })
}

function datasetOf(source: ExampleSource, spec: string, options: LoadOptions): KnownDataset {
  const { info } = source
  const pieces = fileSlices(slicesOf(spec, info.splits), info.splits)
  const where = `split ${spec} of ${info.name}`
  if (pieces.length === 0) throw new ArgumentError(problem({ where, expected: 'examples', received: 'no data' }))
  const keys = options.asSupervised === true ? info.supervisedKeys : undefined
  if (keys === null)
    throw new ArgumentError(
      problem({ where, expected: 'a set with an input and a target for asSupervised', received: info.name }),
    )
  const files = new Dataset<FileSlice>(async function* () {
    await Promise.resolve()
    yield* pieces
  }, pieces.length)
  const { shuffleSeed, batchSize } = options
  const ordered =
    options.shuffleFiles === true
      ? files.shuffle(pieces.length, shuffleSeed === undefined ? {} : { seed: shuffleSeed })
      : files
  const raw = ordered.interleave((piece: FileSlice) => {
    return new Dataset<{ raw: unknown }>(async function* (iteration) {
      for await (const one of source.read(piece, iteration)) yield { raw: one }
    }, piece.take)
  }, readingCycle)
  const decode = async ({ raw: one }: { raw: unknown }): Promise<Element> => {
    const parts = await source.decode(one)
    return (keys === undefined ? parts : keys.map((key) => parts[key])) as Element
  }
  // Pictures are decoded off the main thread, several at a time.
  const elements = raw.map(decode, { numParallelCalls: AUTOTUNE }) as Dataset
  const elementSpec = (): ElementSpec => {
    if (keys === undefined) return specOfFeatures(info.features)
    return keys.map((key) => specOfFeatures({ [key]: info.features[key]! })[key]!)
  }
  const examples = new Dataset<Element>((iteration) => elements.iterate(iteration), countOf(pieces), elementSpec)
  const batched = batchSize === undefined || batchSize === null ? examples : examples.batch(batchSize)
  return new KnownDataset(batched.prefetch(AUTOTUNE), info)
}
