// Evaluation on arrays or datasets, with its own progress.
import type { Callback, Logs } from '../callbacks/callback.ts'
import { CallbackList } from '../callbacks/list.ts'
import type { Model } from '../model.ts'
import type { ArrayData } from './data.ts'
import { checkOptions } from './option-values.ts'
import { verbosity } from './options.ts'
import type { Verbose } from './options.ts'
import { makeSources } from './sources.ts'
import { runTest } from './test-loop.ts'

export interface EvaluateOptions {
  /** Samples a batch, for arrays; default 32. */
  readonly batchSize?: number | null
  readonly verbose?: Verbose
  readonly sampleWeight?: ArrayData
  /** Batches to use; default all. */
  readonly steps?: number | null
  readonly callbacks?: readonly Callback[]
  /** Values by name instead of a list; default false. */
  readonly returnDict?: boolean
  readonly signal?: AbortSignal
}

const optionNames = ['batchSize', 'verbose', 'sampleWeight', 'steps', 'callbacks', 'returnDict', 'signal']

/** Loss and metrics by name. See `Model.evaluate`. */
export async function evaluate(model: Model, x: unknown, y: unknown, options: EvaluateOptions): Promise<Logs> {
  checkOptions('evaluate', options, optionNames)
  model.requireCompiled('evaluate')
  const leave = model.enter('evaluating', 'evaluate')
  try {
    const { main } = await makeSources({
      where: 'evaluate',
      x,
      y,
      sampleWeight: options.sampleWeight,
      batchSize: options.batchSize,
      steps: options.steps,
      inputs: model.inputCount,
      outputs: model.outputCount,
    })
    const verbose = verbosity('evaluate', options.verbose)
    const steps = options.steps ?? main.cardinality
    const params = { verbose, epochs: 1, steps }
    const callbacks = new CallbackList('evaluate', options.callbacks ?? [], model, params, false)
    return await runTest(model, {
      where: 'evaluate',
      source: main,
      steps: options.steps ?? null,
      callbacks,
      signal: options.signal,
      showProgress: true,
    })
  } finally {
    leave()
  }
}
