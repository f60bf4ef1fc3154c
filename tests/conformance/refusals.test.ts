// Wrong shapes, dtypes and attributes, refused when the node is made, by an error that names the primitive and what came.
import { describe, expect, test } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import { makeNode } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import type { Attrs, ElementwiseName, PrimitiveName } from '../../src/graph/primitives.ts'
import type { DType, TensorType } from '../../src/graph/types.ts'
import { leavesFor } from './run.ts'

type ErrorClass = typeof ShapeError | typeof ArgumentError

interface Refusal<P extends PrimitiveName> {
  readonly name: string
  readonly inputs: readonly (TensorType | Node)[]
  readonly attrs: Attrs<P>
  readonly error: ErrorClass
  /** What the message must contain besides the primitive's name. */
  readonly mentions: readonly string[]
}

type Shape = readonly number[]
const f = (...shape: Shape): TensorType => ({ shape, dtype: 'float32' })
const i = (...shape: Shape): TensorType => ({ shape, dtype: 'int32' })
const u = (...shape: Shape): TensorType => ({ shape, dtype: 'uint8' })
const b = (...shape: Shape): TensorType => ({ shape, dtype: 'bool' })

function refuse<P extends PrimitiveName>(
  name: string,
  inputs: readonly (TensorType | Node)[],
  attrs: Attrs<P>,
  error: ErrorClass,
  ...mentions: string[]
): Refusal<P> {
  return { name, inputs, attrs, error, mentions }
}

/** A primitive without attributes and of one input: refuses other dtypes and other numbers of inputs. */
function unary<P extends ElementwiseName>(attrs: Attrs<P>, wrong: readonly DType[]): Refusal<P>[] {
  return [
    ...wrong.map((dtype) => refuse<P>(dtype, [{ shape: [2, 3], dtype }], attrs, ArgumentError, `${dtype} (2, 3)`)),
    refuse<P>('two inputs', [f(2), f(3)], attrs, ArgumentError, '(2,)', '(3,)'),
    refuse<P>('no input', [], attrs, ArgumentError),
  ]
}

function binary<P extends ElementwiseName>(
  attrs: Attrs<P>,
  wrong: readonly DType[],
  good: DType = 'float32',
): Refusal<P>[] {
  const pair = (dtype: DType, a: Shape, c: Shape): TensorType[] => [
    { shape: a, dtype },
    { shape: c, dtype },
  ]
  const other = good === 'float32' ? i(2) : f(2)
  return [
    ...wrong.map((dtype) => refuse<P>(dtype, pair(dtype, [2], [2]), attrs, ArgumentError, `${dtype} (2,)`)),
    refuse<P>('two dtypes', [{ shape: [2], dtype: good }, other], attrs, ArgumentError, good, other.dtype),
    refuse<P>('shapes that do not broadcast', pair(good, [2, 3], [2]), attrs, ShapeError, '(2, 3)', '(2,)'),
    refuse<P>('one input', pair(good, [2], [2]).slice(1), attrs, ArgumentError, '(2,)'),
  ]
}

const notFloat = ['int32', 'uint8', 'bool'] as const
const notNumeric = ['uint8', 'bool'] as const
const notBool = ['float32', 'int32', 'uint8'] as const

const conv = { strides: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1], groups: 1 } as const // prettier-ignore
const pool = { window: [2, 2], strides: [2, 2], padding: [[0, 0], [0, 0]] } as const // prettier-ignore
const affine = { interpolation: 'bilinear', fillMode: 'constant', fillValue: 0 } as const
const resize = { size: [2, 2], method: 'bilinear', antialias: false } as const
const over = (...axes: number[]) => ({ axes, keepDims: false })

function reduction<P extends 'reduceSum' | 'reduceMax' | 'reduceMin'>(): Refusal<P>[] {
  return [
    refuse<P>('bool', [b(2, 3)], over(0), ArgumentError, 'bool (2, 3)'),
    refuse<P>('an axis too many', [f(2, 3)], over(2), ArgumentError, '(2, 3)', '2'),
    refuse<P>('unsorted axes', [f(2, 3)], over(1, 0), ArgumentError, '1, 0'),
    refuse<P>('an axis twice', [f(2, 3)], over(1, 1), ArgumentError, '1, 1'),
    refuse<P>('a negative axis', [f(2, 3)], over(-1), ArgumentError, '-1'),
  ]
}

const exampleBody = (): Attrs<'fused'>['body'] => {
  const parameter = makeNode('input', [], { name: 'p', shape: [2, 3], dtype: 'float32' })
  return { parameters: [parameter], results: [makeNode('exp', [parameter], {})] }
}
const exampleFused = (): Node => makeNode('fused', leavesFor([f(2, 3)]), { body: exampleBody() })

const refusals: { readonly [P in PrimitiveName]: readonly Refusal<P>[] } = {
  input: [
    refuse('a negative dim', [], { name: 'x', shape: [2, -1], dtype: 'float32' }, ShapeError, '-1'),
    refuse('a fraction of a dim', [], { name: 'x', shape: [2.5], dtype: 'float32' }, ShapeError, '2.5'),
    refuse('an input', [f(2)], { name: 'x', shape: [2], dtype: 'float32' }, ArgumentError, '(2,)'),
  ],
  constant: [
    refuse('too few values', [], { data: Float32Array.of(1), shape: [2], dtype: 'float32' }, ShapeError, '(2,)', '1'),
    refuse('another array', [], { data: Int32Array.of(1), shape: [1], dtype: 'float32' }, ArgumentError, 'Float32Array', 'Int32Array'), // prettier-ignore
  ],
  iota: [
    refuse('uint8', [], { shape: [2], axis: 0, dtype: 'uint8' }, ArgumentError, 'uint8'),
    refuse('an axis too many', [], { shape: [2], axis: 1, dtype: 'int32' }, ArgumentError, '1'),
  ],
  randomUniform: [
    refuse('a float32 seed', [f(2)], { shape: [2] }, ArgumentError, 'float32 (2,)'),
    refuse('a seed of three', [i(3)], { shape: [2] }, ShapeError, 'int32 (3,)'),
  ],
  neg: unary<'neg'>({}, notNumeric),
  abs: unary<'abs'>({}, notNumeric),
  sign: unary<'sign'>({}, notNumeric),
  exp: unary<'exp'>({}, notFloat),
  expm1: unary<'expm1'>({}, notFloat),
  log: unary<'log'>({}, notFloat),
  log1p: unary<'log1p'>({}, notFloat),
  sqrt: unary<'sqrt'>({}, notFloat),
  rsqrt: unary<'rsqrt'>({}, notFloat),
  tanh: unary<'tanh'>({}, notFloat),
  sigmoid: unary<'sigmoid'>({}, notFloat),
  erf: unary<'erf'>({}, notFloat),
  sin: unary<'sin'>({}, notFloat),
  cos: unary<'cos'>({}, notFloat),
  floor: unary<'floor'>({}, notFloat),
  ceil: unary<'ceil'>({}, notFloat),
  round: unary<'round'>({}, notFloat),
  isFinite: unary<'isFinite'>({}, notFloat),
  not: unary<'not'>({}, notBool),
  clamp: [
    ...unary<'clamp'>({ low: 0, high: 1 }, notFloat),
    refuse('low above high', [f(2)], { low: 2, high: 1 }, ArgumentError, '2', '1'),
    refuse('a bound that is NaN', [f(2)], { low: NaN, high: 1 }, ArgumentError, 'NaN'),
  ],
  cast: [refuse('two inputs', [f(2), f(3)], { dtype: 'int32' }, ArgumentError, '(2,)', '(3,)')],
  stopGradient: [refuse('no input', [], {}, ArgumentError)],
  add: binary<'add'>({}, notNumeric),
  sub: binary<'sub'>({}, notNumeric),
  mul: binary<'mul'>({}, notNumeric),
  div: binary<'div'>({}, notFloat),
  pow: binary<'pow'>({}, notFloat),
  mod: binary<'mod'>({}, notNumeric),
  maximum: binary<'maximum'>({}, notNumeric),
  minimum: binary<'minimum'>({}, notNumeric),
  equal: binary<'equal'>({}, []),
  notEqual: binary<'notEqual'>({}, []),
  less: binary<'less'>({}, notNumeric),
  lessEqual: binary<'lessEqual'>({}, notNumeric),
  and: binary<'and'>({}, notBool, 'bool'),
  or: binary<'or'>({}, notBool, 'bool'),
  select: [
    refuse('a condition of numbers', [f(2), f(2), f(2)], {}, ArgumentError, 'float32 (2,)'),
    refuse('branches of two dtypes', [b(2), f(2), i(2)], {}, ArgumentError, 'float32 (2,)', 'int32 (2,)'),
    refuse('branches that do not broadcast', [b(2), f(2), f(3)], {}, ShapeError, '(2,)', '(3,)'),
    refuse('a condition that does not broadcast', [b(4), f(2), f(2)], {}, ShapeError, '(4,)', '(2,)'),
    refuse('two inputs', [b(2), f(2)], {}, ArgumentError, '2'),
  ],
  fused: [
    refuse('another shape', [f(3, 2)], { body: exampleBody() }, ShapeError, '(2, 3)', '(3, 2)'),
    refuse('another dtype', [i(2, 3)], { body: exampleBody() }, ShapeError, 'int32 (2, 3)'),
    refuse('an input too many', [f(2, 3), f(2, 3)], { body: exampleBody() }, ArgumentError, '2'),
    refuse('no results', [], { body: { parameters: [], results: [] } }, ArgumentError),
  ],
  result: [
    refuse('of something else', [f(2)], { index: 0 }, ArgumentError, 'float32 (2,)'),
    refuse('an index too many', [exampleFused()], { index: 1 }, ArgumentError, '1'),
  ],
  reduceSum: reduction<'reduceSum'>(),
  reduceMax: reduction<'reduceMax'>(),
  reduceMin: reduction<'reduceMin'>(),
  argMax: [
    refuse('bool', [b(2, 3)], { axis: 0 }, ArgumentError, 'bool (2, 3)'),
    refuse('an axis too many', [f(2, 3)], { axis: 2 }, ArgumentError, '2'),
    refuse('an empty axis', [f(2, 0)], { axis: 1 }, ShapeError, '(2, 0)'),
  ],
  moments: [
    refuse('int32', [i(2, 3)], { axes: [0] }, ArgumentError, 'int32 (2, 3)'),
    refuse('an axis too many', [f(2, 3)], { axes: [2] }, ArgumentError, '2'),
  ],
  reshape: [
    refuse('another size', [f(2, 3)], { shape: [7] }, ShapeError, '(2, 3)', '(7,)'),
    refuse('a negative dim', [f(2, 3)], { shape: [-2, -3] }, ShapeError, '-2'),
  ],
  transpose: [
    refuse('too short', [f(2, 3)], { permutation: [0] }, ArgumentError, '(2, 3)'),
    refuse('an axis twice', [f(2, 3)], { permutation: [1, 1] }, ArgumentError, '(2, 3)'),
  ],
  broadcast: [
    refuse('a dim that differs', [f(2, 3)], { shape: [2, 4] }, ShapeError, '(2, 3)', '(2, 4)'),
    refuse('to a smaller shape', [f(2, 3)], { shape: [3] }, ShapeError, '(2, 3)', '(3,)'),
    refuse('a dim to 1', [f(2, 3)], { shape: [1, 3] }, ShapeError, '(2, 3)', '(1, 3)'),
  ],
  slice: [
    refuse('past the end', [f(4)], { starts: [1], limits: [5], strides: [1] }, ShapeError, '(4,)', '5'),
    refuse('start after limit', [f(4)], { starts: [3], limits: [2], strides: [1] }, ShapeError, '3'),
    refuse('stride 0', [f(4)], { starts: [0], limits: [4], strides: [0] }, ArgumentError, '0'),
    refuse('too few starts', [f(4, 2)], { starts: [0], limits: [4, 2], strides: [1, 1] }, ArgumentError, '(4, 2)'),
    refuse('a negative start', [f(4)], { starts: [-1], limits: [4], strides: [1] }, ArgumentError, '-1'),
  ],
  pad: [
    refuse('negative', [f(4)], { low: [-1], high: [0], interior: [0], value: 0 }, ArgumentError, '-1'),
    refuse('too few', [f(4, 2)], { low: [1], high: [0, 0], interior: [0, 0], value: 0 }, ArgumentError, '(4, 2)'),
  ],
  concat: [
    refuse('nothing', [], { axis: 0 }, ArgumentError),
    refuse('other dims', [f(2, 3), f(2, 4)], { axis: 0 }, ShapeError, '(2, 3)', '(2, 4)'),
    refuse('other ranks', [f(2, 3), f(2)], { axis: 0 }, ShapeError, '(2, 3)', '(2,)'),
    refuse('other dtypes', [f(2), i(2)], { axis: 0 }, ArgumentError, 'float32 (2,)', 'int32 (2,)'),
    refuse('an axis too many', [f(2), f(2)], { axis: 1 }, ArgumentError, '1'),
  ],
  reverse: [
    refuse('an axis too many', [f(2)], { axes: [1] }, ArgumentError, '1'),
    refuse('unsorted axes', [f(2, 3)], { axes: [1, 0] }, ArgumentError, '1, 0'),
  ],
  gather: [
    refuse('float32 indices', [f(4), f(2)], { axis: 0 }, ArgumentError, 'float32 (2,)'),
    refuse('an axis too many', [f(4), i(2)], { axis: 1 }, ArgumentError, '(4,)'),
  ],
  scatterAdd: [
    refuse('updates of another shape', [i(3), f(2)], { axis: 0, shape: [5] }, ShapeError, '(3,)', '(2,)'),
    refuse('bool updates', [i(3), b(3)], { axis: 0, shape: [5] }, ArgumentError, 'bool (3,)'),
    refuse('uint8 indices', [u(3), f(3)], { axis: 0, shape: [5] }, ArgumentError, 'uint8 (3,)'),
  ],
  argSort: [
    refuse('bool', [b(3)], { axis: 0, descending: false }, ArgumentError, 'bool (3,)'),
    refuse('an axis too many', [f(3)], { axis: 1, descending: false }, ArgumentError, '(3,)'),
  ],
  takeAlong: [
    refuse('another rank', [f(3, 4), i(3)], { axis: 1 }, ShapeError, '(3, 4)', '(3,)'),
    refuse('another dim', [f(3, 4), i(2, 1)], { axis: 1 }, ShapeError, '(3, 4)', '(2, 1)'),
    refuse('float32 indices', [f(3), f(3)], { axis: 0 }, ArgumentError, 'float32 (3,)'),
  ],
  scatterAlong: [
    refuse('updates of another shape', [i(3, 1), f(3, 2)], { axis: 1, shape: [3, 4] }, ShapeError, '(3, 1)', '(3, 2)'),
    refuse('indices of another dim', [i(2, 1), f(2, 1)], { axis: 1, shape: [3, 4] }, ShapeError, '(3, 4)', '(2, 1)'),
  ],
  matmul: [
    refuse('inner dims', [f(2, 3), f(4, 5)], { transposeA: false, transposeB: false }, ShapeError, '(2, 3)', '(4, 5)'),
    refuse('inner dims, transposed', [f(2, 3), f(3, 5)], { transposeA: false, transposeB: true }, ShapeError, '(2, 3)', '(3, 5)'), // prettier-ignore
    refuse('leading dims', [f(2, 3, 3), f(4, 3, 3)], { transposeA: false, transposeB: false }, ShapeError, '(2, 3, 3)', '(4, 3, 3)'), // prettier-ignore
    refuse('rank 1', [f(3), f(3)], { transposeA: false, transposeB: false }, ShapeError, '(3,)'),
    refuse('int32', [i(2, 3), i(3, 2)], { transposeA: false, transposeB: false }, ArgumentError, 'int32 (2, 3)'),
  ],
  conv: [
    refuse('rank 3', [f(4, 4, 3), f(3, 3, 3, 8)], { ...conv, epilogue: null }, ShapeError, '(4, 4, 3)'),
    refuse('channels', [f(1, 4, 4, 3), f(3, 3, 4, 8)], { ...conv, epilogue: null }, ShapeError, '(1, 4, 4, 3)', '(3, 3, 4, 8)'), // prettier-ignore
    refuse('filters not divisible by groups', [f(1, 4, 4, 4), f(3, 3, 2, 5)], { ...conv, groups: 2, epilogue: null }, ShapeError, '(3, 3, 2, 5)', '2'), // prettier-ignore
    refuse('a kernel larger than the input', [f(1, 2, 2, 3), f(3, 3, 3, 8)], { ...conv, epilogue: null }, ShapeError, '3', '2'), // prettier-ignore
    refuse('stride 0', [f(1, 4, 4, 3), f(3, 3, 3, 8)], { ...conv, strides: [0, 1], epilogue: null }, ArgumentError, '[0,1]'), // prettier-ignore
    refuse('negative padding', [f(1, 4, 4, 3), f(3, 3, 3, 8)], { ...conv, padding: [[-1, 0], [0, 0]], epilogue: null }, ArgumentError, '-1'), // prettier-ignore
    refuse('uint8 pictures', [u(1, 4, 4, 3), f(3, 3, 3, 8)], { ...conv, epilogue: null }, ArgumentError, 'uint8'),
    refuse('a bias of another length', [f(1, 4, 4, 3), f(3, 3, 3, 8), f(7)], { ...conv, epilogue: { bias: true, residual: false, clamp: null } }, ShapeError, '(8,)', '(7,)'), // prettier-ignore
    refuse('a residual of another shape', [f(1, 4, 4, 3), f(3, 3, 3, 8), f(1, 4, 4, 8)], { ...conv, epilogue: { bias: false, residual: true, clamp: null } }, ShapeError, '(1, 2, 2, 8)', '(1, 4, 4, 8)'), // prettier-ignore
    refuse('no bias', [f(1, 4, 4, 3), f(3, 3, 3, 8)], { ...conv, epilogue: { bias: true, residual: false, clamp: null } }, ArgumentError, 'bias'), // prettier-ignore
  ],
  convInputGrad: [
    refuse('dy of another shape', [f(1, 4, 4, 8), f(3, 3, 3, 8)], { ...conv, inputShape: [1, 4, 4, 3] }, ShapeError, '(1, 4, 4, 8)', '(1, 2, 2, 8)'), // prettier-ignore
    refuse('channels', [f(1, 2, 2, 8), f(3, 3, 4, 8)], { ...conv, inputShape: [1, 4, 4, 3] }, ShapeError, '(3, 3, 4, 8)'), // prettier-ignore
  ],
  convKernelGrad: [
    refuse('dy of another shape', [f(1, 4, 4, 3), f(1, 2, 2, 7)], { ...conv, kernelShape: [3, 3, 3, 8] }, ShapeError, '(1, 2, 2, 8)', '(1, 2, 2, 7)'), // prettier-ignore
    refuse('channels', [f(1, 4, 4, 5), f(1, 2, 2, 8)], { ...conv, kernelShape: [3, 3, 3, 8] }, ShapeError, '(1, 4, 4, 5)'), // prettier-ignore
  ],
  maxPool: [
    refuse('rank 3', [f(4, 4, 3)], pool, ShapeError, '(4, 4, 3)'),
    refuse('int32', [i(1, 4, 4, 3)], pool, ArgumentError, 'int32 (1, 4, 4, 3)'),
    refuse('a window larger than the input', [f(1, 1, 4, 3)], pool, ShapeError, '2', '1'),
    refuse('padding as large as the window', [f(1, 4, 4, 3)], { ...pool, padding: [[2, 0], [0, 0]] }, ArgumentError, '2'), // prettier-ignore
    refuse('a window of 0', [f(1, 4, 4, 3)], { ...pool, window: [0, 2] }, ArgumentError, '[0,2]'),
  ],
  maxPoolGrad: [refuse('dy of another shape', [f(1, 4, 4, 3), f(1, 4, 4, 3)], pool, ShapeError, '(1, 2, 2, 3)', '(1, 4, 4, 3)')], // prettier-ignore
  avgPool: [
    refuse('rank 3', [f(4, 4, 3)], pool, ShapeError, '(4, 4, 3)'),
    refuse('padding as large as the window', [f(1, 4, 4, 3)], { ...pool, padding: [[0, 0], [0, 3]] }, ArgumentError, '3'), // prettier-ignore
  ],
  avgPoolGrad: [refuse('dy of another shape', [f(1, 4, 4, 3)], { ...pool, inputShape: [1, 4, 4, 3] }, ShapeError, '(1, 2, 2, 3)', '(1, 4, 4, 3)')], // prettier-ignore
  affineSample: [
    refuse('another number of transforms', [f(2, 4, 4, 3), f(1, 8)], affine, ShapeError, '(2, 8)', '(1, 8)'),
    refuse('transforms of six numbers', [f(2, 4, 4, 3), f(2, 6)], affine, ShapeError, '(2, 8)', '(2, 6)'),
    refuse('uint8 pictures', [u(2, 4, 4, 3), f(2, 8)], affine, ArgumentError, 'uint8 (2, 4, 4, 3)'),
    refuse('rank 3', [f(4, 4, 3), f(1, 8)], affine, ShapeError, '(4, 4, 3)'),
  ],
  affineSampleGrad: [refuse('another number of transforms', [f(2, 4, 4, 3), f(3, 8)], affine, ShapeError, '(2, 8)', '(3, 8)')], // prettier-ignore
  resize: [
    refuse('rank 3', [f(4, 4, 3)], resize, ShapeError, '(4, 4, 3)'),
    refuse('size 0', [f(1, 4, 4, 3)], { ...resize, size: [0, 2] }, ArgumentError, '[0,2]'),
    refuse('no pixels', [f(1, 0, 4, 3)], resize, ShapeError, '(1, 0, 4, 3)'),
    refuse('uint8 pictures', [u(1, 4, 4, 3)], resize, ArgumentError, 'uint8 (1, 4, 4, 3)'),
  ],
  resizeGrad: [refuse('dy of another shape', [f(1, 3, 2, 3)], { ...resize, inputShape: [1, 4, 4, 3] }, ShapeError, '(1, 2, 2, 3)', '(1, 3, 2, 3)')], // prettier-ignore
}

describe.each(Object.keys(refusals) as PrimitiveName[])('%s refuses', <P extends PrimitiveName>(op: P) => {
  const list: readonly Refusal<P>[] = refusals[op]
  test('something', () => expect(list.length).toBeGreaterThan(0))
  test.each(list.map((refusal) => [refusal.name, refusal] as const))(
    '%s',
    (_name, { inputs, attrs, error, mentions }) => {
      const nodes = inputs.map((input) => ('op' in input ? input : leavesFor([input])[0]!))
      expect(() => makeNode(op, nodes, attrs)).toThrow(error)
      for (const word of [op, ...mentions]) expect(() => makeNode(op, nodes, attrs)).toThrow(word)
    },
  )
})
