// The loop behind evaluate, and behind validation in fit.
import type { CallbackList } from '../callbacks/list.ts'
import type { Logs } from '../callbacks/callback.ts'
import type { Model } from '../model.ts'
import type { Tensor } from '../../ops/index.ts'
import type { Nested } from '../tree.ts'
import { throwIfAborted } from './abort.ts'
import type { BatchSource } from './data.ts'
import { Epochs } from './epochs.ts'
import { readLogs } from './logs.ts'

export interface TestOptions {
  readonly where: string
  readonly source: BatchSource
  readonly steps: number | null
  readonly callbacks: CallbackList
  readonly signal: AbortSignal | undefined
  /** Draws progress; validation in fit does not. */
  readonly showProgress: boolean
  /** Called once the number of steps is known. */
  readonly begin?: (steps: number | null) => void
}

/** Loss and metrics over a data set, in inference mode. */
export async function runTest(model: Model, options: TestOptions): Promise<Logs> {
  const { where, source, steps, callbacks, signal, showProgress } = options
  const epochs = new Epochs(where, source, steps)
  try {
    const first = await epochs.peek()
    const compiled = model.requireCompiled(where)
    compiled.prepare(first, false)
    options.begin?.(epochs.steps)
    model.resetMetrics()
    await callbacks.each((callback) => callback.onTestBegin())
    await epochs.begin(0)
    let outputs: Nested<Tensor> | null = null
    let batch = await epochs.next()
    for (let step = 0; batch !== null; step++) {
      await callbacks.each((callback) => callback.onTestBatchBegin(step))
      const run = compiled.testStep.run({ ...batch })
      const following = fetchAhead(epochs)
      await run.done
      outputs = run.outputs
      await callbacks.testBatchEnd(step, () => readLogs(run.outputs))
      if (showProgress) await callbacks.progress?.batchDone(() => readLogs(run.outputs))
      throwIfAborted(where, signal)
      batch = await following
    }
    const logs = outputs === null ? {} : await readLogs(outputs)
    await callbacks.each((callback) => callback.onTestEnd(logs))
    return logs
  } finally {
    await epochs.close()
  }
}

/** Fetches the next batch while a step runs. An error shows when the batch is asked for, not before. */
export function fetchAhead(epochs: Epochs): ReturnType<Epochs['next']> {
  const following = epochs.next()
  following.catch(() => undefined)
  return following
}
