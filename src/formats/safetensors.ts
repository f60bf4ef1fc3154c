// Reads and writes safetensors files: 8 bytes header length, a JSON header, then the tensors' bytes, little-endian and row-major.
import { FormatError, problem } from '../errors.ts'
import { halvesToFloat32, wordsToFloat32 } from './half.ts'

const itemSize = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const

/** The format's own names of number types. */
export type SafetensorsDType = keyof typeof itemSize

export interface StoredTensor {
  readonly dtype: SafetensorsDType
  readonly shape: readonly number[]
  /** The tensor's bytes as they stand in the file. */
  readonly bytes: Uint8Array
}
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/** The format's own limit for the header. */
const maxHeader = 100_000_000

/** Where a tensor's bytes lie in the file. */
interface TensorSpan extends Omit<StoredTensor, 'bytes'> {
  readonly from: number
  readonly to: number
}

/**
 * Parses a file. Every claim of the header is checked against the bytes: tensors lie inside, in order, without gaps or overlaps.
 * @throws FormatError that names `source` and the tensor.
 */
export function decodeSafetensors(given: Uint8Array, source = 'safetensors'): SafetensorsFile {
  // A plain view: Node's Buffer gives other methods another meaning.
  const file = new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  const start = 8 + headerLength(file, file.byteLength, source)
  const { spans, metadata } = parseHeader(file.subarray(8, start), file.byteLength, source)
  const tensors = new Map<string, StoredTensor>()
  for (const [name, { dtype, shape, from, to }] of spans)
    tensors.set(name, { dtype, shape, bytes: file.subarray(from, to) })
  return { tensors, metadata }
}

function damaged(source: string, expected: string, received: unknown): FormatError {
  const hint = 'The file is damaged or is not a safetensors file'
  return new FormatError(problem({ where: source, expected, received, hint }))
}

/** Length of the header that follows the first 8 bytes of a file. @throws FormatError if it cannot be in a file of `size` bytes. */
export function headerLength(first: Uint8Array, size: number, source: string): number {
  if (size < 8 || first.byteLength < 8) throw damaged(source, 'at least 8 bytes', `${size} bytes`)
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true)
  if (length <= BigInt(Math.min(maxHeader, size - 8))) return Number(length)
  throw damaged(source, 'a header that fits into the file', `a header of ${length} bytes`)
}

/** What the header of a file of `size` bytes says, checked; see `decodeSafetensors`. */
export function parseHeader(
  bytes: Uint8Array,
  size: number,
  source: string,
): { readonly spans: ReadonlyMap<string, TensorSpan>; readonly metadata: Readonly<Record<string, string>> } {
  const start = 8 + bytes.byteLength
  const fail = (expected: string, received: unknown): never => {
    throw damaged(source, expected, received)
  }
  let header: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (!text.startsWith('{')) fail('a header that begins with "{"', text.slice(0, 10))
    header = JSON.parse(text)
    const twice = duplicateKey(text)
    if (twice !== null) fail('a header with every name once', `${twice} twice`)
  } catch (error) {
    if (error instanceof FormatError) throw error
    fail('a JSON header', error instanceof Error ? error.message : String(error))
  }
  if (!isRecord(header)) fail('a JSON object as header', header)
  const tensors = new Map<string, TensorSpan>()
  let metadata: Record<string, string> = {}
  for (const [name, entry] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') {
      if (!isRecord(entry) || !Object.values(entry).every((value) => typeof value === 'string'))
        fail('__metadata__ of strings', entry)
      metadata = entry as Record<string, string>
      continue
    }
    if (!isRecord(entry)) fail(`an object for tensor "${name}"`, entry)
    const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>
    if (typeof dtype !== 'string' || !Object.hasOwn(itemSize, dtype)) fail(`a known dtype for tensor "${name}"`, dtype)
    if (!Array.isArray(shape) || !shape.every(isCount)) fail(`a shape of whole numbers for tensor "${name}"`, shape)
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
      fail(`two data_offsets for tensor "${name}"`, offsets)
    const [from, to] = offsets as [number, number]
    let length: number = itemSize[dtype as SafetensorsDType]
    for (const dim of shape as number[]) {
      length *= dim
      if (!Number.isSafeInteger(length)) fail(`a shape of a possible size for tensor "${name}"`, shape)
    }
    if (from > to || start + to > size || to - from !== length)
      fail(`${length} bytes inside the file for tensor "${name}"`, offsets)
    tensors.set(name, {
      dtype: dtype as SafetensorsDType,
      shape: shape as number[],
      from: start + from,
      to: start + to,
    })
  }
  const spans = new Map([...tensors].sort(([, a], [, b]) => a.from - b.from || a.to - b.to))
  let end = start
  for (const [name, { from, to }] of spans) {
    if (from !== end) fail(`tensor "${name}" at offset ${end - start}`, from - start)
    end = to
  }
  if (end !== size) fail(`a file of ${end} bytes`, `${size} bytes`)
  return { spans: tensors, metadata }
}

/** A key that stands twice in one object of valid JSON text, or null: JSON.parse would keep the last without a word. */
function duplicateKey(text: string): string | null {
  // One set for each open object, null for an array.
  const open: (Set<string> | null)[] = []
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]
    if (sign === '{') open.push(new Set())
    else if (sign === '[') open.push(null)
    else if (sign === '}' || sign === ']') open.pop()
    else if (sign === '"') {
      const end = endOfString(text, at)
      if (isKey(text, end)) {
        const keys = open[open.length - 1]!
        const key = JSON.parse(text.slice(at, end)) as string
        if (keys.has(key)) return key
        keys.add(key)
      }
      at = end - 1
    }
  }
  return null
}

/** The position behind the string that begins at `from`. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at++) {
    at = text.indexOf('"', at)
    let backslashes = 0
    while (text[at - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return at + 1
  }
}

/** True if a colon comes next. */
function isKey(text: string, from: number): boolean {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return text[at] === ':'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Bytes in a buffer of their own: those of a whole file need not be aligned. Not slice(), which shares memory for a Node Buffer. */
export function alone(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
  return isAlone ? new Uint8Array(buffer) : new Uint8Array(bytes)
}

/** float32 values of a stored float tensor: float16 and bfloat16 are widened exactly, float64 is rounded. @throws FormatError for integer tensors. */
export function toFloat32({ dtype, bytes }: StoredTensor, name = 'tensor'): Float32Array {
  const own = alone(bytes)
  switch (dtype) {
    case 'F32':
      return new Float32Array(own.buffer)
    case 'F64':
      return Float32Array.from(new Float64Array(own.buffer))
    case 'F16':
      return halvesToFloat32(new Uint16Array(own.buffer))
    case 'BF16':
      return wordsToFloat32(new Uint16Array(own.buffer))
    default:
      throw new FormatError(problem({ where: `tensor "${name}"`, expected: 'a float dtype', received: dtype }))
  }
}

export interface TensorToStore {
  readonly dtype: SafetensorsDType
  readonly shape: readonly number[]
  readonly data: ArrayBufferView
}

/**
 * The bytes of a file. Tensors stand in the given order; the header is padded with spaces so that the data starts at a multiple of 8.
 * @throws FormatError if data and shape do not agree, or a tensor is called `__metadata__`.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorToStore>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // Without a prototype, so that every name is an ordinary one.
  const header = Object.create(null) as Record<string, unknown>
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata
  let offset = 0
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const bytes = shape.reduce((a, b) => a * b, itemSize[dtype])
    if (name === '__metadata__' || !shape.every(isCount) || bytes !== data.byteLength)
      throw new FormatError(
        problem({
          where: `tensor "${name}"`,
          expected: `${bytes} bytes for ${dtype} of shape [${shape.join(', ')}]`,
          received: `${data.byteLength} bytes`,
        }),
      )
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes] }
    offset += bytes
  }
  let text = new TextEncoder().encode(JSON.stringify(header))
  const padding = (8 - (text.byteLength % 8)) % 8
  if (padding > 0) {
    const padded = new Uint8Array(text.byteLength + padding).fill(0x20)
    padded.set(text)
    text = padded
  }
  const out = new Uint8Array(8 + text.byteLength + offset)
  new DataView(out.buffer).setBigUint64(0, BigInt(text.byteLength), true)
  out.set(text, 8)
  let at = 8 + text.byteLength
  for (const { data } of Object.values(tensors)) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return out
}
