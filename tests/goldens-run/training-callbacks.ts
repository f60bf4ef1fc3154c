// Goldens of callbacks: scripted logs in; decisions, files and printed text out.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { decodeSafetensors, toFloat32 } from '../../src/formats/safetensors.ts'
import { Dense, input } from '../../src/layers/index.ts'
import {
  type Callback,
  callbacks,
  type Logs,
  type Sequential,
  sequential,
  setOutput,
  weightsToBytes,
} from '../../src/models/index.ts'
import { tensor } from '../../src/ops/index.ts'
import { SGD } from '../../src/optimizers/index.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'
import { type Book, type Json, numberOf } from './read.ts'

interface EpochRecord {
  readonly logs: Record<string, Json>
  readonly learning_rate_during_epoch: number
  readonly learning_rate_after: number
  readonly logs_added: readonly string[]
  readonly stop_training: boolean
  readonly wait?: number
  readonly best?: Json
  readonly best_epoch?: number
  readonly cooldown_counter?: number
  readonly stopped_epoch?: number
  readonly files_after?: readonly string[]
}
interface CallbackCase {
  readonly name: string
  readonly class_name: string
  readonly config: Record<string, unknown>
  readonly epochs: readonly EpochRecord[]
  readonly final_kernel: number
  readonly final_files?: Record<string, number | string>
  readonly printed: string
}

const makers: Record<string, (options: never) => Callback> = {
  EarlyStopping: callbacks.earlyStopping,
  ReduceLROnPlateau: callbacks.reduceLROnPlateau,
  ModelCheckpoint: callbacks.modelCheckpoint,
  LearningRateScheduler: callbacks.learningRateScheduler,
  CSVLogger: callbacks.csvLogger,
  TerminateOnNaN: callbacks.terminateOnNaN,
}

export async function runCallback(_book: Book<CallbackCase>, golden: CallbackCase): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanuki-callback-'))
  let printed = ''
  setOutput({ write: (text) => (printed += text), isTerminal: false, columns: null, colors: false })
  setWarningHandler(() => undefined)
  try {
    const model = await scriptedModel()
    const callback = makeCallback(golden, folder)
    callback.setParams({ epochs: golden.epochs.length, steps: 1, verbose: 0 })
    callback.setModel(model)
    model.stopTraining = false
    await callback.onTrainBegin()
    for (const [epoch, record] of golden.epochs.entries()) await playEpoch(model, callback, epoch, record, folder)
    await callback.onTrainEnd()
    expect((await model.weights[0]!.data())[0]).toBe(golden.final_kernel)
    if (golden.final_files !== undefined) {
      const files = Object.fromEntries(readdirSync(folder).map((file) => [file, contentOf(join(folder, file))]))
      expect(files).toEqual(golden.final_files)
    }
    expect(printed.replaceAll(folder, 'DIR')).toBe(golden.printed)
  } finally {
    setOutput(null)
    setWarningHandler(null)
    rmSync(folder, { recursive: true })
  }
}

async function scriptedModel(): Promise<Sequential> {
  const model = sequential([input({ shape: [1] }), new Dense({ units: 1, useBias: false, kernelInitializer: 'zeros' })])
  model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: 'mse', metrics: ['accuracy', 'mae'] })
  await model.trainOnBatch(tensor([[0]]), tensor([[0]]))
  // The decisions are at test here, not Keras' file formats: every file holds the weights as safetensors.
  model.saveWeights = async (path) => writeFileSync(path, await weightsToBytes(model))
  model.save = (path) => model.saveWeights(path)
  return model
}

function makeCallback({ class_name: className, config }: CallbackCase, folder: string): Callback {
  const make = makers[className]
  if (make === undefined) throw new Error(`callback ${className} is not known`)
  const options = Object.entries(config).map(([key, value]) => {
    const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (name === 'filepath' || name === 'filename') return [name, join(folder, String(value))]
    if (name === 'schedule') return [name, pythonLambda(String(value))]
    return [name, value]
  })
  return make(Object.fromEntries(options) as never)
}

const raised = (base: number, exponent: number): number => base ** exponent
/** Python's functions by name, for the expressions that schedules are written in. */
const pythonNames: Readonly<Record<string, unknown>> = {
  math: mathFunctions(),
  np: { ...mathFunctions(), power: raised, maximum: Math.max, minimum: Math.min },
  max: Math.max,
  min: Math.min,
  abs: Math.abs,
  pow: raised,
  float: Number,
  int: Math.trunc,
  True: true,
  False: false,
}
function mathFunctions(): Record<string, unknown> {
  // Functions of Math need no `this`.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const all = Object.getOwnPropertyNames(Math).map((name) => [name, Math[name as keyof Math]] as const)
  return { ...Object.fromEntries(all), pi: Math.PI }
}

/** A schedule as Python has it: `lambda epoch, lr: lr * 0.9`. */
function pythonLambda(source: string): (epoch: number, rate: number) => number {
  const [, parameters, body] = /^lambda ([\w, ]+): (.*)$/.exec(source) ?? []
  if (parameters === undefined || body === undefined) throw new Error(`not a lambda: ${source}`)
  const names = parameters.split(',').map((name) => name.trim())
  const script = conditionals(body)
    .replace(/\band\b/g, '&&')
    .replace(/\bor\b/g, '||')
    .replace(/\bnot\b/g, '!')
    .replace(/(\w+|\([^()]*\)) \/\/ (\w+|\([^()]*\))/g, 'Math.floor($1 / $2)')
  // The source is a golden, written by ourselves.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const made = new Function(...Object.keys(pythonNames), ...names, `return ${script}`) as (...all: unknown[]) => number
  return (...given: unknown[]) => made(...Object.values(pythonNames), ...given.slice(0, names.length))
}

/** `a if b else c` as `((b) ? (a) : c)`, also within parentheses. */
function conditionals(expression: string): string {
  const inner = expression.replace(
    /\(([^()]* if [^()]* else [^()]*)\)/g,
    (_, part: string) => `(${conditionals(part)})`,
  )
  const found = /^(.*?) if (.*?) else (.*)$/.exec(inner)
  return found === null ? inner : `((${found[2]!}) ? (${found[1]!}) : ${conditionals(found[3]!)})`
}

async function playEpoch(
  model: Sequential,
  callback: Callback,
  epoch: number,
  record: EpochRecord,
  folder: string,
): Promise<void> {
  await callback.onEpochBegin(epoch)
  expect(model.optimizer!.learningRate).toBe(record.learning_rate_during_epoch)
  model.layers[0]!.setWeights([tensor([[epoch + 1]])])
  const logs: Logs = Object.fromEntries(Object.entries(record.logs).map(([name, value]) => [name, numberOf(value)]))
  const batchLogs = Object.fromEntries(Object.entries(logs).filter(([name]) => !name.startsWith('val_')))
  await callback.onTrainBatchBegin(0)
  await callback.onTrainBatchEnd(0, batchLogs)
  await callback.onEpochEnd(epoch, logs)
  expect(model.optimizer!.learningRate).toBe(record.learning_rate_after)
  expect(Object.keys(logs).filter((name) => !(name in record.logs)).sort()).toEqual(record.logs_added) // prettier-ignore
  expect(model.stopTraining).toBe(record.stop_training)
  const state = callback as unknown as Record<string, unknown>
  if (record.wait !== undefined) expect(state.wait).toBe(record.wait)
  if (record.best !== undefined) expect(state.best).toBe(record.best === null ? null : numberOf(record.best))
  if (record.best_epoch !== undefined) expect(state.bestEpoch).toBe(record.best_epoch)
  if (record.cooldown_counter !== undefined) expect(state.cooldownCounter).toBe(record.cooldown_counter)
  if (record.stopped_epoch !== undefined) expect(state.stoppedEpoch).toBe(record.stopped_epoch)
  if (record.files_after !== undefined) expect(readdirSync(folder).sort()).toEqual(record.files_after)
}

/** The kernel in a saved file, or the text of any other. */
function contentOf(path: string): number | string {
  const bytes = readFileSync(path)
  if (!/\.(h5|keras)$/.test(path)) return bytes.toString()
  const [stored] = decodeSafetensors(new Uint8Array(bytes), path).tensors.values()
  return toFloat32(stored!)[0]!
}
