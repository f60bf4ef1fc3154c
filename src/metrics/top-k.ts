// How often the label is among the k best predictions.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import type { Config } from '../initializers/objects.ts'
import { requireRows } from '../losses/align.ts'
import { inputOf } from '../losses/inputs.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { MeanMetricWrapper } from './mean.ts'
import type { MetricOptions } from './metric.ts'

export interface TopKCategoricalAccuracyOptions extends MetricOptions {
  /** Default 5. */
  k?: number
}

/**
 * TensorFlow's in_top_k: true if fewer than k classes score strictly higher than the label, so ties at the k-th place are
 * hits. False for a label that is no class, and where a score is not finite. `labels` [n], `scores` [n, classes].
 */
function inTopK(labels: Tensor, scores: Tensor, k: number): Tensor {
  const classes = scores.shape.at(-1)!
  const known = ops.logicalAnd(ops.greaterEqual(labels, 0), ops.less(labels, classes))
  const picked = ops.where(known, labels, 0)
  const own = ops.takeAlongAxis(scores, ops.expandDims(picked, -1), -1)
  const better = ops.sum(ops.cast(ops.greater(scores, own), 'float32'), { axis: -1 })
  const sound = ops.logicalAnd(known, ops.all(ops.isFinite(scores), { axis: -1 }))
  return ops.logicalAnd(sound, ops.less(better, k))
}

/** 1 where the integer label is among the k best of the last axis, else 0; of the labels' shape. */
export function sparseTopKCategoricalAccuracyValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  { k = 5, fromSortedIds = false }: SparseTopKCategoricalAccuracyOptions = {},
): Tensor {
  const where = 'sparse_top_k_categorical_accuracy'
  const labels = inputOf(where, 'labels', yTrue, 'int32')
  const predictions = inputOf(where, 'predictions', yPred)
  if (predictions.rank === 0 || labels.size * predictions.shape.at(-1)! !== predictions.size) {
    throw new ShapeError(
      problem({
        where,
        expected: `one label for each prediction row of ${showShape(predictions.shape)}`,
        received: showShape(labels.shape),
        hint: 'For one-hot labels use top_k_categorical_accuracy',
      }),
    )
  }
  const rows = ops.reshape(predictions, [-1, predictions.shape.at(-1)!])
  const flat = ops.reshape(labels, [-1])
  let hits: Tensor
  if (fromSortedIds) {
    const count = Math.min(k, rows.shape[1]!)
    const best = ops.slice(rows, [0, 0], [rows.shape[0]!, count])
    hits = ops.any(ops.equal(ops.cast(ops.expandDims(flat, 1), 'float32'), best), { axis: 1 })
  } else {
    hits = inTopK(flat, rows, k)
  }
  return ops.reshape(ops.cast(hits, 'float32'), labels.shape)
}

/** 1 where the one-hot label is among the k best of the last axis, else 0. */
export function topKCategoricalAccuracyValues(yTrue: TensorLike, yPred: TensorLike, k = 5): Tensor {
  const where = 'top_k_categorical_accuracy'
  const [labels, predictions] = [inputOf(where, 'labels', yTrue), inputOf(where, 'predictions', yPred)]
  requireRows(where, labels, predictions)
  return sparseTopKCategoricalAccuracyValues(ops.argmax(labels, { axis: -1 }), predictions, { k })
}

function checkK(where: string, k: number): number {
  if (Number.isInteger(k) && k >= 1) return k
  throw new ArgumentError(problem({ where, expected: 'k: an integer of at least 1', received: k }))
}

/** How often a one-hot label is among the k best predictions. */
export class TopKCategoricalAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'TopKCategoricalAccuracy'
  readonly k: number
  constructor({ k = 5, ...common }: TopKCategoricalAccuracyOptions = {}) {
    super((t, p) => topKCategoricalAccuracyValues(t, p, k), {
      name: 'top_k_categorical_accuracy',
      ...common,
      direction: 'up',
    })
    this.k = checkK(this.className, k)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), k: this.k }
  }
}

export interface SparseTopKCategoricalAccuracyOptions extends TopKCategoricalAccuracyOptions {
  /** Whether predictions are class numbers, best first, rather than a score for every class. Default false. */
  fromSortedIds?: boolean
}

/** How often an integer label is among the k best predictions. */
export class SparseTopKCategoricalAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'SparseTopKCategoricalAccuracy'
  readonly k: number
  readonly fromSortedIds: boolean
  constructor({ k = 5, fromSortedIds = false, ...common }: SparseTopKCategoricalAccuracyOptions = {}) {
    super((t, p) => sparseTopKCategoricalAccuracyValues(t, p, { k, fromSortedIds }), {
      name: 'sparse_top_k_categorical_accuracy',
      ...common,
      direction: 'up',
    })
    this.k = checkK(this.className, k)
    this.fromSortedIds = fromSortedIds
  }
  /** As Keras: `from_sorted_ids` only if it is set. */
  override getConfig(): Config {
    return { ...super.getConfig(), k: this.k, ...(this.fromSortedIds ? { from_sorted_ids: true } : {}) }
  }
}
