// tf.train.Example: named lists of bytes, float32 or int64 values, as TensorFlow's data sets store examples.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FormatError, problem } from '../errors.ts'
import { BytesListSchema, ExampleSchema, FloatListSchema, Int64ListSchema } from './generated/example_pb.ts'

export type FeatureValues = readonly Uint8Array[] | readonly number[] | readonly bigint[]
/** The values of a feature, with their kind; a feature without values has none. */
export type Feature =
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'float'; readonly values: readonly number[] }
  | { readonly kind: 'int64'; readonly values: readonly bigint[] }
  | { readonly kind: 'none'; readonly values: readonly [] }

/** @throws FormatError, which names `source`, for bytes that are no Example. */
export function decodeExample(bytes: Uint8Array, source = 'example'): Map<string, Feature> {
  try {
    const { features } = fromBinary(ExampleSchema, bytes)
    const decoded = Object.entries(features?.feature ?? {}).map(([name, { kind }]): [string, Feature] => {
      if (kind.case === 'bytesList') return [name, { kind: 'bytes', values: kind.value.value }]
      if (kind.case === 'floatList') return [name, { kind: 'float', values: kind.value.value }]
      if (kind.case === 'int64List') return [name, { kind: 'int64', values: kind.value.value }]
      return [name, { kind: 'none', values: [] }]
    })
    return new Map(decoded)
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error)
    throw new FormatError(problem({ where: source, expected: 'the bytes of a tf.train.Example', received }), {
      cause: error,
    })
  }
}

/** The bytes of an Example; names come sorted, so that equal examples have equal bytes. */
export function encodeExample(features: ReadonlyMap<string, Feature>): Uint8Array {
  const sorted = [...features].sort(([a], [b]) => (a < b ? -1 : 1))
  const feature = Object.fromEntries(sorted.map(([name, one]) => [name, { kind: kindOf(one) }]))
  return toBinary(ExampleSchema, create(ExampleSchema, { features: { feature } }))
}

function kindOf({ kind, values }: Feature) {
  if (kind === 'bytes')
    return {
      case: 'bytesList' as const,
      value: create(BytesListSchema, { value: values as Uint8Array<ArrayBuffer>[] }),
    }
  if (kind === 'float') return { case: 'floatList' as const, value: create(FloatListSchema, { value: [...values] }) }
  if (kind === 'int64') return { case: 'int64List' as const, value: create(Int64ListSchema, { value: [...values] }) }
  return { case: undefined }
}
