// Normalizations within one example: LayerNormalization, RMSNormalization, GroupNormalization, UnitNormalization.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { along, scaleConfig, type ScaleOptions, scaleRecipes, type ScaleRecipes } from './batch-normalization.ts'
import { axesOption, integerOption, knownDim, numberOption, resolveAxis } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'

export interface LayerNormalizationOptions extends LayerOptions, ScaleOptions {
  /** Axes that are normalized together; default -1. */
  readonly axis?: number | readonly number[]
  /** Added to the variance; default 0.001. */
  readonly epsilon?: number
  /** Divide by the deviation without taking the mean away; default false. Then there is no beta. */
  readonly rmsScaling?: boolean
}

/** `axis` as a list, sorted as it was given: Keras stores and builds it so. */
function axisList(where: string, axis: number | readonly number[]): number[] {
  const list = typeof axis === 'number' ? [axis] : [...axis].sort((a, b) => a - b)
  if (list.length > 0 && list.every(Number.isInteger)) return list
  throw new ArgumentError(problem({ where, expected: '`axis` to be integers', received: axis }))
}

/** A weight over some axes of the input, as a tensor that broadcasts to it. */
function spread(weight: Variable, axes: readonly number[], x: Tensor): Tensor {
  if (axes.length === 1 && axes[0] === x.rank - 1) return weight.value()
  return ops.reshape(
    weight,
    x.shape.map((dim, i) => (axes.includes(i) ? dim : 1)),
  )
}

/** Mean and biased variance over `axis` of each example. Weights: gamma, beta, of the shape of those axes. */
export class LayerNormalization extends Layer {
  static override readonly className: string = 'LayerNormalization'
  readonly axis: readonly number[]
  readonly epsilon: number
  readonly center: boolean
  readonly scale: boolean
  readonly rmsScaling: boolean
  gamma: Variable | null = null
  beta: Variable | null = null
  readonly #recipes: ScaleRecipes

  constructor(options: LayerNormalizationOptions = {}) {
    super(options)
    this.axis = axisList(this.where, options.axis ?? -1)
    this.epsilon = numberOption(this.where, 'epsilon', options.epsilon ?? 1e-3, 0)
    this.rmsScaling = options.rmsScaling ?? false
    this.center = options.center ?? true
    this.scale = options.scale ?? true
    this.#recipes = scaleRecipes(options)
  }

  #axes(rank: number): number[] {
    return this.axis.map((axis) => resolveAxis(this.where, axis, rank))
  }

  override build(inputShape: SymbolicShape): void {
    const shape = this.#axes(inputShape.length).map((axis) => knownDim(this.where, inputShape, axis))
    if (this.scale || this.rmsScaling) this.gamma = this.addWeight({ name: 'gamma', shape, ...this.#recipes.gamma })
    if (this.center && !this.rmsScaling) this.beta = this.addWeight({ name: 'beta', shape, ...this.#recipes.beta })
  }

  override call(inputs: Tensor): Tensor {
    const x = toFloat(inputs)
    const axes = this.#axes(x.rank)
    const { mean, variance } = ops.moments(x, { axes, keepdims: true })
    const deviation = ops.rsqrt(ops.add(variance, this.epsilon))
    let y = ops.multiply(this.rmsScaling ? x : ops.subtract(x, mean), deviation)
    if (this.gamma !== null) y = ops.multiply(y, spread(this.gamma, axes, x))
    return this.beta === null ? y : ops.add(y, spread(this.beta, axes, x))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    this.#axes(inputShape.length)
    return inputShape
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: [...this.axis],
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      rms_scaling: this.rmsScaling,
      ...scaleConfig(this.#recipes),
    }
  }
}

export interface RMSNormalizationOptions extends LayerOptions {
  /** Axes that are normalized together; default -1. */
  readonly axis?: number | readonly number[]
  /** Added to the mean square; default 1e-6. */
  readonly epsilon?: number
}

/** `scale * x / sqrt(mean(x^2) + epsilon)` (Zhang and Sennrich 2019). Weight: scale, of the shape of those axes. */
export class RMSNormalization extends Layer {
  static override readonly className: string = 'RMSNormalization'
  readonly axis: readonly number[]
  readonly epsilon: number
  scale: Variable | null = null

  constructor(options: RMSNormalizationOptions = {}) {
    super(options)
    this.axis = axisList(this.where, options.axis ?? -1)
    this.epsilon = numberOption(this.where, 'epsilon', options.epsilon ?? 1e-6, 0)
  }

  #axes(rank: number): number[] {
    return this.axis.map((axis) => resolveAxis(this.where, axis, rank))
  }
  override build(inputShape: SymbolicShape): void {
    const shape = this.#axes(inputShape.length).map((axis) => knownDim(this.where, inputShape, axis))
    this.scale = this.addWeight({ name: 'scale', shape, initializer: 'ones' })
  }
  override call(inputs: Tensor): Tensor {
    const x = toFloat(inputs)
    const axes = this.#axes(x.rank)
    const power = ops.mean(ops.square(x), { axis: axes, keepdims: true })
    const y = ops.multiply(x, ops.rsqrt(ops.add(power, this.epsilon)))
    return ops.multiply(y, spread(this.scale!, axes, x))
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    this.#axes(inputShape.length)
    return inputShape
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: [...this.axis], epsilon: this.epsilon }
  }
}

export interface GroupNormalizationOptions extends LayerOptions, ScaleOptions {
  /** Number of groups of channels, or -1 for one group a channel; default 32. */
  readonly groups?: number
  /** The axis of the channels; default -1. */
  readonly axis?: number
  /** Added to the variance; default 0.001. */
  readonly epsilon?: number
}

/** Mean and biased variance over each group of channels of each example. Weights: gamma [C], beta [C]. */
export class GroupNormalization extends Layer {
  static override readonly className: string = 'GroupNormalization'
  groups: number
  readonly axis: number
  readonly epsilon: number
  readonly center: boolean
  readonly scale: boolean
  gamma: Variable | null = null
  beta: Variable | null = null
  readonly #recipes: ScaleRecipes

  constructor(options: GroupNormalizationOptions = {}) {
    super(options)
    const { groups = 32, axis = -1 } = options
    this.groups = groups === -1 ? -1 : integerOption(this.where, 'groups', groups)
    this.axis = integerOption(this.where, 'axis', axis, -Infinity)
    this.epsilon = numberOption(this.where, 'epsilon', options.epsilon ?? 1e-3, 0)
    this.center = options.center ?? true
    this.scale = options.scale ?? true
    this.#recipes = scaleRecipes(options)
  }

  override build(inputShape: SymbolicShape): void {
    const axis = resolveAxis(this.where, this.axis, inputShape.length)
    const channels = knownDim(this.where, inputShape, axis)
    if (this.groups === -1) this.groups = channels
    if (channels % this.groups !== 0)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `channels that are a multiple of groups = ${this.groups}`,
          received: `shape ${showShape(inputShape)}`,
        }),
      )
    const shape = [channels]
    if (this.scale) this.gamma = this.addWeight({ name: 'gamma', shape, ...this.#recipes.gamma })
    if (this.center) this.beta = this.addWeight({ name: 'beta', shape, ...this.#recipes.beta })
    this.inputSpec = { ndim: inputShape.length, axes: { [axis]: channels } }
  }

  override call(inputs: Tensor): Tensor {
    const x = toFloat(inputs)
    const axis = resolveAxis(this.where, this.axis, x.rank)
    const channels = x.shape[axis]!
    const split = [...x.shape.slice(0, axis), this.groups, channels / this.groups, ...x.shape.slice(axis + 1)]
    const grouped = ops.reshape(x, split)
    // All but the batch and the group.
    const axes = [...split.keys()].filter((i) => i !== 0 && i !== axis)
    const { mean, variance } = ops.moments(grouped, { axes, keepdims: true })
    const centred = ops.multiply(ops.subtract(grouped, mean), ops.rsqrt(ops.add(variance, this.epsilon)))
    let y = ops.reshape(centred, [...x.shape])
    if (this.gamma !== null) y = ops.multiply(y, along(this.gamma.value(), axis, x.rank))
    return this.beta === null ? y : ops.add(y, along(this.beta.value(), axis, x.rank))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      groups: this.groups,
      axis: this.axis,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      ...scaleConfig(this.#recipes),
    }
  }
}

export interface UnitNormalizationOptions extends LayerOptions {
  /** Axes over which each example gets the Euclidean norm 1; default -1. */
  readonly axis?: number | readonly number[]
}

/** `x / max(sqrt(sum(x^2)), 1e-12)`. */
export class UnitNormalization extends Layer {
  static override readonly className: string = 'UnitNormalization'
  readonly axis: number | readonly number[]

  constructor(options: UnitNormalizationOptions = {}) {
    super(options)
    this.axis = axesOption(this.where, 'axis', options.axis ?? -1)
  }

  override call(inputs: Tensor): Tensor {
    const x = toFloat(inputs)
    const axes = typeof this.axis === 'number' ? [this.axis] : this.axis
    const axis = axes.map((one) => resolveAxis(this.where, one, x.rank))
    return ops.l2Normalize(x, { axis, epsilon: 1e-24 })
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis }
  }
}
