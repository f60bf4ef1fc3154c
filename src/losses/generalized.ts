// Generalized crossentropy, which forgives wrong labels.
import { ArgumentError, problem } from '../errors.ts'
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { inputOf } from './inputs.ts'
import { Loss, type LossOptions } from './loss.ts'
import { classLabels } from './sparse-categorical.ts'

export interface CategoricalGeneralizedCrossEntropyOptions extends LossOptions {
  /** Between 0 (as crossentropy) and 1 (as mean absolute error), both excluded. Default 0.5. */
  q?: number
}

const where = 'categorical_generalized_cross_entropy'

/** (1 - p^q) / q with the predicted probability p of the labelled class (Zhang & Sabuncu, 2018, arXiv:1805.07836). */
export function categoricalGeneralizedCrossEntropyValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  { q = 0.5 }: CategoricalGeneralizedCrossEntropyOptions = {},
): Tensor {
  const probabilities = inputOf(where, 'predictions', yPred)
  const labels = classLabels(where, yTrue, probabilities)
  const mask = ops.oneHot(labels, probabilities.shape.at(-1)!)
  const ofLabel = ops.sum(ops.multiply(probabilities, mask), { axis: -1 })
  return ops.divide(ops.subtract(1, ops.power(ofLabel, q)), q)
}

/** Generalized crossentropy of integer labels [batch] or [batch, 1] with probabilities [batch, classes]. */
export class CategoricalGeneralizedCrossEntropy extends Loss {
  static readonly className: string = 'CategoricalGeneralizedCrossEntropy'
  readonly q: number

  /** @throws ArgumentError unless 0 < q < 1. */
  constructor({ q = 0.5, ...common }: CategoricalGeneralizedCrossEntropyOptions = {}) {
    super({ name: where, ...common })
    if (!(q > 0 && q < 1)) {
      throw new ArgumentError(problem({ where, expected: '`q` between 0 and 1, both excluded', received: q }))
    }
    this.q = q
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalGeneralizedCrossEntropyValues(yTrue, yPred, this)
  }

  override getConfig(): Config {
    return { ...super.getConfig(), q: this.q }
  }
}
