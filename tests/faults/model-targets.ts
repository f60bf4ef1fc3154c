// Files of models to be fuzzed: every ending that can be loaded, JSON, TensorFlow.js and ONNX.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { vi } from 'vitest'
import {
  encodeHdf5,
  type Hdf5DatasetToWrite,
  type Hdf5GroupToWrite,
  newGroup,
  withHdf5,
} from '../../src/formats/hdf5.ts'
import type { Hdf5Group } from '../../src/formats/hdf5.ts'
import {
  clearSession,
  input,
  layers,
  loadModel,
  loadTfjsWeights,
  type Model,
  modelFromJSON,
  model as makeModel,
  readOnnx,
  sequential,
  setRandomSeed,
} from '../../src/index.ts'
import * as ops from '../../src/ops/index.ts'
import { mutateEntry, mutateHeader, text, textBytes, unzip } from './containers.ts'
import { mutate, mutateJson } from './mutate.ts'
import type { Target } from './target.ts'

/** The same bytes in every run, so that the number of a case is enough to make it again. */
function net(): Model {
  clearSession()
  setRandomSeed(1)
  const inputs = input({ shape: [6, 6, 2], name: 'picture' })
  let x = layers.conv2D({ filters: 3, kernelSize: 3, name: 'conv' }).apply(inputs)
  x = layers.batchNormalization({ name: 'bn' }).apply(x)
  const inner = sequential([layers.flatten({ name: 'flat' }), layers.dense({ units: 2, name: 'inside' })], {
    name: 'inner',
  })
  const made = makeModel({ inputs, outputs: inner.apply(x), name: 'fuzzed' })
  made.compile({ optimizer: 'adam', loss: 'mse' })
  return made
}

/** Sets all weights to one value, by which a model that was touched is known. */
function mark(model: Model): void {
  for (const variable of model.weights) variable.assign(ops.full(variable.shape, 0.25))
}
async function isMarked(model: Model): Promise<boolean> {
  for (const variable of model.weights) if ((await variable.data()).some((value) => value !== 0.25)) return false
  return true
}

type Damage = (sound: Uint8Array, seed: number) => Uint8Array | Promise<Uint8Array>

/** Whole models and weights of one ending; by default, damaged anywhere in their bytes. */
function fileTarget(
  ending: string,
  kind: 'model' | 'weights',
  what = '',
  damage: (sound: Uint8Array) => Damage | Promise<Damage> = () => mutate,
): Target {
  const name = [kind, ending, what].filter(Boolean).join(' ')
  return {
    name,
    async prepare(folder) {
      const model = net()
      const sound = join(folder, `sound ${name.replaceAll(ending, '')}${ending}`)
      // An archive says when it was made.
      vi.useFakeTimers({ toFake: ['Date'], now: new Date(2026, 0, 1) })
      if (kind === 'model') await model.save(sound)
      else await model.saveWeights(sound)
      vi.useRealTimers()
      const bytes = new Uint8Array(readFileSync(sound))
      const damaged = await damage(bytes)
      const path = join(folder, `damaged ${name.replaceAll(ending, '')}${ending}`)
      mark(model)
      return async (seed) => {
        writeFileSync(path, await damaged(bytes, seed))
        if (kind === 'model') {
          await loadModel(path)
          return
        }
        try {
          await model.loadWeights(path)
        } catch (error) {
          if (!(await isMarked(model))) throw new Error('weights of a refused file are in the model', { cause: error })
          throw error
        }
        mark(model)
      }
    },
  }
}

/** The whole state of a training: what is refused leaves weights and optimizer alone. */
function checkpointTarget(what: '' | ' header'): Target {
  return {
    name: `checkpoint${what}`,
    async prepare(folder) {
      const model = net()
      model.optimizer!.build(model.trainableVariables)
      const path = join(folder, `checkpoint${what}.safetensors`)
      await model.saveCheckpoint(path)
      const bytes = new Uint8Array(readFileSync(path))
      const count = model.optimizer!.iterations
      const reset = (): void => {
        mark(model)
        count.assign(7)
      }
      reset()
      return async (seed) => {
        writeFileSync(path, what === '' ? mutate(bytes, seed) : mutateHeader(bytes, seed))
        try {
          await model.loadCheckpoint(path)
        } catch (error) {
          if (!(await isMarked(model)) || (await count.value().item()) !== 7)
            throw new Error('state of a refused file is in the model', { cause: error })
          throw error
        }
        reset()
      }
    },
  }
}

/** HDF5 written anew with one JSON attribute of the root changed: what stands in it is reached. */
async function attributeDamage(sound: Uint8Array): Promise<Damage> {
  const tree = await withHdf5(sound.slice(), 'sound', async (file) => {
    const copy = async (group: Hdf5Group): Promise<Hdf5GroupToWrite> => {
      const made = newGroup()
      for (const [key, value] of group.attributes) made.attributes.set(key, value as string | readonly string[])
      for (const [key, node] of group.children) {
        if (node.kind === 'group') {
          made.children.set(key, await copy(node))
          continue
        }
        const [data] = await file.read([node])
        const type = node.type as Hdf5DatasetToWrite['type']
        made.children.set(key, { kind: 'dataset', attributes: new Map(), type, shape: node.shape!, data: data! })
      }
      return made
    }
    return copy(file.root)
  })
  const jsons = [...tree.attributes].filter(([, value]) => typeof value === 'string' && value.startsWith('{'))
  return async (_, seed) => {
    const [key, value] = jsons[seed % jsons.length]!
    const again: Hdf5GroupToWrite = { ...withOwnData(tree), attributes: new Map(tree.attributes) }
    again.attributes.set(key, mutateJson(value as string, seed))
    return encodeHdf5(again)
  }
}

/** Writing takes the buffers away. */
function withOwnData(group: Hdf5GroupToWrite): Hdf5GroupToWrite {
  const children = [...group.children].map(([key, node]): [string, Hdf5GroupToWrite | Hdf5DatasetToWrite] => {
    if (node.kind === 'group') return [key, withOwnData(node)]
    const { buffer, byteOffset, byteLength } = node.data
    return [key, { ...node, data: new Uint8Array(buffer, byteOffset, byteLength).slice() }]
  })
  return { ...group, children: new Map(children) }
}

/** Sharded weights: the index, which is JSON, as text or with other values. */
function shardTarget(what: 'text' | 'values'): Target {
  return {
    name: `weights .weights.json ${what}`,
    async prepare(folder) {
      const model = net()
      const path = join(folder, `shards ${what}.weights.json`)
      await model.saveWeights(path, { maxShardSize: 5e-7 })
      const bytes = new Uint8Array(readFileSync(path))
      mark(model)
      return async (seed) => {
        writeFileSync(path, what === 'text' ? mutate(bytes, seed) : mutateJson(text(bytes), seed))
        try {
          await model.loadWeights(path)
        } catch (error) {
          if (!(await isMarked(model))) throw new Error('weights of a refused file are in the model', { cause: error })
          throw error
        }
        mark(model)
      }
    },
  }
}

/** A model of TensorFlow.js: its `model.json`, as text or as JSON with other values, or the bytes beside it. */
function tfjsTarget(what: 'text' | 'values' | 'bytes', source = 'functional'): Target {
  return {
    name: `TensorFlow.js ${what}`,
    prepare(folder) {
      const copy = join(folder, `tfjs-${what}`)
      cpSync(join('tests/models/files/tfjs', source), copy, { recursive: true })
      const path = join(copy, 'model.json')
      const damaged = what === 'bytes' ? join(copy, 'weights.bin') : path
      const bytes = new Uint8Array(readFileSync(damaged))
      return Promise.resolve(async (seed) => {
        writeFileSync(damaged, what === 'values' ? mutateJson(text(bytes), seed) : mutate(bytes, seed))
        await loadTfjsWeights(path)
        await loadModel(path)
      })
    },
  }
}

/** Files that Keras or tf_keras wrote, which are built otherwise than ours. */
function foreignTarget(path: string): Target {
  return {
    name: `by Keras ${path}`,
    prepare(folder) {
      const bytes = new Uint8Array(readFileSync(join('tests/goldens/files', path)))
      const damaged = join(folder, `foreign ${basename(path)}`)
      return Promise.resolve(async (seed) => {
        writeFileSync(damaged, mutate(bytes, seed))
        await loadModel(damaged)
      })
    },
  }
}

export const modelTargets: readonly Target[] = [
  fileTarget('.weights.h5', 'weights'),
  fileTarget('.h5', 'weights'),
  fileTarget('.h5', 'model'),
  fileTarget('.h5', 'model', 'attributes', attributeDamage),
  fileTarget('.keras', 'model'),
  fileTarget('.keras', 'model', 'entries', async (sound) => {
    const entries = await unzip(sound)
    return (_, seed) => mutateEntry(entries, seed)
  }),
  fileTarget('.safetensors', 'weights'),
  fileTarget('.safetensors', 'weights', 'header', () => mutateHeader),
  fileTarget('.safetensors', 'model'),
  fileTarget('.safetensors', 'model', 'header', () => mutateHeader),
  checkpointTarget(''),
  checkpointTarget(' header'),
  shardTarget('text'),
  shardTarget('values'),
  foreignTarget('legacy_transfer_frozen/model.h5'),
  tfjsTarget('text'),
  tfjsTarget('values'),
  tfjsTarget('bytes'),
  {
    name: 'ONNX',
    async prepare(folder) {
      const sound = join(folder, 'sound.onnx')
      await net().export(sound, { classNames: ['cat', 'dog'], activation: 'softmax' })
      const bytes = new Uint8Array(readFileSync(sound))
      const path = join(folder, 'damaged.onnx')
      return async (seed) => {
        writeFileSync(path, mutate(bytes, seed))
        await readOnnx(path)
      }
    },
  },
  {
    name: 'JSON text',
    prepare: () => {
      const bytes = textBytes(net().toJSON())
      return Promise.resolve((seed) => Promise.resolve(void modelFromJSON(text(mutate(bytes, seed)))))
    },
  },
  {
    name: 'JSON values',
    prepare: () => {
      const json = net().toJSON()
      return Promise.resolve((seed) => Promise.resolve(void modelFromJSON(mutateJson(json, seed))))
    },
  },
]
