// Cases of fused elementwise bodies: broadcast inputs, several results, mixed dtypes.
import { makeNode } from '../../../src/graph/node.ts'
import type { Node } from '../../../src/graph/node.ts'
import type { FusedBody } from '../../../src/graph/primitives.ts'
import type { TensorType } from '../../../src/graph/types.ts'
import { bool, bytes, float, int, random, randomInts } from '../case.ts'
import type { Case, Tensor } from '../case.ts'

type Build = (parameters: readonly Node[]) => readonly Node[]

function bodyOf(types: readonly TensorType[], build: Build): FusedBody {
  const parameters = types.map(({ shape, dtype }, i) => makeNode('input', [], { name: `p${i}`, shape, dtype }))
  return { parameters, results: build(parameters) }
}

/** The body as one fused node, with the same nodes unfused as outputs after it: both must be equal. */
function fusedCase(
  name: string,
  inputs: readonly Tensor[],
  build: Build,
  expected?: readonly ArrayLike<number>[],
): Case {
  return {
    name,
    inputs,
    build: (leaves) => {
      const fused = makeNode('fused', leaves, { body: bodyOf(inputs, build) })
      const count = fused.attrs.body.results.length
      return Array.from({ length: count }, (_, index) => makeNode('result', [fused as Node], { index }))
    },
    gradients: [],
    ...(expected === undefined ? {} : { expected }),
  }
}

const scalar = (value: number): Node =>
  makeNode('constant', [], { data: Float32Array.of(value), shape: [], dtype: 'float32' })
const add = (a: Node, b: Node): Node => makeNode('add', [a, b], {})
const mul = (a: Node, b: Node): Node => makeNode('mul', [a, b], {})

/** Scale and shift by channel, then relu. */
const affine: Build = ([x, gamma, beta]) => [
  makeNode('clamp', [add(mul(x!, gamma!), beta!)], { low: 0, high: Infinity }),
]

/** A step of Adam without its corrections: three results that share terms. */
const adam: Build = ([w, g, m, v, rate]) => {
  const nextM = add(mul(m!, scalar(0.9)), mul(g!, scalar(0.1)))
  const nextV = add(mul(v!, scalar(0.999)), mul(mul(g!, g!), scalar(0.001)))
  const step = makeNode('div', [mul(nextM, rate!), add(makeNode('sqrt', [nextV], {}), scalar(1e-7))], {})
  return [makeNode('sub', [w!, step], {}), nextM, nextV]
}

/** All unary functions of one argument in (0.2, 2), added up. */
const unaries: Build = ([x]) => {
  const names = ['neg', 'abs', 'sign', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'rsqrt', 'tanh', 'sigmoid', 'erf', 'sin', 'cos', 'floor', 'ceil', 'round'] as const // prettier-ignore
  return [names.map((op): Node => makeNode(op, [x!], {})).reduce(add), makeNode('isFinite', [x!], {})]
}

const binaries: Build = ([a, b]) => {
  const arithmetic = ['add', 'sub', 'mul', 'div', 'pow', 'mod', 'maximum', 'minimum'] as const
  const comparisons = ['equal', 'notEqual', 'less', 'lessEqual'] as const
  const [equal, notEqual, less, lessEqual] = comparisons.map((op): Node => makeNode(op, [a!, b!], {}))
  const logic = makeNode('or', [makeNode('and', [less!, notEqual!], {}), makeNode('not', [equal!], {})], {})
  return [arithmetic.map((op): Node => makeNode(op, [a!, b!], {})).reduce(add), logic, lessEqual!]
}

const pixels: Build = ([image, mean]) => [mul(makeNode('sub', [makeNode('cast', [image!], { dtype: 'float32' }), mean!], {}), scalar(1 / 127.5))] // prettier-ignore

const integers: Build = ([a, b, keep]) => [
  makeNode('select', [keep!, mul(a!, b!), makeNode('neg', [a!], {})], {}),
  makeNode('mod', [a!, b!], {}),
  makeNode('cast', [add(a!, b!)], { dtype: 'float32' }),
]

const fused: readonly Case[] = [
  fusedCase('one node', [random([7], 1)], ([x]) => [makeNode('tanh', [x!], {})]),
  fusedCase('by channel', [random([2, 3, 5, 17], 1), random([17], 2), random([17], 3)], affine),
  fusedCase('by channel, wide', [random([2, 5, 5, 33], 1), random([1, 1, 1, 33], 2), random([], 3)], affine),
  fusedCase('rows and columns', [random([5, 7], 1), random([5, 1], 2), random([1, 7], 3)], affine),
  fusedCase('in the middle', [random([2, 3, 4], 1), random([3, 1], 2), random([2, 1, 1], 3)], affine),
  fusedCase('scalars', [random([], 1), random([], 2), random([], 3)], affine),
  fusedCase('empty', [random([0, 3], 1), random([3], 2), random([1], 3)], affine),
  ...[1, 15, 16, 17, 1000, 4097].map(
    (n) =>
    fusedCase(`three results of ${n}`, [random([n], 1), random([n], 2), random([n], 3), random([n], 4, 0.1, 1), float([], [0.01])], adam), // prettier-ignore
  ),
  fusedCase('all functions of one number', [random([3, 11], 1, 0.2, 2)], unaries),
  fusedCase('all functions of two numbers', [float([2, 9], randomInts([2, 9], 1, 4, 1).data), float([9], randomInts([9], 1, 4, 2).data)], binaries), // prettier-ignore
  fusedCase('pixels', [bytes([1, 2, 2, 3], [0, 1, 2, 50, 100, 127, 128, 200, 250, 253, 254, 255]), float([3], [127.5, 127.5, 0])], pixels), // prettier-ignore
  fusedCase('integers', [int([4], [7, -7, 2 ** 31 - 1, 5]), int([4], [3, 3, 2, -2]), bool([4], [1, 0, 1, 0])], integers, [[21, 7, -2, -5], [1, 2, 1, -1], [10, -4, -2147483647, 3]]), // prettier-ignore
  fusedCase('NaN and infinity', [float([4], [NaN, Infinity, -Infinity, 1]), float([], [0]), float([], [1])], affine, [[NaN, NaN, NaN, 1]]), // prettier-ignore
  fusedCase('one input twice, one unused', [random([6], 1), random([6], 2)], ([x]) => [mul(x!, x!)]),
  fusedCase("a result that is another's term", [random([6], 1)], ([x]) => {
    const exp = makeNode('exp', [x!], {})
    return [exp, add(exp, scalar(1)), exp]
  }),
]

/** Two fused nodes, the second over a result of the first and over a reduction of it. */
const chained: Case = {
  name: 'fused over results and reductions',
  inputs: [random([4, 9], 1), random([9], 2), random([9], 3)],
  build: (leaves) => {
    const first = makeNode('fused', leaves, { body: bodyOf(leaves, ([x, a, b]) => [add(mul(x!, a!), b!), makeNode('exp', [x!], {})]) }) // prettier-ignore
    const [y, e] = [0, 1].map((index): Node => makeNode('result', [first as Node], { index }))
    const sum = makeNode('reduceSum', [e!], { axes: [1], keepDims: true })
    const inputs = [y!, e!, sum]
    const second = makeNode('fused', inputs, { body: bodyOf(inputs, ([p, q, s]) => [mul(p!, makeNode('div', [q!, s!], {}))]) }) // prettier-ignore
    return [makeNode('result', [second as Node], { index: 0 }), e!]
  },
  gradients: [],
}

export const fusedCases: Readonly<Record<'fused' | 'result', readonly Case[]>> = {
  fused,
  result: [
    chained,
    {
      name: 'only the last result is used',
      inputs: [random([5], 1)],
      build: (leaves) => {
        const body = bodyOf(leaves, ([x]) => [makeNode('exp', [x!], {}), makeNode('neg', [x!], {})])
        return [makeNode('result', [makeNode('fused', leaves, { body }) as Node], { index: 1 })]
      },
      expected: [Array.from(random([5], 1).data, (x) => -x)],
      gradients: [],
    },
  ],
}

/** Each fused case again without fusion: pairs of the fused outputs and the plain ones. */
export function unfused(one: Case): Case {
  return {
    ...one,
    build: (leaves) =>
      one.build(leaves).map((output) => {
        const source = output.inputs[0] as Node<'fused'>
        return replay(source.attrs.body, source.inputs)[(output as Node<'result'>).attrs.index]!
      }),
  }
}

function replay({ parameters, results }: FusedBody, inputs: readonly Node[]): Node[] {
  const known = new Map<Node, Node>(parameters.map((parameter, i) => [parameter, inputs[i]!]))
  const visit = (node: Node): Node => {
    const found = known.get(node)
    if (found !== undefined) return found
    const made = node.inputs.length === 0 ? node : makeNode(node.op, node.inputs.map(visit), node.attrs)
    known.set(node, made)
    return made
  }
  return results.map(visit)
}
