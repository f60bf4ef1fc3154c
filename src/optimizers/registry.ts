// Optimizers by name and from stored configs.
import { ArgumentError, problem } from '../errors.ts'
import { isSerializedObject, requireClass, requireInstance, type SerializedObject } from '../initializers/objects.ts'
import { classNameOf } from '../losses/class-name.ts'
import { makeChecked } from '../initializers/make-checked.ts'
import { Adadelta } from './adadelta.ts'
import { Adafactor } from './adafactor.ts'
import { Adagrad } from './adagrad.ts'
import { Adam, AdamW } from './adam.ts'
import { Adamax } from './adamax.ts'
import { optimizersByName } from './by-name.ts'
import { Ftrl } from './ftrl.ts'
import { Lamb } from './lamb.ts'
import { Lion } from './lion.ts'
import { LossScaleOptimizer, type LossScaleOptimizerOptions } from './loss-scale.ts'
import { Muon } from './muon.ts'
import { Nadam } from './nadam.ts'
import { Optimizer } from './optimizer.ts'
import { RMSprop } from './rmsprop.ts'
import { ScheduleFreeAdamW } from './schedule-free-adamw.ts'
import { SGD } from './sgd.ts'

const classes = {
  Adadelta,
  Adafactor,
  Adagrad,
  Adam,
  AdamW,
  Adamax,
  Ftrl,
  Lamb,
  Lion,
  Muon,
  Nadam,
  RMSprop,
  SGD,
  ScheduleFreeAdamW,
} as const

type ClassName = keyof typeof classes
/** A class name, as it is or in lower case. */
export type OptimizerName = ClassName | Lowercase<ClassName>
/** What stands for an optimizer wherever one is asked for. */
export type OptimizerIdentifier = OptimizerName | Optimizer | SerializedObject

/** Options that no config holds. */
const unstored = ['learningRateMultipliers']

optimizersByName.addShortNames(Object.keys(classes).map((name) => name.toLowerCase()))
for (const [name, Class] of Object.entries(classes)) {
  optimizersByName.addBuiltin([name], (options) => makeChecked((given: object) => new Class(given), options, unstored))
}
optimizersByName.addBuiltin(['LossScaleOptimizer'], (options) =>
  makeChecked((given) => new LossScaleOptimizer(given), options as unknown as LossScaleOptimizerOptions),
)

/**
 * The optimizer that a name (in any case, with default options), a stored config or an optimizer itself stands for.
 * @throws ArgumentError for an unknown name.
 */
export function get(identifier: OptimizerIdentifier): Optimizer {
  if (identifier instanceof Optimizer) return identifier
  if (typeof identifier === 'string') {
    const name = Object.keys(classes).find((className) => className.toLowerCase() === identifier.toLowerCase())
    return optimizersByName.make(name ?? identifier)
  }
  if (isSerializedObject(identifier)) return optimizersByName.make(identifier)
  throw new ArgumentError(
    problem({ where: 'optimizers.get', expected: 'an optimizer, its name or a config', received: identifier }),
  )
}

/** Makes an optimizer class of your own known by name, so that saved models which use it can be read. */
export function register(Class: { new (options: never): Optimizer; readonly name: string }): void {
  requireClass('optimizers.register', Class, Optimizer)
  optimizersByName.register(classNameOf(Class), (options) => new Class(options as never))
}

/** The optimizer as Keras stores it. */
export function serialize(optimizer: Optimizer): SerializedObject {
  requireInstance('optimizers.serialize', optimizer, Optimizer)
  return optimizersByName.serialize(optimizer)
}
