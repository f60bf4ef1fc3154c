// Schedule-free AdamW: needs no learning-rate schedule, because it averages the weights instead.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { biasCorrection, float32Complement, movedMoment } from './moments.ts'
import { Optimizer } from './optimizer.ts'
import { type OptimizerOptions, requireRange } from './options.ts'

export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** How much of the weights is their average; the rest is the sequence that gradients move. Default 0.9. */
  beta1?: number
  /** Default 0.999. */
  beta2?: number
  /** Default 1e-8. */
  epsilon?: number
  /** Steps in which the rate grows from 0 to its value. Default 0. */
  warmupSteps?: number
}

interface Shared {
  readonly rate: Tensor
  readonly correction: Tensor
  readonly share: Tensor
  readonly isFirst: Tensor
}

/**
 * z <- z - rate g / (sqrt(v / (1 - beta2^t)) + epsilon), x <- (1 - 1/t) x + z/t, w <- (1 - beta1) z + beta1 x; x is not stored but
 * found from w and z. Default rate 0.0025. Defazio et al., 2024, arXiv:2405.15682.
 */
export class ScheduleFreeAdamW extends Optimizer<Shared> {
  static readonly className: string = 'ScheduleFreeAdamW'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly warmupSteps: number

  /** @throws ArgumentError for `warmupSteps` below 0. */
  constructor(options: ScheduleFreeAdamWOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, warmupSteps = 0, ...common } = options
    super({ learningRate: 0.0025, ...common })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
    this.warmupSteps = requireRange(this.className, 'warmupSteps', warmupSteps, 0, Infinity)
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'velocity'])
    // For variables that get their first gradient later; the others begin in `update`, at the weights of that moment.
    if (ops.inTrace()) return
    for (const variable of variables) this.slot('momentum', variable).assign(variable.value())
  }

  protected override prepare(rate: Tensor, step: Tensor): Shared {
    const warm = this.warmupSteps > 0 ? ops.multiply(rate, ops.minimum(ops.divide(step, this.warmupSteps), 1)) : rate
    return {
      rate: warm,
      correction: biasCorrection(this.beta2, step),
      share: ops.divide(1, step),
      isFirst: ops.equal(step, 1),
    }
  }

  protected override update(gradient: Tensor, variable: Variable, { rate, correction, share, isFirst }: Shared): void {
    const { beta1, beta2, epsilon } = this
    const momentum = this.slot('momentum', variable)
    const velocity = this.slot('velocity', variable)
    const weights = this.read(variable)
    // The sequence starts at the weights as they are before any weight decay.
    const before = ops.where(isFirst, variable.value(), this.read(momentum))
    const v = movedMoment(this.read(velocity), ops.square(gradient), beta2, float32Complement(beta2))
    const scale = ops.add(ops.sqrt(ops.divide(v, correction)), epsilon)
    const z = ops.subtract(before, ops.divide(ops.multiply(rate, gradient), scale))
    const average = ops.divide(ops.subtract(weights, ops.multiply(before, float32Complement(beta1))), beta1)
    const x = ops.add(ops.multiply(ops.subtract(1, share), average), ops.multiply(share, z))
    this.write(velocity, v)
    this.write(momentum, z)
    this.write(variable, ops.add(ops.multiply(z, float32Complement(beta1)), ops.multiply(x, beta1)))
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      beta_1: this.beta1,
      beta_2: this.beta2,
      epsilon: this.epsilon,
      warmup_steps: this.warmupSteps,
    }
  }
}
