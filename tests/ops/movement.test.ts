import { describe, expect, test } from 'vitest'
import { ArgumentError, EngineError, ShapeError } from '../../src/errors.ts'
import { expectArray, f32, i32, ops, type, u8, useReferenceEngine } from './helpers.ts'

useReferenceEngine()

const x = () => ops.reshape(ops.arange(6), [2, 3])

describe('shapes', () => {
  test('reshape, with one dim inferred', async () => {
    await expectArray(ops.reshape(x(), [3, -1]), [
      [0, 1],
      [2, 3],
      [4, 5],
    ])
    await expectArray(ops.reshape(x(), [-1]), [0, 1, 2, 3, 4, 5])
    expect(type(ops.reshape(f32(1), []))).toBe('float32()')
    expect(() => ops.reshape(x(), [4, -1])).toThrow(ShapeError)
    expect(() => ops.reshape(x(), [-1, -1])).toThrow(ShapeError)
    expect(() => ops.reshape(x(), [7])).toThrow(/reshape: expected a shape for 6 elements/)
  })
  test('transpose', async () => {
    await expectArray(ops.transpose(x()), [
      [0, 3],
      [1, 4],
      [2, 5],
    ])
    expect(ops.transpose(ops.zeros([2, 3, 4]), [2, 0, -2]).shape).toEqual([4, 2, 3])
    expect(() => ops.transpose(x(), [0, 0])).toThrow(ArgumentError)
  })
  test('expandDims, squeeze', () => {
    expect(ops.expandDims(x(), 0).shape).toEqual([1, 2, 3])
    expect(ops.expandDims(x(), -1).shape).toEqual([2, 3, 1])
    expect(ops.squeeze(ops.zeros([1, 2, 1])).shape).toEqual([2])
    expect(ops.squeeze(ops.zeros([1, 2, 1]), -1).shape).toEqual([1, 2])
    expect(() => ops.squeeze(x(), 0)).toThrow(ShapeError)
    expect(() => ops.expandDims(x(), 4)).toThrow(ArgumentError)
  })
  test('broadcastTo', async () => {
    await expectArray(ops.broadcastTo(f32(1, 2), [2, 2]), [
      [1, 2],
      [1, 2],
    ])
    expect(() => ops.broadcastTo(f32(1, 2), [2, 3])).toThrow(ShapeError)
  })
})

describe('parts', () => {
  test('slice', async () => {
    await expectArray(ops.slice(x(), [0, 1], [2, -1]), [
      [1, 2],
      [4, 5],
    ])
    expect(() => ops.slice(x(), [0], [1])).toThrow(ArgumentError)
    expect(() => ops.slice(x(), [0, 2], [1, 2])).toThrow(ShapeError)
  })
  test('stridedSlice is Python slicing', async () => {
    const y = ops.arange(10)
    const cut = (start: number | null, limit: number | null, stride = 1) =>
      ops.stridedSlice(y, { starts: [start], limits: [limit], strides: [stride] })
    await expectArray(cut(2, 8, 3), [2, 5])
    await expectArray(cut(-3, null), [7, 8, 9])
    await expectArray(cut(null, -7), [0, 1, 2])
    await expectArray(cut(null, null, -1), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    await expectArray(cut(8, 2, -2), [8, 6, 4])
    await expectArray(cut(7, 2, -2), [7, 5, 3])
    await expectArray(cut(-100, 2), [0, 1])
    await expectArray(cut(5, 100, 4), [5, 9])
    await expectArray(cut(5, 5), [])
    await expectArray(cut(2, 8, -1), [])
    await expectArray(ops.stridedSlice(x(), { starts: [1] }), [[3, 4, 5]])
    expect(() => cut(0, 1, 0)).toThrow(ArgumentError)
    expect(() => ops.stridedSlice(y, { starts: [0, 0] })).toThrow(ArgumentError)
  })
  test('concatenate, stack, split, unstack', async () => {
    await expectArray(
      ops.concatenate([
        [[1], [2]],
        [[3], [4]],
      ]),
      [
        [1, 3],
        [2, 4],
      ],
    )
    await expectArray(ops.concatenate([f32(1), f32(2, 3)], 0), [1, 2, 3])
    expect(ops.concatenate([i32(1), f32(2)]).dtype).toBe('float32')
    await expectArray(ops.stack([f32(1, 2), f32(3, 4)], -1), [
      [1, 3],
      [2, 4],
    ])
    expect(() => ops.stack([f32(1), f32(1, 2)])).toThrow(ShapeError)
    expect(() => ops.concatenate([])).toThrow(ArgumentError)
    const parts = ops.split(ops.arange(6), 3)
    expect(parts.map((part) => part.shape)).toEqual([[2], [2], [2]])
    await expectArray(parts[2]!, [4, 5])
    const uneven = ops.split(x(), [1, 3], -1)
    expect(uneven.map((part) => part.shape)).toEqual([
      [2, 1],
      [2, 2],
      [2, 0],
    ])
    expect(() => ops.split(x(), 2, 1)).toThrow(ArgumentError)
    const rows = ops.unstack(x())
    await expectArray(rows[1]!, [3, 4, 5])
    expect(ops.unstack(x(), 1)).toHaveLength(3)
  })
})

describe('repetition and borders', () => {
  test('flip, repeat, tile', async () => {
    await expectArray(ops.flip(x(), 1), [
      [2, 1, 0],
      [5, 4, 3],
    ])
    await expectArray(ops.flip(f32(1, 2)), [2, 1])
    await expectArray(ops.repeat(f32(1, 2), 2, 0), [1, 1, 2, 2])
    await expectArray(ops.repeat(x(), 2), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    await expectArray(ops.repeat([[1, 2]], 2, -1), [[1, 1, 2, 2]])
    await expectArray(ops.tile(f32(1, 2), 2), [1, 2, 1, 2])
    await expectArray(ops.tile(f32(1, 2), [2, 1]), [
      [1, 2],
      [1, 2],
    ])
    await expectArray(ops.tile([[1], [2]], 2), [
      [1, 1],
      [2, 2],
    ])
  })
  test('pad in every mode', async () => {
    const y = f32(1, 2, 3)
    await expectArray(ops.pad(y, [[1, 2]]), [0, 1, 2, 3, 0, 0])
    await expectArray(ops.pad(y, [[1, 0]], { value: 7 }), [7, 1, 2, 3])
    await expectArray(ops.pad(y, [[2, 3]], { mode: 'reflect' }), [3, 2, 1, 2, 3, 2, 1, 2])
    await expectArray(ops.pad(y, [[2, 4]], { mode: 'symmetric' }), [2, 1, 1, 2, 3, 3, 2, 1, 1])
    await expectArray(ops.pad(y, [[1, 1]], { mode: 'edge' }), [1, 1, 2, 3, 3])
    await expectArray(ops.pad(u8(5), [[1, 1]], { mode: 'reflect' }), [5, 5, 5])
    expect(() => ops.pad(y, [])).toThrow(ArgumentError)
    expect(() => ops.pad(y, [[1, 1]], { mode: 'wrap' as 'edge' })).toThrow(/mode/)
  })
})

describe('indices', () => {
  test('take', async () => {
    await expectArray(ops.take(x(), [1, 0], 0), [
      [3, 4, 5],
      [0, 1, 2],
    ])
    await expectArray(ops.take(x(), 2, 1), [2, 5])
    await expectArray(ops.take(x(), -1), 5)
    await expectArray(ops.take(f32(1, 2, 3), i32(-1, 0), 0), [3, 1])
    expect(ops.take(x(), [[0, 1]], 1).shape).toEqual([2, 1, 2])
    await expect(ops.take(f32(1, 2), i32(2), 0).data()).rejects.toThrow(EngineError)
    expect(() => ops.take(x(), f32(1), 0)).toThrow(/cast\(indices/)
  })
  test('takeAlongAxis', async () => {
    await expectArray(ops.takeAlongAxis(x(), [[2], [0]], 1), [[2], [3]])
    await expectArray(ops.takeAlongAxis(x(), [[1, 0, -1]], 0), [[3, 1, 5]])
  })
  test('oneHot', async () => {
    await expectArray(ops.oneHot([1, 3, -1], 3), [
      [0, 1, 0],
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect(type(ops.oneHot(i32(1), 2, 'int32'))).toBe('int32(1,2)')
    await expectArray(ops.oneHot(1, 2), [0, 1])
  })
  test('scatterAdd', async () => {
    await expectArray(ops.scatterAdd([0, 2, 0], f32(1, 2, 3), 3), [4, 0, 2])
    await expectArray(ops.scatterAdd([1], [[1, 2]], 2), [
      [0, 0],
      [1, 2],
    ])
  })
  test('sort, argsort, topK', async () => {
    const y = f32(2, 3, 1, 3)
    await expectArray(ops.sort(y), [1, 2, 3, 3])
    await expectArray(ops.sort(y, { descending: true }), [3, 3, 2, 1])
    await expectArray(ops.argsort(y), [2, 0, 1, 3])
    await expectArray(ops.argsort(y, { descending: true }), [1, 3, 0, 2])
    await expectArray(ops.sort([[2], [1]], { axis: 0 }), [[1], [2]])
    const { values, indices } = ops.topK(y, 3)
    await expectArray(values, [3, 3, 2])
    await expectArray(indices, [1, 3, 0])
    expect(indices.dtype).toBe('int32')
    expect(() => ops.topK(y, 5)).toThrow(ArgumentError)
    expect(ops.sort(u8(2, 1)).dtype).toBe('uint8')
  })
})

describe('creation', () => {
  test('constants', async () => {
    await expectArray(ops.zeros([2]), [0, 0])
    await expectArray(ops.ones([1, 2], 'int32'), [[1, 1]])
    await expectArray(ops.full([2], 2.5), [2.5, 2.5])
    expect(ops.full([2], true).dtype).toBe('bool')
    expect(ops.full([2], 2, 'uint8').dtype).toBe('uint8')
    expect(type(ops.zerosLike(i32(1, 2)))).toBe('int32(2)')
    expect(type(ops.onesLike(f32(1), 'bool'))).toBe('bool(1)')
  })
  test('arange, eye', async () => {
    await expectArray(ops.arange(3), [0, 1, 2])
    expect(ops.arange(3).dtype).toBe('int32')
    await expectArray(ops.arange(1, 8, 3), [1, 4, 7])
    await expectArray(ops.arange(3, 0, -2), [3, 1])
    await expectArray(ops.arange(0, 1, 0.25), [0, 0.25, 0.5, 0.75])
    await expectArray(ops.arange(2, 1), [])
    expect(ops.arange(0, 3, 1, 'float32').dtype).toBe('float32')
    expect(() => ops.arange(0, 1, 0)).toThrow(ArgumentError)
    await expectArray(ops.eye(2), [
      [1, 0],
      [0, 1],
    ])
    await expectArray(ops.eye(2, 3, { k: 1, dtype: 'int32' }), [
      [0, 1, 0],
      [0, 0, 1],
    ])
  })
})
