// Goldens of weight lists: order of layers and weights in several states of freezing, and automatic names. The cases tell states in
// words and give names alone: models are found or built from those, so that a case with other models needs no code of its own.
import { expect } from 'vitest'
import type { Layer } from '../../src/layers/index.ts'
import { clearSession } from '../../src/ops/index.ts'
import { type Lists, listsOf, modelWith } from './list-models.ts'
import { classesByName, classOfName, layerOfClass, namesByClass, namesInOrder } from './list-names.ts'
import { bringTo, named } from './list-states.ts'
import type { Book } from './read.ts'
import type { Model } from '../../src/models/index.ts'

interface State {
  readonly state: string
  readonly [key: string]: unknown
}
interface ListsCase {
  readonly name: string
  readonly states: readonly State[]
}
type Classes = ReturnType<typeof classesByName>

export async function runWeightLists(_book: Book<ListsCase>, golden: ListsCase): Promise<void> {
  await Promise.resolve()
  const classes = classesByName()
  const world = modelsOf(golden.states)
  clearSession()
  let leaf: Layer | null = null
  for (const state of golden.states) {
    if (Array.isArray(state.names)) {
      expect({ ...state, names: namesOf(state, classes) }).toEqual(state)
    } else if (Array.isArray(state.weights)) {
      leaf = leafIn(state as unknown as LeafState, leaf)
      expect({ ...state, ...weightsOf(leaf) }).toEqual(state)
    } else checkModels(state, world)
  }
}

function namesOf(state: State, classes: Classes): unknown {
  const names = state.names as readonly (string | readonly [string, string])[]
  if (names.every((each) => typeof each === 'string')) return namesInOrder(state.state, names, classes)
  return namesByClass(names as readonly (readonly [string, string])[])
}

// ---- Models -------------------------------------------------------------------------------------------------------------

interface World {
  /** The case's models by its names for them, the outermost first. */
  readonly models: Map<string, Model>
  /** Whether they have as many parameters as those of the case: its names alone may not tell. */
  readonly exact: boolean
}

function listsIn(state: State): Map<string, Lists> {
  const isLists = (value: unknown): value is Lists =>
    typeof value === 'object' && value !== null && 'trainable_weights' in value
  return new Map(Object.entries(state).filter((entry): entry is [string, Lists] => isLists(entry[1])))
}

function modelsOf(states: readonly State[]): World {
  const lists = new Map(states.toReversed().flatMap((state) => [...listsIn(state)]))
  const models = new Map<string, Model>()
  let allExact = true
  const byTotal = [...lists].sort(([, a], [, b]) => b.weights.length - a.weights.length)
  for (const [name, wanted] of byTotal) {
    const nested = [...models.values()].find((model) => model.layers.some((layer) => layer.name === name))
    if (nested !== undefined) models.set(name, nested.getLayer(name) as Model)
    else {
      const { model, exact } = modelWith(wanted, lists)
      models.set(name, model)
      allExact &&= exact
    }
  }
  return { models, exact: allExact }
}

function checkModels(state: State, { models, exact }: World): void {
  const lists = listsIn(state)
  bringTo(state.state, models, lists)
  for (const [key, value] of Object.entries(state)) {
    const wanted = lists.get(key)
    if (wanted !== undefined) {
      const received = listsOf(models.get(key)!)
      const count = exact ? {} : { count_params: wanted.count_params }
      expect([state.state, key, { ...received, ...count }]).toEqual([state.state, key, wanted])
    } else if (key.endsWith('_trainable')) {
      expect([key, named(models, key.slice(0, -'_trainable'.length)).trainable]).toEqual([key, value])
    } else if (key !== 'state') throw new Error(`"${key}" of a state is not known`)
  }
}

// ---- Single layers ------------------------------------------------------------------------------------------------------

interface LeafState {
  readonly state: string
  readonly weights: readonly string[]
  readonly trainable: readonly string[]
  readonly non_trainable: readonly string[]
}

function weightsOf(layer: Layer): Omit<LeafState, 'state'> {
  return {
    weights: layer.weights.map(({ path }) => path),
    trainable: layer.trainableWeights.map(({ path }) => path),
    non_trainable: layer.nonTrainableWeights.map(({ path }) => path),
  }
}

/** Positional arguments of Python's constructors. */
const positional: Readonly<Record<string, readonly string[]>> = {
  Dense: ['units'], Conv1D: ['filters', 'kernelSize'], Conv2D: ['filters', 'kernelSize'], Conv2DTranspose: ['filters', 'kernelSize'],
  SeparableConv2D: ['filters', 'kernelSize'], DepthwiseConv2D: ['kernelSize'], Embedding: ['inputDim', 'outputDim'],
  MultiHeadAttention: ['numHeads', 'keyDim'], GroupNormalization: ['groups'], Dropout: ['rate'], LayerNormalization: ['axis'],
  BatchNormalization: ['axis'], Normalization: ['axis'],
} // prettier-ignore

/** The layer that a state is about: `Dense(3) on (None,4)` makes one, `frozen` is about the one before. */
function leafIn(state: LeafState, before: Layer | null): Layer {
  const name = state.weights[0]?.split('/')[0] ?? ''
  const isNew = before?.name !== name
  const [, written, list] = /^([A-Z]\w+)(?:\((.*?)\)(?= on|$| [a-z]))?/.exec(state.state) ?? []
  const className = written ?? (isNew ? classOfName(name) : before.className)
  const layer = isNew
    ? layerOfClass(className, name, { ...pythonArguments(className, list ?? ''), ...fromWeights(state) })
    : before
  if (isNew) {
    const shape = / on (\(.*\))/.exec(state.state)?.[1]
    layer.build(shape === undefined ? usualShape(className) : (pythonValue(shape) as (number | null)[]))
  }
  if (/\bunfrozen|\btrainable=True/.test(state.state)) layer.trainable = true
  else if (/\bfrozen|\btrainable=False/.test(state.state)) layer.trainable = false
  return layer
}

/** Options that show in the names of the weights. */
function fromWeights({ weights }: LeafState): Record<string, boolean> {
  const names = weights.map((path) => path.split('/').at(-1)!)
  const has = (name: string): boolean => names.includes(name)
  if (names.some((each) => each.endsWith('kernel'))) return { useBias: has('bias') }
  return has('gamma') || has('beta') ? { center: has('beta'), scale: has('gamma') } : {}
}

function usualShape(className: string): (number | null)[] {
  if (className.endsWith('1D') || className.includes('Attention')) return [null, 8, 4]
  return className.endsWith('2D') ? [null, 8, 8, 4] : [null, 4]
}

function pythonArguments(className: string, list: string): Record<string, unknown> {
  const parts = list.match(/(?:\w+=)?(?:\([^)]*\)|\[[^\]]*\]|[^,])+/g) ?? []
  return Object.fromEntries(
    parts.map((part, i) => {
      const [, key, value] = /^\s*(?:(\w+)=)?(.*)$/.exec(part)!
      const own = key?.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) ?? positional[className]?.[i]
      if (own === undefined) throw new Error(`argument ${i} of ${className} is not known`)
      return [own, pythonValue(value!)]
    }),
  )
}

function pythonValue(text: string): unknown {
  const json = text
    .trim()
    .replace(/\bNone\b/g, 'null')
    .replace(/\bTrue\b/g, 'true')
    .replace(/\bFalse\b/g, 'false')
  return JSON.parse(
    json
      .replaceAll("'", '"')
      .replaceAll('(', '[')
      .replace(/,?\s*\)/g, ']'),
  )
}
