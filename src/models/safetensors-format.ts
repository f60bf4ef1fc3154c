// Models and weights in safetensors files: tensors named by weight path, everything else as JSON in the metadata.
import { FormatError, problem } from '../errors.ts'
import { alone, decodeSafetensors, encodeSafetensors, toFloat32 } from '../formats/safetensors.ts'
import type { SafetensorsDType, SafetensorsFile, StoredTensor, TensorToStore } from '../formats/safetensors.ts'
import { sameShape, showShape } from '../graph/types.ts'
import type { DType, TypedArray } from '../graph/types.ts'
import type { Variable } from '../ops/index.ts'
import { compileFromConfig } from './compile-config.ts'
import type { Model } from './model.ts'
import { fromForeign, parseObject } from './saving/config-text.ts'
import { modelOf } from './saving/keras-archive.ts'
import { setVariable } from './saving/matching.ts'
import { mismatch } from './saving/report.ts'
import type { LoadReport, LoadWeightsOptions } from './saving/report.ts'
import type { FileFormat } from './saving.ts'
import { serializeAny } from './serialize.ts'
import { twins } from './session-names.ts'
import { isDict } from './tree.ts'

const storedTypes: Readonly<Record<DType, SafetensorsDType>> = {
  float32: 'F32',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
}
/** Before the names of what is not a weight; a layer's name cannot hold it, weights' paths begin with layer names. */
export const optimizerPrefix = 'optimizer:'
const seedPrefix = 'seed:'

/** Variables by a unique name: their path, numbered where it is taken. */
export function uniquePaths(variables: readonly Variable[], prefix = ''): Map<string, Variable> {
  const named = new Map<string, Variable>()
  for (const variable of variables) {
    const path = prefix + variable.path
    let name = path
    for (let i = 1; named.has(name); i++) name = `${path}_${i}`
    named.set(name, variable)
  }
  return named
}

/** The bytes of a file with these variables. All are read as of one moment, also while the model trains. */
export async function encodeVariables(
  named: ReadonlyMap<string, Variable>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const values = await Promise.all([...named.values()].map((variable) => variable.value().data()))
  const tensors: Record<string, TensorToStore> = {}
  let next = 0
  for (const [name, { dtype, shape }] of named)
    tensors[name] = { dtype: storedTypes[dtype], shape, data: values[next++]! }
  return encodeSafetensors(tensors, { format: 'tanuki', version: '1', ...metadata })
}

/**
 * Sets variables from a file: all or, if anything does not fit, none.
 * @throws FormatError that lists every name that is missing, superfluous or of another shape.
 */
export function assignVariables(
  where: string,
  file: SafetensorsFile,
  named: ReadonlyMap<string, Variable>,
  options: LoadWeightsOptions = {},
  isOther: (name: string) => boolean = isState,
): LoadReport {
  const others = [...file.tensors.keys()].filter((name) => !isOther(name))
  const exact = others.every((name) => named.has(name))
  // A model made later, or second, numbers the names that nobody gave differently.
  const stored = (exact ? null : twins([...named.keys()], others)) ?? new Map<string, string>()
  const known = new Set([...named.keys(), ...stored.values()])
  const matched = new Matched(file)
  for (const [name, variable] of named) matched.add(name, variable, stored.get(name) ?? name)
  const { problems } = matched
  for (const name of others) {
    if (!known.has(name)) problems.push(`"${name}" of the file is not in the model`)
  }
  if (problems.length > 0 && options.skipMismatch !== true) throw mismatch(where, problems)
  return { loaded: matched.assign(), skipped: problems }
}

/** Variables paired with tensors of a file: what fits, to be assigned together, and what does not. */
export class Matched {
  readonly problems: string[] = []
  readonly #file: SafetensorsFile
  readonly #values: { name: string; variable: Variable; data: TypedArray }[] = []

  constructor(file: SafetensorsFile) {
    this.#file = file
  }

  /** Takes a variable's value from the tensor `stored`. */
  add(name: string, variable: Variable, stored: string): void {
    const found = this.#file.tensors.get(stored)
    if (found === undefined) this.problems.push(`"${name}" is not in the file`)
    else if (!sameShape(found.shape, variable.shape)) {
      this.problems.push(
        `"${name}" has shape ${showShape(found.shape)} in the file, ${showShape(variable.shape)} in the model`,
      )
    } else {
      const data = decode(found, variable.dtype, name)
      if (data === null) this.problems.push(`"${name}" is ${found.dtype} in the file, ${variable.dtype} in the model`)
      else this.#values.push({ name, variable, data })
    }
  }

  /** Sets what fits; returns the names. */
  assign(): string[] {
    for (const { variable, data } of this.#values) setVariable(variable, data)
    return this.#values.map(({ name }) => name)
  }
}

function isState(name: string): boolean {
  return name.startsWith(optimizerPrefix) || name.startsWith(seedPrefix)
}

/** Values in the variable's type; null if that would lose digits. */
function decode(stored: StoredTensor, dtype: DType, name: string): TypedArray | null {
  const own = alone(stored.bytes)
  switch (stored.dtype) {
    case 'F32':
    case 'F16':
    case 'BF16':
      return dtype === 'float32' ? toFloat32(stored, name) : null
    case 'I32':
      return dtype === 'int32' ? new Int32Array(own.buffer) : null
    case 'I64': {
      const wide = new BigInt64Array(own.buffer)
      const fits = dtype === 'int32' && wide.every((value) => BigInt.asIntN(32, value) === value)
      return fits ? Int32Array.from(wide, Number) : null
    }
    case 'U8':
      return dtype === 'uint8' ? own : null
    case 'BOOL':
      return dtype === 'bool' ? own : null
    default:
      return null
  }
}

/** The weights of a model as the bytes of a safetensors file. */
export async function weightsToBytes(model: Model): Promise<Uint8Array> {
  return encodeVariables(uniquePaths(model.weights))
}

/** Sets the weights of a model from the bytes of a safetensors file; see `loadWeights`. */
export function weightsFromBytes(
  model: Model,
  bytes: Uint8Array,
  options?: LoadWeightsOptions,
  source = 'weights',
): LoadReport {
  return setWeights(model, decodeSafetensors(bytes, source), options, source)
}

function setWeights(
  model: Model,
  file: SafetensorsFile,
  options: LoadWeightsOptions | undefined,
  source: string,
): LoadReport {
  return assignVariables(`${source}, ${model.where}`, file, uniquePaths(model.weights), options)
}

async function modelToBytes(model: Model): Promise<Uint8Array> {
  // A model that is made anew from its description may give its weights other names (automatic ones, or those of nested models),
  // yet in the same order.
  const order = JSON.stringify([...uniquePaths(model.weights).keys()])
  return encodeVariables(stateOf(model), { model: JSON.stringify(serializeAny(model)), order })
}

/** Everything that a training step changes, by its name in files: weights, the optimizer's state, the states of random layers. */
export function stateOf(model: Model): Map<string, Variable> {
  const slots = uniquePaths(model.optimizer?.variables ?? [], optimizerPrefix)
  return new Map([...uniquePaths(model.weights), ...slots, ...seedStates(model)])
}

/** The states of random layers, by their order. */
export function seedStates(model: Model): Map<string, Variable> {
  const { weights, variables } = model
  const own = new Set(weights)
  return new Map(variables.filter((each) => !own.has(each)).map((variable, i) => [`${seedPrefix}${i}`, variable]))
}

function modelFrom(file: SafetensorsFile, source: string, compile: boolean): Model {
  const text = file.metadata.model
  if (text === undefined) {
    const hint = 'Files of saveWeights hold no architecture: build the model and use loadWeights'
    throw new FormatError(problem({ where: source, expected: 'a model', received: 'weights alone', hint }))
  }
  const stored = parseObject(source, text)
  const model = fromForeign(source, () => modelOf(source, stored))
  assignVariables(source, file, inStoredOrder(model, file.metadata.order))
  const seeds = seedStates(model)
  if ([...seeds.keys()].every((name) => file.tensors.has(name)))
    assignVariables(source, file, seeds, {}, (name) => !name.startsWith(seedPrefix))
  if (compile) {
    const config = isDict(stored.compile_config) ? stored.compile_config : {}
    const { optimizer } = fromForeign(source, () => compileFromConfig(model, config))
    const wanted = [...file.tensors.keys()].filter((name) => name.startsWith(optimizerPrefix))
    if (optimizer !== null && wanted.length > 0) {
      if (wanted.length > optimizer.variables.length) optimizer.build(model.trainableVariables)
      const named = uniquePaths(optimizer.variables, optimizerPrefix)
      assignVariables(`${source}, optimizer`, file, named, {}, (name) => !name.startsWith(optimizerPrefix))
    }
  }
  return model
}

/** The weights under the names that they had when the file was written, if it says so. */
function inStoredOrder(model: Model, order: string | undefined): Map<string, Variable> {
  const { weights } = model
  let names: unknown
  try {
    names = JSON.parse(order ?? 'null')
  } catch {
    names = null
  }
  if (!Array.isArray(names) || new Set(names).size !== weights.length) return uniquePaths(weights)
  return new Map(weights.map((variable, i) => [String((names as unknown[])[i]), variable]))
}

// Only what touches files needs Node, and only when it is used.
const atomic = async () => import('../platform/files.ts')
const reader = async () => import('../formats/safetensors-file.ts')

export const safetensorsFormat: FileFormat = {
  endings: ['.safetensors'],
  async saveWeights(model, path) {
    await (await atomic()).writeFileAtomic(path, await weightsToBytes(model))
  },
  async loadWeights(model, path, options) {
    // Of whole models and checkpoints, too, the weights alone.
    const file = await (await reader()).readSafetensors(path, path, (name) => !isState(name))
    return setWeights(model, file, options, path)
  },
  async saveModel(model, path) {
    await (await atomic()).writeFileAtomic(path, await modelToBytes(model))
  },
  async loadModel(path, { compile = true }) {
    return modelFrom(await (await reader()).readSafetensors(path, path), path, compile)
  },
}
