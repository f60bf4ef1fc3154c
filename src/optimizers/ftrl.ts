// FTRL: follow the regularized leader.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { Optimizer } from './optimizer.ts'
import { type OptimizerOptions, requireRange } from './options.ts'

export interface FtrlOptions extends OptimizerOptions {
  /** At most 0. Default -0.5. */
  learningRatePower?: number
  /** At least 0. Default 0.1. */
  initialAccumulatorValue?: number
  /** At least 0. Default 0. */
  l1RegularizationStrength?: number
  /** At least 0. Default 0. */
  l2RegularizationStrength?: number
  /** At least 0. Default 0. */
  l2ShrinkageRegularizationStrength?: number
  /** Default 0. */
  beta?: number
}

/** n <- n + g^2, z <- z + g - (n_new^-p - n_old^-p) w / rate, w <- (clip(z, ±l1) - z) / (n^-p / rate + 2 l2'). Default rate 0.001. McMahan et al., 2013. */
export class Ftrl extends Optimizer<Tensor> {
  static readonly className: string = 'Ftrl'
  readonly learningRatePower: number
  readonly initialAccumulatorValue: number
  readonly l1RegularizationStrength: number
  readonly l2RegularizationStrength: number
  readonly l2ShrinkageRegularizationStrength: number
  readonly beta: number

  constructor(options: FtrlOptions = {}) {
    const {
      learningRatePower = -0.5,
      initialAccumulatorValue = 0.1,
      l1RegularizationStrength = 0,
      l2RegularizationStrength = 0,
      l2ShrinkageRegularizationStrength = 0,
      beta = 0,
      ...common
    } = options
    super({ learningRate: 0.001, ...common })
    const notNegative = (option: string, value: number): number =>
      requireRange(this.className, option, value, 0, Infinity)
    this.learningRatePower = requireRange(this.className, 'learningRatePower', learningRatePower, -Infinity, 0)
    this.initialAccumulatorValue = notNegative('initialAccumulatorValue', initialAccumulatorValue)
    this.l1RegularizationStrength = notNegative('l1RegularizationStrength', l1RegularizationStrength)
    this.l2RegularizationStrength = notNegative('l2RegularizationStrength', l2RegularizationStrength)
    this.l2ShrinkageRegularizationStrength = notNegative(
      'l2ShrinkageRegularizationStrength',
      l2ShrinkageRegularizationStrength,
    )
    this.beta = beta
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addSlot(variable, 'accumulator', this.initialAccumulatorValue)
      this.addSlot(variable, 'linear')
    }
  }
  protected override prepare(rate: Tensor): Tensor {
    return rate
  }
  protected override update(gradient: Tensor, variable: Variable, rate: Tensor): void {
    const accumulator = this.slot('accumulator', variable)
    const linear = this.slot('linear', variable)
    const w = this.read(variable)
    const n = this.read(accumulator)
    const power = (x: Tensor): Tensor => ops.power(x, -this.learningRatePower)
    const newN = ops.add(n, ops.square(gradient))
    const shrunk = ops.add(gradient, ops.multiply(2 * this.l2ShrinkageRegularizationStrength, w))
    const sigma = ops.divide(ops.subtract(power(newN), power(n)), rate)
    const z = ops.add(this.read(linear), ops.subtract(shrunk, ops.multiply(sigma, w)))
    const l2 = ops.add(this.l2RegularizationStrength, ops.divide(this.beta, ops.multiply(2, rate)))
    const quadratic = ops.add(ops.divide(power(newN), rate), ops.multiply(2, l2))
    const l1 = this.l1RegularizationStrength
    this.write(linear, z)
    this.write(accumulator, newN)
    this.write(variable, ops.divide(ops.subtract(ops.clip(z, -l1, l1), z), quadratic))
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      learning_rate_power: this.learningRatePower,
      initial_accumulator_value: this.initialAccumulatorValue,
      l1_regularization_strength: this.l1RegularizationStrength,
      l2_regularization_strength: this.l2RegularizationStrength,
      l2_shrinkage_regularization_strength: this.l2ShrinkageRegularizationStrength,
      beta: this.beta,
    }
  }
}
