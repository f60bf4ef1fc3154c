import { afterEach, describe, expect, test, vi } from 'vitest'
import { ArgumentError, EngineError, ShapeError } from '../../src/errors.ts'
import { expectArray, f32, i32, ops, type, useReferenceEngine } from './helpers.ts'

useReferenceEngine()
afterEach(() => vi.restoreAllMocks())

describe('construction', () => {
  test('from arrays, numbers, tensors and Variables', async () => {
    const v = new ops.Variable(new Float32Array([1, 2]))
    expect([type(v as unknown as ops.Tensor), v.trainable, v.name, v.path]).toEqual([
      'float32(2)',
      true,
      v.name,
      v.name,
    ])
    await expectArray(new ops.Variable(new Float32Array(4), { shape: [2, 2] }), [[0, 0], [0, 0]]) // prettier-ignore
    await expectArray(new ops.Variable(3), 3)
    await expectArray(new ops.Variable(3, { shape: [2], dtype: 'int32' }), [3, 3])
    await expectArray(new ops.Variable(ops.add(f32(1), 1)), [2])
    await expectArray(new ops.Variable(v), [1, 2])
    expect(new ops.Variable(0, { name: 'kernel' }).path).toBe('kernel')
    expect(new ops.Variable(i32(1)).dtype).toBe('int32')
  })
  test('refusals', () => {
    expect(() => new ops.Variable(new Float32Array(3), { shape: [2] })).toThrow(ShapeError)
    expect(() => new ops.Variable(f32(1), { shape: [2] })).toThrow(ShapeError)
    expect(() => new ops.Variable(f32(1), { dtype: 'int32' })).toThrow(/cast/)
    expect(() => new ops.Variable(new Float64Array(1) as unknown as Float32Array)).toThrow(ArgumentError)
  })
  test('needs no engine', async () => {
    const upload = vi.spyOn(await ops.ready(), 'upload')
    const v = new ops.Variable(new Float32Array(100))
    expect((await v.data()).length).toBe(100)
    expect(upload).not.toHaveBeenCalled()
  })
})

describe('assignment', () => {
  test('assign, assignAdd, assignSub', async () => {
    const v = new ops.Variable(new Float32Array([1, 2]), { name: 'weights' })
    v.assign([3, 4])
    v.assignAdd(1)
    v.assignSub(f32(0, 1))
    await expectArray(v, [4, 4])
    const count = new ops.Variable(0, { dtype: 'int32' })
    count.assignAdd(1)
    count.assignAdd(true)
    await expectArray(count, 2)
    v.assign(i32(7, 8))
    expect(v.value().dtype).toBe('float32')
    await expectArray(v, [7, 8])
  })
  test('shape and dtype are checked, by the name of the Variable', () => {
    const v = new ops.Variable(new Float32Array([1, 2]), { name: 'weights' })
    expect(() => v.assign([1, 2, 3])).toThrow(/Variable "weights", assign: expected shape \(2,\), received "\(3,\)"/)
    expect(() => v.assign(1)).toThrow(ShapeError)
    const count = new ops.Variable(0, { dtype: 'int32' })
    expect(() => count.assign(0.5)).toThrow(ArgumentError)
    expect(() => count.assignAdd(f32(1))).toThrow()
  })
  test('a snapshot keeps its value, lazily or evaluated', async () => {
    const v = new ops.Variable(new Float32Array([1]))
    const first = v.value()
    const doubled = ops.multiply(v, 2)
    v.assign([5])
    const second = v.value()
    v.assignAdd(1)
    await expectArray(v, [6])
    await expectArray(second, [5])
    await expectArray(first, [1])
    await expectArray(doubled, [2])
  })
  test('is lazy, and one flush runs all pending assignments as one graph', async () => {
    const engine = await ops.ready()
    const [a, b, c] = [new ops.Variable(1), new ops.Variable(2), new ops.Variable(0)]
    const compile = vi.spyOn(engine, 'compile')
    a.assign(ops.add(b, ops.exp(a)))
    b.assign(ops.multiply(a, 3))
    await Promise.resolve()
    expect(compile).not.toHaveBeenCalled()
    ops.flush()
    c.assign(ops.add(a, 10))
    await Promise.resolve()
    expect(compile).toHaveBeenCalledTimes(1)
    expect(compile.mock.calls[0]![0].outputs).toHaveLength(3)
    expect(await a.item()).toBeCloseTo(2 + Math.E, 5)
    expect(await c.item()).toBeCloseTo(12 + Math.E, 5)
    expect(await b.item()).toBeCloseTo(3 * (2 + Math.E), 5)
    expect(compile).toHaveBeenCalledTimes(1)
  })
  test('a read joins a flush that was asked for', async () => {
    const engine = await ops.ready()
    const v = new ops.Variable(1)
    const loss = ops.square(ops.add(v, 0.25))
    v.assignSub(ops.multiply(loss, 0.5))
    ops.flush()
    const compile = vi.spyOn(engine, 'compile')
    expect(await loss.item()).toBe(1.5625)
    expect(await v.item()).toBe(1 - 0.78125)
    expect(compile.mock.calls.length).toBeLessThanOrEqual(1)
  })
  test('steps without a pause are cut into graphs of one step', async () => {
    const engine = await ops.ready()
    const compile = vi.spyOn(engine, 'compile')
    const v = new ops.Variable(0)
    for (let step = 0; step < 50; step++) {
      v.assign(ops.add(ops.multiply(v, 0.5), 1.375))
      ops.flush()
    }
    expect(await v.item()).toBeCloseTo(2.75, 5)
    for (const [graph] of compile.mock.calls) expect(graph.nodes.length).toBeLessThan(12)
    expect(compile.mock.calls.length).toBeLessThanOrEqual(3)
  })
  test('a failure leaves the former value and is reported to the next who waits', async () => {
    const v = new ops.Variable(new Float32Array([1, 2]))
    v.assign([3, 4])
    await v.data()
    v.assign(ops.take(v, i32(0, 9), 0))
    ops.flush()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await expect(v.data()).rejects.toThrow(EngineError)
    await expectArray(v, [3, 4])
    v.assignAdd(1)
    await expectArray(v, [4, 5])
  })
  test('a tensor of a traced function cannot be assigned outside', async () => {
    let leaked: ops.Tensor | undefined
    ops.shapeOnly((x) => (leaked = ops.add(x, 1)), [{ shape: [], dtype: 'float32' }])
    const [v, w] = [new ops.Variable(1), new ops.Variable(2)]
    v.assign(leaked!)
    w.assign(3)
    await expect(v.data()).rejects.toThrow(ArgumentError)
    await expectArray(v, 1)
    await expectArray(w, 3)
    await expect(leaked!.data()).rejects.toThrow(/stands for a value inside a traced function/)
  })
})
