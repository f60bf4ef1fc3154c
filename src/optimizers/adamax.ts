// Adamax: Adam with the infinity norm.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { biasCorrection, movedMoment } from './moments.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface AdamaxOptions extends OptimizerOptions {
  /** Default 0.9. */
  beta1?: number
  /** Default 0.999. */
  beta2?: number
  /** Default 1e-7. */
  epsilon?: number
}

/** m as in Adam, u <- max(beta2 u, |g|), w <- w - rate m / ((1 - beta1^t)(u + epsilon)). Default rate 0.001. arXiv:1412.6980, 7.1. */
export class Adamax extends Optimizer<Tensor> {
  static readonly className: string = 'Adamax'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number

  constructor({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, ...common }: AdamaxOptions = {}) {
    super({ learningRate: 0.001, ...common })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'norm'])
  }
  protected override prepare(rate: Tensor, step: Tensor): Tensor {
    return ops.divide(rate, biasCorrection(this.beta1, step))
  }
  protected override update(gradient: Tensor, variable: Variable, rate: Tensor): void {
    const momentum = this.slot('momentum', variable)
    const norm = this.slot('norm', variable)
    const m = movedMoment(this.read(momentum), gradient, this.beta1)
    const u = ops.maximum(ops.multiply(this.beta2, this.read(norm)), ops.abs(gradient))
    this.write(momentum, m)
    this.write(norm, u)
    const move = ops.divide(ops.multiply(rate, m), ops.add(u, this.epsilon))
    this.write(variable, ops.subtract(this.read(variable), move))
  }

  override getConfig(): Config {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2, epsilon: this.epsilon }
  }
}
