// NPY and NPZ, NumPy's files: a magic number, a Python dict as text, then the values; NPZ is a zip archive of such files.
import { FormatError, problem } from '../errors.ts'
import { allocate } from '../graph/types.ts'
import type { DType, TypedArray } from '../graph/types.ts'
import { halvesToFloat32 } from './half.ts'
import { openZip } from './zip.ts'

export interface NpyArray {
  readonly shape: readonly number[]
  readonly dtype: DType
  /** Row-major, whatever the order in the file. */
  readonly data: TypedArray
}

interface ValueType {
  readonly bytes: number
  readonly dtype: DType
  /** `at` in bytes. A bigint is a whole number of 64 bits, which may not fit. */
  read(view: DataView, at: number, little: boolean): number | bigint
}
/** NumPy's types of numbers by their names in the file, without the byte order, and what they become. */
const types: Readonly<Record<string, ValueType>> = {
  b1: { bytes: 1, dtype: 'bool', read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  u1: { bytes: 1, dtype: 'uint8', read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, dtype: 'int32', read: (view, at, little) => view.getUint16(at, little) },
  i2: { bytes: 2, dtype: 'int32', read: (view, at, little) => view.getInt16(at, little) },
  u4: { bytes: 4, dtype: 'int32', read: (view, at, little) => view.getUint32(at, little) },
  i4: { bytes: 4, dtype: 'int32', read: (view, at, little) => view.getInt32(at, little) },
  u8: { bytes: 8, dtype: 'int32', read: (view, at, little) => view.getBigUint64(at, little) },
  i8: { bytes: 8, dtype: 'int32', read: (view, at, little) => view.getBigInt64(at, little) },
  f2: { bytes: 2, dtype: 'float32', read: (view, at, little) => halfAt(view, at, little) },
  f4: { bytes: 4, dtype: 'float32', read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, dtype: 'float32', read: (view, at, little) => view.getFloat64(at, little) },
}

/** NumPy refuses longer headers too; those of arrays of numbers have 128 bytes. */
const maxHeader = 10_000
/** NumPy's limit. */
const maxRank = 64

type Fail = (expected: string, received: unknown, hint?: string) => never

function failing(where: string): Fail {
  return (expected, received, hint) => {
    throw new FormatError(problem({ where, expected, received, ...(hint === undefined ? {} : { hint }) }))
  }
}

/**
 * The array in a .npy file (versions 1 to 3, either byte order, C or Fortran order). Floats become float32, uint8 and bool stay, other
 * whole numbers become int32. @throws FormatError that names `source`: for damage, whole numbers beyond int32, and types that are
 * no numbers; Python objects are never unpickled.
 */
export function decodeNpy(bytes: Uint8Array, source = 'npy file'): NpyArray {
  const fail: Fail = failing(source)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength < 10 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059)
    fail('a NPY file, which begins with \\x93NUMPY', 'other bytes')
  const version = view.getUint8(6)
  if (version < 1 || version > 3 || view.getUint8(7) !== 0)
    fail('version 1.0, 2.0 or 3.0', `${version}.${view.getUint8(7)}`)
  const lengthBytes = version === 1 ? 2 : 4
  if (bytes.byteLength < 8 + lengthBytes) fail('the length of the header', `${bytes.byteLength} bytes in all`)
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const start = 8 + lengthBytes + length
  if (length > maxHeader || start > bytes.byteLength)
    fail(`a header of at most ${maxHeader} bytes within the file`, `${length} of ${bytes.byteLength} bytes`)
  // Version 3 is UTF-8, the others Latin-1: the same for all that is accepted.
  const text = String.fromCharCode(...bytes.subarray(8 + lengthBytes, start))
  const { descr, fortran, shape } = parseHeader(text, fail)
  const [type, little] = typeOf(descr, fail)
  const count = shape.reduce((product, size) => product * size, 1)
  const rest = bytes.byteLength - start
  if (count * type.bytes !== rest)
    fail(`${count * type.bytes} bytes of ${descr} for shape (${shape.join(', ')})`, `${rest}`)
  // A row-major copy exists already if nothing has to be converted.
  const rowMajor = !fortran || shape.filter((size) => size !== 1).length < 2
  if (rowMajor && type.dtype !== 'bool' && /^(\|u1|<f4|<i4)$/.test(descr) && hostIsLittle) {
    const { buffer } = new Uint8Array(bytes.subarray(start))
    const data =
      type.dtype === 'uint8'
        ? new Uint8Array(buffer)
        : type.dtype === 'int32'
          ? new Int32Array(buffer)
          : new Float32Array(buffer)
    return { shape, dtype: type.dtype, data }
  }
  const data = allocate(type.dtype, count)
  const whole = type.dtype === 'int32'
  const places = rowMajor ? null : fortranPlaces(shape)
  for (let i = 0; i < count; i++) {
    const value = type.read(view, start + (places === null ? i : places.next()) * type.bytes, little)
    const number = Number(value)
    if (whole && (number < -(2 ** 31) || number >= 2 ** 31))
      fail(`whole numbers within int32, which tensors hold`, `${value} of type ${descr}`, 'Scale them, or save floats')
    data[i] = number
  }
  return { shape, dtype: type.dtype, data }
}

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function halfAt(view: DataView, at: number, little: boolean): number {
  half[0] = view.getUint16(at, little)
  return halvesToFloat32(half)[0]!
}
const half = new Uint16Array(1)

/** Where in a file of Fortran order (first axis fastest) the next value of the row-major order stands. */
function fortranPlaces(shape: readonly number[]): { next(): number } {
  const strides: number[] = []
  let stride = 1
  for (const size of shape) {
    strides.push(stride)
    stride *= size
  }
  const at = shape.map(() => 0)
  let place = 0
  return {
    next() {
      const result = place
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        place += strides[axis]!
        if (++at[axis]! < shape[axis]!) break
        place -= shape[axis]! * strides[axis]!
        at[axis] = 0
      }
      return result
    },
  }
}

interface Header {
  readonly descr: string
  readonly fortran: boolean
  readonly shape: readonly number[]
}

/** One `key: value` of the dict: text, True or False, a tuple of numbers (Python 2 writes `3L`), or the list of a structured type. */
const entryPattern =
  /\s*(?:'(\w*)'|"(\w*)")\s*:\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|\(((?:\s*\d+L?\s*,)*(?:\s*\d+L?)?)\s*\)|(\[))\s*/y

/** Parses the dict with its three keys, and nothing else of Python. */
function parseHeader(text: string, fail: Fail): Header {
  const found = new Map<string, unknown>()
  const dict = text.trim()
  if (!dict.startsWith('{') || !dict.endsWith('}')) fail('a Python dict as header', dict.slice(0, 80))
  const inner = dict.slice(1, -1)
  let at = 0
  while (at < inner.length && inner.slice(at).trim() !== '') {
    entryPattern.lastIndex = at
    const match = entryPattern.exec(inner)
    if (match === null)
      return fail('a header of descr, fortran_order and shape', inner.slice(at, at + 80), 'The file is damaged')
    const [, name, sameName, quoted, sameQuoted, flag, sizes, list] = match
    if (list !== undefined)
      fail('an array of numbers', `a structured type ${inner.slice(at, at + 80)}`, 'Save each field as an array')
    const key = name ?? sameName ?? ''
    if (found.has(key)) fail('each key once', `${key} twice`)
    found.set(key, quoted ?? sameQuoted ?? (flag === undefined ? sizesOf(sizes ?? '', fail) : flag === 'True'))
    at = entryPattern.lastIndex
    if (at < inner.length && inner[at++] !== ',') fail('a comma between the parts of the header', inner.slice(at - 1))
  }
  const [descr, fortran, shape] = ['descr', 'fortran_order', 'shape'].map((key) => found.get(key))
  if (found.size !== 3 || typeof descr !== 'string' || typeof fortran !== 'boolean' || !Array.isArray(shape))
    return fail('a header of descr, fortran_order and shape', dict.slice(0, 80))
  return { descr, fortran, shape: shape as number[] }
}

/** `3, 4`, `3,` or nothing. `(3)` is no tuple in Python. */
function sizesOf(text: string, fail: Fail): number[] {
  const parts = text.split(',').map((part) => part.trim().replace(/L$/, ''))
  if (parts.length === 1 && parts[0] !== '') fail('a tuple as shape', `(${text})`)
  if (parts.at(-1) === '') parts.pop()
  const sizes = parts.map(Number)
  if (sizes.length > maxRank || sizes.some((size) => size >= 2 ** 31))
    fail(`at most ${maxRank} sizes below 2^31`, `(${text.slice(0, 80)})`)
  return sizes
}

function typeOf(descr: string, fail: Fail): [type: ValueType, little: boolean] {
  const hint = 'In Python: numpy.save with array.astype("float32"), or another type of numbers'
  if (/^[|<>=]?O/.test(descr))
    fail(
      'an array of numbers',
      'an array of Python objects, which is a pickle: reading it would run code that the file brings along',
      hint,
    )
  const [, order, name] = /^([|<>])(\w+)$/.exec(descr) ?? []
  const type = name !== undefined && Object.hasOwn(types, name) ? types[name] : undefined
  // `|` says that the order does not matter, so for single bytes only.
  if (type === undefined || (order === '|' && type.bytes > 1))
    return fail(`a type of ${Object.keys(types).join(', ')}`, descr, hint)
  return [type, order !== '>']
}

export interface NpzOptions {
  /** Largest size of all arrays together as they are in the archive, inflated. Default 2 GiB. */
  readonly maxBytes?: number
}
/** Deflate cannot pack better, and arrays of zeros come near it. */
const maxRatio = 1032

/**
 * The arrays in a .npz archive (`numpy.savez`, compressed or not) by their names: the path of one, or its bytes.
 * @throws FormatError that names `source` and the array; the system's error if there is no such file.
 */
export async function decodeNpz(
  from: string | Uint8Array,
  source = 'npz file',
  { maxBytes = 2 ** 31 }: NpzOptions = {},
): Promise<Map<string, NpyArray>> {
  const fail = failing(source)
  const zip = await openZip(from, source, { maxRatio })
  try {
    const arrays = new Map<string, NpyArray>()
    let total = 0
    for (const { size } of zip.entries.values()) total += size
    if (total > maxBytes) fail(`at most ${maxBytes} bytes of arrays`, total, 'Raise maxBytes if that is right')
    for (const entry of zip.entries.values()) {
      if (!entry.name.endsWith('.npy')) fail('arrays (.npy) only', entry.name)
      const name = entry.name.slice(0, -'.npy'.length)
      arrays.set(name, decodeNpy(await entry.read(maxBytes), `${source}, ${name}`))
    }
    return arrays
  } finally {
    await zip.close()
  }
}
