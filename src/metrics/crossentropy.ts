// The losses between distributions as metrics.
import type { Config } from '../initializers/objects.ts'
import { binaryCrossentropyValues } from '../losses/binary.ts'
import { categoricalCrossentropyValues } from '../losses/categorical.ts'
import { klDivergenceValues, poissonValues } from '../losses/distributions.ts'
import { inputOf, weightsOf } from '../losses/inputs.ts'
import { applyMask } from '../losses/reduction.ts'
import {
  SparseCategoricalCrossentropy as SparseLoss,
  sparseCategoricalCrossentropyValues,
} from '../losses/sparse-categorical.ts'
import type { TensorLike } from '../ops/index.ts'
import { MeanMetricWrapper } from './mean.ts'
import type { MetricOptions } from './metric.ts'

export interface BinaryCrossentropyOptions extends MetricOptions {
  /** Default false. */
  fromLogits?: boolean
  /** Default 0. */
  labelSmoothing?: number
}

/** Mean binary crossentropy. */
export class BinaryCrossentropy extends MeanMetricWrapper {
  static override readonly className: string = 'BinaryCrossentropy'
  readonly fromLogits: boolean
  readonly labelSmoothing: number
  constructor({ fromLogits = false, labelSmoothing = 0, ...common }: BinaryCrossentropyOptions = {}) {
    super((t, p) => binaryCrossentropyValues(t, p, { fromLogits, labelSmoothing }), {
      name: 'binary_crossentropy',
      ...common,
      direction: 'down',
    })
    this.fromLogits = fromLogits
    this.labelSmoothing = labelSmoothing
  }
  override getConfig(): Config {
    return { ...super.getConfig(), from_logits: this.fromLogits, label_smoothing: this.labelSmoothing }
  }
}

export interface CategoricalCrossentropyOptions extends BinaryCrossentropyOptions {
  /** The axis of the classes. Default -1. */
  axis?: number
}

/** Mean crossentropy of one-hot labels. */
export class CategoricalCrossentropy extends MeanMetricWrapper {
  static override readonly className: string = 'CategoricalCrossentropy'
  readonly fromLogits: boolean
  readonly labelSmoothing: number
  readonly axis: number
  constructor({ fromLogits = false, labelSmoothing = 0, axis = -1, ...common }: CategoricalCrossentropyOptions = {}) {
    super((t, p) => categoricalCrossentropyValues(t, p, { fromLogits, labelSmoothing, axis }), {
      name: 'categorical_crossentropy',
      ...common,
      direction: 'down',
    })
    this.fromLogits = fromLogits
    this.labelSmoothing = labelSmoothing
    this.axis = axis
  }
  override getConfig(): Config {
    const { fromLogits, labelSmoothing, axis } = this
    return { ...super.getConfig(), from_logits: fromLogits, label_smoothing: labelSmoothing, axis }
  }
}

export interface SparseCategoricalCrossentropyOptions extends MetricOptions {
  /** Default false. */
  fromLogits?: boolean
  /** Samples with this label count as 0, and, where sample weights are given, not at all (as in Keras). Default null. */
  ignoreClass?: number | null
  /** The axis of the classes: the last one is the only one possible. */
  axis?: -1
}

/** Mean crossentropy of integer labels. */
export class SparseCategoricalCrossentropy extends MeanMetricWrapper {
  static override readonly className: string = 'SparseCategoricalCrossentropy'
  readonly fromLogits: boolean
  readonly ignoreClass: number | null
  readonly axis: -1
  constructor({
    fromLogits = false,
    ignoreClass = null,
    axis = -1,
    ...common
  }: SparseCategoricalCrossentropyOptions = {}) {
    super((t, p) => sparseCategoricalCrossentropyValues(t, p, { fromLogits, ignoreClass, axis }), {
      name: 'sparse_categorical_crossentropy',
      ...common,
      direction: 'down',
    })
    this.fromLogits = fromLogits
    this.ignoreClass = ignoreClass
    this.axis = axis
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    if (this.ignoreClass === null || sampleWeight === null || sampleWeight === undefined) {
      super.updateState(yTrue, yPred, sampleWeight)
      return
    }
    const loss = new SparseLoss({ name: this.name, ignoreClass: this.ignoreClass })
    const mask = loss.mask(inputOf(this.name, 'labels', yTrue), inputOf(this.name, 'predictions', yPred))
    super.updateState(yTrue, yPred, applyMask(weightsOf(this.name, sampleWeight), mask, 'sum'))
  }

  override getConfig(): Config {
    const { fromLogits, ignoreClass, axis } = this
    return { ...super.getConfig(), from_logits: fromLogits, ignore_class: ignoreClass, axis }
  }
}

/** Mean Kullback-Leibler divergence. */
export class KLDivergence extends MeanMetricWrapper {
  static override readonly className: string = 'KLDivergence'
  constructor(options: MetricOptions = {}) {
    super(klDivergenceValues, { name: 'kl_divergence', ...options, direction: 'down' })
  }
}

/** Mean Poisson loss. */
export class Poisson extends MeanMetricWrapper {
  static override readonly className: string = 'Poisson'
  constructor(options: MetricOptions = {}) {
    super(poissonValues, { name: 'poisson', ...options, direction: 'down' })
  }
}
