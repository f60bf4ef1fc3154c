// Random chains of primitives over random shapes: forward and gradients, fused, against evaluation in float64.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differentiate } from '../../src/graph/differentiate.ts'
import { graphOf, makeNode } from '../../src/graph/node.ts'
import type { Graph, Node } from '../../src/graph/node.ts'
import { fuse } from '../../src/graph/passes/index.ts'
import { evaluateInFloat64 } from '../../src/engines/reference/index.ts'
import { generator, random } from './case.ts'
import { engines } from './engines.ts'
import { lossOf } from './gradient.ts'
import { leavesFor } from './run.ts'

/** One step of a chain: what it does is drawn from `choice`, its details from `seed`. */
interface StepChoice {
  readonly choice: number
  readonly seed: number
}

const stepChoice = fc.record({ choice: fc.nat(99), seed: fc.nat(10_000) })
const chain = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 2, 3, 5, 8, 16, 17)), // prettier-ignore
  steps: fc.array(stepChoice, { minLength: 1, maxLength: 9 }),
})

function constantOf(shape: readonly number[], seed: number, low = -1, high = 1): Node {
  const { data } = random(shape, seed, low, high)
  return makeNode('constant', [], { data, shape, dtype: 'float32' })
}

type Dims = readonly [number, number, number, number]
type Grow = (x: Node, pick: (count: number) => number, seed: number, weights: Weights) => Node

/** Makes new input leaves, so that gradients of weights are compared as well. */
type Weights = (shape: readonly number[], low?: number, high?: number) => Node

const unary = ['neg', 'tanh', 'sigmoid', 'erf', 'sin', 'cos', 'abs', 'exp', 'sqrt', 'log1p'] as const

function applyUnary(x: Node, op: (typeof unary)[number]): Node {
  // Keeps arguments where the function is smooth and small.
  if (op === 'exp') return makeNode('exp', [makeNode('tanh', [x], {})], {})
  if (op === 'sqrt' || op === 'log1p') return makeNode(op, [makeNode('add', [makeNode('mul', [x, x], {}), constantOf([], 1, 0.5, 1)], {})], {}) // prettier-ignore
  return makeNode(op, [x], {})
}

/** Scales by the number of terms that a sum has, so that values stay near 1 along the chain. */
function tamed(x: Node, terms: number): Node {
  const scale = makeNode('constant', [], { data: Float32Array.of(1 / Math.sqrt(terms)), shape: [], dtype: 'float32' })
  return makeNode('mul', [x, scale], {})
}

const steps: readonly Grow[] = [
  (x, pick) => applyUnary(x, unary[pick(unary.length)]!),
  (x, pick) => makeNode('clamp', [x], [{ low: 0, high: Infinity }, { low: -0.5, high: 0.6 }, { low: 0, high: 6 }][pick(3)]!), // prettier-ignore
  (x, pick, _seed, weights) => {
    const [n, h, w, c] = x.shape as Dims
    const shape = ([[c], [], [n, 1, 1, c], [h, w, 1], [n, h, w, c], [1, w, c]] as const)[pick(6)]!
    return makeNode((['add', 'mul', 'sub', 'maximum', 'minimum'] as const)[pick(5)]!, [x, weights(shape)], {})
  },
  (x, _pick, _seed, weights) => makeNode('div', [x, weights([x.shape[3]!], 0.5, 2)], {}),
  // Convolution, plain, grouped or depthwise, with or without epilogue
  (x, pick, _seed, weights) => {
    const [, h, w, c] = x.shape as Dims
    const [kh, kw] = [1 + pick(3), 1 + pick(3)]
    const groups = pick(3) === 0 ? c : 1
    const filters = groups === 1 ? [1, 4, 7, 16, 19][pick(5)]! : c * (1 + pick(2))
    const attrs = {
      strides: [1 + pick(2), 1 + pick(2)],
      dilation: [1, 1],
      groups,
      padding: [[pick(kh), Math.max(0, kh - h)], [pick(kw), Math.max(0, kw - w)]], // prettier-ignore
    } as const
    const kernel = weights([kh, kw, c / groups, filters])
    const bias = pick(2) === 0 ? [weights([filters])] : []
    const epilogue = bias.length > 0 || pick(2) === 0 ? { bias: bias.length > 0, residual: false, clamp: pick(2) === 0 ? ([0, Infinity] as const) : null } : null // prettier-ignore
    const y = makeNode('conv', [x, kernel, ...bias], { ...attrs, epilogue })
    return tamed(y, (kh * kw * c) / groups)
  },
  (x, pick) => {
    const [, h, w] = x.shape as Dims
    const window = [Math.min(h, 1 + pick(3)), Math.min(w, 1 + pick(3))] as const
    const padding = [[pick(window[0]), pick(window[0])], [pick(window[1]), pick(window[1])]] as const // prettier-ignore
    return makeNode(pick(2) === 0 ? 'maxPool' : 'avgPool', [x], {
      window,
      padding,
      strides: [1 + pick(2), 1 + pick(2)],
    })
  },
  (x, pick) => makeNode(pick(3) === 0 ? 'reduceMax' : 'reduceSum', [tamed(x, 4)], { axes: [[1], [2], [3], [1, 2], [1, 3]][pick(5)]!, keepDims: true }), // prettier-ignore
  (x, pick) => {
    const [n, h, w, c] = x.shape as Dims
    return makeNode('reshape', [x], { shape: [[n, w, h, c], [n, 1, h * w, c], [n, h, w * c, 1], [n, h * w, 1, c]][pick(4)]! }) // prettier-ignore
  },
  (x, pick) => makeNode('transpose', [x], { permutation: [[0, 2, 1, 3], [0, 3, 2, 1], [0, 1, 3, 2]][pick(3)]! }), // prettier-ignore
  (x, pick) => makeNode('reverse', [x], { axes: [[1], [2, 3], [3]][pick(3)]! }), // prettier-ignore
  (x, pick) => makeNode('pad', [x], { low: [0, pick(2), pick(2), pick(2)], high: [0, pick(2), 0, pick(3)], interior: [0, pick(2), 0, 0], value: 0.25 }), // prettier-ignore
  (x, pick) => {
    const starts = x.shape.map((dim, axis) => (axis === 0 ? 0 : pick(dim)))
    return makeNode('slice', [x], { starts, limits: x.shape, strides: [1, 1 + pick(2), 1, 1 + pick(2)] })
  },
  (x, pick) => makeNode('concat', [x, makeNode('neg', [x], {})], { axis: 1 + pick(3) }),
  // Dense along the last axis
  (x, pick, _seed, weights) => {
    const [n, h, w, c] = x.shape as Dims
    const units = 1 + pick(9)
    const flat = makeNode('reshape', [x], { shape: [n * h * w, c] })
    const product = makeNode('matmul', [flat, weights([units, c])], { transposeA: false, transposeB: true })
    return makeNode('reshape', [tamed(product, c)], { shape: [n, h, w, units] })
  },
  // Batch statistics
  (x) => {
    const c = x.shape[3]!
    const moments = makeNode('moments', [x], { axes: [0, 1, 2] })
    const row = (index: number): Node =>
      makeNode('reshape', [makeNode('slice', [moments], { starts: [index, 0], limits: [index + 1, c], strides: [1, 1] })], { shape: [c] }) // prettier-ignore
    const scale = makeNode('rsqrt', [makeNode('add', [row(1), constantOf([], 2, 0.1, 0.2)], {})], {})
    return makeNode('mul', [makeNode('sub', [x, row(0)], {}), scale], {})
  },
  (x, _pick, seed) => {
    const indices = makeNode('constant', [], { data: Int32Array.from({ length: 3 }, (_, i) => (seed + i) % x.shape[3]!), shape: [3], dtype: 'int32' }) // prettier-ignore
    return makeNode('gather', [x, indices], { axis: 3 })
  },
  (x, pick) => makeNode('resize', [x], { size: [1 + pick(6), 1 + pick(6)], method: pick(2) === 0 ? 'bilinear' : 'nearest', antialias: pick(2) === 0 }), // prettier-ignore
  // A term used twice, far apart: gradients meet.
  (x) => makeNode('add', [x, makeNode('tanh', [makeNode('mul', [x, x], {})], {})], {}),
]

interface Chain {
  readonly shape: Dims
  readonly steps: readonly StepChoice[]
}

function buildChain({ shape, steps: choices }: Chain): { leaves: Node<'input'>[]; output: Node } {
  const leaves = leavesFor([{ shape, dtype: 'float32' }])
  let x: Node = leaves[0]!
  for (const { choice, seed } of choices) {
    const next = generator(seed)
    const pick = (count: number): number => Math.floor(next() * count)
    const weights: Weights = (own, low = -1, high = 1) => {
      const leaf = makeNode('input', [], { name: `w${leaves.length}:${low}:${high}`, shape: own, dtype: 'float32' })
      leaves.push(leaf)
      return leaf
    }
    const grown = steps[choice % steps.length]!(x, pick, seed, weights)
    // Chains that have grown too large, or to nothing, are cut here.
    if (grown.shape.reduce((size, dim) => size * dim, 1) > 20_000 || grown.shape.includes(0)) break
    x = grown
  }
  return { leaves, output: x }
}

/** Values for the leaves, within the bounds that their names tell. */
function valuesFor(leaves: readonly Node<'input'>[]) {
  return leaves.map((leaf, i) => {
    const [, low = '-1', high = '1'] = leaf.attrs.name.split(':')
    return random(leaf.shape, 31 * i + 5, Number(low), Number(high))
  })
}

/**
 * Null if no element is off by more than the tolerance times the largest magnitude in the array (at least 1): the chains' sums
 * lose digits of their largest terms.
 */
function closeEnough(received: ArrayLike<number>, exact: ArrayLike<number>, tolerance: number): string | null {
  let largest = 1
  for (let i = 0; i < exact.length; i++) largest = Math.max(largest, Math.abs(exact[i]!))
  for (let i = 0; i < exact.length; i++) {
    const error = Math.abs(received[i]! - exact[i]!)
    if (!(error <= tolerance * largest))
      return `element ${i}: ${received[i]} instead of ${exact[i]} (largest ${largest})`
  }
  return null
}

const numRuns = Number(process.env['TANUKI_RANDOM_GRAPHS'] ?? 60)

describe.each(await engines())('$name', async ({ create }) => {
  const engine = await create()
  // As the graphs stand, and with elementwise groups and epilogues fused.
  test.each([
    ['as they stand', (graph: Graph) => graph],
    ['fused', (graph: Graph) => fuse(graph)],
  ])(`${numRuns} random graphs, %s`, async (_name, prepare) => {
    await fc.assert(
      fc.asyncProperty(chain, async (drawn) => {
        const { leaves, output } = buildChain(drawn)
        const loss = lossOf([output])!
        const gradients = differentiate(loss, leaves).filter((node) => node !== null)
        const outputs = [output, ...gradients]
        const tensors = valuesFor(leaves)
        const executable = engine.compile(prepare(graphOf(leaves, outputs)))
        const run = executable.run(tensors.map((tensor) => engine.upload(tensor.data, tensor)))
        const received = await Promise.all(run.outputs.map((buffer) => engine.download(buffer)))
        const exact = evaluateInFloat64(outputs, new Map(leaves.map((leaf, i) => [leaf, tensors[i]!.data])))
        received.forEach((values, i) => {
          const what = i === 0 ? 'the output' : `gradient ${i - 1}`
          const wrong = closeEnough(values, exact[i]!, 1e-3)
          if (wrong !== null) throw new Error(`${what}: ${wrong}\n${executable.dump()}`)
        })
      }),
      { numRuns, seed: 20_240 },
    )
  })

  test('random graphs are no trivial ones', () => {
    const ops = new Set<string>()
    fc.sample(chain, { numRuns, seed: 20_240 }).forEach((drawn) => {
      const { leaves, output } = buildChain(drawn)
      graphOf(leaves, [output]).nodes.forEach((node) => ops.add(node.op))
    })
    for (const op of ['conv', 'maxPool', 'avgPool', 'matmul', 'reshape', 'reduceSum', 'moments', 'resize'])
      expect(ops).toContain(op)
  })
})
