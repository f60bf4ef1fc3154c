// The order of nodes, and all passes together.
import { describe, expect, it } from 'vitest'
import { evaluateNodes } from '../../../src/engines/reference/index.ts'
import { add, mul, neg, reduceSum, scalar, sub } from '../../../src/graph/build.ts'
import { differentiate } from '../../../src/graph/differentiate.ts'
import { makeNode } from '../../../src/graph/node.ts'
import type { Graph, Node } from '../../../src/graph/node.ts'
import { foldNormalization, fuse, schedule, simplify } from '../../../src/graph/passes/index.ts'
import { sizeOf } from '../../../src/graph/types.ts'
import { conv, count, expectOrdered, expectSameFloats, expectSameValues, graph, leaf } from '../helpers.ts'
import { randomGraph } from '../random-graph.ts'

const relu = (node: Node): Node => makeNode('clamp', [node], { low: 0, high: Infinity })
const all = (node: Node): Node => reduceSum(node, node.shape.map((_, axis) => axis)) // prettier-ignore

/** The largest number of elements of intermediates that live at once, outputs and leaves apart. */
function peak(g: Graph): number {
  const last = new Map<Node, number>()
  g.nodes.forEach((node, i) => node.inputs.forEach((input) => last.set(input, i)))
  let [live, most] = [0, 0]
  g.nodes.forEach((node, i) => {
    const free = node.inputs.length === 0 || g.outputs.includes(node)
    if (!free) live += sizeOf(node.shape)
    most = Math.max(most, live)
    for (const input of new Set(node.inputs)) {
      if (last.get(input) === i && input.inputs.length > 0 && !g.outputs.includes(input)) live -= sizeOf(input.shape)
    }
  })
  return most
}

/** One step of plain descent through `depth` blocks of convolution, BatchNorm in inference mode and relu. */
function trainingStep(depth: number): Graph {
  const image = leaf([2, 6, 6, 4], 'float32', 'image')
  const weights: Node<'input'>[] = []
  let x: Node = image
  for (let i = 0; i < depth; i++) {
    const [kernel, gamma, beta, variance] = [leaf([3, 3, 4, 4]), leaf([4]), leaf([4]), leaf([4])]
    weights.push(kernel, gamma, beta, variance)
    const scale = mul(gamma, makeNode('rsqrt', [add(mul(variance, variance), scalar(0.1))], {}))
    const y = conv([x, kernel], { padding: [[1, 1], [1, 1]] }) // prettier-ignore
    x = add(relu(add(mul(y, scale), beta)), x)
  }
  const trained = weights.filter((_, i) => i % 4 !== 3)
  const loss = mul(all(mul(x, x)), scalar(1e-3))
  const folded = foldNormalization(graph([image, ...weights], loss)).outputs[0]!
  const gradients = differentiate(folded, trained)
  const updates = trained.map((w, i) => sub(w, mul(gradients[i]!, scalar(0.01))))
  const inputs = [image, ...weights]
  return graph(inputs, loss, ...updates)
}

describe('schedule', () => {
  it('computes the gradient of a kernel when its operands are there, not at the end', () => {
    const image = leaf([2, 8, 8, 4])
    const kernels = Array.from({ length: 12 }, () => leaf([1, 1, 4, 4]))
    const loss = all(kernels.reduce<Node>((x, kernel) => relu(conv([x, kernel])), image))
    const gradients = differentiate(loss, kernels)
    const before = graph([image, ...kernels], ...kernels.map((kernel, i) => sub(kernel, gradients[i]!)))
    const after = schedule(before, { donations: new Map(kernels.map((_, i) => [i, i + 1])) })
    expectOrdered(after)
    expect(new Set(after.nodes)).toEqual(new Set(before.nodes))
    expect(peak(after)).toBeLessThan(0.7 * peak(before))
  })

  it('lets readers of an input come before the node that overwrites it', () => {
    const [w, x] = [leaf([4]), leaf([4])]
    const updated = sub(w, x)
    const seen = mul(w, x)
    const cube = mul(seen, mul(w, w))
    const g = graph([w, x], updated, cube)
    const order = schedule(g, { donations: new Map([[0, 0]]) }).nodes
    expect(order.at(-1) === updated || order.indexOf(updated) > order.indexOf(cube.inputs[1]!)).toBe(true)
    expect(order.indexOf(updated)).toBeGreaterThan(order.indexOf(seen))
  })

  it('makes no cycle where two inputs swap, or a reader needs what is overwritten', () => {
    const [a, b] = [leaf([2]), leaf([2])]
    const [newA, newB] = [neg(b), neg(a)]
    const late = mul(a, newA)
    const g = graph([a, b], newA, newB, late)
    const after = schedule(g, { donations: new Map([[0, 0], [1, 1]]) }) // prettier-ignore
    expectOrdered(after)
    expect(new Set(after.nodes)).toEqual(new Set(g.nodes))
  })

  it.each(Array.from({ length: 20 }, (_, i) => i))('is an order of random graph %i', (seed) => {
    const g = randomGraph(seed + 100, 120)
    const after = schedule(g, { donations: new Map([[0, 0]]) })
    expectOrdered(after)
    expect(after.nodes.length).toBe(g.nodes.length)
    expect(peak(after)).toBeLessThanOrEqual(peak(g) * 1.3)
  })
})

describe('simplify and fuse', () => {
  const optimize = (g: Graph): Graph => fuse(simplify(g, { evaluate: evaluateNodes }))

  it('leave a training step the same, with convolutions that do everything', () => {
    const before = trainingStep(4)
    const after = optimize(before)
    expectOrdered(after)
    expectSameValues(before, after)
    expect(count(after, 'conv')).toBe(4)
    expect(count(after, 'clamp')).toBe(0)
    // No elementwise node but the fused backward masks at the size of the activations.
    expect(after.nodes.filter((node) => node.op === 'mul' && node.shape[0] === 2)).toEqual([])
  })

  it.each(Array.from({ length: 60 }, (_, i) => i))('keep the values of random graph %i', (seed) => {
    const before = randomGraph(seed + 1000, 40 + 4 * seed)
    const after = optimize(before)
    expectOrdered(after)
    expectSameFloats(before, after, seed)
    expect(after.nodes.length).toBeLessThanOrEqual(before.nodes.length)
  })

  it('keep random graphs with their gradients', () => {
    for (let seed = 0; seed < 20; seed++) {
      const forward = randomGraph(seed + 500, 60)
      const loss = forward.outputs.map(all).reduce(add)
      const gradients = differentiate(loss, forward.inputs).filter((g) => g !== null)
      const before = graph(forward.inputs, loss, ...gradients)
      expectSameFloats(before, optimize(before), seed)
    }
  })

  it('find nothing more to do in what they made', () => {
    for (let seed = 0; seed < 10; seed++) {
      const once = simplify(randomGraph(seed, 100), { evaluate: evaluateNodes })
      expect(simplify(once, { evaluate: evaluateNodes }).nodes.length).toBe(once.nodes.length)
    }
  })

  it('give the same graph every time', () => {
    const ops = () => optimize(trainingStep(3)).nodes.map((node) => node.op)
    expect(ops()).toEqual(ops())
  })

  it('keep outputs that are inputs', () => {
    const x = leaf([2])
    expect(optimize(graph([x], add(x, scalar(0)), x)).outputs).toEqual([x, x])
  })
})
