// IDX, the format of MNIST's files: a magic number with type and rank, big-endian sizes, values; gzipped or not.
import { gunzipSync } from 'node:zlib'
import { FormatError, problem } from '../errors.ts'

export interface IdxArray {
  readonly shape: readonly number[]
  readonly dtype: 'uint8' | 'int32' | 'float32'
  readonly data: Uint8Array | Int32Array | Float32Array
}

/** For each type code: size of a value in the file, and what it becomes. */
const types: Readonly<
  Record<number, { bytes: number; dtype: IdxArray['dtype']; read(view: DataView, at: number): number }>
> = {
  0x08: { bytes: 1, dtype: 'uint8', read: (view, at) => view.getUint8(at) },
  0x09: { bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) },
  0x0b: { bytes: 2, dtype: 'int32', read: (view, at) => view.getInt16(at) },
  0x0c: { bytes: 4, dtype: 'int32', read: (view, at) => view.getInt32(at) },
  0x0d: { bytes: 4, dtype: 'float32', read: (view, at) => view.getFloat32(at) },
  0x0e: { bytes: 8, dtype: 'float32', read: (view, at) => view.getFloat64(at) },
}

/** The array in a file. `maxBytes`: largest size after inflating; default 1 GiB. @throws FormatError that names `source`. */
export function decodeIdx(bytes: Uint8Array, source = 'idx file', { maxBytes = 2 ** 30 } = {}): IdxArray {
  const fail = (expected: string, received: unknown): never => {
    throw new FormatError(problem({ where: source, expected, received }))
  }
  let raw = bytes
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      raw = gunzipSync(bytes, { maxOutputLength: maxBytes })
    } catch (error) {
      fail(`a gzip file of at most ${maxBytes} bytes`, (error as Error).message)
    }
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  if (raw.byteLength < 4 || view.getUint16(0) !== 0) fail('an IDX file, which begins with two zeros', 'other bytes')
  const code = view.getUint8(2)
  const type = types[code] ?? fail('a known type of values', `code ${code}`)
  const rank = view.getUint8(3)
  const start = 4 + 4 * rank
  if (raw.byteLength < start) fail(`${rank} sizes`, `${raw.byteLength} bytes in all`)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const count = shape.reduce((product, size) => product * size, 1)
  if (raw.byteLength - start !== count * type.bytes)
    fail(`${count * type.bytes} bytes of values for shape [${shape.join(', ')}]`, `${raw.byteLength - start}`)
  if (type.dtype === 'uint8') return { shape, dtype: 'uint8', data: raw.slice(start) }
  const data = type.dtype === 'int32' ? new Int32Array(count) : new Float32Array(count)
  for (let i = 0; i < count; i++) data[i] = type.read(view, start + i * type.bytes)
  return { shape, dtype: type.dtype, data }
}
