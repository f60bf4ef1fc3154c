// Shape rules of primitives that move elements without computing on them, and of their transposes.
import type { PrimitiveName } from '../primitives.ts'
import type { Shape, TensorType } from '../types.ts'
import { broadcastShapes, sameShape, showShape, sizeOf } from '../types.ts'
import {
  argumentError, checkAxes, checkAxis, checkDims, checkDType, checkPerAxis, checkShape, integer, numeric, one,
  shapeError, showType, showTypes, two,
} from './check.ts' // prettier-ignore
import type { ShapeRules } from './check.ts'

type MovementName =
  | 'reshape'
  | 'transpose'
  | 'broadcast'
  | 'slice'
  | 'pad'
  | 'concat'
  | 'reverse'
  | 'gather'
  | 'scatterAdd'
  | 'argSort'
  | 'takeAlong'
  | 'scatterAlong'

/** `shape` with `axis` replaced by the dims of `indices`. */
function gatheredShape(shape: Shape, axis: number, indices: Shape): Shape {
  return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)]
}

/** Refuses indices whose rank, or any dim but `axis`, differs from those of `shape`. */
function checkAlong(op: PrimitiveName, shape: Shape, indices: TensorType, axis: number): void {
  checkDType(op, 'indices', indices, integer)
  const fits = indices.shape.length === shape.length && shape.every((dim, i) => i === axis || dim === indices.shape[i])
  if (!fits) {
    throw shapeError(op, `indices of shape ${showShape(shape)} except along axis ${axis}`, showType(indices))
  }
}

export const movementRules: ShapeRules<MovementName> = {
  reshape: (inputs, { shape }) => {
    const x = one('reshape', inputs)
    checkDims('reshape', 'a shape', shape)
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw shapeError('reshape', `a shape of ${sizeOf(x.shape)} elements for ${showType(x)}`, showShape(shape))
    }
    return { shape, dtype: x.dtype }
  },
  transpose: (inputs, { permutation }) => {
    const x = one('transpose', inputs)
    const rank = x.shape.length
    if (permutation.length !== rank || !x.shape.every((_, i) => permutation.includes(i))) {
      throw argumentError('transpose', `a permutation of 0..${rank - 1} for ${showType(x)}`, permutation)
    }
    return { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype }
  },
  broadcast: (inputs, { shape }) => {
    const x = one('broadcast', inputs)
    checkDims('broadcast', 'a shape', shape)
    const wide = broadcastShapes(x.shape, shape)
    if (wide === null || !sameShape(wide, shape)) {
      throw shapeError('broadcast', `an input that broadcasts to ${showShape(shape)}`, showType(x))
    }
    return { shape, dtype: x.dtype }
  },
  slice: (inputs, { starts, limits, strides }) => {
    const x = one('slice', inputs)
    checkPerAxis('slice', 'starts', starts, x, 0)
    checkPerAxis('slice', 'limits', limits, x, 0)
    checkPerAxis('slice', 'strides', strides, x, 1)
    const shape = x.shape.map((dim, i) => {
      const start = starts[i]!
      const limit = limits[i]!
      if (start > limit || limit > dim) {
        throw shapeError(
          'slice',
          `0 <= start <= limit <= ${dim} along axis ${i} of ${showType(x)}`,
          `start ${start}, limit ${limit}`,
        )
      }
      return Math.ceil((limit - start) / strides[i]!)
    })
    return { shape, dtype: x.dtype }
  },
  pad: (inputs, { low, high, interior, value }) => {
    const x = one('pad', inputs)
    checkPerAxis('pad', 'low', low, x, 0)
    checkPerAxis('pad', 'high', high, x, 0)
    checkPerAxis('pad', 'interior', interior, x, 0)
    if (typeof value !== 'number') throw argumentError('pad', 'a number as value', value)
    const shape = x.shape.map((dim, i) => low[i]! + dim + Math.max(0, dim - 1) * interior[i]! + high[i]!)
    return { shape, dtype: x.dtype }
  },
  concat: (inputs, { axis }) => {
    const [first] = inputs
    if (first === undefined) throw argumentError('concat', 'at least one input', 'none')
    checkAxis('concat', axis, first)
    let total = 0
    for (const input of inputs) {
      if (input.dtype !== first.dtype) throw argumentError('concat', 'inputs of one dtype', showTypes(inputs))
      const fits =
        input.shape.length === first.shape.length && input.shape.every((dim, i) => i === axis || dim === first.shape[i])
      if (!fits) throw shapeError('concat', `inputs with equal dims except along axis ${axis}`, showTypes(inputs))
      total += input.shape[axis]!
    }
    return { shape: first.shape.map((dim, i) => (i === axis ? total : dim)), dtype: first.dtype }
  },
  reverse: (inputs, { axes }) => {
    const x = one('reverse', inputs)
    checkAxes('reverse', axes, x)
    return { shape: x.shape, dtype: x.dtype }
  },
  gather: (inputs, { axis }) => {
    const [x, indices] = two('gather', inputs)
    checkAxis('gather', axis, x)
    checkDType('gather', 'indices', indices, integer)
    return { shape: gatheredShape(x.shape, axis, indices.shape), dtype: x.dtype }
  },
  scatterAdd: (inputs, { axis, shape }) => {
    const [indices, updates] = two('scatterAdd', inputs)
    checkDType('scatterAdd', 'indices', indices, integer)
    checkDType('scatterAdd', 'updates', updates, numeric)
    checkDims('scatterAdd', 'a shape', shape)
    checkAxis('scatterAdd', axis, { shape, dtype: updates.dtype })
    checkShape('scatterAdd', 'updates', updates, gatheredShape(shape, axis, indices.shape))
    return { shape, dtype: updates.dtype }
  },
  argSort: (inputs, { axis }) => {
    const x = one('argSort', inputs)
    checkDType('argSort', 'an input', x, numeric)
    checkAxis('argSort', axis, x)
    return { shape: x.shape, dtype: 'int32' }
  },
  takeAlong: (inputs, { axis }) => {
    const [x, indices] = two('takeAlong', inputs)
    checkAxis('takeAlong', axis, x)
    checkAlong('takeAlong', x.shape, indices, axis)
    return { shape: indices.shape, dtype: x.dtype }
  },
  scatterAlong: (inputs, { axis, shape }) => {
    const [indices, updates] = two('scatterAlong', inputs)
    checkDType('scatterAlong', 'updates', updates, numeric)
    checkDims('scatterAlong', 'a shape', shape)
    checkAxis('scatterAlong', axis, { shape, dtype: updates.dtype })
    checkAlong('scatterAlong', shape, indices, axis)
    checkShape('scatterAlong', 'updates', updates, indices.shape)
    return { shape, dtype: updates.dtype }
  },
}
