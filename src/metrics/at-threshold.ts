// The best of one measure where another one is good enough: sensitivity at specificity, precision at recall, and so on.
import { ArgumentError, problem } from '../errors.ts'
import type { Config } from '../initializers/objects.ts'
import { divideNoNan } from '../losses/reduction.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike, Variable } from '../ops/index.ts'
import { innerThresholds } from './confusion.ts'
import { ConfusionMetric, type ConfusionState } from './confusion-metric.ts'
import type { MetricOptions } from './metric.ts'

interface BestOptions extends MetricOptions {
  /** Thresholds that are tried, evenly from 0 to 1. Default 200. */
  numThresholds?: number
  /** Only this class counts. Default null: all. */
  classId?: number | null
}
export interface SensitivityAtSpecificityOptions extends BestOptions {
  /** From 0 to 1. */
  specificity: number
}
export interface SpecificityAtSensitivityOptions extends BestOptions {
  /** From 0 to 1. */
  sensitivity: number
}
export interface PrecisionAtRecallOptions extends BestOptions {
  /** From 0 to 1. */
  recall: number
}
export interface RecallAtPrecisionOptions extends BestOptions {
  /** From 0 to 1. */
  precision: number
}

function share(part: Variable, others: Variable): Tensor {
  return divideNoNan(part.value(), ops.add(part.value(), others.value()))
}

abstract class BestUnderConstraint extends ConfusionMetric {
  readonly numThresholds: number
  readonly classId: number | null
  readonly #thresholds: readonly number[]
  readonly #state: ConfusionState
  readonly #least: number
  readonly #leastName: string

  /** @throws ArgumentError for a bound outside of [0, 1], or no thresholds. */
  constructor(leastName: string, least: number, { numThresholds = 200, classId = null, ...common }: BestOptions) {
    super(common)
    if (!(least >= 0 && least <= 1)) {
      throw new ArgumentError(problem({ where: this.className, expected: `${leastName} from 0 to 1`, received: least }))
    }
    if (!Number.isInteger(numThresholds) || numThresholds < 1) {
      throw new ArgumentError(
        problem({
          where: this.className,
          expected: 'numThresholds: an integer of at least 1',
          received: numThresholds,
        }),
      )
    }
    this.numThresholds = numThresholds
    this.classId = classId
    this.#least = least
    this.#leastName = leastName
    this.#thresholds = numThresholds === 1 ? [0.5] : [0, ...innerThresholds(numThresholds), 1]
    this.#state = this.createState([this.#thresholds.length])
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    this.count(() => this.#state, yTrue, yPred, {
      where: this.name,
      thresholds: this.#thresholds,
      even: this.numThresholds > 1,
      classId: this.classId,
      sampleWeight,
    })
  }

  /** Of each threshold: what must be good enough, and what is to be large. */
  protected abstract measures(state: ConfusionState): { constrained: Tensor; wanted: Tensor }

  override result(): Tensor {
    const { constrained, wanted } = this.measures(this.#state)
    return ops.max(ops.where(ops.greaterEqual(constrained, this.#least), wanted, 0))
  }

  override getConfig(): Config {
    const { classId, numThresholds } = this
    return { ...super.getConfig(), class_id: classId, num_thresholds: numThresholds, [this.#leastName]: this.#least }
  }
}

const sensitivities = (s: ConfusionState): Tensor => share(s.truePositives, s.falseNegatives)
const specificities = (s: ConfusionState): Tensor => share(s.trueNegatives, s.falsePositives)
const precisions = (s: ConfusionState): Tensor => share(s.truePositives, s.falsePositives)

/** The largest TP / (TP + FN) where TN / (TN + FP) is at least `specificity`; 0 if it never is. */
export class SensitivityAtSpecificity extends BestUnderConstraint {
  static readonly className: string = 'SensitivityAtSpecificity'
  constructor({ specificity, ...options }: SensitivityAtSpecificityOptions) {
    super('specificity', specificity, options)
  }
  protected override measures(state: ConfusionState): { constrained: Tensor; wanted: Tensor } {
    return { constrained: specificities(state), wanted: sensitivities(state) }
  }
}

/** The largest TN / (TN + FP) where TP / (TP + FN) is at least `sensitivity`; 0 if it never is. */
export class SpecificityAtSensitivity extends BestUnderConstraint {
  static readonly className: string = 'SpecificityAtSensitivity'
  constructor({ sensitivity, ...options }: SpecificityAtSensitivityOptions) {
    super('sensitivity', sensitivity, options)
  }
  protected override measures(state: ConfusionState): { constrained: Tensor; wanted: Tensor } {
    return { constrained: sensitivities(state), wanted: specificities(state) }
  }
}

/** The largest TP / (TP + FP) where TP / (TP + FN) is at least `recall`; 0 if it never is. */
export class PrecisionAtRecall extends BestUnderConstraint {
  static readonly className: string = 'PrecisionAtRecall'
  constructor({ recall, ...options }: PrecisionAtRecallOptions) {
    super('recall', recall, options)
  }
  protected override measures(state: ConfusionState): { constrained: Tensor; wanted: Tensor } {
    return { constrained: sensitivities(state), wanted: precisions(state) }
  }
}

/** The largest TP / (TP + FN) where TP / (TP + FP) is at least `precision`; 0 if it never is. */
export class RecallAtPrecision extends BestUnderConstraint {
  static readonly className: string = 'RecallAtPrecision'
  constructor({ precision, ...options }: RecallAtPrecisionOptions) {
    super('precision', precision, options)
  }
  protected override measures(state: ConfusionState): { constrained: Tensor; wanted: Tensor } {
    return { constrained: precisions(state), wanted: sensitivities(state) }
  }
}
