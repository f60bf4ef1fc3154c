// The optimizer's state in older Keras files: a flat list of names, in orders that changed with the versions.
import type { Hdf5Dataset, Hdf5File, Hdf5GroupToWrite } from '../../formats/hdf5.ts'
import type { Variable } from '../../ops/index.ts'
import type { Optimizer } from '../../optimizers/index.ts'
import { warn } from '../../platform/warn.ts'
import type { Model } from '../model.ts'
import { strings, writeNames } from './legacy-weights.ts'
import { Matching } from './matching.ts'
import { storablesOf } from './storable.ts'

const hdf5 = async () => import('../../formats/hdf5.ts')

/** What older versions called a kind of slot. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  momentum: ['m', 'momentum'],
  velocity: ['v', 'velocity', 'rms'],
  velocity_hat: ['vhat', 'velocity_hat'],
  average_gradient: ['mg', 'average_gradient'],
  norm: ['u', 'norm', 'v'],
  accumulated_grad: ['accum_grad', 'accumulated_grad'],
  accumulated_delta_var: ['accum_var', 'accumulated_delta_var'],
  average: ['average', 'model_variable_moving_average'],
}

interface StoredSlot {
  readonly kind: string
  readonly dataset: Hdf5Dataset
}

/**
 * Pairs the optimizer's variables with the group `optimizer_weights`; null (after a warning, if the file has a state that does not
 * fit) where the optimizer starts afresh.
 */
export async function matchLegacyOptimizer(where: string, model: Model, file: Hdf5File): Promise<Matching | null> {
  const { nodeAt } = await hdf5()
  const group = file.root.children.get('optimizer_weights')
  const { optimizer } = model
  if (optimizer === null || group?.kind !== 'group') return null
  const names = strings(group, 'weight_names') ?? []
  const stored = names.map((name) => ({ name, node: nodeAt(group, name) }))
  if (names.length > optimizer.variables.length) optimizer.build(model.trainableVariables)
  const { variables } = optimizer
  // As they are written here, or by Keras 3.
  for (const order of [inOlderOrder(optimizer), variables]) {
    if (order.length !== names.length || order.some(({ path }, i) => lastPart(path) !== lastPart(names[i]!))) continue
    const ordered = new Matching()
    order.forEach((variable, i) => ordered.add(file, variable.path, variable, stored[i]!.node))
    if (ordered.problems.length === 0) return ordered
  }
  const matching = new Matching()
  const slots: StoredSlot[] = []
  for (const { name, node } of stored) {
    const last = lastPart(name)
    if (last === 'iteration' || last === 'iter') matching.add(file, 'iteration', optimizer.iterations, node)
    else if (last === 'learning_rate' && name.split('/').length <= 2) {
      const rate = optimizer.variables.find(isLearningRate)
      if (rate !== undefined) matching.add(file, 'learning_rate', rate, node)
    } else if (node?.kind === 'dataset') slots.push({ kind: name, dataset: node })
  }
  if (slots.length === 0) return matching.problems.length === 0 ? matching : null
  optimizer.build(model.trainableVariables)
  const problem = matchSlots(matching, file, optimizer, slots)
  if (problem === null && matching.problems.length === 0) return matching
  warn(
    `${where}: the optimizer starts afresh, because its stored state does not fit: ${problem ?? matching.problems[0]}`,
  )
  return null
}

function matchSlots(matching: Matching, file: Hdf5File, optimizer: Optimizer, stored: StoredSlot[]): string | null {
  const own = ownSlots(optimizer)
  const total = [...own.values()].reduce((sum, slots) => sum + slots.length, 0)
  if (total !== stored.length) return `${stored.length} slots in the file, ${total} in the model`
  const left = new Set(stored)
  for (const [kind, slots] of own) {
    const known = aliases[kind] ?? [kind]
    const found = [...left]
      .filter(({ kind: name }) => known.some((alias) => isOfKind(name, alias)))
      .slice(0, slots.length)
    if (found.length !== slots.length)
      return `${found.length} slots of kind "${kind}" in the file, ${slots.length} in the model`
    slots.forEach((slot, i) => {
      left.delete(found[i]!)
      matching.add(file, slot.path, slot, found[i]!.dataset)
    })
  }
  return null
}

/** Slots by kind, each list in the order of the trained variables. */
function ownSlots(optimizer: Optimizer): Map<string, Variable[]> {
  const kinds = new Map<string, Variable[]>()
  const prefixes = optimizer.trainedVariables.map(({ path }) => `${path.replaceAll('/', '_')}_`)
  for (const variable of optimizer.variables) {
    if (variable === optimizer.iterations || isLearningRate(variable)) continue
    const prefix = prefixes.filter((each) => variable.name.startsWith(each)).sort((a, b) => b.length - a.length)[0]
    const kind = prefix === undefined ? variable.name : variable.name.slice(prefix.length)
    kinds.set(kind, [...(kinds.get(kind) ?? []), variable])
  }
  return kinds
}

/**
 * `Adam/m/dense/kernel:0` (optimizers of Keras 2.11 and later), `Adam/dense/kernel/m:0` (before), `adam/dense_kernel_momentum`
 * (Keras 3).
 */
function isOfKind(name: string, kind: string): boolean {
  const last = lastPart(name)
  return name.split('/')[1] === kind || last === kind || last.endsWith(`_${kind}`)
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/:\d+$/, '')
}

/** Writes the optimizer's state, which tf_keras restores (Keras 3 reads no slots from this format). */
export async function writeLegacyOptimizer(optimizer: Optimizer, root: Hdf5GroupToWrite): Promise<void> {
  const { makeGroup, putDataset } = await hdf5()
  const variables = inOlderOrder(optimizer)
  const values = await storablesOf(variables)
  const group = makeGroup(root, 'optimizer_weights')
  writeNames(group, 'weight_names', variables.map(({ path }) => path)) // prettier-ignore
  for (const variable of variables) putDataset(group, variable.path, values.get(variable)!)
}

/**
 * The order of tf_keras, which knows them by it alone: the count of steps, what belongs to no variable, then one kind of slot after
 * the other (in Ftrl, one variable after the other). The learning rate is not among them: it stands in the config.
 */
function inOlderOrder(optimizer: Optimizer): Variable[] {
  if (optimizer.className === 'Ftrl') return optimizer.variables.filter((variable) => !isLearningRate(variable))
  const kinds = [...ownSlots(optimizer)]
  const single = kinds.filter(([kind, [slot]]) => slot!.name === kind)
  const perVariable = kinds.filter((each) => !single.includes(each))
  return [optimizer.iterations, ...[...single, ...perVariable].flatMap(([, slots]) => slots)]
}

function isLearningRate({ path }: Variable): boolean {
  return path.endsWith('/learning_rate')
}
