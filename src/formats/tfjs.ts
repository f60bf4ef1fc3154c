// Reads models of TensorFlow.js: `model.json` with a manifest of weights, and the binary files beside it that hold them.
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FormatError, problem } from '../errors.ts'
import { sizeOf, type TypedArray } from '../graph/types.ts'
import { halvesToFloat32 } from './half.ts'
import { parseJson } from './json-text.ts'

/** One weight. bool is stored as bytes 0 and 1; float16 and quantized values are float32 or int32 here. */
export interface TfjsTensor {
  readonly dtype: 'float32' | 'int32' | 'uint8' | 'bool'
  readonly shape: readonly number[]
  readonly data: TypedArray
  /** True for the state of an optimizer. */
  readonly ofOptimizer: boolean
}
export interface TfjsModel {
  /** `graph-model`: operations of TensorFlow; `layers-model`: layers of Keras. */
  readonly format: 'layers-model' | 'graph-model'
  readonly topology: Readonly<Record<string, unknown>> | null
  readonly trainingConfig: Readonly<Record<string, unknown>> | null
  /** By name, in the order of the file. Strings and complex numbers are left out. */
  readonly weights: ReadonlyMap<string, TfjsTensor>
}

const itemSize = { float32: 4, int32: 4, uint8: 1, bool: 1, float16: 2, uint16: 2, complex64: 8, string: 0 } as const
type StoredType = keyof typeof itemSize

interface Quantization {
  readonly dtype: 'uint8' | 'uint16' | 'float16'
  readonly scale: number
  readonly min: number
}
interface WeightEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: StoredType
  readonly quantization: Quantization | null
  readonly ofOptimizer: boolean
}
/** Some weights, one behind the other in the bytes of some files, one behind the other. */
interface WeightGroup {
  readonly paths: readonly string[]
  readonly weights: readonly WeightEntry[]
}

/** Longer than any `model.json`; JSON takes many times its length in memory. */
const maxJson = 1 << 28

/** @throws FormatError that names the file, for everything that is not as the format says. */
export async function readTfjs(path: string): Promise<TfjsModel> {
  const text = new TextDecoder('utf-8').decode(
    await readWhole(path, (size) => size <= maxJson, `at most ${maxJson} bytes`),
  )
  const { groups, ...model } = parseTfjs(text, path)
  const weights = new Map<string, TfjsTensor>()
  for (const group of groups) {
    // Strings alone do not say how long they are.
    const known = group.weights.some(({ dtype }) => dtype === 'string') ? null : bytesOf(group.weights)
    const files: Uint8Array[] = []
    let rest = known ?? Infinity
    for (const name of group.paths) {
      const fits = (size: number) => size <= rest
      const file = await readWhole(join(dirname(path), name), fits, `at most ${rest} bytes, as ${path} says`)
      rest -= file.byteLength
      files.push(file)
    }
    decodeGroup(path, group, files.length === 1 ? files[0]! : joined(files), weights)
  }
  return { ...model, weights }
}

async function readWhole(path: string, fits: (size: number) => boolean, expected: string): Promise<Uint8Array> {
  let file
  try {
    file = await open(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
    throw new FormatError(problem({ where: path, expected: 'a file of a TensorFlow.js model', received: 'no such file' }), { cause: error }) // prettier-ignore
  }
  try {
    const about = await file.stat()
    if (!about.isFile()) throw new FormatError(problem({ where: path, expected: 'a file', received: 'something else' }))
    if (!fits(about.size)) throw new FormatError(problem({ where: path, expected, received: `${about.size} bytes` }))
    return await file.readFile()
  } finally {
    await file.close()
  }
}

function joined(files: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(files.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const file of files) {
    all.set(file, at)
    at += file.byteLength
  }
  return all
}

type Dict = Readonly<Record<string, unknown>>
function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `model.json` says, checked. @throws FormatError that names `source`. */
export function parseTfjs(
  text: string,
  source: string,
): Omit<TfjsModel, 'weights'> & { groups: readonly WeightGroup[] } {
  const fail = (expected: string, received: unknown): never => {
    throw new FormatError(problem({ where: source, expected, received }))
  }
  let json: unknown
  try {
    json = parseJson(text)
  } catch (error) {
    fail('the JSON of a TensorFlow.js model', (error as Error).message)
  }
  if (!isDict(json)) return fail('a JSON object', json)
  const { modelTopology, trainingConfig } = json
  const format = json.format ?? (isDict(modelTopology) && 'node' in modelTopology ? 'graph-model' : 'layers-model')
  if (format !== 'layers-model' && format !== 'graph-model')
    return fail('`format` "layers-model" or "graph-model"', format)
  if (modelTopology !== undefined && modelTopology !== null && !isDict(modelTopology))
    return fail('`modelTopology` to be an object', modelTopology)
  const manifest = json.weightsManifest ?? []
  if (!Array.isArray(manifest)) return fail('`weightsManifest` to be a list', manifest)
  if (modelTopology === undefined && json.weightsManifest === undefined)
    return fail('a TensorFlow.js model with `modelTopology` or `weightsManifest`', Object.keys(json))
  const groups = (manifest as unknown[]).map((group): WeightGroup => {
    if (!isDict(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
      return fail('groups of `paths` and `weights` in `weightsManifest`', group)
    return {
      paths: (group.paths as unknown[]).map(
        (path) => safePath(path) ?? fail('paths of files in the folder of the model', path),
      ),
      weights: (group.weights as unknown[]).map((weight) => entryOf(weight, fail)),
    }
  })
  // Twice the same would make memory out of nothing.
  const twice = firstTwice(groups.flatMap(({ paths }) => paths)) ?? firstTwice(groups.flatMap(({ weights }) => weights.map(({ name }) => name))) // prettier-ignore
  if (twice !== null) fail('every file and every weight once', `${twice} twice`)
  return {
    format,
    topology: modelTopology ?? null,
    trainingConfig: isDict(trainingConfig) ? trainingConfig : null,
    groups,
  }
}

/** A path that stays in its folder on every system, or null. */
function safePath(path: unknown): string | null {
  if (typeof path !== 'string' || path === '' || /[\\:\0]/.test(path) || path.startsWith('/')) return null
  return path.split('/').some((part) => part === '..' || part === '.' || part === '') ? null : path
}

function firstTwice(names: readonly string[]): string | null {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) return name
    seen.add(name)
  }
  return null
}

function entryOf(weight: unknown, fail: (expected: string, received: unknown) => never): WeightEntry {
  if (!isDict(weight) || typeof weight.name !== 'string') return fail('weights with a `name`', weight)
  const { name, shape, dtype, quantization = null, group } = weight
  const isCount = (dim: unknown): dim is number => Number.isSafeInteger(dim) && (dim as number) >= 0
  if (
    !Array.isArray(shape) ||
    !(shape as unknown[]).every(isCount) ||
    !Number.isSafeInteger(8 * sizeOf(shape as number[]))
  )
    return fail(`a shape for weight "${name}"`, shape)
  if (typeof dtype !== 'string' || !Object.hasOwn(itemSize, dtype))
    return fail(`a known dtype for weight "${name}"`, dtype)
  const entry = { name, shape: shape as number[], dtype: dtype as StoredType, ofOptimizer: group === 'optimizer' }
  if (quantization === null) return { ...entry, quantization: null }
  if (!isDict(quantization)) return fail(`a quantization of weight "${name}"`, quantization)
  const { dtype: packed, scale = 1, min = 0 } = quantization
  const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
  if (packed === 'float16' && dtype === 'float32')
    return { ...entry, quantization: { dtype: packed, scale: 1, min: 0 } }
  if ((packed !== 'uint8' && packed !== 'uint16') || (dtype !== 'float32' && dtype !== 'int32'))
    return fail(`weight "${name}" to be quantized as float16, uint8 or uint16`, quantization)
  if (!isNumber(scale) || !isNumber(min) || !('scale' in quantization))
    return fail(`\`scale\` and \`min\` of the quantization of weight "${name}"`, quantization)
  return { ...entry, quantization: { dtype: packed, scale, min } }
}

function storedBytes({ shape, dtype, quantization }: WeightEntry): number {
  return sizeOf(shape) * itemSize[quantization?.dtype ?? dtype]
}
function bytesOf(weights: readonly WeightEntry[]): number {
  return weights.reduce((sum, weight) => sum + storedBytes(weight), 0)
}

/** Adds the weights of a group. @throws FormatError unless they fill the bytes exactly. */
export function decodeGroup(
  source: string,
  group: WeightGroup,
  given: Uint8Array,
  weights: Map<string, TfjsTensor>,
): void {
  // A plain view: Node's Buffer does not copy where it slices.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  const files = group.paths.join(', ')
  const fail = (expected: string, received: unknown): never => {
    throw new FormatError(problem({ where: `${source}, ${files}`, expected, received }))
  }
  let at = 0
  for (const weight of group.weights) {
    const length = weight.dtype === 'string' ? stringsLength(bytes, at, sizeOf(weight.shape)) : storedBytes(weight)
    if (length === null || at + length > bytes.byteLength)
      fail(`the values of weight "${weight.name}"`, `${bytes.byteLength} bytes in all`)
    const data = valuesOf(weight, bytes.slice(at, at + length!))
    if (data !== null) weights.set(weight.name, { ...data, shape: weight.shape, ofOptimizer: weight.ofOptimizer })
    at += length!
  }
  if (at !== bytes.byteLength) fail(`${at} bytes`, `${bytes.byteLength} bytes`)
}

/** Bytes of `count` strings, each behind its length in four bytes; null if they do not end. */
function stringsLength(bytes: Uint8Array, from: number, count: number): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = from
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.byteLength) return null
    at += 4 + view.getUint32(at, true)
  }
  return at - from
}

function valuesOf(weight: WeightEntry, bytes: Uint8Array<ArrayBuffer>): Pick<TfjsTensor, 'dtype' | 'data'> | null {
  const { dtype, quantization } = weight
  if (quantization !== null) {
    if (quantization.dtype === 'float16')
      return { dtype: 'float32', data: halvesToFloat32(new Uint16Array(bytes.buffer)) }
    const packed = quantization.dtype === 'uint8' ? bytes : new Uint16Array(bytes.buffer)
    const data = dtype === 'int32' ? new Int32Array(packed.length) : new Float32Array(packed.length)
    for (let i = 0; i < data.length; i++) {
      const value = packed[i]! * quantization.scale + quantization.min
      data[i] = dtype === 'int32' ? Math.round(value) : value
    }
    return { dtype: dtype === 'int32' ? 'int32' : 'float32', data }
  }
  switch (dtype) {
    case 'float32':
      return { dtype, data: new Float32Array(bytes.buffer) }
    case 'float16':
      return { dtype: 'float32', data: halvesToFloat32(new Uint16Array(bytes.buffer)) }
    case 'int32':
      return { dtype, data: new Int32Array(bytes.buffer) }
    case 'uint16':
      return { dtype: 'int32', data: Int32Array.from(new Uint16Array(bytes.buffer)) }
    case 'uint8':
      return { dtype, data: bytes }
    case 'bool':
      return { dtype, data: bytes.map((value) => (value === 0 ? 0 : 1)) }
    case 'string':
    case 'complex64':
      return null
  }
}
