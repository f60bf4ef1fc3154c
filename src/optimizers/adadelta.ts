// Adadelta.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface AdadeltaOptions extends OptimizerOptions {
  /** Default 0.95. */
  rho?: number
  /** Default 1e-7. */
  epsilon?: number
}

/** Steps as large as past steps were, relative to past gradients. Default rate 0.001 (1.0 in the paper: Zeiler, 2012, arXiv:1212.5701). */
export class Adadelta extends Optimizer<Tensor> {
  static readonly className: string = 'Adadelta'
  readonly rho: number
  readonly epsilon: number

  constructor({ rho = 0.95, epsilon = 1e-7, ...common }: AdadeltaOptions = {}) {
    super({ learningRate: 0.001, ...common })
    this.rho = rho
    this.epsilon = epsilon
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['accumulated_grad', 'accumulated_delta_var'])
  }
  protected override prepare(rate: Tensor): Tensor {
    return rate
  }
  protected override update(gradient: Tensor, variable: Variable, rate: Tensor): void {
    const gradients = this.slot('accumulated_grad', variable)
    const moves = this.slot('accumulated_delta_var', variable)
    const ofGradients = this.#moved(this.read(gradients), gradient)
    const ofMoves = this.read(moves)
    const move = ops.negative(ops.divide(ops.multiply(this.#rms(ofMoves), gradient), this.#rms(ofGradients)))
    this.write(gradients, ofGradients)
    this.write(moves, this.#moved(ofMoves, move))
    this.write(variable, ops.add(this.read(variable), ops.multiply(rate, move)))
  }

  #rms(meanOfSquares: Tensor): Tensor {
    return ops.sqrt(ops.add(meanOfSquares, this.epsilon))
  }
  #moved(meanOfSquares: Tensor, value: Tensor): Tensor {
    return ops.add(ops.multiply(this.rho, meanOfSquares), ops.multiply(1 - this.rho, ops.square(value)))
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rho: this.rho, epsilon: this.epsilon }
  }
}
