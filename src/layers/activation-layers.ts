// Activations as layers: Activation, ReLU, LeakyReLU, PReLU, ELU, Softmax.
import {
  type Activation as ActivationFunction,
  type ActivationLike,
  type ActivationName,
  get,
  serialize,
} from '../activations/index.ts'
import * as activations from '../activations/index.ts'
import type { ConstraintLike } from '../constraints/index.ts'
import type { InitializerLike } from '../initializers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import type { RegularizerLike } from '../regularizers/index.ts'
import { maskedSoftmax } from './attention-core.ts'
import { axesOption, integerOption, knownDim, numberOption, resolveAxis } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'
import { ArgumentError, problem } from '../errors.ts'

/** A layer without weights whose output has the input's shape. */
abstract class Elementwise extends Layer {
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape
  }
}

export interface ActivationOptions extends LayerOptions {
  readonly activation: ActivationLike
}

/** Applies a function by name or as such. */
export class Activation extends Layer {
  static override readonly className: string = 'Activation'
  readonly activation: ActivationFunction

  constructor(options: ActivationOptions | ActivationName | ActivationFunction) {
    const all = typeof options === 'string' || typeof options === 'function' ? { activation: options } : options
    super(all)
    if (all.activation === undefined)
      throw new ArgumentError(
        problem({ where: this.where, expected: '`activation` to be a function or a name', received: all.activation }),
      )
    this.activation = get(all.activation)
  }
  override call(inputs: Tensor): Tensor {
    return this.activation(toFloat(inputs))
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    // glu alone changes the shape.
    if (this.activation !== get('glu')) return inputShape
    return [...inputShape.slice(0, -1), knownDim(this.where, inputShape, -1) / 2]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), activation: serialize(this.activation) }
  }
}

export interface ReLUOptions extends LayerOptions {
  /** Largest output; default none. */
  readonly maxValue?: number | null
  /** Slope below the threshold, >= 0; default 0. */
  readonly negativeSlope?: number | null
  /** Inputs at or below it count as negative, >= 0; default 0. */
  readonly threshold?: number | null
}

/** `min(max(x, 0), maxValue)`, with an optional slope and threshold. */
export class ReLU extends Elementwise {
  static override readonly className: string = 'ReLU'
  readonly maxValue: number | null
  readonly negativeSlope: number
  readonly threshold: number

  constructor(options: ReLUOptions = {}) {
    super(options)
    const { maxValue = null } = options
    this.maxValue = maxValue === null ? null : numberOption(this.where, 'maxValue', maxValue, 0)
    this.negativeSlope = numberOption(this.where, 'negativeSlope', options.negativeSlope ?? 0, 0)
    this.threshold = numberOption(this.where, 'threshold', options.threshold ?? 0, 0)
  }
  override call(inputs: Tensor): Tensor {
    const { maxValue, negativeSlope, threshold } = this
    return activations.relu(toFloat(inputs), { maxValue, negativeSlope, threshold })
  }
  override getConfig(): Config {
    const { maxValue: max_value, negativeSlope: negative_slope, threshold } = this
    return { ...super.getConfig(), max_value, negative_slope, threshold }
  }
}

export interface LeakyReLUOptions extends LayerOptions {
  /** Slope below 0; default 0.3. */
  readonly negativeSlope?: number
}

/** `x` above 0, `negativeSlope * x` below. */
export class LeakyReLU extends Elementwise {
  static override readonly className: string = 'LeakyReLU'
  readonly negativeSlope: number

  constructor(options: LeakyReLUOptions = {}) {
    super(options)
    // Older files call it alpha.
    const slope = options.negativeSlope ?? (options as { alpha?: number }).alpha ?? 0.3
    this.negativeSlope = numberOption(this.where, 'negativeSlope', slope, 0)
  }
  override call(inputs: Tensor): Tensor {
    return activations.leakyRelu(toFloat(inputs), this.negativeSlope)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), negative_slope: this.negativeSlope }
  }
}

export interface PReLUOptions extends LayerOptions {
  /** Default zeros. */
  readonly alphaInitializer?: InitializerLike | null
  readonly alphaRegularizer?: RegularizerLike | null
  readonly alphaConstraint?: ConstraintLike | null
  /** Axes (from 1) along which one slope serves all; [1, 2] for pictures. Default none. */
  readonly sharedAxes?: number | readonly number[] | null
}

/** `max(x, 0) + alpha * min(x, 0)` with a learned slope. Weight: alpha, of the input's shape without the batch. */
export class PReLU extends Elementwise {
  static override readonly className: string = 'PReLU'
  readonly sharedAxes: readonly number[] | null
  alpha: Variable | null = null
  readonly #recipe: WeightRecipe

  constructor(options: PReLUOptions = {}) {
    super(options)
    const { sharedAxes = null } = options
    this.sharedAxes = sharedAxes === null ? null : [axesOption(this.where, 'sharedAxes', sharedAxes)].flat()
    this.#recipe = recipe(options.alphaInitializer, 'zeros', options.alphaRegularizer, options.alphaConstraint)
  }
  override build(inputShape: SymbolicShape): void {
    const shared = (this.sharedAxes ?? []).map((axis) => resolveAxis(this.where, axis, inputShape.length))
    const shape = [...inputShape.keys()]
      .slice(1)
      .map((axis) => (shared.includes(axis) ? 1 : knownDim(this.where, inputShape, axis)))
    this.alpha = this.addWeight({ name: 'alpha', shape, ...this.#recipe })
  }
  override call(inputs: Tensor): Tensor {
    const x = toFloat(inputs)
    return ops.subtract(ops.relu(x), ops.multiply(this.alpha!, ops.relu(ops.negative(x))))
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      ...recipeConfig({ alpha: this.#recipe }),
      shared_axes: this.sharedAxes === null ? null : [...this.sharedAxes],
    }
  }
}

export interface ELUOptions extends LayerOptions {
  /** Size of the negative side; default 1. */
  readonly alpha?: number
}

/** `x` above 0, `alpha * (exp(x) - 1)` below. */
export class ELU extends Elementwise {
  static override readonly className: string = 'ELU'
  readonly alpha: number

  constructor(options: ELUOptions = {}) {
    super(options)
    this.alpha = numberOption(this.where, 'alpha', options.alpha ?? 1)
  }
  override call(inputs: Tensor): Tensor {
    return activations.elu(toFloat(inputs), { alpha: this.alpha })
  }
  override getConfig(): Config {
    return { ...super.getConfig(), alpha: this.alpha }
  }
}

export interface SoftmaxOptions extends LayerOptions {
  /** Axis or axes that sum to 1; default -1. */
  readonly axis?: number | readonly number[]
}

/** `exp(x) / sum(exp(x))`. With `mask` (bool or 0/1, true = keep) among the keyword arguments the rest gets no weight. */
export class Softmax extends Elementwise {
  static override readonly className: string = 'Softmax'
  readonly axis: number | readonly number[]

  constructor(options: SoftmaxOptions = {}) {
    super(options)
    const { axis = -1 } = options
    for (const one of typeof axis === 'number' ? [axis] : axis) integerOption(this.where, 'axis', one, -Infinity)
    this.axis = axis
  }
  override call(inputs: Tensor, { mask }: { readonly training: boolean; readonly mask?: Tensor | null }): Tensor {
    const x = toFloat(inputs)
    if (mask === undefined || mask === null) return activations.softmax(x, { axis: this.axis })
    const keep = mask.dtype === 'bool' ? mask : ops.greater(ops.cast(mask, 'float32'), 0.5)
    return maskedSoftmax(x, keep, true, this.axis)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: typeof this.axis === 'number' ? this.axis : [...this.axis] }
  }
}
