// Attention (Luong's dot product) and AdditiveAttention (Bahdanau's), both in one head and without projections.
import { isShape, type LayerShape, type Nested, type SymbolicShape } from './nested.ts'
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { type AttentionMasks, combinedMask, maskedSoftmax, queryValueKey } from './attention-core.ts'
import { choiceOption, integerOption, knownDim, numberOption } from './checks.ts'
import { type Config, omit } from './config.ts'
import { dropped } from './dropout.ts'
import { type CallKwargs, Layer, type LayerOptions, toFloat } from './layer.ts'
import { isSpec, TensorSpec } from './output-spec.ts'
import { isTensor } from './symbolic.ts'

export interface AdditiveAttentionOptions extends LayerOptions {
  /** A learned factor of the scores; default true. */
  readonly useScale?: boolean
  /** Dropout of the attention weights; default 0. */
  readonly dropout?: number
  readonly seed?: number | null
}

export interface AttentionOptions extends Omit<AdditiveAttentionOptions, 'useScale'> {
  /** A learned factor of the scores; default false. */
  readonly useScale?: boolean
  /** `dot` (default): the product of query and key; `concat`: the sum of tanh(query + key), times a learned factor. */
  readonly scoreMode?: 'dot' | 'concat'
}

type CallArguments = Pick<AttentionMasks, 'queryMask' | 'valueMask' | 'useCausalMask'> & {
  readonly training: boolean
  readonly returnAttentionScores?: boolean
}

/**
 * Applied to [query, value] or [query, value, key] of shapes [N, T, C], [N, S, D] and [N, S, C]; gives [N, T, D]. Keyword
 * arguments: `queryMask` [N, T], `valueMask` [N, S] (bool, true = counts), `useCausalMask`, `returnAttentionScores`.
 */
export class Attention extends Layer {
  static override readonly className: string = 'Attention'
  readonly useScale: boolean
  readonly scoreMode: 'dot' | 'concat'
  readonly dropout: number
  readonly seed: number | null
  readonly seedGenerator: ops.SeedGenerator | null
  scale: Variable | null = null
  concatScoreWeight: Variable | null = null

  constructor(options: AttentionOptions = {}) {
    super(options)
    this.useScale = options.useScale ?? false
    this.scoreMode = choiceOption(this.where, 'scoreMode', options.scoreMode ?? 'dot', ['dot', 'concat'])
    this.dropout = numberOption(this.where, 'dropout', options.dropout ?? 0, 0, 1)
    const { seed = null } = options
    this.seed = seed === null ? null : integerOption(this.where, 'seed', seed, -Infinity)
    this.seedGenerator = this.dropout === 0 ? null : new ops.SeedGenerator(this.seed ?? undefined)
  }

  override build(inputShape: LayerShape): void {
    queryValueKey<SymbolicShape>(this.where, inputShape, isShape)
    if (this.useScale) this.scale = this.addWeight({ name: 'scale', shape: [], initializer: 'ones' })
    if (this.scoreMode === 'concat')
      this.concatScoreWeight = this.addWeight({ name: 'concat_score_weight', shape: [], initializer: 'ones' })
  }

  /** [N, T, S] */
  protected scores(query: Tensor, key: Tensor): Tensor {
    if (this.scoreMode === 'dot') {
      const product = ops.matmul(query, key, { transposeB: true })
      return this.scale === null ? product : ops.multiply(product, this.scale)
    }
    const both = sums(query, key)
    const activated = ops.tanh(this.scale === null ? both : ops.multiply(both, this.scale))
    return ops.multiply(ops.sum(activated, { axis: -1 }), this.concatScoreWeight!)
  }

  override call(inputs: readonly Tensor[], options: CallArguments): Tensor | [Tensor, Tensor] {
    const three = queryValueKey<Tensor>(this.where, inputs, isTensor)
    const [query, value, key] = three.map(toFloat) as [Tensor, Tensor, Tensor]
    const scores = this.scores(query, key)
    const { valueMask = null, useCausalMask = false } = options
    const mask = combinedMask({ valueMask, useCausalMask }, scores.shape.at(-2)!, scores.shape.at(-1)!)
    const weights = maskedSoftmax(scores, mask, false)
    const kept =
      options.training && this.seedGenerator !== null ? dropped(weights, this.dropout, this.seedGenerator) : weights
    let output = ops.matmul(kept, value)
    if (options.queryMask) output = ops.where(ops.expandDims(ops.cast(options.queryMask, 'bool'), -1), output, 0)
    return options.returnAttentionScores === true ? [output, weights] : output
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    const [query, value] = queryValueKey<SymbolicShape>(this.where, inputShape, isShape)
    return [...query.slice(0, -1), value.at(-1)!]
  }

  override computeOutputSpec(inputs: Nested<TensorSpec>, kwargs: CallKwargs = {}): Nested<TensorSpec> {
    const output = super.computeOutputSpec(inputs, kwargs)
    if (kwargs.returnAttentionScores !== true) return output
    const [query, , key] = queryValueKey<TensorSpec>(this.where, inputs, isSpec)
    return [output, new TensorSpec([...query.shape.slice(0, -1), key.shape.at(-2)!], 'float32')]
  }

  override getConfig(): Config {
    const { useScale: use_scale, scoreMode: score_mode, dropout, seed } = this
    return { ...super.getConfig(), use_scale, score_mode, dropout, seed }
  }
}

/** As Attention, with the scores `sum(scale * tanh(query + key))`; query, value and key have one width. */
export class AdditiveAttention extends Attention {
  static override readonly className: string = 'AdditiveAttention'

  constructor(options: AdditiveAttentionOptions = {}) {
    super({ ...options, useScale: options.useScale ?? true })
  }

  override build(inputShape: LayerShape): void {
    const [query] = queryValueKey<SymbolicShape>(this.where, inputShape, isShape)
    if (!this.useScale) return
    const shape = [knownDim(this.where, query, -1)]
    this.scale = this.addWeight({ name: 'scale', shape, initializer: 'glorot_uniform' })
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const activated = ops.tanh(sums(query, key))
    return ops.sum(this.scale === null ? activated : ops.multiply(activated, this.scale), { axis: -1 })
  }

  override getConfig(): Config {
    return omit(super.getConfig(), 'score_mode')
  }

  static override fromConfig(config: Config): Layer {
    if (config.score_mode !== undefined && config.score_mode !== 'dot')
      throw new ArgumentError(
        problem({ where: this.className, expected: 'no `scoreMode`', received: config.score_mode }),
      )
    return super.fromConfig.call(this, config)
  }
}

/** query + key for every pair of positions: [N, T, S, C]. */
function sums(query: Tensor, key: Tensor): Tensor {
  return ops.add(ops.expandDims(query, -2), ops.expandDims(key, -3))
}
