// Dataset: specifications of elements, sources that wait, what combines datasets, caches in files.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Dataset, TensorSpec, UNKNOWN } from '../../src/data/index.ts'
import type { Element, ElementSpec } from '../../src/data/index.ts'
import { AbortError, ArgumentError, FormatError } from '../../src/errors.ts'
import { add, Tensor, tensor } from '../../src/ops/index.ts'

const plain = async (value: unknown): Promise<unknown> => {
  if (value instanceof Tensor) return value.array()
  if (Array.isArray(value)) return Promise.all(value.map(plain))
  const pairs = Object.entries(value as object).map(async ([key, item]) => [key, await plain(item)] as const)
  return Object.fromEntries(await Promise.all(pairs))
}
const list = async <T>(dataset: Dataset<T>): Promise<unknown> => plain(await dataset.toArray())
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('elementSpec', () => {
  const spec = (dtype: TensorSpec['dtype'], ...shape: (number | null)[]): TensorSpec => new TensorSpec(shape, dtype)
  const pictures = (): Dataset =>
    Dataset.fromTensorSlices([
      tensor(new Float32Array(5 * 4), { shape: [5, 2, 2] }),
      tensor(Int32Array.of(1, 2, 3, 4, 5)),
    ])
  const cases: Readonly<Record<string, [Dataset<unknown>, ElementSpec]>> = {
    range: [Dataset.range(3), spec('int32')],
    slices: [pictures(), [spec('float32', 2, 2), spec('int32')]],
    batch: [pictures().batch(2), [spec('float32', null, 2, 2), spec('int32', null)]],
    'full batches': [pictures().batch(2, { dropRemainder: true }), [spec('float32', 2, 2, 2), spec('int32', 2)]],
    'a map over batches': [
      pictures().batch(2).map((x: Tensor, y: Tensor) => ({ x: add(x, 1), y })),
      { x: spec('float32', null, 2, 2), y: spec('int32', null) },
    ],
    'through everything': [
      pictures().shuffle(3).repeat(2).take(4).skip(1).shard(1, 0).filter(() => true).cache().prefetch(1),
      [spec('float32', 2, 2), spec('int32')],
    ],
    unbatch: [pictures().batch(2).unbatch(), [spec('float32', 2, 2), spec('int32')]],
    enumerate: [Dataset.range(2).enumerate(), [spec('int32'), spec('int32')]],
    zip: [Dataset.zip([Dataset.range(2) as Dataset, pictures()]), [spec('int32'), [spec('float32', 2, 2), spec('int32')]]],
    concatenate: [
      Dataset.fromTensorSlices([[1, 2]]).concatenate(Dataset.fromTensorSlices([[1, 2, 3]])),
      spec('float32', null),
    ],
    'padded batches': [Dataset.fromGenerator(() => [[[1, 2]]]).paddedBatch(2), spec('float32', null, null, null)],
    generator: [Dataset.fromGenerator(() => [{ a: [1, 2] }]), { a: spec('float32', 2) }],
  } // prettier-ignore
  for (const [name, [dataset, expected]] of Object.entries(cases))
    test(name, async () => expect(await dataset.elementSpec()).toEqual(expected))
  test('an empty dataset cannot tell, unless it knows', async () => {
    await expect(Dataset.fromGenerator(() => []).elementSpec()).rejects.toThrow(ArgumentError)
    expect(await Dataset.range(0).batch(2).elementSpec()).toEqual(spec('int32', null))
    await expect(
      pictures()
        .concatenate(Dataset.range(1) as Dataset)
        .elementSpec(),
    ).rejects.toThrow(ArgumentError)
  })
})

describe('sources that wait', () => {
  test('an async iterable ends with its consumer, and an abort does not wait for it', async () => {
    let returned = 0
    const slow: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => {
        let i = 0
        return {
          next: () => (i++ === 0 ? Promise.resolve({ done: false, value: 7 }) : new Promise(() => undefined)),
          return: () => {
            returned++
            return Promise.resolve({ done: true, value: undefined })
          },
        }
      },
    }
    const dataset = Dataset.fromAsyncIterable(slow)
    expect(dataset.cardinality()).toBe(UNKNOWN)
    expect(await list(dataset.take(1))).toEqual([7])
    expect(returned).toBe(1)
    const controller = new AbortController()
    const iterate = async (): Promise<void> => {
      for await (const element of dataset.batch(1).prefetch(2).iterate({ signal: controller.signal })) {
        expect(element).toBeDefined()
        setTimeout(() => controller.abort(new Error('enough')), 5)
      }
    }
    await expect(iterate()).rejects.toThrow(AbortError)
    expect(returned).toBe(2)
  })
  test('unordered maps give what is ready first, within their bound', async () => {
    let [running, most] = [0, 0]
    const slow = async (x: Tensor): Promise<Tensor> => {
      most = Math.max(most, ++running)
      await pause((await x.item()) === 0 ? 60 : 1)
      running--
      return x
    }
    const options = { numParallelCalls: 3, deterministic: false }
    const got = (await list(Dataset.range(9).map(slow, options))) as number[]
    expect(got[0]).not.toBe(0)
    expect([...got].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(most).toBe(3)
    const failing = Dataset.range(9).map(
      (x: Tensor) => (x.rank === 0 ? Promise.reject(new Error('broken map')) : x),
      options,
    )
    await expect(list(failing)).rejects.toThrow('broken map')
  })
})

describe('what tf.data has besides', () => {
  test('takeWhile, scan, unique, rebatch', async () => {
    const small = (x: Tensor): Promise<boolean> => x.item().then((value) => value < 3)
    expect(await list(Dataset.range(9).takeWhile(small))).toEqual([0, 1, 2])
    const sums = Dataset.range(5).scan(0, async (total, x) => {
      const next = total + (await x.item())
      return [next, tensor(next)] as const
    })
    expect(await list(sums as Dataset)).toEqual([0, 1, 3, 6, 10])
    expect(await list(Dataset.fromTensorSlices([1, 2, 1, 3, 2]).unique())).toEqual([1, 2, 3])
    expect(await list(Dataset.range(7).batch(2).rebatch(3))).toEqual([[0, 1, 2], [3, 4, 5], [6]]) // prettier-ignore
  })
  test('choosing from datasets', async () => {
    const numbers = [0, 10, 20].map((start) => Dataset.range(start, start + 3))
    const order = (...choices: number[]): Dataset<Tensor> => Dataset.fromTensorSlices(choices) as Dataset<Tensor>
    expect(await list(Dataset.chooseFromDatasets(numbers, order(0, 2, 2, 1, 0)))).toEqual([0, 20, 21, 10, 1])
    expect(await list(Dataset.chooseFromDatasets(numbers, order(0, 0, 0, 0, 1)))).toEqual([0, 1, 2])
    const on = { stopOnEmptyDataset: false }
    expect(await list(Dataset.chooseFromDatasets(numbers, order(0, 0, 0, 0, 1), on))).toEqual([0, 1, 2, 10])
    await expect(list(Dataset.chooseFromDatasets(numbers, order(3)))).rejects.toThrow(ArgumentError)
  })
  test('sampling from datasets: by weights, repeatable, until all or one is empty', async () => {
    const pair = [Dataset.range(1000).map(() => 0), Dataset.range(1000).map(() => 1)] as Dataset[]
    const sample = (options: object): Dataset => Dataset.sampleFromDatasets(pair, options)
    const values = (await list(sample({ weights: [0.8, 0.2], seed: 1, stopOnEmptyDataset: true }))) as number[]
    const ones = values.reduce((a, b) => a + b, 0) / values.length
    expect(Math.abs(ones - 0.2)).toBeLessThan(0.05)
    expect(((await list(sample({ seed: 1 }))) as number[]).length).toBe(2000)
    expect(((await list(sample({ weights: [1, 0], seed: 1 }))) as number[]).length).toBe(1000)
    const first = await list(sample({ seed: 5 }).take(50))
    expect(await list(sample({ seed: 5 }).take(50))).toEqual(first)
    for (const weights of [[1], [0, 0], [1, -1], [NaN, 1]]) expect(() => sample({ weights })).toThrow(ArgumentError)
  })
  test('leaving early stops what they are made of', async () => {
    let stopped = 0
    const source = Dataset.fromGenerator(async function* () {
      try {
        for (let i = 0; ; i++) yield await Promise.resolve(i)
      } finally {
        stopped++
      }
    })
    const makers: ((dataset: Dataset) => Dataset<unknown>)[] = [
      (d) => d.takeWhile(() => true), (d) => d.scan(0, (s, x) => [s, x] as const), (d) => d.unique(), (d) => d.batch(1).rebatch(1),
      (d) => d.map((x: Tensor) => x, { numParallelCalls: 3, deterministic: false }),
      (d) => Dataset.sampleFromDatasets([d]), (d) => Dataset.chooseFromDatasets([d], d.map(() => 0) as Dataset<Tensor>),
    ] // prettier-ignore
    for (const make of makers) {
      const before = stopped
      for await (const element of make(source)) {
        expect(element).toBeDefined()
        break
      }
      expect(stopped).toBeGreaterThan(before)
    }
  })
})

describe('caches in files', () => {
  let folder: string
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tanuki-cache-'))))
  afterEach(async () => rm(folder, { recursive: true }))
  /** A source that counts its elements. */
  function counted(): { dataset: Dataset; made: () => number } {
    let made = 0
    const dataset = Dataset.fromGenerator(async function* () {
      for (let i = 0; i < 4; i++) {
        made++
        const picture = tensor(Uint8Array.of(i, i + 1, i + 2), { shape: [3] })
        yield await Promise.resolve([picture, { label: tensor(Int32Array.of(9 - i)), weight: i / 2 }] as never)
      }
    })
    return { dataset, made: () => made }
  }
  const expected = [0, 1, 2, 3].map((i) => [[i, i + 1, i + 2], { label: [9 - i], weight: i / 2 }])

  test('written by the first complete pass, replayed afterwards, also by another pipeline', async () => {
    const path = join(folder, 'deep', 'cache')
    const { dataset, made } = counted()
    const cached = dataset.cache(path)
    expect(await list(cached)).toEqual(expected)
    expect(await list(cached)).toEqual(expected)
    expect(await readdir(join(folder, 'deep'))).toEqual(['cache'])
    expect(made()).toBe(4)
    const other = counted()
    const replayed = await other.dataset.cache(path).toArray()
    expect(await plain(replayed)).toEqual(expected)
    expect(((replayed[0] as Element[])[0] as Tensor).dtype).toBe('uint8')
    expect(other.made()).toBe(0)
  })
  test('a pass that is left early, fails or is aborted leaves nothing', async () => {
    const path = join(folder, 'cache')
    const { dataset } = counted()
    expect(await list(dataset.cache(path).take(2))).toEqual(expected.slice(0, 2))
    let seen = 0
    const failing = dataset.map((x: Tensor) => {
      if (++seen === 3) throw new Error('broken map')
      return x
    })
    await expect(list(failing.cache(path))).rejects.toThrow('broken map')
    const controller = new AbortController()
    const iterate = async (): Promise<void> => {
      for await (const element of dataset.cache(path).iterate({ signal: controller.signal })) controller.abort(element)
    }
    await expect(iterate()).rejects.toThrow(AbortError)
    expect(await readdir(folder)).toEqual([])
  })
  test('a file of another key is made anew', async () => {
    const path = join(folder, 'cache')
    const { dataset, made } = counted()
    await list(dataset.cache(path, { key: '224' }))
    await list(dataset.cache(path, { key: '150' }))
    await list(dataset.cache(path, { key: '150' }))
    expect(made()).toBe(8)
    expect(await list(dataset.cache(path, { key: '150' }))).toEqual(expected)
  })
  test('two passes at the same time', async () => {
    const path = join(folder, 'cache')
    const { dataset } = counted()
    const cached = dataset.cache(path)
    expect(await Promise.all([list(cached), list(cached)])).toEqual([expected, expected])
    expect(await readdir(folder)).toEqual(['cache'])
    expect(await list(cached)).toEqual(expected)
  })
  test('an empty dataset, and one that cannot be kept', async () => {
    const empty = Dataset.range(0).cache(join(folder, 'empty'))
    expect([await list(empty), await list(empty)]).toEqual([[], []])
    const odd = new Dataset<unknown>(async function* () {
      yield await Promise.resolve(new Map())
    })
    await expect(odd.cache(join(folder, 'odd')).toArray()).rejects.toThrow(ArgumentError)
    expect(await readdir(folder)).toEqual(['empty'])
  })
  test('every damage is found: cut off, longer, each byte changed', async () => {
    const path = join(folder, 'cache')
    const { dataset } = counted()
    const key = 'the key'
    await list(dataset.cache(path, { key }))
    const whole = await readFile(path)
    const read = (): Promise<unknown> => list(dataset.cache(path, { key }))
    for (const bytes of [whole.subarray(0, 5), whole.subarray(0, -1), whole.subarray(0, whole.length >> 1), Buffer.concat([whole, whole]), Buffer.from('nonsense')]) {
      await writeFile(path, bytes)
      await expect(read()).rejects.toThrow(FormatError)
    } // prettier-ignore
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1 + ((at * 7) % 255)
      await writeFile(path, changed)
      const outcome = await read().catch((error: unknown) => error)
      // Another key is another pipeline's file.
      if (!(outcome instanceof FormatError)) expect([at > 7 && at < 12 + key.length, outcome]).toEqual([true, expected])
    }
  })
})
