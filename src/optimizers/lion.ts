// Lion: steps of one size, in the direction of the sign.
import { ArgumentError, problem } from '../errors.ts'
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { float32Complement } from './moments.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface LionOptions extends OptimizerOptions {
  /** Above 0, at most 1. Default 0.9. */
  beta1?: number
  /** Default 0.99. */
  beta2?: number
}

/** w <- w - rate sign(beta1 m + (1 - beta1) g), m <- beta2 m + (1 - beta2) g. Default rate 0.001. Chen et al., 2023, arXiv:2302.06675. */
export class Lion extends Optimizer<Tensor> {
  static readonly className: string = 'Lion'
  readonly beta1: number
  readonly beta2: number

  constructor({ beta1 = 0.9, beta2 = 0.99, ...common }: LionOptions = {}) {
    super({ learningRate: 0.001, ...common })
    if (!(beta1 > 0 && beta1 <= 1)) {
      throw new ArgumentError(problem({ where: 'Lion', expected: 'beta1 above 0 and at most 1', received: beta1 }))
    }
    this.beta1 = beta1
    this.beta2 = beta2
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum'])
  }
  protected override prepare(rate: Tensor): Tensor {
    return rate
  }
  protected override update(gradient: Tensor, variable: Variable, rate: Tensor): void {
    const slot = this.slot('momentum', variable)
    const m = this.read(slot)
    const mixed = (beta: number): Tensor =>
      ops.add(ops.multiply(m, beta), ops.multiply(gradient, float32Complement(beta)))
    this.write(variable, ops.subtract(this.read(variable), ops.multiply(rate, ops.sign(mixed(this.beta1)))))
    this.write(slot, mixed(this.beta2))
  }

  override getConfig(): Config {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2 }
  }
}
