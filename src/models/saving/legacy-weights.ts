// The weights part of older Keras files (`.h5`): one group for each layer, its weights by a list of names (keras-semantics 7.1).
import { FormatError, problem } from '../../errors.ts'
import type { Hdf5File, Hdf5Group, Hdf5GroupToWrite, Hdf5Node } from '../../formats/hdf5.ts'
import { sameShape } from '../../graph/types.ts'
import type { Layer } from '../../layers/layer.ts'
import type { Variable } from '../../ops/index.ts'
import type { Model } from '../model.ts'
import { Matching } from './matching.ts'
import { storablesOf } from './storable.ts'

const hdf5 = async () => import('../../formats/hdf5.ts')

/** The largest attribute that fits into the header of an HDF5 object, as Keras cuts them. */
const maxAttribute = 64_512

/** The group that holds the layers: the root, or `model_weights` of a whole model; null if the file is not of this format. */
export function legacyGroup(root: Hdf5Group): Hdf5Group | null {
  if (strings(root, 'layer_names') !== null) return root
  const inner = root.children.get('model_weights')
  return inner?.kind === 'group' && strings(inner, 'layer_names') !== null ? inner : null
}

/** A list of names from an attribute, which may be cut into `name0`, `name1`, …; null if there is none. */
export function strings(group: Hdf5Group, name: string): string[] | null {
  const whole = group.attributes.get(name)
  if (whole !== undefined) return list(whole)
  const parts: string[] = []
  for (let i = 0; ; i++) {
    const part = group.attributes.get(`${name}${i}`)
    if (part === undefined) return i === 0 ? null : parts
    parts.push(...list(part))
  }
}

function list(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.map(String) : []
}

interface StoredLayer {
  readonly name: string
  readonly weights: readonly { readonly name: string; readonly node: Hdf5Node | undefined }[]
}

function storedLayers(
  where: string,
  group: Hdf5Group,
  at: (group: Hdf5Group, path: string) => Hdf5Node | undefined,
): StoredLayer[] {
  return strings(group, 'layer_names')!.map((name) => {
    const layer = at(group, name)
    const names = layer?.kind === 'group' ? strings(layer, 'weight_names') : null
    if (layer?.kind !== 'group' || names === null)
      throw new FormatError(problem({ where, expected: `a group "${name}" with weight_names`, received: 'none' }))
    return { name, weights: names.map((weight) => ({ name: weight, node: at(layer, weight) })) }
  })
}

/**
 * Pairs the weights of a model with the file's, layer by layer in order, or by the layers' names.
 * @throws FormatError if the layers with weights are not equal in number.
 */
export async function matchLegacy(
  where: string,
  model: Model,
  file: Hdf5File,
  group: Hdf5Group,
  { byName = false }: { readonly byName?: boolean } = {},
): Promise<{ matching: Matching; leftOut: string[] }> {
  const { nodeAt } = await hdf5()
  const matching = new Matching()
  const leftOut: string[] = []
  const stored = storedLayers(where, group, nodeAt).filter(({ weights }) => weights.length > 0)
  const own = model.layers.filter((layer) => layer.weights.length > 0)
  if (byName) {
    const named = new Map<string, Layer[]>()
    for (const layer of own) named.set(layer.name, [...(named.get(layer.name) ?? []), layer])
    for (const layer of stored) {
      const found = named.get(layer.name) ?? named.get(plainName(layer.name)) ?? []
      if (found.length === 0) leftOut.push(`layer "${layer.name}" of the file is not in the model`)
      for (const each of found) matchLayer(matching, file, each, layer)
      named.delete(layer.name)
      named.delete(plainName(layer.name))
    }
    for (const name of named.keys()) leftOut.push(`layer "${name}" is not in the file`)
    return { matching, leftOut }
  }
  if (stored.length !== own.length) {
    const received = `${stored.length} in the file: ${names(stored)}`
    const hint = 'If parts of the models are alike, use byName: true'
    throw new FormatError(problem({ where, expected: `as many layers with weights as the model, ${own.length}: ${names(own)}`, received, hint })) // prettier-ignore
  }
  stored.forEach((layer, i) => matchLayer(matching, file, own[i]!, layer))
  const top = nodeAt(group, 'top_level_model_weights')
  const topNames = top?.kind === 'group' ? (strings(top, 'weight_names') ?? []) : []
  if (top?.kind === 'group' && topNames.length > 0) {
    const { trainable, nonTrainable } = model.ownVariables
    const weights = topNames.map((name) => ({ name, node: nodeAt(top, name) }))
    matchVariables(matching, file, `the model's own weights`, [...trainable, ...nonTrainable], weights)
  }
  return { matching, leftOut }
}

function names(layers: readonly { readonly name: string }[]): string {
  const all = layers.map(({ name }) => name)
  return all.length <= 8 ? all.join(', ') : `${all.slice(0, 8).join(', ')}, …`
}

/** Names in files of Keras 2 may hold slashes, which names of layers cannot. */
export function plainName(name: string): string {
  return name.replaceAll('/', '_')
}

function matchLayer(matching: Matching, file: Hdf5File, layer: Layer, stored: StoredLayer): void {
  matchVariables(matching, file, `layer "${layer.name}"`, orderOf(layer, stored), stored.weights)
}

function matchVariables(
  matching: Matching,
  file: Hdf5File,
  what: string,
  variables: readonly Variable[],
  weights: StoredLayer['weights'],
): void {
  if (variables.length !== weights.length) {
    matching.problems.push(`${what} has ${weights.length} weights in the file, ${variables.length} in the model`)
    return
  }
  variables.forEach((variable, i) => matching.add(file, variable.path, variable, weights[i]!.node))
}

/**
 * The layer's variables in the order of the file. Keras writes the trainable ones first, so that the order inside of a nested model
 * depends on what was frozen when the file was written. The names in the file tell which it was.
 */
function orderOf(layer: Layer, stored: StoredLayer): readonly Variable[] {
  const now = [...layer.trainableWeights, ...layer.nonTrainableWeights]
  const frozen = layer.weights
  const { made, rest } = byMaking(layer)
  const candidates = [now, frozen, [...made, ...rest]]
  const fits = (variables: readonly Variable[]): boolean =>
    variables.length === stored.weights.length &&
    stored.weights.every(({ name, node }, i) => {
      const { path, shape } = variables[i]!
      return lastPart(name) === lastPart(path) && node?.kind === 'dataset' && sameShape(node.shape ?? [], shape)
    })
  return candidates.find(fits) ?? now
}

/** Variables by the kind that they were made as, whatever is frozen now. */
function byMaking(layer: Layer): { made: Variable[]; rest: Variable[] } {
  const trainable = new Set<Variable>()
  const visit = (each: Layer): void => {
    for (const variable of each.ownVariables.trainable) trainable.add(variable)
    for (const inner of each.directLayers()) visit(inner)
  }
  visit(layer)
  const { weights } = layer
  return { made: weights.filter((each) => trainable.has(each)), rest: weights.filter((each) => !trainable.has(each)) }
}

/** `block/conv/depthwise_kernel:0` -> `kernel`: Keras 2 had a name of its own for the kernel of a DepthwiseConv2D. */
function lastPart(path: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1).replace(/:\d+$/, '')
  return last === 'depthwise_kernel' ? 'kernel' : last
}

/** Writes the layers of a model into a group, as Keras does: all trainable weights of a layer, then the others. */
export async function writeLegacyWeights(model: Model, group: Hdf5GroupToWrite): Promise<void> {
  const { makeGroup, putDataset } = await hdf5()
  const values = await storablesOf(model.weights)
  writeNames(group, 'layer_names', model.layers.map(({ name }) => name)) // prettier-ignore
  group.attributes.set('backend', 'tensorflow')
  group.attributes.set('keras_version', kerasVersion)
  const write = (name: string, variables: readonly Variable[]): void => {
    const inner = makeGroup(group, name)
    const paths = uniqueNames(variables)
    writeNames(inner, 'weight_names', paths)
    variables.forEach((variable, i) => putDataset(inner, paths[i]!, values.get(variable)!))
  }
  for (const layer of model.layers) write(layer.name, [...layer.trainableWeights, ...layer.nonTrainableWeights])
  const { trainable, nonTrainable } = model.ownVariables
  write('top_level_model_weights', [...trainable, ...nonTrainable])
}

/** The version of Keras whose files ours are like. */
export const kerasVersion = '3.15.1'

function uniqueNames(variables: readonly Variable[]): string[] {
  const used = new Set<string>()
  return variables.map(({ path }) => {
    let name = path
    for (let i = 1; used.has(name); i++) name = `${path}_${i}`
    used.add(name)
    return name
  })
}

/** A list of names as an attribute, cut into equal parts where it is too long for one. */
export function writeNames(group: Hdf5GroupToWrite, attribute: string, all: readonly string[]): void {
  const encoder = new TextEncoder()
  const width = Math.max(1, ...all.map((name) => encoder.encode(name).byteLength))
  if (width > maxAttribute)
    throw new FormatError(problem({ where: attribute, expected: `names below ${maxAttribute} bytes`, received: width }))
  const parts = Math.ceil((width * all.length) / maxAttribute)
  if (parts <= 1) {
    group.attributes.set(attribute, [...all])
    return
  }
  const size = Math.ceil(all.length / parts)
  for (let i = 0; i * size < all.length; i++)
    group.attributes.set(`${attribute}${i}`, all.slice(i * size, (i + 1) * size))
}
