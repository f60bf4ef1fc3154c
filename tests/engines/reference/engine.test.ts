// What only the reference engine has: evaluation at once, times of nodes, its errors, the functions of its own.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { EngineError } from '../../../src/errors.ts'
import { createReferenceEngine, evaluateInFloat64, evaluateNodes } from '../../../src/engines/reference/index.ts'
import { erf, floorMod, ieeePow, roundHalfToEven } from '../../../src/engines/reference/scalar-math.ts'
import { graphOf, makeNode } from '../../../src/graph/node.ts'
import type { Node } from '../../../src/graph/node.ts'

const constant = (...values: number[]): Node =>
  makeNode('constant', [], { data: Float32Array.from(values), shape: [values.length], dtype: 'float32' })
const leaf = (name: string): Node<'input'> => makeNode('input', [], { name, shape: [2], dtype: 'float32' })

describe('evaluateNodes', () => {
  test('computes shared nodes and constants', () => {
    const a = constant(1, 2)
    const sum = makeNode('add', [a, a], {})
    const values = evaluateNodes([sum, a, makeNode('mul', [sum, sum], {})])
    expect(values.map((data) => Array.from(data))).toEqual([[2, 4], [1, 2], [4, 16]]) // prettier-ignore
  })

  test('refuses what depends on an input, by its name', () => {
    const node = makeNode('add', [leaf('pixels'), constant(1, 2)], {})
    expect(() => evaluateNodes([node])).toThrow(EngineError)
    expect(() => evaluateNodes([node])).toThrow(/pixels/)
  })

  test('says which primitive failed when memory does not suffice', () => {
    const node = makeNode('iota', [], { shape: [2 ** 45], axis: 0, dtype: 'float32' })
    expect(() => evaluateNodes([node])).toThrow(EngineError)
    expect(() => evaluateNodes([node])).toThrow(/iota.*35184372088832/)
  })

  test('goes as deep as graphs do', () => {
    let node = constant(0, 1)
    for (let i = 0; i < 20_000; i++) node = makeNode('add', [node, constant(1, 1)], {})
    expect(Array.from(evaluateNodes([node])[0]!)).toEqual([20_000, 20_001])
  })
})

test('evaluateInFloat64 keeps digits that float32 loses, and leaves float32 behind afterwards', () => {
  const x = leaf('x')
  const node = makeNode('sub', [makeNode('add', [x, constant(1e6, 1e6)], {}), constant(1e6, 1e6)], {})
  const [values] = evaluateInFloat64([node], new Map([[x, Float64Array.of(1e-6, 0.123456789)]]))
  expect(values![1]).toBeCloseTo(0.123456789, 9)
  expect(evaluateNodes([makeNode('exp', [constant(1)], {})])[0]).toBeInstanceOf(Float32Array)
})

describe('profiling', () => {
  afterEach(() => vi.unstubAllEnvs())

  test.each([
    ['1', true],
    ['', false],
  ])('TANUKI_PROFILE=%s', async (value, shown) => {
    // prettier-ignore
    vi.stubEnv('TANUKI_PROFILE', value)
    const engine = createReferenceEngine('for the test')
    expect(engine.info().reason).toBe('for the test')
    const x = leaf('x')
    const executable = engine.compile(graphOf([x], [makeNode('exp', [x], {})]))
    expect(executable.dump()).not.toMatch(/ms {2}node/)
    await executable.run([engine.upload(Float32Array.of(1, 2), x)]).done
    expect(/ms {2}node \d+: exp float32 \(2,\)/.test(executable.dump())).toBe(shown)
  })
})

test('compile refuses a graph out of order', () => {
  const x = leaf('x')
  const [a, b] = [makeNode('exp', [x], {}), makeNode('neg', [x], {})]
  const sum = makeNode('add', [a, b], {})
  const engine = createReferenceEngine()
  expect(() => engine.compile({ inputs: [x], nodes: [x, a, sum, b], outputs: [sum] })).toThrow(EngineError)
  expect(() => engine.compile({ inputs: [], nodes: [x, a], outputs: [a] })).toThrow(EngineError)
  expect(() => engine.compile({ inputs: [x], nodes: [x, a], outputs: [b] })).toThrow(EngineError)
})

describe('functions', () => {
  test('erf to 1e-14 (values of the Digital Library of Mathematical Functions, 7.23)', () => {
    const values = [[0.5, 0.5204998778130465], [1, 0.8427007929497149], [2, 0.9953222650189527], [3, 0.9999779095030014]] as const // prettier-ignore
    for (const [x, y] of values) {
      expect(Math.abs(erf(x) - y)).toBeLessThan(1e-14)
      expect(erf(-x)).toBe(-erf(x))
    }
    expect(erf(1e-20)).toBeCloseTo(1.1283791670955126e-20, 30)
  })
  test('rounding, powers and remainders as IEEE 754 and NumPy have them', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, Infinity].map((x) => roundHalfToEven(x) + 0)).toEqual([0, 2, 2, 0, -2, 0, Infinity]) // prettier-ignore
    expect([ieeePow(1, NaN), ieeePow(-1, Infinity), ieeePow(2, 3)]).toEqual([1, 1, 8])
    expect([floorMod(-5, 3), floorMod(5, -3), floorMod(-6, 3) + 0, floorMod(5, Infinity)]).toEqual([1, -1, 0, 5])
  })
})
