// Pictures from lists and CSV files, stratified splits, broken pictures, and the report before training.
import { copyFile, cp, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  imageDatasetFromCsv, imageDatasetFromDirectory, imageDatasetFromList, inspectImages, TensorSpec, UNKNOWN,
} from '../../src/data/index.ts' // prettier-ignore
import type { ImageDataset } from '../../src/data/index.ts'
import { AbortError, ArgumentError, FormatError } from '../../src/errors.ts'
import type { Tensor } from '../../src/ops/index.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'

let folder: string
let classes: string[]
const quiet = { verbose: false, imageSize: 8 } as const
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tanuki-list-'))
  await cp('assets/clothing-mini/test', folder, { recursive: true })
  classes = (await readdir(folder)).sort()
})
afterEach(async () => {
  vi.restoreAllMocks()
  setWarningHandler(null)
  await rm(folder, { recursive: true })
})
const filesOf = async (name: string): Promise<string[]> =>
  (await readdir(join(folder, name))).sort().map((file) => `${name}/${file}`)
async function labelsOf(dataset: ImageDataset): Promise<number[]> {
  const labels: number[] = []
  for await (const batch of dataset) labels.push(...(await (batch as [Tensor, Tensor])[1].data()))
  return labels
}
const counts = (labels: readonly number[]): number[] => {
  const result: number[] = []
  for (const label of labels) result[label] = (result[label] ?? 0) + 1
  return result
}

describe('lists', () => {
  test('files with names as labels, in the order of the list', async () => {
    const files = [...(await filesOf(classes[1]!)).slice(0, 3), ...(await filesOf(classes[0]!)).slice(0, 2)]
    const labels = files.map((file) => file.split('/')[0]!)
    const options = { ...quiet, directory: folder, shuffle: false }
    const dataset = await imageDatasetFromList(files, labels, options)
    expect(dataset.classNames).toEqual([classes[0], classes[1]].sort())
    expect(dataset.filePaths).toEqual(files.map((file) => join(folder, file)))
    expect(await labelsOf(dataset)).toEqual([1, 1, 1, 0, 0])
    expect(await dataset.elementSpec()).toEqual([
      new TensorSpec([null, 8, 8, 3], 'float32'),
      new TensorSpec([null], 'int32'),
    ])
    const given = await imageDatasetFromList(files, labels, { ...options, classNames: [classes[1]!, classes[0]!] })
    expect(await labelsOf(given)).toEqual([0, 0, 0, 1, 1])
    const numbers = await imageDatasetFromList(files, [10, 2, 2, 10, 2], options)
    expect([numbers.classNames, await labelsOf(numbers)]).toEqual([
      ['2', '10'],
      [1, 0, 0, 1, 0],
    ])
    for (const without of [
      await imageDatasetFromList(files, null, { ...options, labelMode: null }),
      await imageDatasetFromList(files, null, options),
      await imageDatasetFromList(files, null, { ...options, labelMode: 'binary' }),
      await imageDatasetFromList(files, labels, { ...options, labelMode: null }),
    ]) {
      expect([without.classNames, without.labels, without.cardinality()]).toEqual([[], [], 1])
      expect((await without.toArray())[0]!.shape[0]).toBe(files.length)
    }
  })
  test('wrong lists', async () => {
    const [file] = await filesOf(classes[0]!)
    const options = { ...quiet, directory: folder }
    for (const [files, labels, more] of [
      [[], [], {}],
      [[file!], [1, 2], {}],
      [[file!], [1, 2], { labelMode: null }],
      [['none.jpg'], [1], {}],
      [[file!], ['a'], { classNames: ['b'] }],
      [[file!], ['a'], { onError: 'pass' }],
    ] as [string[], number[] | null, object][])
      // prettier-ignore
      await expect(imageDatasetFromList(files, labels, { ...options, ...more })).rejects.toThrow(ArgumentError)
  })
})

describe('CSV files', () => {
  const csv = async (text: string): Promise<string> => {
    const path = join(folder, 'labels.csv')
    await writeFile(path, text)
    return path
  }
  test('columns by name, by number, filtered, quoted', async () => {
    const [a, b] = await Promise.all(classes.slice(0, 2).map(filesOf))
    const path = await csv(
      `\uFEFFsplit,"file",label\ntrain,"${a![0]!}",first\ntest,${a![1]!},first\n\ntrain,${b![0]!},"se,cond"\n`,
    )
    const dataset = await imageDatasetFromCsv(path, { ...quiet, shuffle: false })
    expect([dataset.classNames, await labelsOf(dataset)]).toEqual([
      ['first', 'se,cond'],
      [0, 0, 1],
    ])
    const filtered = await imageDatasetFromCsv(path, {
      ...quiet,
      where: { column: 'split', value: 'train' },
      shuffle: false,
    })
    expect(filtered.filePaths.map((file) => basename(file))).toEqual([basename(a![0]!), basename(b![0]!)])
    const plain = await csv(`1;${a![0]!}\n0;${b![0]!}\n`)
    const numbered = await imageDatasetFromCsv(plain, {
      ...quiet,
      header: false,
      delimiter: ';',
      pathColumn: 1,
      labelColumn: 0,
      shuffle: false,
    })
    expect(await labelsOf(numbered)).toEqual([1, 0])
  })
  test('malformed files and unknown columns', async () => {
    const [file] = await filesOf(classes[0]!)
    await expect(imageDatasetFromCsv(await csv(`path,label\n${file!},a,b\n`), quiet)).rejects.toThrow(FormatError)
    await expect(imageDatasetFromCsv(await csv('path,label\n"open'), quiet)).rejects.toThrow(FormatError)
    await expect(imageDatasetFromCsv(await csv('path,label\n,a\n'), quiet)).rejects.toThrow(FormatError)
    await expect(imageDatasetFromCsv(await csv('path,label\n'), quiet)).rejects.toThrow(ArgumentError)
    await expect(
      imageDatasetFromCsv(await csv(`path,label\n${file!},a\n`), { ...quiet, labelColumn: 'kind' }),
    ).rejects.toThrow(/kind/)
    await expect(imageDatasetFromCsv(join(folder, 'none.csv'), quiet)).rejects.toThrow(ArgumentError)
  })
})

test('a folder without labels: labels null, labelMode null, or both are one wish, as in Keras', async () => {
  const root = 'tests/goldens/data/directory'
  const options = { shuffle: false, verbose: false, imageSize: [4, 5] } as const
  const both = await imageDatasetFromDirectory(root, { ...options, labels: null, labelMode: null })
  expect(both.filePaths.length).toBeGreaterThan(10)
  for (const one of [{ labels: null }, { labelMode: null }, { labels: null, labelMode: 'categorical' }] as const) {
    const made = await imageDatasetFromDirectory(root, { ...options, ...one })
    expect(made.filePaths).toEqual(both.filePaths)
    expect([made.classNames, made.labels]).toEqual([[], []])
  }
})

test('stratified splits have the same part of each class', async () => {
  await Promise.all((await filesOf(classes[0]!)).slice(0, 10).map((file) => rm(join(folder, file))))
  const options = { ...quiet, validationSplit: 0.25, seed: 3, subset: 'both', stratified: true } as const
  const [training, validation] = await imageDatasetFromDirectory(folder, options)
  expect(counts(validation.labels)).toEqual([2, 5, 5, 5, 5, 5])
  expect(counts(training.labels)).toEqual([8, 15, 15, 15, 15, 15])
  expect(new Set([...training.filePaths, ...validation.filePaths]).size).toBe(110)
  const alone = await imageDatasetFromDirectory(folder, { ...options, subset: 'validation' })
  expect(alone.filePaths).toEqual(validation.filePaths)
  await expect(imageDatasetFromDirectory(folder, { ...quiet, stratified: true })).rejects.toThrow(ArgumentError)
})

test('broken pictures: an error that names the file, or a counted and listed skip', async () => {
  const [first, second] = await filesOf(classes[0]!)
  await truncate(join(folder, first!), 300)
  await writeFile(join(folder, second!), 'no picture')
  await expect(labelsOf(await imageDatasetFromDirectory(folder, quiet))).rejects.toThrow(classes[0])
  const warnings: string[] = []
  setWarningHandler((message) => warnings.push(message))
  const dataset = await imageDatasetFromDirectory(folder, { ...quiet, onError: 'skip' })
  expect([dataset.cardinality(), dataset.skipped]).toEqual([UNKNOWN, []])
  for (let epoch = 0; epoch < 2; epoch++) expect((await labelsOf(dataset)).length).toBe(118)
  expect(dataset.skipped.map(({ path }) => path).sort()).toEqual([join(folder, first!), join(folder, second!)])
  expect(dataset.skipped.every(({ reason }) => reason.length > 10)).toBe(true)
  expect(warnings.filter((text) => text.includes('left out'))).toEqual([expect.stringMatching(/^2 pictures/)])
})

describe('inspectImages', () => {
  test('counts, duplicates across splits and classes, unreadable files', async () => {
    const [a, b] = await Promise.all(classes.slice(0, 2).map(filesOf))
    const options = { ...quiet, validationSplit: 0.5, shuffle: false, subset: 'both' } as const
    // The first and the last class lie in different halves.
    const last = classes.at(-1)!
    await copyFile(join(folder, a![0]!), join(folder, last, 'copy.jpg'))
    await copyFile(join(folder, b![0]!), join(folder, classes[1]!, 'zz.jpg'))
    await truncate(join(folder, a![1]!), 500)
    const [train, validation] = await imageDatasetFromDirectory(folder, options)
    const report = await inspectImages({ train, validation })
    expect(report.splits.train!.files + report.splits.validation!.files).toBe(122)
    expect(report.splits.train!.classes[classes[0]!]).toBe(20)
    expect(report.duplicates.length).toBe(2)
    expect(report.leaks).toEqual([
      [expect.objectContaining({ split: 'train' }), expect.objectContaining({ split: 'validation' })],
    ])
    expect(report.contradictions.length).toBe(1)
    expect(report.unreadable.map(({ path }) => path)).toEqual([join(folder, a![1]!)])
    const text = report.toString()
    for (const part of [
      'class',
      last,
      'more than one split: 1',
      'more than one class: 1',
      'twice: 1',
      'cannot be read: 1',
    ])
      expect(text).toContain(part)
    const fast = await inspectImages({ train, validation }, { decode: false })
    expect([fast.duplicates.length, fast.unreadable.length]).toEqual([2, 0])
    const without = await inspectImages({
      all: await imageDatasetFromDirectory(folder, { ...quiet, labels: null, labelMode: null }),
    })
    expect(without.splits.all).toEqual({ files: 122, classes: {} })
  })
  test('nothing to look at, and an abort', async () => {
    await expect(inspectImages({})).rejects.toThrow(ArgumentError)
    const all = await imageDatasetFromDirectory(folder, quiet)
    await expect(inspectImages({ all }, { signal: AbortSignal.abort() })).rejects.toThrow(AbortError)
  })
})
