// Nadam: Adam with Nesterov's momentum.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { biasCorrection, float32Complement, movedMoment } from './moments.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface NadamOptions extends OptimizerOptions {
  /** Default 0.9. */
  beta1?: number
  /** Default 0.999. */
  beta2?: number
  /** Default 1e-7. */
  epsilon?: number
}

interface NadamScalars {
  readonly rate: Tensor
  /** Factors of the first moment and of the gradient in the look-ahead. */
  readonly ofMoment: Tensor
  readonly ofGradient: Tensor
  readonly correction: Tensor
}

/**
 * With u_t = beta1 (1 - 0.96^t / 2) and U_t the product of all u so far:
 * w <- w - rate (u_{t+1} m / (1 - U_{t+1}) + (1 - u_t) g / (1 - U_t)) / (sqrt(v / (1 - beta2^t)) + epsilon).
 * Default rate 0.001. Dozat, 2015.
 */
export class Nadam extends Optimizer<NadamScalars> {
  static readonly className: string = 'Nadam'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  #product: Variable | null = null

  constructor({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, ...common }: NadamOptions = {}) {
    super({ learningRate: 0.001, ...common })
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'velocity'])
    // Keras gives this one no name and no scope.
    this.#product = this.addVariable('variable', { shape: [], initial: 1, scoped: false })
  }

  protected override prepare(rate: Tensor, step: Tensor): NadamScalars {
    const now = this.#u(step)
    const next = this.#u(ops.add(step, 1))
    // From the old value, not by `read`: this runs once for each learning rate, and the product must grow once.
    const product = ops.multiply(this.#product!.value(), now)
    this.write(this.#product!, product)
    return {
      rate,
      ofMoment: ops.divide(next, ops.subtract(1, ops.multiply(product, next))),
      ofGradient: ops.divide(ops.subtract(1, now), ops.subtract(1, product)),
      correction: biasCorrection(this.beta2, step),
    }
  }

  #u(step: Tensor): Tensor {
    return ops.multiply(this.beta1, ops.subtract(1, ops.multiply(0.5, ops.power(0.96, step))))
  }

  protected override update(gradient: Tensor, variable: Variable, scalars: NadamScalars): void {
    const momentum = this.slot('momentum', variable)
    const velocity = this.slot('velocity', variable)
    const m = movedMoment(this.read(momentum), gradient, this.beta1, float32Complement(this.beta1))
    const v = movedMoment(this.read(velocity), ops.square(gradient), this.beta2, float32Complement(this.beta2))
    this.write(momentum, m)
    this.write(velocity, v)
    const ahead = ops.add(ops.multiply(scalars.ofMoment, m), ops.multiply(scalars.ofGradient, gradient))
    const root = ops.add(ops.sqrt(ops.divide(v, scalars.correction)), this.epsilon)
    this.write(variable, ops.subtract(this.read(variable), ops.divide(ops.multiply(ahead, scalars.rate), root)))
  }

  override getConfig(): Config {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2, epsilon: this.epsilon }
  }
}
