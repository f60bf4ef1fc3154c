// Files of data to be fuzzed: arrays, records, lists, the cache of a pipeline, and pictures of every kind.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { decodeFrames, decodePixels } from '../../src/data/decode-image.ts'
import { decodeExample, encodeExample, type Feature } from '../../src/formats/example.ts'
import { decodeIdx } from '../../src/formats/idx.ts'
import { decodeNpy, decodeNpz, type NpyArray } from '../../src/formats/npy.ts'
import { encodeRecord, readRecords } from '../../src/formats/tfrecord.ts'
import { encodeZip } from '../../src/formats/zip.ts'
import { data, ops } from '../../src/index.ts'
import { mutateEntry, repairPng, textBytes } from './containers.ts'
import { mutate } from './mutate.ts'
import type { Target } from './target.ts'

/** A reader of bytes in memory. */
function bytesTarget(name: string, sound: Uint8Array, read: (bytes: Uint8Array, seed: number) => unknown): Target {
  return {
    name,
    prepare: () => Promise.resolve(async (seed) => void (await read(mutate(sound, seed), seed))),
  }
}

function npy(header: string, values: Uint8Array): Uint8Array {
  const head = textBytes(`${header.padEnd(117)}\n`)
  return Uint8Array.from([0x93, ...textBytes('NUMPY'), 1, 0, head.byteLength, 0, ...head, ...values])
}
const floats = new Uint8Array(Float32Array.from({ length: 12 }, (_, i) => i / 4).buffer)
const soundNpy = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", floats)
const fortranNpy = npy("{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2, 4), }", floats)

const soundIdx = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, ...Array.from({ length: 24 }, (_, i) => i)]) // prettier-ignore

const features = new Map<string, Feature>([
  ['image', { kind: 'bytes', values: [Uint8Array.from({ length: 40 }, (_, i) => i)] }],
  ['label', { kind: 'int64', values: [3n, -1n] }],
  ['box', { kind: 'float', values: [0, 0.5, 1] }],
  ['nothing', { kind: 'none', values: [] }],
])
const example = encodeExample(features)
const records = Uint8Array.from([...encodeRecord(example), ...encodeRecord(new Uint8Array(0)), ...encodeRecord(example)]) // prettier-ignore

async function readAll(bytes: Uint8Array): Promise<void> {
  for await (const record of readRecords([bytes], { source: 'damaged' })) decodeExample(record)
}

/** What a reader gives must be what it says it is. */
function fits({ shape, data: values }: { readonly shape: readonly number[]; readonly data: ArrayLike<number> }): void {
  if (shape.reduce((a, b) => a * b, 1) !== values.length) throw new Error(`${values.length} values of shape ${shape}`)
}

/** A picture of the goldens: its first frame as RGB, then all that is in it. */
function pictureTarget(file: string, repair: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes): Target {
  const sound = new Uint8Array(readFileSync(join('tests/goldens/data/images', file)))
  return bytesTarget(`picture ${file}`, sound, async (bytes, seed) => {
    // Every second one reaches what lies behind the checksums.
    const damaged = seed % 2 ? repair(bytes) : bytes
    const limits = { source: file, maxPixels: 1_000_000 }
    const { data: pixels, height, width, channels } = await decodePixels(damaged, limits)
    fits({ shape: [height, width, channels], data: pixels })
    const all = await decodeFrames(damaged, { ...limits, channels: 0, wide: file.includes('16'), all: true })
    fits({ shape: [all.count, all.height, all.width, all.channels], data: all.data })
  })
}

const cacheTarget: Target = {
  name: 'cache of a Dataset',
  sealed: true,
  async prepare(folder) {
    const path = join(folder, 'cached')
    const make = () =>
      data.Dataset.range(6)
        .map((i) => ({ i, x: ops.ones([2, 3]) }))
        .cache(path)
    const drain = async () => {
      for await (const { x } of make()) if (x.size !== 6) throw new Error('another tensor than was cached')
    }
    await drain()
    const bytes = new Uint8Array(readFileSync(path))
    return async (seed) => {
      writeFileSync(path, mutate(bytes, seed))
      await drain()
    }
  },
}

const csvTarget: Target = {
  name: 'CSV of pictures',
  prepare(folder) {
    const inside = join(folder, 'csv')
    rmSync(inside, { recursive: true, force: true })
    mkdirSync(inside)
    const rows = ['path,label', ...Array.from({ length: 8 }, (_, i) => `p${i}.png,"class, ${i % 3}"`)]
    for (let i = 0; i < 8; i++) writeFileSync(join(inside, `p${i}.png`), 'x')
    const sound = textBytes(rows.join('\n'))
    const path = join(inside, 'list.csv')
    return Promise.resolve(async (seed) => {
      writeFileSync(path, mutate(sound, seed))
      await data.imageDatasetFromCsv(path, { imageSize: [4, 4], verbose: false })
    })
  },
}

export const dataTargets: readonly Target[] = [
  bytesTarget('NPY', soundNpy, (bytes) => fits(decodeNpy(bytes))),
  bytesTarget('NPY of Fortran order', fortranNpy, (bytes) => fits(decodeNpy(bytes))),
  {
    name: 'NPZ',
    async prepare() {
      const sound = await encodeZip([{ name: 'x.npy', data: soundNpy }, { name: 'y.npy', data: fortranNpy }]) // prettier-ignore
      return async (seed) =>
        [...(await decodeNpz(mutate(sound, seed))).values()].forEach((array: NpyArray) => fits(array))
    },
  },
  {
    name: 'NPZ entries',
    prepare: () => {
      const entries = [{ name: 'x.npy', data: soundNpy }, { name: 'y.npy', data: fortranNpy }] // prettier-ignore
      return Promise.resolve(async (seed) =>
        [...(await decodeNpz(await mutateEntry(entries, seed))).values()].forEach((array: NpyArray) => fits(array)),
      )
    },
  },
  bytesTarget('IDX', soundIdx, (bytes, seed) => fits(decodeIdx(seed % 2 ? gzipSync(bytes) : bytes))),
  bytesTarget('IDX gzipped', gzipSync(soundIdx), (bytes) => fits(decodeIdx(bytes))),
  bytesTarget('TFRecord', records, readAll),
  bytesTarget('Example', example, (bytes) => readAll(encodeRecord(bytes))),
  cacheTarget,
  csvTarget,
  pictureTarget('rgb_420.jpg'),
  pictureTarget('progressive.jpg'),
  pictureTarget('cmyk.jpg'),
  pictureTarget('exif_orientation_6.jpg'),
  pictureTarget('rgb.png', repairPng),
  pictureTarget('palette_alpha.png', repairPng),
  pictureTarget('gray16.png', repairPng),
  pictureTarget('animated.gif'),
  pictureTarget('picture.bmp'),
  pictureTarget('gray.bmp'),
  pictureTarget('lossless.webp'),
  pictureTarget('lossy.webp'),
]
