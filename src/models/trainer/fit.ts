// The training loop: epochs, batches, validation and callbacks, with the next batch fetched while a step runs.
import { ArgumentError, problem } from '../../errors.ts'
import type { Tensor } from '../../ops/index.ts'
import { warn } from '../../platform/warn.ts'
import type { Callback, Logs, RunParams } from '../callbacks/callback.ts'
import type { History } from '../callbacks/history.ts'
import { CallbackList } from '../callbacks/list.ts'
import type { Model } from '../model.ts'
import type { Nested } from '../tree.ts'
import { throwIfAborted } from './abort.ts'
import { classWeightTable } from './class-weight.ts'
import type { ClassWeight } from './class-weight.ts'
import type { Compiled } from './compiled.ts'
import { isBatchData } from './data.ts'
import type { ArrayData, BatchData, BatchSource } from './data.ts'
import { Epochs } from './epochs.ts'
import { readLogs, sortedLogs } from './logs.ts'
import { checkOptions } from './option-values.ts'
import { verbosity } from './options.ts'
import type { Verbose } from './options.ts'
import { checkResume } from './position.ts'
import type { DataPlace, TrainingPosition } from './position.ts'
import { makeSources } from './sources.ts'
import { fetchAhead, runTest } from './test-loop.ts'

/** Validation arrays as [x, y] or [x, y, sampleWeight], or a dataset. */
export type ValidationData = readonly [x: ArrayData, y: ArrayData, sampleWeight?: ArrayData] | BatchData

export interface FitOptions {
  /** Samples a batch, for arrays; default 32. */
  readonly batchSize?: number | null
  /** Index of the epoch to stop before; default 1. */
  readonly epochs?: number
  /** 0 silent, 1 a progress line, 2 a line an epoch; `auto` (default) is 1. */
  readonly verbose?: Verbose
  readonly callbacks?: readonly Callback[]
  /** Fraction of the arrays, from their end, to validate on instead of training on. */
  readonly validationSplit?: number
  readonly validationData?: ValidationData
  /** Arrays: a new order of the samples each epoch (default), of whole batches (`batch`), or none. */
  readonly shuffle?: boolean | 'batch'
  /** Weight of each class in the loss. Not together with sampleWeight; for one output. */
  readonly classWeight?: ClassWeight
  /** Weight of each sample in the loss. */
  readonly sampleWeight?: ArrayData
  /** Where to go on; default 0. */
  readonly initialEpoch?: number
  /** Goes on where `loadCheckpoint` says that training stood, also in the midst of an epoch; in the place of `initialEpoch`. */
  readonly resume?: TrainingPosition | undefined
  /** Steps of an epoch; the next epoch goes on in the data where this one ended. Default: all of the data. */
  readonly stepsPerEpoch?: number | null
  readonly validationSteps?: number | null
  readonly validationBatchSize?: number | null
  /** Validates every n-th epoch (default 1), or after the listed epochs (counted from 1). */
  readonly validationFreq?: number | readonly number[]
  /** Ends training with an AbortError after the step that runs. */
  readonly signal?: AbortSignal
}

const optionNames = [
  'batchSize', 'epochs', 'verbose', 'callbacks', 'validationSplit', 'validationData', 'shuffle', 'classWeight',
  'sampleWeight', 'initialEpoch', 'stepsPerEpoch', 'validationSteps', 'validationBatchSize', 'validationFreq', 'signal', 'resume',
] // prettier-ignore

interface Validation {
  readonly source: BatchSource
  readonly steps: number | null
  readonly isDue: (epoch: number) => boolean
}

interface Training {
  readonly model: Model
  readonly compiled: Compiled
  readonly callbacks: CallbackList
  readonly data: Epochs
  readonly classWeights: Tensor | undefined
  readonly validation: Validation | null
  readonly signal: AbortSignal | undefined
  readonly resume: TrainingPosition | undefined
}

/** Trains the model. See `Model.fit`. */
export async function fit(model: Model, x: unknown, y: unknown, options: FitOptions): Promise<History> {
  checkOptions('fit', options, optionNames)
  const compiled = model.requireCompiled('fit')
  const leave = model.enter('between', 'fit')
  let data: Epochs | null = null
  try {
    const { epochs = 1, initialEpoch = 0, classWeight, sampleWeight, signal, resume } = options
    throwIfAborted('fit', signal)
    checkResume(resume, options.initialEpoch)
    if (classWeight !== undefined && sampleWeight !== undefined) {
      throw new ArgumentError(problem({ where: 'fit', expected: '`classWeight` or `sampleWeight`', received: 'both' }))
    }
    const { main, heldOut } = await makeSources({
      where: 'fit',
      x,
      y,
      sampleWeight,
      batchSize: options.batchSize,
      steps: options.stepsPerEpoch,
      shuffle: options.shuffle ?? true,
      validationSplit: options.validationData === undefined ? options.validationSplit : undefined,
      inputs: model.inputCount,
      outputs: model.outputCount,
    })
    const validation = await prepareValidation(model, options, heldOut)
    data = new Epochs('fit', main, options.stepsPerEpoch ?? null, initialEpoch)
    compiled.prepare(await data.peek(), true)
    const params: RunParams = { verbose: verbosity('fit', options.verbose), epochs, steps: data.steps }
    const callbacks = new CallbackList('fit', options.callbacks ?? [], model, params, true)
    const classWeights = classWeight === undefined ? undefined : classWeightTable('fit', classWeight)
    const training: Training = { model, compiled, callbacks, data, classWeights, validation, signal, resume }
    await train(training, params, initialEpoch)
    return callbacks.history!
  } finally {
    leave()
    await data?.close()
  }
}

async function train(training: Training, initialParams: RunParams, initialEpoch: number): Promise<void> {
  const { model, compiled, callbacks, data, validation, signal } = training
  let params = initialParams
  model.stopTraining = false
  model.history = callbacks.history
  await callbacks.each((callback) => callback.onTrainBegin())
  let [epoch, done] = [initialEpoch, 0]
  const resume = model.takeResumePosition() ?? training.resume
  if (resume !== undefined) [epoch, done] = await data.resume(resume)
  let logs: Logs = {}
  for (; epoch < params.epochs; epoch++) {
    throwIfAborted('fit', signal)
    if (!(await data.begin(epoch))) {
      warn(
        `fit: the generator has no more data for epoch ${epoch + 1}; training ends. Give a function that makes a new one`,
      )
      break
    }
    model.resetMetrics()
    compiled.position = { epoch, batch: done, ...data.here }
    await callbacks.each((callback) => callback.onEpochBegin(epoch))
    const outputs = await trainEpoch(training, epoch, done)
    compiled.position = { epoch: epoch + 1, batch: 0, ...data.afterEpoch }
    done = 0
    if (params.steps === null && data.steps !== null) {
      params = { ...params, steps: data.steps }
      callbacks.setParams(params)
    }
    logs = outputs === null ? {} : await readLogs(outputs)
    if (validation !== null && validation.isDue(epoch)) {
      const { source, steps } = validation
      const done = model.enter('evaluating', null)
      try {
        const found = await runTest(model, {
          where: 'fit, validation',
          source,
          steps,
          callbacks,
          signal,
          showProgress: false,
        })
        logs = sortedLogs({
          ...logs,
          ...Object.fromEntries(Object.entries(found).map(([name, value]) => [`val_${name}`, value])),
        })
      } finally {
        done()
      }
    }
    const epochLogs = logs
    await callbacks.each((callback) => callback.onEpochEnd(epoch, epochLogs))
    if (model.stopTraining) break
  }
  compiled.optimizer.finalizeVariableValues(compiled.snapshot.variables)
  await callbacks.each((callback) => callback.onTrainEnd(logs))
}

/** The batches of one epoch but for the first `done`. Returns the results of the last step, not yet read. */
async function trainEpoch(training: Training, epoch: number, done: number): Promise<Nested<Tensor> | null> {
  const { model, compiled, callbacks, data, classWeights, signal } = training
  const begin: DataPlace = data.here
  const leaveBatches = model.enter('batches', null)
  try {
    let outputs: Nested<Tensor> | null = null
    let batch = await data.next()
    for (let step = done; batch !== null; step++) {
      await callbacks.each((callback) => callback.onTrainBatchBegin(step))
      const run = compiled.trainStep.run({ ...batch, ...(classWeights === undefined ? {} : { classWeights }) })
      const following = fetchAhead(data)
      await run.done
      outputs = run.outputs
      compiled.position = { epoch, ...begin, batch: step + 1, taken: begin.taken + step + 1 - done }
      await callbacks.trainBatchEnd(step, () => readLogs(run.outputs))
      if (signal?.aborted === true || model.stopTraining) {
        await following.catch(() => null)
        break
      }
      batch = await following
    }
    throwIfAborted('fit', signal)
    return outputs
  } finally {
    leaveBatches()
  }
}

async function prepareValidation(
  model: Model,
  options: FitOptions,
  heldOut: BatchSource | null,
): Promise<Validation | null> {
  const { validationData, validationSteps = null, validationFreq = 1 } = options
  const isDue = frequency(validationFreq)
  const batchSize = options.validationBatchSize ?? options.batchSize
  if (validationData === undefined) {
    return heldOut === null ? null : { source: heldOut, steps: validationSteps, isDue }
  }
  const isData = isBatchData(validationData)
  if (!isData && !(Array.isArray(validationData) && validationData.length >= 2 && validationData.length <= 3)) {
    const expected = '`validationData` as [x, y], [x, y, sampleWeight] or a dataset'
    throw new ArgumentError(problem({ where: 'fit', expected, received: validationData }))
  }
  const [x, y, sampleWeight] = isData ? [validationData] : (validationData as readonly unknown[])
  const { main } = await makeSources({
    where: 'fit, validationData',
    x,
    y,
    sampleWeight,
    batchSize: isData ? undefined : batchSize,
    steps: validationSteps,
    inputs: model.inputCount,
    outputs: model.outputCount,
  })
  return { source: main, steps: validationSteps, isDue }
}

function frequency(freq: number | readonly number[]): (epoch: number) => boolean {
  if (Array.isArray(freq)) return (epoch) => (freq as readonly number[]).includes(epoch + 1)
  if (typeof freq === 'number' && Number.isInteger(freq) && freq > 0) return (epoch) => (epoch + 1) % freq === 0
  const expected = '`validationFreq` to be a whole number above 0 or a list of epochs'
  throw new ArgumentError(problem({ where: 'fit', expected, received: freq }))
}
