// Random pipelines beside what tf.data made of them (scripts/goldens/random_pipelines.py). TANUKI_PIPELINES names a file of other ones.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Dataset, UNKNOWN } from '../../src/data/index.ts'
import type { Element } from '../../src/data/index.ts'
import { flatten, mapLeaves } from '../../src/data/structure.ts'
import { add, mod, multiply, stack, sum, Tensor, tensor } from '../../src/ops/index.ts'

type Argument = string | number | boolean | null
type Step = readonly [string, ...Argument[]]
interface Case {
  readonly steps: readonly Step[]
  readonly cardinality: number
  readonly elements?: readonly unknown[]
  readonly error?: string
}
type Transform<R> = (element: Element) => R
type Loose = Dataset & Record<string, (...args: unknown[]) => Dataset>

const limit = 60
const path = process.env.TANUKI_PIPELINES ?? fileURLToPath(new URL('random-pipelines.json', import.meta.url))
const cases = JSON.parse(readFileSync(path, 'utf8')) as Case[]

const first = (element: Element): Tensor => flatten(element)[0]!
const total = (element: Element): Tensor => sum(first(element))
const eachLeaf = (element: Element, change: (leaf: Tensor) => Tensor): Element =>
  mapLeaves(element, (leaf) => change(leaf as Tensor)) as Element
const numberOf = async (element: Element): Promise<number> => total(element).item()
const remainder = (n: number, by: number): number => ((n % by) + by) % by

const maps: Readonly<Record<string, Transform<Element | Promise<Element>>>> = {
  double: (e) => eachLeaf(e, (leaf) => add(multiply(leaf, 2), 1)),
  pair: (e) => [e, eachLeaf(e, (leaf) => add(leaf, 10))],
  record: (e) => ({ a: e, b: multiply(first(e), 3) }),
  first,
  total,
  vector: async (e) => {
    const n = await numberOf(e)
    return tensor(new Int32Array(remainder(n, 4)).fill(n))
  },
  twice: (e) => stack([total(e), add(total(e), 1)]),
}
const filters: Readonly<Record<string, Transform<Promise<boolean>>>> = {
  thirds: async (e) => (await mod(total(e), 3).item()) !== 0,
  small: async (e) => (await numberOf(e)) < 12,
  never: async (e) => (await numberOf(e)) < -1000,
}
const opens: Readonly<Record<string, Transform<Dataset | Promise<Dataset>>>> = {
  twice: (e) => Dataset.fromTensors(e).repeat(2),
  some: async (e) => Dataset.fromTensors(e).repeat(remainder(await numberOf(e), 3)),
  slices: (e) => Dataset.fromTensorSlices(e),
}
/** A tuple comes spread. */
const on =
  <R>(transform: Transform<R>) =>
  (...parts: Element[]): R =>
    transform(parts.length === 1 ? parts[0]! : parts)

function applied(dataset: Dataset, [name, ...a]: Step): Dataset {
  const ds = dataset as Loose
  switch (name) {
    case 'map':
      return dataset.map(
        on(maps[a[0] as string]!),
        a[1] === null ? {} : { numParallelCalls: a[1] as number },
      ) as Dataset
    case 'filter':
    case 'takeWhile':
      return dataset[name](on(filters[a[0] as string]!))
    case 'flatMap':
      return dataset.flatMap(on(opens[a[0] as string]!))
    case 'interleave':
      return dataset.interleave(on(opens[a[0] as string]!), {
        cycleLength: a[1] as number,
        blockLength: a[2] as number,
      })
    case 'batch':
    case 'paddedBatch':
    case 'rebatch':
      return dataset[name](a[0] as number, { dropRemainder: a[1] as boolean })
    case 'window': {
      const [size, shift, stride, dropRemainder] = a as [number, number | null, number, boolean]
      const windows = dataset.window(size, { ...(shift === null ? {} : { shift }), stride, dropRemainder })
      const joined = (...parts: Dataset[]): Dataset =>
        parts.length === 1 ? parts[0]!.batch(100) : Dataset.zip(parts.map((part) => part.batch(100)))
      return windows.flatMap(joined as never)
    }
    case 'zip':
      return Dataset.zip([dataset, Dataset.range(a[0] as number)])
    case 'self':
      return dataset.concatenate(dataset.take(a[0] as number))
    case 'scan':
      return dataset.scan(tensor(0, { dtype: 'int32' }), (state, element) => {
        const value = total(element)
        return [add(state, value), add(state, multiply(value, 2))]
      })
    case 'enumerate':
      return dataset.enumerate(a[0] as number) as unknown as Dataset
    default:
      return ds[name]!(...a)
  }
}
function sourceOf([name, ...a]: Step): Dataset {
  if (name === 'range') return Dataset.range(...(a as [number, number])) as unknown as Dataset
  const [rows, columns] = a as [number, number]
  const data = Int32Array.from({ length: rows * columns }, (_, i) => i)
  return Dataset.fromTensorSlices(tensor(data, { shape: [rows, columns] }))
}
async function plain(element: Element): Promise<unknown> {
  if (element instanceof Tensor) return element.array()
  if (Array.isArray(element)) return Promise.all(element.map(plain))
  const parts = Object.entries(element).map(async ([key, part]) => [key, await plain(part)] as const)
  return Object.fromEntries(await Promise.all(parts))
}

describe('random pipelines', () => {
  for (const { steps, cardinality, elements, error } of cases)
    test(steps.map(([name, ...a]) => `${name}(${a.join(',')})`).join('.'), async () => {
      const made = (): Dataset => steps.slice(1).reduce(applied, sourceOf(steps[0]!))
      if (error !== undefined) {
        await expect((async () => made().take(limit).toArray())()).rejects.toThrow()
        return
      }
      const dataset = made()
      // After unbatch the number is not known here, though TensorFlow knows it of batches of one size.
      const known = dataset.cardinality()
      const unbatched = steps.some(([name]) => name === 'unbatch' || name === 'rebatch')
      if (!(unbatched && known === UNKNOWN && cardinality >= 0)) expect(known).toBe(cardinality)
      // The second iteration replays what is cached.
      for (let pass = 0; pass < 2; pass++)
        expect(await Promise.all((await dataset.take(limit).toArray()).map(plain))).toEqual(elements)
    })
})
