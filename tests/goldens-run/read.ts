// Reads the golden books: `X.json` beside `X.safetensors`, as described in tests/goldens/README.md.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'vitest'
import type { TypedArray } from '../../src/graph/types.ts'

/** Folder of the goldens; TANUKI_GOLDENS points the same tests at other cases. */
export const goldensRoot = resolve(process.env.TANUKI_GOLDENS ?? 'tests/goldens')

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** A stored tensor. int64 becomes int32 (checked), float64 becomes float32; `stored` keeps the safetensors name of the type. */
export interface GoldenTensor {
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32' | 'uint8' | 'bool'
  readonly stored: string
  readonly data: TypedArray
}

/** One golden book: its JSON as it stands and its tensors by key. `cases` carry whatever fields their category has. */
export interface Book<Case> {
  /** Path below the goldens folder without `.json`, e.g. `layers/dense`. */
  readonly name: string
  readonly json: JsonObject
  readonly cases: readonly Case[]
  /** The tensor stored under `key`. @throws Error if there is none. */
  tensor(key: string): GoldenTensor
}

/**
 * What is not there. The repo's own copy has everything; a folder that TANUKI_GOLDENS names may hold a few categories only, and the
 * others are then told as skipped.
 */
export function missing(name: string): void {
  if (process.env.TANUKI_GOLDENS === undefined) throw new Error(`no goldens ${name} in ${goldensRoot}`)
  test.skip(`${name} is not in this folder`, () => {})
}

/** Names of the books of a folder (`layers` -> `layers/dense`, …), or of those with one `category`, sorted. Without any, see `missing`. */
export function bookNames(folder: string, category?: string): string[] {
  const path = join(goldensRoot, folder)
  const names = (existsSync(path) ? readdirSync(path) : [])
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => `${folder}/${file.slice(0, -'.json'.length)}`)
    .filter((name) => category === undefined || readBook(name).json.category === category)
  if (names.length === 0) missing(category ?? folder)
  return names
}

/** Reads one book; one that is missing has no cases. */
export function readBook<Case>(name: string): Book<Case> {
  const path = join(goldensRoot, `${name}.json`)
  if (!existsSync(path)) {
    missing(name)
    return {
      name,
      json: {},
      cases: [],
      tensor(key) {
        throw new Error(`${path} is missing, and with it the tensor "${key}"`)
      },
    }
  }
  const json = JSON.parse(readFileSync(path, 'utf8')) as JsonObject
  if (json.schema !== 'keras-goldens/1') throw new Error(`${path}: schema ${String(json.schema)}`)
  const cases = json.cases as unknown as readonly Case[]
  if (!Array.isArray(cases) || cases.length === 0) throw new Error(`${path}: no cases`)
  const tensors =
    typeof json.tensor_file === 'string'
      ? readSafetensors(join(dirname(path), json.tensor_file))
      : new Map<string, GoldenTensor>()
  return {
    name,
    json,
    cases,
    tensor(key) {
      const found = tensors.get(key)
      if (found === undefined) throw new Error(`${path}: no tensor "${key}"`)
      return found
    },
  }
}

/** A number of a golden: NaN and infinities are stored as strings. */
export function numberOf(value: Json): number {
  if (typeof value === 'number') return value
  if (value === 'NaN') return NaN
  if (value === 'Infinity') return Infinity
  if (value === '-Infinity') return -Infinity
  throw new Error(`not a number: ${JSON.stringify(value)}`)
}

interface Entry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

/** All tensors of a safetensors file. */
export function readSafetensors(path: string): Map<string, GoldenTensor> {
  const file = readFileSync(path)
  const headerLength = Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerLength)) as Record<string, Entry>
  const tensors = new Map<string, GoldenTensor>()
  for (const [key, entry] of Object.entries(header)) {
    if (key === '__metadata__') continue
    const [from, to] = entry.data_offsets
    // Copied, because typed arrays need aligned offsets.
    const bytes = new Uint8Array(file.subarray(8 + headerLength + from, 8 + headerLength + to))
    tensors.set(key, { shape: entry.shape, stored: entry.dtype, ...decode(entry.dtype, bytes, key) })
  }
  return tensors
}

function decode(stored: string, bytes: Uint8Array<ArrayBuffer>, key: string): Pick<GoldenTensor, 'dtype' | 'data'> {
  switch (stored) {
    case 'F32':
      return { dtype: 'float32', data: new Float32Array(bytes.buffer) }
    case 'F64':
      return { dtype: 'float32', data: Float32Array.from(new Float64Array(bytes.buffer)) }
    case 'I32':
      return { dtype: 'int32', data: new Int32Array(bytes.buffer) }
    case 'I64':
      return {
        dtype: 'int32',
        data: Int32Array.from(new BigInt64Array(bytes.buffer), (value) => {
          if (BigInt.asIntN(32, value) !== value) throw new Error(`tensor "${key}": ${value} does not fit int32`)
          return Number(value)
        }),
      }
    case 'U8':
      return { dtype: 'uint8', data: bytes }
    case 'BOOL':
      return { dtype: 'bool', data: bytes }
    default:
      throw new Error(`tensor "${key}": type ${stored} is not read by these tests`)
  }
}

/** What `closest` allows: `relative` to max(1, |expected|), or `absolute`. */
export type Tolerance = { readonly relative: number } | { readonly absolute: number }

/**
 * Null if `received` equals `expected` within the tolerance, else a sentence with the worst element.
 * NaN equals NaN, an infinity equals only itself. `skip(i)` leaves element i out; `mayDiffer` is the fraction allowed to be off.
 */
export function difference(
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  options: { skip?: (index: number) => boolean; mayDiffer?: number } = {},
): string | null {
  if (received.length !== expected.length) return `${received.length} elements instead of ${expected.length}`
  let wrong = 0
  let worst = 0
  let worstAt = -1
  for (let i = 0; i < expected.length; i++) {
    if (options.skip?.(i) === true) continue
    const [a, b] = [received[i]!, expected[i]!]
    if (Object.is(a, b) || a === b) continue
    const limit = 'relative' in tolerance ? tolerance.relative * Math.max(1, Math.abs(b)) : tolerance.absolute
    const ratio = Math.abs(a - b) / limit
    if (ratio <= 1) continue
    wrong++
    if (worstAt < 0 || !(ratio <= worst)) [worst, worstAt] = [ratio, i]
  }
  if (wrong <= (options.mayDiffer ?? 0) * expected.length) return null
  return `${wrong} of ${expected.length} elements differ; worst at ${worstAt}: ${received[worstAt]} instead of ${expected[worstAt]}`
}
