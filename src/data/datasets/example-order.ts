// In which order TensorFlow Datasets stores examples, how many files it makes, and in which order it reads them.
import { createHash } from 'node:crypto'
import { ArgumentError, problem } from '../../errors.ts'
import { roundHalfEven, total } from './split-spec.ts'
import type { ShardLengths, Slice, Splits } from './split-spec.ts'

/** Examples are stored in the order of these: the MD5 of the split's name and the key. */
export function exampleHash(split: string, key: string): string {
  return createHash('md5').update(split).update(key).digest('hex')
}

/** The positions of the keys in the order of storage. @throws ArgumentError for a key that comes twice. */
export function storageOrder(split: string, keys: readonly string[]): number[] {
  const hashes = keys.map((key) => exampleHash(split, key))
  const order = keys
    .map((_, i) => i)
    .sort((a, b) => (hashes[a]! < hashes[b]! ? -1 : hashes[a]! > hashes[b]! ? 1 : a - b))
  order.forEach((at, i) => {
    if (i > 0 && hashes[at] === hashes[order[i - 1]!])
      throw new ArgumentError(
        problem({ where: `split ${split}`, expected: 'different keys', received: `${keys[at]!} twice` }),
      )
  })
  return order
}

/** How many files of 64 MiB to 1 GiB (a power of two) hold examples of so many bytes. */
export function shardCount(bytes: number, examples: number): number {
  const size = bytes + 16 * examples
  const [most, fewest] = [Math.floor(size / 2 ** 26), Math.floor(size / 2 ** 30)]
  if (fewest <= 1024 && most >= 1024 && examples >= 1024) return 1024
  if (fewest > 1024) for (let count = 2048; ; count += 1024) if (count >= fewest && examples >= count) return count
  for (let count = 512; count >= 2; count /= 2) if (fewest <= count && count <= most && examples >= count) return count
  return 1
}

/** Number of examples in each of so many files. */
export function shardLengths(examples: number, shards: number): number[] {
  const bounds = Array.from({ length: shards + 1 }, (_, i) => roundHalfEven((examples * i) / shards))
  return Array.from({ length: shards }, (_, i) => bounds[i + 1]! - bounds[i]!)
}

/** Which examples of one file are read. */
export interface FileSlice {
  readonly split: string
  readonly shard: number
  readonly skip: number
  readonly take: number
}

/** The pieces of files that hold the slices. Empty for slices without examples. */
export function fileSlices(slices: readonly Slice[], splits: Splits): FileSlice[] {
  return slices.flatMap(({ split, from, to }) => {
    let start = 0
    const pieces: FileSlice[] = []
    for (const [shard, length] of (splits[split] as ShardLengths).entries()) {
      const [skip, end] = [Math.max(0, from - start), Math.min(length, to - start)]
      if (end > skip) pieces.push({ split, shard, skip, take: end - skip })
      start += length
    }
    return pieces
  })
}

/** So many files are read in turn, and so many examples from each at a time. */
export const readingCycle = { cycleLength: 16, blockLength: 16 } as const

/** Number of examples in the pieces. */
export function countOf(pieces: readonly FileSlice[]): number {
  return total(pieces.map(({ take }) => take))
}
