import { afterEach, describe, expect, test, vi } from 'vitest'
import { ArgumentError } from '../../src/errors.ts'
import { expectArray, expectClose, f32, i32, ops, useReferenceEngine } from './helpers.ts'

useReferenceEngine()
afterEach(() => vi.restoreAllMocks())

describe('GradientTape', () => {
  test('watches trainable Variables that are read, and keeps the structure of the sources', async () => {
    const [a, b, unused] = [new ops.Variable(2), new ops.Variable(3), new ops.Variable(1)]
    const frozen = new ops.Variable(4, { trainable: false })
    const tape = new ops.GradientTape()
    const y = tape.record(() => ops.multiply(ops.multiply(ops.square(a), b), frozen))
    const [ga, gu, gf, gb] = tape.gradient(y, [a, unused, frozen, b])
    expect([gu, gf]).toEqual([null, null])
    await expectArray(ga!, 48)
    await expectArray(gb!, 16)
    const single = new ops.GradientTape()
    const z = single.record(() => ops.square(a))
    await expectArray(single.gradient(z, a)!, 4)
  })
  test('tensors must be watched; Variables read before, or when not trainable, are not', async () => {
    const x = f32(1, 2)
    const unwatched = new ops.GradientTape()
    expect(unwatched.gradient(unwatched.record(() => ops.square(x)), x)).toBeNull() // prettier-ignore
    const tape = new ops.GradientTape()
    tape.watch(x)
    await expectArray(tape.gradient(tape.record(() => ops.square(x)), x)!, [2, 4]) // prettier-ignore

    const v = new ops.Variable(1, { trainable: false })
    const byHand = new ops.GradientTape({ watchAccessedVariables: false })
    byHand.watch(v)
    await expectArray(byHand.gradient(byHand.record(() => ops.exp(ops.multiply(v, 0))), v)!, 0) // prettier-ignore

    const w = new ops.Variable(1)
    const quiet = new ops.GradientTape({ watchAccessedVariables: false })
    expect(quiet.gradient(quiet.record(() => ops.square(w)), w)).toBeNull() // prettier-ignore

    w.trainable = false
    const late = new ops.GradientTape()
    const y = late.record(() => ops.square(w))
    w.trainable = true
    expect(late.gradient(y, w)).toBeNull()
  })
  test('a watched tensor in the middle', async () => {
    const tape = new ops.GradientTape({ persistent: true })
    const x = f32(3)
    tape.watch(x)
    const [middle, y] = tape.record(() => {
      const inner = ops.square(x)
      tape.watch(inner)
      return [inner, ops.multiply(inner, 5)] as const
    })
    const [gx, gm] = tape.gradient(y, [x, middle])
    await expectArray(gx!, [30])
    await expectArray(gm!, [5])
    await expectArray(tape.gradient(y, middle)!, [5])
  })
  test('sums targets that are no scalars, and several targets', async () => {
    const v = new ops.Variable(new Float32Array([1, 2]))
    const tape = new ops.GradientTape()
    const [a, b] = tape.record(() => [ops.square(v), ops.multiply(v, 10)] as const)
    await expectArray(tape.gradient([a, b], v)!, [12, 14])
  })
  test('once, unless persistent', () => {
    const v = new ops.Variable(1)
    const tape = new ops.GradientTape()
    const y = tape.record(() => ops.square(v))
    tape.gradient(y, v)
    expect(() => tape.gradient(y, v)).toThrow(/persistent: true/)
    const persistent = new ops.GradientTape({ persistent: true })
    const z = persistent.record(() => ops.square(v))
    expect(persistent.gradient(z, v)).not.toBeNull()
    expect(persistent.gradient(z, v)).not.toBeNull()
  })
  test('reading the loss, or assigning, between record and gradient changes nothing', async () => {
    const v = new ops.Variable(new Float32Array([3]))
    v.assignAdd(1)
    const x = f32(2)
    const tape = new ops.GradientTape()
    tape.watch(x)
    await x.data()
    const loss = tape.record(() => ops.sum(ops.multiply(ops.square(v), x)))
    expect(await loss.item()).toBe(32)
    v.assign([100])
    await v.data()
    const [gv, gx] = tape.gradient(loss, [v, x])
    await expectArray(gv!, [16])
    await expectArray(gx!, [16])
  })
  test('nests, and gives second derivatives', async () => {
    const v = new ops.Variable(3)
    const outer = new ops.GradientTape()
    const slope = outer.record(() => {
      const inner = new ops.GradientTape()
      const y = inner.record(() => ops.multiply(ops.square(v), v))
      return inner.gradient(y, v)!
    })
    await expectArray(slope, 27)
    await expectArray(outer.gradient(slope, v)!, 18)
  })
  test('unusable targets and functions are refused', () => {
    const v = new ops.Variable(1)
    const tape = new ops.GradientTape({ persistent: true })
    expect(() => tape.gradient(i32(1), v)).toThrow(ArgumentError)
    expect(() => tape.gradient([], v)).toThrow(ArgumentError)
    expect(() => tape.record(async () => ops.square(v).data())).toThrow(/synchronous/)
  })
  test('an error inside ends the recording', () => {
    const tape = new ops.GradientTape()
    const v = new ops.Variable(1)
    expect(() =>
      tape.record(() => {
        throw new Error('mine')
      }),
    ).toThrow('mine')
    const y = ops.square(v)
    expect(tape.gradient(y, v)).toBeNull()
  })
})

describe('gradients', () => {
  test('needs no tape and takes frozen Variables too', async () => {
    const v = new ops.Variable(3, { trainable: false })
    await expectArray(ops.gradients(ops.square(v), [v])[0]!, 6)
    v.assign(5)
    await expectArray(ops.gradients(ops.square(v), [v])[0]!, 10)
    expect(ops.gradients(ops.square(2), [v])).toEqual([null])
  })

  test('a pending Variable after a normalization-like factor gets its own gradient', async () => {
    const x = ops.tensor(
      Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
      { shape: [1, 4, 4, 2] },
    )
    const kernel = new ops.Variable(
      Float32Array.from({ length: 36 }, (_, i) => Math.cos(i)),
      { shape: [3, 3, 2, 2] },
    )
    const scale = new ops.Variable(new Float32Array([0.5, 2]))
    const loss = () => ops.sum(ops.square(ops.multiply(ops.conv(x, kernel), scale)))
    const settled = ops.gradients(loss(), [kernel, scale])
    const expected = await Promise.all(settled.map((g) => g!.array()))
    kernel.assign(ops.multiply(kernel, 2))
    kernel.assign(ops.divide(kernel, 2))
    scale.assignAdd(0)
    const pending = ops.gradients(loss(), [kernel, scale])
    await expectClose(pending[0]!, expected[0]!)
    await expectClose(pending[1]!, expected[1]!)
  })

  test('loss and gradients share one folded forward pass', async () => {
    const x = ops.tensor(new Float32Array(32).fill(1), { shape: [1, 4, 4, 2] })
    const kernel = new ops.Variable(new Float32Array(36).fill(0.1), { shape: [3, 3, 2, 2] })
    const scale = new ops.Variable(new Float32Array([0.5, 2]))
    const tape = new ops.GradientTape()
    const loss = tape.record(() => ops.sum(ops.square(ops.add(ops.multiply(ops.conv(x, kernel), scale), 0.125))))
    const [gk, gs] = tape.gradient(loss, [kernel, scale])
    const compile = vi.spyOn(await ops.ready(), 'compile')
    await ops.evaluate(loss, gk!, gs!)
    const counts = compile.mock.calls[0]![0].nodes.filter((node) => node.op === 'conv')
    expect(counts).toHaveLength(1)
  })
})

describe('a custom loop', () => {
  test('runs each step as one graph with one plan, also when the loss is read late', async () => {
    const engine = await ops.ready()
    const w = new ops.Variable(new Float32Array([0, 0]))
    const total = new ops.Variable(0, { trainable: false })
    const x = ops.tensor([[1, 2], [3, -1], [0.5, 1]]) // prettier-ignore
    const y = ops.matmul(x, f32(2, -3))
    ops.flush()
    await y.data()
    const compile = vi.spyOn(engine, 'compile')
    const losses: ops.Tensor[] = []
    for (let step = 0; step < 60; step++) {
      const tape = new ops.GradientTape()
      const loss = tape.record(() => ops.mean(ops.square(ops.subtract(ops.matmul(x, w), y))))
      w.assignSub(ops.multiply(tape.gradient(loss, w)!, 0.1))
      ops.flush()
      total.assignAdd(loss)
      losses.push(loss)
      await Promise.resolve()
    }
    expect(compile.mock.calls.length).toBeLessThanOrEqual(2)
    for (const [graph] of compile.mock.calls) expect(graph.outputs.length).toBe(3)
    const before = compile.mock.calls.length
    const values = await Promise.all(losses.map((loss) => loss.item()))
    expect(compile.mock.calls.length).toBe(before)
    expect(values[59]).toBeLessThan(1e-3)
    await expectClose(w, [2, -3], 0.02)
    expect(await total.item()).toBeCloseTo(
      values.reduce((a, b) => a + b),
      3,
    )
  })
})
