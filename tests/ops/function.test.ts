import { afterEach, describe, expect, test, vi } from 'vitest'
import { ArgumentError, EngineError } from '../../src/errors.ts'
import { expectArray, expectClose, f32, i32, ops, type, u8, useReferenceEngine } from './helpers.ts'

useReferenceEngine()
afterEach(() => vi.restoreAllMocks())

describe('compileFunction', () => {
  test('traces once for each signature, and replays', async () => {
    let traces = 0
    const double = ops.compileFunction((x) => {
      traces++
      return [ops.multiply(x, 2), ops.sum(x)]
    })
    const first = double.run(f32(1, 2))
    await expectArray(first.outputs[0]!, [2, 4])
    await expectArray(first.outputs[1]!, 3)
    await expectArray(double.run(f32(3, 4)).outputs[0]!, [6, 8])
    expect(traces).toBe(1)
    await expectArray(double.run(f32(1, 2, 3)).outputs[0]!, [2, 4, 6])
    await expectArray(double.run(i32(1, 2)).outputs[0]!, [2, 4])
    expect(traces).toBe(3)
    await first.done
  })

  test('arguments may be lazy, constant, host data or results of other runs', async () => {
    const add = ops.compileFunction((x, y) => [ops.add(x, y)])
    const a = add.run(ops.exp(f32(0)), ops.tensor([2])).outputs[0]!
    const b = add.run(a, a).outputs[0]!
    await expectArray(b, [6])
    await expectArray(ops.add(a, b), [9])
    expect(type(a)).toBe('float32(1)')
  })

  test('reads and assigns Variables; those it only reads are stable', async () => {
    const engine = await ops.ready()
    const [v, frozen, unread] = [new ops.Variable(1), new ops.Variable(10), new ops.Variable(0)]
    const step = ops.compileFunction((x) => {
      const before = v.value()
      v.assignAdd(ops.multiply(x, frozen))
      v.assignAdd(1)
      unread.assign(x)
      return [before, ops.multiply(v, 2)]
    })
    const compile = vi.spyOn(engine, 'compile')
    const { outputs } = step.run(ops.tensor(2))
    await expectArray(outputs[0]!, 1)
    await expectArray(outputs[1]!, 44)
    await expectArray(v, 22)
    await expectArray(unread, 2)
    step.run(ops.tensor(3))
    frozen.assign(100)
    step.run(ops.tensor(1))
    await expectArray(v, 22 + 31 + 101)
    const options = compile.mock.calls.find(([graph]) => graph.inputs.length === 4)![1]!
    expect(options.stableInputs).toEqual(new Set([2]))
  })

  test('an assigned Variable is replaced in place, unless somebody holds its old value', async () => {
    const engine = await ops.ready()
    const v = new ops.Variable(new Float32Array([1, 2]))
    const step = ops.compileFunction(() => {
      v.assign(ops.add(ops.multiply(v, 2), 1))
      return []
    })
    await step.run().done
    const compile = vi.spyOn(engine, 'compile')
    const buffer = v.current().bufferOn(engine)
    await step.run().done
    expect(v.current().bufferOn(engine)).toBe(buffer)
    const snapshot = v.value()
    const lazy = ops.add(v, 0.5)
    await step.run().done
    expect(v.current().bufferOn(engine)).not.toBe(buffer)
    await expectArray(v, [15, 23])
    await expectArray(snapshot, [7, 11])
    await expectArray(lazy, [7.5, 11.5])
    // Copying is the only thing that was planned anew.
    expect(compile.mock.calls.filter(([, options]) => options?.label !== 'eager' && options?.label !== 'copy')).toEqual(
      [],
    )
  })

  test('two Variables that hold one value do not write over each other', async () => {
    const v = new ops.Variable(new Float32Array([1]))
    const w = new ops.Variable(v)
    const x = ops.exp(f32(0))
    const [p, q] = [new ops.Variable(new Float32Array(1)), new ops.Variable(new Float32Array(1))]
    p.assign(x)
    q.assign(x)
    const step = ops.compileFunction(() => {
      v.assignAdd(1)
      p.assignAdd(5)
      return []
    })
    step.run()
    step.run()
    await expectArray(v, [3])
    await expectArray(w, [1])
    await expectArray(p, [11])
    await expectArray(q, [1])
  })

  test('swapping, sharing and resetting Variables', async () => {
    const [v, w, z] = [new ops.Variable(1), new ops.Variable(2), new ops.Variable(3)]
    const swap = ops.compileFunction(() => {
      const old = v.value()
      v.assign(w)
      w.assign(old)
      z.assign(0)
      return [old]
    })
    await expectArray(swap.run().outputs[0]!, 1)
    await expectArray(v, 2)
    await expectArray(w, 1)
    await expectArray(z, 0)
    const both = ops.compileFunction(() => {
      const sum = ops.add(v, w)
      v.assign(sum)
      w.assign(sum)
      z.assign(ops.add(w, v))
      return [sum]
    })
    const { outputs } = both.run()
    both.run()
    await expectArray(outputs[0]!, 3)
    await expectArray(v, 6)
    await expectArray(w, 6)
    await expectArray(z, 12)
  })

  test('captures concrete tensors as inputs, also where they are evaluated later or not at all', async () => {
    const big = ops.tensor(Float32Array.from({ length: 40 }, (_, i) => i))
    const lazy = ops.add(big, 1)
    const f = ops.compileFunction((x) => [ops.sum(ops.multiply(ops.add(lazy, big), x))])
    await expectArray(f.run(ops.tensor(2)).outputs[0]!, 3200)
    await lazy.data()
    await expectArray(f.run(ops.tensor(1)).outputs[0]!, 1600)
    const v = new ops.Variable(1)
    const snapshot = v.value()
    const g = ops.compileFunction(() => {
      v.assignAdd(snapshot)
      return []
    })
    g.run()
    g.run()
    await expectArray(v, 3)
    await expectArray(snapshot, 1)
  })

  test('flushes what is pending first', async () => {
    const v = new ops.Variable(1)
    const f = ops.compileFunction(() => [ops.multiply(v, 10)])
    v.assignAdd(1)
    const { outputs } = f.run()
    v.assignAdd(1)
    await expectArray(outputs[0]!, 20)
    await expectArray(f.run().outputs[0]!, 30)
  })

  test('an error in the trace changes nothing', async () => {
    const v = new ops.Variable(1)
    let broken = true
    const f = ops.compileFunction(() => {
      v.assign(5)
      if (broken) throw new Error('mine')
      return [v.value()]
    })
    expect(() => f.run()).toThrow('mine')
    expect(ops.inTrace()).toBe(false)
    await expectArray(v, 1)
    broken = false
    await expectArray(f.run().outputs[0]!, 5)
    await expectArray(v, 5)
  })

  test('an error of a run rejects done and the results, and the Variables keep their values', async () => {
    const v = new ops.Variable(new Float32Array([1, 2]))
    const step = ops.compileFunction((index) => {
      v.assign(ops.add(v, ops.take(v, index, 0)))
      return [ops.sum(v)]
    })
    await step.run(i32(0)).done
    await expectArray(v, [2, 3])
    const bad = step.run(i32(7))
    await expect(bad.done).rejects.toThrow(EngineError)
    await expect(bad.outputs[0]!.data()).rejects.toThrow(EngineError)
    await expectArray(v, [2, 3])
    const [worse, next] = [step.run(i32(7)), step.run(i32(1))]
    await expect(worse.done).rejects.toThrow(EngineError)
    await next.done
    await expectArray(v, [5, 6])
  })

  test('within another traced function it becomes part of it', async () => {
    const v = new ops.Variable(1)
    const inner = ops.compileFunction((x) => {
      v.assignAdd(x)
      return [ops.multiply(v, 2)]
    })
    const outer = ops.compileFunction((x) => [ops.add(inner.run(x).outputs[0]!, 100)])
    await expectArray(outer.run(ops.tensor(4)).outputs[0]!, 110)
    await expectArray(v, 5)
  })

  test('traced tensors and Variables have no values to read', async () => {
    const v = new ops.Variable(1)
    const reads: Promise<unknown>[] = []
    const f = ops.compileFunction((x) => {
      expect(ops.inTrace()).toBe(true)
      reads.push(x.data(), v.data())
      return [x]
    })
    f.run(ops.tensor(1))
    for (const read of reads) await expect(read).rejects.toThrow(ArgumentError)
    expect(() => ops.compileFunction(() => 3 as unknown as ops.Tensor[]).run()).toThrow(/returns an array of tensors/)
  })

  test('tensors of another trace are refused', () => {
    let leaked: ops.Tensor
    ops.shapeOnly((x) => (leaked = ops.add(x, 1)), [{ shape: [], dtype: 'float32' }])
    expect(() => ops.compileFunction(() => [ops.square(leaked)]).run()).toThrow(/another traced function/)
  })

  test('Variables may be made in a trace, from what does not depend on it', async () => {
    let made: ops.Variable | undefined
    const f = ops.compileFunction((x) => {
      made ??= new ops.Variable(ops.add(f32(1), 1))
      made.assignAdd(x)
      return []
    })
    f.run(f32(1))
    f.run(f32(1))
    await expectArray(made!, [4])
    expect(() => ops.compileFunction((x) => [new ops.Variable(ops.add(x, 1)).value()]).run(f32(1))).toThrow(
      ArgumentError,
    )
  })

  test('keeps few plans, and shows them', async () => {
    let traces = 0
    const f = ops.compileFunction(
      (x) => {
        traces++
        return [ops.negative(x)]
      },
      { label: 'negation', capacity: 2 },
    )
    expect(f.dump()).toMatch(/negation: not traced/)
    for (const size of [1, 2, 3, 1]) await f.run(ops.zeros([size])).done
    expect(traces).toBe(4)
    expect(f.dump()).toMatch(/negation/)
  })

  test('gradients and tapes work inside', async () => {
    const v = new ops.Variable(3)
    const f = ops.compileFunction((x) => {
      const tape = new ops.GradientTape()
      const y = tape.record(() => ops.multiply(ops.square(v), x))
      return [tape.gradient(y, v)!, ops.gradients(y, [x])[0]!]
    })
    const { outputs } = f.run(ops.tensor(2))
    await expectArray(outputs[0]!, 12)
    await expectArray(outputs[1]!, 9)
  })

  test('trains a small network', async () => {
    ops.setRandomSeed(1)
    const init = (shape: number[]) => new ops.Variable(ops.randomNormal(shape, { stddev: 0.5 }))
    const [w1, b1, w2, b2] = [init([2, 8]), init([8]), init([8, 1]), init([1])]
    const weights = [w1, b1, w2, b2]
    const slots = weights.map((w) => new ops.Variable(ops.zerosLike(w), { trainable: false }))
    const predict = (x: ops.Tensor) => ops.add(ops.matmul(ops.tanh(ops.add(ops.matmul(x, w1), b1)), w2), b2)
    const step = ops.compileFunction(
      (x, y) => {
        const logits = predict(ops.cast(x, 'float32'))
        const loss = ops.mean(ops.subtract(ops.softplus(logits), ops.multiply(logits, y)))
        ops.gradients(loss, weights).forEach((gradient, i) => {
          slots[i]!.assign(ops.add(ops.multiply(slots[i]!, 0.9), gradient!))
          weights[i]!.assignSub(ops.multiply(slots[i]!, 0.2))
        })
        return [loss]
      },
      { label: 'train step' },
    )
    const xor = ops.tensor(Uint8Array.of(0, 0, 0, 1, 1, 0, 1, 1), { shape: [4, 2] })
    const labels = ops.tensor([[0], [1], [1], [0]])
    const losses: ops.Tensor[] = []
    for (let i = 0; i < 150; i++) losses.push(step.run(xor, labels).outputs[0]!)
    const [first, last] = [await losses[0]!.item(), await losses[149]!.item()]
    expect(first).toBeGreaterThan(0.5)
    expect(last).toBeLessThan(0.1)
    await expectClose(ops.round(ops.sigmoid(predict(ops.cast(xor, 'float32')))), [[0], [1], [1], [0]])
    expect(step.dump()).toContain('train step')
  })
})

describe('shapeOnly', () => {
  test('gives types, computes nothing and assigns nothing', async () => {
    const compile = vi.spyOn(await ops.ready(), 'compile')
    const v = new ops.Variable(1)
    const types = ops.shapeOnly(
      (x, y) => {
        v.assignAdd(1)
        return [ops.matmul(x, y), ops.argmax(x, { axis: 0 })]
      },
      [
        { shape: [2, 3], dtype: 'float32' },
        { shape: [3, 4], dtype: 'uint8' },
      ],
    )
    expect(types).toEqual([
      { shape: [2, 4], dtype: 'float32' },
      { shape: [3], dtype: 'int32' },
    ])
    expect(ops.shapeOnly((x) => ops.cast(x, 'bool'), [{ shape: [1], dtype: 'float32' }])).toEqual([
      { shape: [1], dtype: 'bool' },
    ])
    await expectArray(v, 1)
    expect(compile).not.toHaveBeenCalled()
    expect(type(u8(1))).toBe('uint8(1)')
  })
})
