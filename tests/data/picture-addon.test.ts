// Pictures by the addon, several at once: the same pixels as one by one, and every fault left to those who can tell it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodePixels } from '../../src/data/decode-image.ts'
import { jpegDecoding } from '../../src/data/decode-jpeg.ts'
import { checkedOptions, type ImageOptions } from '../../src/data/image-options.ts'
import { jpegAddon, pictureAddon } from '../../src/data/picture-addon.ts'
import { PictureLoader } from '../../src/data/picture-loader.ts'
import { resizePixels, resizeTables } from '../../src/data/resize-image.ts'
import { FormatError } from '../../src/errors.ts'
import { sum } from '../../src/ops/index.ts'

/** Else all pictures are decoded by sharp, which this file then tests. */
const turbo = (await jpegAddon()) !== null
let folder = ''
const files: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tanuki-pictures-'))
  // More files than one task takes, of several sizes; one is a PNG whose name lies.
  for (let i = 0; i < 11; i++) {
    const [width, height] = [20 + 7 * (i % 3), 31 - 5 * (i % 4)]
    const data = Uint8Array.from({ length: width * height * 3 }, (_, k) => (k * (i + 3)) % 251)
    const picture = sharp(data, { raw: { width, height, channels: 3 } })
    const path = join(folder, `ü ${i}.jpg`)
    await writeFile(path, await (i === 6 ? picture.png() : picture.jpeg()).toBuffer())
    files.push(path)
  }
})
afterAll(() => rm(folder, { recursive: true }))

const loaderOf = (options: ImageOptions): PictureLoader => new PictureLoader(checkedOptions('test', options, {}, ''))

describe('a batch', () => {
  const cases: ImageOptions[] = [
    {},
    { colorMode: 'grayscale' },
    { colorMode: 'rgba', uint8: true },
    { interpolation: 'nearest' },
    { interpolation: 'bicubic', cropToAspectRatio: true },
    { padToAspectRatio: true, dct: 'accurate' },
  ]
  for (const options of cases)
    test(`is its pictures, one by one: ${JSON.stringify(options)}`, async () => {
      const settings = checkedOptions('test', { imageSize: [17, 23], ...options }, {}, '')
      const { size, channels, interpolation, fit, dct, uint8 } = settings
      const loader = new PictureLoader(settings)
      const batch = (await loader.load(files)).tensor()
      expect(batch.shape).toEqual([files.length, 17, 23, channels])
      const Pixels = uint8 || interpolation === 'nearest' ? Uint8Array : Float32Array
      const length = 17 * 23 * channels
      const values = await batch.data()
      for (const [i, path] of files.entries()) {
        const { data, height, width } = await decodePixels(await readFile(path), { channels, dct })
        const tables = resizeTables([height, width], channels, { size, method: interpolation, fit })
        const expected = await resizePixels(data, tables, new Pixels(length))
        expect(values.subarray(i * length, (i + 1) * length)).toEqual(expected)
        expect(await (await loader.loadOne(path)).data()).toEqual(expected)
      }
    })

  test('can be read as often as one likes, before and after it was computed with', async () => {
    const batch = (await loaderOf({ imageSize: 9 }).load(files)).tensor()
    const before = Float32Array.from(await batch.data())
    const total = before.reduce((a, b) => a + b, 0)
    expect(Math.abs((await sum(batch).item()) - total)).toBeLessThan(total * 1e-5)
    expect(await batch.data()).toEqual(before)
  })
  test('names the file that cannot be read', async () => {
    const broken = join(folder, 'cut.jpg')
    await writeFile(broken, (await readFile(files[0]!)).subarray(0, -30))
    await expect(loaderOf({}).load([...files, broken])).rejects.toThrow(/cut\.jpg/)
    await expect(loaderOf({}).load([...files, broken])).rejects.toThrow(FormatError)
    await expect(loaderOf({}).load([join(folder, 'nothing')])).rejects.toThrow(/ENOENT.*nothing/)
    await expect(loaderOf({}).load([folder])).rejects.toThrow(/EISDIR/)
    await expect(loaderOf({ maxPixels: 500 }).load(files)).rejects.toThrow(/at most 500 pixels/)
    await writeFile(broken, '')
    await expect(loaderOf({}).load([broken])).rejects.toThrow(/cut\.jpg.*an empty file/s)
  })
  test('that is stopped begins no more tasks', async () => {
    let asked = 0
    await loaderOf({}).load(files, () => ++asked > 1)
    // All workers ask at their start, and one of them once more: two tasks of the addon, or four pictures one by one.
    expect(asked).toBe(turbo ? 3 : 5)
  })
})

test.skipIf(!turbo)('libjpeg-turbo: handles, places, tables that do not fit are refused', async () => {
  const { functions } = (await pictureAddon())!
  const how = { ...jpegDecoding({}, 3, 1e6), floats: true, axesApart: true }
  const recipe = functions.pictureRecipe(how)
  const block = functions.pixelBlock(2 * 2 * 3 * 4)
  const paths = [files[0]!]
  expect(await functions.loadPictures(block, recipe, paths, [0])).toEqual(Int32Array.of(31, 20))
  functions.addTables(recipe, resizeTables([31, 20], 3, { size: [2, 2] }))
  expect(await functions.loadPictures(block, recipe, paths, [0])).toEqual(Int32Array.of(0, 0))
  await expect(functions.loadPictures(block, recipe, paths, [1])).rejects.toThrow(/place/)
  await expect(functions.loadPictures(block, recipe, paths, [-1])).rejects.toThrow(/place/)
  expect(() => functions.loadPictures(block, recipe, paths, [])).toThrow(/place/)
  expect(() => functions.loadPictures(recipe as never, recipe, paths, [0])).toThrow(/block of pixels/)
  expect(() => functions.loadPictures(block, block as never, paths, [0])).toThrow(/recipe/)
  expect(() => functions.placePixels(block, 4, new Float32Array(12))).toThrow(/outside/)
  expect(() => functions.pictureRecipe({ ...how, channels: 0 })).toThrow(/channels/)
  const beyond = { ...resizeTables([31, 20], 3, { size: [2, 2] }), rowStarts: Int32Array.of(0, 30) }
  expect(() => functions.addTables(recipe, beyond)).toThrow(/outside/)
  const other = functions.pixelBlock(48)
  expect(() => functions.copyPixels(block, 0, block, 0, 8)).toThrow(/one buffer/)
  expect(() => functions.copyPixels(block, 44, other, 0, 8)).toThrow(/outside/)
  expect(() => functions.copyPixels(block, 0, other, 41, 8)).toThrow(/outside/)
  expect(() => functions.copyPixels(block, 0, other, -1, 8)).toThrow(/outside/)
  functions.dropPixels(other)
  functions.dropPixels(other)
  expect(() => functions.copyPixels(block, 0, other, 0, 8)).toThrow(/given away/)
  functions.pixelMemory(block)
  expect(() => functions.pixelMemory(block)).toThrow(/given away/)
  expect(() => functions.loadPictures(block, recipe, paths, [0])).toThrow(/given away/)
})
