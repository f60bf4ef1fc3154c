// Whole models in older Keras files (`.h5`): the JSON of the model and of its compile arguments as attributes, and the weights.
import { FormatError, problem, TanukiError } from '../../errors.ts'
import type { Hdf5Group } from '../../formats/hdf5.ts'
import type { Config } from '../../layers/config.ts'
import { warn } from '../../platform/warn.ts'
import { compileFromConfig } from '../compile-config.ts'
import type { Model } from '../model.ts'
import { isDict } from '../tree.ts'
import { fromForeign, kerasText, parseObject } from './config-text.ts'
import { modelOf } from './keras-archive.ts'
import { legacyCompileConfig, legacyTrainingConfig } from './legacy-compile.ts'
import { legacyModelConfig } from './legacy-config.ts'
import { matchLegacyOptimizer, writeLegacyOptimizer } from './legacy-optimizer.ts'
import { kerasVersion, legacyGroup, matchLegacy, plainName, writeLegacyWeights } from './legacy-weights.ts'

const hdf5 = async () => import('../../formats/hdf5.ts')

/** The bytes of a whole-model `.h5` file. */
export async function encodeLegacyModel(model: Model): Promise<Uint8Array> {
  const { encodeHdf5, makeGroup, newGroup } = await hdf5()
  const root = newGroup()
  root.attributes.set('backend', 'tensorflow')
  root.attributes.set('keras_version', kerasVersion)
  root.attributes.set('model_config', kerasText(legacyModelConfig(model)))
  const compiled = model.getCompileConfig()
  const { optimizer } = model
  await writeLegacyWeights(model, makeGroup(root, 'model_weights'))
  if (Object.keys(compiled).length > 0 && optimizer !== null) {
    root.attributes.set('training_config', kerasText(legacyTrainingConfig(model)))
    await writeLegacyOptimizer(optimizer, root)
  }
  return encodeHdf5(root)
}

/**
 * The model of a whole-model `.h5` file.
 * @throws FormatError for a damaged file or one that holds only weights; ArgumentError for classes that are not registered.
 */
export async function legacyModelFrom(from: string | Uint8Array, source: string, compile: boolean): Promise<Model> {
  const { withHdf5 } = await hdf5()
  return withHdf5(from, source, async (file) => {
    const text = file.root.attributes.get('model_config')
    const group = legacyGroup(file.root)
    if (typeof text !== 'string' || group === null) {
      const hint = 'Files of saveWeights hold no architecture: build the model and use loadWeights'
      throw new FormatError(problem({ where: source, expected: 'a model', received: 'weights alone', hint }))
    }
    const config = parseObject(`${source}, model_config`, text)
    const model = fromForeign(source, () => modelOf(source, withPlainNames(config)))
    const { matching } = await matchLegacy(source, model, file, group)
    const apply = [await matching.read(source, false)]
    if (compile && compileStored(source, model, file.root)) {
      const state = await matchLegacyOptimizer(source, model, file)
      if (state !== null) apply.push(await state.read(source, false))
    }
    for (const each of apply) each()
    return model
  })
}

/** Compiles as the file says; false if it says nothing, or something that is not known here. */
function compileStored(source: string, model: Model, root: Hdf5Group): boolean {
  const text = root.attributes.get('training_config')
  return typeof text === 'string' && compileLegacy(source, model, parseObject(`${source}, training_config`, text))
}

/** Compiles as a `training_config` says; false, with a warning, if something in it is not known here. */
export function compileLegacy(source: string, model: Model, training: Record<string, unknown>): boolean {
  try {
    fromForeign(source, () => compileFromConfig(model, legacyCompileConfig(training)))
    return true
  } catch (error) {
    if (!(error instanceof TanukiError)) throw error
    warn(`${source}: the model is not compiled, because its training_config cannot be followed. ${error.message}`)
    return false
  }
}

/** Names of layers in Keras 2 may hold slashes: each such name is replaced wherever it stands. */
export function withPlainNames(config: Config): Config {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect)
    else if (isDict(value)) {
      if (typeof value.name === 'string') taken.add(value.name)
      Object.values(value).forEach(collect)
    }
  }
  collect(config)
  for (const name of taken) {
    if (!name.includes('/')) continue
    let plain = plainName(name)
    while (taken.has(plain)) plain += '_'
    taken.add(plain)
    names.set(name, plain)
  }
  if (names.size === 0) return config
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string') return names.get(value) ?? value
    if (Array.isArray(value)) return value.map(replace)
    if (!isDict(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item)]))
  }
  return replace(config) as Config
}
