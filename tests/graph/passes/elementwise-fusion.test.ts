import { describe, expect, it } from 'vitest'
import { add, div, mul, neg, reduceSum, scalar, sub } from '../../../src/graph/build.ts'
import { differentiate } from '../../../src/graph/differentiate.ts'
import { isOp, makeNode } from '../../../src/graph/node.ts'
import type { Graph, Node } from '../../../src/graph/node.ts'
import { fuseElementwise } from '../../../src/graph/passes/index.ts'
import { isElementwise } from '../../../src/graph/primitives.ts'
import { count, expectOrdered, expectSameValues, graph, leaf, opsOf } from '../helpers.ts'
import { randomGraph } from '../random-graph.ts'

const exp = (x: Node): Node => makeNode('exp', [x], {})
const x = leaf([3, 4])
const y = leaf([3, 4])
const v = leaf([4])
const bodies = (g: Graph) =>
  g.nodes.filter((node): node is Node<'fused'> => isOp(node, 'fused')).map((f) => f.attrs.body)
const work = (g: Graph): string[] => opsOf(g).filter((op) => op !== 'input' && op !== 'constant')

function expectFused(before: Graph): Graph {
  const after = fuseElementwise(before)
  expectOrdered(after)
  expectSameValues(before, after)
  return after
}

describe('fuseElementwise', () => {
  it('makes a chain one node, used directly', () => {
    const after = expectFused(graph([x, v], exp(neg(add(x, v)))))
    expect(work(after)).toEqual(['fused'])
    expect(bodies(after)[0]!.parameters.map((p) => p.shape)).toEqual([[3, 4], [4]])
  })

  it('leaves single nodes', () => {
    const g = graph([x], exp(x))
    expect(work(expectFused(g))).toEqual(['exp'])
  })

  it('keeps what is used outside as a further result', () => {
    const a = add(x, y)
    const after = expectFused(graph([x, y], exp(neg(a)), reduceSum(a, [0])))
    expect(work(after).sort()).toEqual(['fused', 'reduceSum', 'result', 'result'])
  })

  it('makes an optimizer update one node of three results', () => {
    const [w, m, s, g, rate] = [leaf([5]), leaf([5]), leaf([5]), leaf([5]), leaf([])]
    const newM = add(mul(m, scalar(0.9)), mul(g, scalar(0.1)))
    const newS = add(mul(s, scalar(0.99)), mul(mul(g, g), scalar(0.01)))
    const step = div(mul(rate, newM), add(makeNode('sqrt', [newS], {}), scalar(1e-7)))
    const before = graph([w, m, s, g, rate], sub(w, step), newM, newS)
    const after = fuseElementwise(before)
    expectSameValues(before, after, 1, 0.1, 1)
    expect(work(after)).toEqual(['fused', 'result', 'result', 'result'])
  })

  it('reads each input once', () => {
    const after = expectFused(graph([x, v], mul(add(x, v), mul(x, v))))
    const [fused] = after.outputs
    expect(fused!.inputs).toEqual([x, v])
  })

  it('computes operands of smaller shapes outside, once', () => {
    const small = exp(neg(v))
    const after = expectFused(graph([x, v], neg(mul(x, small))))
    expect(bodies(after).map((body) => body.results[0]!.shape)).toEqual([[4], [3, 4]])
  })

  it('fuses scalars among themselves', () => {
    const s = leaf([])
    expect(work(expectFused(graph([s, x], mul(x, exp(neg(s))))))).toEqual(['fused', 'mul'])
  })

  it('keeps conditions and casts inside', () => {
    const mask = makeNode('cast', [makeNode('less', [x, y], {})], { dtype: 'float32' })
    expect(work(expectFused(graph([x, y], mul(x, mask))))).toEqual(['fused'])
  })

  it('makes what only the backward pass needs in the backward pass', () => {
    // swish between matrix products: nothing but z, its sigmoid and the product is kept.
    const [a, b, c] = [leaf([4, 4]), leaf([4, 4]), leaf([4, 4])]
    const matmul = (p: Node, q: Node): Node => makeNode('matmul', [p, q], { transposeA: false, transposeB: false })
    const z = matmul(a, b)
    const gate = makeNode('sigmoid', [z], {})
    const loss = reduceSum(exp(matmul(mul(z, gate), c)), [0, 1])
    const before = graph([a, b, c], loss, ...differentiate(loss, [b, c]).map((g) => g!))
    const after = expectFused(before)
    const forward = bodies(after).find((body) => body.results.some((result) => result.op === 'sigmoid'))!
    expect(forward.results.map((result) => result.op).sort()).toEqual(['mul', 'sigmoid'])
    expect(bodies(after).flatMap((body) => body.results.map((result) => result.op))).not.toContain('sub')
  })

  it('makes no cycle through nodes that cannot be fused', () => {
    // a -> reduction -> c, and a -> c: a must stay outside.
    const a = exp(x)
    const c = mul(a, reduceSum(a, [0]))
    expect(work(expectFused(graph([x], c))).sort()).toEqual(['exp', 'mul', 'reduceSum'])
    const d = add(neg(a), c)
    expectFused(graph([x], d, neg(d)))
  })

  it('makes no cycle through other groups', () => {
    // Two groups that feed each other through reductions.
    const [a, b] = [exp(x), exp(y)]
    const a2 = mul(neg(a), reduceSum(b, [0]))
    const b2 = mul(neg(b), reduceSum(a2, [0]))
    expectFused(graph([x, y], a2, b2, add(a, b2), add(b, a2)))
  })

  it('keeps bodies to 64 nodes and 24 inputs', () => {
    let long: Node = x
    for (let i = 0; i < 200; i++) long = exp(neg(makeNode('tanh', [long], {})))
    const chain = expectFused(graph([x], long))
    expect(bodies(chain).every((body) => bodyNodes(body.results) <= 64)).toBe(true)
    expect(count(chain, 'fused')).toBe(10)

    const leaves = Array.from({ length: 60 }, () => leaf([3, 4]))
    const wide = expectFused(
      graph(
        leaves,
        leaves.reduce<Node>((sum, l) => add(sum, l), scalar(0)),
      ),
    )
    expect(bodies(wide).every((body) => body.parameters.length <= 24)).toBe(true)
    expect(count(wide, 'add') + count(wide, 'fused')).toBe(3)
  })

  it('keeps bodies to 32 results', () => {
    // Sums over one axis stay outside of the body and read every member of a chain.
    const members = [neg(x)]
    for (let i = 0; i < 50; i++) members.push(exp(members.at(-1)!))
    const after = expectFused(graph([x], ...members.map((node) => reduceSum(node, [0]))))
    expect(bodies(after).every((body) => body.results.length <= 32)).toBe(true)
    expect(count(after, 'fused')).toBe(2)
  })

  it('does not mix what can be hoisted with the rest', () => {
    const [stable, changing] = [leaf([4]), leaf([4])]
    const outputs = [mul(neg(exp(stable)), changing)]
    const after = fuseElementwise(graph([stable, changing], ...outputs), { stableInputs: new Set([0]) })
    expect(work(after)).toEqual(['fused', 'mul'])
    expect(work(fuseElementwise(graph([stable, changing], ...outputs)))).toEqual(['fused'])
  })

  it.each(Array.from({ length: 40 }, (_, i) => i))('keeps the values of random graph %i', (seed) => {
    const after = expectFused(randomGraph(seed, 30 + 5 * seed))
    // Neighbours of one shape are fused unless a limit or a cycle forbids it.
    expect(bodies(after).every((body) => body.results.length >= 1 && bodyNodes(body.results) >= 2)).toBe(true)
    expect(after.nodes.filter((node) => isElementwise(node.op)).length).toBeLessThan(after.nodes.length)
  })
})

function bodyNodes(results: readonly Node[]): number {
  const seen = new Set<Node>(results)
  for (const node of seen) for (const input of node.inputs) if (input.op !== 'input') seen.add(input)
  return seen.size
}
