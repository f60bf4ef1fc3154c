// Muon: momentum made orthogonal for matrices, AdamW for everything else.
import type { Config } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { correctedRate, movedMoment } from './moments.ts'
import { Optimizer } from './optimizer.ts'
import type { OptimizerOptions } from './options.ts'

export interface MuonOptions extends OptimizerOptions {
  /** Default 0.9. */
  adamBeta1?: number
  /** Default 0.999. */
  adamBeta2?: number
  /** Weight decay of the variables that AdamW updates. Default 0.004. */
  adamWeightDecay?: number | null
  /** Of AdamW. Default 1e-7. */
  epsilon?: number
  /** Regular expressions; variables whose path has one of them are updated by AdamW. Name the output layer here. */
  excludeLayers?: readonly string[] | null
  /** Whether variables with "embedding" in their path are updated by AdamW. Default true. */
  excludeEmbeddings?: boolean
  /** Coefficients of the Newton-Schulz iteration. Defaults 3.4445, -4.775, 2.0315. */
  muonA?: number
  muonB?: number
  muonC?: number
  /** AdamW's rate, relative to Muon's. Default 1. */
  adamLrRatio?: number
  /** Default 0.95. */
  momentum?: number
  /** Newton-Schulz iterations. Default 5. */
  nsSteps?: number
  /** Default true. */
  nesterov?: boolean
  /** Steps are scaled by sqrt(max(rows, columns)) times this; null for no scaling. Default 0.2. */
  rmsRate?: number | null
}

interface MuonScalars {
  readonly rate: Tensor
  readonly adamRate: Tensor
}

/** Variables of rank 2 get orthogonal steps. Default rate 0.001, weight decay 0.004. Liu et al., 2025, arXiv:2502.16982. */
export class Muon extends Optimizer<MuonScalars> {
  static readonly className: string = 'Muon'
  readonly adamBeta1: number
  readonly adamBeta2: number
  readonly adamWeightDecay: number | null
  readonly epsilon: number
  readonly excludeLayers: readonly string[]
  readonly excludeEmbeddings: boolean
  readonly coefficients: readonly [number, number, number]
  readonly adamLrRatio: number
  readonly momentum: number
  readonly nsSteps: number
  readonly nesterov: boolean
  readonly rmsRate: number | null

  constructor(options: MuonOptions = {}) {
    const {
      adamBeta1 = 0.9,
      adamBeta2 = 0.999,
      adamWeightDecay = 0.004,
      epsilon = 1e-7,
      excludeLayers,
      excludeEmbeddings = true,
      muonA = 3.4445,
      muonB = -4.775,
      muonC = 2.0315,
      adamLrRatio = 1,
      momentum = 0.95,
      nsSteps = 5,
      nesterov = true,
      rmsRate = 0.2,
      ...common
    } = options
    super({ learningRate: 0.001, weightDecay: 0.004, ...common })
    this.adamBeta1 = adamBeta1
    this.adamBeta2 = adamBeta2
    this.adamWeightDecay = adamWeightDecay
    this.epsilon = epsilon
    this.excludeLayers = excludeLayers ?? []
    this.excludeEmbeddings = excludeEmbeddings
    this.coefficients = [muonA, muonB, muonC]
    this.adamLrRatio = adamLrRatio
    this.momentum = momentum
    this.nsSteps = nsSteps
    this.nesterov = nesterov
    this.rmsRate = rmsRate
  }

  #usesAdam(variable: Variable): boolean {
    if (variable.shape.length !== 2) return true
    if (this.excludeEmbeddings && variable.path.toLowerCase().includes('embedding')) return true
    return this.excludeLayers.some((pattern) => new RegExp(pattern).test(variable.path))
  }

  protected override createSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addSlot(variable, 'momentum')
      if (this.#usesAdam(variable)) this.addSlot(variable, 'velocity')
    }
  }
  protected override decayOf(variable: Variable): number | null {
    return this.#usesAdam(variable) ? this.adamWeightDecay : this.weightDecay
  }
  protected override prepare(rate: Tensor, step: Tensor): MuonScalars {
    const ofAdam = ops.multiply(rate, this.adamLrRatio)
    return { rate, adamRate: correctedRate(ofAdam, step, this.adamBeta1, this.adamBeta2) }
  }

  protected override update(gradient: Tensor, variable: Variable, { rate, adamRate }: MuonScalars): void {
    if (this.#usesAdam(variable)) this.#adam(gradient, variable, adamRate)
    else this.#muon(gradient, variable, rate)
  }

  #adam(gradient: Tensor, variable: Variable, alpha: Tensor): void {
    const momentum = this.slot('momentum', variable)
    const velocity = this.slot('velocity', variable)
    const m = movedMoment(this.read(momentum), gradient, this.adamBeta1)
    const v = movedMoment(this.read(velocity), ops.square(gradient), this.adamBeta2)
    this.write(momentum, m)
    this.write(velocity, v)
    const move = ops.divide(ops.multiply(m, alpha), ops.add(ops.sqrt(v), this.epsilon))
    this.write(variable, ops.subtract(this.read(variable), move))
  }

  #muon(gradient: Tensor, variable: Variable, rate: Tensor): void {
    const slot = this.slot('momentum', variable)
    const old = this.read(slot)
    const m = ops.add(old, ops.add(gradient, ops.multiply(old, this.momentum - 1)))
    this.write(slot, m)
    const direction = this.nesterov ? ops.add(gradient, ops.multiply(this.momentum, m)) : m
    const scale = this.rmsRate === null ? 1 : Math.sqrt(Math.max(...variable.shape)) * this.rmsRate
    const move = ops.multiply(ops.multiply(rate, scale), this.#orthogonal(direction))
    this.write(variable, ops.subtract(this.read(variable), move))
  }

  /** The nearest matrix with orthonormal rows or columns, roughly: x <- a x + (b A + c A^2) x with A = x x^T, some times. */
  #orthogonal(matrix: Tensor): Tensor {
    const [a, b, c] = this.coefficients
    const tall = matrix.shape[0]! > matrix.shape[1]!
    let x = tall ? ops.transpose(matrix) : matrix
    x = ops.divide(x, ops.add(ops.sqrt(ops.sum(ops.square(x))), 1e-7))
    for (let i = 0; i < this.nsSteps; i++) {
      const square = ops.matmul(x, ops.transpose(x))
      const mixed = ops.add(ops.multiply(b, square), ops.matmul(ops.multiply(c, square), square))
      x = ops.add(ops.multiply(a, x), ops.matmul(mixed, x))
    }
    return tall ? ops.transpose(x) : x
  }

  override getConfig(): Config {
    const [muon_a, muon_b, muon_c] = this.coefficients
    return {
      ...super.getConfig(),
      adam_beta_1: this.adamBeta1,
      adam_beta_2: this.adamBeta2,
      epsilon: this.epsilon,
      exclude_layers: [...this.excludeLayers],
      muon_a,
      muon_b,
      muon_c,
      adam_lr_ratio: this.adamLrRatio,
      momentum: this.momentum,
      ns_steps: this.nsSteps,
      nesterov: this.nesterov,
      exclude_embeddings: this.excludeEmbeddings,
      adam_weight_decay: this.adamWeightDecay,
      rms_rate: this.rmsRate,
    }
  }
}
