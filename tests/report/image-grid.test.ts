// imageGrid: which pictures, which titles, files, and what it refuses.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Dataset, decodeImage, imageDatasetFromDirectory } from '../../src/data/index.ts'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import * as layers from '../../src/layers/index.ts'
import { sequential } from '../../src/models/index.ts'
import { tensor } from '../../src/ops/index.ts'
import { imageGrid } from '../../src/report/index.ts'
import { goldensRoot } from '../goldens-run/read.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tanuki-grid-'))
})
afterAll(() => rm(folder, { recursive: true }))

const flat = (level: number, height = 4, width = 4) => tensor(new Uint8Array(height * width * 3).fill(level), { shape: [height, width, 3] }) // prettier-ignore
const titles = (svg: string): string[] => [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text!)
/** The levels of the embedded pictures' first values. */
async function levels(svg: string): Promise<number[]> {
  const found = [...svg.matchAll(/base64,([^"]+)"/g)].map(([, data]) => decodeImage(Buffer.from(data!, 'base64')))
  return Promise.all(found.map(async (image) => (await (await image).data())[0]!))
}

describe('which pictures', () => {
  test('of a folder, with its class names, as a PNG file', async () => {
    const dataset = await imageDatasetFromDirectory(join(goldensRoot, 'data', 'directory'), { imageSize: [20, 30], shuffle: false, verbose: false, batchSize: 4 }) // prettier-ignore
    const toFile = join(folder, 'nine.png')
    const grid = await imageGrid(dataset, { toFile, cellSize: 60, title: 'Nine of them' })
    expect(titles(grid.text)).toEqual(['Nine of them', '10', '10', '10', '2', '2', '2', 'Cats', 'Cats', 'Cats'])
    const png = await decodeImage(await readFile(toFile))
    expect(png.shape).toEqual([grid.height, grid.width, 3])
    // White paper, and something on it.
    const data = await png.data()
    expect(data[0]).toBe(255)
    expect(new Set(data).size).toBeGreaterThan(20)
    expect((await decodeImage(await grid.png({ scale: 2 }))).shape).toEqual([grid.height * 2, grid.width * 2, 3])
  })
  test('of batches, single elements, a tensor and a list', async () => {
    const images = Array.from({ length: 5 }, (_, i) => flat(i * 10))
    const single = Dataset.fromTensorSlices(tensor(Float32Array.from({ length: 5 * 48 }, (_, i) => Math.floor(i / 48) * 10), { shape: [5, 4, 4, 3] })) // prettier-ignore
    for (const source of [
      images,
      single,
      single.batch(2),
      tensor(
        Uint8Array.from({ length: 240 }, (_, i) => Math.floor(i / 48) * 10),
        { shape: [5, 4, 4, 3] },
      ),
    ])
      // prettier-ignore
      expect(await levels((await imageGrid(source, { rows: 2, columns: 2 })).text)).toEqual([0, 10, 20, 30])
    expect(await levels((await imageGrid(images)).text)).toEqual([0, 10, 20, 30, 40])
  })
  test('the dataset is left after the first pictures', async () => {
    let made = 0
    const endless = Dataset.fromGenerator(function* () {
      for (;;) {
        made++
        yield flat(1)
      }
    })
    await imageGrid(endless, { rows: 1, columns: 2 })
    expect(made).toBeLessThan(10)
  })
  test('augmentations of the first', async () => {
    const augmentation = sequential([layers.randomBrightness({ factor: 0.5, seed: 1 })])
    const grid = await imageGrid([flat(100), flat(0)], { augment: (images) => augmentation.apply(images, { training: true }) as never }) // prettier-ignore
    const found = await levels(grid.text)
    expect(found.length).toBe(9)
    expect(new Set(found).size).toBeGreaterThan(5)
    expect(Math.min(...found)).toBeGreaterThan(0)
  })
  test('values of another range are stretched, others clipped', async () => {
    const values = tensor(Float32Array.of(-1, 0, 0.5, 1, 2), { shape: [5, 1, 1, 1] })
    expect(await levels((await imageGrid(values, { valueRange: [0, 1] })).text)).toEqual([0, 0, 128, 255, 255])
  })
})

describe('titles', () => {
  const labelled = (labels: number[], shape: number[]) =>
    Dataset.fromTensorSlices([tensor(new Uint8Array(3 * 48), { shape: [3, 4, 4, 3] }), tensor(Float32Array.from(labels), { shape })] as const) // prettier-ignore
  test('of numbers, one-hot rows, columns', async () => {
    const classNames = ['cat', 'dog']
    for (const dataset of [labelled([0, 1, 0], [3]), labelled([1, 0, 0, 1, 1, 0], [3, 2]), labelled([0, 1, 0], [3, 1])])
      for (const source of [dataset, dataset.batch(2)])
        expect(titles((await imageGrid(source, { classNames })).text)).toEqual(['cat', 'dog', 'cat'])
    expect(titles((await imageGrid(labelled([0, 1, 7], [3]))).text)).toEqual(['0', '1', '7'])
  })
  test('of one’s own, harmless whatever they are, cut if too long', async () => {
    const source = labelled([0, 1, 2], [3])
    const own = await imageGrid(source, { titles: (i, label) => `<b>${i}&${label}` })
    expect(titles(own.text)).toEqual(['&#60;b&#62;0&#38;0', '&#60;b&#62;1&#38;1', '&#60;b&#62;2&#38;2'])
    expect(titles((await imageGrid(source, { titles: ['x'.repeat(500)] })).text)[0]).toMatch(/^x{5,60}…$/)
    await own.png()
  })
})

test('a notebook shows it', async () => {
  const grid = await imageGrid([flat(3)])
  const shown = (grid as unknown as Record<symbol, () => Record<string, string>>)[Symbol.for('Jupyter.display')]!()
  expect(shown).toEqual({ 'image/svg+xml': grid.text })
})

test('what it refuses', async () => {
  const image = flat(0)
  await expect(imageGrid([])).rejects.toThrow(ArgumentError)
  await expect(imageGrid([image], { rows: 0 })).rejects.toThrow(/rows/)
  await expect(imageGrid([image], { toFile: 'x.gif' })).rejects.toThrow(/\.png or \.svg/)
  await expect(imageGrid([image], { valueRange: [1, 1] })).rejects.toThrow(ArgumentError)
  await expect(imageGrid(tensor([1, 2, 3]))).rejects.toThrow(ShapeError)
  await expect(imageGrid(tensor(new Uint8Array(8), { shape: [2, 2, 2] }))).rejects.toThrow(ShapeError)
})
