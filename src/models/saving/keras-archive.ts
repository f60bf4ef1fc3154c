// Keras' own files (`.keras`): a zip archive of the model's JSON, its weights as HDF5, and a note on who wrote it.
import { FormatError, problem } from '../../errors.ts'
import type { ZipFile } from '../../formats/zip.ts'
import { isSerializedObject } from '../../layers/config.ts'
import { compileFromConfig } from '../compile-config.ts'
import type { Model } from '../model.ts'
import { deserializeAny, serializeAny } from '../serialize.ts'
import { isDict } from '../tree.ts'
import { fromForeign, kerasText, parseObject } from './config-text.ts'
import { kerasVersion } from './legacy-weights.ts'
import type { LoadReport, LoadWeightsOptions } from './report.ts'
import { encodeWeights, matchOptimizer, matchWeights, storeOf } from './weights-h5.ts'

const hdf5 = async () => import('../../formats/hdf5.ts')
const zip = async () => import('../../formats/zip.ts')

/** A description of a model is text; the largest known has 3 MB. */
const maxConfig = 1 << 28

/** The bytes of a `.keras` file. */
export async function encodeArchive(model: Model): Promise<Uint8Array> {
  const { encodeZip } = await zip()
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(kerasText(value))
  const config = serializeAny(model)
  const weights = await encodeWeights(model)
  const date = new Date().toISOString().slice(0, 19).replace('T', '@')
  return encodeZip([
    { name: 'metadata.json', data: text({ keras_version: kerasVersion, date_saved: date }) },
    { name: 'config.json', data: text(config) },
    { name: 'model.weights.h5', data: weights },
  ])
}

/**
 * The model of a `.keras` file: a path, or its bytes. Nothing in it is run: `Lambda` layers with code are refused, classes come
 * from the registries alone.
 * @throws FormatError for a damaged or unsafe file; ArgumentError for classes that are not registered.
 */
export async function modelFromArchive(from: string | Uint8Array, source: string, compile: boolean): Promise<Model> {
  const archive = await (await zip()).openZip(from, source)
  try {
    const text = await entryOf(archive, 'config.json').read(maxConfig)
    const config = parseObject(`${source}, config.json`, new TextDecoder().decode(text))
    const model = fromForeign(`${source}, config.json`, () => modelOf(source, config))
    await withWeights(archive, async (store) => {
      const apply = [await matchWeights(model, store).read(source, false)]
      if (compile && isDict(config.compile_config)) {
        const compileConfig = config.compile_config
        fromForeign(`${source}, compile_config`, () => compileFromConfig(model, compileConfig))
        const matching = matchOptimizer(source, model, store)
        if (matching !== null) apply.push(await matching.read(source, false))
      }
      for (const each of apply) each()
    })
    return model
  } finally {
    await archive.close()
  }
}

/** The model of a parsed description. @throws FormatError for the description of something else. */
export function modelOf(where: string, stored: Record<string, unknown>): Model {
  if (!isSerializedObject(stored) || !isDict(stored.config))
    throw new FormatError(problem({ where, expected: 'a model with class_name and config', received: stored }))
  const made = deserializeAny(stored)
  if ('getCompileConfig' in made) return made as Model
  throw new FormatError(problem({ where, expected: 'a model', received: `a ${made.className} layer` }))
}

/** Sets the weights of a model from a `.keras` file. */
export async function archiveWeights(model: Model, path: string, options: LoadWeightsOptions): Promise<LoadReport> {
  const archive = await (await zip()).openZip(path, path)
  try {
    const where = `${path}, ${model.where}`
    return await withWeights(archive, async (store) =>
      (await matchWeights(model, store).read(where, options.skipMismatch === true))(),
    )
  } finally {
    await archive.close()
  }
}

async function withWeights<T>(archive: ZipFile, use: (store: ReturnType<typeof storeOf>) => Promise<T>): Promise<T> {
  const { withHdf5 } = await hdf5()
  const bytes = await entryOf(archive, 'model.weights.h5').read()
  return withHdf5(bytes, `${archive.source}, model.weights.h5`, async (file) => use(storeOf(file)))
}

function entryOf(archive: ZipFile, name: string): { read(limit?: number): Promise<Uint8Array> } {
  const entry = archive.entries.get(name)
  if (entry !== undefined) return entry
  const received = [...archive.entries.keys()].slice(0, 10).join(', ')
  throw new FormatError(problem({ where: archive.source, expected: `an entry ${name}`, received }))
}
