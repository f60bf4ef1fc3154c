// MultiHeadAttention (Vaswani et al. 2017): softmax(Q K^T / sqrt(keyDim)) V in several heads.
import { ArgumentError, problem } from '../errors.ts'
import { type InitializerLike, getInitializer, serialize } from '../initializers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { integerOption, numberOption, requireRank } from './checks.ts'
import type { Config } from './config.ts'
import { Dropout } from './dropout.ts'
import { EinsumDense } from './einsum-dense.ts'
import { type CallKwargs, Layer, type LayerOptions } from './layer.ts'
import { isShape, type LayerShape, type Nested, type SymbolicShape } from './nested.ts'
import { isSpec, TensorSpec } from './output-spec.ts'
import { isTensor } from './symbolic.ts'

export interface MultiHeadAttentionOptions extends LayerOptions {
  readonly numHeads: number
  /** Size of a head's queries and keys. */
  readonly keyDim: number
  /** Size of a head's values; default `keyDim`. */
  readonly valueDim?: number | null
  /** Dropout of the attention weights; default 0. */
  readonly dropout?: number
  /** Default true. */
  readonly useBias?: boolean
  /** Size of the output's last axis; default that of the query. */
  readonly outputShape?: number | null
  /** Default `glorot_uniform`. */
  readonly kernelInitializer?: InitializerLike | null
  /** Default zeros. */
  readonly biasInitializer?: InitializerLike | null
  readonly seed?: number | null
}

/**
 * Applied to one tensor [N, T, C] (attending to itself) or a list [query, value] or [query, value, key].
 * Keyword arguments: `attentionMask` (bool [N, T, S], true = may attend), `useCausalMask`, `returnAttentionScores`.
 */
export class MultiHeadAttention extends Layer {
  static override readonly className: string = 'MultiHeadAttention'
  readonly numHeads: number
  readonly keyDim: number
  readonly valueDim: number
  readonly dropout: number
  readonly useBias: boolean
  readonly outputSize: number | null
  queryDense: EinsumDense | null = null
  keyDense: EinsumDense | null = null
  valueDense: EinsumDense | null = null
  outputDense: EinsumDense | null = null
  dropoutLayer: Dropout | null = null
  readonly #options: MultiHeadAttentionOptions

  constructor(options: MultiHeadAttentionOptions) {
    super(options)
    this.#options = options
    this.numHeads = integerOption(this.where, 'numHeads', options.numHeads)
    this.keyDim = integerOption(this.where, 'keyDim', options.keyDim)
    this.valueDim = integerOption(this.where, 'valueDim', options.valueDim ?? options.keyDim)
    this.dropout = numberOption(this.where, 'dropout', options.dropout ?? 0, 0, 1)
    this.useBias = options.useBias ?? true
    const { outputShape = null } = options
    const size: unknown = Array.isArray(outputShape) && outputShape.length === 1 ? outputShape[0] : outputShape
    this.outputSize = size === null ? null : integerOption(this.where, 'outputShape', size)
  }

  /** Query, value and key of whatever was given. */
  #three<T>(inputs: T | readonly T[], isOne: (value: unknown) => value is T): readonly [T, T, T] {
    if (isOne(inputs)) return [inputs, inputs, inputs]
    const list = inputs
    if (!Array.isArray(inputs) || list.length < 1 || list.length > 3 || !list.every(isOne))
      throw new ArgumentError(
        problem({ where: this.where, expected: 'a tensor, [query, value] or [query, value, key]', received: inputs }),
      )
    const value = list[1] ?? list[0]!
    return [list[0]!, value, list[2] ?? value]
  }

  override build(inputShape: LayerShape): void {
    const [query, value, key] = this.#three<SymbolicShape>(inputShape as SymbolicShape, isShape)
    for (const shape of [query, value, key]) requireRank(this.where, shape, 3)
    const { kernelInitializer, biasInitializer } = this.#options
    const dense = (
      name: string,
      equation: string,
      outputShape: readonly (number | null)[],
      biasAxes: string,
    ): EinsumDense =>
      new EinsumDense({
        name,
        equation,
        outputShape,
        biasAxes: this.useBias ? biasAxes : null,
        kernelInitializer: kernelInitializer ?? null,
        biasInitializer: biasInitializer ?? null,
      })
    const head = (size: number) => [null, this.numHeads, size]
    this.queryDense = dense('query', 'abc,cde->abde', head(this.keyDim), 'de')
    this.keyDense = dense('key', 'abc,cde->abde', head(this.keyDim), 'de')
    this.valueDense = dense('value', 'abc,cde->abde', head(this.valueDim), 'de')
    const size = this.outputSize ?? query.at(-1) ?? null
    this.outputDense = dense('attention_output', 'abcd,cde->abe', [null, size], 'e')
    this.queryDense.build(query)
    this.keyDense.build(key)
    this.valueDense.build(value)
    this.outputDense.build([null, null, this.numHeads, this.valueDim])
    this.dropoutLayer = new Dropout({ name: 'dropout', rate: this.dropout, seed: this.#options.seed ?? null })
  }

  override call(
    inputs: Tensor | readonly Tensor[],
    options: {
      readonly training: boolean
      readonly attentionMask?: Tensor | null
      readonly useCausalMask?: boolean
      readonly returnAttentionScores?: boolean
    },
  ): Tensor | [Tensor, Tensor] {
    const [query, value, key] = this.#three(inputs, isTensor)
    // Heads before positions: [N, H, T, K].
    const heads = (x: Tensor) => ops.transpose(x, [0, 2, 1, 3])
    const q = ops.multiply(heads(this.queryDense!.apply(query)), 1 / Math.sqrt(this.keyDim))
    const k = heads(this.keyDense!.apply(key))
    const v = heads(this.valueDense!.apply(value))
    let logits = ops.matmul(q, k, { transposeB: true })
    const [queries, keys] = [query.shape[1]!, key.shape[1]!]
    if (options.useCausalMask === true) logits = ops.add(logits, causalBias(queries, keys))
    if (options.attentionMask !== undefined && options.attentionMask !== null) {
      const dropped = ops.subtract(1, ops.cast(options.attentionMask, 'float32'))
      const bias = ops.multiply(dropped, -1e9)
      logits = ops.add(logits, bias.rank === 3 ? ops.expandDims(bias, 1) : bias)
    }
    const scores = ops.softmax(logits, { axis: -1 })
    const attended = ops.matmul(this.dropoutLayer!.apply(scores), v)
    const output = this.outputDense!.apply(ops.transpose(attended, [0, 2, 1, 3]))
    return options.returnAttentionScores === true ? [output, scores] : output
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    const [query] = this.#three<SymbolicShape>(inputShape as SymbolicShape, isShape)
    return [query[0]!, query[1]!, this.outputSize ?? query[2]!]
  }

  override computeOutputSpec(inputs: Nested<TensorSpec>, kwargs: CallKwargs = {}): Nested<TensorSpec> {
    const output = super.computeOutputSpec(inputs, kwargs)
    if (kwargs.returnAttentionScores !== true) return output
    const [query, , key] = this.#three(inputs as TensorSpec, isSpec)
    return [output, new TensorSpec([query.shape[0]!, this.numHeads, query.shape[1]!, key.shape[1]!], 'float32')]
  }

  override getConfig(): Config {
    const { kernelInitializer, biasInitializer, seed } = this.#options
    return {
      ...super.getConfig(),
      num_heads: this.numHeads,
      key_dim: this.keyDim,
      value_dim: this.valueDim,
      dropout: this.dropout,
      use_bias: this.useBias,
      output_shape: this.outputSize === null ? null : [this.outputSize],
      attention_axes: null,
      kernel_initializer: serialize(getInitializer(kernelInitializer ?? 'glorot_uniform')),
      bias_initializer: serialize(getInitializer(biasInitializer ?? 'zeros')),
      seed: seed ?? null,
    }
  }
}

/** 0 where a position may look (itself and before), -1e9 elsewhere: [queries, keys]. */
function causalBias(queries: number, keys: number): Tensor {
  const bias = new Float32Array(queries * keys)
  for (let i = 0; i < queries; i++) bias.fill(-1e9, i * keys + Math.min(keys, i + 1), (i + 1) * keys)
  return ops.tensor(bias, { shape: [queries, keys] })
}
