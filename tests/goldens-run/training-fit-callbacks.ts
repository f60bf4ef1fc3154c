// Goldens of fit with TensorBoard (what its event files hold) and SwapEMAWeights.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { expect } from 'vitest'
import { DataType, EventSchema, type TensorProto } from '../../src/formats/generated/tensorboard_pb.ts'
import { readRecords } from '../../src/formats/tfrecord.ts'
import { type Callback, callbacks } from '../../src/models/index.ts'
import { type Book, difference, type Json, numberOf } from './read.ts'
import { expectHistory, optionsOf } from './training-fit.ts'
import {
  build,
  compareWeights,
  compile,
  type GoldenWeight,
  setWeights,
  type Stored,
  tensorOf,
} from './training-helpers.ts'

interface StoredEvent {
  readonly part: string
  readonly tag: string
  readonly step: number
  readonly plugin: string
  readonly value?: Json
}
interface FitCallbackCase {
  readonly name: string
  readonly model: Stored
  readonly compile: Record<string, unknown>
  readonly fit: Record<string, unknown>
  readonly callback: { readonly class_name: string; readonly config: Record<string, unknown> }
  readonly x: string
  readonly y: string
  readonly val_x?: string
  readonly val_y?: string
  readonly initial_weights: readonly GoldenWeight[]
  readonly events?: readonly StoredEvent[]
  readonly history: Record<string, readonly Json[]>
  readonly final_weights: readonly GoldenWeight[]
}

export async function runFitCallback(book: Book<FitCallbackCase>, golden: FitCallbackCase): Promise<void> {
  const model = build(golden.model)
  setWeights(book, model, golden.initial_weights)
  compile(model, golden.compile)
  const folder = mkdtempSync(join(tmpdir(), 'tanuki-events-'))
  try {
    const { val_x: x, val_y: y } = golden
    const validation = x === undefined ? {} : { validationData: [tensorOf(book, x), tensorOf(book, y!)] as const }
    const callback = makeCallback(golden.callback, folder)
    const options = {
      ...optionsOf(golden.fit),
      ...validation,
      shuffle: false,
      verbose: 0,
      callbacks: [callback],
    } as const
    const history = await model.fit(tensorOf(book, golden.x), tensorOf(book, golden.y), options)
    expectHistory(history.history, golden.history, Object.keys(golden.history))
    const finals = golden.final_weights.map(({ tensor }) => tensor)
    expect(await compareWeights(book, model, finals, { relative: 1e-3 })).toBeNull()
    if (golden.events !== undefined) expectEvents(await eventsOf(folder), golden.events)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function makeCallback({ class_name: name, config }: FitCallbackCase['callback'], folder: string): Callback {
  const options = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  )
  if (name === 'TensorBoard') return callbacks.tensorBoard({ ...options, logDir: folder })
  if (name === 'SwapEMAWeights') return callbacks.swapEMAWeights(options)
  throw new Error(`callback ${name} is not known`)
}

interface ReadEvent extends Omit<StoredEvent, 'value'> {
  readonly values: readonly number[]
}

async function eventsOf(folder: string): Promise<ReadEvent[]> {
  const events: ReadEvent[] = []
  for (const part of readdirSync(folder).sort()) {
    const [file, ...others] = readdirSync(join(folder, part))
    expect(others).toEqual([])
    for await (const record of readRecords(join(folder, part, file!))) {
      const { what, step } = fromBinary(EventSchema, record)
      if (what.case !== 'summary') continue
      for (const { tag, value, metadata } of what.value.value) {
        const plugin = metadata!.pluginData!.pluginName
        events.push({ part, tag, step: Number(step), plugin, values: numbersOf(value.value as TensorProto) })
      }
    }
  }
  return events
}

function numbersOf({ dtype, tensorContent: bytes }: TensorProto): number[] {
  if (dtype === DataType.DT_STRING) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const size = dtype === DataType.DT_FLOAT ? 4 : 8
  return Array.from({ length: bytes.length / size }, (_, i) =>
    size === 4 ? view.getFloat32(i * 4, true) : view.getFloat64(i * 8, true),
  )
}

function expectEvents(received: readonly ReadEvent[], expected: readonly StoredEvent[]): void {
  const label = ({ part, tag, step, plugin }: Omit<StoredEvent, 'value'>): string => `${part} ${step} ${plugin} ${tag}`
  expect(received.map(label)).toEqual(expected.map(label))
  for (const [i, event] of expected.entries()) {
    if (event.value === undefined) continue
    const numbers = ([event.value].flat(2) as Json[]).map(numberOf)
    const { values } = received[i]!
    if (event.plugin !== 'histograms') {
      expect([label(event), difference(values, numbers, { relative: 1e-4 })]).toEqual([label(event), null])
      continue
    }
    const columns = (list: readonly number[], column: number): number[] => list.filter((_, k) => k % 3 === column)
    for (const edge of [0, 1]) {
      expect(difference(columns(values, edge), columns(numbers, edge), { relative: 1e-3 })).toBeNull()
    }
    // Weights differ in their last digits, and one beside an edge may be counted on its other side.
    const [counts, wanted] = [columns(values, 2), columns(numbers, 2)]
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)
    expect(sum(counts)).toBe(sum(wanted))
    const moved = sum(counts.map((count, k) => Math.abs(count - wanted[k]!)))
    expect(moved).toBeLessThanOrEqual(Math.max(2, 0.02 * sum(wanted)))
  }
}
