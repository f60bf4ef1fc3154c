import { describe, expect, test } from 'vitest'
import { ArgumentError } from '../../src/errors.ts'
import { expectArray, expectClose, f32, i32, ops, type, u8, useReferenceEngine } from './helpers.ts'

useReferenceEngine()

const x = () =>
  ops.tensor([
    [1, 2, 3],
    [4, 5, 9],
  ])

describe('sums and extremes', () => {
  test('sum over axes', async () => {
    await expectArray(ops.sum(x()), 24)
    await expectArray(ops.sum(x(), { axis: 0 }), [5, 7, 12])
    await expectArray(ops.sum(x(), { axis: -1, keepdims: true }), [[6], [18]])
    await expectArray(ops.sum(x(), { axis: [0, 1] }), 24)
    await expectArray(ops.sum(x(), { axis: [] }), [
      [1, 2, 3],
      [4, 5, 9],
    ])
    expect(type(ops.sum(u8(200, 100)))).toBe('int32()')
    await expectArray(ops.sum(u8(200, 100)), 300)
    await expectArray(ops.sum([true, true, false]), 2)
  })
  test('mean is float32', async () => {
    await expectArray(ops.mean(x(), { axis: 1 }), [2, 6])
    await expectArray(ops.mean(i32(1, 2)), 1.5)
    await expectArray(ops.mean(u8(255, 254)), 254.5)
    await expectArray(ops.mean(f32()), NaN)
  })
  test('max, min keep the dtype', async () => {
    await expectArray(ops.max(x(), { axis: 0 }), [4, 5, 9])
    await expectArray(ops.min(x(), { axis: 1, keepdims: true }), [[1], [4]])
    expect(ops.max(u8(1, 200)).dtype).toBe('uint8')
    await expectArray(ops.max(u8(1, 200)), 200)
    await expectArray(ops.max(f32(1, NaN)), NaN)
    expect(() => ops.max(f32())).toThrow(ArgumentError)
  })
  test('prod', async () => {
    await expectArray(ops.prod(x()), 1080)
    await expectArray(ops.prod(x(), { axis: 1 }), [6, 180])
    await expectArray(ops.prod(x(), { axis: 0, keepdims: true }), [[4, 10, 27]])
    await expectArray(ops.prod(f32(-2, 3, -1, 5, 1)), 30)
    await expectArray(ops.prod(ops.zeros([0, 2]), { axis: 0 }), [1, 1])
    const y = f32(2, 0, 3)
    await expectArray(ops.gradients(ops.prod(y), [y])[0]!, [0, 6, 0])
  })
  test('any, all', async () => {
    const b = ops.tensor([
      [true, false],
      [true, true],
    ])
    await expectArray(ops.any(b, { axis: 1 }), [1, 1])
    await expectArray(ops.all(b, { axis: 1 }), [0, 1])
    await expectArray(ops.all(b), 0)
    await expectArray(ops.any(f32(0, -1)), 1)
    await expectArray(ops.any(f32()), 0)
    await expectArray(ops.all(f32()), 1)
  })
  test('argmax, argmin', async () => {
    await expectArray(ops.argmax(x()), 5)
    await expectArray(ops.argmax(x(), { axis: 0 }), [1, 1, 1])
    await expectArray(ops.argmin(x(), { axis: -1, keepdims: true }), [[0], [0]])
    await expectArray(ops.argmax(f32(1, 3, 3)), 1)
    await expectArray(ops.argmin(i32(0, -(2 ** 31), 5)), 1)
    await expectArray(ops.argmin(u8(3, 1, 2)), 1)
    expect(type(ops.argmax(x(), { keepdims: true }))).toBe('int32(1,1)')
  })
  test('axes out of range or twice are refused', () => {
    expect(() => ops.sum(x(), { axis: 2 })).toThrow(/sum: expected an axis from -2 to 1/)
    expect(() => ops.sum(x(), { axis: [0, -2] })).toThrow(ArgumentError)
    expect(() => ops.argmax(x(), { axis: 5 })).toThrow(ArgumentError)
  })
})

describe('moments', () => {
  test('mean and biased variance', async () => {
    const { mean, variance } = ops.moments(x(), { axes: [1] })
    await expectClose(mean, [2, 6])
    await expectClose(variance, [2 / 3, 14 / 3])
    const kept = ops.moments(x(), { axes: 0, keepdims: true })
    expect([type(kept.mean), type(kept.variance)]).toEqual(['float32(1,3)', 'float32(1,3)'])
    await expectClose(ops.variance(x()), 20 / 3)
    await expectClose(ops.std(x(), { axis: 0, keepdims: true }), [[1.5, 1.5, 3]])
    await expectClose(ops.variance(f32(100001, 100003)), 1)
  })
})

describe('the softmax family', () => {
  test('softmax sums to one and does not overflow', async () => {
    await expectClose(ops.softmax(f32(0, Math.log(3))), [0.25, 0.75])
    await expectClose(ops.softmax(f32(1000, 1000)), [0.5, 0.5])
    await expectClose(ops.softmax([[0], [0]], { axis: 0 }), [[0.5], [0.5]])
    await expectClose(ops.softmax(ops.zeros([2, 2]), { axis: [0, 1] }), [
      [0.25, 0.25],
      [0.25, 0.25],
    ])
  })
  test('logSoftmax is exact where the softmax vanishes', async () => {
    await expectClose(ops.logSoftmax(f32(0, -1000)), [0, -1000])
  })
  test('logsumexp', async () => {
    await expectClose(ops.logsumexp(f32(1000, 1000)), 1000 + Math.LN2)
    await expectClose(ops.logsumexp(f32(-Infinity, -Infinity)), -Infinity)
    await expectClose(ops.logsumexp([[0, 0]], { axis: 1, keepdims: true }), [[Math.LN2]])
    const y = f32(0, Math.log(3))
    await expectClose(ops.gradients(ops.logsumexp(y), [y])[0]!, [0.25, 0.75])
  })
  test('the gradient of softmax', async () => {
    const y = f32(0, Math.log(3))
    const [g] = ops.gradients(ops.sum(ops.multiply(ops.softmax(y), [1, 0])), [y])
    await expectClose(g!, [0.25 * 0.75, -0.25 * 0.75])
  })
})

test('norm, l2Normalize, cumsum', async () => {
  await expectClose(ops.norm([[3, 4]], { axis: 1 }), [5])
  await expectClose(ops.norm([[3, 4]]), 5)
  await expectClose(ops.l2Normalize([[3, 4]]), [[0.6, 0.8]])
  await expectClose(ops.l2Normalize(f32(0, 0)), [0, 0])
  await expectArray(ops.cumsum(f32(1, 2, 3, 4, 5)), [1, 3, 6, 10, 15])
  await expectArray(ops.cumsum(x(), { axis: 0 }), [
    [1, 2, 3],
    [5, 7, 12],
  ])
  expect(ops.cumsum(i32(1, 2)).dtype).toBe('int32')
})
