// From per-sample losses to what a loss returns: sample weights, mask and reduction (keras-semantics 3.1).
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { broadcastShapes, showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignRanks } from './align.ts'
import { weightsOf } from './inputs.ts'

export const reductions = ['sum_over_batch_size', 'sum', 'mean', 'mean_with_sample_weight', 'none'] as const
/**
 * `sum_over_batch_size` and `mean`: the weighted sum by the number of entries (not by the sum of the weights);
 * `mean_with_sample_weight`: by the sum of the weights; `none`: no reduction.
 */
export type Reduction = (typeof reductions)[number]

/** @throws ArgumentError for an unknown reduction. */
export function checkReduction(where: string, reduction: Reduction | null): Reduction | null {
  if (reduction === null || reductions.includes(reduction)) return reduction
  throw new ArgumentError(
    problem({ where, expected: `a reduction among ${reductions.join(', ')} or null`, received: reduction }),
  )
}

/** a / b, and 0 where b is 0. */
export function divideNoNan(a: Tensor, b: Tensor): Tensor {
  const empty = ops.equal(b, 0)
  return ops.where(empty, 0, ops.divide(a, ops.where(empty, 1, b)))
}

/**
 * Weights from a mask (true = counts), merged with the sample weights. For means, valid entries weigh total / valid, so that
 * dividing by the number of all entries gives the mean of the valid ones.
 */
export function applyMask(
  sampleWeight: Tensor | null,
  mask: Tensor | null,
  reduction: Reduction | null,
): Tensor | null {
  if (mask === null) return sampleWeight
  let weights = ops.cast(mask, 'float32')
  if (reduction === 'mean' || reduction === 'sum_over_batch_size') {
    const total = ops.tensor(mask.size, { dtype: 'float32' })
    weights = ops.multiply(weights, divideNoNan(total, ops.sum(weights)))
  }
  if (sampleWeight === null) return weights
  const [alignedMask, alignedWeight] = alignRanks(weights, sampleWeight)
  return ops.multiply(alignedMask, alignedWeight)
}

export interface ReduceOptions {
  where: string
  reduction: Reduction | null
  sampleWeight?: TensorLike | null
  mask?: Tensor | null
}

/** Weighs and reduces per-sample values. @throws ShapeError for weights that do not broadcast with the values. */
export function reduceWeighted(values: Tensor, { where, reduction, sampleWeight, mask }: ReduceOptions): Tensor {
  const given = weightsOf(where, sampleWeight)
  let weights = applyMask(given, mask ?? null, reduction)
  let weighted = values
  if (weights !== null) {
    ;[weighted, weights] = alignRanks(values, weights)
    if (broadcastShapes(weighted.shape, weights.shape) === null) {
      throw new ShapeError(
        problem({
          where,
          expected: `sample weights that fit the losses ${showShape(values.shape)}`,
          received: showShape(weights.shape),
          hint: 'One weight a sample beside several values a sample needs shape [batch, 1]',
        }),
      )
    }
    weighted = ops.multiply(weighted, weights)
  }
  if (reduction === null || reduction === 'none' || weighted.rank === 0) return weighted
  const sum = ops.sum(weighted)
  if (reduction === 'sum' || weighted.size === 0) return sum
  if (reduction === 'mean_with_sample_weight' && weights !== null) return divideNoNan(sum, ops.sum(weights))
  return ops.divide(sum, weighted.size)
}
