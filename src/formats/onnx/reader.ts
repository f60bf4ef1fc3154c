// Reads what an ONNX file says about itself, and checks that its inputs, nodes, weights and outputs fit together.
import { fromBinary } from '@bufbuild/protobuf'
import { FormatError, problem } from '../../errors.ts'
import type { DType } from '../../graph/types.ts'
import { ModelProtoSchema, TensorProto_DataType as DataType } from '../generated/onnx_pb.ts'
import type { ModelProto, TensorProto, ValueInfoProto } from '../generated/onnx_pb.ts'
import { dataTypes } from './writer.ts'

/** An input or output of the file. */
export interface OnnxPort {
  readonly name: string
  readonly dtype: DType
  /** A text where the size is open, such as `batch`. */
  readonly shape: readonly (number | string)[]
}

export interface OnnxWeight {
  readonly name: string
  /** int64 is for shapes and axes. */
  readonly dtype: DType | 'int64'
  readonly shape: readonly number[]
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array
}

export interface OnnxNode {
  readonly operation: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface OnnxFile {
  readonly producer: string
  readonly opset: number
  readonly inputs: readonly OnnxPort[]
  readonly outputs: readonly OnnxPort[]
  /** Each after those whose outputs it reads. */
  readonly nodes: readonly OnnxNode[]
  readonly weights: readonly OnnxWeight[]
  readonly metadata: ReadonlyMap<string, string>
}

const itemSizes: Readonly<Record<OnnxWeight['dtype'], number>> = { float32: 4, int32: 4, int64: 8, uint8: 1, bool: 1 }
const portTypes = new Map<number, DType>(Object.entries(dataTypes).map(([name, type]) => [type, name as DType]))
const weightTypes = new Map<number, OnnxWeight['dtype']>([...portTypes, [DataType.INT64, 'int64']])

type Fail = (expected: string, received: unknown) => never

/**
 * Parses a file of the kind that `export` writes: every weight inside, as raw bytes of float32, int32, int64, uint8 or bool.
 * @throws FormatError that names `source`, for bytes that are no ONNX file, values that are read before they are computed, names that
 * stand twice, weights that lie in other files, and sizes that do not fit.
 */
export function decodeOnnx(bytes: Uint8Array, source = 'onnx'): OnnxFile {
  const fail: Fail = (expected, received) => {
    const hint = 'The file is damaged, or was not written by `export`'
    throw new FormatError(problem({ where: source, expected, received, hint }))
  }
  const model = parse(bytes, fail)
  const { graph } = model
  if (graph === undefined) return fail('a graph', 'none')
  if (model.irVersion < 3n || model.irVersion > 100n) fail('a version of the format from 3 on', model.irVersion)
  const file: OnnxFile = {
    producer: model.producerName,
    opset: opsetOf(model, fail),
    inputs: graph.input.map((info) => portOf(info, 'input', fail)),
    outputs: graph.output.map((info) => portOf(info, 'output', fail)),
    nodes: graph.node.map(({ opType, input, output }) => ({ operation: opType, inputs: input, outputs: output })),
    weights: graph.initializer.map((tensor) => weightOf(tensor, fail)),
    metadata: metadataOf(model, fail),
  }
  checkOrder(file, fail)
  return file
}

function parse(bytes: Uint8Array, fail: Fail): ModelProto {
  if (bytes.byteLength === 0) fail('an ONNX file', 'an empty file')
  try {
    return fromBinary(ModelProtoSchema, bytes)
  } catch (error) {
    return fail('an ONNX file', error instanceof Error ? error.message : String(error))
  }
}

function opsetOf({ opsetImport }: ModelProto, fail: Fail): number {
  const own = opsetImport.filter(({ domain }) => domain === '' || domain === 'ai.onnx')
  const version = own[0]?.version ?? 0n
  if (own.length !== 1 || version < 1n || version > 1000n)
    fail("one version of ONNX' own operations", own.map((each) => each.version).join(', ') || 'none')
  return Number(version)
}

function portOf({ name, type }: ValueInfoProto, what: string, fail: Fail): OnnxPort {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined
  const dtype = portTypes.get(tensor?.elemType ?? -1)
  if (name === '' || tensor === undefined || dtype === undefined)
    return fail(`a name and a type of ${[...portTypes.values()].join(', ')} for each ${what}`, name || 'no name')
  if (tensor.shape === undefined) return fail(`a shape for ${what} "${name}"`, 'none')
  const shape = tensor.shape.dim.map(({ value }) => {
    if (value.case === 'dimParam' && value.value !== '') return value.value
    if (value.case !== 'dimValue' || value.value < 0n || value.value > BigInt(Number.MAX_SAFE_INTEGER))
      return fail(`sizes or names of sizes for ${what} "${name}"`, value.value)
    return Number(value.value)
  })
  return { name, dtype, shape }
}

function weightOf({ name, dims, dataType, rawData }: TensorProto, fail: Fail): OnnxWeight {
  const dtype = weightTypes.get(dataType)
  if (dtype === undefined) return fail(`a weight "${name}" of a known type`, `type ${dataType}`)
  let size = BigInt(itemSizes[dtype])
  for (const dim of dims) {
    if (dim < 0n) fail(`sizes for weight "${name}"`, dim)
    size *= dim
  }
  // Values may also stand in other fields or, as ONNX allows, in any other file: nothing outside of this one is read.
  if (size !== BigInt(rawData.byteLength))
    fail(`${size} bytes in the file for weight "${name}" of shape [${dims.join(', ')}]`, `${rawData.byteLength}`)
  return { name, dtype, shape: dims.map(Number), bytes: rawData }
}

function metadataOf({ metadataProps }: ModelProto, fail: Fail): Map<string, string> {
  const metadata = new Map<string, string>()
  for (const { key, value } of metadataProps) {
    if (metadata.has(key)) fail('each key of the metadata once', `${key} twice`)
    metadata.set(key, value)
  }
  return metadata
}

/** Every value has one source, and is read after it. */
function checkOrder({ inputs, outputs, nodes, weights }: OnnxFile, fail: Fail): void {
  const known = new Set<string>()
  const add = (name: string): void => {
    if (name === '') return
    if (known.has(name)) fail('each name once', `${name} twice`)
    known.add(name)
  }
  for (const { name } of [...inputs, ...weights]) {
    if (name === '') fail('a name for each input and weight', 'none')
    add(name)
  }
  for (const { operation, inputs: read, outputs: written } of nodes) {
    if (operation === '') fail('an operation for each node', 'none')
    // An input of '' is one left out.
    const missing = read.find((name) => name !== '' && !known.has(name))
    if (missing !== undefined) fail(`values that are computed before ${operation} reads them`, missing)
    written.forEach(add)
  }
  const missing = outputs.find(({ name }) => !known.has(name))
  if (missing !== undefined) fail('outputs that are computed', missing.name)
}
