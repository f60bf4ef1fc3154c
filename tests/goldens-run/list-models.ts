// Models for the goldens of weight lists, which tell the names of layers and weights and nothing else: a stored model of the same
// folder where one has the same lists, else one that is built from the names.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as layers from '../../src/layers/index.ts'
import { input, type Layer } from '../../src/layers/index.ts'
import {
  deserializeAny,
  Functional,
  type Model,
  model as makeModel,
  Sequential,
  sequential,
} from '../../src/models/index.ts'
import type { SymbolicTensor } from '../../src/layers/index.ts'
import { goldensRoot } from './read.ts'
import type { GoldenLists, Stored } from './training-helpers.ts'

/** Lists that tell their layers too. */
export type Lists = GoldenLists & { readonly layers: readonly string[]; readonly count_params: number }

export function listsOf(model: Model): Lists {
  return {
    layers: model.layers.map(({ name }) => name),
    weights: model.weights.map(({ path }) => path),
    trainable_weights: model.trainableWeights.map(({ path }) => path),
    non_trainable_weights: model.nonTrainableWeights.map(({ path }) => path),
    count_params: model.countParams(),
  }
}

export function isContainer(layer: unknown): layer is Functional | Sequential {
  return layer instanceof Functional || layer instanceof Sequential
}

/** All models and layers within, outer ones first. */
export function within(model: Model): Layer[] {
  return model.layers.flatMap((layer) => (isContainer(layer) ? [layer, ...within(layer)] : [layer]))
}

/** A model with these lists, all trainable, and whether its number of parameters is theirs. `others` are the lists of nested models by name. */
export function modelWith(lists: Lists, others: ReadonlyMap<string, Lists>): { model: Model; exact: boolean } {
  const stored = storedModel(lists)
  if (stored !== null) return { model: stored, exact: true }
  const blueprint = blueprintOf(lists, others)
  const widths = solveWidths(blueprint)
  return { model: buildFrom(blueprint, widths ?? { channels: 4, width: 3, classes: 2 }), exact: widths !== null }
}

// ---- Stored models ------------------------------------------------------------------------------------------------------

function storedModel(lists: Lists): Model | null {
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((each, i) => each === b[i])
  for (const config of storedConfigs()) {
    if (!lists.layers.every((name) => config.text.includes(`"${name}"`))) continue
    const model = deserializeAny({ ...config.stored, compile_config: undefined } as Stored)
    model.trainable = true
    for (const candidate of [model as Model, ...within(model as Model).filter(isContainer)]) {
      const { layers: names, weights, count_params: count } = listsOf(candidate)
      if (same(names, lists.layers) && same(weights, lists.weights) && count === lists.count_params) return candidate
    }
  }
  return null
}

let found: { readonly stored: Stored; readonly text: string }[] | null = null
/** Every model that the books on training and files of this folder, or of the repository's copy, have as JSON. */
function storedConfigs(): readonly { readonly stored: Stored; readonly text: string }[] {
  if (found !== null) return found
  found = []
  for (const root of new Set([goldensRoot, 'tests/goldens'])) {
    const books = join(root, 'training')
    for (const file of existsSync(books) ? readdirSync(books).filter((each) => each.endsWith('.json')) : []) {
      const { cases } = JSON.parse(readFileSync(join(books, file), 'utf8')) as { cases: Record<string, unknown>[] }
      for (const one of cases)
        for (const key of ['model', 'model_frozen'])
          if (typeof one[key] === 'object') found.push({ stored: one[key] as Stored, text: JSON.stringify(one[key]) })
    }
    const files = join(root, 'files')
    for (const name of existsSync(files) ? readdirSync(files) : []) {
      const path = join(files, name, 'to_json.json')
      if (!existsSync(path)) continue
      const text = readFileSync(path, 'utf8')
      found.push({ stored: JSON.parse(text) as Stored, text: JSON.stringify(JSON.parse(text)) })
    }
  }
  return found
}

// ---- Models from names --------------------------------------------------------------------------------------------------

interface Leaf {
  readonly name: string
  /** Paths below the layer: `kernel`, `query/kernel`. */
  readonly weights: readonly string[]
}
interface Blueprint {
  readonly name: string | null
  readonly isSequential: boolean
  /** Parameters that it must have, if the lists tell. */
  readonly params?: number
  readonly layers: readonly (Leaf | Blueprint)[]
}
interface Widths {
  readonly channels: number
  readonly width: number
  readonly classes: number
}

/** What nested models are likely to be called. */
const containerName = /base|backbone|model|inner|middle|outer|functional|sequential|encoder|feature|trunk|body|net$/

const attentionParts = ['query', 'key', 'value', 'attention_output']

/** The layers in their order, each with the weights that follow in the list. A Sequential's weights have its name before their path. */
function blueprintOf(lists: Lists, others: ReadonlyMap<string, Lists>, name: string | null = null): Blueprint {
  const queue = [...lists.weights]
  const takeWhile = (belongs: (path: string) => boolean): string[] => {
    const count = queue.findIndex((path) => !belongs(path))
    return queue.splice(0, count < 0 ? queue.length : count)
  }
  const prefix = prefixOf(lists)
  const own = (layer: string): string => (prefix === null ? `${layer}/` : `${prefix}/${layer}/`)
  const isListed = (path: string): boolean =>
    lists.layers.some((layer) => path.startsWith(own(layer)) || path.startsWith(`${layer}/`))
  const made = lists.layers.map((layer, i): Leaf | Blueprint => {
    const nested = others.get(layer)
    if (nested !== undefined) {
      queue.splice(0, nested.weights.length)
      return blueprintOf(nested, others, layer)
    }
    const start = [own(layer), `${layer}/`].find((each) => queue[0]?.startsWith(each))
    if (start !== undefined) {
      const below = takeWhile((path) => path.startsWith(start)).map((path) => path.slice(start.length))
      const parts = below.map((path) => path.split('/'))
      if (parts.every(({ length }) => length === 1) || parts.every(([part]) => attentionParts.includes(part!)))
        return { name: layer, weights: below }
      return { name: layer, isSequential: true, layers: groups(below) }
    }
    // A functional model's weights have no name of it before their path: which layer it is, its name or its own lists must tell.
    const isNext = (other: string): boolean => queue[0]?.startsWith(own(other)) === true
    const after = lists.layers.slice(i + 1)
    const before = after.slice(0, after.findIndex(isNext) + 1 || undefined)
    const better = before.some(
      (other) => others.has(other) || (containerName.test(other) && !containerName.test(layer)),
    )
    const foreign = i === 0 || better ? [] : takeWhile((path) => !isListed(path))
    if (foreign.length === 0) return { name: layer, weights: [] }
    return { name: layer, isSequential: false, layers: [{ name: `${layer}_in`, weights: [] }, ...groups(foreign)] }
  })
  if (queue.length > 0) throw new Error(`weights of no layer: ${queue.join(', ')}`)
  return { name: name ?? prefix, isSequential: prefix !== null, params: lists.count_params, layers: made }
}

/** The name of a Sequential, which stands before the paths of the weights of its layers. */
function prefixOf({ layers: names, weights }: Lists): string | null {
  for (const path of weights) {
    const [first, second, third] = path.split('/')
    if (third !== undefined && !names.includes(first!) && names.includes(second!)) return first!
  }
  return null
}

function groups(paths: readonly string[]): Leaf[] {
  const found = new Map<string, string[]>()
  for (const path of paths) {
    const [layer, ...rest] = path.split('/')
    found.set(layer!, [...(found.get(layer!) ?? []), rest.join('/')])
  }
  return [...found].map(([name, weights]) => ({ name, weights }))
}

type Kind =
  | 'separable'
  | 'depthwise'
  | 'convolution'
  | 'dense'
  | 'batch'
  | 'layer'
  | 'rms'
  | 'statistics'
  | 'alpha'
  | 'attention'
  | 'none'
function kindOf({ name, weights }: Leaf): Kind {
  const has = (...wanted: string[]): boolean => wanted.every((each) => weights.includes(each))
  if (weights.length === 0) return 'none'
  if (has('query/kernel')) return 'attention'
  if (has('depthwise_kernel') || has('pointwise_kernel')) return 'separable'
  if (has('moving_mean')) return 'batch'
  if (has('mean', 'variance')) return 'statistics'
  if (has('alpha')) return 'alpha'
  if (has('scale')) return 'rms'
  if (has('kernel')) {
    if (/dw|depth/.test(name)) return 'depthwise'
    return /conv|pw|stem|shortcut|project|expand|res/.test(name) ? 'convolution' : 'dense'
  }
  if (has('gamma') || has('beta')) return 'layer'
  throw new Error(`layer ${name}: no layer known with the weights ${weights.join(', ')}`)
}

/** The layer; `width` is the size of its result where it may choose. */
function layerOf(leaf: Leaf, width: number): Layer {
  const { name, weights } = leaf
  const has = (weight: string): boolean => weights.includes(weight)
  const flags = { center: has('beta'), scale: has('gamma'), name }
  const kernel = { kernelSize: 3, padding: 'same', useBias: has('bias'), name } as const
  switch (kindOf(leaf)) {
    case 'none':
      return layers.activation({ activation: 'linear', name })
    case 'separable':
      return layers.separableConv2D({ filters: width, ...kernel })
    case 'depthwise':
      return layers.depthwiseConv2D(kernel)
    case 'convolution':
      return layers.conv2D({ filters: width, ...kernel })
    case 'dense':
      return layers.dense({ units: width, useBias: has('bias'), name })
    case 'batch':
      return layers.batchNormalization(flags)
    case 'layer':
      return layers.layerNormalization(flags)
    case 'rms':
      return layers.rMSNormalization({ name })
    case 'statistics':
      return layers.normalization({ name })
    case 'alpha':
      return layers.pReLU({ name })
    case 'attention':
      return layers.multiHeadAttention({ numHeads: 2, keyDim: 2, useBias: has('query/bias'), name })
  }
}

/** The parameters of `layerOf`, and the channels of its result. NaN where they depend on more than that. */
function sizesOf(leaf: Leaf, channels: number, width: number): { channels: number; params: number } {
  const counts: Record<Kind, [channels: number, kernel: number]> = {
    none: [channels, 0],
    separable: [width, 9 * channels + channels * width],
    depthwise: [channels, 9 * channels],
    convolution: [width, 9 * channels * width],
    dense: [width, channels * width],
    batch: [channels, 2 * channels],
    layer: [channels, 0],
    rms: [channels, channels],
    statistics: [channels, 2 * channels + 1],
    alpha: [channels, NaN],
    attention: [channels, NaN],
  }
  const [result, kernel] = counts[kindOf(leaf)]
  const vectors = leaf.weights.filter((weight) => ['bias', 'beta', 'gamma'].includes(weight)).length
  return { channels: result, params: kernel + vectors * result }
}

const isBlueprint = (one: Leaf | Blueprint): one is Blueprint => 'layers' in one
const leavesOf = (blueprint: Blueprint): Leaf[] =>
  blueprint.layers.flatMap((one) => (isBlueprint(one) ? leavesOf(one) : [one]))

const lastWithWidth = (leaves: readonly Leaf[]): Leaf | undefined =>
  leaves.findLast((leaf) => ['dense', 'convolution', 'separable'].includes(kindOf(leaf)))

function buildFrom(blueprint: Blueprint, widths: Widths): Model {
  const leaves = leavesOf(blueprint)
  const last = lastWithWidth(leaves)
  const isPicture = leaves.some((leaf) => ['convolution', 'depthwise', 'separable'].includes(kindOf(leaf)))
  const shapeOf = (channels: number): number[] => {
    if (isPicture) return [8, 8, channels]
    return leaves.some((leaf) => kindOf(leaf) === 'attention') ? [5, channels] : [channels]
  }
  const make = (part: Blueprint, given: number): { model: Model; channels: number } => {
    const [first, ...others] = part.layers
    const named = part.name === null ? {} : { name: part.name }
    let channels = given
    const next = (one: Leaf | Blueprint): Layer => {
      if (isBlueprint(one)) {
        const nested = make(one, channels)
        channels = nested.channels
        return nested.model
      }
      const width = one === last ? widths.classes : widths.width
      channels = sizesOf(one, channels, width).channels
      return layerOf(one, width)
    }
    if (part.isSequential)
      return { model: sequential([input({ shape: shapeOf(given) }), ...part.layers.map(next)], named), channels }
    if (first === undefined || isBlueprint(first)) throw new Error('a functional model begins with its input')
    const inputs = input({ shape: shapeOf(given), name: first.name })
    let x: SymbolicTensor = inputs
    for (const one of others) x = next(one).applyNested(x) as SymbolicTensor
    return { model: makeModel({ inputs, outputs: x, ...named }), channels }
  }
  return make(blueprint, widths.channels).model
}

/** Sizes with which the chain of layers, and each nested one, has as many parameters as the lists say; null if none are found. */
function solveWidths(blueprint: Blueprint): Widths | null {
  const last = lastWithWidth(leavesOf(blueprint))
  const fits = ({ channels, width, classes }: Widths): boolean => {
    let size = channels
    // NaN if a count is not the wanted one.
    const count = (part: Blueprint): number => {
      let sum = 0
      for (const one of part.layers) {
        if (isBlueprint(one)) sum += count(one)
        else {
          const made = sizesOf(one, size, one === last ? classes : width)
          sum += made.params
          size = made.channels
        }
      }
      return part.params === undefined || part.params === sum ? sum : NaN
    }
    return !Number.isNaN(count(blueprint))
  }
  for (let width = 1; width <= 32; width++)
    for (let channels = 1; channels <= 16; channels++)
      for (let classes = 1; classes <= 10; classes++)
        if (fits({ channels, width, classes })) return { channels, width, classes }
  return null
}
