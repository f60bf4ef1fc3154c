// How often predictions are right.
import { problem, ShapeError } from '../errors.ts'
import { broadcastShapes, showShape } from '../graph/types.ts'
import type { Config } from '../initializers/objects.ts'
import { alignPair, requireRows } from '../losses/align.ts'
import { explained, inputOf } from '../losses/inputs.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { MeanMetricWrapper } from './mean.ts'
import type { MetricOptions } from './metric.ts'

function matches(a: Tensor, b: Tensor): Tensor {
  return ops.cast(ops.equal(a, b), 'float32')
}

/** Mean over the last axis of t == p. */
export function accuracyValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = alignPair('accuracy', yTrue, yPred)
  return ops.mean(matches(t, p), { axis: -1 })
}

/** Mean over the last axis of t == (p > threshold). */
export function binaryAccuracyValues(yTrue: TensorLike, yPred: TensorLike, threshold = 0.5): Tensor {
  const [t, p] = alignPair('binary_accuracy', yTrue, yPred)
  return ops.mean(matches(t, ops.cast(ops.greater(p, threshold), 'float32')), { axis: -1 })
}

/** argmax(t) == argmax(p) over the last axis. */
export function categoricalAccuracyValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const where = 'categorical_accuracy'
  const [labels, predictions] = [inputOf(where, 'labels', yTrue), inputOf(where, 'predictions', yPred)]
  requireRows(where, labels, predictions)
  return matches(ops.argmax(labels, { axis: -1 }), ops.argmax(predictions, { axis: -1 }))
}

/** t == argmax(p) over the last axis; t is an integer label, [...] or [..., 1]. The first of equal predictions counts. */
export function sparseCategoricalAccuracyValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const where = 'sparse_categorical_accuracy'
  let labels = inputOf(where, 'labels', yTrue)
  const predictions = inputOf(where, 'predictions', yPred)
  const best = explained(where, { labels, predictions }, () => ops.argmax(predictions, { axis: -1 }))
  if (labels.rank === best.rank + 1 && labels.shape.at(-1) === 1) labels = ops.squeeze(labels, -1)
  if (broadcastShapes(labels.shape, best.shape) === null) {
    const expected = `one integer label for each prediction row, so labels ${showShape(best.shape)}`
    const hint = 'For one-hot labels use categorical_accuracy'
    throw new ShapeError(problem({ where, expected, received: showShape(labels.shape), hint }))
  }
  const right = matches(labels, ops.cast(best, 'float32'))
  return right.rank > 1 && right.shape.at(-1) === 1 ? ops.squeeze(right, -1) : right
}

/** How often predictions equal labels. */
export class Accuracy extends MeanMetricWrapper {
  static override readonly className: string = 'Accuracy'
  constructor(options: MetricOptions = {}) {
    super((t, p) => accuracyValues(t, p), { name: 'accuracy', ...options, direction: 'up' })
  }
}

export interface BinaryAccuracyOptions extends MetricOptions {
  /** Predictions above it count as 1. For logits, 0 means probability 0.5. Default 0.5. */
  threshold?: number
}

/** How often predictions are on the right side of a threshold. */
export class BinaryAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'BinaryAccuracy'
  readonly threshold: number
  constructor({ threshold = 0.5, ...common }: BinaryAccuracyOptions = {}) {
    super((t, p) => binaryAccuracyValues(t, p, threshold), { name: 'binary_accuracy', ...common, direction: 'up' })
    this.threshold = threshold
  }
  override getConfig(): Config {
    return { ...super.getConfig(), threshold: this.threshold }
  }
}

/** How often the largest prediction is that of the one-hot label. */
export class CategoricalAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'CategoricalAccuracy'
  constructor(options: MetricOptions = {}) {
    super(categoricalAccuracyValues, { name: 'categorical_accuracy', ...options, direction: 'up' })
  }
}

/** How often the largest prediction is that of the integer label. */
export class SparseCategoricalAccuracy extends MeanMetricWrapper {
  static override readonly className: string = 'SparseCategoricalAccuracy'
  constructor(options: MetricOptions = {}) {
    super(sparseCategoricalAccuracyValues, { name: 'sparse_categorical_accuracy', ...options, direction: 'up' })
  }
}
