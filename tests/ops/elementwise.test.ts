import { describe, expect, test } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import { expectArray, expectClose, f32, i32, ops, type, u8, useReferenceEngine } from './helpers.ts'

useReferenceEngine()

describe('functions of one operand', () => {
  const cases: [string, (x: ops.TensorLike) => ops.Tensor, number[], number[]][] = [
    ['exp', ops.exp, [0, 1, -1], [1, Math.E, 1 / Math.E]],
    ['expm1', ops.expm1, [0, 1e-7], [0, 1.0000000500000015e-7]],
    ['log', ops.log, [1, Math.E, 0], [0, 1, -Infinity]],
    ['log1p', ops.log1p, [0, 1], [0, Math.LN2]],
    ['sqrt', ops.sqrt, [4, 2], [2, Math.SQRT2]],
    ['rsqrt', ops.rsqrt, [4, 0.25], [0.5, 2]],
    ['tanh', ops.tanh, [0, 1], [0, 0.7615941559557649]],
    ['sigmoid', ops.sigmoid, [0, 2, -200], [0.5, 0.8807970779778823, 0]],
    ['erf', ops.erf, [0, 1, -0.5], [0, 0.8427007929497149, -0.5204998778130465]],
    ['sin', ops.sin, [0, Math.PI / 2], [0, 1]],
    ['cos', ops.cos, [0, Math.PI], [1, -1]],
    ['floor', ops.floor, [1.5, -1.5], [1, -2]],
    ['ceil', ops.ceil, [1.5, -1.5], [2, -1]],
    ['round', ops.round, [0.5, 1.5, 2.5, -0.6], [0, 2, 2, -1]],
    ['negative', ops.negative, [1, -2], [-1, 2]],
    ['abs', ops.abs, [1, -2], [1, 2]],
    ['sign', ops.sign, [3, -2, 0], [1, -1, 0]],
    ['square', ops.square, [3, -2], [9, 4]],
    ['reciprocal', ops.reciprocal, [4, -2], [0.25, -0.5]],
    ['relu', ops.relu, [3, -2, 0, NaN], [3, 0, 0, NaN]],
    ['relu6', ops.relu6, [3, -2, 7], [3, 0, 6]],
    ['softplus', ops.softplus, [0, 1, -100, 1000], [Math.LN2, 1.3132616875182228, 3.783505853677006e-44, 1000]],
    ['softplus of infinities', ops.softplus, [Infinity, -Infinity, 3e38], [Infinity, 0, 3e38]],
    ['logSigmoid', ops.logSigmoid, [0, -1000, 100], [-Math.LN2, -1000, 0]],
  ]
  test.each(cases)('%s', async (_name, fn, input, expected) => {
    const result = fn(f32(...input))
    expect(result.dtype).toBe('float32')
    await expectClose(result, expected)
  })

  test('integers stay integers where that makes sense, and become float32 elsewhere', async () => {
    expect(type(ops.abs(i32(-3)))).toBe('int32(1)')
    expect(type(ops.negative(u8(3)))).toBe('int32(1)')
    expect(type(ops.round(i32(3)))).toBe('int32(1)')
    expect(type(ops.exp(i32(0)))).toBe('float32(1)')
    expect(type(ops.floor(u8(1)))).toBe('float32(1)')
    await expectArray(ops.square(i32(-3)), [9])
    await expectArray(ops.relu(i32(-3, 4)), [0, 4])
  })

  test('tests give bool', async () => {
    const x = f32(1, Infinity, NaN)
    expect(ops.isFinite(x).dtype).toBe('bool')
    await expectArray(ops.isFinite(x), [1, 0, 0])
    await expectArray(ops.isNan(x), [0, 0, 1])
    await expectArray(ops.logicalNot(f32(0, 2)), [1, 0])
    expect(await ops.isNan(x).data()).toBeInstanceOf(Uint8Array)
  })

  test('cast', async () => {
    await expectArray(ops.cast(f32(1.9, -1.9, NaN, 300), 'int32'), [1, -1, 0, 300])
    await expectArray(ops.cast(f32(1.9, -1.9, 300), 'uint8'), [1, 0, 255])
    await expectArray(ops.cast(f32(0, -0.5), 'bool'), [0, 1])
    const x = f32(1)
    expect(ops.cast(x, 'float32')).toBe(x)
  })

  test('clip', async () => {
    await expectArray(ops.clip(f32(-1, 0.5, 2), 0, 1), [0, 0.5, 1])
    const ints = ops.clip(i32(-1, 5), 0, 3)
    expect(ints.dtype).toBe('int32')
    await expectArray(ints, [0, 3])
    await expectArray(ops.clip(i32(-1, 5), -Infinity, 3), [-1, 3])
    await expectArray(ops.clip(f32(-1, 5), f32(0, 0), f32(1, 6)), [0, 5])
    expect(() => ops.clip(f32(1), 2, 1)).toThrow(ArgumentError)
  })
})

describe('functions of two operands', () => {
  test('broadcast like NumPy', async () => {
    await expectArray(ops.add([[1], [2]], [10, 20]), [
      [11, 21],
      [12, 22],
    ])
    expect(() => ops.add(f32(1, 2), f32(1, 2, 3))).toThrow(ShapeError)
  })

  test('values', async () => {
    const [a, b] = [f32(7, -7, 2), f32(2, 2, -3)]
    await expectArray(ops.subtract(a, b), [5, -9, 5])
    await expectArray(ops.multiply(a, b), [14, -14, -6])
    await expectArray(ops.divide(a, f32(2, 2, 4)), [3.5, -3.5, 0.5])
    await expectArray(ops.mod(a, b), [1, 1, -1])
    await expectArray(ops.power(a, 2), [49, 49, 4])
    await expectArray(ops.maximum(a, b), [7, 2, 2])
    await expectArray(ops.minimum(a, b), [2, -7, -3])
    await expectArray(ops.maximum(f32(NaN), 1), [NaN])
    await expectArray(ops.equal(a, f32(7, 0, 2)), [1, 0, 1])
    await expectArray(ops.notEqual(a, f32(7, 0, 2)), [0, 1, 0])
    await expectArray(ops.less(f32(1, 2, 3), 2), [1, 0, 0])
    await expectArray(ops.lessEqual(f32(1, 2, 3), 2), [1, 1, 0])
    await expectArray(ops.greater(f32(1, 2, 3), 2), [0, 0, 1])
    await expectArray(ops.greaterEqual(f32(1, 2, 3), 2), [0, 1, 1])
    await expectArray(ops.logicalAnd([true, true], [true, false]), [1, 0])
    await expectArray(ops.logicalOr(f32(0, 0), f32(0, 5)), [0, 1])
    await expectArray(ops.where([true, false], f32(1, 2), 9), [1, 9])
  })

  test('numbers take the dtype of the other operand, if it can hold them', () => {
    expect(ops.add(i32(1), 1).dtype).toBe('int32')
    expect(ops.add(1, i32(1)).dtype).toBe('int32')
    expect(ops.add(i32(1), 1.5).dtype).toBe('float32')
    expect(ops.add(i32(1), 2 ** 40).dtype).toBe('float32')
    expect(ops.add(u8(1), 1).dtype).toBe('uint8')
    expect(ops.add(u8(1), -1).dtype).toBe('int32')
    expect(ops.add(u8(1), 0.5).dtype).toBe('float32')
    expect(ops.add(f32(1), 1).dtype).toBe('float32')
    expect(ops.add(1, 2).dtype).toBe('float32')
    expect(ops.add(i32(1), true).dtype).toBe('int32')
  })

  test('mixed dtypes promote bool < uint8 < int32 < float32', async () => {
    const bool = ops.tensor([true, false])
    expect(ops.multiply(bool, f32(2, 3)).dtype).toBe('float32')
    await expectArray(ops.multiply(bool, f32(2, 3)), [2, 0])
    expect(ops.add(bool, u8(1, 2)).dtype).toBe('uint8')
    expect(ops.add(bool, bool).dtype).toBe('int32')
    await expectArray(ops.add(bool, bool), [2, 0])
    expect(ops.add(u8(1), i32(1)).dtype).toBe('int32')
    expect(ops.add(i32(1), f32(1)).dtype).toBe('float32')
    expect(ops.where([true], i32(1), f32(1)).dtype).toBe('float32')
    expect(ops.divide(i32(1), i32(2)).dtype).toBe('float32')
    expect(ops.power(i32(2), 2).dtype).toBe('float32')
  })

  test('uint8 arithmetic wraps, and compares by value', async () => {
    await expectArray(ops.add(u8(200), u8(100)), [44])
    await expectArray(ops.less(u8(200), i32(300)), [1])
    await expectArray(ops.equal(u8(200), 200), [1])
  })
})

describe('gradients at the kinks', () => {
  test('softplus at 0 is 1/2, relu at 0 is 0, clip at its bounds 0, maximum gives the first', async () => {
    const grad = (fn: (x: ops.Tensor) => ops.Tensor, ...at: number[]) => {
      const x = f32(...at)
      return ops.gradients(fn(x), [x])[0]!
    }
    await expectClose(grad(ops.softplus, 0, 2, -2, -200), [0.5, 0.8807970779778823, 0.11920292202211755, 0])
    await expectClose(grad(ops.logSigmoid, 0, 2), [0.5, 0.11920292202211755])
    await expectArray(grad(ops.relu, -1, 0, 1), [0, 0, 1])
    await expectArray(
      grad((x) => ops.clip(x, -1, 1), -1, 0, 1),
      [0, 1, 0],
    )
    await expectArray(
      grad((x) => ops.maximum(x, 0), 0),
      [1],
    )
    await expectArray(
      grad((x) => ops.maximum(0, x), 0),
      [0],
    )
    expect(ops.gradients(ops.stopGradient(ops.square(f32(1))), [f32(1)])).toEqual([null])
  })
})
