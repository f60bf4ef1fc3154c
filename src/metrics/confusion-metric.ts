// The base of metrics that keep all four confusion counts at many thresholds.
import type { Shape } from '../graph/types.ts'
import type { TensorLike, Variable } from '../ops/index.ts'
import { type ConfusionOptions, countConfusion } from './confusion.ts'
import { type Direction, Metric } from './metric.ts'

export interface ConfusionState {
  readonly truePositives: Variable
  readonly falsePositives: Variable
  readonly trueNegatives: Variable
  readonly falseNegatives: Variable
}

export abstract class ConfusionMetric extends Metric {
  override readonly direction: Direction = 'up'

  /** The four Variables, in Keras's order. */
  protected createState(shape: Shape): ConfusionState {
    return {
      truePositives: this.addVariable('true_positives', shape),
      falsePositives: this.addVariable('false_positives', shape),
      trueNegatives: this.addVariable('true_negatives', shape),
      falseNegatives: this.addVariable('false_negatives', shape),
    }
  }

  /** `state` makes the Variables, if there are none yet: only once it is sure that the batch can be counted. */
  protected count(state: () => ConfusionState, yTrue: TensorLike, yPred: TensorLike, options: ConfusionOptions): void {
    const counts = countConfusion(yTrue, yPred, options)
    const { truePositives, falsePositives, trueNegatives, falseNegatives } = state()
    truePositives.assignAdd(counts.truePositives)
    falsePositives.assignAdd(counts.falsePositives)
    trueNegatives.assignAdd(counts.trueNegatives)
    falseNegatives.assignAdd(counts.falseNegatives)
  }
}
