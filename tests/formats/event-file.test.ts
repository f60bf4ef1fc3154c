// Event files: the bytes of TensorFlow's summary writer, and what happens to many, odd or unwritable events.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventFile } from '../../src/formats/event-file.ts'
import { type Event, EventSchema } from '../../src/formats/generated/tensorboard_pb.ts'
import { histogramBuckets } from '../../src/formats/histogram.ts'
import { readRecords } from '../../src/formats/tfrecord.ts'

const fixtures = 'tests/goldens/training/fit_callbacks_files'
let folder = ''
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tanuki-event-file-'))))
afterEach(() => rmSync(folder, { recursive: true }))

async function recordsOf(path: string): Promise<Uint8Array[]> {
  const records: Uint8Array[] = []
  for await (const record of readRecords(path)) records.push(record)
  return records
}

/** Writes again what TensorFlow wrote. */
async function copy(file: EventFile, { what, step }: Event): Promise<void> {
  if (what.case !== 'summary') return
  for (const { tag, value, metadata } of what.value.value) {
    if (value.case !== 'tensor') throw new Error('no tensor')
    const bytes = value.value.tensorContent
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const plugin = metadata!.pluginData!.pluginName
    if (plugin === 'scalars') await file.scalar(tag, view.getFloat32(0, true), Number(step))
    else if (plugin === 'graph_keras_model') {
      await file.modelGraph(new TextDecoder().decode(value.value.stringVal[0]), Number(step))
    } else if (plugin !== 'histograms') throw new Error(plugin)
  }
}

describe('TensorFlow', () => {
  test.each(readdirSync(fixtures))('%s is read whole: no field is unknown', async (name) => {
    for (const record of await recordsOf(join(fixtures, name))) {
      const event = fromBinary(EventSchema, record, { readUnknownFields: false })
      expect(toBinary(EventSchema, event)).toEqual(record)
    }
  })

  test.each(readdirSync(fixtures))('scalars and graphs of %s are written with the same bytes', async (name) => {
    const events = (await recordsOf(join(fixtures, name))).map((record) => fromBinary(EventSchema, record))
    const file = new EventFile(folder)
    for (const event of events) await copy(file, event)
    await file.flush()
    const isHistogram = ({ what }: Event): boolean =>
      what.case === 'summary' && what.value.value[0]!.metadata!.pluginData!.pluginName === 'histograms'
    const wanted = events.filter((event) => !isHistogram(event))
    const written = (await recordsOf(file.path)).map((record) => fromBinary(EventSchema, record))
    expect(written.length).toBe(wanted.length)
    for (const [i, event] of written.entries()) {
      event.wallTime = wanted[i]!.wallTime
      if (i === 0) event.sourceMetadata = wanted[0]!.sourceMetadata!
      expect(toBinary(EventSchema, event)).toEqual(toBinary(EventSchema, wanted[i]!))
    }
  })
})

describe('files', () => {
  test('two of one second have two names, and none is made before there is an event', async () => {
    const [a, b] = [new EventFile(folder), new EventFile(folder)]
    expect(a.path).not.toBe(b.path)
    expect(a.path).toMatch(/events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+\.v2$/)
    await a.flush()
    expect(readdirSync(folder)).toEqual([])
    await b.scalar('loss', 1, 0)
    await b.flush()
    await b.flush()
    expect((await recordsOf(b.path)).length).toBe(2)
  })
  test('many events are written before they fill the memory, in order', async () => {
    const file = new EventFile(join(folder, 'deep', 'er'))
    for (let step = 0; step < 3000; step++) await file.scalar('loss', step / 2, step)
    expect(readFileSync(file.path).length).toBeGreaterThan(50_000)
    await file.flush()
    const steps = (await recordsOf(file.path)).map((record) => Number(fromBinary(EventSchema, record).step))
    expect(steps).toEqual([0, ...Array.from({ length: 3000 }, (_, i) => i)])
  })
  test('a folder that is a file is an error', async () => {
    writeFileSync(join(folder, 'logs'), '')
    const file = new EventFile(join(folder, 'logs'))
    await file.scalar('loss', 1, 0)
    await expect(file.flush()).rejects.toThrow(/EEXIST|ENOTDIR/)
  })
})

describe('histograms', () => {
  test('the last bucket holds the largest value', () => {
    expect(histogramBuckets([0, 1, 2, 3, 4], 2)).toEqual([
      [0, 2, 2],
      [2, 4, 3],
    ])
  })
  test('equal values, no values, values that are not finite', () => {
    expect(histogramBuckets([7, 7, 7], 2)).toEqual([
      [7, 7, 0],
      [7, 7, 3],
    ])
    expect(histogramBuckets([], 1)).toEqual([[0, 0, 0]])
    expect(histogramBuckets([NaN, 1, Infinity, 3], 2)).toEqual([
      [1, 2, 1],
      [2, 3, 1],
    ])
  })
})
