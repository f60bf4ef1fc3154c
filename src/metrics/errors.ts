// The regression losses as metrics, the root mean squared error and the cosine similarity.
import type { Config } from '../initializers/objects.ts'
import { alignPair } from '../losses/align.ts'
import {
  logCoshValues,
  meanAbsoluteErrorValues,
  meanAbsolutePercentageErrorValues,
  meanSquaredErrorValues,
  meanSquaredLogarithmicErrorValues,
} from '../losses/regression.ts'
import { cosineSimilarityOf } from '../losses/similarity.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { Mean, MeanMetricWrapper } from './mean.ts'
import type { Direction, MetricOptions } from './metric.ts'

/** Mean of squared differences. */
export class MeanSquaredError extends MeanMetricWrapper {
  static override readonly className: string = 'MeanSquaredError'
  constructor(options: MetricOptions = {}) {
    super(meanSquaredErrorValues, { name: 'mean_squared_error', ...options, direction: 'down' })
  }
}

/** Mean of absolute differences. */
export class MeanAbsoluteError extends MeanMetricWrapper {
  static override readonly className: string = 'MeanAbsoluteError'
  constructor(options: MetricOptions = {}) {
    super(meanAbsoluteErrorValues, { name: 'mean_absolute_error', ...options, direction: 'down' })
  }
}

/** Mean of absolute differences in percent of the label. */
export class MeanAbsolutePercentageError extends MeanMetricWrapper {
  static override readonly className: string = 'MeanAbsolutePercentageError'
  constructor(options: MetricOptions = {}) {
    super(meanAbsolutePercentageErrorValues, { name: 'mean_absolute_percentage_error', ...options, direction: 'down' })
  }
}

/** Mean of squared differences of logarithms. */
export class MeanSquaredLogarithmicError extends MeanMetricWrapper {
  static override readonly className: string = 'MeanSquaredLogarithmicError'
  constructor(options: MetricOptions = {}) {
    super(meanSquaredLogarithmicErrorValues, { name: 'mean_squared_logarithmic_error', ...options, direction: 'down' })
  }
}

/** Mean of log(cosh(difference)). */
export class LogCoshError extends MeanMetricWrapper {
  static override readonly className: string = 'LogCoshError'
  constructor(options: MetricOptions = {}) {
    super(logCoshValues, { name: 'logcosh', ...options, direction: 'down' })
  }
}

/** Root of the mean of squared differences. */
export class RootMeanSquaredError extends Mean {
  static override readonly className: string = 'RootMeanSquaredError'
  override readonly direction: Direction = 'down'

  constructor(options: MetricOptions = {}) {
    super({ name: 'root_mean_squared_error', ...options })
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const [t, p] = alignPair(this.name, yTrue, yPred)
    super.updateState(ops.square(ops.subtract(p, t)), sampleWeight)
  }
  override result(): Tensor {
    return ops.sqrt(super.result())
  }
}

export interface CosineSimilarityOptions extends MetricOptions {
  /** The axis of the vectors. Default -1. */
  axis?: number
}

/** Mean of the cosine of the angle between label and prediction (not negated, unlike the loss). */
export class CosineSimilarity extends MeanMetricWrapper {
  static override readonly className: string = 'CosineSimilarity'
  readonly axis: number
  constructor({ axis = -1, ...common }: CosineSimilarityOptions = {}) {
    super((t, p) => cosineSimilarityOf(t, p, { axis }), { name: 'cosine_similarity', ...common, direction: 'up' })
    this.axis = axis
  }
  /** With `axis`, which Keras 3.15's own get_config leaves out (it is accepted by its constructor). */
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis }
  }
}
