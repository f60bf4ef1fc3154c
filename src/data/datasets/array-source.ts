// Examples that are slices of arrays held in memory: one array of inputs and one of targets for each split.
import type { DType, TypedArray } from '../../graph/types.ts'
import { sizeOf } from '../../graph/types.ts'
import { tensor } from '../../ops/index.ts'
import type { DatasetInfo, ExampleSource } from './source.ts'

/** One example after the other along the first axis; `shape` is that of one. */
export interface ExampleArray {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype: DType
}
export interface SplitArrays {
  readonly input: ExampleArray
  readonly target: ExampleArray
  /** Position in the arrays of the i-th example of the set. */
  readonly order: readonly number[]
}

/** A set of inputs and targets, named by `supervisedKeys`. */
export function arraySource(
  info: Omit<DatasetInfo, 'splits' | 'supervisedKeys'> & { readonly supervisedKeys: readonly [string, string] },
  splits: ReadonlyMap<string, SplitArrays>,
): ExampleSource<{ split: string; index: number }> {
  const [inputKey, targetKey] = info.supervisedKeys
  return {
    info: { ...info, splits: Object.fromEntries([...splits].map(([split, { order }]) => [split, [order.length]])) },
    async *read({ split, skip, take }) {
      await Promise.resolve()
      for (const index of splits.get(split)!.order.slice(skip, skip + take)) yield { split, index }
    },
    decode: ({ split, index }) => {
      const { input, target } = splits.get(split)!
      return Promise.resolve({ [inputKey]: exampleOf(input, index), [targetKey]: exampleOf(target, index) })
    },
  }
}

function exampleOf({ data, shape, dtype }: ExampleArray, index: number) {
  const size = sizeOf(shape)
  return tensor(data.slice(index * size, (index + 1) * size), { shape, dtype })
}
