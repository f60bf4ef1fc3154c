// Dynamic loss scaling for computation in half precision.
import { ArgumentError, problem } from '../errors.ts'
import { type Config, isSerializedObject, type SerializedObject } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import type { LearningRateSchedule } from '../schedules/index.ts'
import { optimizersByName } from './by-name.ts'
import type { LearningRate } from './learning-rate.ts'
import { Optimizer } from './optimizer.ts'

export interface LossScaleOptimizerOptions {
  /** What makes the updates. */
  innerOptimizer: Optimizer
  /** Default 32768. */
  initialScale?: number
  /** After how many good steps in a row the scale is doubled. Default 2000. */
  dynamicGrowthSteps?: number
  name?: string
}

/**
 * Multiplies the loss by a scale and divides the gradients by it. A step with a gradient that is not finite changes nothing
 * but the scale, which is halved.
 */
export class LossScaleOptimizer extends Optimizer<null> {
  static readonly className: string = 'LossScaleOptimizer'
  readonly inner: Optimizer
  readonly initialScale: number
  readonly dynamicGrowthSteps: number
  #stepCounter: Variable | null = null
  #scale: Variable | null = null

  /** @throws ArgumentError if there is no inner optimizer, or it scales the loss itself dynamically. */
  constructor(options: LossScaleOptimizerOptions | { innerOptimizer: SerializedObject }) {
    const {
      innerOptimizer,
      initialScale = 32768,
      dynamicGrowthSteps = 2000,
      name,
    } = options as LossScaleOptimizerOptions
    super({ learningRate: 0, ...(name === undefined ? {} : { name }) })
    const given: unknown = innerOptimizer
    const inner = isSerializedObject(given) ? optimizersByName.make(given) : innerOptimizer
    if (!(inner instanceof Optimizer) || inner instanceof LossScaleOptimizer) {
      throw new ArgumentError(
        problem({
          where: 'LossScaleOptimizer',
          expected: 'innerOptimizer: an optimizer without dynamic loss scaling',
          received: given,
        }),
      )
    }
    for (const [option, value] of [
      ['initialScale', initialScale],
      ['dynamicGrowthSteps', dynamicGrowthSteps],
    ] as const) {
      if (typeof value === 'number' && value > 0) continue
      throw new ArgumentError(
        problem({ where: 'LossScaleOptimizer', expected: `\`${option}\` to be a number above 0`, received: value }),
      )
    }
    this.inner = inner
    // Otherwise gradients would be divided twice.
    this.inner.lossScaleFactor = null
    this.initialScale = initialScale
    this.dynamicGrowthSteps = dynamicGrowthSteps
  }

  override get iterations(): Variable {
    return this.inner.iterations
  }
  override get updateCount(): Tensor {
    return this.inner.updateCount
  }
  override get learningRate(): number | LearningRateSchedule {
    return this.inner.learningRate
  }
  override set learningRate(rate: LearningRate) {
    this.inner.learningRate = rate
  }
  override currentLearningRate(): Promise<number> {
    return this.inner.currentLearningRate()
  }
  override get variables(): Variable[] {
    return [...super.variables, ...this.inner.variables]
  }
  override get trainedVariables(): readonly Variable[] {
    return this.inner.trainedVariables
  }
  /** The scale that the next loss is multiplied by (float32 scalar). */
  get dynamicScale(): Tensor {
    return this.#scale === null ? ops.tensor(this.initialScale) : this.#scale.value()
  }

  protected override createSlots(variables: readonly Variable[]): void {
    this.#stepCounter = this.addVariable('step_counter', { shape: [], integer: true })
    this.#scale = this.addVariable('dynamic_scale', { shape: [], initial: this.initialScale })
    this.inner.build(variables)
  }
  override unbuild(): void {
    super.unbuild()
    this.inner.unbuild()
    this.#stepCounter = null
    this.#scale = null
  }
  protected override prepare(): null {
    return null
  }
  protected override update(): void {
    throw new ArgumentError(
      problem({ where: 'LossScaleOptimizer.update', expected: 'a call of apply', received: 'a call of update' }),
    )
  }

  override scaleLoss(loss: Tensor): Tensor {
    return ops.multiply(loss, this.dynamicScale)
  }

  override applyWhere(
    condition: Tensor | null,
    gradients: readonly (Tensor | null)[],
    variables?: readonly Variable[],
  ): void {
    if (variables !== undefined) this.build(variables, true)
    const present = gradients.filter((gradient) => gradient !== null)
    if (present.length === 0 || !this.built) {
      // The inner optimizer says what is wrong.
      this.inner.applyWhere(condition, gradients, variables)
      return
    }
    const counter = this.#stepCounter!
    const scale = this.#scale!
    const finite = present.map((gradient) => ops.all(ops.isFinite(gradient))).reduce((a, b) => ops.logicalAnd(a, b))
    const good = condition === null ? finite : ops.logicalAnd(condition, finite)
    const oldScale = scale.value()
    const oldCounter = counter.value()
    this.inner.applyWhere(
      good,
      gradients.map((gradient) => (gradient === null ? null : ops.divide(gradient, oldScale))),
      variables,
    )
    const grows = ops.equal(oldCounter, this.dynamicGrowthSteps - 1)
    const after = ops.where(grows, ops.multiply(oldScale, 2), oldScale)
    const nextScale = ops.where(finite, after, ops.divide(oldScale, 2))
    const nextCounter = ops.where(ops.logicalAnd(finite, ops.logicalNot(grows)), ops.add(oldCounter, 1), 0)
    scale.assign(condition === null ? nextScale : ops.where(condition, nextScale, oldScale))
    counter.assign(condition === null ? nextCounter : ops.where(condition, nextCounter, oldCounter))
  }

  override finalizeVariableValues(variables: readonly Variable[]): void {
    this.inner.finalizeVariableValues(variables)
  }

  override swapAverages(): void {
    this.inner.swapAverages()
  }
  override keepAsAverages(): void {
    this.inner.keepAsAverages()
  }

  override getConfig(): Config {
    return {
      name: this.name,
      inner_optimizer: optimizersByName.serialize(this.inner),
      initial_scale: this.initialScale,
      dynamic_growth_steps: this.dynamicGrowthSteps,
    }
  }
}
