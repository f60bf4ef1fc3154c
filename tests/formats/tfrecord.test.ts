// TFRecord: files that TensorFlow wrote there and back, chunks of every size, and each kind of damage.
import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FormatError } from '../../src/errors.ts'
import { crc32c, encodeRecord, maskedCrc32c, readRecords } from '../../src/formats/tfrecord.ts'

const folder = 'tests/goldens/data/tfds_tiny'
const files = readdirSync(folder).filter((name) => name.includes('.tfrecord'))
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

async function all(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | string): Promise<Uint8Array[]> {
  const records: Uint8Array[] = []
  for await (const record of readRecords(source)) records.push(record)
  return records
}
function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
function chunked(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

describe('checksums', () => {
  // RFC 3720, appendix B.4.
  test.each([
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    [text('123456789'), 0xe3069283],
    [new Uint8Array(0), 0],
  ])('crc32c %#', (bytes, expected) => expect(crc32c(bytes)).toBe(expected))
  test('masked', () => {
    expect(maskedCrc32c(text('123456789'))).toBe(
      ((((0xe3069283 >>> 15) | ((0xe3069283 << 17) >>> 0)) + 0xa282ead8) % 2 ** 32) >>> 0,
    )
  })
})

describe('files that TensorFlow wrote', () => {
  test('there are some', () => expect(files.length).toBeGreaterThan(3))
  test.each(files)('%s is read, and encoded to the same bytes', async (name) => {
    const path = join(folder, name)
    const records = await all(path)
    expect(concat(records.map(encodeRecord))).toEqual(new Uint8Array(readFileSync(path)))
    const whole = new Uint8Array(readFileSync(path))
    expect(await all([whole])).toEqual(records)
  })
})

describe('streams', () => {
  test('records of any size come back from chunks of any size', async () => {
    const record = fc.uint8Array({ maxLength: 300 })
    const sizes = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 6 }), sizes, async (records, steps) => {
        const bytes = concat(records.map(encodeRecord))
        expect(await all(chunked(bytes, steps))).toEqual(records)
      }),
      { numRuns: 100 },
    )
  })
  test('a reader that leaves early ends the source', async () => {
    let ended = false
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield encodeRecord(text('again'))
      } finally {
        ended = true
      }
    }
    for await (const record of readRecords(source())) {
      expect(record).toEqual(text('again'))
      break
    }
    expect(ended).toBe(true)
  })
  test('a file that is not there', async () => {
    await expect(all('tests/formats/nowhere.tfrecord')).rejects.toThrow(/ENOENT.*nowhere/)
  })
})

describe('damage', () => {
  const good = [text('first'), text('second record'), new Uint8Array(0)]
  const bytes = concat(good.map(encodeRecord))

  test('every cut is noticed, and what stands before it is given', async () => {
    const ends = [0, 21, 50, 66]
    for (let length = 0; length < bytes.length; length++) {
      const seen: Uint8Array[] = []
      const reading = (async () => {
        for await (const record of readRecords([bytes.subarray(0, length)], { source: 'cut' })) seen.push(record)
      })()
      if (ends.includes(length)) await reading
      else await expect(reading).rejects.toThrow(/^cut, record \d at byte \d+: expected/)
      expect(seen).toEqual(good.slice(0, ends.filter((end) => end > 0 && end <= length).length))
    }
  })
  test('every changed bit is noticed', async () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice()
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      await expect(all([damaged])).rejects.toThrow(FormatError)
    }
  })
  test('a record longer than allowed is refused before it is read', async () => {
    const head = new Uint8Array(12)
    const view = new DataView(head.buffer)
    view.setBigUint64(0, 2n ** 62n, true)
    view.setUint32(8, maskedCrc32c(head.subarray(0, 8)), true)
    await expect(all([head])).rejects.toThrow(/at most 1073741824 bytes, received "4611686018427387904 bytes"/)
  })
  test('the message says where', async () => {
    const damaged = bytes.slice()
    damaged[21 + 12]! ^= 1
    await expect(all([damaged])).rejects.toThrow(
      'TFRecord stream, record 1 at byte 21: expected the checksum of its data, received "another one". ' +
        'The file is damaged or is not a TFRecord file.',
    )
  })
})
