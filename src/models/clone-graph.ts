// Models cut from inner tensors: the calls behind them are repeated from new inputs (Keras' clone_graph_nodes).
import { input } from '../layers/index.ts'
import { mapNested } from '../layers/nested.ts'
import { SymbolicTensor } from '../layers/symbolic.ts'
import type { InboundNode, LayerValue } from '../layers/symbolic.ts'
import { isTensorLeaf } from '../layers/symbolic.ts'
import { isInputTensor, mapGraph } from './graph.ts'
import { mapTree } from './tree.ts'
import type { Nested } from './tree.ts'
import { flatten } from './tree.ts'

interface Ends {
  readonly inputs: Nested<SymbolicTensor>
  readonly outputs: Nested<SymbolicTensor>
}

/** The same ends if all inputs are inputs already; else copies, with new input layers named `<tensor>CLONE`. Layers are shared. */
export function cloneFromInner(where: string, { inputs, outputs }: Ends): Ends {
  const given = flatten(inputs)
  if (given.every(isInputTensor)) return { inputs, outputs }
  const { order } = mapGraph(where, given, flatten(outputs))
  const copies = new Map<SymbolicTensor, SymbolicTensor>()
  for (const tensor of given) {
    if (isInputTensor(tensor)) {
      copies.set(tensor, tensor)
      continue
    }
    const [batch, ...shape] = tensor.shape
    copies.set(
      tensor,
      input({
        shape,
        dtype: tensor.dtype,
        name: `${tensor.name}CLONE`,
        ...(typeof batch === 'number' ? { batchSize: batch } : {}),
      }),
    )
  }
  for (const node of order) if (!node.outputs.every((output) => copies.has(output))) repeat(node, copies)
  const copyOf = (tensor: SymbolicTensor): SymbolicTensor => copies.get(tensor)!
  return { inputs: mapTree(inputs, copyOf), outputs: mapTree(outputs, copyOf) }
}

function repeat(node: InboundNode, copies: Map<SymbolicTensor, SymbolicTensor>): void {
  const { operation } = node
  const nodeIndex = operation.inboundNodes.length
  const replace = (value: LayerValue): LayerValue => (value instanceof SymbolicTensor ? copies.get(value)! : value)
  const outputs = node.outputs.map((output, tensorIndex) => {
    const copy = new SymbolicTensor({ shape: output.shape, dtype: output.dtype }, { operation, nodeIndex, tensorIndex })
    copies.set(output, copy)
    return copy
  })
  // Adding calls is for layers and models alone, hence protected.
  operation['addInboundNode']({
    operation,
    inputs: node.inputs.map((input) => copies.get(input)!),
    args: node.args.map((arg) => mapNested(arg, isTensorLeaf, replace)),
    kwargs: Object.fromEntries(
      Object.entries(node.kwargs).map(([key, value]) => [key, isTensorLeaf(value) ? replace(value) : value]),
    ),
    outputs,
  })
}
