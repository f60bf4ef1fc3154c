// What an exported ONNX file takes and gives: for programs that run it and must know its inputs, sizes and classes.
import { FormatError, problem } from '../errors.ts'
import { decodeOnnx } from '../formats/onnx/index.ts'
import type { OnnxPort } from '../formats/onnx/index.ts'
import { opening } from '../platform/opening.ts'
import { checkValue, filePath } from '../platform/option-rules.ts'
import { readBytes } from '../platform/text-files.ts'

export type { OnnxPort } from '../formats/onnx/index.ts'

export interface OnnxSummary {
  /** In the order of the model's inputs. An open size is a text: `batch`. */
  readonly inputs: readonly OnnxPort[]
  readonly outputs: readonly OnnxPort[]
  /** As given to `export`; null without. */
  readonly classNames: readonly string[] | null
  /** All pairs of texts, `classNames` among them. */
  readonly metadata: Readonly<Record<string, string>>
  readonly producer: string
  readonly opset: number
  /** Number of float32 values that are stored; weights that are one number throughout, as fresh biases, are stored as one. */
  readonly parameters: number
  /** How often each operation of ONNX is in it. */
  readonly operations: Readonly<Record<string, number>>
}

/**
 * Reads an ONNX file that `model.export` wrote and checks that it is whole: sizes, names, and that every value is computed before it is
 * read. It runs nothing; onnxruntime does.
 * @throws FormatError that names the file; ArgumentError for what is no path of a file that can be read.
 */
export async function readOnnx(path: string): Promise<OnnxSummary> {
  checkValue('readOnnx', 'path', path, filePath)
  const file = await opening('readOnnx', path, 'read', () => readBytes(path))
  const { inputs, outputs, metadata, producer, opset, weights, nodes } = decodeOnnx(file, path)
  const operations = new Map<string, number>()
  for (const { operation } of nodes) operations.set(operation, (operations.get(operation) ?? 0) + 1)
  const floats = weights.filter(({ dtype }) => dtype === 'float32')
  return {
    inputs,
    outputs,
    classNames: classNamesOf(metadata.get('classNames'), path),
    metadata: Object.fromEntries(metadata),
    producer,
    opset,
    parameters: floats.reduce((sum, { bytes }) => sum + bytes.byteLength / 4, 0),
    operations: Object.fromEntries(operations),
  }
}

function classNamesOf(text: string | undefined, path: string): readonly string[] | null {
  if (text === undefined) return null
  let names: unknown
  try {
    names = JSON.parse(text)
  } catch {
    // Told below, with what else is no list of names.
  }
  if (Array.isArray(names) && names.every((name): name is string => typeof name === 'string')) return names
  throw new FormatError(problem({ where: path, expected: '`classNames` as a JSON list of names', received: text }))
}
