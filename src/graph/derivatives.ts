// The table of derivative rules, total over the primitives.
import { elementwiseDerivatives } from './derivatives/elementwise.ts'
import { linearDerivatives } from './derivatives/linear.ts'
import { movementDerivatives } from './derivatives/movement.ts'
import type { Derivative } from './derivatives/rule.ts'
import type { Node } from './node.ts'
import type { PrimitiveName } from './primitives.ts'

/** A rule for each primitive, or `'none'` where no gradient passes. */
export const derivatives: { readonly [P in PrimitiveName]: Derivative<P> } = {
  ...elementwiseDerivatives,
  ...movementDerivatives,
  ...linearDerivatives,
}

/** True unless the primitive stops every gradient. */
export function isDifferentiable(op: PrimitiveName): boolean {
  return derivatives[op] !== 'none'
}

/**
 * Gradients for the inputs of `node` where `needs` says so, null elsewhere and where nothing flows.
 * @throws Error for fused nodes: differentiation comes before fusion.
 */
export function gradientsOfInputs<P extends PrimitiveName>(
  node: Node<P>,
  dy: Node,
  needs: readonly boolean[],
): readonly (Node | null)[] {
  const rule: Derivative<P> = derivatives[node.op]
  return rule === 'none' ? node.inputs.map(() => null) : rule(node, dy, needs)
}
