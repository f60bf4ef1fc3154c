// The table of shape rules, total over the primitives: what type each gives, and which inputs and attributes it refuses.
import type { Attrs, PrimitiveName } from './primitives.ts'
import type { ShapeRule } from './shapes/check.ts'
import { elementwiseRules } from './shapes/elementwise.ts'
import { imageRules } from './shapes/images.ts'
import { leafRules } from './shapes/leaves.ts'
import { linearRules } from './shapes/linear.ts'
import { movementRules } from './shapes/movement.ts'
import { reductionRules } from './shapes/reductions.ts'
import type { TensorType } from './types.ts'

const shapeRules: { readonly [P in PrimitiveName]: ShapeRule<P> } = {
  ...leafRules,
  ...elementwiseRules,
  ...reductionRules,
  ...movementRules,
  ...linearRules,
  ...imageRules,
}

/**
 * The type of a primitive's result.
 * Arithmetic takes float32 and int32 only (bool and uint8 are data: cast them first); data movement takes any dtype.
 * @throws ShapeError or ArgumentError that names the primitive, what it expected and the types it received.
 */
export function inferType<P extends PrimitiveName>(op: P, inputs: readonly TensorType[], attrs: Attrs<P>): TensorType {
  return shapeRules[op](inputs, attrs)
}
