// Calls the hooks of all callbacks of a run in order, waiting for those that are asynchronous.
import { ArgumentError, problem } from '../../errors.ts'
import { closest, isClass } from '../../platform/arguments.ts'
import type { Model } from '../model.ts'
import { Callback } from './callback.ts'
import type { Logs, RunParams } from './callback.ts'
import { History } from './history.ts'
import * as exported from './index.ts'
import { ProgbarLogger } from './progbar-logger.ts'

const makers = Object.keys(exported).filter((name) => /^[a-z]/.test(name))

/** What to write instead: a class or a maker was not called, a function or an object of hooks wants a LambdaCallback. */
function adviceFor(given: unknown): string {
  const name = typeof given === 'function' ? given.name : ''
  if (isClass(given)) return `Give an instance: new ${name}({ … })`
  if (makers.includes(name)) return `Call it: callbacks.${name}({ … })`
  const known = typeof given === 'string' ? closest(given, makers) : null
  if (known !== null) return `Write callbacks.${known}({ … })`
  return 'Use callbacks.lambdaCallback({...}) for plain functions'
}

type Call = (callback: Callback) => void | Promise<void>

export class CallbackList {
  readonly callbacks: readonly Callback[]
  readonly progress: ProgbarLogger | null
  readonly history: History | null
  readonly readsTrainBatches: boolean
  readonly readsTestBatches: boolean

  /** The user's callbacks, then a History (for fit), then the progress line unless `verbose` is 0 or one is given. */
  constructor(where: string, given: readonly Callback[], model: Model, params: RunParams, withHistory: boolean) {
    for (const callback of given) {
      if (callback instanceof Callback) continue
      const hint = adviceFor(callback)
      throw new ArgumentError(
        problem({ where, expected: 'instances of Callback in `callbacks`', received: callback, hint }),
      )
    }
    const callbacks = [...given]
    let history = callbacks.find((callback) => callback instanceof History) ?? null
    if (withHistory && history === null) callbacks.push((history = new History()))
    let progress = callbacks.find((callback) => callback instanceof ProgbarLogger) ?? null
    if (params.verbose !== 0 && progress === null) callbacks.push((progress = new ProgbarLogger()))
    for (const callback of callbacks) {
      callback.setModel(model)
      callback.setParams(params)
    }
    this.callbacks = callbacks
    this.progress = progress
    this.history = history
    this.readsTrainBatches = callbacks.some((callback) => callback.readsTrainBatches())
    this.readsTestBatches = callbacks.some((callback) => callback.readsTestBatches())
  }

  async each(call: Call): Promise<void> {
    for (const callback of this.callbacks) {
      const pending = call(callback)
      if (pending !== undefined) await pending
    }
  }

  /** Tells everybody new params, e.g. the number of steps once it is known. */
  setParams(params: RunParams): void {
    for (const callback of this.callbacks) callback.setParams(params)
  }

  async trainBatchEnd(batch: number, readLogs: () => Promise<Logs>): Promise<void> {
    if (this.readsTrainBatches) {
      const logs = await readLogs()
      await this.each((callback) => callback.onTrainBatchEnd(batch, logs))
    }
    await this.progress?.batchDone(readLogs)
  }

  async testBatchEnd(batch: number, readLogs: () => Promise<Logs>): Promise<void> {
    if (this.readsTestBatches) {
      const logs = await readLogs()
      await this.each((callback) => callback.onTestBatchEnd(batch, logs))
    }
  }
}
