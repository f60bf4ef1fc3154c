// Losses of real-valued targets: squared, absolute, percentage and logarithmic errors, Huber, log-cosh.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignPair } from './align.ts'
import { epsilon } from './binary.ts'
import { Loss, type LossOptions } from './loss.ts'

const overLast = { axis: -1 } as const

/** Mean over the last axis of (t - p)^2. */
export function meanSquaredErrorValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = alignPair('mean_squared_error', yTrue, yPred)
  return ops.mean(ops.square(ops.subtract(t, p)), overLast)
}

/** Mean over the last axis of |t - p|. */
export function meanAbsoluteErrorValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = alignPair('mean_absolute_error', yTrue, yPred)
  return ops.mean(ops.abs(ops.subtract(t, p)), overLast)
}

/** Mean over the last axis of 100 |t - p| / max(|t|, 1e-7). */
export function meanAbsolutePercentageErrorValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = alignPair('mean_absolute_percentage_error', yTrue, yPred)
  const relative = ops.divide(ops.subtract(t, p), ops.maximum(ops.abs(t), epsilon))
  return ops.multiply(100, ops.mean(ops.abs(relative), overLast))
}

/** Mean over the last axis of (log(max(p, 1e-7) + 1) - log(max(t, 1e-7) + 1))^2. */
export function meanSquaredLogarithmicErrorValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = alignPair('mean_squared_logarithmic_error', yTrue, yPred)
  const logarithm = (x: Tensor): Tensor => ops.log(ops.add(ops.maximum(x, epsilon), 1))
  return ops.mean(ops.square(ops.subtract(logarithm(p), logarithm(t))), overLast)
}

/** Mean over the last axis of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2. */
export function huberValues(yTrue: TensorLike, yPred: TensorLike, { delta = 1 }: HuberOptions = {}): Tensor {
  const [t, p] = alignPair('huber', yTrue, yPred)
  const error = ops.subtract(p, t)
  const size = ops.abs(error)
  const near = ops.multiply(0.5, ops.square(error))
  const far = ops.subtract(ops.multiply(delta, size), 0.5 * delta * delta)
  return ops.mean(ops.where(ops.lessEqual(size, delta), near, far), overLast)
}

/** Mean over the last axis of log(cosh(p - t)) = d + softplus(-2 d) - log 2. */
export function logCoshValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = alignPair('log_cosh', yTrue, yPred)
  const d = ops.subtract(p, t)
  return ops.mean(ops.subtract(ops.add(d, ops.softplus(ops.multiply(d, -2))), Math.LN2), overLast)
}

/** Mean of squared differences. */
export class MeanSquaredError extends Loss {
  static readonly className: string = 'MeanSquaredError'
  constructor(options: LossOptions = {}) {
    super({ name: 'mean_squared_error', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanSquaredErrorValues(yTrue, yPred)
  }
}

/** Mean of absolute differences. */
export class MeanAbsoluteError extends Loss {
  static readonly className: string = 'MeanAbsoluteError'
  constructor(options: LossOptions = {}) {
    super({ name: 'mean_absolute_error', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanAbsoluteErrorValues(yTrue, yPred)
  }
}

/** Mean of absolute differences in percent of the label. */
export class MeanAbsolutePercentageError extends Loss {
  static readonly className: string = 'MeanAbsolutePercentageError'
  constructor(options: LossOptions = {}) {
    super({ name: 'mean_absolute_percentage_error', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanAbsolutePercentageErrorValues(yTrue, yPred)
  }
}

/** Mean of squared differences of logarithms. */
export class MeanSquaredLogarithmicError extends Loss {
  static readonly className: string = 'MeanSquaredLogarithmicError'
  constructor(options: LossOptions = {}) {
    super({ name: 'mean_squared_logarithmic_error', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanSquaredLogarithmicErrorValues(yTrue, yPred)
  }
}

export interface HuberOptions extends LossOptions {
  /** Where the loss turns from quadratic to linear. Default 1. */
  delta?: number
}

/** Quadratic near zero, linear further out. */
export class Huber extends Loss {
  static readonly className: string = 'Huber'
  readonly delta: number
  constructor({ delta = 1, ...common }: HuberOptions = {}) {
    super({ name: 'huber_loss', ...common })
    this.delta = delta
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return huberValues(yTrue, yPred, this)
  }
  /** With `delta`, which Keras 3.15's own get_config leaves out (it is accepted by its constructor). */
  override getConfig(): Config {
    return { ...super.getConfig(), delta: this.delta }
  }
}

/** Logarithm of the hyperbolic cosine of the difference. */
export class LogCosh extends Loss {
  static readonly className: string = 'LogCosh'
  constructor(options: LossOptions = {}) {
    super({ name: 'log_cosh', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return logCoshValues(yTrue, yPred)
  }
}
