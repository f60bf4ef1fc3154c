// The moving moments of gradients that Adam and its relatives keep.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'

/**
 * moment + (value - moment) share: Keras's way of writing the moving average, and its rounding. The share of the new value is
 * 1 - beta, for some optimizers as float32 gives it (see `float32Complement`).
 */
export function movedMoment(moment: Tensor, value: Tensor, beta: number, share = 1 - beta): Tensor {
  return ops.add(moment, ops.multiply(ops.subtract(value, moment), share))
}

/** 1 - value where `value` has been rounded to float32 before: for 0.999 that is off by 5e-5 of itself, which shows. */
export function float32Complement(value: number): number {
  return Math.fround(1 - Math.fround(value))
}

/** 1 - beta^step: what moments that started at zero are too small by. */
export function biasCorrection(beta: number, step: Tensor): Tensor {
  return ops.subtract(1, ops.power(beta, step))
}

/** rate sqrt(1 - beta2^step) / (1 - beta1^step): Adam's rate with both corrections, one scalar for all variables. */
export function correctedRate(rate: Tensor, step: Tensor, beta1: number, beta2: number): Tensor {
  return ops.divide(ops.multiply(rate, ops.sqrt(biasCorrection(beta2, step))), biasCorrection(beta1, step))
}
