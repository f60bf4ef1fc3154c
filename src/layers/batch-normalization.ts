// BatchNormalization: batch statistics while training, moving statistics otherwise and whenever it is frozen.
import type { ConstraintLike } from '../constraints/index.ts'
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { type InitializerLike, serialize } from '../initializers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import type { RegularizerLike } from '../regularizers/index.ts'
import { knownDim, numberOption, resolveAxis } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { recipe, type WeightRecipe } from './weight-options.ts'

/** Options of gamma and beta. */
export interface ScaleOptions {
  /** Add beta; default true. */
  readonly center?: boolean
  /** Multiply by gamma; default true. */
  readonly scale?: boolean
  /** Default zeros. */
  readonly betaInitializer?: InitializerLike | null
  /** Default ones. */
  readonly gammaInitializer?: InitializerLike | null
  readonly betaRegularizer?: RegularizerLike | null
  readonly gammaRegularizer?: RegularizerLike | null
  readonly betaConstraint?: ConstraintLike | null
  readonly gammaConstraint?: ConstraintLike | null
}

export interface BatchNormalizationOptions extends LayerOptions, ScaleOptions {
  /** The axis that keeps its own statistics; default -1. */
  readonly axis?: number
  /** How much of the moving statistics stays at each step; default 0.99. */
  readonly momentum?: number
  /** Added to the variance; default 0.001. */
  readonly epsilon?: number
  /** Default zeros. */
  readonly movingMeanInitializer?: InitializerLike | null
  /** Default ones. */
  readonly movingVarianceInitializer?: InitializerLike | null
  /** Accepted: statistics here are those of the whole batch anyway. */
  readonly synchronized?: boolean
  /** Batch renormalization is not supported; only false. */
  readonly renorm?: boolean
}

/** The gamma and beta of a normalization layer, resolved. */
export interface ScaleRecipes {
  readonly gamma: WeightRecipe
  readonly beta: WeightRecipe
}
export function scaleRecipes(options: ScaleOptions): ScaleRecipes {
  return {
    gamma: recipe(options.gammaInitializer, 'ones', options.gammaRegularizer, options.gammaConstraint),
    beta: recipe(options.betaInitializer, 'zeros', options.betaRegularizer, options.betaConstraint),
  }
}
/** Keras's keys for gamma and beta; `initializers` go between theirs and the regularizers. */
export function scaleConfig({ gamma, beta }: ScaleRecipes, initializers: Config = {}): Config {
  return {
    beta_initializer: serialize(beta.initializer),
    gamma_initializer: serialize(gamma.initializer),
    ...initializers,
    beta_regularizer: beta.regularizer?.serialize() ?? null,
    gamma_regularizer: gamma.regularizer?.serialize() ?? null,
    beta_constraint: beta.constraint?.serialize() ?? null,
    gamma_constraint: gamma.constraint?.serialize() ?? null,
  }
}

/**
 * `gamma * (x - mean) / sqrt(variance + epsilon) + beta` over all axes but one. Weights: gamma, beta (trainable),
 * moving_mean, moving_variance (not). With `training` false, or `trainable` false, the moving statistics are used and kept.
 */
export class BatchNormalization extends Layer {
  static override readonly className: string = 'BatchNormalization'
  readonly axis: number
  readonly momentum: number
  readonly epsilon: number
  readonly center: boolean
  readonly scale: boolean
  readonly synchronized: boolean
  gamma: Variable | null = null
  beta: Variable | null = null
  movingMean: Variable | null = null
  movingVariance: Variable | null = null
  readonly #recipes: ScaleRecipes
  readonly #moving: { readonly mean: WeightRecipe; readonly variance: WeightRecipe }

  constructor(options: BatchNormalizationOptions = {}) {
    super(options)
    // Older files hold the axis as a list of one.
    const axis: unknown =
      Array.isArray(options.axis) && options.axis.length === 1 ? options.axis[0] : (options.axis ?? -1)
    if (typeof axis !== 'number' || !Number.isInteger(axis))
      throw new ArgumentError(
        problem({ where: this.where, expected: '`axis` to be one integer', received: options.axis }),
      )
    this.axis = axis
    this.momentum = numberOption(this.where, 'momentum', options.momentum ?? 0.99, 0, 1)
    this.epsilon = numberOption(this.where, 'epsilon', options.epsilon ?? 1e-3, 0)
    this.center = options.center ?? true
    this.scale = options.scale ?? true
    this.synchronized = options.synchronized ?? false
    if (options.renorm === true)
      throw new ArgumentError(problem({ where: this.where, expected: '`renorm` to be false', received: true }))
    this.#recipes = scaleRecipes(options)
    this.#moving = {
      mean: recipe(options.movingMeanInitializer, 'zeros', null, null),
      variance: recipe(options.movingVarianceInitializer, 'ones', null, null),
    }
  }

  override build(inputShape: SymbolicShape): void {
    const axis = resolveAxis(this.where, this.axis, inputShape.length)
    const size = knownDim(this.where, inputShape, axis)
    const shape = [size]
    if (this.scale) this.gamma = this.addWeight({ name: 'gamma', shape, ...this.#recipes.gamma })
    if (this.center) this.beta = this.addWeight({ name: 'beta', shape, ...this.#recipes.beta })
    const { mean, variance } = this.#moving
    this.movingMean = this.addWeight({ name: 'moving_mean', shape, trainable: false, initializer: mean.initializer })
    this.movingVariance = this.addWeight({
      name: 'moving_variance',
      shape,
      trainable: false,
      initializer: variance.initializer,
    })
    this.inputSpec = { ndim: inputShape.length, axes: { [axis]: size } }
  }

  override call(inputs: Tensor, { training, mask }: { readonly training: boolean; readonly mask?: unknown }): Tensor {
    if (mask !== undefined && mask !== null)
      throw new ArgumentError(problem({ where: this.where, expected: 'no `mask`', received: mask }))
    const x = toFloat(inputs)
    const axis = resolveAxis(this.where, this.axis, x.rank)
    return training && this.trainable ? this.#byBatch(x, axis) : this.#byMovingStatistics(x, axis)
  }

  /** One multiplication and one addition by vectors, the form that folds into a convolution before it. */
  #byMovingStatistics(x: Tensor, axis: number): Tensor {
    const deviation = ops.rsqrt(ops.add(this.movingVariance!, this.epsilon))
    const scale = this.gamma === null ? deviation : ops.multiply(this.gamma, deviation)
    const centre = ops.multiply(this.movingMean!, scale)
    const shift = this.beta === null ? ops.negative(centre) : ops.subtract(this.beta, centre)
    return ops.add(ops.multiply(x, along(scale, axis, x.rank)), along(shift, axis, x.rank))
  }

  #byBatch(x: Tensor, axis: number): Tensor {
    const axes = [...x.shape.keys()].filter((i) => i !== axis)
    if (axes.some((i) => x.shape[i] === 0))
      throw new ShapeError(problem({ where: this.where, expected: 'a batch that is not empty', received: x.shape }))
    const { mean, variance } = ops.moments(x, { axes })
    this.#move(this.movingMean!, mean)
    this.#move(this.movingVariance!, variance)
    const deviation = ops.rsqrt(ops.add(variance, this.epsilon))
    const scale = this.gamma === null ? deviation : ops.multiply(this.gamma, deviation)
    // The mean goes first: with a mean far from 0, x * scale and mean * scale would cancel each other.
    const scaled = ops.multiply(ops.subtract(x, along(mean, axis, x.rank)), along(scale, axis, x.rank))
    return this.beta === null ? scaled : ops.add(scaled, along(this.beta.value(), axis, x.rank))
  }

  #move(moving: Variable, batch: Tensor): void {
    const part = ops.multiply(ops.stopGradient(batch), 1 - this.momentum)
    moving.assign(ops.add(ops.multiply(moving, this.momentum), part))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    resolveAxis(this.where, this.axis, inputShape.length)
    return inputShape
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      ...scaleConfig(this.#recipes, {
        moving_mean_initializer: serialize(this.#moving.mean.initializer),
        moving_variance_initializer: serialize(this.#moving.variance.initializer),
      }),
      synchronized: this.synchronized,
      renorm: false,
      renorm_clipping: null,
      renorm_momentum: 0.99,
    }
  }
}

/** A vector laid along `axis` of a tensor of `rank`; along the last axis it broadcasts as it is. */
export function along(vector: Tensor, axis: number, rank: number): Tensor {
  if (axis === rank - 1) return vector
  return ops.reshape(
    vector,
    Array.from({ length: rank }, (_, i) => (i === axis ? vector.shape[0]! : 1)),
  )
}
