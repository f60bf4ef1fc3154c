// Crossentropy of integer labels.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { sameShape, showShape } from '../graph/types.ts'
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { epsilon } from './binary.ts'
import { inputOf } from './inputs.ts'
import { logitsOf } from './logits.ts'
import { Loss, type LossOptions } from './loss.ts'

const name = 'sparse_categorical_crossentropy'

export interface SparseCategoricalCrossentropyOptions extends LossOptions {
  /** Whether predictions are logits rather than probabilities. Default false. */
  fromLogits?: boolean
  /** Samples with this label count nothing, and the mean is that of the others. Default null: all count. */
  ignoreClass?: number | null
  /** The axis of the classes: the last one is the only one possible. */
  axis?: -1
}

/** Labels as int32 of the predictions' shape without the classes. @throws ShapeError */
export function classLabels(where: string, yTrue: TensorLike, predictions: Tensor): Tensor {
  let labels = inputOf(where, 'labels', yTrue, 'int32')
  if (labels.rank === predictions.rank && labels.shape.at(-1) === 1) labels = ops.squeeze(labels, -1)
  if (predictions.rank === 0 || !sameShape(labels.shape, predictions.shape.slice(0, -1))) {
    throw new ShapeError(
      problem({
        where,
        expected: `one integer label for each prediction row, so labels ${showShape(predictions.shape.slice(0, -1))}`,
        received: showShape(labels.shape),
        hint: 'For one-hot labels use categorical_crossentropy',
      }),
    )
  }
  return labels
}

/**
 * log(sum of exp x) - x[label]. Probabilities are clipped to [1e-7, 1 - 1e-7] and their logarithms taken as logits, so they
 * need not sum to one. A label that is no class is an EngineError.
 */
export function sparseCategoricalCrossentropyValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, ignoreClass = null, axis = -1 }: SparseCategoricalCrossentropyOptions = {},
): Tensor {
  const predictions = inputOf(name, 'predictions', yPred)
  if (axis !== -1 && axis !== predictions.rank - 1) {
    throw new ArgumentError(problem({ where: name, expected: 'axis -1, the last one', received: axis }))
  }
  const labels = classLabels(name, yTrue, predictions)
  const logits =
    logitsOf(name, predictions, 'softmax', fromLogits) ?? ops.log(ops.clip(predictions, epsilon, 1 - epsilon))
  const valid = ignoreClass === null ? null : ops.notEqual(labels, ignoreClass)
  const kept = valid === null ? labels : ops.where(valid, labels, 0)
  // A negative index would count from the end; this one is refused.
  const picked = ops.where(ops.less(kept, 0), logits.shape.at(-1)!, kept)
  const logarithms = ops.logSoftmax(logits, { axis: -1 })
  const ofLabel = ops.squeeze(ops.takeAlongAxis(logarithms, ops.expandDims(picked, -1), -1), -1)
  const values = ops.negative(ofLabel)
  return valid === null ? values : ops.where(valid, values, 0)
}

/** Crossentropy of integer labels [...] or [..., 1] with predictions [..., classes]. */
export class SparseCategoricalCrossentropy extends Loss {
  static readonly className: string = 'SparseCategoricalCrossentropy'
  readonly fromLogits: boolean
  readonly ignoreClass: number | null
  readonly axis: -1

  constructor({
    fromLogits = false,
    ignoreClass = null,
    axis = -1,
    ...common
  }: SparseCategoricalCrossentropyOptions = {}) {
    super({ name, ...common })
    this.fromLogits = fromLogits
    this.ignoreClass = ignoreClass
    this.axis = axis
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return sparseCategoricalCrossentropyValues(yTrue, yPred, this)
  }

  override mask(yTrue: Tensor, yPred: Tensor): Tensor | null {
    return this.ignoreClass === null ? null : ops.notEqual(classLabels(name, yTrue, yPred), this.ignoreClass)
  }

  /** Without `axis`, which Keras's class does not take. */
  override getConfig(): Config {
    return { ...super.getConfig(), from_logits: this.fromLogits, ignore_class: this.ignoreClass }
  }
}
