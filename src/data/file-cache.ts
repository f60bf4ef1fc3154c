// Elements of a dataset in a file: written beside its place and renamed when the pass is complete; checked when it is read.
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { ArgumentError, FormatError, problem } from '../errors.ts'
import { allocate, bytesPerElement, sizeOf } from '../graph/types.ts'
import type { DType } from '../graph/types.ts'
import { tensor, Tensor } from '../ops/index.ts'
import { isSystemError, opening } from '../platform/opening.ts'
import type { Elements } from './concurrency.ts'

/** First bytes: the kind of file and the version of its form. */
const magic = Buffer.from('TANUKIC1')
/** Last bytes, after the number of elements: without them the file was not finished. */
const end = Buffer.from('TANUKIC.')
/** Before each element: length of its description, length of its values, checksum of both. */
const headBytes = 16
const mostDescription = 2 ** 26

const where = 'Dataset.cache'

/** The elements in the file; null if there is none, or one of another pipeline. @throws ArgumentError if it cannot be opened. */
export async function openCache(path: string, key: string): Promise<Elements<unknown> | null> {
  return opening(where, path, 'read', async () => {
    let file: FileHandle
    try {
      file = await open(path, 'r')
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT') return null
      throw error
    }
    try {
      const reader = await CacheReader.open(path, file)
      if (reader.key === key) return reader.elements()
    } catch (error) {
      await file.close()
      throw error
    }
    await file.close()
    return null
  })
}

/** Passes elements on while they are written; the file appears after the last one, and not at all if there is none. */
export async function* writeCache<T>(path: string, key: string, elements: Elements<T>): Elements<T> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.part`
  const file = await opening(where, path, 'written', async () => {
    await mkdir(dirname(path), { recursive: true })
    return open(temporary, 'wx')
  })
  let whole = false
  try {
    const name = Buffer.from(key)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(name.length)
    await writeWhole(file, Buffer.concat([magic, length, name]))
    let count = 0
    for await (const element of elements) {
      for (const bytes of await encode(path, element)) await writeWhole(file, bytes)
      count++
      yield element
    }
    const number = Buffer.alloc(8)
    number.writeDoubleLE(count)
    await writeWhole(file, Buffer.concat([number, end]))
    await file.sync()
    whole = true
  } finally {
    await file.close()
    await (whole ? rename(temporary, path) : rm(temporary, { force: true }))
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten
}

/** Structure of an element in JSON: a tensor is `{ t: [dtype, shape] }`, a record `{ r: … }`, a tuple an array, anything else `{ v: … }`. */
type Description = { t: [DType, number[]] } | { r: Record<string, Description> } | { v: unknown } | Description[]

async function encode(path: string, element: unknown): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = []
  const describe = async (value: unknown): Promise<Description> => {
    if (value instanceof Tensor) {
      const data = await value.data()
      parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      return { t: [value.dtype, [...value.shape]] }
    }
    if (Array.isArray(value)) {
      const described: Description[] = []
      for (const item of value) described.push(await describe(item))
      return described
    }
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return { v: value }
    if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
      const record: Record<string, Description> = {}
      for (const [name, item] of Object.entries(value)) record[name] = await describe(item)
      return { r: record }
    }
    const expected = 'elements of tensors, numbers and text'
    throw new ArgumentError(problem({ where: `the cache ${path}`, expected, received: value }))
  }
  const text = Buffer.from(JSON.stringify(await describe(element)))
  const head = Buffer.alloc(headBytes)
  head.writeUInt32LE(text.length)
  head.writeDoubleLE(
    parts.reduce((sum, { length }) => sum + length, 0),
    4,
  )
  head.writeUInt32LE(
    [text, ...parts].reduce((crc, bytes) => crc32(bytes, crc), 0),
    12,
  )
  return [head, text, ...parts]
}

class CacheReader {
  readonly key: string
  readonly #path: string
  readonly #file: FileHandle
  readonly #count: number
  /** Where the elements end. */
  readonly #end: number
  #at: number

  private constructor(path: string, file: FileHandle, key: string, count: number, from: number, to: number) {
    this.#path = path
    this.#file = file
    this.key = key
    this.#count = count
    this.#at = from
    this.#end = to
  }

  static async open(path: string, file: FileHandle): Promise<CacheReader> {
    const { size } = await file.stat()
    const start = await readAt(path, file, 0, Math.min(size, magic.length + 4))
    if (start.length < magic.length + 4 || !start.subarray(0, magic.length).equals(magic))
      throw damaged(path, `a dataset cache that begins with ${magic.toString()}`, 'other bytes')
    const nameLength = start.readUInt32LE(magic.length)
    const from = magic.length + 4 + nameLength
    const to = size - 8 - end.length
    if (from > to) throw damaged(path, 'a whole file', `${size} bytes`)
    const name = await readAt(path, file, magic.length + 4, nameLength)
    const tail = await readAt(path, file, to, 8 + end.length)
    if (!tail.subarray(8).equals(end)) throw damaged(path, 'an end after the last element', 'a file that was cut off')
    return new CacheReader(path, file, name.toString(), tail.readDoubleLE(0), from, to)
  }

  async *elements(): Elements<unknown> {
    try {
      for (let i = 0; i < this.#count; i++) yield await this.#element(i)
      if (this.#at !== this.#end) throw damaged(this.#path, `${this.#count} elements`, 'more bytes')
    } finally {
      await this.#file.close()
    }
  }

  async #element(i: number): Promise<unknown> {
    const where = `${this.#path}, element ${i}`
    const head = await this.#take(where, headBytes)
    const [textLength, valueLength, stored] = [head.readUInt32LE(0), head.readDoubleLE(4), head.readUInt32LE(12)]
    if (textLength > mostDescription || !Number.isSafeInteger(valueLength) || valueLength < 0)
      throw damaged(where, 'lengths within the file', `${textLength} and ${valueLength} bytes`)
    const bytes = await this.#take(where, textLength + valueLength)
    if (crc32(bytes) !== stored) throw damaged(where, `the checksum ${stored}`, crc32(bytes))
    let at = textLength
    const restore = (described: Description): unknown => {
      if (Array.isArray(described)) return described.map(restore)
      if ('v' in described) return described.v
      if ('r' in described)
        return Object.fromEntries(Object.entries(described.r).map(([key, part]) => [key, restore(part)]))
      const [dtype, shape] = described.t
      if (!Object.hasOwn(bytesPerElement, dtype)) throw damaged(where, 'a known dtype', dtype)
      const length = sizeOf(shape) * bytesPerElement[dtype]
      if (!(at + length <= bytes.length)) throw damaged(where, `${length} bytes of values`, bytes.length - at)
      const values = allocate(dtype, sizeOf(shape))
      new Uint8Array(values.buffer).set(bytes.subarray(at, at + length))
      at += length
      return tensor(values, { shape, dtype })
    }
    try {
      return restore(JSON.parse(bytes.toString('utf8', 0, textLength)) as Description)
    } catch (error) {
      if (error instanceof FormatError) throw error
      throw damaged(where, 'a description of tensors', (error as Error).message)
    }
  }

  async #take(where: string, length: number): Promise<Buffer> {
    if (this.#at + length > this.#end) throw damaged(where, `${length} bytes`, `${this.#end - this.#at}`)
    const bytes = await readAt(where, this.#file, this.#at, length)
    this.#at += length
    return bytes
  }
}

async function readAt(where: string, file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done)
    if (bytesRead === 0) throw damaged(where, `${length} bytes`, `${done}`)
    done += bytesRead
  }
  return buffer
}

function damaged(where: string, expected: string, received: unknown): FormatError {
  const hint = 'Delete the file to have it made anew'
  return new FormatError(problem({ where, expected, received, hint }))
}
