// Order, splits and stored files of TensorFlow Datasets.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildSet } from '../../src/data/datasets/build.ts'
import { slicesOf } from '../../src/data/datasets/split-spec.ts'
import { classLabel, loadFromDirectory, tensorFeature, text } from '../../src/data/datasets/index.ts'
import type { DatasetDefinition, Example } from '../../src/data/datasets/index.ts'
import { ArgumentError } from '../../src/errors.ts'
import type { Tensor } from '../../src/ops/index.ts'
import { goldensRoot, readBook } from './read.ts'

interface OrderCase {
  readonly name: string
  readonly keys: readonly string[]
  readonly splits: Readonly<Record<string, readonly number[] | { readonly error: string }>>
  readonly num_examples: Readonly<Record<string, number>>
  readonly shard_lengths: Readonly<Record<string, readonly number[]>>
  readonly file_names: readonly string[]
  readonly stored_files?: readonly string[]
}

const values = async (dataset: AsyncIterable<unknown>, name: string): Promise<number[]> => {
  const all: number[] = []
  for await (const example of dataset) all.push(await (example as Record<string, Tensor>)[name]!.item())
  return all
}
async function checkSplits(folder: string, { splits, shard_lengths }: OrderCase): Promise<void> {
  for (const [spec, expected] of Object.entries(splits)) {
    const loaded = loadFromDirectory(folder, { split: spec })
    if ('error' in expected) {
      await expect(loaded, spec).rejects.toThrow(ArgumentError)
      continue
    }
    const dataset = await loaded
    expect(await values(dataset, 'i'), spec).toEqual(expected)
    expect(dataset.cardinality()).toBe((expected as readonly number[]).length)
    expect(dataset.info.splits).toEqual(shard_lengths)
  }
}

describe('data/tfds_order', () => {
  const book = readBook<OrderCase>('data/tfds_order')
  for (const one of book.cases)
    test(one.name, async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'tanuki-set-'))
      try {
        const examples = (keys: readonly string[]): [string, Example][] =>
          keys.map((key, i) => [key, { i, name: key, label: i % 2 }])
        const definition: DatasetDefinition = {
          name: 'tiny',
          version: '1.0.0',
          features: { i: tensorFeature('int32'), name: text(), label: classLabel(['cat', 'dog']) },
          supervisedKeys: ['i', 'label'],
          shards: one.shard_lengths.train!.length,
          splits: {
            train: () => examples(one.keys),
            test: () => examples(one.keys.slice(0, one.num_examples.test)),
          },
        }
        const folder = await buildSet(definition, dataDir, { downloads: dataDir })
        const files = (await readdir(folder)).map((file) => `tiny/1.0.0/${file}`)
        expect(files.sort()).toEqual([...one.file_names].sort())
        await checkSplits(folder, one)
      } finally {
        await rm(dataDir, { recursive: true })
      }
    })

  const stored = book.cases.find((one) => one.stored_files !== undefined)
  test('data/tfds_tiny: a folder that TensorFlow Datasets has written', async () => {
    const folder = join(goldensRoot, 'data', 'tfds_tiny')
    await checkSplits(folder, stored!)
    const { test: examples } = await loadFromDirectory(folder)
    for await (const example of examples!) {
      const { i, name, label } = example as unknown as { i: Tensor; name: string; label: Tensor }
      expect(name).toBe(stored!.keys[await i.item()])
      expect(await label.item()).toBe((await i.item()) % 2)
    }
    expect(examples!.classNames).toEqual(['cat', 'dog'])
  })
})

describe('data/tfds_slices', () => {
  type Slices = Readonly<Record<string, readonly (readonly [number, number])[] | { readonly error: string }>>
  const book = readBook<{ name: string; n: number; slices: Slices }>('data/tfds_slices')
  for (const { name, n, slices } of book.cases)
    test(name, () => {
      for (const [spec, expected] of Object.entries(slices)) {
        const made = () => slicesOf(spec, { train: [n] })
        if ('error' in expected) expect(made, spec).toThrow(ArgumentError)
        else
          expect(
            made().map(({ from, to }) => [from, to]),
            spec,
          ).toEqual(expected)
      }
    })
})
