// Collects the nodes and initializers of an ONNX graph and turns them into the bytes of a file.
import { create, toBinary } from '@bufbuild/protobuf'
import { FormatError, problem } from '../../errors.ts'
import type { DType, TypedArray } from '../../graph/types.ts'
import {
  AttributeProto_AttributeType as AttributeType, AttributeProtoSchema, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema,
  TensorProto_DataType as DataType, TensorProtoSchema, TensorShapeProto_DimensionSchema, ValueInfoProtoSchema,
} from '../generated/onnx_pb.ts' // prettier-ignore
import type { AttributeProto, NodeProto, TensorProto, ValueInfoProto } from '../generated/onnx_pb.ts'
import type { Dim } from './batch.ts'

export const opset = 17
/** IR version 8 came with opset 17's release. */
const irVersion = 8n
/** A protobuf message ends here. */
const maxBytes = 2 ** 31 - 1

export const dataTypes: Readonly<Record<DType, DataType>> = {
  float32: DataType.FLOAT,
  int32: DataType.INT32,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
}

/** Whole numbers are ints, `{ float }` is a float, text is a string. */
export type Attribute = number | readonly number[] | string | { readonly float: number }
export type Attributes = Readonly<Record<string, Attribute>>

export interface Port {
  readonly name: string
  readonly dtype: DType
  readonly dims: readonly Dim[]
}

function attribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) })
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) })
  if ('float' in value) return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float })
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) })
}

function portInfo({ name, dtype, dims }: Port): ValueInfoProto {
  const dim = dims.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : { case: 'dimParam', value: size.batches === 1 ? 'batch' : `${size.batches} * batch` },
    }),
  )
  const tensorType = { elemType: dataTypes[dtype], shape: { dim } }
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: tensorType } } })
}

export class OnnxWriter {
  readonly #nodes: NodeProto[] = []
  readonly #initializers: TensorProto[] = []
  readonly #int64s = new Map<string, string>()
  #bytes = 0
  #next = 0

  #fresh(kind: string): string {
    return `${kind}_${this.#next++}`
  }

  /** Adds a node with one output; an input of '' is one left out. Returns the output's name. */
  node(opType: string, inputs: readonly string[], attributes: Attributes = {}, output = this.#fresh(opType)): string {
    this.#nodes.push(
      create(NodeProtoSchema, {
        opType,
        name: `node_${output}`,
        input: [...inputs],
        output: [output],
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      }),
    )
    return output
  }

  /** Adds a node with several outputs and returns their names. */
  nodes(opType: string, inputs: readonly string[], outputs: number, attributes: Attributes = {}): string[] {
    const first = this.node(opType, inputs, attributes)
    const names = [first, ...Array.from({ length: outputs - 1 }, () => this.#fresh(opType))]
    this.#nodes.at(-1)!.output = names
    return names
  }

  tensor(data: TypedArray, dims: readonly number[], dtype: DType): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return this.#initializer(bytes, dims, dataTypes[dtype])
  }

  scalar(value: number, dtype: DType = 'float32'): string {
    const make = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array }[dtype]
    return this.tensor(make.of(value), [], dtype)
  }

  /** A vector of int64: shapes, axes, bounds. */
  int64(values: readonly (number | bigint)[]): string {
    const key = values.join()
    let name = this.#int64s.get(key)
    if (name === undefined) {
      const data = BigInt64Array.from(values, BigInt)
      this.#int64s.set(key, (name = this.#initializer(new Uint8Array(data.buffer), [values.length], DataType.INT64)))
    }
    return name
  }

  #initializer(rawData: Uint8Array, dims: readonly number[], dataType: DataType): string {
    const name = this.#fresh('constant')
    this.#bytes += rawData.byteLength
    this.#initializers.push(create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType, rawData }))
    return name
  }

  /** @throws FormatError above 2 GB, which one ONNX file cannot hold. */
  finish(
    where: string,
    inputs: readonly Port[],
    outputs: readonly Port[],
    metadata: Readonly<Record<string, string>>,
  ): Uint8Array {
    if (this.#bytes > maxBytes)
      throw new FormatError(
        problem({
          where,
          expected: 'weights of less than 2 GB, which is what one ONNX file can hold',
          received: `${(this.#bytes / 2 ** 30).toFixed(1)} GB`,
        }),
      )
    const graph = create(GraphProtoSchema, {
      name: 'model',
      node: this.#nodes,
      initializer: this.#initializers,
      input: inputs.map(portInfo),
      output: outputs.map(portInfo),
    })
    return toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion,
        producerName: 'tanuki-ml',
        graph,
        opsetImport: [{ domain: '', version: BigInt(opset) }],
        metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      }),
    )
  }
}
