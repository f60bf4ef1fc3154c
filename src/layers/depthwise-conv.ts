// DepthwiseConv1D and DepthwiseConv2D: every channel convolved by itself.
import { type Activation, type ActivationLike, get as getActivation, serialize } from '../activations/index.ts'
import type { ConstraintLike } from '../constraints/index.ts'
import type { InitializerLike } from '../initializers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import type { RegularizerLike } from '../regularizers/index.ts'
import { integerOption, knownDim } from './checks.ts'
import { type Config, omit } from './config.ts'
import {
  asPicture, fromPicture, pictureKernel, pictureWindow, type Window, windowConfig, windowOptions, type WindowOptions,
} from './conv-base.ts' // prettier-ignore
import { windowOutput } from './conv-shapes.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { type BiasOptions, recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

export interface DepthwiseConvOptions extends LayerOptions, WindowOptions, BiasOptions {
  /** Output channels for each input channel; default 1. */
  readonly depthMultiplier?: number
  readonly activation?: ActivationLike
  /** Default `glorot_uniform`. */
  readonly depthwiseInitializer?: InitializerLike | null
  readonly depthwiseRegularizer?: RegularizerLike | null
  readonly depthwiseConstraint?: ConstraintLike | null
}

/** Both of them: `rank` counts the dims of the window. */
abstract class DepthwiseConv extends Layer {
  readonly rank: number
  readonly depthMultiplier: number
  readonly window: Window
  readonly activation: Activation
  readonly useBias: boolean
  kernel: Variable | null = null
  bias: Variable | null = null
  readonly #recipes: { readonly depthwise: WeightRecipe; readonly bias: WeightRecipe }

  constructor(rank: number, options: DepthwiseConvOptions) {
    super(options)
    this.rank = rank
    this.depthMultiplier = integerOption(this.where, 'depthMultiplier', options.depthMultiplier ?? 1)
    this.window = windowOptions(this.where, rank, options)
    this.activation = getActivation(options.activation)
    this.useBias = options.useBias ?? true
    this.inputSpec = { ndim: rank + 2 }
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
    this.inputSpec = { ndim: this.rank + 2, axes: { [-1]: channels } }
  }

  override call(inputs: Tensor): Tensor {
    const picture = ops.depthwiseConv(asPicture(toFloat(inputs)), pictureKernel(this.kernel!, this.rank), {
      ...pictureWindow(this.window),
      padding: this.window.padding as 'valid' | 'same',
    })
    const product = fromPicture(picture, this.rank)
    return this.activation(this.bias === null ? product : ops.add(product, this.bias))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const { kernelSize, strides, padding, dilationRate } = this.window
    const spatial = windowOutput(this.where, inputShape, kernelSize, strides, padding, dilationRate)
    const channels = inputShape.at(-1) ?? null
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

/**
 * Input [N, H, W, C]; weights: kernel [kh, kw, C, depthMultiplier], bias [C * depthMultiplier].
 * Output channel c * depthMultiplier + m comes from input channel c.
 */
export class DepthwiseConv2D extends DepthwiseConv {
  static override readonly className: string = 'DepthwiseConv2D'
  constructor(options: DepthwiseConvOptions) {
    super(2, options)
  }
}

/** DepthwiseConv2D over sequences: input [N, L, C], kernel [k, C, depthMultiplier]. */
export class DepthwiseConv1D extends DepthwiseConv {
  static override readonly className: string = 'DepthwiseConv1D'
  constructor(options: DepthwiseConvOptions) {
    super(1, options)
  }
}
