// Conv1DTranspose and Conv2DTranspose: the backward direction of a convolution, which enlarges sequences and pictures.
import { type Activation, get as getActivation, serialize } from '../activations/index.ts'
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { integerOption, knownDim, type Sizes, sizesOption } from './checks.ts'
import { type Config, omit } from './config.ts'
import {
  asPicture, fromPicture, pictureKernel, pictureWindow, type Window, windowConfig, windowOptions, type WindowOptions,
} from './conv-base.ts' // prettier-ignore
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import type { Pair } from './pairs.ts'
import { type BiasOptions, type KernelOptions, recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

export interface ConvTransposeOptions extends LayerOptions, WindowOptions, KernelOptions, BiasOptions {
  /** Number of output channels. */
  readonly filters: number
  /** Rows and columns added at the end; less than the strides. Default null: none beyond the padding rule. */
  readonly outputPadding?: Sizes | null
}

/** Both of them: `rank` counts the dims of the window. */
abstract class ConvTranspose extends Layer {
  readonly rank: number
  readonly filters: number
  readonly window: Window
  readonly outputPadding: readonly number[] | null
  readonly activation: Activation
  readonly useBias: boolean
  kernel: Variable | null = null
  bias: Variable | null = null
  readonly #recipes: { readonly kernel: WeightRecipe; readonly bias: WeightRecipe }

  constructor(rank: number, options: ConvTransposeOptions) {
    super(options)
    this.rank = rank
    this.filters = integerOption(this.where, 'filters', options.filters)
    this.window = windowOptions(this.where, rank, options)
    const { outputPadding = null } = options
    this.outputPadding =
      outputPadding === null ? null : sizesOption(this.where, 'outputPadding', outputPadding, rank, 0)
    if (this.outputPadding?.some((extra, i) => extra >= this.window.strides[i]!) === true)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`outputPadding` to be less than `strides`',
          received: { outputPadding, strides: this.window.strides },
        }),
      )
    this.activation = getActivation(options.activation)
    this.useBias = options.useBias ?? true
    this.inputSpec = { ndim: rank + 2 }
    this.#recipes = {
      kernel: recipe(options.kernelInitializer, 'glorot_uniform', options.kernelRegularizer, options.kernelConstraint),
      bias: recipe(options.biasInitializer, 'zeros', options.biasRegularizer, options.biasConstraint),
    }
  }

  override build(inputShape: SymbolicShape): void {
    const channels = knownDim(this.where, inputShape, -1)
    const shape = [...this.window.kernelSize, this.filters, channels]
    this.kernel = this.addWeight({ name: 'kernel', shape, ...this.#recipes.kernel })
    if (this.useBias) this.bias = this.addWeight({ name: 'bias', shape: [this.filters], ...this.#recipes.bias })
    this.inputSpec = { ndim: this.rank + 2, axes: { [-1]: channels } }
  }

  override call(inputs: Tensor): Tensor {
    const extra = this.outputPadding
    const picture = ops.convTranspose(asPicture(toFloat(inputs)), pictureKernel(this.kernel!, this.rank), {
      ...pictureWindow(this.window),
      padding: this.window.padding as 'valid' | 'same',
      outputPadding: extra?.length === 1 ? [0, extra[0]!] : (extra as Pair | null),
    })
    const product = fromPicture(picture, this.rank)
    return this.activation(this.bias === null ? product : ops.add(product, this.bias))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const { kernelSize, strides, padding, dilationRate } = this.window
    const spatial = kernelSize.map((size, i) => {
      const dim = inputShape[i + 1] ?? null
      if (dim === null) return null
      const [stride, reach] = [strides[i]!, (size - 1) * dilationRate[i]! + 1]
      // Keras's rule: without outputPadding the smallest size whose convolution would give this input.
      if (this.outputPadding === null)
        return padding === 'same' ? dim * stride : dim * stride + Math.max(reach - stride, 0)
      const cut = padding === 'same' ? 2 * Math.floor(reach / 2) : 0
      return (dim - 1) * stride + reach - cut + this.outputPadding[i]!
    })
    return [inputShape[0]!, ...spatial, this.filters]
  }

  override getConfig(): Config {
    const config = super.getConfig()
    const activity_regularizer = config.activity_regularizer ?? null
    return {
      ...omit(config, 'activity_regularizer'),
      filters: this.filters,
      ...windowConfig(this.window),
      activation: serialize(this.activation),
      use_bias: this.useBias,
      ...recipeConfig(this.#recipes, { activity_regularizer }),
      output_padding: this.outputPadding === null ? null : [...this.outputPadding],
    }
  }

  static override fromConfig(config: Config): Layer {
    return super.fromConfig.call(this, omit(config, 'groups'))
  }
}

/** Input [N, H, W, C]; weights: kernel [kh, kw, filters, C], bias [filters]. */
export class Conv2DTranspose extends ConvTranspose {
  static override readonly className: string = 'Conv2DTranspose'
  constructor(options: ConvTransposeOptions) {
    super(2, options)
  }
}

/** Conv2DTranspose over sequences: input [N, L, C], kernel [k, filters, C]. */
export class Conv1DTranspose extends ConvTranspose {
  static override readonly className: string = 'Conv1DTranspose'
  constructor(options: ConvTransposeOptions) {
    super(1, options)
  }
}
