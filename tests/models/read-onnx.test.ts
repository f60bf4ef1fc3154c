// What an exported ONNX file says about itself, and files that are not what they say.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FormatError } from '../../src/errors.ts'
import { ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from '../../src/formats/generated/onnx_pb.ts'
import type { GraphProto, ModelProto } from '../../src/formats/generated/onnx_pb.ts'
import { decodeOnnx } from '../../src/formats/onnx/index.ts'
import { input, layers, model, readOnnx } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanuki-read-onnx-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'model.onnx')
let bytes: Uint8Array
beforeAll(async () => {
  const inputs = input({ shape: [8, 6, 3], name: 'pictures' })
  const x = layers.conv2D({ filters: 4, kernelSize: 3, activation: 'relu' }).apply(inputs)
  const outputs = layers.dense({ units: 2, name: 'scores' }).apply(layers.globalAveragePooling2D().apply(x))
  const network = model({ inputs, outputs })
  const metadata = { author: 'somebody' }
  await network.export(path, { inputDType: 'uint8', activation: 'softmax', classNames: ['cat', 'dog'], metadata })
  bytes = new Uint8Array(await readFile(path))
})

test('inputs, outputs, classes, metadata and numbers', async () => {
  const found = await readOnnx(path)
  expect(found).toMatchObject({
    inputs: [{ name: 'pictures', dtype: 'uint8', shape: ['batch', 8, 6, 3] }],
    outputs: [{ name: 'scores', dtype: 'float32', shape: ['batch', 2] }],
    classNames: ['cat', 'dog'],
    metadata: { author: 'somebody', classNames: '["cat","dog"]' },
    producer: 'tanuki-ml',
    opset: 17,
    operations: { Conv: 1 },
  })
  expect(found.parameters).toBeGreaterThanOrEqual(3 * 3 * 3 * 4 + 4 * 2)
})

test('a file without class names has none', async () => {
  const file = changed(({ metadataProps }) => void metadataProps.splice(0))
  const other = join(folder, 'other.onnx')
  writeFileSync(other, file)
  expect((await readOnnx(other)).classNames).toBe(null)
})

function changed(change: (model: ModelProto & { graph: GraphProto }) => void): Uint8Array {
  const parsed = fromBinary(ModelProtoSchema, bytes)
  change(parsed as ModelProto & { graph: GraphProto })
  return toBinary(ModelProtoSchema, parsed)
}

const attacks: [name: string, change: Parameters<typeof changed>[0], says: RegExp][] = [
  ['no graph', (m) => Reflect.deleteProperty(m, 'graph'), /expected a graph/],
  ['no version of the operations', (m) => void m.opsetImport.splice(0), /one version of ONNX' own operations/],
  ['two versions of the operations', (m) => void m.opsetImport.push(m.opsetImport[0]!), /one version/],
  ['weights in another file', ({ graph }) => void (graph.initializer[0]!.rawData = new Uint8Array(0)), /bytes in the file for weight/], // prettier-ignore
  [
    'a weight of other dimensions',
    ({ graph }) => void graph.initializer[0]!.dims.push(3n),
    /bytes in the file for weight/,
  ],
  [
    'a weight of negative dimensions',
    ({ graph }) => void graph.initializer[0]!.dims.push(-1n, -1n),
    /sizes for weight/,
  ],
  ['a weight of 2^62 dimensions each', ({ graph }) => void graph.initializer[0]!.dims.push(2n ** 62n, 2n ** 62n), /bytes in the file/], // prettier-ignore
  ['a weight of an unknown type', ({ graph }) => void (graph.initializer[0]!.dataType = 16), /of a known type/],
  [
    'a weight with the name of an input',
    ({ graph }) => void (graph.initializer[0]!.name = 'pictures'),
    /each name once/,
  ],
  ['a node that computes what another did', ({ graph }) => void graph.node.push(graph.node[0]!), /each name once/],
  ['a cycle', ({ graph }) => void graph.node.reverse(), /computed before/],
  ['a node that reads its own output', ({ graph }) => void graph.node.push(create(NodeProtoSchema, { opType: 'Relu', input: ['loop'], output: ['loop'] })), /computed before Relu reads them, received "loop"/], // prettier-ignore
  [
    'an output that nothing computes',
    ({ graph }) => void (graph.output[0]!.name = 'nothing'),
    /outputs that are computed/,
  ],
  ['an input without a type', ({ graph }) => Reflect.deleteProperty(graph.input[0]!, 'type'), /a name and a type/],
  ['metadata of one key twice', (m) => void m.metadataProps.push(m.metadataProps[0]!), /each key of the metadata once/],
]
for (const [name, change, says] of attacks)
  test(`refused: ${name}`, () => {
    expect(() => decodeOnnx(changed(change), 'bad.onnx')).toThrow(FormatError)
    expect(() => decodeOnnx(changed(change), 'bad.onnx')).toThrow(says)
    expect(() => decodeOnnx(changed(change), 'bad.onnx')).toThrow(/^bad\.onnx: /)
  })

test('class names that are no list of names are refused', async () => {
  const other = join(folder, 'names.onnx')
  for (const value of ['{', '[1]', '"cat"']) {
    writeFileSync(
      other,
      changed(({ metadataProps }) => metadataProps.forEach((each) => (each.value = value))),
    )
    await expect(readOnnx(other)).rejects.toThrow(/`classNames` as a JSON list/)
  }
})

test('groups nested without end are refused, not followed', () => {
  // 0x0b opens a group of field 1, which no message here has: a reader that recurses must stop somewhere.
  expect(() => decodeOnnx(new Uint8Array(2_000_000).fill(0x0b))).toThrow(FormatError)
})

test('empty files, other files and missing files', async () => {
  expect(() => decodeOnnx(new Uint8Array(0))).toThrow(/an empty file/)
  expect(() => decodeOnnx(new TextEncoder().encode('not a model at all'))).toThrow(FormatError)
  expect(() => decodeOnnx(toBinary(TensorProtoSchema, create(TensorProtoSchema)))).toThrow(FormatError)
  await expect(readOnnx(join(folder, 'missing.onnx'))).rejects.toThrow(/no such file/)
})
