// Pictures named by a list or by a CSV file, with their labels: what Keras leaves to the user.
import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ArgumentError, FormatError, problem } from '../errors.ts'
import { didYouMean } from '../platform/arguments.ts'
import { isSystemError, opening } from '../platform/opening.ts'
import {
  aWholeNumber, checkValue, filePath, flag, folderPath, listOf, text, whole,
} from '../platform/option-rules.ts' // prettier-ignore
import type { OptionRule } from '../platform/option-rules.ts'
import { byCodePoint } from './directory-index.ts'
import { datasetsOfFiles } from './image-files.ts'
import type { Tensor } from '../ops/index.ts'
import type { ImageDataset } from './image-files.ts'
import { checkedOptions } from './image-options.ts'
import type { ImageOptions, Settings } from './image-options.ts'

export interface ImageListOptions extends ImageOptions {
  /** The classes in the order of their indices. Default: the labels that occur, sorted (numbers by size). */
  readonly classNames?: readonly string[]
  /** What paths that are not absolute are relative to. Default: the current folder, for a CSV file its own. */
  readonly directory?: string
}
export interface ImageCsvOptions extends ImageListOptions {
  /** Name of the column, or its number from 0. Default: `path`, `file`, `filename` or `image`, else the first. */
  readonly pathColumn?: string | number
  /** Default: `label` or `class`, else the second; with `labelMode: null` none. */
  readonly labelColumn?: string | number
  /** Only rows that have this value in this column, such as `{ column: 'split', value: 'train' }`. */
  readonly where?: { readonly column: string | number; readonly value: string }
  /** Default a comma. */
  readonly delimiter?: string
  /** Whether the first row names the columns. Default true. */
  readonly header?: boolean
}

type Labels = readonly (string | number)[] | null
const listRules = {
  classNames: listOf('names', text),
  directory: folderPath,
}
const column: OptionRule = {
  expected: 'the name of a column, or its number from 0',
  fits: (value) => text.fits(value) || whole(0).fits(value),
}
const csvRules: Readonly<Record<Exclude<keyof ImageCsvOptions, keyof ImageOptions>, OptionRule>> = {
  ...listRules,
  pathColumn: column,
  labelColumn: column,
  where: {
    expected: '{ column, value }, the column by its name or number, the value as text',
    fits: (value) => {
      const { column: name, value: wanted } = (value ?? {}) as { column?: unknown; value?: unknown }
      return column.fits(name) && typeof wanted === 'string'
    },
  },
  delimiter: text,
  header: flag,
}
const fileList: OptionRule = {
  ...listOf('paths of files', text),
  hint: 'For all pictures of a folder use imageDatasetFromDirectory',
}
const labelList: OptionRule = {
  expected: 'a list of names or whole numbers, or null',
  fits: (value) =>
    value === null || listOf('', { ...text, fits: (one) => text.fits(one) || aWholeNumber.fits(one) }).fits(value),
  hint: 'Without labels: null',
}

/**
 * As `imageDatasetFromDirectory`, of the files of a list, with one label (a name or a whole number) for each; without labels for
 * `labels` or `labelMode` null. Files come in the order of the list unless they are shuffled.
 * @throws ArgumentError for options that contradict each other and files that are not there.
 */
export async function imageDatasetFromList(
  files: readonly string[],
  labels: readonly (string | number)[] | null,
  options: ImageListOptions & { subset: 'both' },
): Promise<[ImageDataset, ImageDataset]>
export async function imageDatasetFromList(
  files: readonly string[],
  labels: readonly (string | number)[] | null,
  options: ImageListOptions & { labelMode: null },
): Promise<ImageDataset<Tensor>>
export async function imageDatasetFromList(
  files: readonly string[],
  labels: null,
  options?: ImageListOptions,
): Promise<ImageDataset<Tensor>>
export async function imageDatasetFromList(
  files: readonly string[],
  labels: readonly (string | number)[] | null,
  options?: ImageListOptions,
): Promise<ImageDataset>
export async function imageDatasetFromList(
  files: readonly string[],
  labels: readonly (string | number)[] | null,
  options: ImageListOptions = {},
): Promise<unknown> {
  const where = 'imageDatasetFromList'
  checkValue(where, 'files', files, fileList)
  checkValue(where, 'labels', labels, labelList)
  const settings = checkedOptions(where, options, listRules, `${where}(files, labels, { imageSize: [160, 160] })`)
  return fromList(where, files, labels, options, settings)
}

/**
 * The same, of the rows of a CSV file. @throws FormatError that names the line for a malformed file, ArgumentError for columns that it
 * does not have.
 */
export async function imageDatasetFromCsv(
  csvFile: string,
  options: ImageCsvOptions & { subset: 'both' },
): Promise<[ImageDataset, ImageDataset]>
export async function imageDatasetFromCsv(
  csvFile: string,
  options: ImageCsvOptions & { labelMode: null },
): Promise<ImageDataset<Tensor>>
export async function imageDatasetFromCsv(csvFile: string, options?: ImageCsvOptions): Promise<ImageDataset>
export async function imageDatasetFromCsv(csvFile: string, options: ImageCsvOptions = {}): Promise<unknown> {
  const where = 'imageDatasetFromCsv'
  checkValue(where, 'csvFile', csvFile, filePath)
  const settings = checkedOptions(where, options, csvRules, `${where}("photos.csv", { imageSize: [160, 160] })`)
  const { paths, labels } = await opening(where, csvFile, 'read', () => readCsv(csvFile, options))
  const directory = options.directory ?? dirname(csvFile)
  return fromList(csvFile, paths, options.labelMode === null ? null : labels, { ...options, directory }, settings)
}

async function fromList(
  where: string,
  files: readonly string[],
  labels: Labels,
  options: ImageListOptions,
  given: Settings,
): Promise<unknown> {
  const refuse = (expected: string, received: unknown, hint: { hint?: string } = {}): never => {
    throw new ArgumentError(problem({ where, expected, received, ...hint }))
  }
  const { directory = '.' } = options
  if (files.length === 0) refuse('at least one file', 'none')
  if (labels !== null && labels.length !== files.length)
    refuse(`one label for each of ${files.length} files`, `${labels.length} labels`)
  const paths = files.map((file) => resolve(directory, file))
  const missing = await firstMissing(paths)
  if (missing !== null && options.onError !== 'skip')
    refuse('files that are there', missing, {
      hint: 'Paths are relative to `directory`; onError: "skip" leaves out what is missing',
    })
  // Either of them says that there are no labels, as for a folder.
  if (labels === null || given.labelMode === null) {
    const none = { paths, labels: paths.map(() => 0), classNames: [] }
    return datasetsOfFiles(where, none, options, { ...given, labelMode: null })
  }
  const names = labels.map(String)
  const { classNames = sortedClasses(labels) } = options
  const numbers = new Map(classNames.map((name, i) => [name, i]))
  const unknown = names.find((name) => !numbers.has(name))
  if (unknown !== undefined) refuse(`labels among ${classNames.join(', ')}`, unknown, didYouMean(unknown, classNames))
  const indices = names.map((name) => numbers.get(name)!)
  return datasetsOfFiles(where, { paths, labels: indices, classNames }, options, given)
}

function sortedClasses(labels: readonly (string | number)[]): string[] {
  const names = [...new Set(labels.map(String))]
  const numeric = names.every((name) => /^-?\d+$/.test(name))
  return names.sort(numeric ? (a, b) => Number(a) - Number(b) : byCodePoint)
}

async function firstMissing(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const there = await access(path).then(
      () => true,
      () => false,
    )
    if (!there) return path
  }
  return null
}

async function readCsv(file: string, options: ImageCsvOptions): Promise<{ paths: string[]; labels: string[] }> {
  const { delimiter = ',', header = true, labelMode } = options
  const { parse } = await import('csv-parse')
  const input = createReadStream(file)
  const rows = input.pipe(parse({ delimiter, bom: true, skip_empty_lines: true, trim: true }))
  // An error of the file does not reach the parser by itself.
  input.once('error', (error) => rows.destroy(error))
  const paths: string[] = []
  const labels: string[] = []
  let columns: Columns | null = header ? null : columnsOf(file, null, options)
  try {
    for await (const row of rows as AsyncIterable<string[]>) {
      if (columns === null) {
        columns = columnsOf(file, row, options)
        continue
      }
      if (columns.filter !== null && row[columns.filter] !== options.where?.value) continue
      const [path, label] = [row[columns.path], columns.label === null ? '' : row[columns.label]]
      if (path === undefined || path === '' || label === undefined)
        throw new FormatError(problem({ where: file, expected: 'a path and a label in every row', received: row }))
      paths.push(path)
      labels.push(label)
    }
  } catch (error) {
    if (error instanceof ArgumentError || error instanceof FormatError) throw error
    if (isSystemError(error)) throw error
    const received = (error as Error).message
    throw new FormatError(problem({ where: file, expected: 'rows of CSV', received }), { cause: error })
  } finally {
    input.destroy()
  }
  if (labelMode !== null && paths.length > 0 && columns?.label === null)
    throw new ArgumentError(
      problem({
        where: file,
        expected: 'a column of labels',
        received: 'none',
        hint: 'Name it as `labelColumn`; without labels: labelMode: null',
      }),
    )
  return { paths, labels }
}

interface Columns {
  readonly path: number
  readonly label: number | null
  readonly filter: number | null
}
function columnsOf(file: string, names: readonly string[] | null, options: ImageCsvOptions): Columns {
  const find = (column: string | number): number => {
    const index = typeof column === 'number' ? column : (names?.indexOf(column) ?? -1)
    if (Number.isInteger(index) && index >= 0 && index < (names?.length ?? Infinity)) return index
    const expected = names === null ? 'numbers of columns, without a header' : `a column of ${names.join(', ')}`
    throw new ArgumentError(problem({ where: file, expected, received: column, ...didYouMean(column, names ?? []) }))
  }
  const usual = (candidates: readonly string[], otherwise: number): number => {
    const index = (names ?? []).findIndex((name) => candidates.includes(name.toLowerCase()))
    return index >= 0 ? index : otherwise
  }
  const { pathColumn, labelColumn, where, labelMode } = options
  return {
    path: pathColumn === undefined ? usual(['path', 'file', 'filename', 'image'], 0) : find(pathColumn),
    label: labelMode === null ? null : labelColumn === undefined ? usual(['label', 'class'], 1) : find(labelColumn),
    filter: where === undefined ? null : find(where.column),
  }
}
