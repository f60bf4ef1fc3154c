// Dataset: tf.data's meaning of every method, and that producers stop with their consumer.
import { describe, expect, test } from 'vitest'
import { AUTOTUNE, Dataset, INFINITE, UNKNOWN } from '../../src/data/index.ts'
import { AbortError, ArgumentError, ShapeError } from '../../src/errors.ts'
import { add, multiply, setRandomSeed, Tensor, tensor } from '../../src/ops/index.ts'

const plain = async (value: unknown): Promise<unknown> => {
  if (value instanceof Tensor) return value.array()
  if (Array.isArray(value)) return Promise.all(value.map(plain))
  const pairs = Object.entries(value as object).map(async ([key, item]) => [key, await plain(item)] as const)
  return Object.fromEntries(await Promise.all(pairs))
}
const list = async (dataset: Dataset<never> | Dataset<Tensor> | Dataset): Promise<unknown> =>
  plain(await (dataset as Dataset).toArray())
const sorted = (values: unknown): number[] => [...(values as number[])].sort((a, b) => a - b)
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A source that counts what it made and notes when it was stopped. */
function watched(count: number, failAt = -1) {
  const seen = { made: 0, stopped: 0 }
  const dataset = Dataset.fromGenerator(async function* () {
    try {
      for (let i = 0; i < count; i++) {
        if (i === failAt) throw new Error('broken source')
        seen.made++
        yield await Promise.resolve(i)
      }
    } finally {
      seen.stopped++
    }
  })
  return { dataset, seen }
}

describe('structures', () => {
  test('slices of tuples and records keep their dtype', async () => {
    const dataset = Dataset.fromTensorSlices([tensor(Int32Array.of(1, 2)), { x: tensor([[1, 2], [3, 4]]) }]) // prettier-ignore
    expect(dataset.cardinality()).toBe(2)
    expect(await list(dataset)).toEqual([[1, { x: [1, 2] }], [2, { x: [3, 4] }]]) // prettier-ignore
    expect(((await dataset.toArray())[0] as Tensor[])[0]!.dtype).toBe('int32')
  })
  test('numbers in arrays are one tensor', async () => {
    expect(await list(Dataset.fromTensorSlices([[1, 2], [3, 4]]))).toEqual([[1, 2], [3, 4]]) // prettier-ignore
  })
  test('slices of unequal length, and of scalars, are refused', () => {
    expect(() => Dataset.fromTensorSlices([tensor([1, 2]), tensor([1])])).toThrow(ArgumentError)
    expect(() => Dataset.fromTensorSlices(tensor(1))).toThrow(ArgumentError)
  })
  test('fromTensors is one element, fromGenerator starts anew', async () => {
    expect(await list(Dataset.fromTensors([tensor([1, 2]), 3]))).toEqual([[[1, 2], 3]])
    const dataset = Dataset.fromGenerator(() => [1, 2])
    expect([await list(dataset), await list(dataset), dataset.cardinality()]).toEqual([[1, 2], [1, 2], UNKNOWN])
  })
  test('ranges', async () => {
    expect(await list(Dataset.range(5, 0, -2))).toEqual([5, 3, 1])
    expect(await list(Dataset.range(3, 1))).toEqual([])
    expect(() => Dataset.range(0, 5, 0)).toThrow(ArgumentError)
    expect(() => Dataset.range(2.5)).toThrow(ArgumentError)
  })
})

describe('element by element', () => {
  test('map spreads tuples, takes promises, makes tensors of numbers', async () => {
    const pairs = Dataset.zip([Dataset.range(3), Dataset.range(3)])
    expect(await list(pairs.map((a: Tensor, b: Tensor) => [add(a, b), multiply(a, b)]))).toEqual([[0, 0], [2, 1], [4, 4]]) // prettier-ignore
    const numbers = Dataset.range(2).map(async (x: Tensor) => ({ twice: 2 * (await x.item()) }))
    expect(await list(numbers as Dataset)).toEqual([{ twice: 0 }, { twice: 2 }])
  })
  test('filter takes booleans, promises and tensors', async () => {
    expect(await list(Dataset.range(4).filter((x: Tensor) => x))).toEqual([1, 2, 3])
    expect(await list(Dataset.range(4).filter(async (x: Tensor) => (await x.item()) > 2))).toEqual([3])
  })
  test('flatMap, enumerate, reduce, apply', async () => {
    expect(await list(Dataset.range(3).flatMap((x: Tensor) => Dataset.fromTensors(x).repeat(2)))).toEqual([0, 0, 1, 1, 2, 2]) // prettier-ignore
    const numbered = Dataset.range(2).enumerate()
    expect(await plain(await numbered.map((i: Tensor, x: Tensor) => add(i, x)).toArray())).toEqual([0, 2])
    expect(await Dataset.range(5).reduce(0, async (sum, x) => sum + (await x.item()))).toBe(10)
    expect(
      Dataset.range(5)
        .apply((dataset) => dataset.take(2))
        .cardinality(),
    ).toBe(2)
  })
})

describe('batches', () => {
  test('of records; elements that differ are refused', async () => {
    const dataset = Dataset.fromTensorSlices({ a: [[1], [2], [3]], b: [4, 5, 6] }).batch(2)
    expect(await list(dataset)).toEqual([{ a: [[1], [2]], b: [4, 5] }, { a: [[3]], b: [6] }]) // prettier-ignore
    await expect(list(Dataset.fromGenerator(() => [[1], [1, 2]]).batch(2))).rejects.toThrow(ShapeError)
    const types = Dataset.fromGenerator(() => [tensor(1), tensor(1, { dtype: 'int32' })])
    await expect(list(types.batch(2))).rejects.toThrow(/float32.*int32/)
    await expect(list(Dataset.fromGenerator(() => [[tensor(1), tensor(2)], 1]).batch(2))).rejects.toThrow(ShapeError)
    expect(() => dataset.batch(0)).toThrow(ArgumentError)
  })
  test('unbatch needs one first dim', async () => {
    expect(await list(Dataset.fromTensors([tensor([1, 2]), tensor([3, 4])]).unbatch())).toEqual([[1, 3], [2, 4]]) // prettier-ignore
    await expect(list(Dataset.range(2).unbatch())).rejects.toThrow(ArgumentError)
  })
  test('padded batches with shapes and values', async () => {
    const ragged = Dataset.fromGenerator(() => [[[1, 2]], [[3], [4]]])
    expect(await list(ragged.paddedBatch(2))).toEqual([[[[1, 2], [0, 0]], [[3, 0], [4, 0]]]]) // prettier-ignore
    const given = ragged.paddedBatch(2, { shapes: [null, 3], value: -1 })
    expect(await list(given)).toEqual([[[[1, 2, -1], [-1, -1, -1]], [[3, -1, -1], [4, -1, -1]]]]) // prettier-ignore
    await expect(list(ragged.paddedBatch(2, { shapes: [1, 3] }))).rejects.toThrow(ShapeError)
  })
  test('windows overlap, have gaps and strides', async () => {
    const windows = (n: number, ...args: Parameters<Dataset['window']>): Promise<unknown> =>
      list(Dataset.range(n).window(...args).flatMap((w: Dataset) => w.batch(10))) // prettier-ignore
    expect(await windows(5, 3, { shift: 1 })).toEqual([[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4], [4]]) // prettier-ignore
    expect(await windows(7, 2, { shift: 3 })).toEqual([[0, 1], [3, 4], [6]])
    expect(await windows(7, 3, { shift: 1, stride: 2, dropRemainder: true })).toEqual([[0, 2, 4], [1, 3, 5], [2, 4, 6]]) // prettier-ignore
    const count = (n: number, dropRemainder: boolean): number => Dataset.range(n).window(3, { shift: 2, dropRemainder }).cardinality() // prettier-ignore
    expect([count(7, false), count(7, true), count(2, true)]).toEqual([4, 3, 0])
  })
})

describe('order and length', () => {
  test('cardinalities', () => {
    const endless = Dataset.range(2).repeat()
    const unknown = Dataset.range(2).filter(() => true)
    expect(endless.take(5).cardinality()).toBe(5)
    expect(endless.skip(5).cardinality()).toBe(INFINITE)
    expect(endless.batch(2).cardinality()).toBe(INFINITE)
    expect(unknown.take(5).cardinality()).toBe(UNKNOWN)
    expect(unknown.repeat().cardinality()).toBe(INFINITE)
    expect(Dataset.range(0).repeat().cardinality()).toBe(0)
    expect(unknown.concatenate(Dataset.range(1) as Dataset<Tensor>).cardinality()).toBe(UNKNOWN)
    expect(Dataset.zip([endless as Dataset, Dataset.range(3) as Dataset]).cardinality()).toBe(3)
    expect(() => Dataset.zip([])).toThrow(ArgumentError)
    expect(() => Dataset.range(2).take(1.5)).toThrow(ArgumentError)
    expect(() => Dataset.range(2).shard(2, 2)).toThrow(ArgumentError)
  })
  test('repeating nothing for ever ends', async () => expect(await list(Dataset.range(0).repeat())).toEqual([]))
  test('shuffles: same elements, another order each time, repeatable by seed', async () => {
    const make = (seed?: number, reshuffleEachIteration = true): Dataset<Tensor> =>
      Dataset.range(50).shuffle(50, { reshuffleEachIteration, ...(seed === undefined ? {} : { seed }) })
    const dataset = make(3)
    const [first, second] = [await list(dataset), await list(dataset)]
    expect(sorted(first)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(second).not.toEqual(first)
    const again = make(3)
    expect([await list(again), await list(again)]).toEqual([first, second])
    const fixed = make(3, false)
    expect(await list(fixed)).toEqual(await list(fixed))
    const unseeded = async (): Promise<unknown> => {
      setRandomSeed(7)
      return list(make())
    }
    expect(await unseeded()).toEqual(await unseeded())
  })
  test('a shuffle buffer of k emits at position p one of the first p + k', async () => {
    const order = (await list(Dataset.range(40).shuffle(5, { seed: 1 }))) as number[]
    order.forEach((value, position) => expect(value).toBeLessThan(position + 5))
    expect(sorted(order)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect(await list(Dataset.range(5).shuffle(1))).toEqual([0, 1, 2, 3, 4])
  })
  test('a cache is filled by a complete pass only', async () => {
    const { dataset, seen } = watched(4)
    const cached = dataset.cache()
    expect(await list(cached.take(2))).toEqual([0, 1])
    expect(await list(cached)).toEqual([0, 1, 2, 3])
    expect(seen.made).toBe(6)
    expect(await list(cached)).toEqual([0, 1, 2, 3])
    expect(seen.made).toBe(6)
  })
})

/** Each way of wrapping a source; all must stop it. */
const wrappers: Readonly<Record<string, (dataset: Dataset) => Dataset<unknown>>> = {
  plain: (d) => d,
  map: (d) => d.map((x: Tensor) => x),
  'parallel map': (d) => d.map((x: Tensor) => x, { numParallelCalls: 3 }),
  filter: (d) => d.filter(() => true),
  batch: (d) => d.batch(1),
  'padded batch': (d) => d.paddedBatch(1),
  window: (d) => d.window(1),
  unbatch: (d) => d.batch(1).unbatch(),
  shuffle: (d) => d.shuffle(2),
  repeat: (d) => d.repeat(),
  take: (d) => d.take(50),
  skip: (d) => d.skip(1),
  shard: (d) => d.shard(1, 0),
  cache: (d) => d.cache(),
  prefetch: (d) => d.prefetch(3),
  enumerate: (d) => d.enumerate(),
  concatenate: (d) => d.concatenate(d),
  zip: (d) => Dataset.zip([d, d.prefetch(1)]),
  'flat map': (d) => d.flatMap((x: Tensor) => Dataset.fromTensors(x)),
  'inner flat map': (d) => Dataset.range(2).flatMap(() => d),
  interleave: (d) => Dataset.range(3).interleave(() => d, { cycleLength: 2 }),
}
describe('stopping', () => {
  for (const [name, wrap] of Object.entries(wrappers)) {
    test(`leaving early stops the source under ${name}`, async () => {
      const { dataset, seen } = watched(100)
      for await (const element of wrap(dataset)) {
        expect(element).toBeDefined()
        break
      }
      const { made } = seen
      expect(seen.stopped).toBeGreaterThan(0)
      expect(made).toBeLessThanOrEqual(12)
      await pause(5)
      expect(seen.made).toBe(made)
    })
    test(`an error in a later map stops the source under ${name}, and arrives`, async () => {
      const { dataset, seen } = watched(100)
      const failing = wrap(dataset).map(() => {
        throw new Error('broken map')
      })
      await expect(failing.toArray()).rejects.toThrow('broken map')
      expect(seen.stopped).toBeGreaterThan(0)
      expect(seen.made).toBeLessThanOrEqual(12)
    })
    test(`an error of the source arrives through ${name}`, async () => {
      await expect(wrap(watched(9, 5).dataset).toArray()).rejects.toThrow('broken source')
    })
    test(`an AbortSignal ends ${name}`, async () => {
      const { dataset, seen } = watched(100)
      const controller = new AbortController()
      const iterate = async (): Promise<void> => {
        for await (const element of wrap(dataset).iterate({ signal: controller.signal })) {
          expect(element).toBeDefined()
          controller.abort(new Error('enough'))
        }
      }
      await expect(iterate()).rejects.toThrow(AbortError)
      expect(seen.stopped).toBeGreaterThan(0)
      expect(seen.made).toBeLessThanOrEqual(12)
    })
  }
  test('a signal that is aborted already starts nothing', async () => {
    const { dataset, seen } = watched(5)
    await expect(dataset.iterate({ signal: AbortSignal.abort() }).next()).rejects.toThrow(AbortError)
    expect(seen.made).toBe(0)
  })
})

describe('running ahead', () => {
  test('a parallel map runs so many calls and keeps the order', async () => {
    let [running, most] = [0, 0]
    const slow = async (x: Tensor): Promise<Tensor> => {
      most = Math.max(most, ++running)
      await pause(((await x.item()) * 7) % 5)
      running--
      return x
    }
    const numbers = Array.from({ length: 20 }, (_, i) => i)
    expect(await list(Dataset.range(20).map(slow, { numParallelCalls: 4 }))).toEqual(numbers)
    expect(most).toBe(4)
    most = 0
    expect(await list(Dataset.range(20).map(slow))).toEqual(numbers)
    expect(most).toBe(1)
    expect(() => Dataset.range(1).map(slow, { numParallelCalls: 0 })).toThrow(ArgumentError)
    expect(await list(Dataset.range(2).map(slow, { numParallelCalls: AUTOTUNE }))).toEqual([0, 1])
  })
  test('what came before an error is delivered first', async () => {
    const seen: unknown[] = []
    const collect = async (dataset: Dataset): Promise<void> => {
      for await (const x of dataset) seen.push(await (x as Tensor).item())
    }
    await expect(collect(watched(9, 3).dataset.map((x: Tensor) => x, { numParallelCalls: 8 }))).rejects.toThrow(
      'broken',
    )
    await expect(collect(watched(9, 2).dataset.prefetch(8))).rejects.toThrow('broken')
    expect(seen).toEqual([0, 1, 2, 0, 1])
  })
  test('prefetch stays within its bound', async () => {
    const { dataset, seen } = watched(100)
    const iteration = dataset.prefetch(3).iterate()
    expect(seen.made).toBe(0)
    await iteration.next()
    await pause(20)
    expect(seen.made).toBe(4)
    await iteration.next()
    await pause(20)
    expect(seen.made).toBe(5)
    await iteration.return()
  })
})
