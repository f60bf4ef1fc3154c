// What a derivative rule is.
import type { Node } from '../node.ts'
import type { PrimitiveName } from '../primitives.ts'

/**
 * The gradients for a node's inputs, given the gradient `dy` of its result (of the result's shape, float32):
 * null where `needs` is false or where nothing flows. A rule makes nodes only for what is needed.
 */
export type DerivativeRule<P extends PrimitiveName> = (
  node: Node<P>,
  dy: Node,
  needs: readonly boolean[],
) => readonly (Node | null)[]

/** `'none'`: the result is no smooth function of the inputs (comparisons, indices, steps), so no gradient passes. */
export type Derivative<P extends PrimitiveName> = DerivativeRule<P> | 'none'

/** Rules of a family of primitives: the families together make the total table in derivatives.ts. */
export type Derivatives<P extends PrimitiveName> = { readonly [Name in P]: Derivative<Name> }
