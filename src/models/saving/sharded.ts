// Weights in several files (`.weights.json` and `name_00000.weights.h5`, …), as Keras 3 writes them with `max_shard_size`.
import { ArgumentError, FormatError, problem } from '../../errors.ts'
import type { Hdf5File, Hdf5GroupToWrite } from '../../formats/hdf5.ts'
import type { Model } from '../model.ts'
import { isDict } from '../tree.ts'
import { parseObject } from './config-text.ts'
import type { LoadReport, LoadWeightsOptions } from './report.ts'
import { optimizerObjects, savedObjects } from './saved-objects.ts'
import { storablesOf } from './storable.ts'
import { matchWeights, storeOf } from './weights-h5.ts'
import type { WeightsStore } from './weights-h5.ts'

const hdf5 = async () => import('../../formats/hdf5.ts')
const atomic = async () => import('../../platform/files.ts')
const files = async () => import('../../platform/text-files.ts')

const ending = '.weights.json'
const bytesOfGb = 2 ** 30

/**
 * Writes the weights and the optimizer's state into files of at most `maxShardSize` GB of values, and then the list of them.
 * @throws ArgumentError if a single weight is larger than that.
 */
export async function writeShards(model: Model, path: string, maxShardSize = 5): Promise<void> {
  const where = `saveWeights of ${model.where}`
  if (!(Number.isFinite(maxShardSize) && maxShardSize > 0))
    throw new ArgumentError(problem({ where, expected: '`maxShardSize` in GB, above 0', received: maxShardSize }))
  const { encodeHdf5, makeGroup, newGroup, putDataset } = await hdf5()
  const objects = [...savedObjects(model), ...optimizerObjects(model)]
  const values = await storablesOf(objects.flatMap(({ variables }) => variables))
  const limit = maxShardSize * bytesOfGb
  const shards: Hdf5GroupToWrite[] = [newGroup()]
  const weightMap: Record<string, string | string[]> = {}
  const base = path.slice(path.lastIndexOf('/') + 1, -ending.length)
  let total = 0
  let filled = 0
  for (const { path: group, name, variables } of objects) {
    variables.forEach((variable, i) => {
      const value = values.get(variable)!
      const size = value.data.byteLength
      if (size > limit) throw new ArgumentError(problem({ where, expected: `weights below maxShardSize, ${limit} bytes`, received: `${variable.path} of ${size} bytes` })) // prettier-ignore
      if (filled + size > limit) {
        shards.push(newGroup())
        filled = 0
      }
      filled += size
      total += size
      const file = shardName(base, shards.length - 1)
      const shard = shards.at(-1)!
      makeGroup(shard, group).attributes.set('name', name)
      // One variable may stand in two groups, each with bytes of its own.
      putDataset(shard, `${group}/${i}`, { ...value, data: new Uint8Array(value.data.buffer.slice(0)) })
      const known = weightMap[group]
      if (known === undefined) weightMap[group] = file
      else if (![known].flat().includes(file)) weightMap[group] = [known, file].flat()
    })
  }
  const { writeFileAtomic } = await atomic()
  const folder = path.slice(0, path.length - base.length - ending.length)
  for (const [i, shard] of shards.entries())
    await writeFileAtomic(`${folder}${shardName(base, i)}`, await encodeHdf5(shard))
  await writeFileAtomic(path, JSON.stringify({ metadata: { total_size: total }, weight_map: weightMap }, null, 4))
}

function shardName(base: string, index: number): string {
  return `${base}_${String(index).padStart(5, '0')}.weights.h5`
}

/** Sets the weights of a model from a list of shards. */
export async function readShards(model: Model, path: string, options: LoadWeightsOptions): Promise<LoadReport> {
  const { Hdf5File: File } = await hdf5()
  const text = new TextDecoder().decode(await (await files()).readBytes(path))
  const weightMap = parseObject(path, text).weight_map
  if (!isDict(weightMap)) throw new FormatError(problem({ where: path, expected: 'a weight_map', received: weightMap }))
  const shards = new Map<string, readonly string[]>()
  for (const [group, names] of Object.entries(weightMap)) {
    const list = [names].flat() as unknown[]
    for (const name of list) {
      if (typeof name === 'string' && name !== '' && !/[\\/\0]/.test(name) && name !== '..' && name !== '.') continue
      throw new FormatError(problem({ where: path, expected: 'names of files beside it', received: name }))
    }
    shards.set(group, list as string[])
  }
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const opened = new Map<string, Hdf5File>()
  try {
    for (const name of new Set([...shards.values()].flat()))
      opened.set(name, await File.open(`${folder}${name}`, `${folder}${name}`))
    const matching = matchWeights(model, storeOfShards(shards, opened))
    return (await matching.read(`${path}, ${model.where}`, options.skipMismatch === true))()
  } finally {
    for (const file of opened.values()) await file.close()
  }
}

function storeOfShards(
  shards: ReadonlyMap<string, readonly string[]>,
  opened: ReadonlyMap<string, Hdf5File>,
): WeightsStore {
  const stores = new Map([...opened].map(([name, file]) => [name, storeOf(file)]))
  return {
    files: [...opened.values()],
    group(path) {
      const names = shards.get(path)
      if (names === undefined) return null
      const parts = names.flatMap((name) => [...(stores.get(name)!.group(path) ?? [])])
      return new Map(parts)
    },
  }
}
