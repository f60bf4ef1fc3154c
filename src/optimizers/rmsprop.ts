// RMSprop.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface RMSpropOptions extends OptimizerOptions {
  /** How slowly the mean of squares forgets. Default 0.9. */
  rho?: number
  /** Default 0. */
  momentum?: number
  /** Added inside of the root. Default 1e-7. */
  epsilon?: number
  /** Whether the variance replaces the mean of squares. Default false. */
  centered?: boolean
}

/** v <- rho v + (1 - rho) g^2, step = rate g / sqrt(v + epsilon) (centered: v - mean(g)^2). Default rate 0.001. */
export class RMSprop extends Optimizer<Tensor> {
  static readonly className: string = 'RMSprop'
  readonly rho: number
  readonly momentum: number
  readonly epsilon: number
  readonly centered: boolean

  constructor({ rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false, ...common }: RMSpropOptions = {}) {
    super({ learningRate: 0.001, ...common })
    this.rho = rho
    this.momentum = momentum
    this.epsilon = epsilon
    this.centered = centered
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['velocity'])
    if (this.momentum > 0) this.addSlots(variables, ['momentum'])
    if (this.centered) this.addSlots(variables, ['average_gradient'])
  }
  protected override prepare(rate: Tensor): Tensor {
    return rate
  }
  protected override update(gradient: Tensor, variable: Variable, rate: Tensor): void {
    const v = this.#moved('velocity', variable, ops.square(gradient))
    let spread = v
    if (this.centered) spread = ops.subtract(v, ops.square(this.#moved('average_gradient', variable, gradient)))
    let move = ops.divide(ops.multiply(rate, gradient), ops.sqrt(ops.add(spread, this.epsilon)))
    if (this.momentum > 0) {
      const slot = this.slot('momentum', variable)
      move = ops.add(ops.multiply(this.momentum, this.read(slot)), move)
      this.write(slot, move)
    }
    this.write(variable, ops.subtract(this.read(variable), move))
  }

  #moved(kind: string, variable: Variable, value: Tensor): Tensor {
    const slot = this.slot(kind, variable)
    const moved = ops.add(ops.multiply(this.rho, this.read(slot)), ops.multiply(1 - this.rho, value))
    this.write(slot, moved)
    return moved
  }

  override getConfig(): Config {
    const { rho, momentum, epsilon, centered } = this
    return { ...super.getConfig(), rho, momentum, epsilon, centered }
  }
}
