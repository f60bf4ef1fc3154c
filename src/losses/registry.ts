// Losses by name: Keras's class names, function names and short names, the same in camelCase, and stored configs.
import { ArgumentError, problem } from '../errors.ts'
import {
  isSerializedObject,
  ObjectRegistry,
  requireClass,
  requireInstance,
  type SerializedObject,
} from '../initializers/objects.ts'
import { classNameOf } from './class-name.ts'
import { isClass } from '../platform/arguments.ts'
import { BinaryCrossentropy, BinaryFocalCrossentropy } from './binary.ts'
import { CategoricalCrossentropy, CategoricalFocalCrossentropy } from './categorical.ts'
import { Circle } from './circle.ts'
import { CTC } from './ctc.ts'
import { KLDivergence, Poisson } from './distributions.ts'
import { CategoricalGeneralizedCrossEntropy } from './generalized.ts'
import { CategoricalHinge, Hinge, SquaredHinge } from './hinge.ts'
import { Loss, type LossFunction, LossFunctionWrapper } from './loss.ts'
import { makeChecked } from '../initializers/make-checked.ts'
import {
  Huber,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
} from './regression.ts'
import { Dice, Tversky } from './segmentation.ts'
import { CosineSimilarity } from './similarity.ts'
import { SparseCategoricalCrossentropy } from './sparse-categorical.ts'

const classes = {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CTC,
  CategoricalFocalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  CategoricalHinge,
  Circle,
  CosineSimilarity,
  Dice,
  Hinge,
  Huber,
  KLDivergence,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  SparseCategoricalCrossentropy,
  SquaredHinge,
  Tversky,
} as const
type ClassName = keyof typeof classes

/** Names of functions in Keras; a loss got by one of them bears it as its own name. */
const functionNames = {
  BCE: 'BinaryCrossentropy',
  KLD: 'KLDivergence',
  MAE: 'MeanAbsoluteError',
  MAPE: 'MeanAbsolutePercentageError',
  MSE: 'MeanSquaredError',
  MSLE: 'MeanSquaredLogarithmicError',
  bce: 'BinaryCrossentropy',
  binaryCrossentropy: 'BinaryCrossentropy',
  binaryFocalCrossentropy: 'BinaryFocalCrossentropy',
  binary_crossentropy: 'BinaryCrossentropy',
  binary_focal_crossentropy: 'BinaryFocalCrossentropy',
  categoricalCrossentropy: 'CategoricalCrossentropy',
  categoricalFocalCrossentropy: 'CategoricalFocalCrossentropy',
  categoricalGeneralizedCrossEntropy: 'CategoricalGeneralizedCrossEntropy',
  categoricalHinge: 'CategoricalHinge',
  categorical_crossentropy: 'CategoricalCrossentropy',
  categorical_focal_crossentropy: 'CategoricalFocalCrossentropy',
  categorical_generalized_cross_entropy: 'CategoricalGeneralizedCrossEntropy',
  categorical_hinge: 'CategoricalHinge',
  circle: 'Circle',
  cosineSimilarity: 'CosineSimilarity',
  cosine_similarity: 'CosineSimilarity',
  ctc: 'CTC',
  dice: 'Dice',
  hinge: 'Hinge',
  huber: 'Huber',
  klDivergence: 'KLDivergence',
  kl_divergence: 'KLDivergence',
  kld: 'KLDivergence',
  kullback_leibler_divergence: 'KLDivergence',
  logCosh: 'LogCosh',
  log_cosh: 'LogCosh',
  logcosh: 'LogCosh',
  mae: 'MeanAbsoluteError',
  mape: 'MeanAbsolutePercentageError',
  meanAbsoluteError: 'MeanAbsoluteError',
  meanAbsolutePercentageError: 'MeanAbsolutePercentageError',
  meanSquaredError: 'MeanSquaredError',
  meanSquaredLogarithmicError: 'MeanSquaredLogarithmicError',
  mean_absolute_error: 'MeanAbsoluteError',
  mean_absolute_percentage_error: 'MeanAbsolutePercentageError',
  mean_squared_error: 'MeanSquaredError',
  mean_squared_logarithmic_error: 'MeanSquaredLogarithmicError',
  mse: 'MeanSquaredError',
  msle: 'MeanSquaredLogarithmicError',
  poisson: 'Poisson',
  sparseCategoricalCrossentropy: 'SparseCategoricalCrossentropy',
  sparse_categorical_crossentropy: 'SparseCategoricalCrossentropy',
  squaredHinge: 'SquaredHinge',
  squared_hinge: 'SquaredHinge',
  tversky: 'Tversky',
} as const satisfies Record<string, ClassName>

/** A name that `get` knows. */
export type LossName = ClassName | keyof typeof functionNames
/** A name whose loss depends on the shapes of labels and predictions: see `resolveCrossentropy`. */
export type ShapedLossName = 'crossentropy' | 'ce'
/** What stands for a loss wherever one is asked for. */
export type LossIdentifier = LossName | Loss | LossFunction | SerializedObject

const registry = new ObjectRegistry<Loss>('losses', 'keras.losses')
registry.addShortNames(['crossentropy', ...Object.keys(functionNames).filter((name) => name !== name.toUpperCase())])
for (const [name, Class] of Object.entries(classes)) {
  registry.addBuiltin([name], (options) => makeChecked((given: object) => new Class(given), options, ['dtype']))
}

/**
 * The loss that a name, a function of labels and predictions, a stored config or a loss itself stands for.
 * @throws ArgumentError for an unknown name.
 */
export function get(identifier: LossIdentifier): Loss {
  if (identifier instanceof Loss) return identifier
  if (typeof identifier === 'function' && !isClass(identifier)) return new LossFunctionWrapper(identifier)
  if (typeof identifier === 'string') {
    if (Object.hasOwn(functionNames, identifier)) {
      const className = functionNames[identifier as keyof typeof functionNames]
      return registry.make({ class_name: className, config: { name: identifier } })
    }
    return registry.make(identifier)
  }
  if (isSerializedObject(identifier)) return registry.make(identifier)
  throw new ArgumentError(
    problem({ where: 'losses.get', expected: 'a loss, its name, a function or a config', received: identifier }),
  )
}

/** Makes a loss class of your own known by name, so that saved models which use it can be read. */
export function register(Class: { new (options: never): Loss; readonly name: string }): void {
  requireClass('losses.register', Class, Loss)
  registry.register(classNameOf(Class), (options) => new Class(options as never))
}

/** The loss as Keras stores it. */
export function serialize(loss: Loss): SerializedObject {
  requireInstance('losses.serialize', loss, Loss)
  return registry.serialize(loss)
}

/** Which family of losses and accuracies fits labels and predictions (keras-semantics 2.2); null dims are unknown ones. */
export function outputKind(
  yTrueShape: readonly (number | null)[],
  yPredShape: readonly (number | null)[],
): 'binary' | 'sparse' | 'categorical' {
  if (yPredShape.at(-1) === 1) return 'binary'
  if (yTrueShape.length < yPredShape.length || yTrueShape.at(-1) === 1) return 'sparse'
  return 'categorical'
}

/** The loss that `crossentropy` (or `ce`) means for an output: binary, sparse or categorical, on probabilities. */
export function resolveCrossentropy(
  yTrueShape: readonly (number | null)[],
  yPredShape: readonly (number | null)[],
  name: ShapedLossName = 'crossentropy',
): Loss {
  switch (outputKind(yTrueShape, yPredShape)) {
    case 'binary':
      return new BinaryCrossentropy({ name })
    case 'sparse':
      return new SparseCategoricalCrossentropy({ name })
    case 'categorical':
      return new CategoricalCrossentropy({ name })
  }
}
