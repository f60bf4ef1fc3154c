// Reads and writes TFRecord files: records of 8 bytes length, its checksum, the payload, and the payload's checksum, little-endian.
import { createReadStream } from 'node:fs'
import { FormatError, problem } from '../errors.ts'

/** Bytes beside the payload: length (8), checksum of the length (4), checksum of the payload (4). */
const lengthBytes = 8
const checksumBytes = 4

export interface ReadRecordsOptions {
  /** Larger records are refused before they are read, in bytes; default 1 GiB. */
  readonly maxRecordBytes?: number
  /** Names the stream in errors; default the path, or `TFRecord stream`. */
  readonly source?: string
}

/** CRC-32C (Castagnoli) of the bytes, reflected polynomial 0x82f63b78. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

/**
 * The checksum as TFRecord stores it: rotated by 15 bits, plus a constant, so that the checksum of data that holds
 * checksums stays a good one (LevelDB's log format).
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** One record, framed: 16 bytes longer than its payload. */
export function encodeRecord(payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(lengthBytes + checksumBytes + payload.length + checksumBytes)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(payload.length), true)
  view.setUint32(lengthBytes, maskedCrc32c(record.subarray(0, lengthBytes)), true)
  record.set(payload, lengthBytes + checksumBytes)
  view.setUint32(record.length - checksumBytes, maskedCrc32c(payload), true)
  return record
}

/**
 * The payloads of a file or of a stream of chunks of any size, one after the other. A payload is the reader's to keep.
 * @throws FormatError, with the record's number and place, if a checksum is wrong, a record is too large, or the end is
 * missing; the records before it have been given by then. The system's error if a file cannot be read.
 */
export async function* readRecords(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | string,
  options: ReadRecordsOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const path = typeof source === 'string' ? source : null
  const where = options.source ?? path ?? 'TFRecord stream'
  const limit = options.maxRecordBytes ?? 2 ** 30
  const chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> =
    typeof source === 'string' ? createReadStream(source, { highWaterMark: 1 << 18 }) : source
  const bytes = new ByteReader(chunks)
  try {
    for (let index = 0; ; index++) {
      const start = bytes.position
      const place = `${where}, record ${index} at byte ${start}`
      const head = await bytes.take(lengthBytes + checksumBytes)
      if (head.length === 0) return
      if (head.length < lengthBytes + checksumBytes) fail(place, `${lengthBytes + checksumBytes} bytes of length`, head)
      const view = new DataView(head.buffer, head.byteOffset)
      checkSum(place, 'length', head.subarray(0, lengthBytes), view.getUint32(lengthBytes, true))
      const length = view.getBigUint64(0, true)
      if (length > BigInt(limit)) {
        const hint = 'Raise `maxRecordBytes` if the file is to be trusted'
        throw new FormatError(
          problem({ where: place, expected: `at most ${limit} bytes`, received: `${length} bytes`, hint }),
        )
      }
      const wanted = Number(length) + checksumBytes
      const body = await bytes.take(wanted)
      if (body.length < wanted) fail(place, `${wanted} bytes of data`, body)
      const payload = body.subarray(0, Number(length))
      const stored = new DataView(body.buffer, body.byteOffset + Number(length)).getUint32(0, true)
      checkSum(place, 'data', payload, stored)
      yield payload
    }
  } finally {
    await bytes.close()
  }
}

function checkSum(where: string, what: string, bytes: Uint8Array, stored: number): void {
  if (maskedCrc32c(bytes) === stored) return
  const hint = 'The file is damaged or is not a TFRecord file'
  throw new FormatError(problem({ where, expected: `the checksum of its ${what}`, received: 'another one', hint }))
}

function fail(where: string, expected: string, received: Uint8Array): never {
  const hint = 'The file was cut off, or is still being written'
  throw new FormatError(problem({ where, expected, received: `${received.length}`, hint }))
}

/** Takes as many bytes as wanted from chunks of any size; keeps no more than it was given. */
class ByteReader {
  position = 0
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  /** A copy of the next `count` bytes; fewer at the end. Memory is taken as bytes arrive, not as they are promised. */
  async take(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let missing = count
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next()
        if (next.done === true) break
        this.#rest = next.value
        continue
      }
      const part = this.#rest.subarray(0, missing)
      parts.push(part)
      this.#rest = this.#rest.subarray(part.length)
      missing -= part.length
    }
    const taken = new Uint8Array(count - missing)
    let at = 0
    for (const part of parts) {
      taken.set(part, at)
      at += part.length
    }
    this.position += taken.length
    return taken
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})
