// Adafactor: second moments kept as a row and a column.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface AdafactorOptions extends OptimizerOptions {
  /** Exponent of the decay of the moments. Default -0.8. */
  beta2Decay?: number
  /** Added to squared gradients. Default 1e-30. */
  epsilon1?: number
  /** Least size of weights that the rate is relative to. Default 1e-3. */
  epsilon2?: number
  /** Default 1. */
  clipThreshold?: number
  /** Whether a constant rate is bounded by 1 / sqrt(t). Default true. */
  relativeStep?: boolean
}

interface AdafactorScalars {
  readonly rho: Tensor
  readonly beta2: Tensor
  readonly rest: Tensor
}

function rootMeanSquare(x: Tensor): Tensor {
  return ops.sqrt(ops.mean(ops.square(x)))
}

/** Default rate 0.001. Shazeer & Stern, 2018, arXiv:1804.04235. Variables of rank 2 and more are factored in their last two dims. */
export class Adafactor extends Optimizer<AdafactorScalars> {
  static readonly className: string = 'Adafactor'
  readonly beta2Decay: number
  readonly epsilon1: number
  readonly epsilon2: number
  readonly clipThreshold: number
  readonly relativeStep: boolean

  constructor(options: AdafactorOptions = {}) {
    const {
      beta2Decay = -0.8,
      epsilon1 = 1e-30,
      epsilon2 = 1e-3,
      clipThreshold = 1,
      relativeStep = true,
      ...common
    } = options
    super({ learningRate: 0.001, ...common })
    this.beta2Decay = beta2Decay
    this.epsilon1 = epsilon1
    this.epsilon2 = epsilon2
    this.clipThreshold = clipThreshold
    this.relativeStep = relativeStep
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const { shape, name } = variable
      // Keras keeps unused int32 scalars, outside of its scope, in the place of rows and columns that do not exist.
      const factored = shape.length >= 2
      const rows = factored ? shape.slice(0, -1) : []
      const columns = factored ? [...shape.slice(0, -2), shape.at(-1)!] : []
      this.keepSlot(variable, 'rows', this.addVariable(name, { shape: rows, scoped: factored, integer: !factored }))
      this.keepSlot(
        variable,
        'columns',
        this.addVariable(name, { shape: columns, scoped: factored, integer: !factored }),
      )
      this.addSlot(variable, 'velocity')
    }
  }

  protected override prepare(rate: Tensor, step: Tensor): AdafactorScalars {
    const bound = ops.divide(1, ops.sqrt(step))
    const own = this.relativeStep && !this.hasSchedule ? ops.minimum(rate, bound) : rate
    const beta2 = ops.subtract(1, ops.power(step, this.beta2Decay))
    return { rho: ops.minimum(own, bound), beta2, rest: ops.subtract(1, beta2) }
  }

  protected override update(gradient: Tensor, variable: Variable, { rho, beta2, rest }: AdafactorScalars): void {
    const w = this.read(variable)
    const squares = ops.add(ops.square(gradient), this.epsilon1)
    const moved = (kind: string, value: Tensor): Tensor => {
      const slot = this.slot(kind, variable)
      const result = ops.add(ops.multiply(beta2, this.read(slot)), ops.multiply(rest, value))
      this.write(slot, result)
      return result
    }
    let v: Tensor
    if (variable.shape.length >= 2) {
      const rows = moved('rows', ops.mean(squares, { axis: -1 }))
      const columns = moved('columns', ops.mean(squares, { axis: -2 }))
      const shares = ops.divide(rows, ops.mean(rows, { axis: -1, keepdims: true }))
      v = ops.multiply(ops.expandDims(shares, -1), ops.expandDims(columns, -2))
      this.write(this.slot('velocity', variable), v)
    } else {
      v = moved('velocity', squares)
    }
    const direction = ops.divide(gradient, ops.sqrt(v))
    const tooLong = ops.maximum(1, ops.divide(rootMeanSquare(direction), this.clipThreshold))
    const rate = ops.multiply(ops.maximum(this.epsilon2, rootMeanSquare(w)), rho)
    this.write(variable, ops.subtract(w, ops.multiply(rate, ops.divide(direction, tooLong))))
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      beta_2_decay: this.beta2Decay,
      epsilon_1: this.epsilon1,
      epsilon_2: this.epsilon2,
      clip_threshold: this.clipThreshold,
      relative_step: this.relativeStep,
    }
  }
}
