// Losses between distributions: Kullback-Leibler divergence and the Poisson likelihood.
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignPair } from './align.ts'
import { epsilon } from './binary.ts'
import { Loss, type LossOptions } from './loss.ts'

/** Sum over the last axis of t log(t / p), both clipped to [1e-7, 1]. */
export function klDivergenceValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [labels, predictions] = alignPair('kl_divergence', yTrue, yPred)
  const t = ops.clip(labels, epsilon, 1)
  const p = ops.clip(predictions, epsilon, 1)
  return ops.sum(ops.multiply(t, ops.log(ops.divide(t, p))), { axis: -1 })
}

/** Mean over the last axis of p - t log(p + 1e-7). */
export function poissonValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = alignPair('poisson', yTrue, yPred)
  return ops.mean(ops.subtract(p, ops.multiply(t, ops.log(ops.add(p, epsilon)))), { axis: -1 })
}

/** How far predicted probabilities are from those of the labels. */
export class KLDivergence extends Loss {
  static readonly className: string = 'KLDivergence'
  constructor(options: LossOptions = {}) {
    super({ name: 'kl_divergence', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return klDivergenceValues(yTrue, yPred)
  }
}

/** Negative log-likelihood of counts, for predicted rates. */
export class Poisson extends Loss {
  static readonly className: string = 'Poisson'
  constructor(options: LossOptions = {}) {
    super({ name: 'poisson', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return poissonValues(yTrue, yPred)
  }
}
