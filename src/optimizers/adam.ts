// Adam, and AdamW with its default weight decay.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { correctedRate, movedMoment } from './moments.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface AdamOptions extends OptimizerOptions {
  /** Default 0.9. */
  beta1?: number
  /** Default 0.999. */
  beta2?: number
  /** Added to the root of the uncorrected second moment ("epsilon hat" of the paper). Default 1e-7. */
  epsilon?: number
  /** Whether the largest second moment so far is used. Default false. */
  amsgrad?: boolean
}

/**
 * m <- m + (g - m)(1 - beta1), v <- v + (g^2 - v)(1 - beta2), w <- w - m alpha / (sqrt(v) + epsilon), with
 * alpha = rate sqrt(1 - beta2^t) / (1 - beta1^t). Default rate 0.001. Kingma & Ba, 2014, arXiv:1412.6980.
 */
export class Adam extends Optimizer<Tensor> {
  static readonly className: string = 'Adam'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly amsgrad: boolean

  constructor({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, amsgrad = false, ...common }: AdamOptions = {}) {
    super({ learningRate: 0.001, ...common })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
    this.amsgrad = amsgrad
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'velocity'])
    if (this.amsgrad) this.addSlots(variables, ['velocity_hat'])
  }
  protected override prepare(rate: Tensor, step: Tensor): Tensor {
    return correctedRate(rate, step, this.beta1, this.beta2)
  }
  protected override update(gradient: Tensor, variable: Variable, alpha: Tensor): void {
    const momentum = this.slot('momentum', variable)
    const velocity = this.slot('velocity', variable)
    const m = movedMoment(this.read(momentum), gradient, this.beta1)
    let v = movedMoment(this.read(velocity), ops.square(gradient), this.beta2)
    this.write(momentum, m)
    this.write(velocity, v)
    if (this.amsgrad) {
      const largest = this.slot('velocity_hat', variable)
      v = ops.maximum(this.read(largest), v)
      this.write(largest, v)
    }
    const move = ops.divide(ops.multiply(m, alpha), ops.add(ops.sqrt(v), this.epsilon))
    this.write(variable, ops.subtract(this.read(variable), move))
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      beta_1: this.beta1,
      beta_2: this.beta2,
      epsilon: this.epsilon,
      amsgrad: this.amsgrad,
    }
  }
}

/** Adam with decoupled weight decay (0.004 unless said). Loshchilov & Hutter, 2019, arXiv:1711.05101. */
export class AdamW extends Adam {
  static override readonly className: string = 'AdamW'
  constructor(options: AdamOptions = {}) {
    super({ weightDecay: 0.004, ...options })
  }
}
