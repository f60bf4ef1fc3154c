// Checkpoints: the whole state of a training in one safetensors file, from which it goes on as if it had never stopped.
import { ArgumentError, FormatError, problem } from '../../errors.ts'
import type { SafetensorsFile } from '../../formats/safetensors.ts'
import type { Variable } from '../../ops/index.ts'
import { LossScaleOptimizer } from '../../optimizers/index.ts'
import type { Optimizer } from '../../optimizers/index.ts'
import type { Model } from '../model.ts'
import { encodeVariables, Matched, optimizerPrefix, seedStates, stateOf, uniquePaths } from '../safetensors-format.ts'
import { opening } from '../../platform/opening.ts'
import { requireBuilt } from '../saving.ts'
import { differences } from '../session-names.ts'
import { isPosition, untrained } from '../trainer/position.ts'
import type { TrainingPosition } from '../trainer/position.ts'
import { readFlags, writeFlags } from '../trainer/snapshot.ts'
import type { Flags } from '../trainer/snapshot.ts'
import { isDict } from '../tree.ts'
import { parseObject } from './config-text.ts'
import { mismatch } from './report.ts'

/** What a checkpoint says beside its tensors, as JSON in the metadata. Lists are in the order of the model. */
interface State {
  readonly version: 1
  readonly weights: readonly string[]
  readonly layers: readonly string[]
  /** `trainable` of each layer and of each variable, as it is in force in training. */
  readonly trainableLayers: readonly boolean[]
  readonly trainableVariables: readonly boolean[]
  readonly optimizer: OptimizerState | null
  readonly position: TrainingPosition
}
interface OptimizerState {
  readonly classes: string
  readonly variables: readonly string[]
  /** Indices of the weights that it was built for; null before it was. */
  readonly trained: readonly number[] | null
}

/** The bytes of a checkpoint. Everything is of one moment, also while the model trains. */
export function encodeCheckpoint(model: Model): Promise<Uint8Array> {
  const { weights, optimizer, compiledParts } = model
  // An untrained optimizer has not decided yet what it trains.
  const flags = compiledParts === null || !model.built ? readFlags(model) : compiledParts.snapshot.flags
  const named = stateOf(model)
  const order = [...named.keys()].slice(0, weights.length)
  const state: State = {
    version: 1,
    weights: order,
    layers: flags.layers.map(([layer]) => layer.name),
    trainableLayers: flags.layers.map(([, flag]) => flag),
    trainableVariables: flags.variables.map(([, flag]) => flag),
    optimizer: optimizer === null ? null : optimizerState(optimizer, weights),
    position: compiledParts?.position ?? untrained,
  }
  return encodeVariables(named, { checkpoint: JSON.stringify(state) })
}

function optimizerState(optimizer: Optimizer, weights: readonly Variable[]): OptimizerState {
  const index = new Map(weights.map((weight, i) => [weight, i]))
  const trained = optimizer.built ? optimizer.trainedVariables.map((weight) => index.get(weight) ?? -1) : null
  return { classes: classesOf(optimizer), variables: [...slotsOf(optimizer).keys()], trained }
}

/** `Adam`, or `LossScaleOptimizer of Adam`. */
function classesOf(optimizer: Optimizer): string {
  const { className } = optimizer
  return optimizer instanceof LossScaleOptimizer ? `${className} of ${optimizer.inner.className}` : className
}
function slotsOf(optimizer: Optimizer): Map<string, Variable> {
  return uniquePaths(optimizer.variables, optimizerPrefix)
}

/**
 * Brings the state of a checkpoint into a model: all of it or, if anything does not fit, nothing.
 * @throws FormatError that lists what does not fit; ArgumentError if the model lacks an optimizer.
 */
export function restoreCheckpoint(model: Model, file: SafetensorsFile, source: string): TrainingPosition {
  const where = `${source}, ${model.where}`
  const state = readState(source, file)
  const { compiledParts, weights } = model
  if (state.optimizer !== null && compiledParts === null) {
    const hint = 'Call compile({ optimizer, loss }) first, as before the checkpoint was saved'
    throw new ArgumentError(
      problem({ where, expected: `a compiled model, for the state of ${state.optimizer.classes}`, received: 'one that is not', hint }),
    ) // prettier-ignore
  }
  const matched = new Matched(file)
  const { problems } = matched
  const flags = readFlags(model)
  const layers = flags.layers.map(([layer]) => layer.name)
  problems.push(...namesApart('layer', state.layers, layers))
  const named = uniquePaths(weights)
  problems.push(...namesApart('weight', state.weights, [...named.keys()]))
  // Names that differ have been told, and everything behind them would differ too.
  if (problems.length === 0) [...named].forEach(([name, variable], i) => matched.add(name, variable, state.weights[i]!))
  for (const [name, variable] of seedStates(model)) matched.add(name, variable, name)
  if (state.trainableVariables.length !== flags.variables.length && problems.length === 0)
    problems.push(`${state.trainableVariables.length} variables in the file, ${flags.variables.length} in the model`)
  const undo = problems.length === 0 ? matchOptimizer(matched, model, state) : () => undefined
  if (problems.length > 0) {
    undo()
    throw mismatch(where, problems, 'a checkpoint of this model and optimizer', '')
  }

  matched.assign()
  const before = compiledParts?.snapshot.flags ?? flags
  const wanted: Flags = {
    layers: flags.layers.map(([layer], i) => [layer, state.trainableLayers[i]!]),
    variables: flags.variables.map(([variable], i) => [variable, state.trainableVariables[i]!]),
  }
  writeFlags(wanted)
  if (!sameFlags(before, wanted)) compiledParts?.refreeze()
  if (compiledParts !== null) compiledParts.position = state.position
  return state.position
}

/** Pairs the optimizer's state, after building the optimizer if need be. Returns what undoes that. */
function matchOptimizer(matched: Matched, model: Model, { optimizer: stored }: State): () => void {
  const { optimizer, weights } = model
  const nothing = (): void => undefined
  if (stored === null || optimizer === null) return nothing
  const { problems } = matched
  const classes = classesOf(optimizer)
  if (stored.classes !== classes) {
    problems.push(`the optimizer is ${stored.classes} in the file, ${classes} in the model`)
    return nothing
  }
  const trained = stored.trained?.map((i) => weights[i])
  if (trained?.includes(undefined) === true) {
    problems.push('the optimizer of the file trains weights that the model does not have')
    return nothing
  }
  let undo = nothing
  if (trained !== undefined && !optimizer.built) {
    optimizer.build(trained as Variable[])
    undo = () => optimizer.unbuild()
  }
  const [inFile, inModel] = [new Set(trained), new Set<Variable | undefined>(optimizer.trainedVariables)]
  for (const weight of weights) {
    if (inFile.has(weight) === inModel.has(weight)) continue
    const [file, here] = [inFile, inModel].map((set) => (set.has(weight) ? 'trained' : 'frozen'))
    problems.push(
      `"${weight.path}" is ${file} in the file, ${here} by the model's optimizer; compile() makes a new one`,
    )
  }
  if (problems.length > 0) return undo
  // The optimizer's own name, and those of automatically named layers, are numbered in its variables.
  const slots = slotsOf(optimizer)
  const bare = (name: string): string => name.slice(name.lastIndexOf('/') + 1).replace(/_\d+(?=_|$)/g, '')
  problems.push(...namesApart('state of the optimizer', stored.variables.map(bare), [...slots.keys()].map(bare)))
  if (problems.length === 0)
    [...slots].forEach(([name, variable], i) => matched.add(name, variable, stored.variables[i]!))
  return undo
}

/** What differs between two lists of names, but for where automatic names begin to count. */
function namesApart(what: string, inFile: readonly string[], inModel: readonly string[]): string[] {
  const told = (name: string | undefined): string => (name === undefined ? 'missing' : `"${name}"`)
  return differences(inFile, inModel).map(
    (i) => `${what} ${i + 1} is ${told(inFile[i])} in the file, ${told(inModel[i])} in the model`,
  )
}

function sameFlags(a: Flags, b: Flags): boolean {
  const same = (one: Flags[keyof Flags], other: Flags[keyof Flags]): boolean =>
    one.length === other.length && one.every(([of, flag], i) => of === other[i]![0] && flag === other[i]![1])
  return same(a.layers, b.layers) && same(a.variables, b.variables)
}

/** @throws FormatError for a file that is no checkpoint. */
function readState(source: string, file: SafetensorsFile): State {
  const fail = (received: unknown): never => {
    const hint = 'Checkpoints are written by model.saveCheckpoint(path); weights alone are read by loadWeights'
    throw new FormatError(problem({ where: source, expected: 'a checkpoint of training', received, hint }))
  }
  const text = file.metadata.checkpoint
  if (text === undefined) return fail('a file without the state of one')
  const state = parseObject(`${source}, checkpoint`, text) as Partial<State>
  const isList = (value: unknown, type: 'string' | 'boolean' | 'number'): boolean =>
    Array.isArray(value) && value.every((item) => typeof item === type)
  const { optimizer } = state
  if (state.version !== 1) return fail(`one of version ${String(state.version)}`)
  const isWhole =
    isList(state.weights, 'string') &&
    isList(state.layers, 'string') &&
    isList(state.trainableLayers, 'boolean') &&
    isList(state.trainableVariables, 'boolean') &&
    state.layers!.length === state.trainableLayers!.length &&
    isPosition(state.position) &&
    (optimizer === null ||
      (isDict(optimizer) &&
        typeof optimizer.classes === 'string' &&
        isList(optimizer.variables, 'string') &&
        (optimizer.trained === null || isList(optimizer.trained, 'number'))))
  return isWhole ? (state as State) : fail('one with parts missing')
}

// Only what touches files needs Node, and only when it is used.
const atomic = async () => import('../../platform/files.ts')
const reader = async () => import('../../formats/safetensors-file.ts')

/** Writes a checkpoint; see `Model.saveCheckpoint`. */
export async function saveCheckpoint(model: Model, path: string): Promise<void> {
  requirePath('saveCheckpoint', path)
  requireBuilt('saveCheckpoint', model)
  // Encoded first: it must hold the state of this moment.
  const bytes = encodeCheckpoint(model)
  await opening('saveCheckpoint', path, 'written', async () => {
    const [{ writeFileAtomic }, content] = await Promise.all([atomic(), bytes])
    await writeFileAtomic(path, content)
  })
}

/** Reads a checkpoint into a model; see `Model.loadCheckpoint`. */
export async function loadCheckpoint(model: Model, path: string): Promise<TrainingPosition> {
  requirePath('loadCheckpoint', path)
  requireBuilt('loadCheckpoint', model)
  const file = await opening('loadCheckpoint', path, 'read', () => readCheckpoint(path))
  return restoreCheckpoint(model, file, path)
}

/** The file of a checkpoint, checked but for what only a model can tell. */
export async function readCheckpoint(path: string): Promise<SafetensorsFile> {
  const file = await (await reader()).readSafetensors(path, path)
  readState(path, file)
  return file
}

function requirePath(where: string, path: unknown): void {
  if (typeof path === 'string' && path.endsWith('.safetensors')) return
  throw new ArgumentError(problem({ where, expected: 'a file name that ends with .safetensors', received: path }))
}
