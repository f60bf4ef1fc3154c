// What the attention layers share: masks of who may attend to whom, and softmax(Q K^T) V under them.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { isTensorLeaf, type LayerValue } from './symbolic.ts'

/** Keyword arguments of an attention layer's call, besides the training flag. Masks are bool or 0/1, true = may attend. */
export interface AttentionMasks {
  /** [N, T, S], or with a dim for the heads. */
  readonly attentionMask?: Tensor | null
  /** [N, T]: positions of the query that count. */
  readonly queryMask?: Tensor | null
  /** [N, S] */
  readonly valueMask?: Tensor | null
  /** [N, S] */
  readonly keyMask?: Tensor | null
  /** True: a position sees itself and what comes before. */
  readonly useCausalMask?: boolean
}

/** Query, value and key of [query, value] or [query, value, key] (or, where `alone` is allowed, of one value for all three). */
export function queryValueKey<T>(
  where: string,
  inputs: unknown,
  isOne: (value: unknown) => value is T,
  alone = false,
): readonly [T, T, T] {
  if (alone && isOne(inputs)) return [inputs, inputs, inputs]
  const list = Array.isArray(inputs) ? (inputs as unknown[]) : []
  if (list.length < (alone ? 1 : 2) || list.length > 3 || !list.every(isOne)) {
    const received = list.some(isTensorLeaf)
      ? list.map((item) => (isTensorLeaf(item) ? (item as LayerValue).shape : item))
      : inputs
    throw new ArgumentError(
      problem({
        where,
        expected: `${alone ? 'a tensor, ' : ''}[query, value] or [query, value, key]`,
        received: isTensorLeaf(received) ? `one tensor of shape (${received.shape.join(', ')})` : received,
      }),
    )
  }
  const [query, value = list[0] as T, key = value] = list as T[]
  return [query!, value, key]
}

/** All masks as one of shape [N or 1, T or 1, S or 1] (or as `attentionMask` has it); null without any. */
export function combinedMask(
  masks: AttentionMasks,
  queries: number,
  keys: number,
  slidingWindow: number | null = null,
): Tensor | null {
  const bool = (mask: Tensor): Tensor => ops.cast(mask, 'bool')
  const all: Tensor[] = []
  if (masks.queryMask) all.push(ops.expandDims(bool(masks.queryMask), -1))
  if (masks.valueMask) all.push(ops.expandDims(bool(masks.valueMask), -2))
  if (masks.keyMask) all.push(ops.expandDims(bool(masks.keyMask), -2))
  if (masks.useCausalMask === true) all.push(positionMask(queries, keys, (q, k) => k <= q))
  if (slidingWindow !== null) all.push(positionMask(queries, keys, (q, k) => Math.abs(q - k) < slidingWindow))
  if (masks.attentionMask) {
    const given = bool(masks.attentionMask)
    // The others know no heads.
    const rest = all.map((mask) => (given.rank === 4 ? ops.expandDims(mask, 1) : mask))
    return [given, ...rest].reduce((a, b) => ops.logicalAnd(a, b))
  }
  return all.length === 0 ? null : all.reduce((a, b) => ops.logicalAnd(a, b))
}

/** [1, queries, keys]: where `allowed`. */
function positionMask(queries: number, keys: number, allowed: (q: number, k: number) => boolean): Tensor {
  const bits = new Uint8Array(queries * keys)
  for (let q = 0; q < queries; q++) for (let k = 0; k < keys; k++) bits[q * keys + k] = allowed(q, k) ? 1 : 0
  return ops.tensor(bits, { shape: [1, queries, keys], dtype: 'bool' })
}

/**
 * Softmax over the last axis of what the mask leaves. Where it leaves nothing, all get the same weight, or none with `zero`.
 */
export function maskedSoftmax(
  logits: Tensor,
  mask: Tensor | null,
  zero: boolean,
  axis: number | readonly number[] = -1,
): Tensor {
  if (mask === null) return ops.softmax(logits, { axis })
  const weights = ops.softmax(ops.where(mask, logits, -1e9), { axis })
  return zero ? ops.where(mask, weights, 0) : weights
}
