// Gradient descent, with momentum.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { Optimizer } from './optimizer.ts'
import { type OptimizerOptions, requireRange } from './options.ts'

export interface SGDOptions extends OptimizerOptions {
  /** From 0 to 1. Default 0. */
  momentum?: number
  /** Default false. */
  nesterov?: boolean
}

/** w <- w - rate g; with momentum m <- momentum m - rate g and w <- w + m (nesterov: w + momentum m - rate g). Default rate 0.01. */
export class SGD extends Optimizer<Tensor> {
  static readonly className: string = 'SGD'
  readonly momentum: number
  readonly nesterov: boolean

  constructor({ momentum = 0, nesterov = false, ...common }: SGDOptions = {}) {
    super({ learningRate: 0.01, ...common })
    this.momentum = requireRange(this.className, 'momentum', momentum, 0, 1)
    this.nesterov = nesterov
  }

  protected override createSlots(variables: readonly Variable[]): void {
    if (this.momentum !== 0) this.addSlots(variables, ['momentum'])
  }
  protected override prepare(rate: Tensor): Tensor {
    return rate
  }
  protected override update(gradient: Tensor, variable: Variable, rate: Tensor): void {
    const w = this.read(variable)
    const step = ops.multiply(gradient, rate)
    if (this.momentum === 0) {
      this.write(variable, ops.subtract(w, step))
      return
    }
    const slot = this.slot('momentum', variable)
    const m = ops.subtract(ops.multiply(this.read(slot), this.momentum), step)
    this.write(slot, m)
    const move = this.nesterov ? ops.subtract(ops.multiply(m, this.momentum), step) : m
    this.write(variable, ops.add(w, move))
  }

  override getConfig(): Config {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov }
  }
}
