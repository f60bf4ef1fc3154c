// The loss of a compiled model: one loss an output, weighted and added; with several outputs each is tracked by itself.
import { ArgumentError, problem } from '../../errors.ts'
import * as losses from '../../losses/index.ts'
import { Loss } from '../../losses/index.ts'
import type { LossIdentifier, ShapedLossName } from '../../losses/index.ts'
import { Mean } from '../../metrics/mean.ts'
import type { Metric } from '../../metrics/metric.ts'
import * as ops from '../../ops/index.ts'
import { Tensor } from '../../ops/index.ts'
import { isDict } from '../tree.ts'
import { byOutput, outputName } from './outputs.ts'
import type { OutputLayout } from './outputs.ts'

/** A loss, its name, or a function `(yTrue, yPred) => values`. `crossentropy` chooses by the shapes. */
export type LossLike = LossIdentifier | ShapedLossName
/** One loss, or one for each output, as a list or by name. */
export type LossSpec = LossLike | readonly (LossLike | null)[] | { readonly [output: string]: LossLike | null }
export type LossWeights = number | readonly number[] | { readonly [output: string]: number }

export interface TensorTypeLike {
  readonly shape: readonly (number | null)[]
}

interface OutputLoss {
  readonly index: number
  readonly loss: Loss
  readonly weight: number | null
  readonly tracker: Mean | null
}

export class CompileLoss {
  readonly #layout: OutputLayout
  readonly #terms: readonly OutputLoss[]

  /**
   * @param yTrue Types of the labels, in output order; undefined where there are none.
   * @throws ArgumentError for unknown losses, or lists and names that do not fit the outputs.
   */
  constructor(
    spec: LossSpec,
    weights: LossWeights | null,
    layout: OutputLayout,
    yTrue: readonly (TensorTypeLike | undefined)[],
    yPred: readonly TensorTypeLike[],
  ) {
    this.#layout = layout
    // One loss for a model of several outputs is meant for each of them.
    const given = isLossLike(spec) && layout.count > 1 ? new Array<LossLike>(layout.count).fill(spec) : spec
    const wanted = byOutput('compile, loss', given, layout, isLossLike)
    const factors = byOutput('compile, lossWeights', weights, layout, isNumber)
    // A single loss is the total.
    const areSeveral = wanted.filter((loss) => loss !== undefined).length > 1
    this.#terms = wanted.flatMap((loss, index) => {
      if (loss === undefined) return []
      const tracker = areSeveral ? new Mean({ name: `${outputName(layout, index)}_loss` }) : null
      return [{ index, loss: resolve(loss, yTrue[index], yPred[index]!), weight: factors[index] ?? null, tracker }]
    })
  }

  /** Trackers of the single losses; none for a single one. */
  get metrics(): Metric[] {
    return this.#terms.flatMap(({ tracker }) => (tracker === null ? [] : [tracker]))
  }

  /**
   * The weighted sum of the losses; null if no output has one.
   * @throws ArgumentError if labels are missing for an output with a loss.
   */
  apply(yTrue: unknown, yPred: readonly Tensor[], sampleWeight: unknown): Tensor | null {
    const labels = byOutput('labels', yTrue, this.#layout, isTensor)
    const weights = weightsByOutput(sampleWeight, this.#layout)
    let total: Tensor | null = null
    for (const { index, loss, weight, tracker } of this.#terms) {
      const label = labels[index]
      if (label === undefined) {
        const name = outputName(this.#layout, index)
        throw new ArgumentError(
          problem({
            where: `loss of output "${name}"`,
            expected: 'labels',
            received: 'data without them',
            hint: 'Give y, or elements [x, y]',
          }),
        )
      }
      let value = loss.apply(label, yPred[index]!, weights[index])
      if (value.shape.length > 0) value = ops.sum(value)
      tracker?.updateState(value)
      if (weight !== null) value = ops.multiply(value, weight)
      total = total === null ? value : ops.add(total, value)
    }
    return total
  }
}

/** Weights of samples: one tensor for all outputs, or one each. */
export function weightsByOutput(sampleWeight: unknown, layout: OutputLayout): (Tensor | undefined)[] {
  if (isTensor(sampleWeight)) return new Array<Tensor>(layout.count).fill(sampleWeight)
  return byOutput('sampleWeight', sampleWeight, layout, isTensor)
}

function resolve(loss: LossLike, yTrue: TensorTypeLike | undefined, yPred: TensorTypeLike): Loss {
  if (loss !== 'crossentropy' && loss !== 'ce') return losses.get(loss)
  return losses.resolveCrossentropy(yTrue?.shape ?? yPred.shape, yPred.shape, loss)
}

function isLossLike(value: unknown): value is LossLike {
  if (typeof value === 'string' || typeof value === 'function' || value instanceof Loss) return true
  return isDict(value) && typeof value.class_name === 'string'
}
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor
}
function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}
