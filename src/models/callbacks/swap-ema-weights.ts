// Evaluates with the moving averages of the weights, which the optimizer keeps with `useEma`.
import { checkRules, flag } from '../../platform/option-rules.ts'
import { Callback } from './callback.ts'

export interface SwapEMAWeightsOptions {
  /** Averages stay in the model from the end of an epoch to the beginning of the next, so that later callbacks save them; default false. */
  readonly swapOnEpoch?: boolean
}

const where = 'swapEMAWeights'

/** Puts the averages in the weights' place before evaluation and prediction, and the weights back afterwards. */
export class SwapEMAWeights extends Callback {
  readonly swapOnEpoch: boolean
  #averagesInModel = false

  constructor(options: SwapEMAWeightsOptions = {}) {
    super()
    checkRules(where, options, { swapOnEpoch: flag }, 'swapEMAWeights({ swapOnEpoch: true })')
    this.swapOnEpoch = options.swapOnEpoch ?? false
  }

  override onTrainBegin(): void {
    this.#averagesInModel = false
  }

  override onEpochBegin(): void {
    if (this.swapOnEpoch) this.#putAverages(false)
  }

  override onEpochEnd(epoch: number): void {
    if (!this.swapOnEpoch) return
    this.#putAverages(true)
    // fit ends by putting the averages into the weights; what is in their place by now are the raw weights.
    if (epoch === this.params.epochs - 1 || this.model.stopTraining) this.model.requireOptimizer(where).keepAsAverages()
  }

  override onTestBegin(): void {
    this.#putAverages(true)
  }
  override onTestEnd(): void {
    this.#putAverages(false)
  }
  override onPredictBegin(): void {
    this.#putAverages(true)
  }
  override onPredictEnd(): void {
    this.#putAverages(false)
  }

  /** @throws ArgumentError if the optimizer keeps no averages. */
  #putAverages(wanted: boolean): void {
    if (this.#averagesInModel === wanted) return
    this.model.requireOptimizer(where).swapAverages()
    this.#averagesInModel = wanted
  }
}

export function swapEMAWeights(options: SwapEMAWeightsOptions = {}): SwapEMAWeights {
  return new SwapEMAWeights(options)
}
