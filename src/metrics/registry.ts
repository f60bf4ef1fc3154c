// Metrics by name: Keras's class names, the same in snake_case and camelCase, short names, and stored configs.
import { ArgumentError, problem } from '../errors.ts'
import {
  isSerializedObject,
  ObjectRegistry,
  requireClass,
  requireInstance,
  type SerializedObject,
} from '../initializers/objects.ts'
import { classNameOf } from '../losses/class-name.ts'
import { isClass } from '../platform/arguments.ts'
import { makeChecked } from '../initializers/make-checked.ts'
import { outputKind } from '../losses/registry.ts'
import { Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.ts'
import * as best from './at-threshold.ts'
import { AUC } from './auc.ts'
import { ConcordanceCorrelation, PearsonCorrelation } from './correlation.ts'
import { FalseNegatives, FalsePositives, TrueNegatives, TruePositives } from './counts.ts'
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  KLDivergence,
  Poisson,
  SparseCategoricalCrossentropy,
} from './crossentropy.ts'
import * as errors from './errors.ts'
import { F1Score, FBetaScore } from './f-score.ts'
import { CategoricalHinge, Hinge, SquaredHinge } from './hinge.ts'
import * as iou from './iou.ts'
import { Mean, MeanMetricWrapper, type MetricFunction, Sum } from './mean.ts'
import { Metric } from './metric.ts'
import { Precision, Recall } from './precision-recall.ts'
import { R2Score } from './r2.ts'
import { SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy } from './top-k.ts'

/** Those that need no options, and so can be had by their name alone. */
const classes = {
  AUC,
  Accuracy,
  BinaryAccuracy,
  BinaryCrossentropy,
  BinaryIoU: iou.BinaryIoU,
  CategoricalAccuracy,
  CategoricalCrossentropy,
  CategoricalHinge,
  ConcordanceCorrelation,
  CosineSimilarity: errors.CosineSimilarity,
  F1Score,
  FBetaScore,
  FalseNegatives,
  FalsePositives,
  Hinge,
  KLDivergence,
  LogCoshError: errors.LogCoshError,
  Mean,
  MeanAbsoluteError: errors.MeanAbsoluteError,
  MeanAbsolutePercentageError: errors.MeanAbsolutePercentageError,
  MeanSquaredError: errors.MeanSquaredError,
  MeanSquaredLogarithmicError: errors.MeanSquaredLogarithmicError,
  PearsonCorrelation,
  Poisson,
  Precision,
  R2Score,
  Recall,
  RootMeanSquaredError: errors.RootMeanSquaredError,
  SparseCategoricalAccuracy,
  SparseCategoricalCrossentropy,
  SparseTopKCategoricalAccuracy,
  SquaredHinge,
  Sum,
  TopKCategoricalAccuracy,
  TrueNegatives,
  TruePositives,
} as const
type ClassName = keyof typeof classes

const withOptions = {
  IoU: iou.IoU,
  MeanIoU: iou.MeanIoU,
  OneHotIoU: iou.OneHotIoU,
  OneHotMeanIoU: iou.OneHotMeanIoU,
  PrecisionAtRecall: best.PrecisionAtRecall,
  RecallAtPrecision: best.RecallAtPrecision,
  SensitivityAtSpecificity: best.SensitivityAtSpecificity,
  SpecificityAtSensitivity: best.SpecificityAtSensitivity,
} as const

const otherNames = {
  BCE: 'BinaryCrossentropy',
  MAE: 'MeanAbsoluteError',
  MAPE: 'MeanAbsolutePercentageError',
  MSE: 'MeanSquaredError',
  MSLE: 'MeanSquaredLogarithmicError',
  auc: 'AUC',
  bce: 'BinaryCrossentropy',
  binaryAccuracy: 'BinaryAccuracy',
  binaryCrossentropy: 'BinaryCrossentropy',
  binary_accuracy: 'BinaryAccuracy',
  binary_crossentropy: 'BinaryCrossentropy',
  binary_io_u: 'BinaryIoU',
  categoricalAccuracy: 'CategoricalAccuracy',
  categoricalCrossentropy: 'CategoricalCrossentropy',
  categorical_accuracy: 'CategoricalAccuracy',
  categorical_crossentropy: 'CategoricalCrossentropy',
  categorical_hinge: 'CategoricalHinge',
  concordance_correlation: 'ConcordanceCorrelation',
  cosine_similarity: 'CosineSimilarity',
  f1_score: 'F1Score',
  f_beta_score: 'FBetaScore',
  false_negatives: 'FalseNegatives',
  false_positives: 'FalsePositives',
  hinge: 'Hinge',
  kl_divergence: 'KLDivergence',
  log_cosh_error: 'LogCoshError',
  mae: 'MeanAbsoluteError',
  mape: 'MeanAbsolutePercentageError',
  meanAbsoluteError: 'MeanAbsoluteError',
  meanSquaredError: 'MeanSquaredError',
  mean_absolute_error: 'MeanAbsoluteError',
  mean_absolute_percentage_error: 'MeanAbsolutePercentageError',
  mean_squared_error: 'MeanSquaredError',
  mean_squared_logarithmic_error: 'MeanSquaredLogarithmicError',
  mse: 'MeanSquaredError',
  msle: 'MeanSquaredLogarithmicError',
  pearson_correlation: 'PearsonCorrelation',
  poisson: 'Poisson',
  precision: 'Precision',
  r2_score: 'R2Score',
  recall: 'Recall',
  root_mean_squared_error: 'RootMeanSquaredError',
  sparseCategoricalAccuracy: 'SparseCategoricalAccuracy',
  sparseCategoricalCrossentropy: 'SparseCategoricalCrossentropy',
  sparse_categorical_accuracy: 'SparseCategoricalAccuracy',
  sparse_categorical_crossentropy: 'SparseCategoricalCrossentropy',
  sparse_top_k_categorical_accuracy: 'SparseTopKCategoricalAccuracy',
  squared_hinge: 'SquaredHinge',
  top_k_categorical_accuracy: 'TopKCategoricalAccuracy',
  true_negatives: 'TrueNegatives',
  true_positives: 'TruePositives',
} as const satisfies Record<string, ClassName>

/** A name that `get` knows. */
export type MetricName = ClassName | keyof typeof otherNames
/** A name whose metric depends on the shapes of labels and predictions: see `resolveAccuracy`. */
export type ShapedMetricName = 'accuracy' | 'acc'
/** What stands for a metric wherever one is asked for. */
export type MetricIdentifier = MetricName | Metric | MetricFunction | SerializedObject

const registry = new ObjectRegistry<Metric>('metrics', 'keras.metrics')
registry.addShortNames(['accuracy', ...Object.keys(otherNames).filter((name) => name !== name.toUpperCase())])
for (const [name, Class] of Object.entries({ ...classes, ...withOptions })) {
  registry.addBuiltin([name], (options) =>
    makeChecked(
      (given: object) => new Class(given as never),
      options,
      name === 'AUC' ? ['dtype', 'thresholds'] : ['dtype'],
    ),
  )
}

/**
 * The metric that a name, a function of labels and predictions, a stored config or a metric itself stands for. A metric got
 * by name bears that name (`mse`, not `mean_squared_error`), as those given to `compile` do in Keras.
 * @throws ArgumentError for an unknown name.
 */
export function get(identifier: MetricIdentifier): Metric {
  if (identifier instanceof Metric) return identifier
  if (typeof identifier === 'function' && !isClass(identifier)) return new MeanMetricWrapper(identifier)
  if (typeof identifier === 'string') {
    const names: Readonly<Record<string, string>> = otherNames
    const className = Object.hasOwn(names, identifier) ? names[identifier]! : identifier
    return registry.make({ class_name: className, config: { name: identifier } })
  }
  if (isSerializedObject(identifier)) return registry.make(identifier)
  throw new ArgumentError(
    problem({ where: 'metrics.get', expected: 'a metric, its name, a function or a config', received: identifier }),
  )
}

/** Makes a metric class of your own known by name, so that saved models which use it can be read. */
export function register(Class: { new (options: never): Metric; readonly name: string }): void {
  requireClass('metrics.register', Class, Metric)
  registry.register(classNameOf(Class), (options) => new Class(options as never))
}

/** The metric as Keras stores it. */
export function serialize(metric: Metric): SerializedObject {
  requireInstance('metrics.serialize', metric, Metric)
  return registry.serialize(metric)
}

/** The metric that `accuracy` (or `acc`) means for an output: binary, sparse or categorical. It keeps the name it was asked by. */
export function resolveAccuracy(
  yTrueShape: readonly (number | null)[],
  yPredShape: readonly (number | null)[],
  name: ShapedMetricName = 'accuracy',
): Metric {
  switch (outputKind(yTrueShape, yPredShape)) {
    case 'binary':
      return new BinaryAccuracy({ name })
    case 'sparse':
      return new SparseCategoricalAccuracy({ name })
    case 'categorical':
      return new CategoricalAccuracy({ name })
  }
}
