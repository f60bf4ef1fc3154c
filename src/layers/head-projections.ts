// The projections of attention with several heads: EinsumDense layers that share their options.
import { type Initializer, type InitializerLike, serialize } from '../initializers/index.ts'
import { get as getRegularizer, type Regularizer } from '../regularizers/index.ts'
import type { Config } from './config.ts'
import { EinsumDense, type EinsumDenseOptions } from './einsum-dense.ts'
import type { LayerOptions } from './layer.ts'
import { type BiasOptions, type KernelOptions, recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

/** Options of every projection; initializers are drawn anew for each. */
export interface ProjectionOptions extends LayerOptions, KernelOptions, BiasOptions {}

/** Makes the projections of one layer. @throws ArgumentError for an initializer, regularizer or constraint that is none. */
export class Projections {
  readonly #options: ProjectionOptions
  readonly #kernel: WeightRecipe
  readonly #bias: WeightRecipe
  readonly #activity: Regularizer | null

  constructor(options: ProjectionOptions) {
    this.#options = options
    const { kernelInitializer, kernelRegularizer, kernelConstraint } = options
    const { biasInitializer, biasRegularizer, biasConstraint } = options
    this.#kernel = recipe(kernelInitializer, 'glorot_uniform', kernelRegularizer, kernelConstraint)
    this.#bias = recipe(biasInitializer, 'zeros', biasRegularizer, biasConstraint)
    this.#activity = getRegularizer(options.activityRegularizer)
  }

  /** A projection; `biasAxes` are the letters with a bias, if the layer has biases at all. */
  make(options: EinsumDenseOptions): EinsumDense {
    const { useBias = true, kernelInitializer, biasInitializer } = this.#options
    return new EinsumDense({
      ...options,
      biasAxes: useBias ? (options.biasAxes ?? null) : null,
      kernelInitializer: anew(kernelInitializer, this.#kernel.initializer),
      biasInitializer: anew(biasInitializer, this.#bias.initializer),
      kernelRegularizer: this.#kernel.regularizer,
      biasRegularizer: this.#bias.regularizer,
      kernelConstraint: this.#kernel.constraint,
      biasConstraint: this.#bias.constraint,
      activityRegularizer: this.#activity,
    })
  }

  getConfig(): Config {
    const activity_regularizer = this.#activity?.serialize() ?? null
    return recipeConfig({ kernel: this.#kernel, bias: this.#bias }, { activity_regularizer })
  }
}

/** An initializer from the config of one: without a seed it draws for itself. A function is asked each time anyway. */
function anew(given: InitializerLike | null | undefined, initializer: Initializer): InitializerLike {
  return typeof given === 'function' ? given : serialize(initializer)
}
