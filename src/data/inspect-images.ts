// A look at datasets of pictures before training: how many of each class, what is there twice, what cannot be read.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { FormatError } from '../errors.ts'
import { abortSignal, checkRules, checkValue, flag } from '../platform/option-rules.ts'
import type { OptionRule } from '../platform/option-rules.ts'
import { abortError } from '../platform/wait.ts'
import { mapOrdered } from './concurrency.ts'
import { decodePixels } from './decode-image.ts'
import { Dataset } from './dataset.ts'
import { ImageDataset } from './image-files.ts'
import type { Element } from './structure.ts'

export interface ImageFile {
  readonly split: string
  readonly path: string
  /** Empty without labels. */
  readonly className: string
}
export interface ImageReport {
  /** For each split the number of files, and of those of each class. */
  readonly splits: Readonly<
    Record<string, { readonly files: number; readonly classes: Readonly<Record<string, number>> }>
  >
  /** Groups of files with the same bytes. */
  readonly duplicates: readonly (readonly ImageFile[])[]
  /** Those of them that lie in more than one split: what is tested was trained on. */
  readonly leaks: readonly (readonly ImageFile[])[]
  /** Those of them with different classes. */
  readonly contradictions: readonly (readonly ImageFile[])[]
  readonly unreadable: readonly (ImageFile & { readonly reason: string })[]
  /** All of it as a table and lists. */
  toString(): string
}

export interface InspectOptions {
  /** Decodes every picture, so that truncated ones are found too. Default true; false only reads and compares bytes. */
  readonly decode?: boolean
  readonly signal?: AbortSignal
}

const where = 'inspectImages'
const named: OptionRule = {
  expected: 'image datasets by name, such as { train, validation }',
  fits: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Dataset) return false
    const datasets = Object.values(value)
    return datasets.length > 0 && datasets.every((dataset) => dataset instanceof ImageDataset)
  },
  hint: 'Image datasets are what imageDatasetFromDirectory, -List and -Csv give, before any map or batch',
}

/** Reads all files of the datasets, named as the splits are to be called. @throws ArgumentError for no dataset; AbortError. */
export async function inspectImages(
  datasets: Readonly<Record<string, ImageDataset<Element>>>,
  options: InspectOptions = {},
): Promise<ImageReport> {
  checkValue(where, 'datasets', datasets, named)
  checkRules(
    where,
    options,
    { decode: flag, signal: abortSignal },
    `${where}({ train, validation }, { decode: false })`,
  )
  const { decode = true, signal } = options
  const entries = Object.entries(datasets)
  const classNames = [...new Set(entries.flatMap(([, dataset]) => dataset.classNames))]
  const splits: Record<string, { files: number; classes: Record<string, number> }> = {}
  const all: ImageFile[] = []
  for (const [split, { filePaths, labels, classNames: own }] of entries) {
    const classes = Object.fromEntries(classNames.map((name) => [name, 0]))
    for (const [i, path] of filePaths.entries()) {
      const className = labels.length === 0 ? '' : (own[labels[i]!] ?? String(labels[i]))
      if (className !== '') classes[className] = (classes[className] ?? 0) + 1
      all.push({ split, path, className })
    }
    splits[split] = { files: filePaths.length, classes }
  }
  const { groups, unreadable } = await readAll(all, decode, signal)
  const duplicates = groups.filter((group) => group.length > 1)
  const differ = (key: 'split' | 'className') => (group: readonly ImageFile[]) =>
    new Set(group.map((file) => file[key])).size > 1
  const report = {
    splits,
    duplicates,
    leaks: duplicates.filter(differ('split')),
    contradictions: duplicates.filter(differ('className')),
    unreadable,
  }
  return { ...report, toString: () => show(report, classNames) }
}

async function readAll(files: readonly ImageFile[], decode: boolean, signal?: AbortSignal) {
  const byContent = new Map<string, ImageFile[]>()
  const unreadable: (ImageFile & { reason: string })[] = []
  async function* source(): AsyncGenerator<ImageFile, void, undefined> {
    await Promise.resolve()
    for (const file of files) {
      if (signal?.aborted) throw abortError('inspectImages', signal)
      yield file
    }
  }
  const look = async (file: ImageFile): Promise<{ file: ImageFile; hash: string | null; reason: string | null }> => {
    let bytes: Uint8Array
    try {
      bytes = await readFile(file.path)
    } catch (error) {
      return { file, hash: null, reason: (error as Error).message }
    }
    const hash = createHash('sha256').update(bytes).digest('hex')
    try {
      if (decode) await decodePixels(bytes, { source: file.path })
      return { file, hash, reason: null }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      return { file, hash, reason: error.message }
    }
  }
  for await (const { file, hash, reason } of mapOrdered(source(), look, Math.max(2, availableParallelism()))) {
    if (reason !== null) unreadable.push({ ...file, reason })
    if (hash !== null) byContent.set(hash, [...(byContent.get(hash) ?? []), file])
  }
  return { groups: [...byContent.values()], unreadable }
}

type Parts = Omit<ImageReport, 'toString'>
function show({ splits, duplicates, leaks, contradictions, unreadable }: Parts, classNames: readonly string[]): string {
  const names = Object.keys(splits)
  const rows = [
    ['class', ...names],
    ...classNames.map((name) => [name, ...names.map((split) => String(splits[split]!.classes[name] ?? 0))]),
    ['all', ...names.map((split) => String(splits[split]!.files))],
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const table = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
  )
  const groups = (title: string, list: Parts['duplicates']): string[] =>
    list.length === 0 ? [] : [`${title}: ${list.length}`, ...list.slice(0, 10).map(groupLine), ...more(list.length)]
  const within = duplicates.filter((group) => !leaks.includes(group) && !contradictions.includes(group))
  return [
    ...table,
    ...groups('the same picture in more than one split', leaks),
    ...groups('the same picture in more than one class', contradictions),
    ...groups('the same picture twice', within),
    ...(unreadable.length === 0 ? [] : [`pictures that cannot be read: ${unreadable.length}`]),
    ...unreadable.slice(0, 10).map(({ split, path, reason }) => `  ${split}: ${path} (${reason})`),
    ...more(unreadable.length),
  ].join('\n')
}
function groupLine(group: readonly ImageFile[]): string {
  return `  ${group.map(({ split, path }) => `${split}: ${path}`).join(' = ')}`
}
function more(count: number): string[] {
  return count > 10 ? [`  and ${count - 10} more`] : []
}
