// MultiHeadAttention (Vaswani et al. 2017): softmax(Q K^T / sqrt(keyDim)) V in several heads.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { sizeOf } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { type AttentionMasks, combinedMask, maskedSoftmax, queryValueKey } from './attention-core.ts'
import { integerOption, numberOption, requireRank, resolveAxis } from './checks.ts'
import { type Config, omit } from './config.ts'
import { Dropout } from './dropout.ts'
import type { EinsumDense } from './einsum-dense.ts'
import { type ProjectionOptions, Projections } from './head-projections.ts'
import { type CallKwargs, Layer } from './layer.ts'
import { isShape, type LayerShape, type Nested, type SymbolicShape } from './nested.ts'
import { isSpec, TensorSpec } from './output-spec.ts'
import { isTensor } from './symbolic.ts'

export interface MultiHeadAttentionOptions extends ProjectionOptions {
  readonly numHeads: number
  /** Size of a head's queries and keys. */
  readonly keyDim: number
  /** Size of a head's values; default `keyDim`. */
  readonly valueDim?: number | null
  /** Dropout of the attention weights; default 0. */
  readonly dropout?: number
  /** What the output's last axis becomes; default the size of the query's. */
  readonly outputShape?: number | readonly number[] | null
  /** The axes over which is attended, without the batch and the features; default all between them. */
  readonly attentionAxes?: number | readonly number[] | null
  /** A position sees those less than this far away; default all. */
  readonly slidingWindow?: number | null
  /** Multiply what is attended by a learned gate (sigmoid of a projection of the query); default false. */
  readonly useGate?: boolean
  readonly seed?: number | null
}

/** Keyword arguments of a call. */
export type MultiHeadAttentionCall = AttentionMasks & {
  readonly training: boolean
  readonly returnAttentionScores?: boolean
}

/**
 * Applied to one tensor [N, T, C] (attending to itself) or a list [query, value] or [query, value, key]; there may be several
 * position axes. Keyword arguments: `attentionMask` (bool [N, T, S], true = may attend), `queryMask`, `valueMask`, `keyMask`,
 * `useCausalMask`, `returnAttentionScores`.
 */
export class MultiHeadAttention extends Layer {
  static override readonly className: string = 'MultiHeadAttention'
  readonly numHeads: number
  readonly keyDim: number
  readonly valueDim: number
  readonly dropout: number
  readonly useBias: boolean
  readonly useGate: boolean
  readonly slidingWindow: number | null
  readonly outputSize: readonly number[] | null
  /** Resolved when the layer is built. */
  attentionAxes: readonly number[] | null
  queryDense: EinsumDense | null = null
  keyDense: EinsumDense | null = null
  gateDense: EinsumDense | null = null
  valueDense: EinsumDense | null = null
  outputDense: EinsumDense | null = null
  dropoutLayer: Dropout | null = null
  readonly #projections: Projections
  readonly #seed: number | null

  constructor(options: MultiHeadAttentionOptions) {
    // The projections have the activity regularizer, the layer has none.
    super({ ...options, activityRegularizer: null })
    this.#projections = new Projections(options)
    this.#seed = options.seed ?? null
    this.numHeads = integerOption(this.where, 'numHeads', options.numHeads)
    this.keyDim = integerOption(this.where, 'keyDim', options.keyDim)
    this.valueDim = integerOption(this.where, 'valueDim', options.valueDim ?? options.keyDim)
    this.dropout = numberOption(this.where, 'dropout', options.dropout ?? 0, 0, 1)
    this.useBias = options.useBias ?? true
    this.useGate = options.useGate ?? false
    const { slidingWindow = null, outputShape = null, attentionAxes = null } = options
    this.slidingWindow = slidingWindow === null ? null : integerOption(this.where, 'slidingWindow', slidingWindow)
    const list = (value: number | readonly number[]) => (typeof value === 'number' ? [value] : [...value])
    this.outputSize =
      outputShape === null ? null : list(outputShape).map((size) => integerOption(this.where, 'outputShape', size))
    this.attentionAxes =
      attentionAxes === null
        ? null
        : list(attentionAxes).map((axis) => integerOption(this.where, 'attentionAxes', axis, -Infinity))
  }

  override build(inputShape: LayerShape): void {
    const [query, value, key] = queryValueKey<SymbolicShape>(this.where, inputShape, isShape, true)
    if (query.length < 3) requireRank(this.where, query, 3)
    if (value.length !== query.length || key.length !== query.length)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: 'query, value and key of one rank',
          received: [query, value, key],
        }),
      )
    const rank = query.length
    const axes = this.attentionAxes ?? Array.from({ length: rank - 2 }, (_, i) => i + 1)
    this.attentionAxes = axes.map((axis) => resolveAxis(this.where, axis, rank))
    if (this.attentionAxes.some((axis) => axis === 0 || axis === rank - 1))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`attentionAxes` between the batch and the features',
          received: this.attentionAxes,
        }),
      )
    const heads = (name: string, size: number, activation?: 'sigmoid') => {
      const { equation, biasAxes } = projection(rank - 1, 1, 2)
      const outputShape = [...new Array<null>(rank - 2).fill(null), this.numHeads, size]
      return this.#projections.make({ name, equation, biasAxes, outputShape, activation: activation ?? null })
    }
    this.queryDense = heads('query', this.keyDim)
    this.keyDense = heads('key', this.keyDim)
    if (this.useGate) this.gateDense = heads('gate', this.valueDim, 'sigmoid')
    this.valueDense = heads('value', this.valueDim)
    const size = this.outputSize ?? [query.at(-1) ?? null]
    const { equation, biasAxes } = projection(rank - 1, 2, size.length)
    const outputShape = [...new Array<null>(rank - 2).fill(null), ...size]
    this.outputDense = this.#projections.make({ name: 'attention_output', equation, biasAxes, outputShape })
    this.queryDense.build(query)
    this.keyDense.build(key)
    this.gateDense?.build(query)
    this.valueDense.build(value)
    this.outputDense.build([...query.slice(0, -1), this.numHeads, this.valueDim])
    // Keras makes two layers of automatic names here, which those of later layers count.
    for (const inner of ['softmax', 'dropout']) ops.autoName(inner)
    this.dropoutLayer = new Dropout({ name: 'dropout', rate: this.dropout, seed: this.#seed })
  }

  override call(inputs: Tensor | readonly Tensor[], options: MultiHeadAttentionCall): Tensor | [Tensor, Tensor] {
    const [query, value, key] = queryValueKey<Tensor>(this.where, inputs, isTensor, true)
    const axes = this.attentionAxes!
    // [N, ...other positions, heads, attended positions in one, size]
    const others = Array.from({ length: query.rank - 2 }, (_, i) => i + 1).filter((axis) => !axes.includes(axis))
    const headAxis = query.rank - 1
    const order = [0, ...others, headAxis, ...axes, headAxis + 1]
    const sizes = (x: Tensor, of: readonly number[]) => of.map((axis) => x.shape[axis]!)
    const laid = (x: Tensor): Tensor =>
      ops.reshape(ops.transpose(x, order), [
        ...sizes(x, [0, ...others, headAxis]),
        sizeOf(sizes(x, axes)),
        x.shape.at(-1)!,
      ])
    const projected = this.queryDense!.apply(query)
    const q = ops.multiply(laid(projected), 1 / Math.sqrt(this.keyDim))
    const k = laid(this.keyDense!.apply(key))
    const v = laid(this.valueDense!.apply(value))
    const scores = options.returnAttentionScores === true
    const mask = this.#mask(options, query, key)
    const logits = ops.matmul(q, k, { transposeB: true })
    const weights = maskedSoftmax(logits, mask, this.dropout > 0 || scores || query.rank !== 3)
    const attended = ops.matmul(this.dropoutLayer!.apply(weights), v)
    const back = order.map((_, i) => order.indexOf(i))
    const shape = [...sizes(projected, order.slice(0, -1)), this.valueDim]
    let positions = ops.transpose(ops.reshape(attended, shape), back)
    if (this.gateDense !== null) positions = ops.multiply(positions, this.gateDense.apply(query))
    const output = this.outputDense!.apply(positions)
    if (!scores) return output
    const scoreShape = [...weights.shape.slice(0, -2), ...sizes(query, axes), ...sizes(key, axes)]
    return [output, ops.reshape(weights, scoreShape)]
  }

  /** The mask that broadcasts to the scores, positions in one axis each; null for none. */
  #mask(masks: AttentionMasks, query: Tensor, key: Tensor): Tensor | null {
    const axes = this.attentionAxes!
    if (axes.length === 1) {
      const [axis] = axes as readonly [number]
      const mask = combinedMask(masks, query.shape[axis]!, key.shape[axis]!, this.slidingWindow)
      if (mask === null) return null
      // [N, T, S] -> [N, 1, …, T, S]: dims for whatever else has positions, and for the heads.
      let spread = mask
      while (spread.rank < query.rank + 1) spread = ops.expandDims(spread, -3)
      return spread
    }
    const { attentionMask = null, queryMask, valueMask, keyMask, useCausalMask } = masks
    if ([queryMask, valueMask, keyMask].some((mask) => mask) || useCausalMask === true || this.slidingWindow !== null)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'an `attentionMask` as the only mask where several axes are attended over',
          received: `attentionAxes [${axes.join(', ')}]`,
        }),
      )
    if (attentionMask === null) return null
    const queries = axes.map((axis) => query.shape[axis]!)
    const keys = axes.map((axis) => key.shape[axis]!)
    const lead = attentionMask.shape.slice(0, attentionMask.rank - 2 * axes.length)
    const full = ops.broadcastTo(ops.cast(attentionMask, 'bool'), [...lead, ...queries, ...keys])
    let mask = ops.reshape(full, [...lead, sizeOf(queries), sizeOf(keys)])
    while (mask.rank < query.rank + 2 - axes.length) mask = ops.expandDims(mask, -3)
    return mask
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    const [query] = queryValueKey<SymbolicShape>(this.where, inputShape, isShape, true)
    return this.outputSize === null ? query : [...query.slice(0, -1), ...this.outputSize]
  }

  override computeOutputSpec(inputs: Nested<TensorSpec>, kwargs: CallKwargs = {}): Nested<TensorSpec> {
    const output = super.computeOutputSpec(inputs, kwargs)
    if (kwargs.returnAttentionScores !== true) return output
    const [query, , key] = queryValueKey<TensorSpec>(this.where, inputs, isSpec, true)
    const axes = this.attentionAxes!
    const others = [...query.shape.keys()].slice(1, -1).filter((axis) => !axes.includes(axis))
    const of = (spec: TensorSpec, which: readonly number[]) => which.map((axis) => spec.shape[axis]!)
    const shape = [query.shape[0]!, ...of(query, others), this.numHeads, ...of(query, axes), ...of(key, axes)]
    return [output, new TensorSpec(shape, 'float32')]
  }

  override getConfig(): Config {
    return {
      ...omit(super.getConfig(), 'activity_regularizer'),
      num_heads: this.numHeads,
      key_dim: this.keyDim,
      value_dim: this.valueDim,
      dropout: this.dropout,
      use_bias: this.useBias,
      use_gate: this.useGate,
      output_shape: this.outputSize === null ? null : [...this.outputSize],
      attention_axes: this.attentionAxes === null ? null : [...this.attentionAxes],
      sliding_window: this.slidingWindow,
      ...this.#projections.getConfig(),
      seed: this.#seed,
    }
  }
}

/** `abc,cde->abde` for three dims of which the last is projected to two: letters in order, those of the result with a bias. */
function projection(free: number, bound: number, results: number): { equation: string; biasAxes: string } {
  const letters = (from: number, count: number) => 'abcdefghijklmnopqrstuvwxyz'.slice(from, from + count)
  const [kept, gone, made] = [letters(0, free), letters(free, bound), letters(free + bound, results)]
  return { equation: `${kept}${gone},${gone}${made}->${kept}${made}`, biasAxes: made }
}
