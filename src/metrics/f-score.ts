// F-beta and F1 scores.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { broadcastShapes, sameShape, showShape } from '../graph/types.ts'
import type { Config } from '../initializers/objects.ts'
import { epsilon } from '../losses/binary.ts'
import { inputOf, requireWeights, weightsOf } from '../losses/inputs.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike, Variable } from '../ops/index.ts'
import { type Direction, Metric, type MetricOptions } from './metric.ts'

const averages = ['micro', 'macro', 'weighted'] as const

export interface F1ScoreOptions extends MetricOptions {
  /** null: one score a class; micro: over all counts; macro: mean of the classes; weighted: by their frequency. Default null. */
  average?: (typeof averages)[number] | null
  /** Predictions above it count as 1. Default null: the largest one of each row does. */
  threshold?: number | null
}

export interface FBetaScoreOptions extends F1ScoreOptions {
  /** Weight of recall. Default 1. */
  beta?: number
}

interface Counts {
  readonly truePositives: Variable
  readonly falsePositives: Variable
  readonly falseNegatives: Variable
  readonly support: Variable
}

/** (1 + beta^2) precision recall / (beta^2 precision + recall), for labels and predictions [batch, classes]. */
export class FBetaScore extends Metric {
  static readonly className: string = 'FBetaScore'
  override readonly direction: Direction = 'up'
  readonly average: (typeof averages)[number] | null
  readonly beta: number
  readonly threshold: number | null
  #counts: Counts | null = null

  /** @throws ArgumentError for options out of range. */
  constructor({ average = null, beta = 1, threshold = null, ...common }: FBetaScoreOptions = {}) {
    super({ name: 'fbeta_score', ...common })
    const fail = (expected: string, received: unknown): never => {
      throw new ArgumentError(problem({ where: this.className, expected, received }))
    }
    if (average !== null && !averages.includes(average)) fail(`average ${averages.join(', ')} or null`, average)
    if (!(beta > 0)) fail('beta above 0', beta)
    if (threshold !== null && !(threshold > 0 && threshold <= 1))
      fail('threshold above 0 and at most 1, or null', threshold)
    this.average = average
    this.beta = beta
    this.threshold = threshold
  }

  /** @throws ShapeError unless both are [batch, classes], with the number of classes of the batches before. */
  #check(t: Tensor, p: Tensor): void {
    const known = this.#counts?.support.shape[0]
    const together = t.rank === 2 && p.rank === 2 ? broadcastShapes(t.shape, p.shape) : null
    if (together !== null && sameShape(together, p.shape) && p.shape[1] === (known ?? p.shape[1])) return
    throw new ShapeError(
      problem({
        where: this.name,
        expected: `labels and predictions of shape [batch, ${known ?? 'classes'}]`,
        received: `${showShape(t.shape)} and ${showShape(p.shape)}`,
        hint: 'Labels must be one-hot, with one column for each class',
      }),
    )
  }

  #build(p: Tensor): Counts {
    if (this.#counts !== null) return this.#counts
    const shape = this.average === 'micro' ? [] : [p.shape[1]!]
    this.#counts = {
      truePositives: this.addVariable('true_positives', shape),
      falsePositives: this.addVariable('false_positives', shape),
      falseNegatives: this.addVariable('false_negatives', shape),
      support: this.addVariable('intermediate_weights', shape),
    }
    return this.#counts
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const where = this.name
    const t = inputOf(where, 'labels', yTrue)
    const predictions = inputOf(where, 'predictions', yPred)
    this.#check(t, predictions)
    const given = weightsOf(where, sampleWeight)
    const weights = given === null || given.rank === 0 ? given : ops.expandDims(given, 1)
    if (weights !== null) requireWeights(where, weights, predictions.shape, 'predictions')
    const { truePositives, falsePositives, falseNegatives, support } = this.#build(predictions)
    const p = ops.cast(this.#decided(predictions), 'float32')
    const total = (x: Tensor): Tensor => {
      const weighted = weights === null ? x : ops.multiply(x, weights)
      return this.average === 'micro' ? ops.sum(weighted) : ops.sum(weighted, { axis: 0 })
    }
    truePositives.assignAdd(total(ops.multiply(p, t)))
    falsePositives.assignAdd(total(ops.multiply(p, ops.subtract(1, t))))
    falseNegatives.assignAdd(total(ops.multiply(ops.subtract(1, p), t)))
    support.assignAdd(total(t))
  }

  #decided(predictions: Tensor): Tensor {
    if (this.threshold !== null) return ops.greater(predictions, this.threshold)
    const largest = ops.max(predictions, { axis: -1, keepdims: true })
    // A row of zeros decides for nothing.
    return ops.logicalAnd(ops.greaterEqual(predictions, largest), ops.greater(ops.abs(predictions), 1e-9))
  }

  /** @throws ArgumentError before the first update, when the number of classes is unknown. */
  override result(): Tensor {
    if (this.#counts === null) {
      throw new ArgumentError(problem({ where: this.name, expected: 'an update before the result', received: 'none' }))
    }
    const tp = this.#counts.truePositives.value()
    const ratio = (others: Variable): Tensor => ops.divide(tp, ops.add(ops.add(tp, others.value()), epsilon))
    const precision = ratio(this.#counts.falsePositives)
    const recall = ratio(this.#counts.falseNegatives)
    const square = this.beta ** 2
    const both = ops.add(ops.multiply(square, precision), recall)
    const mean = ops.divide(ops.multiply(precision, recall), ops.add(both, epsilon))
    const score = ops.multiply(mean, 1 + square)
    if (this.average === null) return score
    if (this.average !== 'weighted') return ops.mean(score)
    const support = this.#counts.support.value()
    return ops.sum(ops.multiply(score, ops.divide(support, ops.add(ops.sum(support), epsilon))))
  }

  override getConfig(): Config {
    return { ...super.getConfig(), average: this.average, beta: this.beta, threshold: this.threshold }
  }
}

/** 2 precision recall / (precision + recall). */
export class F1Score extends FBetaScore {
  static override readonly className: string = 'F1Score'
  constructor(options: F1ScoreOptions = {}) {
    super({ name: 'f1_score', ...options, beta: 1 })
  }
  override getConfig(): Config {
    return Object.fromEntries(Object.entries(super.getConfig()).filter(([key]) => key !== 'beta'))
  }
}
