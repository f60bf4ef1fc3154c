// Metrics: what is watched during training. Classes, and lower-case functions that make instances of them.
import { ArgumentError, problem } from '../errors.ts'
import { isClass } from '../platform/arguments.ts'
import { makeChecked } from '../initializers/make-checked.ts'
import * as accuracies from './accuracy.ts'
import * as best from './at-threshold.ts'
import { AUC, type AUCOptions } from './auc.ts'
import * as correlations from './correlation.ts'
import * as counts from './counts.ts'
import * as crossentropies from './crossentropy.ts'
import * as errors from './errors.ts'
import { F1Score, type F1ScoreOptions, FBetaScore, type FBetaScoreOptions } from './f-score.ts'
import * as hinges from './hinge.ts'
import * as ious from './iou.ts'
import { Mean, MeanMetricWrapper, type MeanMetricWrapperOptions, type MetricFunction, Sum } from './mean.ts'
import type { Metric, MetricOptions } from './metric.ts'
import { Precision, type PrecisionOptions, Recall } from './precision-recall.ts'
import { R2Score, type R2ScoreOptions } from './r2.ts'
import * as tops from './top-k.ts'

export * from './accuracy.ts'
export * from './at-threshold.ts'
export * from './auc.ts'
export * from './correlation.ts'
export { FalseNegatives, FalsePositives, type ThresholdsOptions, TrueNegatives, TruePositives } from './counts.ts'
export * from './crossentropy.ts'
export * from './errors.ts'
export * from './f-score.ts'
export * from './hinge.ts'
export * from './iou.ts'
export * from './mean.ts'
export * from './metric.ts'
export * from './precision-recall.ts'
export * from './r2.ts'
export * from './registry.ts'
export * from './top-k.ts'

function maker<T extends Metric, Options extends object>(
  name: string,
  create: (options: Options) => T,
): (options?: Options) => T {
  return (options = {} as Options) => makeChecked(create, options, ['dtype'], `metrics.${name}`)
}
function makerOf<T extends Metric, Options extends object>(
  name: string,
  create: (options: Options) => T,
): (options: Options) => T {
  return (options) => makeChecked(create, options, ['dtype'], `metrics.${name}`)
}

export const mean = maker('mean', (options: MetricOptions) => new Mean(options))
export const sum = maker('sum', (options: MetricOptions) => new Sum(options))
/** The mean over samples of a function of labels and predictions. */
export const meanMetricWrapper = (fn: MetricFunction, options: MeanMetricWrapperOptions = {}): MeanMetricWrapper => {
  const where = 'metrics.meanMetricWrapper'
  if (typeof fn !== 'function' || isClass(fn))
    throw new ArgumentError(problem({ where, expected: 'a function (yTrue, yPred) => values', received: fn }))
  return makeChecked((given) => new MeanMetricWrapper(fn, given), options, ['dtype', 'direction'], where)
}

export const accuracy = maker('accuracy', (options: MetricOptions) => new accuracies.Accuracy(options))
/** E.g. `metrics.binaryAccuracy({ threshold: 0 })` for logits. */
export const binaryAccuracy = maker(
  'binaryAccuracy',
  (options: accuracies.BinaryAccuracyOptions) => new accuracies.BinaryAccuracy(options),
)
export const categoricalAccuracy = maker(
  'categoricalAccuracy',
  (options: MetricOptions) => new accuracies.CategoricalAccuracy(options),
)
export const sparseCategoricalAccuracy = maker(
  'sparseCategoricalAccuracy',
  (options: MetricOptions) => new accuracies.SparseCategoricalAccuracy(options),
)
export const topKCategoricalAccuracy = maker(
  'topKCategoricalAccuracy',
  (options: tops.TopKCategoricalAccuracyOptions) => new tops.TopKCategoricalAccuracy(options),
)
export const sparseTopKCategoricalAccuracy = maker(
  'sparseTopKCategoricalAccuracy',
  (options: tops.SparseTopKCategoricalAccuracyOptions) => new tops.SparseTopKCategoricalAccuracy(options),
)

export const truePositives = maker(
  'truePositives',
  (options: counts.ThresholdsOptions) => new counts.TruePositives(options),
)
export const trueNegatives = maker(
  'trueNegatives',
  (options: counts.ThresholdsOptions) => new counts.TrueNegatives(options),
)
export const falsePositives = maker(
  'falsePositives',
  (options: counts.ThresholdsOptions) => new counts.FalsePositives(options),
)
export const falseNegatives = maker(
  'falseNegatives',
  (options: counts.ThresholdsOptions) => new counts.FalseNegatives(options),
)
export const precision = maker('precision', (options: PrecisionOptions) => new Precision(options))
export const recall = maker('recall', (options: PrecisionOptions) => new Recall(options))
export const auc = (options: AUCOptions = {}): AUC =>
  makeChecked((given: AUCOptions) => new AUC(given), options, ['dtype', 'thresholds'], 'metrics.auc')
export const sensitivityAtSpecificity = makerOf(
  'sensitivityAtSpecificity',
  (options: best.SensitivityAtSpecificityOptions) => new best.SensitivityAtSpecificity(options),
)
export const specificityAtSensitivity = makerOf(
  'specificityAtSensitivity',
  (options: best.SpecificityAtSensitivityOptions) => new best.SpecificityAtSensitivity(options),
)
export const precisionAtRecall = makerOf(
  'precisionAtRecall',
  (options: best.PrecisionAtRecallOptions) => new best.PrecisionAtRecall(options),
)
export const recallAtPrecision = makerOf(
  'recallAtPrecision',
  (options: best.RecallAtPrecisionOptions) => new best.RecallAtPrecision(options),
)
export const f1Score = maker('f1Score', (options: F1ScoreOptions) => new F1Score(options))
export const fBetaScore = maker('fBetaScore', (options: FBetaScoreOptions) => new FBetaScore(options))

export const ioU = makerOf('ioU', (options: ious.IoUOptions) => new ious.IoU(options))
export const meanIoU = makerOf('meanIoU', (options: ious.MeanIoUOptions) => new ious.MeanIoU(options))
export const binaryIoU = maker('binaryIoU', (options: ious.BinaryIoUOptions) => new ious.BinaryIoU(options))
export const oneHotIoU = makerOf(
  'oneHotIoU',
  (options: Omit<ious.IoUOptions, 'sparseYTrue'>) => new ious.OneHotIoU(options),
)
export const oneHotMeanIoU = makerOf(
  'oneHotMeanIoU',
  (options: Omit<ious.MeanIoUOptions, 'sparseYTrue'>) => new ious.OneHotMeanIoU(options),
)

export const meanSquaredError = maker(
  'meanSquaredError',
  (options: MetricOptions) => new errors.MeanSquaredError(options),
)
export const rootMeanSquaredError = maker(
  'rootMeanSquaredError',
  (options: MetricOptions) => new errors.RootMeanSquaredError(options),
)
export const meanAbsoluteError = maker(
  'meanAbsoluteError',
  (options: MetricOptions) => new errors.MeanAbsoluteError(options),
)
export const meanAbsolutePercentageError = maker(
  'meanAbsolutePercentageError',
  (options: MetricOptions) => new errors.MeanAbsolutePercentageError(options),
)
export const meanSquaredLogarithmicError = maker(
  'meanSquaredLogarithmicError',
  (options: MetricOptions) => new errors.MeanSquaredLogarithmicError(options),
)
export const logCoshError = maker('logCoshError', (options: MetricOptions) => new errors.LogCoshError(options))
export const cosineSimilarity = maker(
  'cosineSimilarity',
  (options: errors.CosineSimilarityOptions) => new errors.CosineSimilarity(options),
)
export const r2Score = maker('r2Score', (options: R2ScoreOptions) => new R2Score(options))
export const pearsonCorrelation = maker(
  'pearsonCorrelation',
  (options: correlations.CorrelationOptions) => new correlations.PearsonCorrelation(options),
)
export const concordanceCorrelation = maker(
  'concordanceCorrelation',
  (options: correlations.CorrelationOptions) => new correlations.ConcordanceCorrelation(options),
)

export const binaryCrossentropy = maker(
  'binaryCrossentropy',
  (options: crossentropies.BinaryCrossentropyOptions) => new crossentropies.BinaryCrossentropy(options),
)
export const categoricalCrossentropy = maker(
  'categoricalCrossentropy',
  (options: crossentropies.CategoricalCrossentropyOptions) => new crossentropies.CategoricalCrossentropy(options),
)
export const sparseCategoricalCrossentropy = maker(
  'sparseCategoricalCrossentropy',
  (options: crossentropies.SparseCategoricalCrossentropyOptions) =>
    new crossentropies.SparseCategoricalCrossentropy(options),
)
export const klDivergence = maker('klDivergence', (options: MetricOptions) => new crossentropies.KLDivergence(options))
export const poisson = maker('poisson', (options: MetricOptions) => new crossentropies.Poisson(options))
export const hinge = maker('hinge', (options: MetricOptions) => new hinges.Hinge(options))
export const squaredHinge = maker('squaredHinge', (options: MetricOptions) => new hinges.SquaredHinge(options))
export const categoricalHinge = maker(
  'categoricalHinge',
  (options: MetricOptions) => new hinges.CategoricalHinge(options),
)
