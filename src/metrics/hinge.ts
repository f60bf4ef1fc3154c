// The hinge losses as metrics.
import { categoricalHingeValues, hingeValues, squaredHingeValues } from '../losses/hinge.ts'
import { MeanMetricWrapper } from './mean.ts'
import type { MetricOptions } from './metric.ts'

/** Mean hinge loss. */
export class Hinge extends MeanMetricWrapper {
  static override readonly className: string = 'Hinge'
  constructor(options: MetricOptions = {}) {
    super(hingeValues, { name: 'hinge', ...options, direction: 'down' })
  }
}

/** Mean squared hinge loss. */
export class SquaredHinge extends MeanMetricWrapper {
  static override readonly className: string = 'SquaredHinge'
  constructor(options: MetricOptions = {}) {
    super(squaredHingeValues, { name: 'squared_hinge', ...options, direction: 'down' })
  }
}

/** Mean hinge loss of one-hot labels. */
export class CategoricalHinge extends MeanMetricWrapper {
  static override readonly className: string = 'CategoricalHinge'
  constructor(options: MetricOptions = {}) {
    super(categoricalHingeValues, { name: 'categorical_hinge', ...options, direction: 'down' })
  }
}
