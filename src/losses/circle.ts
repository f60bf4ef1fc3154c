// Circle loss: embeddings of one class come together, those of different classes move apart.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { inputOf } from './inputs.ts'
import { Loss, type LossOptions } from './loss.ts'

export interface CircleOptions extends LossOptions {
  /** Scale of the similarities. Default 80. */
  gamma?: number
  /** Relaxation: how close is close enough. Default 0.4. */
  margin?: number
  /** Leaves out the pair of each embedding with itself. Default true. */
  removeDiagonal?: boolean
}

/** Stands for minus infinity in a sum of exponentials: its exponential is 0, and its gradient is no NaN. */
const never = -1e9

/**
 * softplus(log sum of exp over pairs of one class + log sum of exp over pairs of different classes), by cosine distances d:
 * -gamma max(margin + d, 0) (margin - d) and gamma max(1 + margin - d, 0) (1 - margin - d) (Sun et al., 2020, arXiv:2002.10857).
 *
 * @param yTrue Class numbers [batch] or [batch, 1].
 * @param yPred Embeddings of length 1, [batch, size].
 * @throws ShapeError for other shapes.
 */
export function circleValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  { gamma = 80, margin = 0.4, removeDiagonal = true }: CircleOptions = {},
): Tensor {
  const embeddings = inputOf('circle', 'predictions', yPred)
  const given = inputOf('circle', 'labels', yTrue, 'int32')
  const count = embeddings.shape[0] ?? 0
  const isColumn = given.rank === 2 && given.shape[1] === 1
  if (embeddings.rank !== 2 || !(given.rank === 1 || isColumn) || given.shape[0] !== count) {
    throw new ShapeError(
      problem({
        where: 'circle',
        expected: 'labels [batch] and embeddings [batch, size]',
        received: `labels ${showShape(given.shape)} and predictions ${showShape(embeddings.shape)}`,
      }),
    )
  }
  const labels = ops.reshape(given, [count, 1])
  const distances = ops.maximum(ops.subtract(1, ops.matmul(embeddings, ops.transpose(embeddings))), 0)
  const same = ops.equal(labels, ops.transpose(labels))
  const positive = removeDiagonal ? ops.logicalAnd(same, ops.logicalNot(ops.equal(ops.eye(count), 1))) : same
  const pull = ops.multiply(
    ops.multiply(ops.maximum(ops.add(distances, margin), 0), ops.subtract(margin, distances)),
    -gamma,
  )
  const push = ops.multiply(
    ops.multiply(ops.maximum(ops.subtract(1 + margin, distances), 0), ops.subtract(1 - margin, distances)),
    gamma,
  )
  const near = ops.logsumexp(ops.where(positive, pull, never), { axis: 1 })
  const far = ops.logsumexp(ops.where(same, never, push), { axis: 1 })
  return ops.softplus(ops.add(near, far))
}

/** Circle loss of class numbers and unit-length embeddings. Samples without any counterpart do not count. */
export class Circle extends Loss {
  static readonly className: string = 'Circle'
  readonly gamma: number
  readonly margin: number
  readonly removeDiagonal: boolean

  constructor({ gamma = 80, margin = 0.4, removeDiagonal = true, ...common }: CircleOptions = {}) {
    super({ name: 'circle', ...common })
    this.gamma = gamma
    this.margin = margin
    this.removeDiagonal = removeDiagonal
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return circleValues(yTrue, yPred, this)
  }

  override mask(yTrue: Tensor, yPred: Tensor): Tensor {
    return ops.greater(circleValues(yTrue, yPred, this), 0)
  }

  override getConfig(): Config {
    return { ...super.getConfig(), gamma: this.gamma, margin: this.margin, remove_diagonal: this.removeDiagonal }
  }
}
