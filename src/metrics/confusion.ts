// True and false positives and negatives at several thresholds: what precision, recall, AUC and their kin are made of.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import { alignRanks } from '../losses/align.ts'
import { inputOf, requireWeights, weightsOf } from '../losses/inputs.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'

/** What predictions outside of the k best are replaced by: below every threshold. */
export const negativeInfinity = -1e10

export interface ConfusionOptions {
  where: string
  thresholds: readonly number[]
  /** Whether the thresholds are 0, 1/n, 2/n, …, 1, give or take an epsilon at the ends. */
  even: boolean
  sampleWeight?: TensorLike | null | undefined
  /** Only the k best predictions of each row can be positive. */
  topK?: number | null
  /** Only this column counts. */
  classId?: number | null
  /** Whether each column is counted for itself. */
  multiLabel?: boolean
  /** Weights of the columns, where they are counted together. */
  labelWeights?: readonly number[] | null
}

/** Weighted counts, [thresholds] or [thresholds, labels]. Lazy: what nobody reads is not computed. */
export interface ConfusionCounts {
  readonly truePositives: Tensor
  readonly falsePositives: Tensor
  readonly trueNegatives: Tensor
  readonly falseNegatives: Tensor
}

/** Counts of one batch. A prediction is positive if it is above the threshold; a label if it is not 0. */
export function countConfusion(yTrue: TensorLike, yPred: TensorLike, options: ConfusionOptions): ConfusionCounts {
  const { labels, predictions, weights } = prepare(yTrue, yPred, options)
  // Columns are labels; all in one where they are counted together.
  const columns = options.multiLabel === true ? predictions.shape[1]! : 1
  const asColumns = (x: Tensor): Tensor => ops.reshape(x, [-1, columns])
  const p = asColumns(predictions)
  const isPositive = ops.notEqual(asColumns(labels), 0)
  const w = weights === null ? ops.onesLike(p) : asColumns(weights)
  const positives = ops.where(isPositive, w, 0)
  const negatives = ops.where(isPositive, 0, w)
  const count = options.even ? countByBucket(p, options.thresholds) : countByComparison(p, options.thresholds)
  const withoutColumns = (x: Tensor): Tensor => (options.multiLabel === true ? x : ops.reshape(x, [-1]))
  const ofPositives = count(positives)
  const ofNegatives = count(negatives)
  return {
    truePositives: withoutColumns(ofPositives.above),
    falseNegatives: withoutColumns(ofPositives.below),
    falsePositives: withoutColumns(ofNegatives.above),
    trueNegatives: withoutColumns(ofNegatives.below),
  }
}

type Counter = (weights: Tensor) => { above: Tensor; below: Tensor }

/** Sums of weights [n, columns] above and not above each threshold, as [thresholds, columns]. */
function countByComparison(predictions: Tensor, thresholds: readonly number[]): Counter {
  const above = ops.greater(
    ops.expandDims(predictions, 0),
    ops.tensor([...thresholds], { shape: [thresholds.length, 1, 1] }),
  )
  return (weights) => {
    const row = ops.expandDims(weights, 0)
    return {
      above: ops.sum(ops.where(above, row, 0), { axis: 1 }),
      below: ops.sum(ops.where(above, 0, row), { axis: 1 }),
    }
  }
}

/** The same for evenly spaced thresholds: each prediction is put in its bucket, and the buckets are summed from the top. */
function countByBucket(predictions: Tensor, thresholds: readonly number[]): Counter {
  const count = thresholds.length
  const columns = predictions.shape[1]!
  const position = ops.ceil(ops.multiply(ops.clip(predictions, 0, 1), count - 1))
  // Bucket 0 is below all thresholds. The epsilon at the low end puts a prediction of exactly 0 above it; NaN is above none.
  const lowest = thresholds[0]! < 0 || thresholds[count - 1]! > 1 ? 1 : 0
  const bucket = ops.where(ops.isNan(position), 0, ops.maximum(position, lowest))
  const shifted = ops.add(
    ops.cast(bucket, 'int32'),
    ops.multiply(ops.arange(columns, undefined, 1, 'int32'), count + 1),
  )
  const indices = ops.reshape(shifted, [-1])
  return (weights) => {
    const sums = ops.scatterAdd(indices, ops.reshape(weights, [-1]), columns * (count + 1))
    const buckets = ops.slice(ops.reshape(sums, [columns, count + 1]), [0, 1], [columns, count])
    const above = ops.transpose(ops.flip(ops.cumsum(ops.flip(buckets, 1), { axis: 1 }), 1))
    return { above, below: ops.subtract(ops.sum(weights, { axis: 0, keepdims: true }), above) }
  }
}

function prepare(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: ConfusionOptions,
): { labels: Tensor; predictions: Tensor; weights: Tensor | null } {
  const { where, sampleWeight, topK, classId, labelWeights } = options
  let [predictions, labels] = alignRanks(inputOf(where, 'predictions', yPred), inputOf(where, 'labels', yTrue))
  let weights = weightsOf(where, sampleWeight)
  if (weights !== null) weights = alignRanks(labels, ops.expandDims(weights, -1), false)[1]
  if (topK !== null && topK !== undefined) predictions = keepBest(predictions, topK)
  if (classId !== null && classId !== undefined) {
    predictions = column(where, predictions, classId)
    labels = column(where, labels, classId)
  }
  if (labels.size !== predictions.size) {
    throw new ShapeError(
      problem({
        where,
        expected: `labels of the predictions' shape ${showShape(predictions.shape)}`,
        received: showShape(labels.shape),
        hint: 'Give one label for each prediction: integer labels of several classes must be made one-hot',
      }),
    )
  }
  if (options.multiLabel === true && predictions.rank !== 2) {
    throw new ShapeError(
      problem({ where, expected: 'predictions of shape [batch, labels]', received: showShape(predictions.shape) }),
    )
  }
  if (labelWeights !== null && labelWeights !== undefined && options.multiLabel !== true) {
    const row = ops.expandDims(ops.tensor([...labelWeights]), 0)
    weights = weights === null ? row : ops.multiply(weights, row)
  }
  if (weights === null) return { labels, predictions, weights }
  requireWeights(where, weights, predictions.shape, 'predictions')
  return { labels, predictions, weights: ops.broadcastTo(weights, predictions.shape) }
}

/** The k largest of each row; the others become lower than any threshold. */
function keepBest(x: Tensor, k: number): Tensor {
  const { indices } = ops.topK(x, k)
  const mask = ops.sum(ops.oneHot(indices, x.shape.at(-1)!), { axis: -2 })
  return ops.add(ops.multiply(x, mask), ops.multiply(negativeInfinity, ops.subtract(1, mask)))
}

/** Column `classId` of the last axis, kept as an axis of one. */
function column(where: string, x: Tensor, classId: number): Tensor {
  if (x.rank < 2) {
    throw new ShapeError(
      problem({ where, expected: 'labels and predictions [batch, classes] for classId', received: showShape(x.shape) }),
    )
  }
  const last = x.rank - 1
  if (!Number.isInteger(classId) || classId < 0 || classId >= x.shape[last]!) {
    throw new ArgumentError(problem({ where, expected: `classId below ${x.shape[last]!}`, received: classId }))
  }
  const starts = x.shape.map((_, axis) => (axis === last ? classId : 0))
  const sizes = x.shape.map((dim, axis) => (axis === last ? 1 : dim))
  return ops.slice(x, starts, sizes)
}

/** Thresholds as a list. @throws ArgumentError for one outside of [0, 1]. */
export function thresholdList(
  where: string,
  thresholds: number | readonly number[] | null,
  standard: number,
): readonly number[] {
  if (thresholds === null) return [standard]
  const list = typeof thresholds === 'number' ? [thresholds] : [...thresholds]
  if (list.length > 0 && list.every((threshold) => threshold >= 0 && threshold <= 1)) return list
  throw new ArgumentError(problem({ where, expected: 'thresholds from 0 to 1', received: thresholds }))
}

/** Whether thresholds are 0, 1/n, 2/n, …, 1 (to 1e-5 of each, as NumPy's allclose). */
export function areEven(thresholds: readonly number[]): boolean {
  const last = thresholds.length - 1
  if (last < 2) return false
  return thresholds.every((threshold, i) => Math.abs(threshold - i / last) <= 1e-7 + 1e-5 * Math.abs(i / last))
}

/** `count` thresholds from 0 to 1 without the two ends. */
export function innerThresholds(count: number): number[] {
  return Array.from({ length: Math.max(0, count - 2) }, (_, i) => (i + 1) / (count - 1))
}
