// Losses of yes-or-no labels: binary crossentropy and its focal variant.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignPair } from './align.ts'
import { logitsOf } from './logits.ts'
import { Loss, type LossOptions } from './loss.ts'

/** Keras's backend epsilon: probabilities are kept this far from 0 and 1. */
export const epsilon = 1e-7

export interface BinaryCrossentropyOptions extends LossOptions {
  /** Whether predictions are logits rather than probabilities. Default false. */
  fromLogits?: boolean
  /** Labels t become t (1 - s) + s / 2. Default 0. */
  labelSmoothing?: number
  /** The axis that is averaged. Default -1. */
  axis?: number
}

function smooth(labels: Tensor, labelSmoothing: number): Tensor {
  if (labelSmoothing === 0) return labels
  return ops.add(ops.multiply(labels, 1 - labelSmoothing), 0.5 * labelSmoothing)
}

/** -t log p - (1 - t) log(1 - p), with p clipped to [1e-7, 1 - 1e-7]. */
function crossentropyOfProbabilities(labels: Tensor, predictions: Tensor): Tensor {
  const p = ops.clip(predictions, epsilon, 1 - epsilon)
  const positive = ops.multiply(labels, ops.log(p))
  const negative = ops.multiply(ops.subtract(1, labels), ops.log(ops.subtract(1, p)))
  return ops.negative(ops.add(positive, negative))
}

/** max(x, 0) - x t + log(1 + exp(-|x|)), written with selections so that the slope at 0 is sigmoid(0) - t, as it must be. */
function crossentropyOfLogits(labels: Tensor, logits: Tensor): Tensor {
  const positive = ops.greaterEqual(logits, 0)
  const high = ops.where(positive, logits, 0)
  const minusAbs = ops.where(positive, ops.negative(logits), logits)
  return ops.add(ops.subtract(high, ops.multiply(logits, labels)), ops.log1p(ops.exp(minusAbs)))
}

/** Binary crossentropy of each sample, averaged over `axis`. */
export function binaryCrossentropyValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0, axis = -1 }: BinaryCrossentropyOptions = {},
): Tensor {
  const [labels, predictions] = alignPair('binary_crossentropy', yTrue, yPred)
  const smoothed = smooth(labels, labelSmoothing)
  const logits = logitsOf('binary_crossentropy', predictions, 'sigmoid', fromLogits)
  const each =
    logits === null ? crossentropyOfProbabilities(smoothed, predictions) : crossentropyOfLogits(smoothed, logits)
  return ops.mean(each, { axis })
}

/** Crossentropy of labels 0 and 1 (or probabilities) with one prediction each. */
export class BinaryCrossentropy extends Loss {
  static readonly className: string = 'BinaryCrossentropy'
  readonly fromLogits: boolean
  readonly labelSmoothing: number
  readonly axis: number

  constructor({ fromLogits = false, labelSmoothing = 0, axis = -1, ...common }: BinaryCrossentropyOptions = {}) {
    super({ name: 'binary_crossentropy', ...common })
    this.fromLogits = fromLogits
    this.labelSmoothing = labelSmoothing
    this.axis = axis
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return binaryCrossentropyValues(yTrue, yPred, this)
  }

  override getConfig(): Config {
    const { fromLogits, labelSmoothing, axis } = this
    return { ...super.getConfig(), from_logits: fromLogits, label_smoothing: labelSmoothing, axis }
  }
}

export interface BinaryFocalCrossentropyOptions extends BinaryCrossentropyOptions {
  /** Whether class 1 weighs `alpha` and class 0 weighs 1 - `alpha`. Default false. */
  applyClassBalancing?: boolean
  /** Default 0.25. */
  alpha?: number
  /** How much easy samples are damped. Default 2. */
  gamma?: number
}

/** (1 - p_t)^gamma times the crossentropy of each sample (Lin et al., 2018, arXiv:1708.02002), averaged over `axis`. */
export function binaryFocalCrossentropyValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: BinaryFocalCrossentropyOptions = {},
): Tensor {
  const {
    applyClassBalancing = false,
    alpha = 0.25,
    gamma = 2,
    fromLogits = false,
    labelSmoothing = 0,
    axis = -1,
  } = options
  const [labels, predictions] = alignPair('binary_focal_crossentropy', yTrue, yPred)
  const t = smooth(labels, labelSmoothing)
  const p = fromLogits ? ops.sigmoid(predictions) : predictions
  const others = ops.subtract(1, t)
  const probabilityOfTruth = ops.add(ops.multiply(t, p), ops.multiply(others, ops.subtract(1, p)))
  const focus = ops.power(ops.subtract(1, probabilityOfTruth), gamma)
  const logits = logitsOf('binary_focal_crossentropy', p, 'sigmoid', false)
  const crossentropy = logits === null ? crossentropyOfProbabilities(t, p) : crossentropyOfLogits(t, logits)
  let each = ops.multiply(focus, crossentropy)
  if (applyClassBalancing) {
    each = ops.multiply(ops.add(ops.multiply(t, alpha), ops.multiply(others, 1 - alpha)), each)
  }
  return ops.mean(each, { axis })
}

/** Binary crossentropy that cares less for samples already classified well. */
export class BinaryFocalCrossentropy extends Loss {
  static readonly className: string = 'BinaryFocalCrossentropy'
  readonly applyClassBalancing: boolean
  readonly alpha: number
  readonly gamma: number
  readonly fromLogits: boolean
  readonly labelSmoothing: number
  readonly axis: number

  constructor(options: BinaryFocalCrossentropyOptions = {}) {
    const { applyClassBalancing, alpha, gamma, fromLogits, labelSmoothing, axis, ...common } = options
    super({ name: 'binary_focal_crossentropy', ...common })
    this.applyClassBalancing = applyClassBalancing ?? false
    this.alpha = alpha ?? 0.25
    this.gamma = gamma ?? 2
    this.fromLogits = fromLogits ?? false
    this.labelSmoothing = labelSmoothing ?? 0
    this.axis = axis ?? -1
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return binaryFocalCrossentropyValues(yTrue, yPred, this)
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      from_logits: this.fromLogits,
      label_smoothing: this.labelSmoothing,
      axis: this.axis,
      apply_class_balancing: this.applyClassBalancing,
      alpha: this.alpha,
      gamma: this.gamma,
    }
  }
}
