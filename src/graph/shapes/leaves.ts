// Shape rules of leaves: what enters a graph or is made from attributes.
import type { DType, TypedArray } from '../types.ts'
import { showShape, sizeOf } from '../types.ts'
import { argumentError, checkAxis, checkDims, checkDType, checkShape, integer, none, one, shapeError } from './check.ts'
import type { ShapeRules } from './check.ts'

const arrayNames: Readonly<Record<DType, string>> = {
  float32: 'Float32Array',
  int32: 'Int32Array',
  uint8: 'Uint8Array',
  bool: 'Uint8Array',
}
function storageName(data: TypedArray): string {
  if (data instanceof Float32Array) return 'Float32Array'
  return data instanceof Int32Array ? 'Int32Array' : 'Uint8Array'
}

export const leafRules: ShapeRules<'input' | 'constant' | 'iota' | 'randomUniform'> = {
  input: (inputs, { shape, dtype }) => {
    none('input', inputs)
    checkDims('input', 'a shape', shape)
    return { shape, dtype }
  },
  constant: (inputs, { data, shape, dtype }) => {
    none('constant', inputs)
    checkDims('constant', 'a shape', shape)
    if (storageName(data) !== arrayNames[dtype]) {
      throw argumentError('constant', `${arrayNames[dtype]} for ${dtype}`, storageName(data))
    }
    if (data.length !== sizeOf(shape)) {
      throw shapeError('constant', `${sizeOf(shape)} values for shape ${showShape(shape)}`, `${data.length} values`)
    }
    return { shape, dtype }
  },
  iota: (inputs, { shape, axis, dtype }) => {
    none('iota', inputs)
    checkDims('iota', 'a shape', shape)
    checkAxis('iota', axis, { shape, dtype })
    if (dtype !== 'float32' && dtype !== 'int32') throw argumentError('iota', 'dtype float32 or int32', dtype)
    return { shape, dtype }
  },
  randomUniform: (inputs, { shape }) => {
    const seed = one('randomUniform', inputs)
    checkDType('randomUniform', 'a seed', seed, integer)
    checkShape('randomUniform', 'a seed', seed, [2])
    checkDims('randomUniform', 'a shape', shape)
    return { shape, dtype: 'float32' }
  },
}
