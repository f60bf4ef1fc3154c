// DepthwiseConv2D: every channel convolved by itself.
import { type Activation, type ActivationLike, get as getActivation, serialize } from '../activations/index.ts'
import type { ConstraintLike } from '../constraints/index.ts'
import type { InitializerLike } from '../initializers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import type { RegularizerLike } from '../regularizers/index.ts'
import { integerOption, knownDim } from './checks.ts'
import { type Config, omit } from './config.ts'
import { type Window, windowConfig, windowOptions, type WindowOptions } from './conv-base.ts'
import { windowOutput } from './conv-shapes.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import type { Pair } from './pairs.ts'
import { type BiasOptions, recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

export interface DepthwiseConv2DOptions extends LayerOptions, WindowOptions, BiasOptions {
  /** Output channels for each input channel; default 1. */
  readonly depthMultiplier?: number
  readonly activation?: ActivationLike
  /** Default `glorot_uniform`. */
  readonly depthwiseInitializer?: InitializerLike | null
  readonly depthwiseRegularizer?: RegularizerLike | null
  readonly depthwiseConstraint?: ConstraintLike | null
}

/**
 * Input [N, H, W, C]; weights: kernel [kh, kw, C, depthMultiplier], bias [C * depthMultiplier].
 * Output channel c * depthMultiplier + m comes from input channel c.
 */
export class DepthwiseConv2D extends Layer {
  static override readonly className: string = 'DepthwiseConv2D'
  readonly depthMultiplier: number
  readonly window: Window
  readonly activation: Activation
  readonly useBias: boolean
  kernel: Variable | null = null
  bias: Variable | null = null
  readonly #recipes: { readonly depthwise: WeightRecipe; readonly bias: WeightRecipe }

  constructor(options: DepthwiseConv2DOptions) {
    super(options)
    this.depthMultiplier = integerOption(this.where, 'depthMultiplier', options.depthMultiplier ?? 1)
    this.window = windowOptions(this.where, 2, options)
    this.activation = getActivation(options.activation)
    this.useBias = options.useBias ?? true
    this.inputSpec = { ndim: 4 }
    const { depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint } = options
    this.#recipes = {
      depthwise: recipe(depthwiseInitializer, 'glorot_uniform', depthwiseRegularizer, depthwiseConstraint),
      bias: recipe(options.biasInitializer, 'zeros', options.biasRegularizer, options.biasConstraint),
    }
  }

  override build(inputShape: SymbolicShape): void {
    const channels = knownDim(this.where, inputShape, -1)
    const shape = [...this.window.kernelSize, channels, this.depthMultiplier]
    this.kernel = this.addWeight({ name: 'kernel', shape, ...this.#recipes.depthwise })
    if (this.useBias)
      this.bias = this.addWeight({ name: 'bias', shape: [channels * this.depthMultiplier], ...this.#recipes.bias })
    this.inputSpec = { ndim: 4, axes: { [-1]: channels } }
  }

  override call(inputs: Tensor): Tensor {
    const product = ops.depthwiseConv(toFloat(inputs), this.kernel!, {
      strides: this.window.strides as Pair,
      padding: this.window.padding as 'valid' | 'same',
      dilationRate: this.window.dilationRate as Pair,
    })
    return this.activation(this.bias === null ? product : ops.add(product, this.bias))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const { kernelSize, strides, padding, dilationRate } = this.window
    const spatial = windowOutput(this.where, inputShape, kernelSize, strides, padding, dilationRate)
    const channels = inputShape[3] ?? null
    return [inputShape[0]!, ...spatial, channels === null ? null : channels * this.depthMultiplier]
  }

  override getConfig(): Config {
    const config = super.getConfig()
    const activity_regularizer = config.activity_regularizer ?? null
    return {
      ...omit(config, 'activity_regularizer'),
      depth_multiplier: this.depthMultiplier,
      ...windowConfig(this.window),
      activation: serialize(this.activation),
      use_bias: this.useBias,
      ...recipeConfig(this.#recipes, { activity_regularizer }),
    }
  }

  /** Files of older versions hold options of Conv2D that mean nothing here. */
  static override fromConfig(config: Config): Layer {
    const foreign = ['filters', 'groups', 'kernel_initializer', 'kernel_regularizer', 'kernel_constraint']
    return super.fromConfig.call(this, omit(config, ...foreign))
  }
}
