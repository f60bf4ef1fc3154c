// GroupQueryAttention (Ainslie et al. 2023): several heads of queries share one head of keys and values.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { combinedMask, maskedSoftmax, queryValueKey } from './attention-core.ts'
import { integerOption, numberOption, requireRank } from './checks.ts'
import type { Config } from './config.ts'
import { Dropout } from './dropout.ts'
import type { EinsumDense } from './einsum-dense.ts'
import { type ProjectionOptions, Projections } from './head-projections.ts'
import { type CallKwargs, Layer } from './layer.ts'
import type { MultiHeadAttentionCall } from './multi-head-attention.ts'
import { isShape, type LayerShape, type Nested, type SymbolicShape } from './nested.ts'
import { isSpec, TensorSpec } from './output-spec.ts'
import { isTensor } from './symbolic.ts'

export interface GroupQueryAttentionOptions extends ProjectionOptions {
  /** Size of a head. */
  readonly headDim: number
  /** A multiple of `numKeyValueHeads`. */
  readonly numQueryHeads: number
  readonly numKeyValueHeads: number
  /** Dropout of the attention weights; default 0. */
  readonly dropout?: number
  /** A position sees those less than this far away; default all. */
  readonly slidingWindow?: number | null
  /** Multiply what is attended by a learned gate (sigmoid of a projection of the query); default false. */
  readonly useGate?: boolean
  readonly seed?: number | null
}

/** Applied like MultiHeadAttention, to inputs [N, T, C]; the keyword arguments are the same. */
export class GroupQueryAttention extends Layer {
  static override readonly className: string = 'GroupQueryAttention'
  readonly headDim: number
  readonly numQueryHeads: number
  readonly numKeyValueHeads: number
  readonly dropout: number
  readonly useBias: boolean
  readonly useGate: boolean
  readonly slidingWindow: number | null
  queryDense: EinsumDense | null = null
  keyDense: EinsumDense | null = null
  gateDense: EinsumDense | null = null
  valueDense: EinsumDense | null = null
  outputDense: EinsumDense | null = null
  dropoutLayer: Dropout | null = null
  readonly #projections: Projections
  readonly #seed: number | null

  constructor(options: GroupQueryAttentionOptions) {
    // Keras names it after the class that stands behind the public one.
    super({ ...options, name: options.name ?? ops.autoName('grouped_query_attention') })
    this.#projections = new Projections(options)
    this.#seed = options.seed ?? null
    this.headDim = integerOption(this.where, 'headDim', options.headDim)
    this.numQueryHeads = integerOption(this.where, 'numQueryHeads', options.numQueryHeads)
    this.numKeyValueHeads = integerOption(this.where, 'numKeyValueHeads', options.numKeyValueHeads)
    if (this.numQueryHeads % this.numKeyValueHeads !== 0)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`numQueryHeads` to be a multiple of `numKeyValueHeads`',
          received: { numQueryHeads: this.numQueryHeads, numKeyValueHeads: this.numKeyValueHeads },
        }),
      )
    this.dropout = numberOption(this.where, 'dropout', options.dropout ?? 0, 0, 1)
    this.useBias = options.useBias ?? true
    this.useGate = options.useGate ?? false
    const { slidingWindow = null } = options
    this.slidingWindow = slidingWindow === null ? null : integerOption(this.where, 'slidingWindow', slidingWindow)
  }

  override build(inputShape: LayerShape): void {
    const [query, value, key] = queryValueKey<SymbolicShape>(this.where, inputShape, isShape, true)
    for (const shape of [query, value, key]) requireRank(this.where, shape, 3)
    const heads = (name: string, count: number, activation: 'sigmoid' | null = null) =>
      this.#projections.make({
        name,
        equation: 'abc,cde->abde',
        biasAxes: 'de',
        outputShape: [null, count, this.headDim],
        activation,
      })
    this.queryDense = heads('query', this.numQueryHeads)
    this.keyDense = heads('key', this.numKeyValueHeads)
    if (this.useGate) this.gateDense = heads('gate', this.numQueryHeads, 'sigmoid')
    this.valueDense = heads('value', this.numKeyValueHeads)
    this.outputDense = this.#projections.make({
      name: 'attention_output',
      equation: 'abcd,cde->abe',
      biasAxes: 'e',
      outputShape: [null, query.at(-1) ?? null],
    })
    this.queryDense.build(query)
    this.keyDense.build(key)
    this.gateDense?.build(query)
    this.valueDense.build(value)
    this.outputDense.build([null, null, this.numQueryHeads, this.headDim])
    // As in MultiHeadAttention.
    for (const inner of ['softmax', 'dropout']) ops.autoName(inner)
    this.dropoutLayer = new Dropout({ name: 'dropout', rate: this.dropout, seed: this.#seed })
  }

  override call(inputs: Tensor | readonly Tensor[], options: MultiHeadAttentionCall): Tensor | [Tensor, Tensor] {
    const [query, value, key] = queryValueKey<Tensor>(this.where, inputs, isTensor, true)
    const heads = (x: Tensor): Tensor => ops.transpose(x, [0, 2, 1, 3])
    const repeats = this.numQueryHeads / this.numKeyValueHeads
    const repeated = (x: Tensor): Tensor => heads(repeats === 1 ? x : ops.repeat(x, repeats, 2))
    const q = ops.multiply(heads(this.queryDense!.apply(query)), 1 / Math.sqrt(this.headDim))
    const k = repeated(this.keyDense!.apply(key))
    const v = repeated(this.valueDense!.apply(value))
    const scores = options.returnAttentionScores === true
    const mask = combinedMask(options, query.shape[1]!, key.shape[1]!, this.slidingWindow)
    const spread = mask !== null && mask.rank === 3 ? ops.expandDims(mask, 1) : mask
    const weights = maskedSoftmax(ops.matmul(q, k, { transposeB: true }), spread, this.dropout > 0 || scores)
    let attended = heads(ops.matmul(this.dropoutLayer!.apply(weights), v))
    if (this.gateDense !== null) attended = ops.multiply(attended, this.gateDense.apply(query))
    const output = this.outputDense!.apply(attended)
    return scores ? [output, weights] : output
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    return queryValueKey<SymbolicShape>(this.where, inputShape, isShape, true)[0]
  }

  override computeOutputSpec(inputs: Nested<TensorSpec>, kwargs: CallKwargs = {}): Nested<TensorSpec> {
    const output = super.computeOutputSpec(inputs, kwargs)
    if (kwargs.returnAttentionScores !== true) return output
    const [query, , key] = queryValueKey<TensorSpec>(this.where, inputs, isSpec, true)
    const shape = [query.shape[0]!, this.numQueryHeads, query.shape[1]!, key.shape[1]!]
    return [output, new TensorSpec(shape, 'float32')]
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      head_dim: this.headDim,
      num_query_heads: this.numQueryHeads,
      num_key_value_heads: this.numKeyValueHeads,
      use_bias: this.useBias,
      use_gate: this.useGate,
      sliding_window: this.slidingWindow,
      dropout: this.dropout,
      ...this.#projections.getConfig(),
      seed: this.#seed,
    }
  }
}
