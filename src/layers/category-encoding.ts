// CategoryEncoding: indices become one-hot, multi-hot or count vectors.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { choiceOption, integerOption } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions } from './layer.ts'
import type { SymbolicShape } from './nested.ts'

const modes = ['multi_hot', 'one_hot', 'count'] as const

export interface CategoryEncodingOptions extends LayerOptions {
  /** Indices are in [0, numTokens). */
  readonly numTokens: number
  /** `multi_hot` (default): 1 for each index in the last axis; `count`: how often; `one_hot`: a vector for each index. */
  readonly outputMode?: (typeof modes)[number]
}

/** Integer input; the last axis holds the indices of one example (for `one_hot` it may be missing). Output float32. */
export class CategoryEncoding extends Layer {
  static override readonly className: string = 'CategoryEncoding'
  readonly numTokens: number
  readonly outputMode: (typeof modes)[number]

  constructor(options: CategoryEncodingOptions) {
    super(options)
    this.numTokens = integerOption(this.where, 'numTokens', options.numTokens)
    this.outputMode = choiceOption(this.where, 'outputMode', options.outputMode ?? 'multi_hot', modes)
  }

  override call(
    inputs: Tensor,
    options: { readonly training: boolean; readonly countWeights?: Tensor | null },
  ): Tensor {
    const { countWeights = null } = options
    if (countWeights !== null && this.outputMode !== 'count')
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`countWeights` only with outputMode "count"',
          received: this.outputMode,
        }),
      )
    const single = this.outputMode === 'one_hot' && inputs.rank > 1 && inputs.shape.at(-1) === 1
    const indices = ops.cast(single ? ops.squeeze(inputs, -1) : inputs, 'int32')
    let vectors = ops.oneHot(indices, this.numTokens, 'float32')
    if (this.outputMode === 'one_hot' || inputs.rank === 0) return vectors
    if (countWeights !== null) vectors = ops.multiply(vectors, ops.expandDims(ops.cast(countWeights, 'float32'), -1))
    return this.outputMode === 'count' ? ops.sum(vectors, { axis: -2 }) : ops.max(vectors, { axis: -2 })
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    if (inputShape.length === 0) return [this.numTokens]
    const single = inputShape.length > 1 && inputShape.at(-1) === 1
    if (this.outputMode === 'one_hot' && !single) return [...inputShape, this.numTokens]
    return [...inputShape.slice(0, -1), this.numTokens]
  }
  override get recordsBuild(): boolean {
    return true
  }
  override getConfig(): Config {
    return { ...super.getConfig(), num_tokens: this.numTokens, output_mode: this.outputMode }
  }
}
