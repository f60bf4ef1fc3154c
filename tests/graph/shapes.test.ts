import { describe, expect, it } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import { makeNode } from '../../src/graph/node.ts'
import type { Attrs, PrimitiveName } from '../../src/graph/primitives.ts'
import { inferType } from '../../src/graph/shapes.ts'
import type { DType, Shape, TensorType } from '../../src/graph/types.ts'
import { leaf, unitConv } from './helpers.ts'

const f = (...shape: number[]): TensorType => ({ shape, dtype: 'float32' })
const i = (...shape: number[]): TensorType => ({ shape, dtype: 'int32' })
const u = (...shape: number[]): TensorType => ({ shape, dtype: 'uint8' })
const b = (...shape: number[]): TensorType => ({ shape, dtype: 'bool' })

interface Case {
  readonly title: string
  readonly run: () => TensorType
  readonly type?: TensorType
  readonly error?: { kind: typeof ShapeError | typeof ArgumentError; says: readonly (string | RegExp)[] }
}
function good<P extends PrimitiveName>(op: P, inputs: TensorType[], attrs: Attrs<P>, shape: Shape, dtype: DType): Case {
  const title = `${op} ${JSON.stringify(inputs.map((x) => x.shape))} ${JSON.stringify(attrs)}`
  return { title, run: () => inferType(op, inputs, attrs), type: { shape, dtype } }
}
function bad<P extends PrimitiveName>(
  op: P,
  inputs: TensorType[],
  attrs: Attrs<P>,
  kind: typeof ShapeError | typeof ArgumentError,
  ...says: (string | RegExp)[]
): Case {
  const title = `${op} ${JSON.stringify(inputs.map((x) => `${x.dtype} ${String(x.shape)}`))} ${JSON.stringify(attrs)}`
  return {
    title,
    run: () => inferType(op, inputs, attrs),
    error: { kind, says: [new RegExp(`^${op}: expected`), ...says] },
  }
}
const noPad = unitConv.padding
const pool = { window: [2, 2], strides: [2, 2], padding: noPad } as const
const conv = { ...unitConv, epilogue: null }
const full = { bias: true, residual: true, clamp: [0, 6] } as const

describe('types of results', () => {
  const cases: Case[] = [
    good('input', [], { name: 'x', shape: [2], dtype: 'uint8' }, [2], 'uint8'),
    good('constant', [], { data: Float32Array.of(1, 2), shape: [2, 1], dtype: 'float32' }, [2, 1], 'float32'),
    good('constant', [], { data: Uint8Array.of(1), shape: [], dtype: 'bool' }, [], 'bool'),
    good('iota', [], { shape: [2, 3], axis: 1, dtype: 'int32' }, [2, 3], 'int32'),
    good('randomUniform', [i(2)], { shape: [4, 4] }, [4, 4], 'float32'),
    good('neg', [i(3)], {}, [3], 'int32'),
    good('exp', [f(0, 3)], {}, [0, 3], 'float32'),
    good('isFinite', [f(3)], {}, [3], 'bool'),
    good('not', [b(3)], {}, [3], 'bool'),
    good('clamp', [f(3)], { low: 0, high: Infinity }, [3], 'float32'),
    good('cast', [u(3)], { dtype: 'float32' }, [3], 'float32'),
    good('stopGradient', [u(3)], {}, [3], 'uint8'),
    good('add', [f(2, 3), f(3)], {}, [2, 3], 'float32'),
    good('add', [f(2, 1), f(1, 3)], {}, [2, 3], 'float32'),
    good('add', [f(0, 3), f(1, 3)], {}, [0, 3], 'float32'),
    good('mul', [i(), i(4)], {}, [4], 'int32'),
    good('equal', [u(4), u(1)], {}, [4], 'bool'),
    good('less', [f(4), f(1)], {}, [4], 'bool'),
    good('and', [b(4), b(2, 1)], {}, [2, 4], 'bool'),
    good('select', [b(2, 1), f(3), f()], {}, [2, 3], 'float32'),
    good('reduceSum', [f(2, 3, 4)], { axes: [0, 2], keepDims: false }, [3], 'float32'),
    good('reduceSum', [i(2, 3, 4)], { axes: [0, 2], keepDims: true }, [1, 3, 1], 'int32'),
    good('reduceMax', [f(2, 0)], { axes: [1], keepDims: false }, [2], 'float32'),
    good('argMax', [f(2, 3)], { axis: 1 }, [2], 'int32'),
    good('moments', [f(2, 3, 4)], { axes: [0, 1] }, [2, 4], 'float32'),
    good('reshape', [u(2, 6)], { shape: [3, 4] }, [3, 4], 'uint8'),
    good('reshape', [f(0, 6)], { shape: [3, 0] }, [3, 0], 'float32'),
    good('transpose', [f(2, 3, 4)], { permutation: [2, 0, 1] }, [4, 2, 3], 'float32'),
    good('broadcast', [f(3, 1)], { shape: [2, 3, 4] }, [2, 3, 4], 'float32'),
    good('slice', [f(7, 3)], { starts: [1, 0], limits: [7, 0], strides: [2, 1] }, [3, 0], 'float32'),
    good('pad', [f(3, 0)], { low: [1, 2], high: [2, 0], interior: [1, 5], value: 0 }, [8, 2], 'float32'),
    good('concat', [f(2, 3), f(2, 0), f(2, 4)], { axis: 1 }, [2, 7], 'float32'),
    good('reverse', [b(2, 3)], { axes: [1] }, [2, 3], 'bool'),
    good('gather', [f(5, 3), i(2, 2)], { axis: 0 }, [2, 2, 3], 'float32'),
    good('gather', [f(5, 3), i()], { axis: 1 }, [5], 'float32'),
    good('scatterAdd', [i(2, 2), f(2, 2, 3)], { axis: 0, shape: [5, 3] }, [5, 3], 'float32'),
    good('argSort', [f(2, 3)], { axis: 1, descending: true }, [2, 3], 'int32'),
    good('takeAlong', [u(2, 5), i(2, 3)], { axis: 1 }, [2, 3], 'uint8'),
    good('scatterAlong', [i(2, 3), f(2, 3)], { axis: 1, shape: [2, 5] }, [2, 5], 'float32'),
    good('matmul', [f(2, 3, 4), f(2, 4, 5)], { transposeA: false, transposeB: false }, [2, 3, 5], 'float32'),
    good('matmul', [f(4, 3), f(5, 4)], { transposeA: true, transposeB: true }, [3, 5], 'float32'),
    good('conv', [f(2, 7, 8, 3), f(3, 2, 3, 5)], conv, [2, 5, 7, 5], 'float32'),
    // floor((7 + 1 + 2 - 2 (3 - 1) - 1) / 2) + 1 = 3
    good('conv', [f(2, 7, 7, 3), f(3, 3, 3, 5)],
      { ...conv, strides: [2, 2], dilation: [2, 2], padding: [[1, 2], [1, 1]] }, [2, 3, 3, 5], 'float32'), // prettier-ignore
    good('conv', [f(2, 7, 7, 4), f(3, 3, 1, 8)], { ...conv, groups: 4 }, [2, 5, 5, 8], 'float32'),
    good('conv', [f(0, 7, 7, 4), f(1, 1, 4, 8)], conv, [0, 7, 7, 8], 'float32'),
    good('conv', [f(1, 2, 2, 1), f(1, 1, 1, 4), f(4), f(1, 2, 2, 4)], { ...conv, epilogue: full }, [1, 2, 2, 4], 'float32'),
    good('convInputGrad', [f(2, 5, 7, 5), f(3, 2, 3, 5)], { ...unitConv, inputShape: [2, 7, 8, 3] }, [2, 7, 8, 3], 'float32'),
    good('convKernelGrad', [f(2, 7, 8, 3), f(2, 5, 7, 5)], { ...unitConv, kernelShape: [3, 2, 3, 5] }, [3, 2, 3, 5], 'float32'),
    good('maxPool', [f(2, 5, 4, 3)], pool, [2, 2, 2, 3], 'float32'),
    good('maxPoolGrad', [f(2, 5, 4, 3), f(2, 2, 2, 3)], pool, [2, 5, 4, 3], 'float32'),
    good('avgPool', [f(2, 4, 4, 3)], { ...pool, padding: [[0, 1], [1, 1]] }, [2, 2, 3, 3], 'float32'), // prettier-ignore
    good('avgPoolGrad', [f(2, 2, 2, 3)], { ...pool, inputShape: [2, 5, 4, 3] }, [2, 5, 4, 3], 'float32'),
    good('affineSample', [f(2, 4, 4, 3), f(2, 8)], { interpolation: 'nearest', fillMode: 'wrap', fillValue: 0 }, [2, 4, 4, 3], 'float32'),
    good('affineSampleGrad', [f(2, 4, 4, 3), f(2, 8)], { interpolation: 'nearest', fillMode: 'wrap', fillValue: 0 }, [2, 4, 4, 3], 'float32'),
    good('resize', [f(2, 4, 4, 3)], { size: [7, 1], method: 'bicubic', antialias: true }, [2, 7, 1, 3], 'float32'),
    good('resizeGrad', [f(2, 7, 1, 3)], { size: [7, 1], method: 'area', antialias: true, inputShape: [2, 4, 4, 3] }, [2, 4, 4, 3], 'float32'),
  ] // prettier-ignore
  it.each(cases)('$title', ({ run, type }) => {
    expect(run()).toEqual(type)
  })
})

describe('refusals', () => {
  const stretched = { ...conv, padding: [[-1, 0], [0, 0]] as const } // prettier-ignore
  const cases: Case[] = [
    bad('input', [], { name: 'x', shape: [-1], dtype: 'float32' }, ShapeError, '(-1,)'),
    bad('input', [], { name: 'x', shape: [1.5], dtype: 'float32' }, ShapeError, '(1.5,)'),
    bad('constant', [], { data: Int32Array.of(1), shape: [1], dtype: 'float32' }, ArgumentError, 'Float32Array', 'Int32Array'),
    bad('constant', [], { data: Float32Array.of(1), shape: [2], dtype: 'float32' }, ShapeError, '(2,)', '1 values'),
    bad('iota', [], { shape: [2], axis: 1, dtype: 'int32' }, ArgumentError, 'axis 1'),
    bad('iota', [], { shape: [2], axis: 0, dtype: 'bool' }, ArgumentError, 'bool'),
    bad('randomUniform', [i(3)], { shape: [2] }, ShapeError, '(2,)', '(3,)'),
    bad('randomUniform', [f(2)], { shape: [2] }, ArgumentError, 'int32', 'float32 (2,)'),
    bad('exp', [], {}, ArgumentError, '1 input', 'no inputs'),
    bad('exp', [i(2)], {}, ArgumentError, 'float32', 'int32 (2,)'),
    bad('neg', [b(2)], {}, ArgumentError, 'bool (2,)'),
    bad('clamp', [f(2)], { low: 1, high: 0 }, ArgumentError, 'low 1, high 0'),
    bad('clamp', [f(2)], { low: NaN, high: 0 }, ArgumentError, 'NaN'),
    bad('add', [f(2)], {}, ArgumentError, '2 inputs', 'float32 (2,)'),
    bad('add', [f(2), i(2)], {}, ArgumentError, 'one dtype', 'float32 (2,), int32 (2,)'),
    bad('add', [f(2, 3), f(2)], {}, ShapeError, 'float32 (2, 3), float32 (2,)'),
    bad('add', [f(0), f(2)], {}, ShapeError, '(0,)', '(2,)'),
    bad('add', [u(2), u(2)], {}, ArgumentError, 'uint8'),
    bad('div', [i(2), i(2)], {}, ArgumentError, 'int32'),
    bad('and', [f(2), f(2)], {}, ArgumentError, 'bool'),
    bad('select', [f(2), f(2), f(2)], {}, ArgumentError, 'bool'),
    bad('select', [b(2), f(2), i(2)], {}, ArgumentError, 'one dtype'),
    bad('select', [b(2), f(3), f(3)], {}, ShapeError, '(2,)', '(3,)'),
    bad('result', [f(2)], { index: 0 }, ArgumentError, 'a fused node'),
    bad('reduceSum', [f(2, 3)], { axes: [1, 0], keepDims: false }, ArgumentError, '[1, 0]', '(2, 3)'),
    bad('reduceSum', [f(2, 3)], { axes: [0, 0], keepDims: false }, ArgumentError, '[0, 0]'),
    bad('reduceSum', [f(2, 3)], { axes: [2], keepDims: false }, ArgumentError, '[2]'),
    bad('reduceMax', [b(2, 3)], { axes: [1], keepDims: false }, ArgumentError, 'bool'),
    bad('argMax', [f(2, 0)], { axis: 1 }, ShapeError, '(2, 0)'),
    bad('argMax', [f(2)], { axis: -1 }, ArgumentError, 'axis -1'),
    bad('moments', [i(2)], { axes: [0] }, ArgumentError, 'int32'),
    bad('reshape', [f(2, 3)], { shape: [7] }, ShapeError, '6 elements', '(2, 3)', '(7,)'),
    bad('transpose', [f(2, 3)], { permutation: [0, 0] }, ArgumentError, '(2, 3)', '[0,0]'),
    bad('transpose', [f(2, 3)], { permutation: [0] }, ArgumentError, '[0]'),
    bad('broadcast', [f(3, 2)], { shape: [3] }, ShapeError, '(3,)', '(3, 2)'),
    bad('broadcast', [f(3)], { shape: [3, 1] }, ShapeError, '(3, 1)'),
    bad('slice', [f(3)], { starts: [2], limits: [4], strides: [1] }, ShapeError, 'limit 4', '(3,)'),
    bad('slice', [f(3)], { starts: [2], limits: [1], strides: [1] }, ShapeError, 'start 2'),
    bad('slice', [f(3)], { starts: [0], limits: [1], strides: [0] }, ArgumentError, 'strides'),
    bad('slice', [f(3)], { starts: [0, 0], limits: [1], strides: [1] }, ArgumentError, 'starts'),
    bad('pad', [f(3)], { low: [-1], high: [0], interior: [0], value: 0 }, ArgumentError, 'low', '[-1]'),
    bad('concat', [], { axis: 0 }, ArgumentError, 'at least one'),
    bad('concat', [f(2, 3), f(3, 3)], { axis: 1 }, ShapeError, '(2, 3)', '(3, 3)'),
    bad('concat', [f(2, 3), i(2, 3)], { axis: 1 }, ArgumentError, 'int32'),
    bad('reverse', [f(2)], { axes: [1] }, ArgumentError, '[1]'),
    bad('gather', [f(2), f(2)], { axis: 0 }, ArgumentError, 'int32'),
    bad('gather', [f(), i(2)], { axis: 0 }, ArgumentError, 'axis 0'),
    bad('scatterAdd', [i(2), f(3, 4)], { axis: 0, shape: [5, 4] }, ShapeError, '(2, 4)', '(3, 4)'),
    bad('takeAlong', [f(2, 3), i(3, 3)], { axis: 1 }, ShapeError, '(2, 3)', '(3, 3)'),
    bad('scatterAlong', [i(2, 3), f(2, 2)], { axis: 1, shape: [2, 5] }, ShapeError, '(2, 3)', '(2, 2)'),
    bad('matmul', [f(2, 3), f(4, 5)], { transposeA: false, transposeB: false }, ShapeError, '(2, 3)', '(4, 5)', '3 and 4'),
    bad('matmul', [f(2, 3, 4), f(3, 4, 5)], { transposeA: false, transposeB: false }, ShapeError, '(2, 3, 4)', '(3, 4, 5)'),
    bad('matmul', [f(3), f(3)], { transposeA: false, transposeB: false }, ShapeError, '(3,)'),
    bad('conv', [f(2, 7, 7, 3), f(3, 3, 4, 5)], conv, ShapeError, '(2, 7, 7, 3)', '(3, 3, 4, 5)'),
    bad('conv', [f(2, 7, 7, 4), f(3, 3, 2, 5)], { ...conv, groups: 2 }, ShapeError, 'divisible by groups (2)', '(3, 3, 2, 5)'),
    bad('conv', [f(2, 2, 7, 3), f(3, 3, 3, 5)], conv, ShapeError, 'height', '2 + 0 + 0'),
    bad('conv', [f(2, 7, 2, 3), f(3, 3, 3, 5)], conv, ShapeError, 'width'),
    bad('conv', [f(7, 7, 3), f(3, 3, 3, 5)], conv, ShapeError, '(7, 7, 3)'),
    bad('conv', [f(2, 7, 7, 3), f(3, 3, 3, 5)], stretched, ArgumentError, 'padding'),
    bad('conv', [f(2, 7, 7, 3), f(3, 3, 3, 5)], { ...conv, strides: [0, 1] }, ArgumentError, 'strides'),
    bad('conv', [f(2, 7, 7, 3), f(3, 3, 3, 5)], { ...conv, dilation: [1, 0] }, ArgumentError, 'dilation'),
    bad('conv', [f(2, 7, 7, 3), f(3, 3, 3, 5), f(5)], conv, ArgumentError, '2 inputs (x, kernel)'),
    bad('conv', [f(1, 2, 2, 1), f(1, 1, 1, 4), f(3), f(1, 2, 2, 4)], { ...conv, epilogue: full }, ShapeError, 'bias', '(4,)', '(3,)'),
    bad('conv', [f(1, 2, 2, 1), f(1, 1, 1, 4), f(4), f(1, 2, 2, 1)], { ...conv, epilogue: full }, ShapeError, 'residual', '(1, 2, 2, 4)'),
    bad('convInputGrad', [f(2, 4, 7, 5), f(3, 2, 3, 5)], { ...unitConv, inputShape: [2, 7, 8, 3] }, ShapeError, '(2, 5, 7, 5)', '(2, 4, 7, 5)'),
    bad('convKernelGrad', [f(2, 7, 8, 3), f(2, 5, 7, 4)], { ...unitConv, kernelShape: [3, 2, 3, 5] }, ShapeError, '(2, 5, 7, 5)', '(2, 5, 7, 4)'),
    bad('maxPool', [f(2, 1, 4, 3)], pool, ShapeError, 'height'),
    bad('avgPool', [f(2, 4, 4, 3)], { ...pool, padding: [[2, 0], [0, 0]] }, ArgumentError, 'padding smaller than the window'),
    bad('maxPoolGrad', [f(2, 5, 4, 3), f(2, 2, 3, 3)], pool, ShapeError, '(2, 2, 2, 3)', '(2, 2, 3, 3)'),
    bad('avgPoolGrad', [f(2, 2, 3, 3)], { ...pool, inputShape: [2, 5, 4, 3] }, ShapeError, '(2, 2, 2, 3)'),
    bad('affineSample', [f(2, 4, 4, 3), f(1, 8)], { interpolation: 'nearest', fillMode: 'wrap', fillValue: 0 }, ShapeError, '(2, 8)', '(1, 8)'),
    bad('resize', [f(4, 4, 3)], { size: [2, 2], method: 'area', antialias: false }, ShapeError, 'rank 4', '(4, 4, 3)'),
    bad('resize', [f(1, 4, 4, 3)], { size: [0, 2], method: 'area', antialias: false }, ArgumentError, 'size'),
    bad('resizeGrad', [f(2, 7, 2, 3)], { size: [7, 1], method: 'area', antialias: true, inputShape: [2, 4, 4, 3] }, ShapeError, '(2, 7, 1, 3)'),
  ] // prettier-ignore
  it.each(cases)('$title', ({ run, error }) => {
    let thrown: unknown
    try {
      run()
    } catch (caught) {
      thrown = caught
    }
    expect(thrown).toBeInstanceOf(error!.kind)
    const { message } = thrown as Error
    for (const part of error!.says) {
      if (typeof part === 'string') expect(message).toContain(part)
      else expect(message).toMatch(part)
    }
  })
})

describe('fused nodes', () => {
  const p = leaf([2, 3], 'float32', 'p0')
  const q = leaf([3], 'float32', 'p1')
  const sum = makeNode('add', [p, q], {})
  const mask = makeNode('less', [p, q], {})
  const body = { parameters: [p, q], results: [sum, mask] }

  it('have the type of their first result, and results of their own', () => {
    const fused = makeNode('fused', [leaf([2, 3]), leaf([3])], { body })
    expect([fused.shape, fused.dtype]).toEqual([[2, 3], 'float32'])
    expect(makeNode('result', [fused], { index: 1 }).dtype).toBe('bool')
    expect(() => makeNode('result', [fused], { index: 2 })).toThrow(ArgumentError)
  })
  it('refuse inputs that differ from the parameters', () => {
    expect(() => makeNode('fused', [leaf([2, 3])], { body })).toThrow(ArgumentError)
    expect(() => makeNode('fused', [leaf([2, 3]), leaf([1])], { body })).toThrow(ShapeError)
  })
  it('refuse results of several shapes', () => {
    const uneven = { parameters: [p, q], results: [sum, makeNode('neg', [q], {})] }
    expect(() => makeNode('fused', [leaf([2, 3]), leaf([3])], { body: uneven })).toThrow(ShapeError)
  })
})
