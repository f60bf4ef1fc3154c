// What describes a data set of one's own, and the checks of it.
import { ArgumentError, problem } from '../../errors.ts'
import { didYouMean, requireOptions } from '../../platform/arguments.ts'
import type { DownloadRecord } from '../download.ts'
import { isRecord, requireFeatures } from './features.ts'
import type { Example, Features } from './features.ts'

export interface BuildContext {
  /** The path of a file from the network, downloaded and checked. */
  readonly download: (record: DownloadRecord) => Promise<string>
  readonly signal?: AbortSignal
}
/** A data set of one's own, or a known one. */
export interface DatasetDefinition {
  /** Letters, digits and underscores. */
  readonly name: string
  /** Such as 1.0.0: another version is built anew beside the old one. */
  readonly version: string
  readonly features: Features
  readonly supervisedKeys?: readonly [string, string]
  /** Number of files of each split. Default: by size, as TensorFlow Datasets chooses it. */
  readonly shards?: number
  /** For each split its examples, each with a key that no other one has. */
  readonly splits: Readonly<
    Record<
      string,
      (context: BuildContext) => AsyncIterable<[key: string, example: Example]> | Iterable<[string, Example]>
    >
  >
}

const example = "register({ name: 'pets', version: '1.0.0', features: { … }, splits: { train } })"
const keys = ['name', 'version', 'features', 'supervisedKeys', 'shards', 'splits']

/** @throws ArgumentError for what is no definition, or contradicts itself. */
export function checkDefinition(where: string, definition: DatasetDefinition): void {
  const refuse = (expected: string, received: unknown, hint?: { hint?: string }): never => {
    throw new ArgumentError(problem({ where, expected, received, ...hint }))
  }
  requireOptions(where, definition, keys, example)
  const { name, version, features, supervisedKeys, splits, shards } = definition
  if (typeof name !== 'string' || !/^[\p{L}\p{N}_]+$/u.test(name))
    refuse('a `name` of letters, digits and underscores', name)
  if (typeof version !== 'string' || !/^\d+\.\d+\.\d+$/.test(version)) refuse('a `version` such as "1.0.0"', version)
  requireFeatures(`${where}, features`, features)
  if (!isRecord(splits) || Object.keys(splits).length === 0)
    refuse('`splits`: for each split the function that gives its examples', splits)
  for (const [split, make] of Object.entries(splits)) {
    if (!/^[\p{L}\p{N}_-]+$/u.test(split) || split === 'all') refuse('splits with names such as train', split)
    const hint = { hint: `Write splits: { ${split}: async function* () { yield [key, example] } }` }
    if (typeof make !== 'function') refuse(`a function that gives the examples of ${split}`, make, hint)
  }
  if (supervisedKeys !== undefined) {
    const parts = Object.keys(features)
    if (!Array.isArray(supervisedKeys) || supervisedKeys.length !== 2)
      refuse('`supervisedKeys`: the names of the input and the target', supervisedKeys)
    for (const key of supervisedKeys)
      if (!parts.includes(key)) refuse(`\`supervisedKeys\` among ${parts.join(', ')}`, key, didYouMean(key, parts))
  }
  if (shards !== undefined && !(Number.isInteger(shards) && shards > 0))
    refuse('`shards`: a whole number of files above 0', shards)
}
