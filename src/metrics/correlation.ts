// Correlation coefficients of labels and predictions, averaged over samples.
import type { Config } from '../initializers/objects.ts'
import { alignPair } from '../losses/align.ts'
import { epsilon } from '../losses/binary.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { MeanMetricWrapper } from './mean.ts'
import type { MetricOptions } from './metric.ts'

export interface CorrelationOptions extends MetricOptions {
  /** Along which the coefficient is taken. Default -1. */
  axis?: number | readonly number[]
}

type Along = { axis: number | readonly number[]; keepdims: true }

function centred(x: Tensor, along: Along): Tensor {
  return ops.subtract(x, ops.mean(x, along))
}

/** Pearson's coefficient along `axis`. */
export function pearsonCorrelationValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  { axis = -1 }: CorrelationOptions = {},
): Tensor {
  const [labels, predictions] = alignPair('pearson_correlation', yTrue, yPred)
  const along: Along = { axis, keepdims: true }
  const standard = (x: Tensor): Tensor => {
    const difference = centred(x, along)
    return ops.divide(difference, ops.std(difference, along))
  }
  return ops.mean(ops.multiply(standard(labels), standard(predictions)), { axis })
}

/** Lin's concordance coefficient along `axis`, with Keras's covariance (t - mean(p))(p - mean(p)). */
export function concordanceCorrelationValues(
  yTrue: TensorLike,
  yPred: TensorLike,
  { axis = -1 }: CorrelationOptions = {},
): Tensor {
  const [t, p] = alignPair('concordance_correlation', yTrue, yPred)
  const along: Along = { axis, keepdims: true }
  const meanT = ops.mean(t, along)
  const meanP = ops.mean(p, along)
  const covariance = ops.multiply(ops.subtract(t, meanP), ops.subtract(p, meanP))
  const variances = ops.add(ops.variance(centred(t, along), along), ops.variance(centred(p, along), along))
  const spread = ops.add(variances, ops.square(ops.subtract(meanT, meanP)))
  return ops.mean(ops.divide(ops.multiply(2, covariance), ops.add(spread, epsilon)), { axis })
}

/** Mean Pearson correlation. */
export class PearsonCorrelation extends MeanMetricWrapper {
  static override readonly className: string = 'PearsonCorrelation'
  readonly axis: number | readonly number[]
  constructor({ axis = -1, ...common }: CorrelationOptions = {}) {
    super((t, p) => pearsonCorrelationValues(t, p, { axis }), {
      name: 'pearson_correlation',
      ...common,
      direction: 'up',
    })
    this.axis = axis
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis }
  }
}

/** Mean concordance correlation. */
export class ConcordanceCorrelation extends MeanMetricWrapper {
  static override readonly className: string = 'ConcordanceCorrelation'
  readonly axis: number | readonly number[]
  constructor({ axis = -1, ...common }: CorrelationOptions = {}) {
    super((t, p) => concordanceCorrelationValues(t, p, { axis }), {
      name: 'concordance_correlation',
      ...common,
      direction: 'up',
    })
    this.axis = axis
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis }
  }
}
