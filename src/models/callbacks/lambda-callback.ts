// A callback made of functions.
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

export class LambdaCallback extends Callback {
  constructor(options: LambdaCallbackOptions) {
    super()
    // Only what is given becomes an override: the values of batches are read for those who ask.
    Object.assign(this, options)
  }
}

export function lambdaCallback(options: LambdaCallbackOptions): LambdaCallback {
  return new LambdaCallback(options)
}
