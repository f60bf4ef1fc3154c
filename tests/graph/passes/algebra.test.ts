import { describe, expect, it } from 'vitest'
import {
  add,
  broadcastTo,
  cast,
  mul,
  neg,
  reduceSum,
  reshape,
  scalar,
  select,
  slice,
  sub,
} from '../../../src/graph/build.ts'
import { makeNode } from '../../../src/graph/node.ts'
import type { Node } from '../../../src/graph/node.ts'
import { simplifyAlgebra } from '../../../src/graph/passes/index.ts'
import { constant, count, expectSameValues, graph, leaf, opsOf } from '../helpers.ts'

const x = leaf([2, 3])
const n = leaf([2, 3], 'int32')
const u = leaf([2, 3], 'uint8')
const v = leaf([3])
const zeros = constant([0, 0, 0])
const ones = constant([1, 1, 1])
const transpose = (a: Node, ...permutation: number[]): Node => makeNode('transpose', [a], { permutation })
const op = (name: 'div' | 'pow', a: Node, b: Node): Node => makeNode(name, [a, b], {})
const reduced = (a: Node, ...axes: number[]): Node => makeNode('reduceMax', [a], { axes, keepDims: false })
const wide = (a: Node): Node => broadcastTo(a, [2, 3])

interface Case {
  readonly title: string
  readonly output: Node
  /** What is left beside leaves. */
  readonly left: readonly string[]
}
const cases: Case[] = [
  { title: 'x + 0', output: add(x, zeros), left: [] },
  { title: '0 + x', output: add(scalar(0), x), left: [] },
  { title: 'v + 0 stays where 0 is wider', output: add(v, wide(scalar(0))), left: ['broadcast', 'add'] },
  { title: 'x - 0', output: sub(x, scalar(0)), left: [] },
  { title: 'n * 1', output: mul(n, scalar(1, 'int32')), left: [] },
  { title: '1 * x', output: mul(ones, x), left: [] },
  { title: 'x * 0 stays: x may be infinite', output: mul(x, scalar(0)), left: ['mul'] },
  { title: 'x / 1', output: op('div', x, wide(scalar(1))), left: [] },
  { title: 'x^1', output: op('pow', x, scalar(1)), left: [] },
  { title: 'x^2', output: op('pow', x, scalar(2)), left: ['mul'] },
  { title: '--x', output: neg(neg(x)), left: [] },
  { title: 'x + -v', output: add(x, neg(v)), left: ['sub'] },
  { title: '-v + x', output: add(neg(v), x), left: ['sub'] },
  { title: 'x - -v', output: sub(x, neg(v)), left: ['add'] },
  { title: 'select(true, x, v)', output: select(constant([1], [1], 'bool'), x, v), left: [] },
  { title: 'select(false, x, x + v)', output: select(constant([0], [1], 'bool'), x, add(x, v)), left: ['add'] },
  { title: 'select(c, x, x)', output: select(makeNode('less', [x, v], {}), x, x), left: [] },
  { title: 'cast to the same', output: makeNode('cast', [x], { dtype: 'float32' }), left: [] },
  { title: 'cast of a widening cast', output: cast(cast(u, 'int32'), 'float32'), left: ['cast'] },
  { title: 'cast of a narrowing cast stays', output: cast(cast(n, 'bool'), 'float32'), left: ['cast', 'cast'] },
  { title: 'cast of int32 through float32 stays', output: cast(cast(n, 'float32'), 'int32'), left: ['cast', 'cast'] },
  { title: 'stopGradient', output: makeNode('stopGradient', [x], {}), left: [] },
  { title: 'reshape to the same', output: reshape(reshape(x, [6]), [2, 3]), left: [] },
  { title: 'reshape of a reshape', output: reshape(reshape(x, [6]), [3, 2]), left: ['reshape'] },
  { title: 'reshape of a filled tensor', output: reshape(wide(constant([7])), [6]), left: ['reshape', 'broadcast'] },
  { title: 'transpose that does nothing', output: transpose(x, 0, 1), left: [] },
  { title: 'transpose of a transpose', output: transpose(transpose(x, 1, 0), 1, 0), left: [] },
  { title: 'transpose of ones', output: transpose(reshape(x, [2, 1, 3]), 1, 0, 2), left: ['reshape'] },
  { title: 'broadcast to the same', output: makeNode('broadcast', [x], { shape: [2, 3] }), left: [] },
  { title: 'broadcast of a broadcast', output: broadcastTo(broadcastTo(v, [1, 3]), [2, 3]), left: ['broadcast'] },
  { title: 'slice of the whole', output: slice(x, [0, 0], [2, 3]), left: [] },
  { title: 'slice with steps stays', output: slice(x, [0, 0], [2, 3], [1, 2]), left: ['slice'] },
  { title: 'pad by nothing', output: makeNode('pad', [x], { low: [0, 0], high: [0, 0], interior: [0, 0], value: 1 }), left: [] },
  { title: 'concat of one', output: makeNode('concat', [x], { axis: 1 }), left: [] },
  { title: 'reverse of an axis of 1', output: makeNode('reverse', [reshape(x, [1, 6])], { axes: [0] }), left: ['reshape'] },
  { title: 'reduction of axes of 1', output: reduced(reshape(x, [2, 1, 3]), 1), left: [] },
  { title: 'broadcast operand', output: mul(x, wide(v)), left: ['mul'] },
  { title: 'broadcast condition', output: select(wide(makeNode('less', [v, ones], {})), x, v), left: ['less', 'select'] },
  { title: 'broadcast operands only', output: mul(wide(v), scalar(2)), left: ['mul', 'broadcast'] },
  { title: 'two broadcast operands', output: mul(wide(v), broadcastTo(reduceSum(x, [1], true), [2, 3])), left: ['reduceSum', 'mul'] },
] // prettier-ignore

describe('simplifyAlgebra', () => {
  it.each(cases)('$title', ({ output, left }) => {
    const before = graph([x, n, u, v], output)
    const after = simplifyAlgebra(before)
    expect(opsOf(after).filter((name) => name !== 'input' && name !== 'constant')).toEqual(left)
    expectSameValues(before, after)
  })

  it('computes on as few elements as broadcasting allows', () => {
    const g = simplifyAlgebra(graph([v], makeNode('exp', [mul(wide(v), scalar(2))], {})))
    expect(g.nodes.find((node) => node.op === 'exp')!.shape).toEqual([3])
    expect(count(g, 'broadcast')).toBe(1)
  })

  it('finds what earlier identities uncover', () => {
    const g = simplifyAlgebra(graph([x], neg(transpose(add(transpose(neg(x), 1, 0), scalar(0)), 1, 0))))
    expect(opsOf(g)).toEqual(['input'])
  })
})
