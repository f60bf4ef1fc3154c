// Where Keras 3 keeps the variables of each layer: paths made of attribute and class names, never of the names that users give.
import { toSnakeKey } from '../../layers/config.ts'
import { Layer } from '../../layers/layer.ts'
import { toSnakeCase } from '../../ops/naming.ts'
import type { Variable } from '../../ops/index.ts'
import { LossScaleOptimizer } from '../../optimizers/index.ts'
import type { Optimizer } from '../../optimizers/index.ts'
import { isModel } from '../is-model.ts'
import type { Model } from '../model.ts'

/** Something whose variables lie in one group. */
export interface SavedObject {
  /** Path of the group, e.g. `/layers/dense/vars`. */
  readonly path: string
  readonly name: string
  /** In the order of the datasets `0`, `1`, … */
  readonly variables: readonly Variable[]
}

/** A model and all layers in it, each once, in Keras' order of visits (keras-semantics 7.2). */
export function savedObjects(model: Model): SavedObject[] {
  const found: SavedObject[] = []
  const seen = new Set<object>()
  visit(model, '')
  return found

  function visit(layer: Layer, path: string): void {
    if (seen.has(layer)) return
    seen.add(layer)
    const { trainable, nonTrainable } = layer.ownVariables
    found.push({ path: `${path}/vars`, name: layer.name, variables: [...trainable, ...nonTrainable] })
    if (isModel(layer) && layer.listsLayers) container(layer.layers, `${path}/layers`, new Set())
    const attributes = Object.entries(layer).map(([key, value]) => [attributeName(key), value] as const)
    for (const [name, value] of attributes.sort(([a], [b]) => compare(sortKey(a), sortKey(b)))) {
      if (isLayer(value)) visit(value, `${path}/${name}`)
      else if (isContainer(value)) container(items(value), `${path}/${name}`, new Set())
    }
    // What was given to `track` alone has no attribute's name.
    const rest = layer.directLayers().filter((inner) => !seen.has(inner) && inner.weights.length > 0)
    container(rest, `${path}/tracked`, new Set())
  }

  function container(values: readonly unknown[], path: string, open: Set<unknown>): void {
    if (open.has(values)) return
    open.add(values)
    const used = new Map<string, number>()
    const unique = (name: string): string => {
      const count = used.get(name) ?? 0
      used.set(name, count + 1)
      return count === 0 ? name : `${name}_${count}`
    }
    for (const value of values) {
      if (isLayer(value)) visit(value, `${path}/${unique(toSnakeCase(value.className))}`)
      else if (isContainer(value)) container(items(value), `${path}/${unique('container')}`, open)
    }
  }
}

/** The optimizer's groups. One that wraps another writes the other's variables twice, as Keras does. */
export function savedOptimizer(optimizer: Optimizer): SavedObject[] {
  const { name, variables } = optimizer
  const own = { path: '/optimizer/vars', name, variables }
  if (!(optimizer instanceof LossScaleOptimizer)) return [own]
  const { inner } = optimizer
  return [own, { path: '/optimizer/inner_optimizer/vars', name: inner.name, variables: inner.variables }]
}

/** Groups of a compiled or uncompiled model. */
export function optimizerObjects(model: Model): SavedObject[] {
  return model.optimizer === null ? [] : savedOptimizer(model.optimizer)
}

function isLayer(value: unknown): value is Layer {
  return value instanceof Layer
}

/** As it would be called in Python: `queryDense` -> `query_dense`, `_hidden` stays. */
function attributeName(key: string): string {
  return key.startsWith('_') ? key : toSnakeKey(key)
}
/** Names with an underscore come last. */
function sortKey(name: string): string {
  return name.startsWith('_') ? `~${name}` : name
}
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || value instanceof Map || Object.getPrototypeOf(value) === Object.prototype
}
function items(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value instanceof Map ? [...value.values()] : Object.values(value)
}
