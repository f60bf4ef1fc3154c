// TensorBoard's event files: TFRecords of Event messages, as TensorFlow's summary writer makes them.
import { appendFile, mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  DataType,
  EventSchema,
  Summary_ValueSchema,
  SummarySchema,
  TensorProtoSchema,
} from './generated/tensorboard_pb.ts'
import type { Event, TensorProto } from './generated/tensorboard_pb.ts'
import { histogramBuckets } from './histogram.ts'
import { encodeRecord } from './tfrecord.ts'

/** Bytes that are gathered before they go to the disk. */
const bufferSize = 1 << 16
let filesOpened = 0

/**
 * Appends events to a new file in a folder. The file is made with the first event. What is written is kept in memory until
 * `flush`, or until it is worth a write.
 */
export class EventFile {
  readonly path: string
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #writing: Promise<void> = Promise.resolve()
  #made = false

  constructor(folder: string) {
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0')
    // A number of its own, so that two files of one second stay two.
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${filesOpened++}.v2`)
  }

  /** A number for the Scalars page, as float32. */
  async scalar(tag: string, value: number, step: number): Promise<void> {
    await this.#add(summaryEvent(tag, step, 'scalars', floatTensor(value)))
  }

  /** The distribution of values, in 30 buckets; values that are not finite are left out. */
  async histogram(tag: string, values: ArrayLike<number>, step: number): Promise<void> {
    await this.#add(summaryEvent(tag, step, 'histograms', doubleTable(histogramBuckets(values))))
  }

  /** A model's JSON for the Graphs page. */
  async modelGraph(json: string, step: number): Promise<void> {
    const text = new TextEncoder().encode(json)
    const tensor = create(TensorProtoSchema, { dtype: DataType.DT_STRING, tensorShape: {}, stringVal: [text] })
    await this.#add(summaryEvent('keras', step, 'graph_keras_model', tensor, new TextEncoder().encode('1')))
  }

  /** Resolves when all events are in the file. @throws the system's error if they cannot be written. */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    this.#writing = this.#writing.then(async () => {
      if (bytes.length === 0) return
      if (!this.#made) await mkdir(join(this.path, '..'), { recursive: true })
      this.#made = true
      await appendFile(this.path, bytes)
    })
    await this.#writing
  }

  async #add(event: Event): Promise<void> {
    if (!this.#made && this.#pending.length === 0) this.#push(firstEvent())
    this.#push(event)
    if (this.#pendingBytes >= bufferSize) await this.flush()
  }

  #push(event: Event): void {
    const record = encodeRecord(toBinary(EventSchema, event))
    this.#pending.push(record)
    this.#pendingBytes += record.length
  }
}

function firstEvent(): Event {
  const what = { case: 'fileVersion', value: 'brain.Event:2' } as const
  return create(EventSchema, { wallTime: now(), what, sourceMetadata: { writer: 'tanuki' } })
}

function summaryEvent(tag: string, step: number, pluginName: string, tensor: TensorProto, content?: Uint8Array): Event {
  const pluginData = { pluginName, ...(content === undefined ? {} : { content }) }
  const value = create(Summary_ValueSchema, { tag, value: { case: 'tensor', value: tensor }, metadata: { pluginData } })
  const what = { case: 'summary', value: create(SummarySchema, { value: [value] }) } as const
  return create(EventSchema, { wallTime: now(), step: BigInt(step), what })
}

function floatTensor(value: number): TensorProto {
  return create(TensorProtoSchema, {
    dtype: DataType.DT_FLOAT,
    tensorShape: {},
    tensorContent: littleEndian([value], 4),
  })
}

function doubleTable(rows: readonly (readonly number[])[]): TensorProto {
  const dim = [{ size: BigInt(rows.length) }, { size: 3n }]
  return create(TensorProtoSchema, {
    dtype: DataType.DT_DOUBLE,
    tensorShape: { dim },
    tensorContent: littleEndian(rows.flat(), 8),
  })
}

function littleEndian(values: readonly number[], size: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(values.length * size)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => {
    if (size === 4) view.setFloat32(i * size, value, true)
    else view.setFloat64(i * size, value, true)
  })
  return bytes
}

function now(): number {
  return Date.now() / 1000
}
