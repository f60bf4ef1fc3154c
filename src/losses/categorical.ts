// Losses of one-hot labels: categorical crossentropy and its focal variant.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignPair } from './align.ts'
import { epsilon } from './binary.ts'
import { logitsOf } from './logits.ts'
import { Loss, type LossOptions } from './loss.ts'

export interface CategoricalCrossentropyOptions extends LossOptions {
  /** Whether predictions are logits rather than probabilities. Default false. */
  fromLogits?: boolean
  /** Labels t become t (1 - s) + s / classes. Default 0. */
  labelSmoothing?: number
  /** The axis of the classes. Default -1. */
  axis?: number
}

/** The number of classes is that of the last axis, also where `axis` is another one, as in Keras. */
function smooth(labels: Tensor, labelSmoothing: number): Tensor {
  if (labelSmoothing === 0) return labels
  return ops.add(ops.multiply(labels, 1 - labelSmoothing), labelSmoothing / (labels.shape.at(-1) ?? 1))
}

/** Predictions scaled to sum to one over the classes, then kept off 0 and 1. */
function normalised(predictions: Tensor, axis: number): Tensor {
  return ops.clip(ops.divide(predictions, ops.sum(predictions, { axis, keepdims: true })), epsilon, 1 - epsilon)
}

/** -sum over classes of t log p. */
export function categoricalCrossentropyValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0, axis = -1 }: CategoricalCrossentropyOptions = {},
): Tensor {
  const [labels, predictions] = alignPair('categorical_crossentropy', yTrue, yPred)
  const logits = logitsOf('categorical_crossentropy', predictions, 'softmax', fromLogits)
  const logarithms = logits === null ? ops.log(normalised(predictions, axis)) : ops.logSoftmax(logits, { axis })
  return ops.negative(ops.sum(ops.multiply(smooth(labels, labelSmoothing), logarithms), { axis }))
}

/** Crossentropy of one-hot labels [..., classes] with predictions of the same shape. */
export class CategoricalCrossentropy extends Loss {
  static readonly className: string = 'CategoricalCrossentropy'
  readonly fromLogits: boolean
  readonly labelSmoothing: number
  readonly axis: number

  constructor({ fromLogits = false, labelSmoothing = 0, axis = -1, ...common }: CategoricalCrossentropyOptions = {}) {
    super({ name: 'categorical_crossentropy', ...common })
    this.fromLogits = fromLogits
    this.labelSmoothing = labelSmoothing
    this.axis = axis
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalCrossentropyValues(yTrue, yPred, this)
  }

  override getConfig(): Config {
    const { fromLogits, labelSmoothing, axis } = this
    return { ...super.getConfig(), from_logits: fromLogits, label_smoothing: labelSmoothing, axis }
  }
}

export interface CategoricalFocalCrossentropyOptions extends CategoricalCrossentropyOptions {
  /** One factor, or one a class. Default 0.25. */
  alpha?: number | readonly number[]
  /** How much easy samples are damped. Default 2. */
  gamma?: number
}

/** -sum over classes of alpha (1 - p)^gamma t log p. */
export function categoricalFocalCrossentropyValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: CategoricalFocalCrossentropyOptions = {},
): Tensor {
  const { alpha = 0.25, gamma = 2, fromLogits = false, labelSmoothing = 0, axis = -1 } = options
  const [labels, predictions] = alignPair('categorical_focal_crossentropy', yTrue, yPred)
  const p = normalised(fromLogits ? ops.softmax(predictions, { axis }) : predictions, axis)
  const crossentropy = ops.multiply(smooth(labels, labelSmoothing), ops.log(p))
  const factor = ops.multiply(ops.power(ops.subtract(1, p), gamma), alpha)
  return ops.negative(ops.sum(ops.multiply(factor, crossentropy), { axis }))
}

/** Categorical crossentropy that cares less for samples already classified well. */
export class CategoricalFocalCrossentropy extends Loss {
  static readonly className: string = 'CategoricalFocalCrossentropy'
  readonly alpha: number | readonly number[]
  readonly gamma: number
  readonly fromLogits: boolean
  readonly labelSmoothing: number
  readonly axis: number

  constructor(options: CategoricalFocalCrossentropyOptions = {}) {
    const { alpha = 0.25, gamma = 2, fromLogits = false, labelSmoothing = 0, axis = -1, ...common } = options
    super({ name: 'categorical_focal_crossentropy', ...common })
    this.alpha = alpha
    this.gamma = gamma
    this.fromLogits = fromLogits
    this.labelSmoothing = labelSmoothing
    this.axis = axis
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalFocalCrossentropyValues(yTrue, yPred, this)
  }

  override getConfig(): Config {
    const { fromLogits, labelSmoothing, axis, alpha, gamma } = this
    return { ...super.getConfig(), from_logits: fromLogits, label_smoothing: labelSmoothing, axis, alpha, gamma }
  }
}
