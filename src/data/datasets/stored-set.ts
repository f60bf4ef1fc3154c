// Data sets in folders as TensorFlow Datasets writes them: dataset_info.json, features.json and TFRecord files.
import { access, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ArgumentError, FormatError, problem } from '../../errors.ts'
import { decodeExample } from '../../formats/example.ts'
import type { Feature } from '../../formats/example.ts'
import { readRecords } from '../../formats/tfrecord.ts'
import type { DType } from '../../graph/types.ts'
import type { Features, FeatureSpec } from './features.ts'
import { fromStored } from './features.ts'
import type { DatasetInfo, ExampleSource } from './source.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonRecord = Record<string, Json>

export const infoFile = 'dataset_info.json'
export const featuresFile = 'features.json'
export const defaultTemplate = '{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}'

interface RawExample {
  /** File and number, for errors. */
  readonly where: string
  readonly features: Map<string, Feature>
}

/** Opens a folder such as `tensorflow_datasets/mnist/3.0.1`. @throws ArgumentError if it is none, FormatError for damaged files. */
export async function openStoredSet(folder: string): Promise<ExampleSource<RawExample>> {
  const infoPath = join(folder, infoFile)
  const json = await readJson(infoPath)
  const name = textOf(infoPath, json, 'name')
  const format = json.fileFormat ?? 'tfrecord'
  if (format !== 'tfrecord') throw broken(infoPath, 'fileFormat tfrecord', format)
  const splits: Record<string, number[]> = {}
  const templates = new Map<string, string>()
  for (const entry of listOf(infoPath, json.splits, 'splits')) {
    const split = textOf(infoPath, recordOf(infoPath, entry, 'a split'), 'name')
    const { shardLengths, filepathTemplate } = entry as JsonRecord
    splits[split] = listOf(infoPath, shardLengths ?? [], 'shardLengths').map((length) => countOf(infoPath, length))
    templates.set(split, typeof filepathTemplate === 'string' ? filepathTemplate : defaultTemplate)
  }
  const features = await readFeatures(folder)
  const info: DatasetInfo = {
    name,
    version: textOf(infoPath, json, 'version'),
    splits,
    features,
    supervisedKeys: supervisedKeysOf(json.supervisedKeys),
  }
  return {
    info,
    async *read({ split, shard, skip, take }, { signal }) {
      const file = fileName(templates.get(split)!, name, split, shard, splits[split]!.length)
      const path = join(folder, file)
      let index = 0
      await access(path).catch((error: unknown) => {
        throw broken(path, `the file with ${splits[split]![shard]} examples`, (error as NodeJS.ErrnoException).code)
      })
      for await (const bytes of readRecords(path)) {
        if (signal?.aborted) return
        const at = index++
        if (at < skip) continue
        const where = `${path}, example ${at}`
        yield { where, features: decodeExample(bytes, where) }
        if (index === skip + take) return
      }
      throw broken(path, `${skip + take} examples`, index)
    },
    decode: ({ where, features: stored }) => fromStored(where, features, stored),
  }
}

/** The name of a file by the template; never one in another folder. */
export function fileName(template: string, dataset: string, split: string, shard: number, shards: number): string {
  const five = (value: number): string => String(value).padStart(5, '0')
  const values: Readonly<Record<string, string>> = {
    DATASET: dataset,
    SPLIT: split,
    FILEFORMAT: 'tfrecord',
    SHARD_INDEX: five(shard),
    NUM_SHARDS: five(shards),
    SHARD_X_OF_Y: `${five(shard)}-of-${five(shards)}`,
  }
  const name = template.replace(/\{([A-Z_]+)\}/g, (whole, key: string) => values[key] ?? whole)
  if (name !== basename(name) || name.includes('\\') || name === '..' || name.includes('{'))
    throw broken('filepathTemplate', 'the name of a file, without folders', name)
  return name
}

async function readJson(path: string): Promise<JsonRecord> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const hint = 'A data set as TensorFlow Datasets writes it has dataset_info.json, features.json and TFRecord files'
    throw new ArgumentError(
      problem({ where: path, expected: 'a file', received: (error as NodeJS.ErrnoException).code, hint }),
      { cause: error },
    )
  }
  try {
    return recordOf(path, JSON.parse(text) as Json, 'an object')
  } catch (error) {
    if (error instanceof FormatError) throw error
    throw broken(path, 'JSON', (error as Error).message)
  }
}

async function readFeatures(folder: string): Promise<Features> {
  const path = join(folder, featuresFile)
  const top = await featureOf(folder, path, '', await readJson(path))
  if (top.kind !== 'record') throw broken(path, 'a dictionary of features', top.kind)
  return top.features
}

const numberTypes: Readonly<Record<string, DType>> = {
  int8: 'int32', int16: 'int32', int32: 'int32', int64: 'int32', uint8: 'uint8', uint16: 'int32', uint32: 'int32', uint64: 'int32',
  float16: 'float32', bfloat16: 'float32', float32: 'float32', float64: 'float32', bool: 'bool',
} // prettier-ignore

async function featureOf(folder: string, path: string, name: string, json: JsonRecord): Promise<FeatureSpec> {
  const part = (key: string): JsonRecord | undefined =>
    json[key] === undefined ? undefined : recordOf(path, json[key], key)
  const dictionary = part('featuresDict')
  if (dictionary !== undefined) {
    const features: Record<string, FeatureSpec> = {}
    for (const [key, value] of Object.entries(recordOf(path, dictionary.features ?? {}, 'features')))
      features[key] = await featureOf(folder, path, name === '' ? key : `${name}-${key}`, recordOf(path, value, key))
    return { kind: 'record', features }
  }
  const label = part('classLabel')
  if (label !== undefined) {
    const file = `${name}.labels.txt`
    // Names of features are not to lead into other folders.
    const names = file === basename(file) ? await labelNames(join(folder, file)) : null
    const count = label.numClasses === undefined ? (names?.length ?? 0) : countOf(path, label.numClasses)
    if (names !== null && names.length !== count) throw broken(path, `${count} class names for ${name}`, names.length)
    return { kind: 'label', count, ...(names === null ? {} : { names }) }
  }
  const picture = part('image')
  if (picture !== undefined) {
    const channels = dimensionsOf(path, picture.shape).at(-1) ?? 3
    if ((picture.dtype ?? 'uint8') !== 'uint8' || (channels !== 1 && channels !== 3 && channels !== 4))
      throw broken(path, `8-bit pictures of 1, 3 or 4 channels in ${name}`, json.image)
    return { kind: 'image', channels }
  }
  if (part('text') !== undefined) return { kind: 'text' }
  const numbers = part('tensor')
  if (numbers !== undefined) {
    if (numbers.dtype === 'string') {
      if (dimensionsOf(path, numbers.shape).length > 0) throw broken(path, `one string in ${name}`, numbers.shape)
      return { kind: 'text' }
    }
    const dtype = typeof numbers.dtype === 'string' ? numberTypes[numbers.dtype] : undefined
    const shape = dimensionsOf(path, numbers.shape)
    const varying = shape.filter((size) => size === null).length
    if (dtype === undefined || varying > 1 || (numbers.encoding ?? 'none') !== 'none')
      throw broken(path, `numbers with at most one unknown size, not encoded, in ${name}`, numbers)
    return { kind: 'tensor', dtype, shape }
  }
  throw broken(path, `an image, label, text, tensor or dictionary for ${name}`, json.pythonClassName ?? json)
}

/** Sizes are numbers in text; -1 is unknown. */
function dimensionsOf(path: string, shape: Json | undefined): (number | null)[] {
  const { dimensions = [] } = recordOf(path, shape ?? {}, 'shape')
  return listOf(path, dimensions, 'dimensions').map((size) =>
    size === null || Number(size) < 0 ? null : countOf(path, size),
  )
}

async function labelNames(path: string): Promise<string[] | null> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n')
    return lines.map((line) => line.trim()).filter((line) => line !== '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function supervisedKeysOf(json: Json | undefined): [string, string] | null {
  const { tuple } = (json ?? {}) as { tuple?: { items?: { featureKey?: unknown }[] } }
  const keys = (tuple?.items ?? []).map((item) => item.featureKey)
  // Nested tuples and dictionaries have no name of their own.
  return keys.length === 2 && keys.every((key) => typeof key === 'string') ? (keys as [string, string]) : null
}

function recordOf(path: string, value: Json | undefined, what: string): JsonRecord {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw broken(path, `${what}: an object`, value)
}
function listOf(path: string, value: Json | undefined, what: string): Json[] {
  if (Array.isArray(value)) return value
  throw broken(path, `${what}: a list`, value)
}
function textOf(path: string, record: JsonRecord, key: string): string {
  const value = record[key]
  if (typeof value === 'string' && value !== '') return value
  throw broken(path, `${key}: text`, value)
}
function countOf(path: string, value: Json): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (Number.isSafeInteger(number) && (number as number) >= 0) return number as number
  throw broken(path, 'a count', value)
}
function broken(where: string, expected: string, received: unknown): FormatError {
  return new FormatError(problem({ where, expected, received }))
}
