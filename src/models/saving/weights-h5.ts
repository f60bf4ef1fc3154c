// Keras 3's weights files (`.weights.h5`, and `model.weights.h5` in archives): groups of numbered datasets, one for each layer.
import type { Hdf5Dataset, Hdf5File, Hdf5Group, Hdf5GroupToWrite, Hdf5Node } from '../../formats/hdf5.ts'
import type { Variable } from '../../ops/index.ts'
import { warn } from '../../platform/warn.ts'
import type { Model } from '../model.ts'
import { Matching } from './matching.ts'
import { optimizerObjects, savedObjects } from './saved-objects.ts'
import type { SavedObject } from './saved-objects.ts'
import { storablesOf } from './storable.ts'

// The reader runs in Node alone, and only when it is needed.
const hdf5 = async () => import('../../formats/hdf5.ts')

/** Where the groups lie: one file, or the shards of several. */
export interface WeightsStore {
  /** All files whose datasets may be asked for. */
  readonly files: readonly Hdf5File[]
  /** The datasets of a group such as `/layers/dense/vars`, by name; null if there is no such group. */
  group(path: string): ReadonlyMap<string, { readonly file: Hdf5File; readonly node: Hdf5Node }> | null
}

/** The groups of one file. */
export function storeOf(file: Hdf5File): WeightsStore {
  const { root } = file
  // Keras 2.13 had another word for layers.
  const old = root.children.has('_layer_checkpoint_dependencies')
  return {
    files: [file],
    group(path) {
      const found =
        at(root, path) ?? (old ? at(root, path.replaceAll('layers', '_layer_checkpoint_dependencies')) : null)
      if (found === null) return null
      return new Map([...found.children].map(([name, node]) => [name, { file, node }]))
    },
  }
}

function at(root: Hdf5Group, path: string): Hdf5Group | null {
  let node: Hdf5Node | undefined = root
  for (const part of path.split('/'))
    if (part !== '') node = node?.kind === 'group' ? node.children.get(part) : undefined
  return node?.kind === 'group' ? node : null
}

/** Pairs all weights of a model with the file's. */
export function matchWeights(model: Model, store: WeightsStore): Matching {
  const matching = new Matching()
  const used = new Set<Hdf5Dataset>()
  for (const object of savedObjects(model)) matchObject(matching, store, object, used)
  for (const { root } of store.files) {
    for (const dataset of datasetsOf(root)) {
      if (used.has(dataset) || dataset.path.startsWith('/optimizer/')) continue
      matching.problems.push(`"${dataset.path}" of the file is not in the model`)
    }
  }
  return matching
}

function matchObject(matching: Matching, store: WeightsStore, object: SavedObject, used: Set<Hdf5Dataset>): void {
  const group = store.group(object.path)
  object.variables.forEach((variable, i) => {
    const entry = group?.get(String(i))
    if (entry?.node.kind === 'dataset') used.add(entry.node)
    matching.add(entry?.file ?? store.files[0]!, variable.path, variable, entry?.node)
  })
}

/**
 * Pairs the state of the optimizer with the file's; null (after a warning) if that is the state of another optimizer, or of other
 * weights. A file of a model that has not been trained yet holds no more than the step count and the rate.
 */
export function matchOptimizer(where: string, model: Model, store: WeightsStore): Matching | null {
  const { optimizer } = model
  if (optimizer === null) return null
  const count = store.group('/optimizer/vars')?.size ?? 0
  if (count === 0) return null
  if (count > optimizer.variables.length) optimizer.build(model.trainableVariables)
  const [object] = optimizerObjects(model)
  const matching = new Matching()
  matchObject(matching, store, object!, new Set())
  if (count === object!.variables.length && matching.problems.length === 0) return matching
  const found = matching.problems[0] ?? `${count} variables in the file, ${object!.variables.length} in the model`
  warn(`${where}: the optimizer starts afresh, because its stored state does not fit: ${found}`)
  return null
}

function datasetsOf(node: Hdf5Node): Hdf5Dataset[] {
  return node.kind === 'dataset' ? [node] : [...node.children.values()].flatMap(datasetsOf)
}

/** The tree of a file with the weights of a model and, if it is compiled, the state of its optimizer. */
export async function weightsTree(model: Model): Promise<Hdf5GroupToWrite> {
  const { makeGroup, newGroup, putDataset } = await hdf5()
  const objects = [...savedObjects(model), ...optimizerObjects(model)]
  const values = await storablesOf(allVariables(objects))
  const root = newGroup()
  for (const { path, name, variables } of objects) {
    makeGroup(root, path).attributes.set('name', name)
    variables.forEach((variable, i) => putDataset(root, `${path}/${i}`, values.get(variable)!))
  }
  return root
}

export function allVariables(objects: readonly SavedObject[]): Variable[] {
  return objects.flatMap(({ variables }) => variables)
}

/** The bytes of a `.weights.h5` file. */
export async function encodeWeights(model: Model): Promise<Uint8Array> {
  const { encodeHdf5 } = await hdf5()
  return encodeHdf5(await weightsTree(model))
}
