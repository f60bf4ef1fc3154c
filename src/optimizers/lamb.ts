// Lamb: Adam whose step is as large as the weights are, layer by layer.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { biasCorrection, movedMoment } from './moments.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface LambOptions extends OptimizerOptions {
  /** Default 0.9. */
  beta1?: number
  /** Default 0.999. */
  beta2?: number
  /** Default 1e-7. */
  epsilon?: number
}

interface LambScalars {
  readonly rate: Tensor
  readonly correction1: Tensor
  readonly correction2: Tensor
}

/** u = m_hat / (sqrt(v_hat) + epsilon), w <- w - rate u |w| / |u| (1 for the ratio if a norm is 0). Default rate 0.001. You et al., 2019, arXiv:1904.00962. */
export class Lamb extends Optimizer<LambScalars> {
  static readonly className: string = 'Lamb'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number

  constructor({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, ...common }: LambOptions = {}) {
    super({ learningRate: 0.001, ...common })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'velocity'])
  }
  protected override prepare(rate: Tensor, step: Tensor): LambScalars {
    return { rate, correction1: biasCorrection(this.beta1, step), correction2: biasCorrection(this.beta2, step) }
  }
  protected override update(gradient: Tensor, variable: Variable, scalars: LambScalars): void {
    const momentum = this.slot('momentum', variable)
    const velocity = this.slot('velocity', variable)
    const m = movedMoment(this.read(momentum), gradient, this.beta1)
    const v = movedMoment(this.read(velocity), ops.square(gradient), this.beta2)
    this.write(momentum, m)
    this.write(velocity, v)
    const w = this.read(variable)
    const root = ops.add(ops.sqrt(ops.divide(v, scalars.correction2)), this.epsilon)
    const direction = ops.divide(ops.divide(m, scalars.correction1), root)
    const weightNorm = ops.sqrt(ops.sum(ops.square(w)))
    const stepNorm = ops.sqrt(ops.sum(ops.square(direction)))
    const bothPositive = ops.logicalAnd(ops.greater(weightNorm, 0), ops.greater(stepNorm, 0))
    const ratio = ops.where(bothPositive, ops.divide(weightNorm, stepNorm), 1)
    this.write(variable, ops.subtract(w, ops.multiply(ops.multiply(ratio, scalars.rate), direction)))
  }

  override getConfig(): Config {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2, epsilon: this.epsilon }
  }
}
