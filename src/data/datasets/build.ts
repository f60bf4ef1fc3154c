// Makes the stored form of a data set from a definition: examples in TensorFlow Datasets' order, in as many files, whole or not at all.
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ArgumentError, problem } from '../../errors.ts'
import { encodeExample } from '../../formats/example.ts'
import { encodeRecord } from '../../formats/tfrecord.ts'
import { writeFileAtomic } from '../../platform/files.ts'
import { abortError } from '../../platform/wait.ts'
import { download } from '../download.ts'
import type { DownloadOptions } from '../download.ts'
import { withFileLock } from '../file-lock.ts'
import { checkDefinition } from './definition.ts'
import type { BuildContext, DatasetDefinition } from './definition.ts'
import { shardCount, shardLengths, storageOrder } from './example-order.ts'
import { isRecord, toStored } from './features.ts'
import type { Example, Features, FeatureSpec } from './features.ts'
import { defaultTemplate, featuresFile, fileName, infoFile } from './stored-set.ts'

export interface BuildOptions extends Pick<DownloadOptions, 'signal' | 'onProgress' | 'offline'> {
  /** Where downloads are kept. */
  readonly downloads: string
}

/** What of the options is for `download`. */
export function downloadOptions({ signal, downloads, onProgress, offline }: BuildOptions): DownloadOptions {
  return {
    folder: downloads,
    ...(signal ? { signal } : {}),
    ...(offline === undefined ? {} : { offline }),
    ...(onProgress === undefined ? {} : { onProgress }),
  }
}

/** The folder `<dataDir>/<name>/<version>` with the set in it, made if it is not there. */
export async function buildSet(definition: DatasetDefinition, dataDir: string, options: BuildOptions): Promise<string> {
  checkDefinition(`data set ${String(definition.name)}`, definition)
  const folder = join(dataDir, definition.name, definition.version)
  if (await isBuilt(folder)) return folder
  const { signal } = options
  const context: BuildContext = {
    download: (record) => download(record, downloadOptions(options)),
    ...(signal ? { signal } : {}),
  }
  return withFileLock(`${folder}.lock`, signal ? { signal } : {}, async () => {
    if (await isBuilt(folder)) return folder
    const unfinished = `${folder}.incomplete-${randomBytes(4).toString('hex')}`
    await mkdir(unfinished, { recursive: true })
    try {
      await write(definition, unfinished, context)
      // A folder without the file that comes last was not made here, or is broken.
      await rm(folder, { recursive: true, force: true })
      await mkdir(dirname(folder), { recursive: true })
      await rename(unfinished, folder)
      return folder
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  })
}

async function isBuilt(folder: string): Promise<boolean> {
  return stat(join(folder, infoFile)).then(
    () => true,
    () => false,
  )
}

async function write(definition: DatasetDefinition, folder: string, context: BuildContext): Promise<void> {
  const { name, version, features, supervisedKeys } = definition
  const splits: object[] = []
  for (const split of Object.keys(definition.splits)) {
    const { lengths, bytes } = await writeSplit(definition, split, folder, context)
    splits.push({
      filepathTemplate: defaultTemplate,
      name: split,
      numBytes: String(bytes),
      shardLengths: lengths.map(String),
    })
  }
  await writeFileAtomic(join(folder, featuresFile), JSON.stringify(featureJson({ kind: 'record', features }), null, 2))
  for (const [file, names] of labelFiles(features))
    await writeFileAtomic(join(folder, `${file}.labels.txt`), `${names.join('\n')}\n`)
  const keys = supervisedKeys?.map((featureKey) => ({ featureKey }))
  const info = {
    fileFormat: 'tfrecord',
    name,
    version,
    splits,
    ...(keys === undefined ? {} : { supervisedKeys: { tuple: { items: keys } } }),
  }
  await writeFileAtomic(join(folder, infoFile), JSON.stringify(info, null, 2))
}

/** Examples come in any order: they are put into one file first, and from there into those of the split. */
async function writeSplit(definition: DatasetDefinition, split: string, folder: string, context: BuildContext) {
  const { name, features, shards } = definition
  const where = `data set ${name}, split ${split}`
  const heapPath = join(folder, `.${split}.heap`)
  const heap = await open(heapPath, 'wx+')
  try {
    const keys: string[] = []
    const places: { at: number; length: number }[] = []
    let size = 0
    for await (const pair of examplesOf(where, definition.splits[split]!(context))) {
      if (context.signal?.aborted) throw abortError(`building ${name}`, context.signal)
      const [key, example] = requirePair(where, pair)
      const bytes = encodeExample(await toStored(`${where}, ${key}`, features, example))
      await heap.write(bytes, 0, bytes.length, size)
      keys.push(key)
      places.push({ at: size, length: bytes.length })
      size += bytes.length
    }
    if (keys.length === 0)
      throw new ArgumentError(problem({ where, expected: 'at least one example', received: 'none' }))
    const order = storageOrder(split, keys)
    const lengths = shardLengths(keys.length, Math.min(keys.length, shards ?? shardCount(size, keys.length)))
    let next = 0
    for (const [shard, length] of lengths.entries()) {
      const file = await open(join(folder, fileName(defaultTemplate, name, split, shard, lengths.length)), 'wx')
      try {
        for (const index of order.slice(next, next + length)) {
          if (context.signal?.aborted) throw abortError(`building ${name}`, context.signal)
          await file.writeFile(encodeRecord(await readPlace(heap, places[index]!)))
        }
        await file.sync()
      } finally {
        await file.close()
      }
      next += length
    }
    return { lengths, bytes: size }
  } finally {
    await heap.close()
    await rm(heapPath, { force: true })
  }
}

type Examples = ReturnType<DatasetDefinition['splits'][string]>
/** @throws ArgumentError for what a split gives in place of examples: a promise, nothing, a record. */
function examplesOf(where: string, given: Examples): Examples {
  const isIterable = typeof given === 'object' && given !== null && (Symbol.iterator in given || Symbol.asyncIterator in given) // prettier-ignore
  if (isIterable) return given
  const hint = 'A generator gives them: async function* () { yield [key, example] }'
  throw new ArgumentError(problem({ where, expected: 'a function that gives [key, example] one by one', received: given, hint })) // prettier-ignore
}

function requirePair(where: string, pair: readonly [string, Example]): readonly [string, Example] {
  const [key, example]: readonly unknown[] = Array.isArray(pair) && pair.length === 2 ? pair : []
  if (typeof key === 'string' && isRecord(example)) return pair
  throw new ArgumentError(problem({ where, expected: 'pairs [key, example] of a text and a record', received: pair }))
}

async function readPlace(file: FileHandle, { at, length }: { at: number; length: number }): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done)
    if (bytesRead === 0) throw new Error(`the file of examples ended after ${at + done} bytes`)
    done += bytesRead
  }
  return bytes
}

const module_ = 'tensorflow_datasets.core.features'
function featureJson(spec: FeatureSpec): object {
  const dimensions = (sizes: readonly (number | null)[]): object => ({
    dimensions: sizes.map((size) => String(size ?? -1)),
  })
  switch (spec.kind) {
    case 'record': {
      const features = Object.entries(spec.features).map(([key, part]) => [key, featureJson(part)] as const)
      const pythonClassName = `${module_}.features_dict.FeaturesDict`
      return { pythonClassName, featuresDict: { features: Object.fromEntries(features) } }
    }
    case 'image': {
      const shape = dimensions([null, null, spec.channels ?? 3])
      return { pythonClassName: `${module_}.image_feature.Image`, image: { dtype: 'uint8', shape } }
    }
    case 'label':
      return {
        pythonClassName: `${module_}.class_label_feature.ClassLabel`,
        classLabel: { numClasses: String(spec.count) },
      }
    case 'text':
      return { pythonClassName: `${module_}.text_feature.Text`, text: {} }
    case 'tensor': {
      const tensor = { dtype: spec.dtype, encoding: 'none', shape: dimensions(spec.shape) }
      return { pythonClassName: `${module_}.tensor_feature.Tensor`, tensor }
    }
  }
}

function labelFiles(features: Features, prefix = ''): [string, readonly string[]][] {
  return Object.entries(features).flatMap(([name, spec]): [string, readonly string[]][] => {
    if (spec.kind === 'record') return labelFiles(spec.features, `${prefix}${name}-`)
    return spec.kind === 'label' && spec.names !== undefined ? [[`${prefix}${name}`, spec.names]] : []
  })
}
