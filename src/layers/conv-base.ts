// What Conv1D and Conv2D share: options, weights, shapes and config.
import { type Activation, type ActivationLike, get as getActivation, serialize } from '../activations/index.ts'
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import type { Variable } from '../ops/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import {
  choiceOption,
  dataFormatOption,
  integerOption,
  knownDim,
  lowerCase,
  type Sizes,
  sizesOption,
} from './checks.ts'
import { type Config, omit } from './config.ts'
import { type Padding, paddings, windowOutput } from './conv-shapes.ts'
import { Layer, type LayerOptions } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import type { Pair } from './pairs.ts'
import { type BiasOptions, type KernelOptions, recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

/** Options of the window, shared by all convolutions. */
export interface WindowOptions {
  /** Size of the window: one number for all dims or one for each. */
  readonly kernelSize: Sizes
  /** Default 1. Strides above 1 exclude dilation rates above 1. */
  readonly strides?: Sizes
  /** `valid` (default) or `same`. */
  readonly padding?: Padding
  /** Default 1. */
  readonly dilationRate?: Sizes
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
  /** Default none. */
  readonly activation?: ActivationLike
}

export interface ConvOptions extends LayerOptions, WindowOptions, KernelOptions, BiasOptions {
  /** Number of output channels. */
  readonly filters: number
  /** Default 1; input channels and filters must be multiples of it. */
  readonly groups?: number
}

/** The window options, checked. */
export interface Window {
  readonly kernelSize: readonly number[]
  readonly strides: readonly number[]
  readonly padding: Padding | 'causal'
  readonly dilationRate: readonly number[]
}

/** @throws ArgumentError for sizes that are not positive integers, an unknown padding, or strides together with dilation. */
export function windowOptions(
  where: string,
  rank: number,
  options: Omit<WindowOptions, 'padding'> & { readonly padding?: string },
  choices: readonly (Padding | 'causal')[] = paddings,
): Window {
  dataFormatOption(where, options.dataFormat)
  const strides = sizesOption(where, 'strides', options.strides ?? 1, rank)
  const dilationRate = sizesOption(where, 'dilationRate', options.dilationRate ?? 1, rank)
  if (Math.max(...strides) > 1 && Math.max(...dilationRate) > 1)
    throw new ArgumentError(
      problem({
        where,
        expected: '`strides` > 1 or `dilationRate` > 1, not both',
        received: { strides, dilationRate },
      }),
    )
  return {
    kernelSize: sizesOption(where, 'kernelSize', options.kernelSize, rank),
    strides,
    padding: choiceOption(where, 'padding', lowerCase(options.padding ?? 'valid'), choices),
    dilationRate,
  }
}

/** The window as Keras writes it. */
export function windowConfig({ kernelSize, strides, padding, dilationRate }: Window): Config {
  return {
    kernel_size: [...kernelSize],
    strides: [...strides],
    padding,
    data_format: 'channels_last',
    dilation_rate: [...dilationRate],
  }
}

/** A sequence [N, L, C] as a picture of height 1; a picture [N, H, W, C] stays as it is. */
export function asPicture(x: Tensor): Tensor {
  return x.rank === 3 ? ops.expandDims(x, 1) : x
}

/** Strides and dilation for `asPicture` of a window over them. */
export function pictureWindow({ strides, dilationRate }: Window): { strides: Pair; dilationRate: Pair } {
  const two = (sizes: readonly number[]): Pair => (sizes.length === 1 ? [1, sizes[0]!] : (sizes as unknown as Pair))
  return { strides: two(strides), dilationRate: two(dilationRate) }
}

/** A kernel [k, ...] as [1, k, ...]; one over pictures stays as it is. `rank` counts the dims of the window. */
export function pictureKernel(kernel: Variable, rank: number): Tensor {
  return rank === 1 ? ops.expandDims(kernel, 0) : kernel.value()
}

/** What `asPicture` began: a picture of height 1 as a sequence, if `rank` is 1. */
export function fromPicture(x: Tensor, rank: number): Tensor {
  return rank === 1 ? ops.squeeze(x, 1) : x
}

/** Weights: kernel [...window, in / groups, filters], bias [filters]. */
export abstract class BaseConv extends Layer {
  readonly rank: number
  readonly filters: number
  readonly window: Window
  readonly groups: number
  readonly activation: Activation
  readonly useBias: boolean
  kernel: Variable | null = null
  bias: Variable | null = null
  readonly #recipes: { readonly kernel: WeightRecipe; readonly bias: WeightRecipe }

  constructor(
    rank: number,
    options: Omit<ConvOptions, 'padding'> & { readonly padding?: string },
    choices?: readonly (Padding | 'causal')[],
  ) {
    super(options)
    this.rank = rank
    this.filters = integerOption(this.where, 'filters', options.filters)
    this.window = windowOptions(this.where, rank, options, choices)
    this.groups = integerOption(this.where, 'groups', options.groups ?? 1)
    if (this.filters % this.groups !== 0)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`filters` to be a multiple of `groups`',
          received: { filters: this.filters, groups: this.groups },
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

  /** The convolution itself, without bias and activation. */
  protected abstract convolve(inputs: Tensor, kernel: Tensor): Tensor

  override build(inputShape: SymbolicShape): void {
    const channels = knownDim(this.where, inputShape, -1)
    if (channels % this.groups !== 0)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `input channels that are a multiple of groups = ${this.groups}`,
          received: `shape ${showShape(inputShape)}`,
        }),
      )
    const shape = [...this.window.kernelSize, channels / this.groups, this.filters]
    this.kernel = this.addWeight({ name: 'kernel', shape, ...this.#recipes.kernel })
    if (this.useBias) this.bias = this.addWeight({ name: 'bias', shape: [this.filters], ...this.#recipes.bias })
    this.inputSpec = { ndim: this.rank + 2, axes: { [-1]: channels } }
  }

  override call(inputs: Tensor): Tensor {
    const product = this.convolve(inputs, this.kernel!.value())
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
      filters: this.filters,
      ...windowConfig(this.window),
      groups: this.groups,
      activation: serialize(this.activation),
      use_bias: this.useBias,
      ...recipeConfig(this.#recipes, { activity_regularizer }),
    }
  }
}
