// Random graphs of elementwise nodes, data movement and reductions, for tests that any graph must pass.
import {
  add,
  broadcastTo,
  cast,
  less,
  mul,
  neg,
  pick,
  reduceSum,
  reshape,
  scalar,
  select,
  sub,
} from '../../src/graph/build.ts'
import { makeNode } from '../../src/graph/node.ts'
import type { Graph, Node } from '../../src/graph/node.ts'
import { philoxUniform } from '../../src/graph/philox.ts'
import type { Shape } from '../../src/graph/types.ts'
import { constant, graph, leaf } from './helpers.ts'

/** A graph of about `size` float32 nodes that are all finite for inputs in [-1, 1]; structure depends on `seed` alone. */
export function randomGraph(seed: number, size: number): Graph {
  const draws = new Float32Array(size * 8 + 16)
  philoxUniform(seed, 1234, draws)
  let drawn = 0
  const below = (n: number): number => Math.floor(draws[drawn++ % draws.length]! * n)

  const shape: Shape = [3, 4]
  const inputs = [leaf(shape), leaf(shape), leaf([4]), leaf([3, 1]), leaf([])]
  const nodes: Node[] = [...inputs, scalar(0), scalar(1), constant([1, 1, 1, 1])]
  const pickNode = (): Node => nodes[Math.max(0, nodes.length - 1 - below(below(2) === 0 ? 6 : nodes.length))]!
  /** Keeps values from growing without bound. */
  const tame = (x: Node): Node => makeNode('clamp', [x], { low: -2, high: 2 })
  const makers: ((a: Node, b: Node) => Node)[] = [
    (a, b) => tame(add(a, b)),
    (a, b) => sub(a, tame(b)),
    (a, b) => mul(makeNode('tanh', [a], {}), tame(b)),
    (a, b) => select(less(a, b), a, tame(b)),
    (a) => neg(a),
    (a) => makeNode('sigmoid', [a], {}),
    (a, b) => mul(tame(a), cast(makeNode('not', [less(a, b)], {}), 'float32')),
    (a) => reshape(reshape(a, [a.shape.reduce((n, dim) => n * dim, 1)]), a.shape),
    (a) => (a.shape.length === 0 ? a : reduceSum(tame(a), [a.shape.length - 1], true)),
    (a) => (a.shape.length === 0 ? a : broadcastTo(tame(a), shape)),
    (a) => (a.shape.length < 2 ? a : pick(tame(a), 0)),
  ]
  while (nodes.length < size) {
    const made = makers[below(makers.length)]!(pickNode(), pickNode())
    nodes.push(made.shape.length > 2 ? tame(makeNode('reduceMax', [made], { axes: [0], keepDims: false })) : tame(made))
  }
  const outputs = [nodes.at(-1)!, nodes.at(-2)!, pickNode(), pickNode(), pickNode()]
  return graph(inputs, ...outputs)
}
