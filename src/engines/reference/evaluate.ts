// Evaluates nodes by the kernels: one node, one fused body, or everything that some nodes depend on.
import { EngineError, problem } from '../../errors.ts'
import { isOp, topologicalOrder } from '../../graph/node.ts'
import type { Node } from '../../graph/node.ts'
import type { FusedBody } from '../../graph/primitives.ts'
import type { TypedArray } from '../../graph/types.ts'
import { kernelError, showNode } from './kernel.ts'
import type { Kernel } from './kernel.ts'
import { kernels } from './kernels.ts'
import type { KernelName } from './kernels.ts'
import { withFloat64Storage } from './storage.ts'

/** A node's results: one, except for `fused`, which has one for each result of its body. */
export type Values = readonly TypedArray[]

function applyKernel<P extends KernelName>(op: P, node: Node, inputs: readonly TypedArray[]): TypedArray {
  const kernel: Kernel<P> = kernels[op]
  return kernel(node as Node<P>, inputs)
}

/**
 * The results of a node, given those of its inputs. Inputs are never changed, but a result may share an input's array.
 * @throws EngineError that names the primitive and its types.
 */
export function evaluateNode(node: Node, inputs: readonly Values[]): Values {
  try {
    if (isOp(node, 'fused')) {
      return evaluateBody(
        node.attrs.body,
        inputs.map((values) => values[0]!),
      )
    }
    if (isOp(node, 'result')) return [inputs[0]![node.attrs.index]!]
    const { op } = node
    if (op === 'input') throw kernelError(node, 'a value for the input leaf', (node as Node<'input'>).attrs.name)
    return [
      applyKernel(
        op as KernelName,
        node,
        inputs.map((values) => values[0]!),
      ),
    ]
  } catch (error) {
    if (error instanceof EngineError) throw error
    // For example an allocation that is too large.
    const message = problem({ where: showNode(node), expected: 'to compute', received: String(error) })
    throw new EngineError(message, { cause: error })
  }
}

function evaluateBody({ parameters, results }: FusedBody, inputs: readonly TypedArray[]): Values {
  const known = new Map<Node, Values>()
  parameters.forEach((parameter, i) => known.set(parameter, [inputs[i]!]))
  return evaluateFrom(known, results)
}

/** Values of `roots`, given values for the leaves in `known`, which gets the values of all nodes on the way. */
function evaluateFrom(known: Map<Node, Values>, roots: readonly Node[]): TypedArray[] {
  for (const node of topologicalOrder(roots, (candidate) => known.has(candidate))) {
    if (known.has(node)) continue
    known.set(
      node,
      evaluateNode(
        node,
        node.inputs.map((input) => known.get(input)!),
      ),
    )
  }
  return roots.map((root) => known.get(root)![0]!)
}

/**
 * The values of nodes that depend on constants alone, at once: for constant folding.
 * The arrays may be shared with constants: do not write to them.
 * @throws EngineError if an input leaf is needed, or a kernel fails.
 */
export function evaluateNodes(nodes: readonly Node[]): TypedArray[] {
  return evaluateFrom(new Map(), nodes)
}

/**
 * The values of `roots` in float64, given values for the input leaves: derivatives can be checked against differences of these.
 * Only sampling positions and weights of images are float32 still.
 */
export function evaluateInFloat64(
  roots: readonly Node[],
  inputs: ReadonlyMap<Node, Float64Array | TypedArray>,
): Float64Array[] {
  return withFloat64Storage(() => {
    const known = new Map<Node, Values>()
    for (const [leaf, data] of inputs) known.set(leaf, [data as TypedArray])
    return evaluateFrom(known, roots).map((values) => Float64Array.from(values))
  })
}
