// Shape rules of reductions over axes.
import type { Shape, TensorType } from '../types.ts'
import type { PrimitiveName, ReduceAttrs } from '../primitives.ts'
import { checkAxes, checkAxis, checkDType, float, numeric, one, shapeError, showType } from './check.ts'
import type { ShapeRules } from './check.ts'

/** `shape` without `axes`, or with 1 in their place. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
  return shape.filter((_, i) => !axes.includes(i))
}

function reduction(op: PrimitiveName) {
  return (inputs: readonly TensorType[], { axes, keepDims }: ReduceAttrs): TensorType => {
    const x = one(op, inputs)
    checkDType(op, 'an input', x, numeric)
    checkAxes(op, axes, x)
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype }
  }
}

export const reductionRules: ShapeRules<'reduceSum' | 'reduceMax' | 'reduceMin' | 'argMax' | 'moments'> = {
  reduceSum: reduction('reduceSum'),
  reduceMax: reduction('reduceMax'),
  reduceMin: reduction('reduceMin'),
  argMax: (inputs, { axis }) => {
    const x = one('argMax', inputs)
    checkDType('argMax', 'an input', x, numeric)
    checkAxis('argMax', axis, x)
    if (x.shape[axis] === 0) throw shapeError('argMax', `at least one element along axis ${axis}`, showType(x))
    return { shape: reducedShape(x.shape, [axis], false), dtype: 'int32' }
  },
  moments: (inputs, { axes }) => {
    const x = one('moments', inputs)
    checkDType('moments', 'an input', x, float)
    checkAxes('moments', axes, x)
    return { shape: [2, ...reducedShape(x.shape, axes, false)], dtype: 'float32' }
  },
}
