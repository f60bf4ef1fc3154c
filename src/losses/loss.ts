// The base class of losses, and the wrapper that makes a loss of a function.
import { type Config, optionsOf } from '../initializers/objects.ts'
import { toTensor } from '../ops/convert.ts'
import { autoName, toSnakeCase } from '../ops/naming.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { alignRanks } from './align.ts'
import { classNameOf } from './class-name.ts'
import { explained, inputOf, weightsOf } from './inputs.ts'
import { checkReduction, reduceWeighted, type Reduction } from './reduction.ts'

export interface LossOptions {
  /** Default `sum_over_batch_size`. null is `none`. */
  reduction?: Reduction | null
  /** Default: the class name in snake_case, as Keras has it. */
  name?: string
  /** Losses are computed in float32. */
  dtype?: 'float32'
}

/**
 * What training makes small. Subclasses write `call`, which gives one value a sample:
 *
 *     class SquaredError extends Loss {
 *       call(yTrue: Tensor, yPred: Tensor) { return ops.mean(ops.square(ops.subtract(yPred, yTrue)), { axis: -1 }) }
 *     }
 */
export abstract class Loss {
  readonly name: string
  readonly reduction: Reduction | null

  /** @throws ArgumentError for an unknown reduction. */
  constructor({ reduction = 'sum_over_batch_size', name }: LossOptions = {}) {
    this.name = name ?? autoName(toSnakeCase(this.className))
    this.reduction = checkReduction(this.className, reduction)
  }

  /** Keras's class name, under which the loss is stored. */
  get className(): string {
    return classNameOf(this.constructor)
  }

  /** Losses before weights and reduction: float32 labels and predictions to one value a sample (usually [batch]). */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor

  /** Which of the values of `call` count (bool, of their shape); null = all. */
  mask(_yTrue: Tensor, _yPred: Tensor): Tensor | null {
    return null
  }

  /**
   * The loss: a scalar, or with reduction `none` one value a sample.
   * @param sampleWeight [batch], [batch, 1] or of the shape of the values; not divided by their sum (see `Reduction`).
   * @throws ShapeError if labels, predictions or weights do not fit each other.
   */
  apply(yTrue: TensorLike, yPred: TensorLike, sampleWeight: TensorLike | null = null): Tensor {
    const where = this.name
    const labels = inputOf(where, 'labels', yTrue)
    const predictions = inputOf(where, 'predictions', yPred)
    const weights = weightsOf(where, sampleWeight)
    return explained(where, { labels, predictions, 'sample weights': weights }, () =>
      reduceWeighted(toTensor(this.call(labels, predictions), undefined, `${where}, values`), {
        where,
        reduction: this.reduction,
        sampleWeight: weights,
        mask: this.mask(labels, predictions),
      }),
    )
  }

  /** Keras's config: the constructor's options with keys in snake_case. */
  getConfig(): Config {
    return { name: this.name, reduction: this.reduction }
  }

  /** The loss that `getConfig` described. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(optionsOf(this.name, config) as never)
  }
}

/** Labels and predictions (float32) to one value a sample. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor

/** A function as a loss. */
export class LossFunctionWrapper extends Loss {
  static readonly className: string = 'LossFunctionWrapper'
  readonly fn: LossFunction

  /** The name defaults to the function's. */
  constructor(fn: LossFunction, options: LossOptions = {}) {
    super(fn.name === '' ? options : { name: toSnakeCase(fn.name), ...options })
    this.fn = fn
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.fn(...alignRanks(yTrue, yPred))
  }
}
