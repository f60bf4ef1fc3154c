// Pipelines and folders of pictures of the goldens.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { imageDatasetFromDirectory, RandomState } from '../../src/data/index.ts'
import type { ImageDataset, ImageDirectoryOptions } from '../../src/data/index.ts'
import { ArgumentError } from '../../src/errors.ts'
import { Tensor } from '../../src/ops/index.ts'
import { bySharp, exactJpeg, sharpLevels } from './jpeg.ts'
import { buildPipeline } from './pipelines.ts'
import { type Book, difference, type Json, type JsonObject, goldensRoot, readBook } from './read.ts'

const folder = join(goldensRoot, 'data')
const plain = async (element: unknown): Promise<unknown> =>
  element instanceof Tensor ? element.array() : Promise.all((element as unknown[]).map(plain))

describe('data/tf_data', () => {
  const book = readBook<{ name: string; pipeline: string; cardinality: number; elements: Json }>('data/tf_data')
  for (const { name, pipeline, cardinality, elements } of book.cases)
    test(`${name}: ${pipeline}`, async () => {
      const dataset = await buildPipeline(pipeline)
      expect(dataset.cardinality()).toBe(cardinality)
      if (elements === null) return
      // A second iteration starts from scratch.
      for (let pass = 0; pass < 2; pass++) expect(await plain(await dataset.toArray())).toEqual(elements)
    })
})

interface Stored {
  readonly class_names: readonly string[] | null
  readonly file_paths: readonly string[]
  readonly element_spec: readonly (readonly [readonly (number | null)[], string])[]
  readonly cardinality: number
  readonly batch_sizes?: readonly number[]
  readonly images?: string
  readonly labels?: string
}
interface DirectoryCase {
  readonly name: string
  readonly arguments: JsonObject
  readonly printed?: string
  readonly datasets?: readonly Stored[]
  readonly error?: string
  readonly reading?: string
}
const optionNames: Readonly<Record<string, string>> = {
  labels: 'labels', label_mode: 'labelMode', class_names: 'classNames', color_mode: 'colorMode', batch_size: 'batchSize',
  image_size: 'imageSize', shuffle: 'shuffle', seed: 'seed', validation_split: 'validationSplit', subset: 'subset',
  interpolation: 'interpolation', follow_links: 'followLinks', crop_to_aspect_ratio: 'cropToAspectRatio',
  pad_to_aspect_ratio: 'padToAspectRatio', verbose: 'verbose',
} // prettier-ignore
function optionsOf(given: JsonObject): ImageDirectoryOptions {
  const options: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    if (optionNames[key] === undefined) throw new Error(`unknown argument ${key}`)
    options[optionNames[key]] = value
  }
  return options
}

describe('data/directory_datasets', () => {
  afterEach(() => vi.restoreAllMocks())
  const book = readBook<DirectoryCase>('data/directory_datasets')
  const root = join(folder, 'directory')
  /** The cases do not repeat the size of the pictures: it stands in the specification of the elements. */
  const sizes = book.cases.flatMap(({ datasets = [] }) => datasets.map((one) => one.element_spec[0]![0].slice(-3, -1)))
  for (const one of book.cases)
    test(`${one.name}${bySharp}`, async () => {
      const printed = vi.spyOn(console, 'log').mockImplementation(() => undefined)
      const imageSize = (one.datasets?.[0]?.element_spec[0]![0].slice(-3, -1) ?? sizes[0]!) as [number, number]
      const made = imageDatasetFromDirectory(root, { imageSize, ...optionsOf(one.arguments) })
      if (one.error !== undefined) {
        await expect(made).rejects.toThrow(ArgumentError)
        return
      }
      const datasets = [await made].flat() as ImageDataset[]
      expect(printed.mock.calls.map(([line]) => `${line as string}\n`).join('')).toBe(one.printed)
      expect(datasets.length).toBe(one.datasets!.length)
      for (const [i, dataset] of datasets.entries()) await checkDataset(book, dataset, one.datasets![i]!, one)
    })

  async function checkDataset(book: Book<DirectoryCase>, dataset: ImageDataset, stored: Stored, one: DirectoryCase) {
    expect(dataset.classNames).toEqual(stored.class_names ?? [])
    expect(dataset.filePaths.map((path) => relative(root, path))).toEqual(stored.file_paths)
    expect(dataset.cardinality()).toBe(stored.cardinality)
    const batches = (await dataset.toArray()).map((batch) => (batch instanceof Tensor ? [batch] : batch) as Tensor[])
    const single = one.arguments.batch_size === null
    for (const batch of batches) {
      const specs = batch.map(({ shape, dtype }) => [single ? shape : [null, ...shape.slice(1)], dtype])
      expect(specs).toEqual(stored.element_spec)
    }
    const sizes = batches.map(([images]) => (single ? 1 : images!.shape[0]!))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(stored.file_paths.length)
    // TensorFlow's decoder refuses these files; Pillow, and this library, convert them.
    if (one.reading !== undefined) expect(one.reading).toBe('InvalidArgumentError')
    if (stored.batch_sizes) expect(sizes).toEqual(stored.batch_sizes)
    const joined = async (part: number): Promise<number[]> =>
      (await Promise.all(batches.map(async (batch) => [...(await batch[part]!.data())]))).flat()
    if (stored.labels !== undefined) expect(await joined(1)).toEqual([...book.tensor(stored.labels).data])
    if (stored.images === undefined) return
    const pixels = await joined(0)
    const size = pixels.length / stored.file_paths.length
    const expected = book.tensor(stored.images).data
    stored.file_paths.forEach((path, i) => {
      const absolute = /\.jpe?g$/i.test(path) && !exactJpeg ? sharpLevels : 1e-3
      const range = [i * size, (i + 1) * size] as const
      expect(difference(pixels.slice(...range), expected.subarray(...range), { absolute }), path).toBe(null)
    })
  }

  const { orders = [], randomstate_shuffles: shuffles = [] } = book.json as unknown as {
    orders?: Order[]
    randomstate_shuffles?: Shuffle[]
  }
  interface Order {
    files: number
    classes: number
    seed: number
    validation_split: number
    training: number[]
    validation: number[]
  }
  for (const { files, classes, seed, validation_split: validationSplit, training, validation } of orders)
    test(`order of ${files} files in ${classes} classes, seed ${seed}`, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'tanuki-order-'))
      try {
        const pathOf = (i: number): string =>
          join(directory, `class${i % classes}`, `img_${String(i).padStart(5, '0')}.png`)
        for (let c = 0; c < classes; c++) await mkdir(join(directory, `class${c}`))
        await Promise.all(Array.from({ length: files }, (_, i) => writeFile(pathOf(i), '')))
        const options = { seed, validationSplit, verbose: false, subset: 'both' } as const
        const [first, second] = await imageDatasetFromDirectory(directory, options)
        const lists = { training: first.filePaths, validation: second.filePaths }
        expect(lists).toEqual({ training: training.map(pathOf), validation: validation.map(pathOf) })
      } finally {
        await rm(directory, { recursive: true })
      }
    })
  interface Shuffle {
    n: number
    seed: number
    permutation: number[] | null
    sha256_of_joined_by_commas: string
  }
  for (const { n, seed, permutation, sha256_of_joined_by_commas: sha256 } of shuffles)
    test(`RandomState(${seed}).shuffle of ${n}`, () => {
      const items = Array.from({ length: n }, (_, i) => i)
      new RandomState(seed).shuffle(items)
      if (permutation !== null) expect(items).toEqual(permutation)
      expect(createHash('sha256').update(items.join(',')).digest('hex')).toBe(sha256)
    })
})
