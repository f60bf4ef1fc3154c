import { describe, expect, it, vi } from 'vitest'
import { evaluateNodes } from '../../../src/engines/reference/index.ts'
import { add, broadcastTo, mul, neg, reduceSum, reshape, scalar, sub } from '../../../src/graph/build.ts'
import { isOp, makeNode } from '../../../src/graph/node.ts'
import type { Node } from '../../../src/graph/node.ts'
import { foldConstants, mergeCommonSubexpressions, stableNodes } from '../../../src/graph/passes/index.ts'
import { attributesKey } from '../../../src/graph/passes/common-subexpressions.ts'
import { constant, count, expectSameValues, graph, leaf, opsOf } from '../helpers.ts'

const clamp = (x: Node, low: number, high: number): Node => makeNode('clamp', [x], { low, high })

describe('foldConstants', () => {
  const fold = (...args: Parameters<typeof graph>) => foldConstants(graph(...args), { evaluate: evaluateNodes })

  it('computes what depends on constants alone', () => {
    const x = leaf([3])
    const half = mul(add(scalar(1), scalar(2)), neg(constant([1, 2, 3])))
    const before = graph([x], mul(x, half))
    const after = foldConstants(before, { evaluate: evaluateNodes })
    expect(opsOf(after)).toEqual(['input', 'constant', 'mul'])
    expectSameValues(before, after)
  })

  it('asks for all values at once, and not for those inside', () => {
    const evaluate = vi.fn(evaluateNodes)
    const x = leaf([])
    const inner = add(scalar(1), scalar(2))
    const [a, b] = [neg(inner), mul(inner, inner)]
    foldConstants(graph([x], add(x, a), mul(x, b)), { evaluate })
    expect(evaluate.mock.calls).toEqual([[[a, b]]])
  })

  it('keeps filled tensors and iotas small, unless something is computed from them', () => {
    const fill = broadcastTo(scalar(2), [100])
    const iota = makeNode('iota', [], { shape: [4], axis: 0, dtype: 'int32' })
    expect(opsOf(fold([], fill, reshape(iota, [2, 2])))).toEqual(['constant', 'broadcast', 'iota', 'reshape'])
    expect(opsOf(fold([], reduceSum(fill, [0]), mul(iota, iota)))).toEqual(['constant', 'constant'])
    expect(opsOf(fold([], broadcastTo(neg(scalar(2)), [100])))).toEqual(['constant', 'broadcast'])
  })

  it('leaves large results alone', () => {
    const iota = makeNode('iota', [], { shape: [5000], axis: 0, dtype: 'float32' })
    const g = graph([], neg(iota))
    expect(foldConstants(g, { evaluate: evaluateNodes })).toBe(g)
    expect(opsOf(foldConstants(g, { evaluate: evaluateNodes, limit: 5000 }))).toEqual(['constant'])
  })

  it('keeps dtypes', () => {
    const after = fold([], makeNode('less', [constant([1, 2]), scalar(1.5)], {}))
    const [output] = after.outputs
    expect(output!.dtype).toBe('bool')
    expect(isOp(output!, 'constant') && [...output.attrs.data]).toEqual([1, 0])
  })

  it('passes on what the evaluator throws', () => {
    const evaluate = () => {
      throw new RangeError('no')
    }
    expect(() => foldConstants(graph([], neg(scalar(1))), { evaluate })).toThrow(RangeError)
  })
})

describe('mergeCommonSubexpressions', () => {
  const x = leaf([2, 3])
  const y = leaf([2, 3])
  const merged = (...outputs: Node[]): number =>
    new Set(mergeCommonSubexpressions(graph([x, y], ...outputs)).outputs).size

  it('merges equal chains', () => {
    const chain = () => makeNode('exp', [mul(x, constant([1, 2, 3]))], {})
    const before = graph([x], add(chain(), chain()))
    const after = mergeCommonSubexpressions(before)
    expect(opsOf(after)).toEqual(['input', 'constant', 'mul', 'exp', 'add'])
    expectSameValues(before, after)
  })

  it('looks at attributes, order of inputs and leaves', () => {
    expect(merged(clamp(x, 0, 6), clamp(x, 0, 6))).toBe(1)
    expect(merged(clamp(x, 0, 6), clamp(x, 0, Infinity))).toBe(2)
    expect(merged(sub(x, y), sub(y, x))).toBe(2)
    expect(merged(add(x, y), add(y, x), mul(x, y), mul(y, x))).toBe(2)
    expect(merged(neg(x), neg(y))).toBe(2)
    expect(merged(x, y)).toBe(2)
    expect(merged(reshape(x, [6]), reshape(x, [6]), reshape(x, [3, 2]))).toBe(2)
  })

  it('compares constants by content, to the bit', () => {
    expect(merged(constant([1, NaN]), constant([1, NaN]))).toBe(1)
    expect(merged(constant([0]), constant([-0]))).toBe(2)
    expect(merged(constant([1]), constant([1], [1], 'int32'))).toBe(2)
    expect(merged(constant([1]), constant([1], [1, 1]))).toBe(2)
    expect(merged(constant([1, 2, 3, 4]), constant([1, 9, 3, 4]))).toBe(2)
  })

  it('takes random numbers of one seed as one, of two seeds as two', () => {
    const random = (seed: Node): Node => makeNode('randomUniform', [seed], { shape: [2] })
    const [a, b] = [constant([1, 2], [2], 'int32'), constant([1, 3], [2], 'int32')]
    expect(merged(random(a), random(a), random(b))).toBe(2)
  })

  it('keys attributes exactly', () => {
    expect(attributesKey({ low: -0 })).not.toBe(attributesKey({ low: 0 }))
    expect(attributesKey({ a: 1, b: [2, 3] })).toBe(attributesKey({ b: [2, 3], a: 1 }))
    expect(attributesKey({ a: [1, 23] })).not.toBe(attributesKey({ a: [12, 3] }))
    expect(attributesKey({ a: null })).not.toBe(attributesKey({ a: 'null' }))
    expect(attributesKey({ a: NaN })).toBe(attributesKey({ a: NaN }))
  })
})

describe('stableNodes', () => {
  it('finds what depends on stable inputs and constants alone', () => {
    const [image, kernel, trained] = [leaf([3]), leaf([3]), leaf([3])]
    const folded = mul(kernel, scalar(2))
    const mixed = add(folded, trained)
    const output = mul(image, mixed)
    const stable = stableNodes(graph([image, kernel, trained], output), new Set([1]))
    expect([kernel, folded, folded.inputs[1]!].every((node) => stable.has(node))).toBe(true)
    expect([image, trained, mixed, output].some((node) => stable.has(node))).toBe(false)
  })

  it('takes constants as stable without any stable input', () => {
    const x = leaf([])
    const g = graph([x], add(x, neg(scalar(1))))
    expect([...stableNodes(g, new Set())].map((node) => node.op)).toEqual(['constant', 'neg'])
    expect(count(g, 'neg')).toBe(1)
  })
})
