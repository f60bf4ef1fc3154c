// Known data sets: cats_vs_dogs from a local server, the clothing sets, MNIST's form, sets of one's own; damage of every kind.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildSet } from '../../src/data/datasets/build.ts'
import type { BuildOptions } from '../../src/data/datasets/build.ts'
import { catsVsDogs, catsVsDogsArchive } from '../../src/data/datasets/cats-vs-dogs.ts'
import { exampleHash, shardCount, shardLengths, storageOrder } from '../../src/data/datasets/example-order.ts'
import * as datasets from '../../src/data/datasets/index.ts'
import { idxSet } from '../../src/data/datasets/mnist.ts'
import { slicesOf } from '../../src/data/datasets/split-spec.ts'
import { openStoredSet } from '../../src/data/datasets/stored-set.ts'
import { TensorSpec } from '../../src/data/index.ts'
import { AbortError, ArgumentError, DownloadError, FormatError, TanukiError } from '../../src/errors.ts'
import { decodeExample, encodeExample } from '../../src/formats/example.ts'
import { decodeIdx } from '../../src/formats/idx.ts'
import { encodeZip } from '../../src/formats/zip.ts'
import type { Tensor } from '../../src/ops/index.ts'
import { cutAfter, FileServer, sendWhole } from './file-server.ts'

let folder: string
let server: FileServer
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tanuki-sets-'))
  server = await FileServer.start(new Uint8Array())
  server.parts = join(folder, 'downloads')
})
afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const buildOptions = (): BuildOptions => ({ downloads: join(folder, 'downloads'), onProgress: null })
async function list(dataset: AsyncIterable<unknown>): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = []
  for await (const element of dataset) all.push(element as Record<string, unknown>)
  return all
}

async function jpeg(shade: number, width = 12, jfif = true): Promise<Uint8Array> {
  const background = { r: shade, g: 255 - shade, b: 128 }
  const bytes = await sharp({ create: { width, height: 9, channels: 3, background } })
    .jpeg()
    .toBuffer()
  // With JFIF's marker after the first two bytes, or another one in its place.
  const marker = Buffer.from('ffe000104a46494600010100000100010000', 'hex')
  if (!jfif) marker.write('Exif', 4, 'latin1')
  return new Uint8Array(Buffer.concat([bytes.subarray(0, 2), marker, bytes.subarray(2)]))
}
/** An archive of the structure of the official one: 20 pictures of each class, of which 3 are damaged. */
async function archive(extra: { name: string; data: Uint8Array }[] = []): Promise<Uint8Array> {
  const entries: { name: string; data: Uint8Array }[] = []
  for (const [c, name] of ['Cat', 'Dog'].entries())
    for (let i = 0; i < 20; i++)
      entries.push({
        name: `PetImages/${name}/${i}.jpg`,
        data: await jpeg(100 * c + i, 12 + i, !(i === 7 || (c === 1 && i === 3))),
      })
  const other = ['PetImages/Cat/Thumbs.db', 'readme[1].txt', 'PetImages/Cat/x1.jpg', 'PetImages/Bird/1.jpg']
  for (const name of other) entries.push({ name, data: new Uint8Array(10) })
  return encodeZip([...entries, ...extra])
}
const definition = (bytes: Uint8Array, dropped = 3) =>
  catsVsDogs({ ...catsVsDogsArchive, url: server.url(), bytes: bytes.length, sha256: sha256(bytes) }, dropped)

describe('cats_vs_dogs', () => {
  test('from the archive to the splits of the guide', async () => {
    server.content = await archive()
    server.answers = [cutAfter(1000), cutAfter(2000)]
    const set = await buildSet(definition(server.content), folder, buildOptions())
    expect(set).toBe(join(folder, 'cats_vs_dogs', '4.0.1'))
    expect(server.requests[1]!.range).toBe('bytes=1000-')
    const split = ['train[:40%]', 'train[40%:50%]', 'train[50%:60%]'] as const
    const [train, validation, held] = await datasets.loadFromDirectory(set, { split, asSupervised: true })
    expect([train, validation, held].map((dataset) => dataset!.cardinality())).toEqual([15, 3, 4])
    expect(train!.classNames).toEqual(['cat', 'dog'])
    expect(await train!.elementSpec()).toEqual([new TensorSpec([null, null, 3], 'uint8'), new TensorSpec([], 'int32')])
    for await (const element of train!) {
      const [picture, label] = element as [Tensor, Tensor]
      expect([picture.dtype, picture.shape[0], picture.shape[2]]).toEqual(['uint8', 9, 3])
      expect([0, 1]).toContain(await label.item())
    }
    const { train: whole } = await datasets.loadFromDirectory(set)
    const names = (await list(whole!)).map((example) => example['image/filename'] as string)
    expect(new Set(names).size).toBe(37)
    expect(names).not.toContain('PetImages/Cat/7.jpg')
    // 16 files of two or three examples, read one after the other: the order of storage.
    const hashes = names.map((name) => exampleHash('train', name))
    expect(hashes).toEqual([...hashes].sort())
    expect((await readdir(set)).filter((file) => file.startsWith('cats_vs_dogs-train.tfrecord-')).length).toBe(16)
    // It is there now.
    const asked = server.requests.length
    await buildSet(definition(server.content), folder, buildOptions())
    expect(server.requests.length).toBe(asked)
  })
  test('the arithmetic of the guide', () => {
    const bounds = ['train[:40%]', 'train[40%:50%]', 'train[50%:60%]'].map((spec) => slicesOf(spec, { train: shardLengths(23_262, 16) })[0]!) // prettier-ignore
    expect(bounds.map(({ from, to }) => to - from)).toEqual([9305, 2326, 2326])
    expect(shardLengths(23_262, 16)[4]).toBe(1453)
    expect(exampleHash('train', 'PetImages/Cat/0.jpg')).toBe('f88b440ab78025e446072f1f46b8a684')
    expect([shardCount(825e6, 23_262), shardCount(1.1e9, 23_262), shardCount(1e6, 100), shardCount(5e9, 8)]).toEqual([8, 16, 1, 8]) // prettier-ignore
  })
  test('a wrong hash, another number of damaged pictures, no archive: an error, and nothing is left', async () => {
    server.content = await archive()
    const other = definition(await archive([{ name: 'more', data: new Uint8Array(1) }]))
    await expect(buildSet(other, folder, buildOptions())).rejects.toThrow(DownloadError)
    await expect(buildSet(definition(server.content, 2), folder, buildOptions())).rejects.toThrow(/2 damaged.*3/)
    server.content = new Uint8Array(1000)
    await rm(join(folder, 'downloads'), { recursive: true })
    await expect(buildSet(definition(server.content), folder, buildOptions())).rejects.toThrow(FormatError)
    expect(await readdir(join(folder, 'cats_vs_dogs'))).toEqual([])
  })
  for (const name of ['../../evil.jpg', '/etc/evil.jpg', 'PetImages/Cat/../../../evil.jpg', 'C:/evil.jpg'])
    test(`zip-slip: an entry ${name}`, async () => {
      server.content = await archive([{ name, data: await jpeg(1) }])
      await expect(buildSet(definition(server.content), folder, buildOptions())).rejects.toThrow(FormatError)
      expect(existsSync(join(folder, 'evil.jpg'))).toBe(false)
      expect(await readdir(join(folder, 'cats_vs_dogs'))).toEqual([])
    })
  test('a damaged entry is found by its checksum', async () => {
    const bytes = await archive()
    bytes[200]! ^= 255
    server.content = bytes
    await expect(buildSet(definition(bytes), folder, buildOptions())).rejects.toThrow(FormatError)
  })
  test('an abort while it is built', async () => {
    server.content = await archive()
    server.answers = [sendWhole]
    const controller = new AbortController()
    const set = definition(server.content)
    const train = set.splits.train!
    const slow = {
      ...set,
      splits: {
        async *train(context: Parameters<typeof train>[0]) {
          for await (const example of train(context)) {
            controller.abort()
            yield example
          }
        },
      },
    }
    await expect(buildSet(slow, folder, { ...buildOptions(), signal: controller.signal })).rejects.toThrow(AbortError)
    expect(await readdir(join(folder, 'cats_vs_dogs'))).toEqual([])
  })
  test('two builds at once', async () => {
    server.content = await archive()
    const both = [1, 2].map(() => buildSet(definition(server.content), folder, buildOptions()))
    expect(new Set(await Promise.all(both)).size).toBe(1)
    expect(server.requests.length).toBe(1)
  })
  test('offline says where the archive goes', async () => {
    const offline = { dataDir: folder, download: false, split: 'train' }
    await expect(datasets.load('cats_vs_dogs', offline)).rejects.toThrow(/kagglecatsanddogs_5340\.zip/)
  })
})

describe('clothing', () => {
  test('the embedded set, by name', async () => {
    const loaded = await datasets.load('clothing_mini')
    expect(Object.keys(loaded)).toEqual(['train', 'validation', 'test'])
    expect(Object.values(loaded).map((dataset) => dataset.cardinality())).toEqual([360, 120, 120])
    expect(loaded.train!.classNames.length).toBe(6)
    const examples = await datasets.load('clothing_mini', { split: { few: 'train[:5]+test[-5:]' }, asSupervised: true })
    const labels: number[] = []
    for await (const element of examples.few) labels.push(await (element as [Tensor, Tensor])[1].item())
    expect(labels.length).toBe(10)
  })
  test('the full set, from a folder of the same form', async () => {
    await cp('assets/clothing-mini', join(folder, 'clothing'), { recursive: true })
    const dataset = await datasets.load('clothing', { dataDir: folder, split: 'test' })
    expect(dataset.cardinality()).toBe(120)
    await expect(datasets.load('clothing', { dataDir: join(folder, 'none'), split: 'test' })).rejects.toThrow(
      ArgumentError,
    )
  })
})

describe('sets of IDX files', () => {
  const idx = (shape: number[], data: Uint8Array): Uint8Array => {
    const head = new DataView(new ArrayBuffer(4 + 4 * shape.length))
    head.setUint32(0, 0x0800 + shape.length)
    shape.forEach((size, axis) => head.setUint32(4 + 4 * axis, size))
    return new Uint8Array([...new Uint8Array(head.buffer), ...data])
  }
  const pictures = idx(
    [4, 2, 3],
    Uint8Array.from({ length: 24 }, (_, i) => i),
  )
  test('read in the order of TensorFlow Datasets', async () => {
    const files = { pictures: gzipSync(pictures), labels: gzipSync(idx([4], Uint8Array.of(3, 2, 1, 0))) }
    const record = (name: keyof typeof files) => ({
      url: server.url(`/${name}.gz`), bytes: files[name].length, sha256: sha256(files[name]),
    }) // prettier-ignore
    server.answers = Array.from({ length: 2 }, () => (request, response) => {
      response.end(files[request.url!.slice(1, -3) as keyof typeof files])
    }) as FileServer['answers']
    const pair = [record('pictures'), record('labels')] as const
    const set = idxSet('little', '1.0.0', { train: pair, test: pair }, ['a', 'b', 'c', 'd'])
    const source = await set.open(buildOptions())
    const raws: unknown[] = []
    for await (const raw of source.read({ split: 'train', shard: 0, skip: 0, take: 4 }, {})) raws.push(raw)
    const order = storageOrder('train', ['0', '1', '2', '3'])
    const decoded = (await Promise.all(raws.map((raw) => source.decode(raw as never)))) as Record<string, Tensor>[]
    expect(await Promise.all(decoded.map(({ label }) => label!.item()))).toEqual(order.map((i) => 3 - i))
    expect(await decoded[0]!.image!.data()).toEqual(Uint8Array.from({ length: 6 }, (_, i) => 6 * order[0]! + i))
    expect(decoded[0]!.image!.shape).toEqual([2, 3, 1])
  })
  test('every type of values', () => {
    const made = (code: number, bytes: number[], size: number) =>
      decodeIdx(Uint8Array.of(0, 0, code, 1, 0, 0, 0, size, ...bytes))
    expect(made(0x09, [255, 1], 2)).toEqual({ shape: [2], dtype: 'int32', data: Int32Array.of(-1, 1) })
    expect(made(0x0b, [255, 254], 1).data).toEqual(Int32Array.of(-2))
    expect(made(0x0c, [0, 0, 1, 0], 1).data).toEqual(Int32Array.of(256))
    expect(made(0x0d, [0x3f, 0x80, 0, 0], 1)).toEqual({ shape: [1], dtype: 'float32', data: Float32Array.of(1) })
    expect(made(0x0e, [0x3f, 0xf0, 0, 0, 0, 0, 0, 0], 1).data).toEqual(Float32Array.of(1))
  })
  test('damaged files are FormatErrors, bombs too', () => {
    for (const bytes of [new Uint8Array(), pictures.subarray(0, 10), pictures.subarray(0, -1), Uint8Array.of(0, 0, 7, 0), Uint8Array.of(1, 0, 8, 0)])
      expect(() => decodeIdx(bytes)).toThrow(FormatError) // prettier-ignore
    expect(() => decodeIdx(gzipSync(new Uint8Array(1e6)), 'bomb', { maxBytes: 1000 })).toThrow(FormatError)
    fc.assert(
      fc.property(fc.nat(pictures.length - 1), fc.nat(255), (at, byte) => {
        const changed = pictures.slice()
        changed[at] = byte
        try {
          decodeIdx(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }),
      { numRuns: 500, seed: 1 },
    )
  })
})

describe('sets of one’s own', () => {
  const own = (version = '1.0.0'): datasets.DatasetDefinition => ({
    name: 'own_set',
    version,
    features: {
      picture: datasets.image(),
      about: { kind: 'record', features: { size: datasets.tensorFeature('float32', [2]), name: datasets.text() } },
      values: datasets.tensorFeature('int32', [null]),
      flag: datasets.tensorFeature('bool'),
      kind: datasets.classLabel(['small', 'large']),
    },
    supervisedKeys: ['picture', 'kind'],
    splits: {
      async *train() {
        for (let i = 0; i < 5; i++) {
          const about = { size: [i, i / 2], name: `número ${i}` }
          const values = Array.from({ length: i }, (_, k) => k - 1)
          yield [`key ${i}`, { picture: await jpeg(i), about, values, flag: i % 2 === 1, kind: i < 2 ? 'small' : 1 }]
        }
      },
    },
  })
  test('are built once, kept, and loaded by name', async () => {
    datasets.register(own())
    expect(datasets.list()).toContain('own_set')
    expect(() => datasets.register(own())).toThrow(ArgumentError)
    const dataset = await datasets.load('own_set:1.0.0', { dataDir: folder, split: 'train' })
    const examples = await list(dataset)
    expect(examples.length).toBe(5)
    const about = examples.map((example) => example.about as { size: Tensor; name: string })
    expect(about.map(({ name }) => name).sort()).toEqual([0, 1, 2, 3, 4].map((i) => `número ${i}`))
    const four = examples[about.findIndex(({ name }) => name === 'número 4')]! as Record<string, Tensor>
    expect(await (four.about as unknown as { size: Tensor }).size.array()).toEqual([4, 2])
    expect(await four.values!.array()).toEqual([-1, 0, 1, 2])
    expect([await four.flag!.item(), four.flag!.dtype, await four.kind!.item()]).toEqual([0, 'bool', 1])
    expect(dataset.info.features.kind).toEqual({ kind: 'label', count: 2, names: ['small', 'large'] })
    await expect(datasets.load('own_set:2.0.0', { dataDir: folder })).rejects.toThrow(ArgumentError)
    await expect(datasets.load('nothing', { dataDir: folder })).rejects.toThrow(/cats_vs_dogs/)
    await expect(datasets.load('../own_set', { dataDir: folder })).rejects.toThrow(ArgumentError)
    await expect(datasets.load('own_set', { dataDir: folder, split: 'test' })).rejects.toThrow(/train/)
    const batches = await datasets.load('own_set', {
      dataDir: folder,
      split: 'train',
      asSupervised: true,
      batchSize: 2,
    })
    expect((await list(batches)).map((batch) => (batch as unknown as Tensor[])[0]!.shape[0])).toEqual([2, 2, 1])
    const order = async (): Promise<unknown> => Promise.all((await list(await datasets.load('own_set', { dataDir: folder, split: 'train', shuffleFiles: true, shuffleSeed: 1 }))).map(({ kind }) => (kind as Tensor).item())) // prettier-ignore
    expect(await order()).toEqual(await order())
  })
  test('examples that do not fit are refused, and nothing is left', async () => {
    const bad: datasets.Example[] = [{ i: 1.5, label: 2 }, { i: 1, label: 'bird' }, { i: 1 }, { i: 'x', label: 0 }, { i: [1, 2], label: 0 }, { i: 1, label: 0, more: 1 }] // prettier-ignore
    for (const example of bad) {
      const set: datasets.DatasetDefinition = {
        name: 'bad', version: '1.0.0', features: { i: datasets.tensorFeature('int32'), label: datasets.classLabel(['cat', 'dog']) },
        splits: { train: () => [['a', { i: 1, label: 0 }], ['b', example]] },
      } // prettier-ignore
      await expect(buildSet(set, folder, buildOptions()), JSON.stringify(example)).rejects.toThrow(ArgumentError)
      const twice = { ...set, splits: { train: () => [['a', { i: 1, label: 0 }], ['a', { i: 1, label: 0 }]] as [string, datasets.Example][] } } // prettier-ignore
      await expect(buildSet(twice, folder, buildOptions())).rejects.toThrow(/twice/)
      for (const wrong of [
        { name: '../up' },
        { version: '1' },
        { splits: {} },
        { splits: { all: () => [] } },
        { splits: { train: () => [] } },
        { supervisedKeys: ['i', 'x'] as [string, string] },
      ])
        // prettier-ignore
        await expect(buildSet({ ...set, ...wrong }, folder, buildOptions())).rejects.toThrow(ArgumentError)
    }
    expect(await readdir(join(folder, 'bad'))).toEqual([])
  })
})

describe('damage', () => {
  test('every changed byte of a stored set is an error of the library, or changes nothing that is read', async () => {
    const set = join(folder, 'set')
    await cp('tests/goldens/data/tfds_tiny', set, { recursive: true })
    const readAll = async (): Promise<number> => {
      let count = 0
      for (const dataset of Object.values(await datasets.loadFromDirectory(set))) count += (await list(dataset)).length
      return count
    }
    expect(await readAll()).toBe(30)
    for (const file of (await readdir(set)).filter(
      (name) => !name.includes('0000') || name.includes('train.tfrecord-00001'),
    )) {
      const whole = await readFile(join(set, file))
      for (let at = 0; at < whole.length; at += 7) {
        const changed = Buffer.from(whole)
        changed[at]! ^= 1 + ((at * 37) % 255)
        await writeFile(join(set, file), changed)
        const outcome = await readAll().catch((error: unknown) => error)
        if (typeof outcome !== 'number') expect(outcome, `${file} ${at}`).toBeInstanceOf(TanukiError)
        else if (file.includes('tfrecord')) expect.unreachable(`${file} ${at}`)
      }
      await writeFile(join(set, file), whole)
    }
  })
  test('names of files that lead elsewhere, unknown features, wrong counts', async () => {
    const set = join(folder, 'set')
    await cp('tests/goldens/data/tfds_tiny', set, { recursive: true })
    const info = await readFile(join(set, 'dataset_info.json'), 'utf8')
    const features = await readFile(join(set, 'features.json'), 'utf8')
    await writeFile(join(set, 'dataset_info.json'), info.replaceAll('{DATASET}-', '../{DATASET}-'))
    await expect((async () => list((await datasets.loadFromDirectory(set)).train!))()).rejects.toThrow(FormatError)
    await writeFile(join(set, 'dataset_info.json'), info.replace('"6"', '"7"'))
    await expect((async () => list((await datasets.loadFromDirectory(set)).train!))()).rejects.toThrow(/7 examples/)
    await writeFile(join(set, 'dataset_info.json'), info)
    await writeFile(join(set, 'features.json'), features.replace('"text": {}', '"audio": {}'))
    await expect(openStoredSet(set)).rejects.toThrow(/Text/)
    await expect(openStoredSet(join(set, 'none'))).rejects.toThrow(ArgumentError)
  })
  test('examples: there and back, and any bytes', () => {
    const features = new Map([
      ['a/b', { kind: 'bytes', values: [Uint8Array.of(1, 2), new Uint8Array()] }],
      ['f', { kind: 'float', values: [1.5, -2] }],
      ['i', { kind: 'int64', values: [-1n, 2n ** 62n] }],
      ['n', { kind: 'none', values: [] }],
      ['__proto__', { kind: 'float', values: [1] }],
    ] as const)
    const bytes = encodeExample(features)
    const decoded = decodeExample(bytes)
    for (const [name, feature] of features) if (name !== '__proto__') expect(decoded.get(name)).toEqual(feature)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(bytes.length - 1), fc.nat(255), (noise, at, byte) => {
        const changed = bytes.slice()
        changed[at] = byte
        for (const wrong of [noise, changed])
          try {
            decodeExample(wrong)
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError)
          }
      }),
      { numRuns: 2000, seed: 1 },
    )
  })
  test('splits: any text is slices within the split, or an ArgumentError', () => {
    const piece = fc.constantFrom(
      'train',
      'test',
      '[',
      ']',
      ':',
      '%',
      'shard',
      '+',
      ' ',
      '-',
      '1',
      '50',
      '0.5',
      '_',
      'all',
      '.',
      '7',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        try {
          for (const { from, to } of slicesOf(pieces.join(''), { train: [3, 4], test: [5] })) {
            expect(Number.isInteger(from) && Number.isInteger(to)).toBe(true)
            expect(from >= 0 && to >= 0 && from <= 7 && to <= 7).toBe(true)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ArgumentError)
        }
      }),
      { numRuns: 3000, seed: 1 },
    )
  })
})
