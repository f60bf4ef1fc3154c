// Precision and recall.
import type { Config } from '../initializers/objects.ts'
import { divideNoNan } from '../losses/reduction.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike, Variable } from '../ops/index.ts'
import { areEven, countConfusion, negativeInfinity, thresholdList } from './confusion.ts'
import { oneOrAll, type ThresholdsOptions } from './counts.ts'
import { type Direction, Metric } from './metric.ts'

export interface PrecisionOptions extends ThresholdsOptions {
  /** Only the k best predictions of each row can be positive; `thresholds` then need not be given. Default null. */
  topK?: number | null
  /** Only this class counts. Default null: all. */
  classId?: number | null
}

abstract class PositiveRate extends Metric {
  override readonly direction: Direction = 'up'
  readonly thresholds: number | readonly number[] | null
  readonly topK: number | null
  readonly classId: number | null
  readonly #list: readonly number[]
  readonly #hits: Variable
  readonly #misses: Variable

  constructor(misses: 'false_positives' | 'false_negatives', options: PrecisionOptions) {
    const { thresholds = null, topK = null, classId = null, ...common } = options
    super(common)
    this.thresholds = thresholds
    this.topK = topK
    this.classId = classId
    this.#list = thresholdList(this.className, thresholds, topK === null ? 0.5 : negativeInfinity)
    this.#hits = this.addVariable('true_positives', [this.#list.length])
    this.#misses = this.addVariable(misses, [this.#list.length])
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const { topK, classId } = this
    const thresholds = this.#list
    const even = areEven(thresholds)
    const counts = countConfusion(yTrue, yPred, { where: this.name, thresholds, even, sampleWeight, topK, classId })
    this.#hits.assignAdd(counts.truePositives)
    this.#misses.assignAdd(this.#misses.name === 'false_positives' ? counts.falsePositives : counts.falseNegatives)
  }
  override result(): Tensor {
    const hits = this.#hits.value()
    return oneOrAll(divideNoNan(hits, ops.add(hits, this.#misses.value())))
  }
  override getConfig(): Config {
    return { ...super.getConfig(), thresholds: this.thresholds, top_k: this.topK, class_id: this.classId }
  }
}

/** Which part of the positive predictions is right: TP / (TP + FP), 0 if there are none. For logits, use `thresholds: 0`. */
export class Precision extends PositiveRate {
  static readonly className: string = 'Precision'
  constructor(options: PrecisionOptions = {}) {
    super('false_positives', options)
  }
}

/** Which part of the positive labels is found: TP / (TP + FN), 0 if there are none. For logits, use `thresholds: 0`. */
export class Recall extends PositiveRate {
  static readonly className: string = 'Recall'
  constructor(options: PrecisionOptions = {}) {
    super('false_negatives', options)
  }
}
