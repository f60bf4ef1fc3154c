// Where pretrained weights come from: the own cache, Keras' cache, a server; what is refused; and the names of the classes.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { mobileNet, xception } from '../../src/applications/index.ts'
import type { MobileNetOptions } from '../../src/applications/index.ts'
import { classIndexFile, decodePredictions, readClassIndex } from '../../src/applications/imagenet.ts'
import { loadPretrained, obtainFile } from '../../src/applications/weights.ts'
import type { RemoteWeights } from '../../src/applications/weights.ts'
import { ArgumentError, DownloadError, FormatError } from '../../src/errors.ts'
import { weightsToBytes } from '../../src/models/index.ts'
import type { Functional } from '../../src/models/index.ts'
import { tensor } from '../../src/ops/index.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'
import { FileServer } from '../data/file-server.ts'
import { fillWithFormula } from '../goldens-run/formula.ts'

let folder: string
let server: FileServer
let warnings: string[]
const cache = () => join(folder, 'cache', 'models')
const kerasCache = () => join(folder, 'keras', 'models')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tanuki-pretrained-'))
  vi.stubEnv('TANUKI_CACHE', join(folder, 'cache'))
  vi.stubEnv('KERAS_HOME', join(folder, 'keras'))
  server = await FileServer.start(Buffer.from('weights'))
  warnings = []
  setWarningHandler((message) => warnings.push(message))
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  setWarningHandler(null)
  await server.stop()
  await rm(folder, { recursive: true })
})

const small = { weights: null, includeTop: false, alpha: 0.25, inputShape: [32, 32, 3] } as const
const provenance = { licence: 'MIT', source: 'a test' }
const recordOf = (bytes: Uint8Array, more: Partial<RemoteWeights> = {}): RemoteWeights => ({
  fileName: 'small.safetensors',
  url: server.url(),
  md5: createHash('md5').update(bytes).digest('hex'),
  ...provenance,
  ...more,
})
const put = async (path: string, bytes: Uint8Array | string): Promise<void> => {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, bytes)
}

describe('a file of weights', () => {
  const bytes = Buffer.from('weights')
  test('is downloaded once, into the cache', async () => {
    const path = join(cache(), 'small.safetensors')
    expect(await obtainFile(recordOf(bytes))).toBe(path)
    expect(await readFile(path, 'utf8')).toBe('weights')
    expect(await obtainFile(recordOf(bytes))).toBe(path)
    expect(server.requests.length).toBe(1)
  })
  test('is taken from the cache of Keras', async () => {
    const path = join(kerasCache(), 'small.safetensors')
    await put(path, bytes)
    expect(await obtainFile(recordOf(bytes))).toBe(path)
    // Also where nobody knows the hash.
    const { md5: _, ...unhashed } = recordOf(bytes)
    expect(await obtainFile(unhashed)).toBe(path)
    expect(server.requests.length).toBe(0)
  })
  test('is not taken from there if its hash is wrong', async () => {
    const path = join(kerasCache(), 'small.safetensors')
    await put(path, 'something else')
    expect(await obtainFile(recordOf(bytes))).toBe(join(cache(), 'small.safetensors'))
    expect(warnings).toEqual([expect.stringContaining(path)])
    expect(await readFile(path, 'utf8')).toBe('something else')
  })
  test('of the own cache comes first', async () => {
    for (const parent of [cache(), kerasCache()]) await put(join(parent, 'small.safetensors'), bytes)
    expect(await obtainFile(recordOf(bytes))).toBe(join(cache(), 'small.safetensors'))
  })
  test('without the network: the error says where to put it', async () => {
    vi.stubEnv('TANUKI_OFFLINE', '1')
    const error = await xception().catch((caught: unknown) => caught as Error)
    expect(error).toBeInstanceOf(DownloadError)
    const { message } = error as Error
    expect(message).toContain(join(cache(), 'xception_weights_tf_dim_ordering_tf_kernels.h5'))
    expect(message).toContain('https://storage.googleapis.com/tensorflow/keras-applications/xception/')
    expect(existsSync(cache())).toBe(false)
  })
  test('that is damaged on its way is refused', async () => {
    const record = recordOf(Buffer.from('promised'))
    await expect(obtainFile(record)).rejects.toThrow(DownloadError)
    expect(existsSync(join(cache(), record.fileName))).toBe(false)
  })
})

/** Values of all weights, one after another. */
async function valuesOf(network: Functional): Promise<number[]> {
  return (await Promise.all(network.weights.map(async (weight) => [...(await weight.data())]))).flat()
}

describe('pretrained weights', () => {
  test('come from the server into the model', async () => {
    const trained = await mobileNet(small)
    fillWithFormula(trained.weights, 1)
    const bytes = await weightsToBytes(trained)
    server.content = bytes
    const network = await mobileNet(small)
    await loadPretrained(network, [recordOf(bytes)])
    expect(await valuesOf(network)).toEqual(await valuesOf(trained))
  })
  test('of another model leave the model as it was', async () => {
    const bytes = await weightsToBytes(await mobileNet({ ...small, alpha: 0.5 }))
    server.content = bytes
    const network = await mobileNet(small)
    const before = await valuesOf(network)
    await expect(loadPretrained(network, [recordOf(bytes)])).rejects.toThrow(FormatError)
    expect(await valuesOf(network)).toEqual(before)
  })
})

describe('files of Keras', () => {
  // Written by tf_keras 2.21, with the formula weights of tests/goldens/README.md, gain 1.5.
  const written = fileURLToPath(new URL('fixtures/mobilenet_small_no_top.h5', import.meta.url))
  const tiny = { ...small, alpha: 1 / 16 }
  const expected = async (options: MobileNetOptions): Promise<number[]> => {
    const network = await mobileNet(options)
    fillWithFormula(network.weights, 1.5)
    return valuesOf(network)
  }
  test('come from the server into the model', async () => {
    const bytes = await readFile(written)
    server.content = bytes
    const network = await mobileNet(tiny)
    await loadPretrained(network, [recordOf(bytes, { fileName: 'small_no_top.h5' })])
    expect(await valuesOf(network)).toEqual(await expected(tiny))
  })
  test('are given by their path', async () => {
    const network = await mobileNet({ ...tiny, weights: written })
    expect(await valuesOf(network)).toEqual(await expected(tiny))
    await expect(mobileNet({ ...tiny, alpha: 1 / 8, weights: written })).rejects.toThrow(FormatError)
    await expect(xception({ includeTop: false, weights: written })).rejects.toThrow(FormatError)
  })
  test('lie in the cache of Keras: weights "imagenet" takes them', async () => {
    vi.stubEnv('TANUKI_OFFLINE', '1')
    for (const [includeTop, suffix] of [
      [true, ''],
      [false, '_no_top'],
    ] as const) {
      const options = { alpha: 0.25, inputShape: [128, 128, 3], includeTop } as const
      const trained = await mobileNet({ ...options, weights: null })
      fillWithFormula(trained.weights, 1.5)
      await mkdir(kerasCache(), { recursive: true })
      await trained.saveWeights(join(kerasCache(), `mobilenet_2_5_128_tf${suffix}.h5`))
      expect(await valuesOf(await mobileNet(options))).toEqual(await valuesOf(trained))
    }
    expect(warnings).toEqual([])
  })
})

describe('the names of the classes', () => {
  const names = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [i, [`n${i}`, `class ${i}`]]))
  const scores = tensor(
    Float32Array.from({ length: 1000 }, (_, i) => (i * 7) % 1000),
    { shape: [1, 1000] },
  )
  test('of a file of one’s own', async () => {
    const path = join(folder, 'names.json')
    await put(path, JSON.stringify(names))
    const classIndex = await readClassIndex(path)
    expect(await decodePredictions(scores, { top: 2, classIndex })).toEqual([
      [['n857', 'class 857', 999], ['n714', 'class 714', 998]], // prettier-ignore
    ])
    expect(await xception.decodePredictions(scores, { top: 1, classIndex })).toEqual([[['n857', 'class 857', 999]]])
  })
  test('NaN counts as greatest, `top` is limited by the number of classes', async () => {
    const classIndex = names as never
    const odd = tensor(
      Float32Array.from({ length: 1000 }, (_, i) => (i === 5 ? NaN : i)),
      { shape: [1, 1000] },
    )
    const [row] = await decodePredictions(odd, { top: 2000, classIndex })
    expect(row!.slice(0, 2).map(([id]) => id)).toEqual(['n5', 'n999'])
    expect(row!.length).toBe(1000)
    expect(await decodePredictions(odd, { top: 0, classIndex })).toEqual([[]])
  })
  test('without the network: the error says where to put the file', async () => {
    vi.stubEnv('TANUKI_OFFLINE', '1')
    await expect(decodePredictions(scores)).rejects.toThrow(join(cache(), classIndexFile.fileName))
  })
  test('of a broken file', async () => {
    const path = join(folder, 'broken.json')
    const broken = ['', '[', 'null', '[]', '{}', JSON.stringify({ ...names, 17: ['n17'] }), JSON.stringify({ ...names, 999: [1, 2] })] // prettier-ignore
    for (const text of broken) {
      await put(path, text)
      await expect(readClassIndex(path), text.slice(0, 20)).rejects.toThrow(FormatError)
    }
  })
  test('a wrong `top`', () =>
    expect(decodePredictions(scores, { top: -1, classIndex: names as never })).rejects.toThrow(ArgumentError))
})
