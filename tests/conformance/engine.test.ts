// What an engine promises beside values: buffers, queued runs, donation, stable inputs, refusals.
import { describe, expect, test } from 'vitest'
import { EngineError } from '../../src/errors.ts'
import { graphOf, makeNode } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { createReferenceEngine } from '../../src/engines/reference/index.ts'
import type { TensorType, TypedArray } from '../../src/graph/types.ts'
import { bool, bytes, float, int, random, vector } from './case.ts'
import type { Tensor } from './case.ts'
import { engines } from './engines.ts'
import { failureOf, leavesFor, sameBits } from './run.ts'

const add = (a: Node, b: Node): Node => makeNode('add', [a, b], {})
const mul = (a: Node, b: Node): Node => makeNode('mul', [a, b], {})
const vectorType = (n: number): TensorType => ({ shape: [n], dtype: 'float32' })
const put = (engine: Engine, tensor: Tensor) => engine.upload(tensor.data, tensor)
const list = (data: TypedArray): number[] => Array.from(data)

/** weight <- weight + gradient, in place. */
function accumulator(engine: Engine, n = 3) {
  const [weight, gradient] = leavesFor([vectorType(n), vectorType(n)]) as [Node<'input'>, Node<'input'>]
  return engine.compile(graphOf([weight, gradient], [add(weight, gradient)]), {
    label: 'accumulate',
    donations: new Map([[0, 0]]),
  })
}

describe.each(await engines())('$name', async ({ name, create }) => {
  const engine = await create()

  test('says who it is', () => {
    expect(engine.name).toBe(name)
    const info = engine.info()
    expect(info.name).toBe(name)
    expect(info.threads).toBeGreaterThanOrEqual(1)
    expect(info.instructionSet).not.toBe('')
  })

  describe('upload and download', () => {
    const tensors: readonly (readonly [string, Tensor])[] = [
      ['float32', float([2, 3], [1, NaN, Infinity, -Infinity, -0, 1e-40])],
      ['int32', int([3], [-(2 ** 31), 2 ** 31 - 1, 16777217])],
      ['uint8', bytes([4], [0, 1, 128, 255])],
      ['bool', bool([1, 2], [1, 0])],
      ['scalar', float([], [3])],
      ['empty', float([0, 4], [])],
      ['large', random([257, 129], 1)],
    ]
    test.each(tensors)('%s', async (_name, tensor) => {
      const buffer = put(engine, tensor)
      expect(buffer.shape).toEqual(tensor.shape)
      expect(buffer.dtype).toBe(tensor.dtype)
      const back = await engine.download(buffer)
      expect(back.constructor).toBe(tensor.data.constructor)
      expect(sameBits(back, tensor.data)).toBe(true)
    })

    test('copies: neither side sees what the other writes later', async () => {
      const data = Float32Array.of(1, 2, 3)
      const buffer = engine.upload(data, vectorType(3))
      data[0] = 99
      const first = await engine.download(buffer)
      expect(list(first)).toEqual([1, 2, 3])
      first[1] = 99
      expect(list(await engine.download(buffer))).toEqual([1, 2, 3])
    })

    test('views of larger memory and Node buffers are copied too', async () => {
      const memory = Float32Array.of(9, 1, 2, 9)
      expect(list(await engine.download(engine.upload(memory.subarray(1, 3), vectorType(2))))).toEqual([1, 2])
      const pool = Buffer.from([7, 8, 9])
      const buffer = engine.upload(pool, { shape: [3], dtype: 'uint8' })
      pool[0] = 0
      expect(list(await engine.download(buffer))).toEqual([7, 8, 9])
    })

    test('refuses data of another length or type', () => {
      expect(() => engine.upload(Float32Array.of(1, 2), vectorType(3))).toThrow(EngineError)
      expect(() => engine.upload(Float32Array.of(1, 2), vectorType(3))).toThrow(/3/)
      expect(() => engine.upload(Int32Array.of(1, 2, 3), vectorType(3))).toThrow(EngineError)
      expect(() => engine.upload(Int32Array.of(1, 2, 3), vectorType(3))).toThrow(/float32/)
      expect(() => engine.upload(Float32Array.of(1), { shape: [1], dtype: 'uint8' })).toThrow(EngineError)
    })
  })

  describe('outputs', () => {
    test('inputs, constants and one node many times', async () => {
      const leaves = leavesFor([vectorType(2), vectorType(2)]) as [Node<'input'>, Node<'input'>]
      const constant = makeNode('constant', [], { data: Float32Array.of(7, 8), shape: [2], dtype: 'float32' })
      const sum = add(leaves[0], leaves[1])
      const executable = engine.compile(graphOf(leaves, [sum, leaves[1], constant, sum, leaves[1]]))
      const { outputs, done } = executable.run([put(engine, vector(1, 2)), put(engine, vector(3, 4))])
      await done
      const values = await Promise.all(outputs.map((output) => engine.download(output)))
      expect(values.map(list)).toEqual([[4, 6], [3, 4], [7, 8], [4, 6], [3, 4]]) // prettier-ignore
    })

    test('no outputs, and inputs that nobody uses', async () => {
      const leaves = leavesFor([vectorType(2), { shape: [], dtype: 'int32' }])
      const { outputs, done } = engine
        .compile(graphOf(leaves, []))
        .run([put(engine, vector(1, 2)), put(engine, int([], [1]))])
      await done
      expect(outputs).toEqual([])
    })

    test('belong to their run: a later run does not change them', async () => {
      const leaves = leavesFor([vectorType(3)])
      const executable = engine.compile(graphOf(leaves, [mul(leaves[0]!, leaves[0]!)]))
      const runs = [1, 2, 3].map((x) => executable.run([put(engine, vector(x, x, x))]))
      const values = await Promise.all(runs.map(({ outputs }) => engine.download(outputs[0]!)))
      expect(values.map(list)).toEqual([[1, 1, 1], [4, 4, 4], [9, 9, 9]]) // prettier-ignore
    })

    test('an output that only reshapes an input keeps its value when the input is donated later', async () => {
      const leaves = leavesFor([vectorType(2)])
      const copy = engine.compile(graphOf(leaves, [makeNode('reshape', [leaves[0]!], { shape: [2, 1] })]))
      const weight = put(engine, vector(1, 2))
      const { outputs } = copy.run([weight])
      const step = accumulator(engine, 2)
      step.run([weight, put(engine, vector(10, 10))])
      expect(list(await engine.download(outputs[0]!))).toEqual([1, 2])
      expect(list(await engine.download(weight))).toEqual([11, 12])
    })
  })

  describe('queued runs', () => {
    test('happen in order, without anyone awaiting them', async () => {
      const step = accumulator(engine)
      const weight = put(engine, vector(0, 0, 0))
      for (let i = 1; i <= 50; i++) step.run([weight, put(engine, vector(i, 2 * i, 1))])
      expect(list(await engine.download(weight))).toEqual([1275, 2550, 50])
    })

    test('outputs are inputs of the next run at once', async () => {
      const leaves = leavesFor([vectorType(2)])
      const double = engine.compile(graphOf(leaves, [add(leaves[0]!, leaves[0]!)]))
      let buffer = put(engine, vector(1, 3))
      for (let i = 0; i < 10; i++) buffer = double.run([buffer]).outputs[0]!
      expect(list(await engine.download(buffer))).toEqual([1024, 3072])
    })

    test('a download sees the runs queued before it and none after it', async () => {
      const step = accumulator(engine, 1)
      const weight = put(engine, vector(0))
      const seen = [1, 2, 3].map(() => {
        step.run([weight, put(engine, vector(1))])
        return engine.download(weight)
      })
      expect((await Promise.all(seen)).map(list)).toEqual([[1], [2], [3]])
    })

    test('leave the event loop free', async () => {
      const x = random([1, 64, 64, 16], 1)
      const w = random([3, 3, 16, 16], 2)
      const leaves = leavesFor([x, w])
      let node: Node = leaves[0]!
      for (let i = 0; i < 12; i++) {
        const conv = { strides: [1, 1], dilation: [1, 1], groups: 1, padding: [[1, 1], [1, 1]] } as const // prettier-ignore
        node = makeNode('conv', [node, leaves[1]!], { ...conv, epilogue: null })
      }
      const executable = engine.compile(graphOf(leaves, [node]))
      const order: string[] = []
      const { done } = executable.run([put(engine, x), put(engine, w)])
      setTimeout(() => order.push('timer'), 0)
      order.push('returned')
      await done
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(order).toEqual(['returned', 'timer'])
    })
  })

  describe('donation', () => {
    test('writes the result into the very buffer, and raises its version', async () => {
      const step = accumulator(engine)
      const weight = put(engine, vector(1, 2, 3))
      const before = weight.version
      const run = step.run([weight, put(engine, vector(1, 1, 1))])
      expect(run.outputs[0]).toBe(weight)
      await run.done
      expect(weight.version).toBeGreaterThan(before)
      expect(list(await engine.download(weight))).toEqual([2, 3, 4])
    })

    test('every read happens before any write: buffers can be exchanged', async () => {
      const leaves = leavesFor([vectorType(2), vectorType(2)]) as [Node<'input'>, Node<'input'>]
      const swap = engine.compile(graphOf(leaves, [leaves[1], leaves[0]]), { donations: new Map([[0, 0], [1, 1]]) }) // prettier-ignore
      const [a, b] = [put(engine, vector(1, 2)), put(engine, vector(3, 4))]
      await swap.run([a, b]).done
      expect(list(await engine.download(a))).toEqual([3, 4])
      expect(list(await engine.download(b))).toEqual([1, 2])
    })

    test('the old value is still there for all other outputs', async () => {
      const leaves = leavesFor([vectorType(5), vectorType(5)]) as [Node<'input'>, Node<'input'>]
      const [w, g] = leaves
      const next = add(w, g)
      const graph = graphOf(leaves, [next, mul(w, w), mul(next, next), makeNode('reverse', [w], { axes: [0] })])
      const executable = engine.compile(graph, { donations: new Map([[0, 0]]) })
      const weight = put(engine, vector(1, 2, 3, 4, 5))
      const { outputs } = executable.run([weight, put(engine, vector(1, 1, 1, 1, 1))])
      const values = await Promise.all(outputs.map((output) => engine.download(output)))
      expect(values.map(list)).toEqual([[2, 3, 4, 5, 6], [1, 4, 9, 16, 25], [4, 9, 16, 25, 36], [5, 4, 3, 2, 1]]) // prettier-ignore
    })

    test('an input given to another input, shifted', async () => {
      // b <- a, a <- a + b: the first write must not be seen by the second.
      const leaves = leavesFor([vectorType(2), vectorType(2)]) as [Node<'input'>, Node<'input'>]
      const step = engine.compile(graphOf(leaves, [leaves[0], add(leaves[0], leaves[1])]), { donations: new Map([[0, 1], [1, 0]]) }) // prettier-ignore
      const [a, b] = [put(engine, vector(1, 10)), put(engine, vector(1, 10))]
      for (let i = 0; i < 4; i++) step.run([a, b])
      expect(list(await engine.download(a))).toEqual([8, 80])
      expect(list(await engine.download(b))).toEqual([5, 50])
    })

    test.each([
      ['float32', random([33], 1)],
      ['int32', int([3], [1, 2, 3])],
      ['uint8', bytes([3], [1, 2, 3])],
      ['bool', bool([3], [1, 0, 1])],
    ] as const)('of %s, moved', async (_name, tensor: Tensor) => {
      const leaves = leavesFor([tensor])
      const reverse = engine.compile(graphOf(leaves, [makeNode('reverse', [leaves[0]!], { axes: [0] })]), { donations: new Map([[0, 0]]) }) // prettier-ignore
      const buffer = put(engine, tensor)
      reverse.run([buffer])
      expect(list(await engine.download(buffer))).toEqual(list(tensor.data).reverse())
      reverse.run([buffer])
      expect(list(await engine.download(buffer))).toEqual(list(tensor.data))
    })

    test('refused where types differ, two outputs share an input, or nothing has the index', () => {
      const leaves = leavesFor([vectorType(2), vectorType(3)]) as [Node<'input'>, Node<'input'>]
      const graph = graphOf(leaves, [leaves[0], add(leaves[0], leaves[0])])
      const refused = (donations: ReadonlyMap<number, number>): void =>
        expect(() => engine.compile(graph, { donations })).toThrow(EngineError)
      refused(new Map([[0, 1]]))
      refused(new Map([[0, 0], [1, 0]])) // prettier-ignore
      refused(new Map([[2, 0]]))
      refused(new Map([[0, 2]]))
      expect(() => engine.compile(graph, { donations: new Map([[0, 0]]), stableInputs: new Set([0]) })).toThrow(
        EngineError,
      )
    })

    test('refused for a buffer given twice', () => {
      const step = accumulator(engine)
      const weight = put(engine, vector(1, 2, 3))
      expect(() => step.run([weight, weight])).toThrow(EngineError)
    })
  })

  describe('stable inputs', () => {
    /** x * (w * w), with w stable. */
    function scaled(own: Engine) {
      const [x, w] = leavesFor([vectorType(2), vectorType(2)]) as [Node<'input'>, Node<'input'>]
      const square = mul(w, w)
      return own.compile(graphOf([x, w], [mul(x, square), square]), { stableInputs: new Set([1]) })
    }

    test('give the same values run after run', async () => {
      const executable = scaled(engine)
      const w = put(engine, vector(2, 3))
      for (const x of [1, 2, 5]) {
        const { outputs } = executable.run([put(engine, vector(x, x)), w])
        expect(list(await engine.download(outputs[0]!))).toEqual([4 * x, 9 * x])
        expect(list(await engine.download(outputs[1]!))).toEqual([4, 9])
      }
    })

    test('are noticed when another buffer is given', async () => {
      const executable = scaled(engine)
      const x = put(engine, vector(1, 1))
      const [first, second] = [put(engine, vector(2, 3)), put(engine, vector(5, 7))]
      const values: number[][] = []
      for (const w of [first, second, first, first, second]) values.push(list(await engine.download(executable.run([x, w]).outputs[0]!))) // prettier-ignore
      expect(values).toEqual([[4, 9], [25, 49], [4, 9], [4, 9], [25, 49]]) // prettier-ignore
    })

    test('are noticed when a donation rewrites the buffer', async () => {
      const executable = scaled(engine)
      const step = accumulator(engine, 2)
      const [x, one, w] = [put(engine, vector(1, 1)), put(engine, vector(1, 1)), put(engine, vector(2, 3))]
      const results: Promise<TypedArray>[] = []
      // All queued at once: each run must see the version of its own turn.
      for (let i = 0; i < 3; i++) {
        results.push(engine.download(executable.run([x, w]).outputs[0]!))
        results.push(engine.download(executable.run([x, w]).outputs[0]!))
        step.run([w, one])
      }
      expect((await Promise.all(results)).map(list)).toEqual([[4, 9], [4, 9], [9, 16], [9, 16], [16, 25], [16, 25]]) // prettier-ignore
    })

    test('with several of them, and nothing else', async () => {
      const leaves = leavesFor([vectorType(2), vectorType(2)]) as [Node<'input'>, Node<'input'>]
      const executable = engine.compile(graphOf(leaves, [add(leaves[0], leaves[1]), leaves[0]]), { stableInputs: new Set([0, 1]) }) // prettier-ignore
      const [a, b, c] = [put(engine, vector(1, 2)), put(engine, vector(3, 4)), put(engine, vector(5, 6))]
      const values: number[][] = []
      for (const inputs of [[a, b], [a, b], [a, c], [c, c]]) values.push(list(await engine.download(executable.run(inputs).outputs[0]!))) // prettier-ignore
      expect(values).toEqual([[4, 6], [4, 6], [6, 8], [10, 12]]) // prettier-ignore
    })

    test('outputs that are stable values survive a later donation of them', async () => {
      const executable = scaled(engine)
      const [x, w] = [put(engine, vector(1, 1)), put(engine, vector(2, 3))]
      const square = executable.run([x, w]).outputs[1]!
      // Written in place: the executable's own copy must not change with it.
      accumulator(engine, 2).run([square, put(engine, vector(100, 100))])
      expect(list(await engine.download(square))).toEqual([104, 109])
      expect(list(await engine.download(executable.run([x, w]).outputs[1]!))).toEqual([4, 9])
    })
  })

  describe('wrong buffers', () => {
    const step = accumulator(engine)
    const good = (): ReturnType<typeof put> => put(engine, vector(1, 2, 3))
    test.each([
      ['too few', () => [good()], /2/],
      ['too many', () => [good(), good(), good()], /2/],
      ['a wrong shape', () => [good(), put(engine, vector(1, 2))], /float32 \(3,\).*float32 \(2,\)/],
      ['a wrong dtype', () => [good(), put(engine, int([3], [1, 2, 3]))], /float32 \(3,\).*int32 \(3,\)/],
      ['not a buffer at all', () => [good(), { shape: [3], dtype: 'float32' as const, version: 0 }], /engine/],
    ])('%s', (_name, make, message) => {
      expect(() => step.run(make())).toThrow(EngineError)
      expect(() => step.run(make())).toThrow(message)
      expect(() => step.run(make())).toThrow(/accumulate/)
    })

    test("another engine's buffer", async () => {
      const foreign = put(createReferenceEngine(), vector(1, 2, 3))
      expect(() => step.run([good(), foreign])).toThrow(EngineError)
      expect(await failureOf(engine.download(foreign))).toBeInstanceOf(EngineError)
    })

    test('a refused run changes nothing', async () => {
      const weight = good()
      const before = weight.version
      expect(() => step.run([weight, put(engine, vector(1, 2))])).toThrow(EngineError)
      expect(weight.version).toBe(before)
      expect(list(await engine.download(weight))).toEqual([1, 2, 3])
    })
  })

  describe('failing runs', () => {
    /** x[index], with the index given at run time. */
    function picker() {
      const [x, index] = leavesFor([vectorType(4), { shape: [2], dtype: 'int32' }]) as [Node<'input'>, Node<'input'>]
      return engine.compile(graphOf([x, index], [makeNode('gather', [x, index], { axis: 0 })]))
    }
    const x = (): ReturnType<typeof put> => put(engine, vector(1, 2, 3, 4))
    const indices = (a: number, b: number): ReturnType<typeof put> => put(engine, int([2], [a, b]))

    test.each([
      ['gather', (i: Node) => makeNode('gather', [constantOf([4]), i], { axis: 0 })],
      ['scatterAdd', (i: Node) => makeNode('scatterAdd', [i, constantOf([2])], { axis: 0, shape: [4] })],
      ['takeAlong', (i: Node) => makeNode('takeAlong', [constantOf([4]), i], { axis: 0 })],
      ['scatterAlong', (i: Node) => makeNode('scatterAlong', [i, constantOf([2])], { axis: 0, shape: [4] })],
    ] as const)('%s outside the axis names the index and the range', async (op, build) => {
      const leaves = leavesFor([{ shape: [2], dtype: 'int32' }])
      const executable = engine.compile(graphOf(leaves, [build(leaves[0]!)]))
      for (const bad of [4, -1, 2 ** 31 - 1, -(2 ** 31)]) {
        const error = await failureOf(executable.run([indices(0, bad)]).done)
        expect(error).toBeInstanceOf(EngineError)
        expect(error.message).toContain(op)
        expect(error.message).toContain(String(bad))
        expect(error.message).toMatch(/to 3\b|size 4\b/)
      }
      await executable.run([indices(0, 3)]).done
    })

    test('an index into an empty axis', async () => {
      const leaves = leavesFor([{ shape: [0], dtype: 'float32' }, { shape: [1], dtype: 'int32' }]) as [Node<'input'>, Node<'input'>] // prettier-ignore
      const executable = engine.compile(graphOf(leaves, [makeNode('gather', leaves, { axis: 0 })]))
      const run = executable.run([put(engine, vector()), put(engine, int([1], [0]))])
      expect(await failureOf(run.done)).toBeInstanceOf(EngineError)
    })

    test('their outputs fail too, and so does what is computed from them', async () => {
      const pick = picker()
      const bad = pick.run([x(), indices(0, 7)])
      expect(await failureOf(engine.download(bad.outputs[0]!))).toBeInstanceOf(EngineError)
      const leaves = leavesFor([vectorType(2)])
      const after = engine.compile(graphOf(leaves, [add(leaves[0]!, leaves[0]!)])).run([bad.outputs[0]!])
      expect(await failureOf(after.done)).toBeInstanceOf(EngineError)
    })

    test('the engine goes on', async () => {
      const pick = picker()
      const runs = [indices(0, 1), indices(0, 9), indices(3, 2)].map((index) => pick.run([x(), index]))
      expect(list(await engine.download(runs[0]!.outputs[0]!))).toEqual([1, 2])
      expect(await failureOf(runs[1]!.done)).toBeInstanceOf(EngineError)
      expect(list(await engine.download(runs[2]!.outputs[0]!))).toEqual([4, 3])
    })
  })

  test('dump tells the label and the primitives', async () => {
    const leaves = leavesFor([vectorType(3)])
    const graph = graphOf(leaves, [
      makeNode('reduceSum', [makeNode('exp', [leaves[0]!], {})], { axes: [0], keepDims: false }),
    ])
    const executable = engine.compile(graph, { label: 'sum of powers' })
    await executable.run([put(engine, vector(1, 2, 3))]).done
    for (const word of [/sum of powers/, /exp/, /reduce ?sum/i]) expect(executable.dump()).toMatch(word)
  })

  test('two engines live side by side', async () => {
    const other = await create()
    const steps = [accumulator(engine), accumulator(other)]
    const weights = [put(engine, vector(0, 0, 0)), put(other, vector(10, 10, 10))]
    for (let i = 0; i < 5; i++) {
      steps[0]!.run([weights[0]!, put(engine, vector(1, 2, 3))])
      steps[1]!.run([weights[1]!, put(other, vector(1, 2, 3))])
    }
    expect(list(await engine.download(weights[0]!))).toEqual([5, 10, 15])
    expect(list(await other.download(weights[1]!))).toEqual([15, 20, 25])
  })
})

function constantOf(shape: readonly number[]): Node {
  const { data } = random(shape, 3)
  return makeNode('constant', [], { data, shape, dtype: 'float32' })
}
