// The coefficient of determination.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { sameShape, showShape } from '../graph/types.ts'
import type { Config } from '../initializers/objects.ts'
import { alignPair } from '../losses/align.ts'
import { inputOf, requireWeights } from '../losses/inputs.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike, Variable } from '../ops/index.ts'
import { type Direction, Metric, type MetricOptions } from './metric.ts'

const aggregations = ['uniform_average', 'variance_weighted_average'] as const

export interface R2ScoreOptions extends MetricOptions {
  /** How the scores of several outputs become one; null: they do not. Default `uniform_average`. */
  classAggregation?: (typeof aggregations)[number] | null
  /** For the adjusted score: the number of independent regressors. Default 0: not adjusted. */
  numRegressors?: number
}

interface Sums {
  readonly squares: Variable
  readonly labels: Variable
  readonly residual: Variable
  readonly count: Variable
}

/** 1 - sum((t - p)^2) / sum((t - mean t)^2), for labels and predictions [batch, outputs]. */
export class R2Score extends Metric {
  static readonly className: string = 'R2Score'
  override readonly direction: Direction = 'up'
  readonly classAggregation: (typeof aggregations)[number] | null
  readonly numRegressors: number
  readonly #samples: Variable
  #sums: Sums | null = null

  /** @throws ArgumentError for options out of range. */
  constructor({ classAggregation = 'uniform_average', numRegressors = 0, ...common }: R2ScoreOptions = {}) {
    super({ name: 'r2_score', ...common })
    if (classAggregation !== null && !aggregations.includes(classAggregation)) {
      throw new ArgumentError(
        problem({
          where: 'R2Score',
          expected: `classAggregation ${aggregations.join(', ')} or null`,
          received: classAggregation,
        }),
      )
    }
    if (!(numRegressors >= 0)) {
      throw new ArgumentError(
        problem({ where: 'R2Score', expected: 'numRegressors of at least 0', received: numRegressors }),
      )
    }
    this.classAggregation = classAggregation
    this.numRegressors = numRegressors
    this.#samples = this.addVariable('num_samples')
  }

  /** @throws ShapeError unless both are [batch, outputs], with the number of outputs of the batches before. */
  #check(t: Tensor, p: Tensor): void {
    const known = this.#sums?.count.shape[0]
    const isPair = t.rank === 2 && sameShape(t.shape, p.shape)
    if (isPair && p.shape[1] === (known ?? p.shape[1])) return
    throw new ShapeError(
      problem({
        where: this.name,
        expected: `labels and predictions of shape [batch, ${known ?? 'outputs'}]`,
        received: `${showShape(t.shape)} and ${showShape(p.shape)}`,
      }),
    )
  }

  #build(p: Tensor): Sums {
    if (this.#sums !== null) return this.#sums
    const shape = [p.shape[1]!]
    this.#sums = {
      squares: this.addVariable('squared_sum', shape),
      labels: this.addVariable('sum', shape),
      residual: this.addVariable('residual', shape),
      count: this.addVariable('count', shape),
    }
    return this.#sums
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const [t, p] = alignPair(this.name, yTrue, yPred)
    this.#check(t, p)
    const given = inputOf(this.name, 'sample weights', sampleWeight ?? 1)
    const columns = given.rank === 1 ? ops.expandDims(given, 1) : given
    requireWeights(this.name, columns, t.shape, 'labels')
    const weights = ops.broadcastTo(columns, t.shape)
    const { squares, labels, residual, count } = this.#build(p)
    const overBatch = { axis: 0 } as const
    const weighted = ops.multiply(t, weights)
    labels.assignAdd(ops.sum(weighted, overBatch))
    squares.assignAdd(ops.sum(ops.multiply(t, weighted), overBatch))
    residual.assignAdd(ops.sum(ops.multiply(ops.square(ops.subtract(t, p)), weights), overBatch))
    count.assignAdd(ops.sum(weights, overBatch))
    this.#samples.assignAdd(t.size)
  }

  /** @throws ArgumentError before the first update, when the number of outputs is unknown. */
  override result(): Tensor {
    if (this.#sums === null) {
      throw new ArgumentError(problem({ where: this.name, expected: 'an update before the result', received: 'none' }))
    }
    const { squares, labels, residual, count } = this.#sums
    const sum = labels.value()
    const total = ops.subtract(squares.value(), ops.multiply(sum, ops.divide(sum, count.value())))
    const raw = ops.subtract(1, ops.divide(residual.value(), total))
    const infinite = ops.logicalNot(ops.logicalOr(ops.isFinite(raw), ops.isNan(raw)))
    const scores = ops.where(infinite, 0, raw)
    return this.#adjusted(this.#aggregated(scores, total))
  }

  #aggregated(scores: Tensor, total: Tensor): Tensor {
    if (this.classAggregation === null) return scores
    if (this.classAggregation === 'uniform_average') return ops.mean(scores)
    return ops.divide(ops.sum(ops.multiply(total, scores)), ops.sum(total))
  }

  /** 1 - (1 - score)(n - 1) / (n - p - 1); with too few samples for that, the score itself. */
  #adjusted(score: Tensor): Tensor {
    if (this.numRegressors === 0) return score
    const n = this.#samples.value()
    const freedom = ops.subtract(ops.subtract(n, this.numRegressors), 1)
    const ratio = ops.divide(ops.multiply(ops.subtract(1, score), ops.subtract(n, 1)), freedom)
    return ops.where(ops.greater(freedom, 0), ops.subtract(1, ratio), score)
  }

  override getConfig(): Config {
    return { ...super.getConfig(), class_aggregation: this.classAggregation, num_regressors: this.numRegressors }
  }
}
