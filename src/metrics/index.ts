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

function maker<T extends Metric, Options extends object>(create: (options: Options) => T): (options?: Options) => T {
  return (options = {} as Options) => makeChecked(create, options, ['dtype'])
}
function makerOf<T extends Metric, Options extends object>(create: (options: Options) => T): (options: Options) => T {
  return (options) => makeChecked(create, options, ['dtype'])
}

export const mean = maker((options: MetricOptions) => new Mean(options))
export const sum = maker((options: MetricOptions) => new Sum(options))
/** The mean over samples of a function of labels and predictions. */
export const meanMetricWrapper = (fn: MetricFunction, options: MeanMetricWrapperOptions = {}): MeanMetricWrapper => {
  const where = 'metrics.meanMetricWrapper'
  if (typeof fn !== 'function' || isClass(fn))
    throw new ArgumentError(problem({ where, expected: 'a function (yTrue, yPred) => values', received: fn }))
  return makeChecked((given) => new MeanMetricWrapper(fn, given), options, ['dtype', 'direction'], where)
}

export const accuracy = maker((options: MetricOptions) => new accuracies.Accuracy(options))
/** E.g. `metrics.binaryAccuracy({ threshold: 0 })` for logits. */
export const binaryAccuracy = maker(
  (options: accuracies.BinaryAccuracyOptions) => new accuracies.BinaryAccuracy(options),
)
export const categoricalAccuracy = maker((options: MetricOptions) => new accuracies.CategoricalAccuracy(options))
export const sparseCategoricalAccuracy = maker(
  (options: MetricOptions) => new accuracies.SparseCategoricalAccuracy(options),
)
export const topKCategoricalAccuracy = maker(
  (options: tops.TopKCategoricalAccuracyOptions) => new tops.TopKCategoricalAccuracy(options),
)
export const sparseTopKCategoricalAccuracy = maker(
  (options: tops.SparseTopKCategoricalAccuracyOptions) => new tops.SparseTopKCategoricalAccuracy(options),
)

export const truePositives = maker((options: counts.ThresholdsOptions) => new counts.TruePositives(options))
export const trueNegatives = maker((options: counts.ThresholdsOptions) => new counts.TrueNegatives(options))
export const falsePositives = maker((options: counts.ThresholdsOptions) => new counts.FalsePositives(options))
export const falseNegatives = maker((options: counts.ThresholdsOptions) => new counts.FalseNegatives(options))
export const precision = maker((options: PrecisionOptions) => new Precision(options))
export const recall = maker((options: PrecisionOptions) => new Recall(options))
export const auc = (options: AUCOptions = {}): AUC =>
  makeChecked((given: AUCOptions) => new AUC(given), options, ['dtype', 'thresholds'])
export const sensitivityAtSpecificity = makerOf(
  (options: best.SensitivityAtSpecificityOptions) => new best.SensitivityAtSpecificity(options),
)
export const specificityAtSensitivity = makerOf(
  (options: best.SpecificityAtSensitivityOptions) => new best.SpecificityAtSensitivity(options),
)
export const precisionAtRecall = makerOf(
  (options: best.PrecisionAtRecallOptions) => new best.PrecisionAtRecall(options),
)
export const recallAtPrecision = makerOf(
  (options: best.RecallAtPrecisionOptions) => new best.RecallAtPrecision(options),
)
export const f1Score = maker((options: F1ScoreOptions) => new F1Score(options))
export const fBetaScore = maker((options: FBetaScoreOptions) => new FBetaScore(options))

export const ioU = makerOf((options: ious.IoUOptions) => new ious.IoU(options))
export const meanIoU = makerOf((options: ious.MeanIoUOptions) => new ious.MeanIoU(options))
export const binaryIoU = maker((options: ious.BinaryIoUOptions) => new ious.BinaryIoU(options))
export const oneHotIoU = makerOf((options: Omit<ious.IoUOptions, 'sparseYTrue'>) => new ious.OneHotIoU(options))
export const oneHotMeanIoU = makerOf(
  (options: Omit<ious.MeanIoUOptions, 'sparseYTrue'>) => new ious.OneHotMeanIoU(options),
)

export const meanSquaredError = maker((options: MetricOptions) => new errors.MeanSquaredError(options))
export const rootMeanSquaredError = maker((options: MetricOptions) => new errors.RootMeanSquaredError(options))
export const meanAbsoluteError = maker((options: MetricOptions) => new errors.MeanAbsoluteError(options))
export const meanAbsolutePercentageError = maker(
  (options: MetricOptions) => new errors.MeanAbsolutePercentageError(options),
)
export const meanSquaredLogarithmicError = maker(
  (options: MetricOptions) => new errors.MeanSquaredLogarithmicError(options),
)
export const logCoshError = maker((options: MetricOptions) => new errors.LogCoshError(options))
export const cosineSimilarity = maker((options: errors.CosineSimilarityOptions) => new errors.CosineSimilarity(options))
export const r2Score = maker((options: R2ScoreOptions) => new R2Score(options))
export const pearsonCorrelation = maker(
  (options: correlations.CorrelationOptions) => new correlations.PearsonCorrelation(options),
)
export const concordanceCorrelation = maker(
  (options: correlations.CorrelationOptions) => new correlations.ConcordanceCorrelation(options),
)

export const binaryCrossentropy = maker(
  (options: crossentropies.BinaryCrossentropyOptions) => new crossentropies.BinaryCrossentropy(options),
)
export const categoricalCrossentropy = maker(
  (options: crossentropies.CategoricalCrossentropyOptions) => new crossentropies.CategoricalCrossentropy(options),
)
export const sparseCategoricalCrossentropy = maker(
  (options: crossentropies.SparseCategoricalCrossentropyOptions) =>
    new crossentropies.SparseCategoricalCrossentropy(options),
)
export const klDivergence = maker((options: MetricOptions) => new crossentropies.KLDivergence(options))
export const poisson = maker((options: MetricOptions) => new crossentropies.Poisson(options))
export const hinge = maker((options: MetricOptions) => new hinges.Hinge(options))
export const squaredHinge = maker((options: MetricOptions) => new hinges.SquaredHinge(options))
export const categoricalHinge = maker((options: MetricOptions) => new hinges.CategoricalHinge(options))
