// A graph whose weights are constants -> the bytes of an ONNX file: one rule a primitive, in a table that is total over them.
import type { Graph, Node } from '../../graph/node.ts'
import type { PrimitiveName } from '../../graph/primitives.ts'
import type { BatchDims } from './batch.ts'
import { Context, inPlanarOrder } from './context.ts'
import type { Rule, Rules } from './context.ts'
import { elementwiseRules } from './elementwise.ts'
import { linearRules } from './linear.ts'
import { movementRules } from './movement.ts'
import { OnnxWriter } from './writer.ts'

const rules: Rules<PrimitiveName> = { ...elementwiseRules, ...movementRules, ...linearRules }

export interface ConvertOptions {
  /** Who speaks in errors. */
  readonly where: string
  readonly batch: BatchDims
  /** One for each input and output of the graph. */
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Inputs of rank 4 are given as [N, C, H, W]; default [N, H, W, C]. */
  readonly channelsFirst?: boolean
  /** Pairs of texts that the file carries. */
  readonly metadata?: Readonly<Record<string, string>>
}

/**
 * The file of an inference graph, opset 17. The graph must be simplified but not fused.
 * @throws ArgumentError for what ONNX has no operations for: random numbers, gradients, sums by index. FormatError above 2 GB.
 */
export function graphToOnnx(graph: Graph, options: ConvertOptions): Uint8Array {
  const { where, batch, inputNames, outputNames, channelsFirst = false, metadata = {} } = options
  const writer = new OnnxWriter()
  const context = new Context(writer, batch, where)
  const inputs = graph.inputs.map((node, i) => {
    const name = inputNames[i]!
    const planar = channelsFirst && node.shape.length === 4
    context.set(node, planar ? 'planar' : 'plain', name)
    const dims = context.dims(node)
    return { name, dtype: node.dtype, dims: planar ? inPlanarOrder(dims) : dims }
  })
  const moving = inputs.find(({ dims: [first] }) => typeof first === 'object' && first.batches === 1)
  if (moving) context.batchSource = moving.name
  for (const node of graph.nodes) (rules[node.op] as Rule<PrimitiveName>)(node, context)
  const outputs = graph.outputs.map((node: Node, i) => {
    const name = outputNames[i]!
    writer.node('Identity', [context.name(node, 'plain')], {}, name)
    return { name, dtype: node.dtype, dims: context.dims(node) }
  })
  return writer.finish(where, inputs, outputs, metadata)
}
