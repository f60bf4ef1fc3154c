import { afterEach, describe, expect, test, vi } from 'vitest'
import { ArgumentError, EngineError, ShapeError } from '../../src/errors.ts'
import { expectArray, f32, i32, ops, type, useReferenceEngine } from './helpers.ts'

useReferenceEngine()
afterEach(() => vi.restoreAllMocks())

describe('tensor', () => {
  test('dtypes of JavaScript data', () => {
    expect(type(ops.tensor(1))).toBe('float32()')
    expect(type(ops.tensor([1, 2]))).toBe('float32(2)')
    expect(type(ops.tensor(true))).toBe('bool()')
    expect(type(ops.tensor([[true], [false]]))).toBe('bool(2,1)')
    expect(type(ops.tensor(new Float32Array(3)))).toBe('float32(3)')
    expect(type(ops.tensor(new Int32Array(3)))).toBe('int32(3)')
    expect(type(ops.tensor(new Uint8Array(3)))).toBe('uint8(3)')
    expect(type(ops.tensor(new Uint8ClampedArray(3)))).toBe('uint8(3)')
    expect(type(ops.tensor([new Int32Array(2), new Int32Array(2)]))).toBe('int32(2,2)')
    expect(type(ops.tensor([]))).toBe('float32(0)')
    expect(type(ops.tensor([[], []]))).toBe('float32(2,0)')
  })
  test('shape and dtype options', async () => {
    expect(type(ops.tensor([1, 2, 3, 4], { shape: [2, 2], dtype: 'int32' }))).toBe('int32(2,2)')
    await expectArray(ops.tensor(new Uint8Array([1, 0, 7]), { dtype: 'bool' }), [1, 0, 1])
    await expectArray(ops.tensor([1.7, -1.7], { dtype: 'int32' }), [1, -1])
    await expectArray(ops.tensor(300, { dtype: 'float32' }), 300)
    await expectArray(ops.tensor(ops.tensor([1, 2]), { shape: [2, 1] }), [[1], [2]])
    expect(() => ops.tensor([1, 2], { shape: [3] })).toThrow(ShapeError)
  })
  test('what is no tensor is refused', () => {
    expect(() => ops.tensor(new Float64Array(2) as unknown as Float32Array)).toThrow(/There is no float64/)
    expect(() => ops.tensor(new Uint16Array(2) as unknown as Uint8Array)).toThrow(ArgumentError)
    expect(() => ops.tensor([[1, 2], [3]])).toThrow(ShapeError)
    expect(() => ops.tensor([1, [2]] as number[])).toThrow(ShapeError)
    expect(() => ops.tensor([1, true])).toThrow(ArgumentError)
    expect(() => ops.tensor(['a'] as unknown as number[])).toThrow(ArgumentError)
    expect(() => ops.tensor('a' as unknown as number)).toThrow(/tensor: expected a tensor, a Variable/)
    expect(() => ops.tensor(null as unknown as number)).toThrow(ArgumentError)
  })
  test('reading', async () => {
    const x = ops.tensor([[1, 2], [3, 4]]) // prettier-ignore
    expect(await x.data()).toEqual(new Float32Array([1, 2, 3, 4]))
    expect(await x.array()).toEqual([[1, 2], [3, 4]]) // prettier-ignore
    expect(await ops.tensor(5).item()).toBe(5)
    expect(await ops.tensor([[[7]]]).item()).toBe(7)
    await expect(x.item()).rejects.toThrow(ArgumentError)
    expect([x.rank, x.size]).toEqual([2, 4])
    expect(await ops.zeros([2, 0, 3]).array()).toEqual([[], []])
    expect(String(x)).toBe('Tensor float32 (2, 2)')
  })
  test('data() gives a copy each time', async () => {
    const host = new Float32Array([1, 2])
    const x = ops.tensor(host)
    const copy = await x.data()
    copy[0] = 9
    expect(await x.data()).toEqual(new Float32Array([1, 2]))
    const sum = ops.add(x, 1)
    ;(await sum.data())[0] = 9
    expect(await sum.data()).toEqual(new Float32Array([2, 3]))
    host[0] = 50
    expect(await ops.add(x, 0).data()).toEqual(new Float32Array([1, 2]))
  })
})

describe('laziness', () => {
  test('nothing is computed before a read, and nothing twice', async () => {
    const engine = await ops.ready()
    const compile = vi.spyOn(engine, 'compile')
    const upload = vi.spyOn(engine, 'upload')
    const x = ops.tensor(Float32Array.from({ length: 20 }, (_, i) => i))
    const y = ops.sum(ops.multiply(x, 3))
    const z = ops.add(y, 1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(compile).not.toHaveBeenCalled()
    expect(upload).not.toHaveBeenCalled()
    expect(await y.item()).toBe(570)
    expect(compile).toHaveBeenCalledTimes(1)
    expect(upload).toHaveBeenCalledTimes(1)
    expect(await y.item()).toBe(570)
    expect(compile).toHaveBeenCalledTimes(1)
    // z was built on y's former node, which has a value now.
    const graphs = compile.mock.calls.length
    expect(await z.item()).toBe(571)
    expect(compile.mock.calls[graphs]![0].nodes.some((node) => node.op === 'reduceSum')).toBe(false)
  })

  test('the same computation on other data finds the plan of the first', async () => {
    const engine = await ops.ready()
    const step = (x: ops.Tensor) => ops.softmax(ops.tanh(ops.multiply(x, 0.123)))
    await step(f32(1, 2, 3)).data()
    const compile = vi.spyOn(engine, 'compile')
    await step(f32(4, 5, 6)).data()
    await step(ops.tensor(new Float32Array(3))).data()
    expect(compile).not.toHaveBeenCalled()
    await step(f32(1, 2)).data()
    expect(compile).toHaveBeenCalledTimes(1)
  })

  test('a number that changes from step to step becomes an input', async () => {
    const compile = vi.spyOn(await ops.ready(), 'compile')
    const results: number[] = []
    for (let rate = 1; rate <= 20; rate++) {
      results.push(await ops.sum(ops.sin(ops.multiply(f32(1, 0, 0, 0, 0), rate / 64))).item())
    }
    expect(compile.mock.calls.length).toBeLessThanOrEqual(2)
    expect(results[9]).toBeCloseTo(Math.sin(10 / 64), 6)
    expect(results[19]).toBeCloseTo(Math.sin(20 / 64), 6)
  })

  test('NaN, infinities and -0 tell plans apart', async () => {
    const at = (value: number) => ops.divide(1, ops.add(f32(0, 0, 0, 0, 0, 0, 0), ops.multiply(f32(1), value)))
    expect((await at(0).data())[0]).toBe(Infinity)
    expect((await at(NaN).data())[0]).toBeNaN()
    expect((await at(Infinity).data())[0]).toBe(0)
    const limit = (low: number, high: number) => ops.clip(f32(-5, 5, 0, 0, 0, 0), low, high)
    expect((await limit(0, Infinity).data()).slice(0, 2)).toEqual(new Float32Array([0, 5]))
    expect((await limit(-Infinity, 0).data()).slice(0, 2)).toEqual(new Float32Array([-5, 0]))
  })

  test('evaluate computes several as one graph', async () => {
    const compile = vi.spyOn(await ops.ready(), 'compile')
    const x = ops.cos(f32(1, 2, 3, 4, 5, 6, 7, 8, 9))
    const [a, b] = [ops.sum(x), ops.max(x)]
    await ops.evaluate(a, b, 3)
    expect(compile).toHaveBeenCalledTimes(1)
    await a.data()
    await b.data()
    expect(compile).toHaveBeenCalledTimes(1)
  })

  test('an error of the engine reaches the reader, and only what depends on it', async () => {
    const bad = ops.take(f32(1, 2), i32(5), 0)
    const after = ops.add(bad, 1)
    await expect(bad.data()).rejects.toThrow(EngineError)
    await expect(after.data()).rejects.toThrow(EngineError)
    await expect(ops.evaluate(bad)).rejects.toThrow(EngineError)
    expect(await ops.add(1, 2).item()).toBe(3)
  })
})
