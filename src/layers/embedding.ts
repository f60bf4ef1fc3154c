// Embedding: integers become learned vectors.
import type { ConstraintLike } from '../constraints/index.ts'
import { ArgumentError, problem } from '../errors.ts'
import type { InitializerLike } from '../initializers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import type { RegularizerLike } from '../regularizers/index.ts'
import { integerOption } from './checks.ts'
import { type Config, omit } from './config.ts'
import { Layer, type LayerOptions } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

export interface EmbeddingOptions extends LayerOptions {
  /** Number of different integers: inputs are in [0, inputDim). */
  readonly inputDim: number
  /** Length of the vectors. */
  readonly outputDim: number
  /** Default `uniform`. */
  readonly embeddingsInitializer?: InitializerLike | null
  readonly embeddingsRegularizer?: RegularizerLike | null
  readonly embeddingsConstraint?: ConstraintLike | null
  /** Masks are not supported; only false. */
  readonly maskZero?: boolean
}

/** [N, ...] of integers -> [N, ..., outputDim]. Weight: embeddings [inputDim, outputDim]. */
export class Embedding extends Layer {
  static override readonly className: string = 'Embedding'
  readonly inputDim: number
  readonly outputDim: number
  embeddings: Variable | null = null
  readonly #recipe: WeightRecipe

  constructor(options: EmbeddingOptions) {
    super(options)
    this.inputDim = integerOption(this.where, 'inputDim', options.inputDim)
    this.outputDim = integerOption(this.where, 'outputDim', options.outputDim)
    if (options.maskZero === true)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`maskZero` to be false',
          received: true,
          hint: 'Masks are not supported',
        }),
      )
    const { embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint } = options
    this.#recipe = recipe(embeddingsInitializer, 'uniform', embeddingsRegularizer, embeddingsConstraint)
  }
  override build(): void {
    const shape = [this.inputDim, this.outputDim]
    this.embeddings = this.addWeight({ name: 'embeddings', shape, ...this.#recipe })
  }
  override call(inputs: Tensor): Tensor {
    return ops.take(this.embeddings!, ops.cast(inputs, 'int32'), 0)
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return [...inputShape, this.outputDim]
  }
  override getConfig(): Config {
    const config = super.getConfig()
    const activity_regularizer = config.activity_regularizer ?? null
    return {
      ...omit(config, 'activity_regularizer'),
      input_dim: this.inputDim,
      output_dim: this.outputDim,
      ...recipeConfig({ embeddings: this.#recipe }, { activity_regularizer }),
      mask_zero: false,
      quantization_config: null,
    }
  }
}
