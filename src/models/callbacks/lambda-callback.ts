// A callback made of functions.
import { aFunction, checkRules } from '../../platform/option-rules.ts'
import { Callback } from './callback.ts'
import type { Logs } from './callback.ts'

type Hook = void | Promise<void>

export interface LambdaCallbackOptions {
  readonly onTrainBegin?: (logs?: Logs) => Hook
  readonly onTrainEnd?: (logs?: Logs) => Hook
  readonly onEpochBegin?: (epoch: number, logs?: Logs) => Hook
  readonly onEpochEnd?: (epoch: number, logs: Logs) => Hook
  readonly onTrainBatchBegin?: (batch: number, logs?: Logs) => Hook
  readonly onTrainBatchEnd?: (batch: number, logs: Logs) => Hook
}

const hooks = [
  'onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onTrainBatchBegin', 'onTrainBatchEnd',
] // prettier-ignore
const rules = Object.fromEntries(hooks.map((hook) => [hook, aFunction]))

export class LambdaCallback extends Callback {
  /** @throws ArgumentError for unknown hooks and what is no function. */
  constructor(options: LambdaCallbackOptions) {
    super()
    checkRules('lambdaCallback', options, rules, 'lambdaCallback({ onEpochEnd: (epoch, logs) => { … } })')
    // Only what is given becomes an override: the values of batches are read for those who ask.
    Object.assign(this, options)
  }
}

export function lambdaCallback(options: LambdaCallbackOptions): LambdaCallback {
  return new LambdaCallback(options)
}
