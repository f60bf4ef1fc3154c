// Area under the ROC or the precision-recall curve.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import type { Config } from '../initializers/objects.ts'
import { epsilon } from '../losses/binary.ts'
import { inputOf } from '../losses/inputs.ts'
import { divideNoNan } from '../losses/reduction.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { areEven, innerThresholds, thresholdList } from './confusion.ts'
import { ConfusionMetric, type ConfusionState } from './confusion-metric.ts'
import type { MetricOptions } from './metric.ts'

const summationMethods = ['interpolation', 'minoring', 'majoring'] as const
const curves = ['ROC', 'PR'] as const

export interface AUCOptions extends MetricOptions {
  /** How finely the curve is sampled. Default 200. */
  numThresholds?: number
  /** Default ROC. */
  curve?: (typeof curves)[number]
  /** Height of the curve between two thresholds: their middle, the lower or the higher one. Default interpolation. */
  summationMethod?: (typeof summationMethods)[number]
  /** Thresholds from 0 to 1, in place of evenly spaced ones; the ends are added. */
  thresholds?: readonly number[] | null
  /** Whether each label gets a curve of its own, and their areas are averaged. Default false: all predictions together. */
  multiLabel?: boolean
  /** Number of labels, if `multiLabel`. Default null: from the first update. */
  numLabels?: number | null
  /** Weights of the labels. Default null. */
  labelWeights?: readonly number[] | null
  /** Whether predictions are logits. Default false. */
  fromLogits?: boolean
}

/** The area, by a Riemann sum over thresholds. */
export class AUC extends ConfusionMetric {
  static readonly className: string = 'AUC'
  readonly numThresholds: number
  readonly curve: (typeof curves)[number]
  readonly summationMethod: (typeof summationMethods)[number]
  readonly multiLabel: boolean
  readonly numLabels: number | null
  readonly labelWeights: readonly number[] | null
  readonly fromLogits: boolean
  /** All thresholds, with ends just outside of 0 and 1. */
  readonly thresholds: readonly number[]
  readonly #custom: readonly number[] | null
  readonly #even: boolean
  #state: ConfusionState | null = null

  /** @throws ArgumentError for options that do not fit each other. */
  constructor(options: AUCOptions = {}) {
    const { numThresholds = 200, curve = 'ROC', summationMethod = 'interpolation', thresholds = null } = options
    const { multiLabel = false, numLabels = null, labelWeights = null, fromLogits = false, name, dtype } = options
    super({ ...(name === undefined ? {} : { name }), ...(dtype === undefined ? {} : { dtype }) })
    const fail = (expected: string, received: unknown): never => {
      throw new ArgumentError(problem({ where: this.className, expected, received }))
    }
    if (!curves.includes(curve)) fail('curve ROC or PR', curve)
    if (!summationMethods.includes(summationMethod))
      fail(`summationMethod ${summationMethods.join(', ')}`, summationMethod)
    if (!Number.isInteger(numThresholds) || numThresholds < 2)
      fail('numThresholds: an integer of at least 2', numThresholds)
    if (numLabels !== null && !multiLabel) fail('numLabels only together with multiLabel', numLabels)
    const inner =
      thresholds === null
        ? innerThresholds(numThresholds)
        : [...thresholdList(this.className, thresholds, 0)].sort((a, b) => a - b)
    this.#custom = thresholds === null ? null : inner
    this.#even = thresholds === null || areEven([0, ...inner, 1])
    this.thresholds = [-epsilon, ...inner, 1 + epsilon]
    this.numThresholds = this.thresholds.length
    this.curve = curve
    this.summationMethod = summationMethod
    this.multiLabel = multiLabel
    this.numLabels = numLabels
    this.labelWeights = labelWeights
    this.fromLogits = fromLogits
    if (!multiLabel) this.#state = this.createState([this.numThresholds])
    else if (numLabels !== null) this.#state = this.createState([this.numThresholds, numLabels])
  }

  /** @throws ShapeError for predictions of another number of labels than there are weights, or were before. */
  #check({ shape }: Tensor): void {
    const known = this.#state?.truePositives.shape[1] ?? this.labelWeights?.length
    if (!this.multiLabel || (shape.length === 2 && shape[1] === (known ?? shape[1]))) return
    const expected = `predictions of shape [batch, ${known ?? 'labels'}]`
    throw new ShapeError(problem({ where: this.name, expected, received: showShape(shape) }))
  }

  #build(predictions: Tensor): ConfusionState {
    this.#state ??= this.createState([this.numThresholds, predictions.shape[1]!])
    return this.#state
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const predictions = inputOf(this.name, 'predictions', yPred)
    this.#check(predictions)
    this.count(() => this.#build(predictions), yTrue, this.fromLogits ? ops.sigmoid(predictions) : predictions, {
      where: this.name,
      thresholds: this.thresholds,
      even: this.#even,
      sampleWeight,
      multiLabel: this.multiLabel,
      labelWeights: this.multiLabel ? null : this.labelWeights,
    })
  }

  /** @throws ArgumentError before the first update, if the number of labels is unknown. */
  override result(): Tensor {
    const state = this.#state
    if (state === null) {
      throw new ArgumentError(
        problem({ where: this.name, expected: 'numLabels, or an update before the result', received: 'neither' }),
      )
    }
    const areas =
      this.curve === 'PR' && this.summationMethod === 'interpolation' ? interpolatedPR(state) : this.#riemann(state)
    const byLabel = ops.sum(areas, { axis: 0 })
    if (!this.multiLabel) return byLabel
    if (this.labelWeights === null) return ops.mean(byLabel)
    const weights = ops.tensor([...this.labelWeights])
    return divideNoNan(ops.sum(ops.multiply(byLabel, weights)), ops.sum(weights))
  }

  #riemann(state: ConfusionState): Tensor {
    const tp = state.truePositives.value()
    const fp = state.falsePositives.value()
    const recall = divideNoNan(tp, ops.add(tp, state.falseNegatives.value()))
    const isROC = this.curve === 'ROC'
    const x = isROC ? divideNoNan(fp, ops.add(fp, state.trueNegatives.value())) : recall
    const y = isROC ? recall : divideNoNan(tp, ops.add(tp, fp))
    const [y0, y1] = neighbours(y)
    const [x0, x1] = neighbours(x)
    let height: Tensor
    if (this.summationMethod === 'minoring') height = ops.minimum(y0, y1)
    else if (this.summationMethod === 'majoring') height = ops.maximum(y0, y1)
    else height = ops.divide(ops.add(y0, y1), 2)
    return ops.multiply(ops.subtract(x0, x1), height)
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_thresholds: this.numThresholds,
      curve: this.curve,
      summation_method: this.summationMethod,
      multi_label: this.multiLabel,
      num_labels: this.numLabels,
      label_weights: this.labelWeights === null ? null : [...this.labelWeights],
      from_logits: this.fromLogits,
      ...(this.#custom === null ? {} : { thresholds: [...this.#custom] }),
    }
  }
}

/** All but the last, and all but the first, along axis 0. */
function neighbours(x: Tensor): [Tensor, Tensor] {
  const rest = x.shape.slice(1)
  const sizes = [x.shape[0]! - 1, ...rest]
  const zeros = rest.map(() => 0)
  return [ops.slice(x, [0, ...zeros], sizes), ops.slice(x, [1, ...zeros], sizes)]
}

/**
 * Between two thresholds, true and false positives vary linearly, precision does not (Davis & Goadrich, 2006, section 4):
 * the area is slope (dTP + intercept ln(P0 / P1)) / positives, with P = TP + FP, slope = dTP / dP.
 */
function interpolatedPR(state: ConfusionState): Tensor {
  const tp = state.truePositives.value()
  const [tp0, tp1] = neighbours(tp)
  const [p0, p1] = neighbours(ops.add(tp, state.falsePositives.value()))
  const [, fn1] = neighbours(state.falseNegatives.value())
  const dTP = ops.subtract(tp0, tp1)
  const slope = divideNoNan(dTP, ops.maximum(ops.subtract(p0, p1), 0))
  const intercept = ops.subtract(tp1, ops.multiply(slope, p1))
  const bothPositive = ops.logicalAnd(ops.greater(p0, 0), ops.greater(p1, 0))
  const ratio = ops.where(bothPositive, divideNoNan(p0, ops.maximum(p1, 0)), 1)
  const area = ops.multiply(slope, ops.add(dTP, ops.multiply(intercept, ops.log(ratio))))
  return divideNoNan(area, ops.maximum(ops.add(tp1, fn1), 0))
}
