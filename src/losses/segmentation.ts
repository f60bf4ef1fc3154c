// Losses of overlapping areas: Dice and Tversky.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignPair } from './align.ts'
import { epsilon } from './binary.ts'
import { Loss, type LossOptions } from './loss.ts'

type Axes = number | readonly number[] | null

export interface DiceOptions extends LossOptions {
  /** The axes of one area, e.g. [1, 2, 3] for one value a picture. Default null: all, the batch too. */
  axis?: Axes
}

export interface TverskyOptions extends DiceOptions {
  /** Weight of labelled area that was not predicted (Keras calls it false positives). Default 0.5. */
  alpha?: number
  /** Weight of predicted area that was not labelled. Default 0.5. */
  beta?: number
}

function sumOver(x: Tensor, axis: Axes): Tensor {
  if (axis === null) return ops.sum(x)
  return ops.sum(x, { axis: typeof axis === 'number' ? axis : [...axis] })
}

/** 1 - 2 sum(t p) / (sum t + sum p + 1e-7). */
export function diceValues(yTrue: TensorLike, yPred: TensorLike, { axis = null }: DiceOptions = {}): Tensor {
  const [t, p] = alignPair('dice', yTrue, yPred)
  const common = sumOver(ops.multiply(t, p), axis)
  const both = ops.add(ops.add(sumOver(t, axis), sumOver(p, axis)), epsilon)
  return ops.subtract(1, ops.divide(ops.multiply(2, common), both))
}

/** 1 - sum(t p) / (sum(t p) + alpha sum(t (1 - p)) + beta sum(p (1 - t)) + 1e-7). */
export function tverskyValues(yTrue: TensorLike, yPred: TensorLike, options: TverskyOptions = {}): Tensor {
  const { alpha = 0.5, beta = 0.5, axis = null } = options
  const [t, p] = alignPair('tversky', yTrue, yPred)
  const common = sumOver(ops.multiply(t, p), axis)
  const missed = sumOver(ops.multiply(ops.subtract(1, p), t), axis)
  const invented = sumOver(ops.multiply(p, ops.subtract(1, t)), axis)
  const weighted = ops.add(ops.multiply(missed, alpha), ops.multiply(invented, beta))
  return ops.subtract(1, ops.divide(common, ops.add(ops.add(common, weighted), epsilon)))
}

/** One minus the Dice coefficient of labelled and predicted area. */
export class Dice extends Loss {
  static readonly className: string = 'Dice'
  readonly axis: Axes
  constructor({ axis = null, ...common }: DiceOptions = {}) {
    super({ name: 'dice', ...common })
    this.axis = axis
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return diceValues(yTrue, yPred, this)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis }
  }
}

/** One minus the Tversky index (Salehi et al., 2017, arXiv:1706.05721): Dice with weights for the two kinds of errors. */
export class Tversky extends Loss {
  static readonly className: string = 'Tversky'
  readonly alpha: number
  readonly beta: number
  readonly axis: Axes
  constructor({ alpha = 0.5, beta = 0.5, axis = null, ...common }: TverskyOptions = {}) {
    super({ name: 'tversky', ...common })
    this.alpha = alpha
    this.beta = beta
    this.axis = axis
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return tverskyValues(yTrue, yPred, this)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), alpha: this.alpha, beta: this.beta, axis: this.axis }
  }
}
