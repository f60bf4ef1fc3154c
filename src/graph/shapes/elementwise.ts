// Shape rules of elementwise primitives, and of the fused nodes made of them.
import type { Node } from '../node.ts'
import type { ElementwiseName, PrimitiveName } from '../primitives.ts'
import type { DType, TensorType } from '../types.ts'
import { broadcastShapes, sameShape, showShape } from '../types.ts'
import {
  anyDType, argumentError, boolean, checkDType, float, numeric, one, shapeError, showType, showTypes, three, two,
} from './check.ts' // prettier-ignore
import type { ShapeRules } from './check.ts'

function unary(op: PrimitiveName, allowed: readonly DType[], result?: DType) {
  return (inputs: readonly TensorType[]): TensorType => {
    const x = one(op, inputs)
    checkDType(op, 'an input', x, allowed)
    return { shape: x.shape, dtype: result ?? x.dtype }
  }
}

function binary(op: PrimitiveName, allowed: readonly DType[], result?: DType) {
  return (inputs: readonly TensorType[]): TensorType => {
    const [a, b] = two(op, inputs)
    checkDType(op, 'inputs', a, allowed)
    if (a.dtype !== b.dtype) throw argumentError(op, 'two inputs of one dtype', showTypes(inputs), 'Cast one of them')
    const shape = sameShape(a.shape, b.shape) ? a.shape : broadcastShapes(a.shape, b.shape)
    if (shape === null) throw shapeError(op, 'shapes that broadcast', showTypes(inputs))
    return { shape, dtype: result ?? a.dtype }
  }
}

/** The only rule that must see more than its input's type: the body that `result` picks from. */
function isFused(type: TensorType): type is Node<'fused'> {
  return 'op' in type && type.op === 'fused'
}

export const elementwiseRules: ShapeRules<ElementwiseName | 'stopGradient' | 'fused' | 'result'> = {
  neg: unary('neg', numeric),
  abs: unary('abs', numeric),
  sign: unary('sign', numeric),
  exp: unary('exp', float),
  expm1: unary('expm1', float),
  log: unary('log', float),
  log1p: unary('log1p', float),
  sqrt: unary('sqrt', float),
  rsqrt: unary('rsqrt', float),
  tanh: unary('tanh', float),
  sigmoid: unary('sigmoid', float),
  erf: unary('erf', float),
  sin: unary('sin', float),
  cos: unary('cos', float),
  floor: unary('floor', float),
  ceil: unary('ceil', float),
  round: unary('round', float),
  isFinite: unary('isFinite', float, 'bool'),
  not: unary('not', boolean),
  clamp: (inputs, { low, high }) => {
    const x = one('clamp', inputs)
    checkDType('clamp', 'an input', x, float)
    // Also refuses NaN bounds.
    if (!(low <= high)) throw argumentError('clamp', 'low <= high', `low ${low}, high ${high}`)
    return { shape: x.shape, dtype: x.dtype }
  },
  cast: (inputs, { dtype }) => ({ shape: one('cast', inputs).shape, dtype }),
  stopGradient: unary('stopGradient', anyDType),

  add: binary('add', numeric),
  sub: binary('sub', numeric),
  mul: binary('mul', numeric),
  div: binary('div', float),
  pow: binary('pow', float),
  mod: binary('mod', numeric),
  maximum: binary('maximum', numeric),
  minimum: binary('minimum', numeric),
  equal: binary('equal', anyDType, 'bool'),
  notEqual: binary('notEqual', anyDType, 'bool'),
  less: binary('less', numeric, 'bool'),
  lessEqual: binary('lessEqual', numeric, 'bool'),
  and: binary('and', boolean),
  or: binary('or', boolean),
  select: (inputs) => {
    const [condition, a, b] = three('select', inputs)
    checkDType('select', 'a condition', condition, boolean)
    if (a.dtype !== b.dtype) {
      throw argumentError('select', 'two branches of one dtype', showTypes([a, b]), 'Cast one of them')
    }
    const branches = broadcastShapes(a.shape, b.shape)
    const shape = branches === null ? null : broadcastShapes(condition.shape, branches)
    if (shape === null) throw shapeError('select', 'shapes that broadcast', showTypes(inputs))
    return { shape, dtype: a.dtype }
  },

  fused: (inputs, { body }) => {
    const { parameters, results } = body
    const [first] = results
    if (first === undefined) throw argumentError('fused', 'a body with at least one result', 'none')
    if (inputs.length !== parameters.length) {
      throw argumentError('fused', `${parameters.length} inputs`, `${inputs.length}: ${showTypes(inputs)}`)
    }
    for (const result of results) {
      if (!sameShape(result.shape, first.shape)) {
        throw shapeError('fused', 'results of one shape', showTypes(results))
      }
    }
    inputs.forEach((input, i) => {
      const parameter = parameters[i]!
      if (input.dtype !== parameter.dtype || !sameShape(input.shape, parameter.shape)) {
        throw shapeError('fused', `input ${i} of type ${showType(parameter)}`, showType(input))
      }
      const wide = broadcastShapes(input.shape, first.shape)
      if (wide === null || !sameShape(wide, first.shape)) {
        throw shapeError('fused', `inputs that broadcast to ${showShape(first.shape)}`, showType(input))
      }
    })
    return { shape: first.shape, dtype: first.dtype }
  },
  result: (inputs, { index }) => {
    const source = one('result', inputs)
    if (!isFused(source)) throw argumentError('result', 'a fused node', showType(source))
    const { results } = source.attrs.body
    const picked = results[index]
    if (picked === undefined) throw argumentError('result', `an index from 0 to ${results.length - 1}`, index)
    return { shape: picked.shape, dtype: picked.dtype }
  },
}
