// Keras' file formats by the endings of their names.
import { ArgumentError, FormatError, problem } from '../../errors.ts'
import type { Model } from '../model.ts'
import type { FileFormat } from '../saving.ts'
import { archiveWeights, encodeArchive, modelFromArchive } from './keras-archive.ts'
import { encodeLegacyModel, legacyModelFrom } from './legacy-model.ts'
import { legacyGroup, matchLegacy, writeLegacyWeights } from './legacy-weights.ts'
import type { LoadReport, LoadWeightsOptions } from './report.ts'
import { readShards, writeShards } from './sharded.ts'
import { setTfjsWeights, tfjsModelFrom } from './tfjs.ts'
import { encodeWeights, matchWeights, storeOf } from './weights-h5.ts'

const hdf5 = async () => import('../../formats/hdf5.ts')

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const { writeFileAtomic } = await import('../../platform/files.ts')
  await writeFileAtomic(path, bytes)
}

/** HDF5 weights of either kind: the file itself tells which. */
async function loadHdf5Weights(model: Model, path: string, options: LoadWeightsOptions): Promise<LoadReport> {
  const { withHdf5 } = await hdf5()
  const where = `${path}, ${model.where}`
  const skip = options.skipMismatch === true
  return withHdf5(path, path, async (file) => {
    const group = legacyGroup(file.root)
    if (group !== null) {
      const { matching, leftOut } = await matchLegacy(where, model, file, group, options)
      const { loaded, skipped } = (await matching.read(where, skip))()
      return { loaded, skipped: [...skipped, ...leftOut] }
    }
    refuseByName(where, options)
    const store = storeOf(file)
    if (store.group('/layers') === null && store.group('/vars') === null)
      throw new FormatError(problem({ where: path, expected: 'weights as Keras writes them', received: 'other HDF5 groups' })) // prettier-ignore
    return (await matchWeights(model, store).read(where, skip))()
  })
}

function refuseByName(where: string, options: LoadWeightsOptions): void {
  if (options.byName !== true) return
  const hint = 'Files of Keras 3 know no names of layers'
  throw new ArgumentError(problem({ where, expected: '`byName` only with files of Keras 2', received: true, hint }))
}

const weightsH5: FileFormat = {
  endings: ['.weights.h5'],
  async saveWeights(model, path) {
    await write(path, await encodeWeights(model))
  },
  loadWeights: loadHdf5Weights,
}

const sharded: FileFormat = {
  endings: ['.weights.json'],
  async saveWeights(model, path, { maxShardSize }) {
    await writeShards(model, path, maxShardSize)
  },
  async loadWeights(model, path, options) {
    refuseByName(path, options)
    return readShards(model, path, options)
  },
}

const legacy: FileFormat = {
  endings: ['.h5', '.hdf5'],
  async saveWeights(model, path) {
    const { encodeHdf5, newGroup } = await hdf5()
    const root = newGroup()
    await writeLegacyWeights(model, root)
    await write(path, await encodeHdf5(root))
  },
  loadWeights: loadHdf5Weights,
  async saveModel(model, path) {
    await write(path, await encodeLegacyModel(model))
  },
  async loadModel(path, { compile = true }) {
    return legacyModelFrom(path, path, compile)
  },
}

const archive: FileFormat = {
  endings: ['.keras'],
  async loadWeights(model, path, options) {
    refuseByName(path, options)
    return archiveWeights(model, path, options)
  },
  async saveModel(model, path) {
    await write(path, await encodeArchive(model))
  },
  async loadModel(path, { compile = true }) {
    return modelFromArchive(path, path, compile)
  },
}

const tfjs: FileFormat = {
  endings: ['.json'],
  async loadWeights(model, path, options) {
    refuseByName(path, options)
    return setTfjsWeights(model, path, options)
  },
  async loadModel(path, { compile = true }) {
    return tfjsModelFrom(path, compile)
  },
}

/** Keras' own files, and those of TensorFlow.js, which are read only. */
export const kerasFormats: readonly FileFormat[] = [archive, weightsH5, sharded, legacy, tfjs]
