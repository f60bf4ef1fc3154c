// Batches of picture files: pictures that are left out, and ends before the end, after which nothing works, waits or is held.
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { imageDatasetFromList } from '../../src/data/index.ts'
import type { ImageListOptions } from '../../src/data/index.ts'
import { pictureAddon } from '../../src/data/picture-addon.ts'
import { AbortError, FormatError } from '../../src/errors.ts'
import { loadBinding } from '../../src/engines/native/binding.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'
import type { Tensor } from '../../src/ops/index.ts'

const pictures = fileURLToPath(new URL('../../assets/clothing-mini/train', import.meta.url))
let folder = ''
const files: string[] = []
/** Their numbers among the files. */
const broken = [3, 4, 5, 6, 7, 20, 30, 39]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tanuki-batches-'))
  const names = (await readdir(pictures, { recursive: true })).filter((name) => name.endsWith('.jpg')).sort()
  for (let i = 0; i < 40; i++) {
    const path = join(folder, `${i}.jpg`)
    // One is not there at all.
    if (!broken.includes(i)) await copyFile(join(pictures, names[i]!), path)
    else if (i !== 30) await writeFile(path, 'no picture')
    files.push(path)
  }
  setWarningHandler(() => undefined)
})
afterAll(() => rm(folder, { recursive: true }))

const options = { imageSize: 24, shuffle: false, verbose: false, onError: 'skip', batchSize: 6 } as const
/** The label of a file is its number. */
const datasetOf = (
  more: ImageListOptions = {},
  chosen = more.onError === 'throw' ? files.filter((_, i) => i !== 30) : files,
) =>
  imageDatasetFromList(
    chosen,
    chosen.map((path) => files.indexOf(path)),
    { ...options, classNames: files.map((_, i) => String(i)), ...more },
  )
const goodOnes = (): number[] => [...files.keys()].filter((i) => !broken.includes(i))

describe('pictures that cannot be read', () => {
  for (const interpolation of ['bilinear', 'nearest'] as const)
    test(`leave full batches of the others, in order, epoch after epoch: ${interpolation}`, async () => {
      const dataset = await datasetOf({ interpolation })
      const whole = await datasetOf({ interpolation, batchSize: 100, onError: 'throw' }, goodOnes().map((i) => files[i]!)) // prettier-ignore
      const [[expected]] = (await whole.toArray()) as [[Tensor, Tensor]]
      const values = [...(await expected.data())]
      for (let epoch = 0; epoch < 2; epoch++) {
        const batches = (await dataset.toArray()) as [Tensor, Tensor][]
        expect(batches.map(([images]) => images.shape[0])).toEqual([6, 6, 6, 6, 6, 2])
        const labels = await Promise.all(batches.map(([, label]) => label.data()))
        expect(labels.flatMap((some) => [...some])).toEqual(goodOnes())
        const images = await Promise.all(batches.map(([some]) => some.data()))
        expect(images.flatMap((some) => [...some])).toEqual(values)
      }
      expect(dataset.skipped.map(({ path }) => files.indexOf(path)).sort((a, b) => a - b)).toEqual(broken)
    })
  test('alone give nothing', async () => {
    const dataset = await datasetOf({}, broken.map((i) => files[i]!)) // prettier-ignore
    expect(await dataset.toArray()).toEqual([])
    expect(dataset.skipped.length).toBe(broken.length)
  })
  test('one by one', async () => {
    const labels = ((await (await datasetOf({ batchSize: null })).toArray()) as [Tensor, Tensor][]).map(([, label]) => label.item()) // prettier-ignore
    expect(await Promise.all(labels)).toEqual(goodOnes())
  })
})

/** But for timers, which the runner of the tests sets as it likes. */
const handles = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== 'Timeout')
    .sort()
const noAddon = (await pictureAddon()) === null
/** Frees what nobody holds. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    gc()
  }
}

describe.skipIf(noAddon)('after an early end (skipped without the addon)', () => {
  const ends: Readonly<Record<string, (more: ImageListOptions) => Promise<void>>> = {
    'a break': async (more) => {
      for await (const batch of await datasetOf(more)) {
        expect(batch).toBeDefined()
        break
      }
    },
    'a take': async (more) => {
      expect((await (await datasetOf(more)).take(2).toArray()).length).toBe(2)
    },
    'an error in a later map': async (more) => {
      let count = 0
      const failing = (await datasetOf(more)).map((images: Tensor) => {
        if (count++ === 1) throw new RangeError('enough')
        return images
      })
      await expect(failing.prefetch(2).toArray()).rejects.toThrow('enough')
    },
    'an abort': async (more) => {
      const controller = new AbortController()
      const iterate = async (): Promise<void> => {
        const dataset = (await datasetOf(more)).prefetch(2)
        for await (const batch of dataset.iterate({ signal: controller.signal })) {
          expect(batch).toBeDefined()
          controller.abort()
        }
      }
      await expect(iterate()).rejects.toThrow(AbortError)
    },
    'an iteration that never began': async (more) => {
      await (await datasetOf(more)).iterate().return()
    },
  }
  for (const [name, end] of Object.entries(ends))
    for (const onError of ['skip', 'throw'] as const)
      test(`by ${name}, onError "${onError}", nothing works, waits or is held`, async () => {
        const binding = loadBinding()
        // The broken ones come later than the first batches.
        const more = onError === 'skip' ? {} : { onError, batchSize: 1 }
        await end(more)
        await collect()
        const before = { bytes: binding.information().usedBytes, handles: handles() }
        for (let round = 0; round < 3; round++) {
          await end(more)
          expect(binding.information().pictureTasks).toBe(0)
        }
        expect(binding.pixelsGiven()).toBeLessThan(40 * 24 * 24 * 3 * 4 * 3)
        await collect()
        expect(binding.pixelsGiven()).toBe(0)
        expect(binding.information().usedBytes).toBe(before.bytes)
        expect(handles()).toEqual(before.handles)
      })
  test('by a broken picture', async () => {
    const binding = loadBinding()
    await collect()
    const { usedBytes } = binding.information()
    for (let round = 0; round < 3; round++)
      await expect((await datasetOf({ onError: 'throw' }, files.slice(0, 29))).toArray()).rejects.toThrow(FormatError)
    expect(binding.information().pictureTasks).toBe(0)
    await collect()
    expect(binding.information().usedBytes).toBe(usedBytes)
  })
})
