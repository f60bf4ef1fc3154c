// SeparableConv1D and SeparableConv2D: a depthwise convolution, then a 1x1 convolution that mixes the channels.
import { type Activation, get as getActivation, serialize } from '../activations/index.ts'
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

export interface SeparableConvOptions extends LayerOptions, WindowOptions, BiasOptions {
  /** Number of output channels. */
  readonly filters: number
  /** Channels between the two convolutions for each input channel; default 1. */
  readonly depthMultiplier?: number
  /** Default `glorot_uniform`. */
  readonly depthwiseInitializer?: InitializerLike | null
  readonly depthwiseRegularizer?: RegularizerLike | null
  readonly depthwiseConstraint?: ConstraintLike | null
  /** Default `glorot_uniform`. */
  readonly pointwiseInitializer?: InitializerLike | null
  readonly pointwiseRegularizer?: RegularizerLike | null
  readonly pointwiseConstraint?: ConstraintLike | null
}

/** Both of them: `rank` counts the dims of the window. */
abstract class SeparableConv extends Layer {
  readonly rank: number
  readonly filters: number
  readonly depthMultiplier: number
  readonly window: Window
  readonly activation: Activation
  readonly useBias: boolean
  depthwiseKernel: Variable | null = null
  pointwiseKernel: Variable | null = null
  bias: Variable | null = null
  readonly #recipes: { readonly depthwise: WeightRecipe; readonly pointwise: WeightRecipe; readonly bias: WeightRecipe }

  constructor(rank: number, options: SeparableConvOptions) {
    super(options)
    this.rank = rank
    this.filters = integerOption(this.where, 'filters', options.filters)
    this.depthMultiplier = integerOption(this.where, 'depthMultiplier', options.depthMultiplier ?? 1)
    this.window = windowOptions(this.where, rank, options)
    this.activation = getActivation(options.activation)
    this.useBias = options.useBias ?? true
    this.inputSpec = { ndim: rank + 2 }
    const { depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint } = options
    const { pointwiseInitializer, pointwiseRegularizer, pointwiseConstraint } = options
    this.#recipes = {
      depthwise: recipe(depthwiseInitializer, 'glorot_uniform', depthwiseRegularizer, depthwiseConstraint),
      pointwise: recipe(pointwiseInitializer, 'glorot_uniform', pointwiseRegularizer, pointwiseConstraint),
      bias: recipe(options.biasInitializer, 'zeros', options.biasRegularizer, options.biasConstraint),
    }
  }

  override build(inputShape: SymbolicShape): void {
    const channels = knownDim(this.where, inputShape, -1)
    this.depthwiseKernel = this.addWeight({
      name: 'depthwise_kernel',
      shape: [...this.window.kernelSize, channels, this.depthMultiplier],
      ...this.#recipes.depthwise,
    })
    this.pointwiseKernel = this.addWeight({
      name: 'pointwise_kernel',
      shape: [...this.window.kernelSize.map(() => 1), channels * this.depthMultiplier, this.filters],
      ...this.#recipes.pointwise,
    })
    if (this.useBias) this.bias = this.addWeight({ name: 'bias', shape: [this.filters], ...this.#recipes.bias })
    this.inputSpec = { ndim: this.rank + 2, axes: { [-1]: channels } }
  }

  override call(inputs: Tensor): Tensor {
    const depthwise = ops.depthwiseConv(asPicture(toFloat(inputs)), pictureKernel(this.depthwiseKernel!, this.rank), {
      ...pictureWindow(this.window),
      padding: this.window.padding as 'valid' | 'same',
    })
    const product = fromPicture(ops.conv(depthwise, pictureKernel(this.pointwiseKernel!, this.rank)), this.rank)
    return this.activation(this.bias === null ? product : ops.add(product, this.bias))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const { kernelSize, strides, padding, dilationRate } = this.window
    const spatial = windowOutput(this.where, inputShape, kernelSize, strides, padding, dilationRate)
    return [inputShape[0]!, ...spatial, this.filters]
  }

  override getConfig(): Config {
    const config = super.getConfig()
    const activity_regularizer = config.activity_regularizer ?? null
    return {
      ...omit(config, 'activity_regularizer'),
      depth_multiplier: this.depthMultiplier,
      filters: this.filters,
      ...windowConfig(this.window),
      activation: serialize(this.activation),
      use_bias: this.useBias,
      ...recipeConfig(this.#recipes, { activity_regularizer }),
    }
  }

  /** Files of older versions hold options of Conv2D that mean nothing here. */
  static override fromConfig(config: Config): Layer {
    const foreign = ['groups', 'kernel_initializer', 'kernel_regularizer', 'kernel_constraint']
    return super.fromConfig.call(this, omit(config, ...foreign))
  }
}

/**
 * Input [N, H, W, C]; weights: depthwise_kernel [kh, kw, C, m], pointwise_kernel [1, 1, C * m, filters], bias [filters].
 * Strides, padding and dilation belong to the depthwise part; there is no activation between.
 */
export class SeparableConv2D extends SeparableConv {
  static override readonly className: string = 'SeparableConv2D'
  constructor(options: SeparableConvOptions) {
    super(2, options)
  }
}

/** SeparableConv2D over sequences: input [N, L, C], kernels [k, C, m] and [1, C * m, filters]. */
export class SeparableConv1D extends SeparableConv {
  static override readonly className: string = 'SeparableConv1D'
  constructor(options: SeparableConvOptions) {
    super(1, options)
  }
}
