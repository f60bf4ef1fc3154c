// The type of the reference kernels, and the errors that they throw.
import { EngineError, problem } from '../../errors.ts'
import type { Node } from '../../graph/node.ts'
import type { PrimitiveName } from '../../graph/primitives.ts'
import { showTypes } from '../../graph/shapes/check.ts'
import type { TypedArray } from '../../graph/types.ts'

/** Computes a node's result from its inputs' values. Never writes to an input; may return one (or a part of it) as it is. */
export type Kernel<P extends PrimitiveName> = (node: Node<P>, inputs: readonly TypedArray[]) => TypedArray
/** Kernels of a family of primitives: the families together make the table in kernels.ts. */
export type Kernels<P extends PrimitiveName> = { readonly [Name in P]: Kernel<Name> }

/** `gather(float32 (4, 2), int32 (3,)) -> float32 (3, 2)` */
export function showNode(node: Node): string {
  const inputs = node.inputs.length === 0 ? '' : showTypes(node.inputs)
  return `${node.op}(${inputs}) -> ${showTypes([node])}`
}

export function kernelError(node: Node, expected: string, received: unknown): EngineError {
  return new EngineError(problem({ where: showNode(node), expected, received }))
}
