// Normalizations within one example: LayerNormalization, GroupNormalization, UnitNormalization.
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
  /** Divide by the root mean square alone, without centring; default false. */
  readonly rmsScaling?: boolean
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
    const { axis = -1 } = options
    this.axis = typeof axis === 'number' ? [axis] : [...axis]
    if (this.axis.length === 0 || !this.axis.every(Number.isInteger))
      throw new ArgumentError(problem({ where: this.where, expected: '`axis` to be integers', received: axis }))
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
    const spread = x.shape.map((dim, i) => (axes.includes(i) ? dim : 1))
    // A weight has its dims in the order of `axis`, the input in its own.
    const order = axes.map((axis, i) => [axis, i] as const).sort(([a], [b]) => a - b)
    const laid = (weight: Variable): Tensor => {
      const value = weight.value()
      const sorted = order.map(([, i]) => i)
      return ops.reshape(sorted.every((from, to) => from === to) ? value : ops.transpose(value, sorted), spread)
    }
    if (this.rmsScaling) {
      const power = ops.mean(ops.square(x), { axis: axes, keepdims: true })
      return ops.multiply(ops.multiply(x, ops.rsqrt(ops.add(power, this.epsilon))), laid(this.gamma!))
    }
    const { mean, variance } = ops.moments(x, { axes, keepdims: true })
    const deviation = ops.rsqrt(ops.add(variance, this.epsilon))
    let y = ops.multiply(ops.subtract(x, mean), deviation)
    if (this.gamma !== null) y = ops.multiply(y, laid(this.gamma))
    return this.beta === null ? y : ops.add(y, laid(this.beta))
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

/** `x / sqrt(max(sum(x^2), 1e-12))`. */
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
    const squares = ops.sum(ops.square(x), { axis, keepdims: true })
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, 1e-12)))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis }
  }
}
