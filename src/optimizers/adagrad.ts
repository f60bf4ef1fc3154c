// Adagrad.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { Optimizer } from './optimizer.ts'
import { type OptimizerOptions, requireRange } from './options.ts'

export interface AdagradOptions extends OptimizerOptions {
  /** At least 0. Default 0.1. */
  initialAccumulatorValue?: number
  /** Added inside of the root. Default 1e-7. */
  epsilon?: number
}

/** a <- a + g^2, w <- w - rate g / sqrt(a + epsilon). Default rate 0.001. Duchi et al., 2011. */
export class Adagrad extends Optimizer<Tensor> {
  static readonly className: string = 'Adagrad'
  readonly initialAccumulatorValue: number
  readonly epsilon: number

  constructor({ initialAccumulatorValue = 0.1, epsilon = 1e-7, ...common }: AdagradOptions = {}) {
    super({ learningRate: 0.001, ...common })
    this.initialAccumulatorValue = requireRange(
      this.className,
      'initialAccumulatorValue',
      initialAccumulatorValue,
      0,
      Infinity,
    )
    this.epsilon = epsilon
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['accumulator'], { initial: this.initialAccumulatorValue })
  }
  protected override prepare(rate: Tensor): Tensor {
    return rate
  }
  protected override update(gradient: Tensor, variable: Variable, rate: Tensor): void {
    const slot = this.slot('accumulator', variable)
    const sum = ops.add(this.read(slot), ops.square(gradient))
    this.write(slot, sum)
    const move = ops.divide(ops.multiply(rate, gradient), ops.sqrt(ops.add(sum, this.epsilon)))
    this.write(variable, ops.subtract(this.read(variable), move))
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      initial_accumulator_value: this.initialAccumulatorValue,
      epsilon: this.epsilon,
    }
  }
}
