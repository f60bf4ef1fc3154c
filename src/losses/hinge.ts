// Hinge losses: labels are -1 and 1; labels that are all 0 or 1 are taken as such.
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignPair } from './align.ts'
import { Loss, type LossOptions } from './loss.ts'

/** 0 and 1 to -1 and 1, if there is nothing else in the whole batch. */
function signedLabels(labels: Tensor): Tensor {
  const binary = ops.all(ops.logicalOr(ops.equal(labels, 0), ops.equal(labels, 1)))
  return ops.where(binary, ops.subtract(ops.multiply(2, labels), 1), labels)
}

function margins(where: string, yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [labels, p] = alignPair(where, yTrue, yPred)
  return ops.maximum(ops.subtract(1, ops.multiply(signedLabels(labels), p)), 0)
}

/** Mean over the last axis of max(0, 1 - t p). */
export function hingeValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return ops.mean(margins('hinge', yTrue, yPred), { axis: -1 })
}

/** Mean over the last axis of max(0, 1 - t p)^2. */
export function squaredHingeValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return ops.mean(ops.square(margins('squared_hinge', yTrue, yPred)), { axis: -1 })
}

/** max(0, max((1 - t) p) - sum(t p) + 1) over the last axis; t is one-hot. */
export function categoricalHingeValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = alignPair('categorical_hinge', yTrue, yPred)
  const ofTruth = ops.sum(ops.multiply(t, p), { axis: -1 })
  const bestOther = ops.max(ops.multiply(ops.subtract(1, t), p), { axis: -1 })
  return ops.maximum(ops.add(ops.subtract(bestOther, ofTruth), 1), 0)
}

/** Hinge loss. */
export class Hinge extends Loss {
  static readonly className: string = 'Hinge'
  constructor(options: LossOptions = {}) {
    super({ name: 'hinge', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return hingeValues(yTrue, yPred)
  }
}

/** Squared hinge loss. */
export class SquaredHinge extends Loss {
  static readonly className: string = 'SquaredHinge'
  constructor(options: LossOptions = {}) {
    super({ name: 'squared_hinge', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return squaredHingeValues(yTrue, yPred)
  }
}

/** Hinge loss of one-hot labels. */
export class CategoricalHinge extends Loss {
  static readonly className: string = 'CategoricalHinge'
  constructor(options: LossOptions = {}) {
    super({ name: 'categorical_hinge', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalHingeValues(yTrue, yPred)
  }
}
