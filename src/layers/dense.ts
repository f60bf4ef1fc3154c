// Dense: activation(x . kernel + bias) on the last axis.
import { type Activation, type ActivationLike, get as getActivation, serialize } from '../activations/index.ts'
import type { Variable } from '../ops/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { integerOption, knownDim, singleShape } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { type BiasOptions, type KernelOptions, recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

export interface DenseOptions extends LayerOptions, KernelOptions, BiasOptions {
  /** Size of the output's last axis. */
  readonly units: number
  /** Default none. */
  readonly activation?: ActivationLike
}

/** Weights: kernel [in, units], bias [units]. Inputs of rank 2 or more. */
export class Dense extends Layer {
  static override readonly className: string = 'Dense'
  readonly units: number
  readonly activation: Activation
  readonly useBias: boolean
  kernel: Variable | null = null
  bias: Variable | null = null
  readonly #recipes: { readonly kernel: WeightRecipe; readonly bias: WeightRecipe }

  constructor(options: DenseOptions) {
    super(options)
    this.units = integerOption(this.where, 'units', options.units)
    this.activation = getActivation(options.activation)
    this.useBias = options.useBias ?? true
    this.inputSpec = { minNdim: 2 }
    this.#recipes = {
      kernel: recipe(options.kernelInitializer, 'glorot_uniform', options.kernelRegularizer, options.kernelConstraint),
      bias: recipe(options.biasInitializer, 'zeros', options.biasRegularizer, options.biasConstraint),
    }
  }

  override build(inputShape: SymbolicShape): void {
    const inputs = knownDim(this.where, singleShape(this.where, inputShape), -1)
    this.kernel = this.addWeight({ name: 'kernel', shape: [inputs, this.units], ...this.#recipes.kernel })
    if (this.useBias) this.bias = this.addWeight({ name: 'bias', shape: [this.units], ...this.#recipes.bias })
    this.inputSpec = { minNdim: 2, axes: { [-1]: inputs } }
  }

  override call(inputs: Tensor): Tensor {
    const product = ops.matmul(toFloat(inputs), this.kernel!)
    return this.activation(this.bias === null ? product : ops.add(product, this.bias))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return [...inputShape.slice(0, -1), this.units]
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: serialize(this.activation),
      use_bias: this.useBias,
      ...recipeConfig(this.#recipes),
      quantization_config: null,
    }
  }
}
