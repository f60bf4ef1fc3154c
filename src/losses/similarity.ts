// Cosine similarity.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignPair } from './align.ts'
import { Loss, type LossOptions } from './loss.ts'

export interface CosineSimilarityOptions extends LossOptions {
  /** The axis of the vectors. Default -1. */
  axis?: number
}

/** x / sqrt(max(sum x^2, 1e-14)): Keras's `normalize`. */
function unitVectors(x: Tensor, axis: number): Tensor {
  const squares = ops.sum(ops.square(x), { axis, keepdims: true })
  return ops.multiply(x, ops.rsqrt(ops.maximum(squares, 1e-14)))
}

/** Cosine of the angle between labels and predictions along `axis`: 1 for equal directions, 0 if either is zero. */
export function cosineSimilarityOf(
  yTrue: TensorLike,
  yPred: TensorLike,
  { axis = -1 }: { axis?: number } = {},
): Tensor {
  const [t, p] = alignPair('cosine_similarity', yTrue, yPred)
  return ops.sum(ops.multiply(unitVectors(t, axis), unitVectors(p, axis)), { axis })
}

/** Minus the cosine similarity, so that smaller is more alike. */
export function cosineSimilarityValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: CosineSimilarityOptions = {},
): Tensor {
  return ops.negative(cosineSimilarityOf(yTrue, yPred, options))
}

/** Minus the cosine of the angle between label and prediction. */
export class CosineSimilarity extends Loss {
  static readonly className: string = 'CosineSimilarity'
  readonly axis: number
  constructor({ axis = -1, ...common }: CosineSimilarityOptions = {}) {
    super({ name: 'cosine_similarity', ...common })
    this.axis = axis
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return cosineSimilarityValues(yTrue, yPred, this)
  }
  /** With `axis`, which Keras 3.15's own get_config leaves out (it is accepted by its constructor). */
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis }
  }
}
