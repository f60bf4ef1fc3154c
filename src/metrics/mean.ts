// Weighted means and sums, and the metrics made of a function by averaging its values.
import { alignRanks } from '../losses/align.ts'
import { explained, inputOf, requireWeights, weightsOf } from '../losses/inputs.ts'
import { divideNoNan } from '../losses/reduction.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike, Variable } from '../ops/index.ts'
import { type Direction, Metric, type MetricOptions } from './metric.ts'

type Reduce = (x: Tensor, options: { axis: number[] }) => Tensor

function axesFrom(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i)
}

/** Values and weights as one entry a sample, values multiplied by weights: Keras's reduce_to_samplewise_values. */
function toSamples(
  where: string,
  values: TensorLike,
  sampleWeight: TensorLike | null | undefined,
  reduce: Reduce,
): { values: Tensor; weights: Tensor | null } {
  let each = inputOf(where, 'values', values)
  let weights = weightsOf(where, sampleWeight)
  if (weights !== null) {
    ;[each, weights] = alignRanks(each, weights)
    const weightRank = weights.rank
    if (each.rank > weightRank) each = reduce(each, { axis: axesFrom(weightRank, each.rank) })
    requireWeights(where, weights, each.shape, 'values')
    weights = ops.broadcastTo(weights, each.shape)
    each = ops.multiply(each, weights)
    if (weightRank > 1) weights = reduce(weights, { axis: axesFrom(1, weightRank) })
  }
  if (each.rank > 1) each = reduce(each, { axis: axesFrom(1, each.rank) })
  return { values: each, weights }
}

/** The weighted sum of values. */
export class Sum extends Metric {
  static readonly className: string = 'Sum'
  readonly #total: Variable

  constructor(options: MetricOptions = {}) {
    super({ name: 'sum', ...options })
    this.#total = this.addVariable('total')
  }

  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    this.#total.assignAdd(ops.sum(toSamples(this.name, values, sampleWeight, ops.sum).values))
  }
  override result(): Tensor {
    return this.#total.value()
  }
}

/** The weighted mean of values: their weighted sum, divided by the sum of the weights (the number of samples without). */
export class Mean extends Metric {
  static readonly className: string = 'Mean'
  readonly #total: Variable
  readonly #count: Variable

  constructor(options: MetricOptions = {}) {
    super({ name: 'mean', ...options })
    this.#total = this.addVariable('total')
    this.#count = this.addVariable('count')
  }

  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    const samples = toSamples(this.name, values, sampleWeight, ops.mean)
    this.#total.assignAdd(ops.sum(samples.values))
    this.#count.assignAdd(samples.weights === null ? (samples.values.shape[0] ?? 1) : ops.sum(samples.weights))
  }
  override result(): Tensor {
    return divideNoNan(this.#total.value(), this.#count.value())
  }
}

/** Labels and predictions to one value (or several) a sample. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor

export interface MeanMetricWrapperOptions extends MetricOptions {
  /** Default null: neither more nor less is better. */
  direction?: Direction
}

/** The mean over samples of a function of labels and predictions, both float32. */
export class MeanMetricWrapper extends Mean {
  static override readonly className: string = 'MeanMetricWrapper'
  override readonly direction: Direction
  readonly fn: MetricFunction

  constructor(fn: MetricFunction, { direction = null, ...options }: MeanMetricWrapperOptions = {}) {
    super(fn.name === '' ? options : { name: fn.name, ...options })
    this.fn = fn
    this.direction = direction
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const where = this.name
    const labels = inputOf(where, 'labels', yTrue)
    const predictions = inputOf(where, 'predictions', yPred)
    const weights = weightsOf(where, sampleWeight)
    explained(where, { labels, predictions, 'sample weights': weights }, () => {
      super.updateState(this.fn(labels, predictions), weights)
    })
  }
}
