// What the parts of an example are, how they are stored in a tf.train.Example, and what is made of them when they are read.
import { ArgumentError, FormatError, problem } from '../../errors.ts'
import type { Feature } from '../../formats/example.ts'
import { allocate, sizeOf } from '../../graph/types.ts'
import type { DType } from '../../graph/types.ts'
import { tensor, Tensor } from '../../ops/index.ts'
import { decodePixels } from '../decode-image.ts'
import { checkRules, checkValue, type OptionRule, text as aText, whole } from '../../platform/option-rules.ts'
import { checkSpec, TensorSpec } from '../element-spec.ts'
import type { ElementSpec } from '../element-spec.ts'
import type { Channels } from '../pixels.ts'

/** One part of an example. */
export type FeatureSpec =
  | {
      readonly kind: 'image'
      /** Default 3. */
      readonly channels?: Channels
    }
  | { readonly kind: 'label'; readonly names?: readonly string[]; readonly count: number }
  | { readonly kind: 'text' }
  | {
      readonly kind: 'tensor'
      readonly dtype: DType
      /** null for the one size that may vary. */
      readonly shape: readonly (number | null)[]
    }
  | { readonly kind: 'record'; readonly features: Features }
export type Features = Readonly<Record<string, FeatureSpec>>

const channelsRule: OptionRule = { expected: '1, 3 or 4', fits: (value) => [1, 3, 4].includes(value as number) }
export const namesRule: OptionRule = {
  expected: 'a list of names, each of them once',
  fits: (value) =>
    Array.isArray(value) && value.length > 0 && value.every(aText.fits) && new Set(value).size === value.length,
}
const classesRule: OptionRule = {
  expected: 'a list of names, each of them once, or how many there are',
  fits: (value) => namesRule.fits(value) || whole(1).fits(value),
}

/** Pictures in any format that can be decoded; they are kept as the files that they are. */
export function image(options: { channels?: Channels } = {}): FeatureSpec {
  checkRules('datasets.image', options, { channels: channelsRule }, 'datasets.image({ channels: 3 })')
  return { kind: 'image', ...options }
}
/** A class: by its name or its number. `classes`: the names, or how many there are. @throws ArgumentError for others. */
export function classLabel(classes: readonly string[] | number): FeatureSpec {
  checkValue('datasets.classLabel', 'classes', classes, classesRule)
  return typeof classes === 'number'
    ? { kind: 'label', count: classes }
    : { kind: 'label', count: classes.length, names: classes }
}
/** Text; in the elements it is a string. */
export function text(): FeatureSpec {
  return { kind: 'text' }
}
/** Numbers; a scalar without a shape. One size may be null. @throws ArgumentError for what is no dtype, and other shapes. */
export function tensorFeature(dtype: DType, shape: readonly (number | null)[] = []): FeatureSpec {
  const where = 'datasets.tensorFeature'
  checkSpec(where, shape, dtype)
  if (shape.indexOf(null) !== shape.lastIndexOf(null))
    throw new ArgumentError(problem({ where, expected: '`shape` to leave at most one size open', received: shape }))
  return { kind: 'tensor', dtype, shape }
}

const makers = 'datasets.image(), classLabel(names), text() and tensorFeature(dtype, shape) make them'
const fitsKind: Readonly<Record<Exclude<FeatureSpec['kind'], 'record'>, (spec: Record<string, unknown>) => boolean>> = {
  image: ({ channels }) => channels === undefined || channelsRule.fits(channels),
  label: ({ names, count }) =>
    whole(1).fits(count) && (names === undefined || (namesRule.fits(names) && (names as string[]).length === count)),
  text: () => true,
  tensor: () => true,
}

/** @throws ArgumentError unless it is a record of features. */
export function requireFeatures(where: string, features: Features): void {
  if (!isRecord(features) || Object.keys(features).length === 0)
    throw new ArgumentError(problem({ where, expected: 'a record of the parts of an example', received: features, hint: makers })) // prettier-ignore
  for (const [name, spec] of Object.entries(features)) {
    if (isRecord(spec) && spec.kind === 'record') requireFeatures(`${where}.${name}`, spec.features)
    else if (!isRecord(spec) || !Object.hasOwn(fitsKind, spec.kind) || !fitsKind[spec.kind](spec))
      throw new ArgumentError(problem({ where: `${where}.${name}`, expected: 'what a part of an example is', received: spec, hint: makers })) // prettier-ignore
  }
}

/** True for plain objects. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** What a user gives for a part: a picture's bytes, a class's name or number, a string, numbers, or a record of these. */
export type ExampleValue =
  | Uint8Array
  | string
  | number
  | boolean
  | Tensor
  | Float32Array
  | Int32Array
  | readonly number[]
  | { readonly [key: string]: ExampleValue }
export type Example = Readonly<Record<string, ExampleValue>>

/** The stored form of an example: records become names with a slash. @throws ArgumentError for parts that do not fit. */
export async function toStored(where: string, features: Features, example: Example): Promise<Map<string, Feature>> {
  const stored = new Map<string, Feature>()
  const unknown = Object.keys(example).filter((name) => !Object.hasOwn(features, name))
  if (unknown.length > 0)
    throw new ArgumentError(
      problem({ where, expected: `parts ${Object.keys(features).join(', ')}`, received: unknown }),
    )
  for (const [name, spec] of Object.entries(features)) {
    const value = example[name]
    const place = `${where}, ${name}`
    if (spec.kind === 'record') {
      if (typeof value !== 'object' || value instanceof Tensor || ArrayBuffer.isView(value))
        refuse(place, 'a record', value)
      for (const [inner, part] of await toStored(place, spec.features, value as Example))
        stored.set(`${name}/${inner}`, part)
    } else stored.set(name, await storedPart(place, spec, value))
  }
  return stored
}

async function storedPart(
  where: string,
  spec: Exclude<FeatureSpec, { kind: 'record' }>,
  value: ExampleValue | undefined,
): Promise<Feature> {
  switch (spec.kind) {
    case 'image':
      if (!(value instanceof Uint8Array)) return refuse(where, 'the bytes of a picture file', value)
      return { kind: 'bytes', values: [value] }
    case 'label': {
      const index = typeof value === 'string' ? (spec.names ?? []).indexOf(value) : value
      if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= spec.count)
        return refuse(where, spec.names ? `one of ${spec.names.join(', ')}` : `a class below ${spec.count}`, value)
      return { kind: 'int64', values: [BigInt(index as number)] }
    }
    case 'text':
      if (typeof value !== 'string') return refuse(where, 'text', value)
      return { kind: 'bytes', values: [new TextEncoder().encode(value)] }
    case 'tensor': {
      if (value === undefined || typeof value === 'string' || (typeof value === 'object' && !isNumeric(value)))
        return refuse(where, 'numbers', value)
      const given = value instanceof Tensor ? value : tensor(value as number | readonly number[] | Float32Array)
      const flexible = spec.shape.length === 1 || given.rank === spec.shape.length
      const fits = spec.shape.every((size, axis) => size === null || given.shape[axis] === size)
      const size = sizeOf(spec.shape.map((one) => one ?? 1))
      if (!(flexible && fits) && !(given.size === size && !spec.shape.includes(null)))
        return refuse(where, `a tensor of shape [${spec.shape.map((one) => one ?? '?').join(', ')}]`, given.shape)
      const data = await given.data()
      if (spec.dtype !== 'float32' && !data.every(Number.isInteger)) return refuse(where, 'whole numbers', value)
      if (spec.dtype === 'float32') return { kind: 'float', values: Array.from(data) }
      return { kind: 'int64', values: Array.from(data, (number) => BigInt(number)) }
    }
  }
}

function isNumeric(value: object): boolean {
  return value instanceof Tensor || ArrayBuffer.isView(value) || Array.isArray(value)
}

/** A part of an element: a tensor, or text. */
export type ElementPart = Tensor | string | { [key: string]: ElementPart }

/** The element of a stored example: pictures decoded to uint8, labels as int32. @throws FormatError that names `where`. */
export async function fromStored(
  where: string,
  features: Features,
  stored: ReadonlyMap<string, Feature>,
  prefix = '',
): Promise<Record<string, ElementPart>> {
  const parts = Object.entries(features).map(async ([name, spec]): Promise<[string, ElementPart]> => {
    const path = `${prefix}${name}`
    if (spec.kind === 'record') return [name, await fromStored(where, spec.features, stored, `${path}/`)]
    const feature = stored.get(path)
    if (feature === undefined) throw broken(where, `a feature ${path}`, [...stored.keys()])
    return [name, await restoredPart(`${where}, ${path}`, spec, feature)]
  })
  return Object.fromEntries(await Promise.all(parts))
}

async function restoredPart(
  where: string,
  spec: Exclude<FeatureSpec, { kind: 'record' }>,
  feature: Feature,
): Promise<ElementPart> {
  switch (spec.kind) {
    case 'image': {
      const { data, height, width, channels } = await decodePixels(only(where, feature, 'bytes'), {
        channels: spec.channels ?? 3,
        source: where,
      })
      return tensor(data as Uint8Array, { shape: [height, width, channels], dtype: 'uint8' })
    }
    case 'label': {
      const label = int32(where, only(where, feature, 'int64'))
      // Parts of a data set whose labels are not told have -1.
      if (label < -1 || label >= spec.count) throw broken(where, `a class below ${spec.count}`, label)
      return tensor(label, { dtype: 'int32' })
    }
    case 'text':
      return new TextDecoder().decode(only(where, feature, 'bytes'))
    case 'tensor': {
      const kind = spec.dtype === 'float32' ? 'float' : 'int64'
      if (feature.kind !== kind && feature.values.length > 0) throw broken(where, `${kind} values`, feature.kind)
      const count = feature.values.length
      const rest = sizeOf(spec.shape.map((size) => size ?? 1))
      const shape = spec.shape.map((size) => size ?? count / rest)
      if (sizeOf(shape) !== count || !shape.every(Number.isInteger))
        throw broken(where, `${rest} values`, `${count} of them`)
      const data = allocate(spec.dtype, count)
      feature.values.forEach((value, i) => {
        data[i] = typeof value === 'bigint' ? int32(where, value) : (value as number)
      })
      return tensor(data, { shape, dtype: spec.dtype })
    }
  }
}

/** Shapes and dtypes of the parts. @throws ArgumentError for text, which is no tensor. */
export function specOfFeatures(features: Features): Record<string, ElementSpec> {
  const specs = Object.entries(features).map(([name, spec]): [string, ElementSpec] => {
    switch (spec.kind) {
      case 'image':
        return [name, new TensorSpec([null, null, spec.channels ?? 3], 'uint8')]
      case 'label':
        return [name, new TensorSpec([], 'int32')]
      case 'tensor':
        return [name, new TensorSpec(spec.shape, spec.dtype)]
      case 'record':
        return [name, specOfFeatures(spec.features)]
      case 'text':
        return refuse('Dataset.elementSpec', 'elements of tensors', `text as ${name}`)
    }
  })
  return Object.fromEntries(specs)
}

interface Kinds {
  bytes: Uint8Array
  int64: bigint
}
function only<K extends keyof Kinds>(where: string, feature: Feature, kind: K): Kinds[K] {
  if (feature.kind !== kind || feature.values.length !== 1)
    throw broken(where, `one value of kind ${kind}`, `${feature.values.length} of kind ${feature.kind}`)
  return feature.values[0] as Kinds[K]
}

/** int64 of the file to what tensors hold. */
function int32(where: string, value: bigint): number {
  if (BigInt.asIntN(32, value) !== value) throw broken(where, 'a whole number within 32 bits', String(value))
  return Number(value)
}

function broken(where: string, expected: string, received: unknown): FormatError {
  return new FormatError(problem({ where, expected, received }))
}
function refuse(where: string, expected: string, received: unknown): never {
  throw new ArgumentError(problem({ where, expected, received }))
}
