// How many predictions are true or false positives or negatives.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike, Variable } from '../ops/index.ts'
import { areEven, type ConfusionCounts, countConfusion, thresholdList } from './confusion.ts'
import { Metric, type MetricOptions } from './metric.ts'

export interface ThresholdsOptions extends MetricOptions {
  /** One threshold, or several for a vector of results; each from 0 to 1. Default null: 0.5. */
  thresholds?: number | readonly number[] | null
}

/** A vector, or its one element. */
export function oneOrAll(values: Tensor): Tensor {
  return values.size === 1 ? ops.reshape(values, []) : values
}

abstract class ConfusionCount extends Metric {
  readonly thresholds: number | readonly number[] | null
  readonly #list: readonly number[]
  readonly #accumulator: Variable

  constructor({ thresholds = null, ...common }: ThresholdsOptions = {}) {
    super(common)
    this.thresholds = thresholds
    this.#list = thresholdList(this.className, thresholds, 0.5)
    this.#accumulator = this.addVariable('accumulator', [this.#list.length])
  }

  protected abstract pick(counts: ConfusionCounts): Tensor

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const thresholds = this.#list
    const counts = countConfusion(yTrue, yPred, {
      where: this.name,
      thresholds,
      even: areEven(thresholds),
      sampleWeight,
    })
    this.#accumulator.assignAdd(this.pick(counts))
  }
  override result(): Tensor {
    return oneOrAll(this.#accumulator.value())
  }
  override getConfig(): Config {
    return { ...super.getConfig(), thresholds: this.thresholds }
  }
}

/** Weighted number of positive labels predicted as such. */
export class TruePositives extends ConfusionCount {
  static readonly className: string = 'TruePositives'
  protected override pick(counts: ConfusionCounts): Tensor {
    return counts.truePositives
  }
}

/** Weighted number of negative labels predicted as such. */
export class TrueNegatives extends ConfusionCount {
  static readonly className: string = 'TrueNegatives'
  protected override pick(counts: ConfusionCounts): Tensor {
    return counts.trueNegatives
  }
}

/** Weighted number of negative labels predicted as positive. */
export class FalsePositives extends ConfusionCount {
  static readonly className: string = 'FalsePositives'
  protected override pick(counts: ConfusionCounts): Tensor {
    return counts.falsePositives
  }
}

/** Weighted number of positive labels predicted as negative. */
export class FalseNegatives extends ConfusionCount {
  static readonly className: string = 'FalseNegatives'
  protected override pick(counts: ConfusionCounts): Tensor {
    return counts.falseNegatives
  }
}
