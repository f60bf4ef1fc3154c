// Automatic names as the goldens of weight lists have them: what a list of names tells is made in its order, and named anew.
import * as layers from '../../src/layers/index.ts'
import { input, type Layer } from '../../src/layers/index.ts'
import { builtinLayers } from '../../src/layers/builtin.ts'
import * as losses from '../../src/losses/index.ts'
import * as metrics from '../../src/metrics/index.ts'
import { type Functional, model as makeModel, sequential } from '../../src/models/index.ts'
import { clearSession } from '../../src/ops/index.ts'
import { namesOnSuccess, toSnakeCase } from '../../src/ops/naming.ts'
import * as optimizers from '../../src/optimizers/index.ts'
import { layerExamples } from '../layers/layer-examples.ts'

type Named = { readonly name: string }
const withoutNumber = (name: string): string => name.replace(/_\d+$/, '')
const isAutomatic = (className: string, name: string): boolean => withoutNumber(name) === toSnakeCase(className)

/** A layer of Keras' class, with the least options that it needs; `name` is given to it if it is not an automatic one. */
export function layerOfClass(className: string, name: string, options: Record<string, unknown> = {}): Layer {
  const cls = builtinLayers.find((each) => each.className === className)
  if (cls === undefined) throw new Error(`there is no layer ${className}`)
  const example = layerExamples.find(({ layer }) => layer.className === className)
  const given = isAutomatic(className, name) ? {} : { name }
  const make = (more: object | undefined): Layer =>
    namesOnSuccess(() => new (cls as new (options: object) => Layer)({ ...more, ...options, ...given }))
  try {
    return make({})
  } catch {
    return make(example?.options?.())
  }
}

/** `dense_1` -> Dense. @throws Error if no class has that automatic name. */
export function classOfName(name: string): string {
  const found = builtinLayers.find((each) => isAutomatic(each.className, name))
  if (found === undefined) throw new Error(`no layer class is named ${name} by itself`)
  return found.className
}

/** Names of layers, or of models, that are made in this order: pairs of class and name. */
export function namesByClass(pairs: readonly (readonly [string, string])[]): [string, string][] {
  return pairs.map(([className, name]) => {
    if (className === 'Sequential')
      return [className, sequential([], isAutomatic(className, name) ? {} : { name }).name]
    if (className === 'Functional' || className === 'Model') return [className, denseModel().name]
    return [className, layerOfClass(className, name).name]
  })
}

function denseModel(inputs = input({ shape: [2] })): Functional {
  return makeModel({ inputs, outputs: layers.dense({ units: 1 }).apply(inputs) })
}

interface Kind {
  readonly modules: Record<string, unknown>
  readonly base: { readonly prototype: object }
  readonly get: (identifier: never) => Named
}
const kinds: Record<string, Kind> = {
  optimizers: { modules: optimizers, base: optimizers.Optimizer, get: optimizers.get },
  metrics: { modules: metrics, base: metrics.Metric, get: metrics.get },
  losses: { modules: losses, base: losses.Loss, get: losses.get },
}
/** Options without which a class refuses to be made. */
const needed: Readonly<Record<string, object>> = {
  MeanIoU: { num_classes: 2 }, OneHotMeanIoU: { num_classes: 2 }, IoU: { num_classes: 2, target_class_ids: [0] },
  OneHotIoU: { num_classes: 2, target_class_ids: [0] }, SensitivityAtSpecificity: { specificity: 0.5 },
  LossScaleOptimizer: { inner_optimizer: { class_name: 'SGD', config: {} } },
  SpecificityAtSensitivity: { sensitivity: 0.5 }, PrecisionAtRecall: { recall: 0.5 }, RecallAtPrecision: { precision: 0.5 },
} // prettier-ignore

/** For each kind, the classes by the names that their instances have. */
export function classesByName(): Record<string, Map<string, () => Named>> {
  clearSession()
  const made = Object.entries(kinds).map(([kind, { modules, base, get }]) => {
    const found = new Map<string, () => Named>()
    for (const exported of Object.values(modules)) {
      if (typeof exported !== 'function' || !(exported.prototype instanceof (base as never))) continue
      const { className } = exported as unknown as { className: string }
      const create = (): Named => get({ class_name: className, config: needed[className] ?? {} } as never)
      try {
        found.set(withoutNumber(create().name), create)
      } catch {
        // Abstract classes, and wrappers of functions.
      }
    }
    return [kind, found] as const
  })
  clearSession()
  return Object.fromEntries(made)
}

/**
 * Names of models, their inputs and layers, or of optimizers, metrics and losses. `state` says which kind where names are of several
 * (`mean_squared_error`); each name is that of an instance made here.
 */
export function namesInOrder(
  state: string,
  names: readonly string[],
  classes: ReturnType<typeof classesByName>,
): string[] {
  const kind = Object.keys(classes).find((each) => state.startsWith(each) || state.includes(each))
  if (kind !== undefined)
    return names.map((name) => {
      const create = classes[kind]!.get(withoutNumber(name))
      if (create === undefined) throw new Error(`no class of ${kind} is named ${name} by itself`)
      return create().name
    })
  const is = (prefix: string) => (name: string) => withoutNumber(name) === prefix
  const inputs = names.some(is('input_layer')) ? names.filter(is('functional')).map(() => input({ shape: [2] })) : []
  const shared = inputs.length > 0 ? null : input({ shape: [2] })
  const models: Functional[] = []
  const made = names.map((name) => {
    if (is('functional')(name)) {
      models.push(denseModel(inputs[models.length] ?? shared!))
      return models.at(-1)!.name
    }
    if (is('sequential')(name)) return sequential([input({ shape: [2] }), layers.dense({ units: 1 })]).name
    return null
  })
  const rest = {
    input_layer: models.map((model) => model.layers[0]!.name),
    dense: models.map((model) => model.layers[1]!.name),
  }
  return names.map((name, i) => {
    const own = made[i] ?? rest[withoutNumber(name) as keyof typeof rest]?.shift()
    return own ?? layerOfClass(classOfName(name), name).name
  })
}
