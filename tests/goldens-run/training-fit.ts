// Goldens of model.fit: histories, events, final weights, evaluate and predict.
import { expect } from 'vitest'
import type { FitOptions, Logs } from '../../src/models/index.ts'
import { clearSession } from '../../src/ops/index.ts'
import { type Book, difference, type Json } from './read.ts'
import {
  batched, build, compareWeights, compile, EventLog, expectLogs, freelyDrifting, type GoldenEvent, type GoldenWeight, setWeights, type Stored, tensorOf,
} from './training-helpers.ts' // prettier-ignore

interface FitCase {
  readonly name: string
  readonly model: Stored
  readonly compile: Record<string, unknown>
  readonly fit: Record<string, unknown>
  readonly class_weight?: Record<string, number> | null
  readonly dataset_batch_size?: number | null
  readonly x: string
  readonly y: string
  readonly sample_weight?: string
  readonly val_x?: string
  readonly val_y?: string
  readonly val_sample_weight?: string
  readonly initial_weights: readonly GoldenWeight[]
  readonly history: Record<string, readonly Json[]>
  readonly history_key_order: readonly string[]
  readonly history_epoch: readonly number[]
  readonly history_params: Record<string, unknown>
  readonly metrics_names: readonly string[]
  readonly events?: readonly GoldenEvent[]
  readonly final_weights: readonly GoldenWeight[]
  readonly evaluate: {
    readonly on: string
    readonly batch_size: number
    readonly dict: Logs
    readonly list: number | readonly number[]
  }
  readonly predict: string
}

const fitOptions: Record<string, string> = {
  batch_size: 'batchSize',
  epochs: 'epochs',
  validation_split: 'validationSplit',
  validation_freq: 'validationFreq',
  validation_steps: 'validationSteps',
  validation_batch_size: 'validationBatchSize',
  initial_epoch: 'initialEpoch',
  steps_per_epoch: 'stepsPerEpoch',
  shuffle: 'shuffle',
  verbose: 'verbose',
}

export function optionsOf(stored: Record<string, unknown>): FitOptions {
  return Object.fromEntries(
    Object.entries(stored).map(([key, value]) => {
      const name = fitOptions[key]
      if (name === undefined) throw new Error(`fit option ${key} is not known`)
      return [name, value]
    }),
  )
}

export async function runFit(book: Book<FitCase>, golden: FitCase): Promise<void> {
  const model = build(golden.model)
  setWeights(book, model, golden.initial_weights)
  compile(model, golden.compile)
  const t = (key: string) => tensorOf(book, key)
  const log = new EventLog()
  const options: Record<string, unknown> = { ...optionsOf(golden.fit), verbose: 0, callbacks: [log] }
  if (golden.class_weight) options.classWeight = golden.class_weight
  const { dataset_batch_size: size, val_x: valX, val_y: valY } = golden
  let history
  if (size) {
    const parts = [golden.x, golden.y, ...(golden.sample_weight === undefined ? [] : [golden.sample_weight])]
    if (valX !== undefined) options.validationData = batched(book, [valX, valY!], size)
    history = await model.fit(batched(book, parts, size), options)
  } else {
    if (golden.sample_weight !== undefined) options.sampleWeight = t(golden.sample_weight)
    if (valX !== undefined) {
      const weight = golden.val_sample_weight === undefined ? [] : [t(golden.val_sample_weight)]
      options.validationData = [t(valX), t(valY!), ...weight]
    }
    history = await model.fit(t(golden.x), t(golden.y), { ...options, shuffle: false })
  }
  // What is validated sees the drift that training is blind to (see freelyDrifting): by one of few samples, in accuracies.
  const drifting = freelyDrifting(model, golden.compile)
  const validated = drifting.size === 0 ? 1e-4 : 0.12
  expectHistory(history.history, golden.history, golden.history_key_order, validated)
  expect(history.epoch).toEqual(golden.history_epoch)
  expect(history.params).toEqual(golden.history_params)
  expect(model.metricsNames).toEqual(golden.metrics_names)
  if (golden.events !== undefined) expectEvents(log.events, golden.events)
  const finals = golden.final_weights.map(({ tensor }) => tensor)
  expect(await compareWeights(book, model, finals, { relative: 1e-4 }, (path) => drifting.has(path))).toBeNull()
  // From here on without drift.
  if (drifting.size > 0) setWeights(book, model, golden.final_weights)

  const [x, y] = golden.evaluate.on === 'validation data' ? [valX!, valY!] : [golden.x, golden.y]
  const evaluateOptions = { batchSize: golden.evaluate.batch_size, verbose: 0 } as const
  const logs = await model.evaluate(t(x), t(y), { ...evaluateOptions, returnDict: true })
  expectLogs(logs, golden.evaluate.dict, 1e-4, 'evaluate')
  const list = [await model.evaluate(t(x), t(y), evaluateOptions)].flat()
  expect(difference(list, [golden.evaluate.list].flat<(number | readonly number[])[]>(), { relative: 1e-4 })).toBeNull()
  const predicted = await model.predict(t(golden.x), { batchSize: 5, verbose: 0 })
  expect(difference(await predicted.data(), book.tensor(golden.predict).data, { relative: 1e-4 })).toBeNull()
}

export function expectHistory(
  received: Record<string, number[]>,
  expected: Record<string, readonly Json[]>,
  order: readonly string[],
  validated = 1e-4,
): void {
  expect(Object.keys(received)).toEqual(order)
  for (const [name, values] of Object.entries(expected)) {
    const relative = name.startsWith('val_') ? validated : 1e-4
    const found = difference(received[name]!, values as number[], { relative })
    expect([name, found]).toEqual([name, null])
  }
}

function expectEvents(received: readonly GoldenEvent[], expected: readonly GoldenEvent[]): void {
  const names = (events: readonly GoldenEvent[]) =>
    events.map(({ event, index, log_keys: keys }) => `${event} ${index ?? ''} ${keys.join()}`)
  expect(names(received)).toEqual(names(expected))
  expected.forEach(({ event, logs }, i) => {
    if (logs !== undefined) expectLogs(received[i]!.logs!, logs, 1e-4, `event ${i} ${event}`)
  })
}

/** A loss or metric as the books have it: a name, a class, a pair of class and options, or none. */
type Written = string | null | readonly [string, Record<string, unknown>] | { readonly class_name: string }
/** One for each output, in order or by name, or one for the only output. */
type ByOutput<T> = T | readonly T[] | Readonly<Record<string, T>>
interface MultiOutputCase {
  readonly name: string
  readonly model: Stored
  readonly compile: {
    readonly optimizer: { readonly class_name: string; readonly config: Record<string, unknown> }
    readonly loss: ByOutput<Written>
    readonly loss_weights: Record<string, number> | readonly number[] | null
    readonly metrics?: Record<string, readonly Written[]> | readonly (readonly Written[])[] | null
    readonly weighted_metrics?: Record<string, readonly Written[]> | readonly (readonly Written[])[] | null
  }
  readonly x: ByOutput<string>
  readonly y: ByOutput<string>
  readonly sample_weight?: ByOutput<string>
  readonly fit: Record<string, unknown>
  readonly initial_weights: readonly GoldenWeight[]
  readonly history: Record<string, readonly number[]>
  readonly history_key_order: readonly string[]
  readonly metrics_names: readonly string[]
  readonly evaluate: { readonly dict: Logs; readonly list: readonly number[] }
  readonly final_weights: readonly GoldenWeight[]
}

const isPair = (value: unknown): value is readonly [string, Record<string, unknown>] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && /^[A-Z]/.test(value[0]) && typeof value[1] === 'object' // prettier-ignore
const isClassName = (value: unknown): value is string => typeof value === 'string' && /^[A-Z]/.test(value)

/** Applies `change` to what stands in lists and objects. */
function mapNested<T>(value: unknown, isItem: (value: unknown) => boolean, change: (item: never) => T): unknown {
  if (value === null || value === undefined || isItem(value)) return isItem(value) ? change(value as never) : value
  if (Array.isArray(value)) return value.map((each) => mapNested(each, isItem, change))
  return Object.fromEntries(
    Object.entries(value as object).map(([key, each]) => [key, mapNested(each, isItem, change)]),
  )
}
const isWritten = (value: unknown): boolean =>
  typeof value === 'string' || isPair(value) || (typeof value === 'object' && value !== null && 'class_name' in value)
function storedForm(value: Exclude<Written, null>): unknown {
  if (isPair(value)) return { class_name: value[0], config: value[1] }
  return isClassName(value) ? { class_name: value, config: {} } : value
}

export async function runMultiOutput(book: Book<MultiOutputCase>, golden: MultiOutputCase): Promise<void> {
  clearSession()
  const model = build(golden.model)
  setWeights(book, model, golden.initial_weights)
  const { optimizer, loss, metrics, weighted_metrics: weighted, ...others } = golden.compile
  const written = (value: unknown): unknown => mapNested(value, isWritten, storedForm)
  const given = { loss: written(loss), metrics: written(metrics), weighted_metrics: written(weighted) }
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  compile(model, { optimizer, ...others, ...present })
  const tensors = (value: unknown): never =>
    mapNested(value, (each) => typeof each === 'string', (key: string) => tensorOf(book, key)) as never // prettier-ignore
  const [x, y] = [tensors(golden.x), tensors(golden.y)]
  const sampleWeight = golden.sample_weight === undefined ? {} : { sampleWeight: tensors(golden.sample_weight) }
  const options = { ...optionsOf(golden.fit), ...sampleWeight, shuffle: false, verbose: 0 } as const
  const history = await model.fit(x, y, options)
  expectHistory(history.history, golden.history, golden.history_key_order)
  expect(model.metricsNames).toEqual(golden.metrics_names)
  const batchSize = (golden.fit.batch_size as number | undefined) ?? 32
  const logs = await model.evaluate(x, y, { batchSize, verbose: 0, returnDict: true })
  expectLogs(logs, golden.evaluate.dict, 1e-4, 'evaluate')
  const list = [await model.evaluate(x, y, { batchSize, verbose: 0 })].flat()
  expect(difference(list, [golden.evaluate.list].flat() as number[], { relative: 1e-4 })).toBeNull()
  const finals = golden.final_weights.map(({ tensor }) => tensor)
  expect(await compareWeights(book, model, finals, { relative: 1e-4 })).toBeNull()
}
