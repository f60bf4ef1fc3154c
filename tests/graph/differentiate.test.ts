import { describe, expect, it } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import { evaluateInFloat64 } from '../../src/engines/reference/index.ts'
import { add, broadcastTo, cast, div, less, mul, pick, reduceSum, reshape, scalar, select, slice, sub, sumTo } from '../../src/graph/build.ts' // prettier-ignore
import { differentiate } from '../../src/graph/differentiate.ts'
import { isOp, makeNode, topologicalOrder } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { fuseElementwise } from '../../src/graph/passes/index.ts'
import type { PrimitiveName } from '../../src/graph/primitives.ts'
import { sizeOf } from '../../src/graph/types.ts'
import { constant, conv, expectClose, feed, graph, leaf, numbers } from './helpers.ts'

const all = (x: Node): Node => reduceSum(x, x.shape.map((_, axis) => axis)) // prettier-ignore

/** A scalar in which every element of `x` has a weight of its own. */
function weigh(x: Node, seed = 31): Node {
  return all(mul(x, constant([...numbers(sizeOf(x.shape), seed)], x.shape)))
}
const unary = (op: 'exp' | 'log' | 'sqrt' | 'tanh' | 'sigmoid' | 'erf' | 'sin' | 'neg', x: Node): Node =>
  makeNode(op, [x], {})
const matmul = (a: Node, b: Node, transposeA = false, transposeB = false): Node =>
  makeNode('matmul', [a, b], { transposeA, transposeB })
const clamp = (x: Node, low: number, high: number): Node => makeNode('clamp', [x], { low, high })

/** Compares derivatives with central differences, in float64. */
function check(target: Node, sources: readonly Node<'input'>[], low = -1, high = 1): void {
  const gradients = differentiate(target, sources)
  const inputs = topologicalOrder([target]).filter((node) => node.op === 'input')
  const values = feed(inputs, 5, low, high)
  const step = 1e-5
  sources.forEach((source, s) => {
    const gradient = gradients[s]
    if (!gradient) return expect.fail(`no gradient for source ${s}`)
    expect(gradient.shape).toEqual(source.shape)
    const [actual] = evaluateInFloat64([gradient], values)
    const data = values.get(source)!
    const expected = Array.from(data, (_, i) => {
      const at = (delta: number): number => {
        const moved = Float64Array.from(data)
        moved[i]! += delta
        return evaluateInFloat64([target], new Map([...values, [source, moved]]))[0]![0]!
      }
      return (at(step) - at(-step)) / (2 * step)
    })
    expect(expected.some((value) => value !== 0)).toBe(true)
    expectClose(actual!, expected, 1e-6)
  })
}

/** Checks first derivatives, and second ones: the derivatives of a weighted sum of the first. */
function checkTwice(target: Node, sources: readonly Node<'input'>[], low = -1, high = 1): void {
  check(target, sources, low, high)
  const first = differentiate(target, sources).map((gradient, i) => weigh(gradient!, 50 + i))
  check(first.reduce(add), sources, low, high)
}

describe('differentiate agrees with differences', () => {
  it('for a dense network with softmax cross-entropy', () => {
    const [x, w1, b1, w2] = [leaf([4, 3]), leaf([3, 5]), leaf([5]), leaf([5, 2])]
    const labels = constant([1, 0, 0, 1, 0, 1, 1, 0], [4, 2])
    const hidden = unary('tanh', add(matmul(x, w1), b1))
    const logits = matmul(hidden, w2)
    const largest = makeNode('reduceMax', [logits], { axes: [1], keepDims: true })
    const shifted = sub(logits, makeNode('stopGradient', [largest], {}))
    const logSum = unary('log', reduceSum(unary('exp', shifted), [1], true))
    const loss = mul(all(mul(labels, sub(logSum, shifted))), scalar(0.25))
    checkTwice(loss, [x, w1, b1, w2])
  })

  it('for a small convolutional network with BatchNorm in training mode', () => {
    const [x, kernel, gamma, beta, depthwise] = [
      leaf([2, 6, 5, 2]),
      leaf([3, 3, 2, 4]),
      leaf([4]),
      leaf([4]),
      leaf([2, 2, 1, 8]),
    ]
    const padding = [[1, 0], [1, 1]] as const // prettier-ignore
    const y = conv([x, kernel], { padding, strides: [2, 1] })
    const moments = makeNode('moments', [y], { axes: [0, 1, 2] })
    const scale = makeNode('rsqrt', [add(pick(moments, 1), scalar(1e-3))], {})
    const normal = add(mul(mul(sub(y, pick(moments, 0)), scale), gamma), beta)
    const active = clamp(normal, -0.5, 6)
    const z = conv([active, depthwise], { groups: 4 })
    const pooled = makeNode('avgPool', [z], { window: [2, 2], strides: [1, 2], padding: [[0, 1], [1, 0]] }) // prettier-ignore
    check(weigh(pooled), [x, kernel, gamma, beta, depthwise])
  })

  it('twice for convolutions, strided, dilated, padded and grouped', () => {
    const [x, kernel] = [leaf([2, 5, 6, 4]), leaf([3, 2, 2, 6])]
    const padding = [[1, 2], [0, 1]] as const // prettier-ignore
    const y = conv([x, kernel], { strides: [2, 1], dilation: [1, 2], padding, groups: 2 })
    checkTwice(weigh(mul(y, y)), [x, kernel])
  })

  it('for a convolution with an epilogue', () => {
    const [x, kernel, bias, residual] = [leaf([2, 4, 4, 2]), leaf([3, 3, 2, 3]), leaf([3]), leaf([2, 2, 2, 3])]
    const epilogue = { bias: true, residual: true, clamp: [-0.25, 0.5] } as const
    checkTwice(weigh(unary('exp', conv([x, kernel, bias, residual], { epilogue }))), [x, kernel, bias, residual])
    check(weigh(conv([x, kernel, residual], { epilogue: { ...epilogue, bias: false } })), [x, kernel, residual])
  })

  it('for transposed convolutions and pooling gradients as forward operations', () => {
    const [e, kernel, x] = [leaf([2, 3, 3, 4]), leaf([3, 3, 2, 4]), leaf([2, 6, 6, 4])]
    const attrs = { strides: [2, 2], padding: [[0, 1], [1, 0]], dilation: [1, 1], groups: 1 } as const // prettier-ignore
    const up = makeNode('convInputGrad', [e, kernel], { ...attrs, inputShape: [2, 6, 6, 2] })
    checkTwice(weigh(mul(up, up)), [e, kernel])
    const pool = { window: [3, 3], strides: [2, 2], padding: [[0, 1], [1, 0]] } as const // prettier-ignore
    check(weigh(makeNode('maxPoolGrad', [x, e], pool)), [e])
    const ties = constant(Array.from(numbers(2 * 6 * 6 * 4, 8, 0, 3), Math.floor), [2, 6, 6, 4])
    check(weigh(makeNode('maxPoolGrad', [ties, e], pool)), [e])
    check(weigh(makeNode('avgPoolGrad', [e], { ...pool, inputShape: [2, 6, 6, 4] })), [e])
    const pooled = makeNode('maxPool', [x], pool)
    checkTwice(weigh(unary('exp', pooled)), [x])
  })

  it.each([[false, false], [false, true], [true, false], [true, true]])('twice for matmul, transposed %s %s', (ta, tb) => {
    const [a, b] = [leaf(ta ? [2, 4, 3] : [2, 3, 4]), leaf(tb ? [2, 5, 4] : [2, 4, 5])]
    checkTwice(weigh(unary('sin', matmul(a, b, ta, tb))), [a, b])
  }) // prettier-ignore

  it('for operands that broadcast', () => {
    const [a, b, c] = [leaf([3, 1, 2]), leaf([4, 1]), leaf([])]
    checkTwice(weigh(div(mul(a, b), add(mul(c, c), add(mul(a, a), scalar(1))))), [a, b, c])
    const condition = less(a, b)
    check(weigh(select(condition, mul(c, a), b)), [a, b, c])
    check(weigh(makeNode('maximum', [makeNode('minimum', [a, b], {}), c], {})), [a, b, c])
  })

  it('for powers of positive bases', () => {
    const [a, b] = [leaf([3, 2]), leaf([2])]
    checkTwice(weigh(makeNode('pow', [a, b], {})), [a, b], 0.3, 2)
    for (const exponent of [-1, 0.5, 1, 2, 3]) {
      check(weigh(makeNode('pow', [a, constant([exponent], [1, 1])], {})), [a], 0.3, 2)
    }
  })

  it('for data movement', () => {
    const [x, y] = [leaf([3, 4]), leaf([3, 2])]
    const joined = makeNode('concat', [x, y], { axis: 1 })
    const turned = makeNode('transpose', [reshape(joined, [3, 2, 3])], { permutation: [2, 0, 1] })
    const flipped = makeNode('reverse', [turned], { axes: [0, 2] })
    const cut = slice(flipped, [0, 1, 0], [3, 3, 2], [2, 1, 1])
    const padded = makeNode('pad', [cut], { low: [1, 0, 2], high: [0, 1, 0], interior: [1, 0, 2], value: 3 })
    const wide = broadcastTo(reshape(padded, [1, ...padded.shape]), [2, ...padded.shape])
    checkTwice(weigh(mul(wide, wide)), [x, y])
  })

  it('for gathering and scattering', () => {
    const [x, updates] = [leaf([4, 3]), leaf([2, 2, 3])]
    const indices = constant([3, 0, 3, 2], [2, 2], 'int32')
    const along = constant([0, 2, 2, 1], [4, 1], 'int32')
    const gathered = makeNode('gather', [x, indices], { axis: 0 })
    const scattered = makeNode('scatterAdd', [indices, mul(updates, gathered)], { axis: 0, shape: [4, 3] })
    checkTwice(weigh(mul(scattered, x)), [x, updates])
    const taken = makeNode('takeAlong', [x, along], { axis: 1 })
    const placed = makeNode('scatterAlong', [along, mul(taken, taken)], { axis: 1, shape: [4, 3] })
    checkTwice(weigh(mul(placed, x)), [x])
  })

  it('for images', () => {
    const x = leaf([2, 4, 5, 2])
    const transforms = constant([1, 0.2, 0.3, -0.1, 0.9, 0.6, 0.01, 0, 0.7, 0, 1.2, 0, 1.1, -0.4, 0, 0.02], [2, 8])
    const affine = { interpolation: 'bilinear', fillMode: 'reflect', fillValue: 0 } as const
    const sampled = makeNode('affineSample', [x, transforms], affine)
    const filled = makeNode('affineSample', [x, transforms], { ...affine, fillMode: 'constant', fillValue: 2 })
    const resize = { size: [3, 7], method: 'bicubic', antialias: true } as const
    const resized = makeNode('resize', [mul(sampled, filled)], resize)
    check(weigh(mul(resized, resized)), [x])
  })

  it('for reductions', () => {
    const x = leaf([3, 4, 2])
    const largest = makeNode('reduceMax', [x], { axes: [0, 2], keepDims: false })
    const least = makeNode('reduceMin', [mul(x, x)], { axes: [1], keepDims: true })
    check(weigh(mul(least, reshape(largest, [4, 1]))), [x])
    checkTwice(weigh(makeNode('moments', [mul(x, x)], { axes: [0, 2] })), [x])
  })
})

describe('differentiate', () => {
  const valueOf = (node: Node, values = new Map<Node, Float64Array>()): number[] => [
    ...evaluateInFloat64([node], values)[0]!,
  ]
  const gradientOf = (target: Node, source: Node, values: number[]): number[] =>
    valueOf(differentiate(target, [source])[0]!, new Map([[source, Float64Array.from(values)]]))

  it('gives null for what the target does not depend on, for integers and behind stopGradient', () => {
    const [x, other, n] = [leaf([3]), leaf([3]), leaf([3], 'int32')]
    const y = all(mul(mul(x, cast(n, 'float32')), makeNode('stopGradient', [other], {})))
    expect(differentiate(y, [other, n, x]).map((g) => g?.op ?? null)).toEqual([null, null, 'mul'])
    expect(differentiate(all(makeNode('floor', [x], {})), [x])).toEqual([null])
    expect(differentiate(cast(less(scalar(0), all(x)), 'float32'), [x])).toEqual([null])
  })

  it('gives the seed for the target itself', () => {
    const x = leaf([])
    expect(valueOf(differentiate(x, [x])[0]!)).toEqual([1])
    const seed = scalar(3)
    expect(differentiate(x, [x], { seed })[0]).toBe(seed)
  })

  it('takes a seed for a target that is no scalar', () => {
    const x = leaf([2])
    const [gradient] = differentiate(mul(x, x), [x], { seed: constant([10, 100]) })
    expect(valueOf(gradient!, new Map([[x, Float64Array.of(1, 2)]]))).toEqual([20, 400])
  })

  it('differentiates with respect to sources that depend on each other', () => {
    const x = leaf([])
    const y = mul(x, scalar(3))
    const z = mul(y, y)
    const at = new Map([[x, Float64Array.of(2)]])
    expect(evaluateInFloat64(differentiate(z, [x, y, z]).map((g) => g!), at).map((v) => v[0])).toEqual([36, 12, 1]) // prettier-ignore
  })

  it('adds the gradients of several uses', () => {
    expect(gradientOf(all(add(leafOnce, mul(leafOnce, leafOnce))), leafOnce, [3, -1])).toEqual([7, -1])
  })
  const leafOnce = leaf([2])

  it('visits nothing outside the paths from sources to the target', () => {
    const [x, frozen, kernel] = [leaf([1, 8, 8, 3]), leaf([3, 3, 3, 4]), leaf([3, 3, 4, 2])]
    const base = clamp(conv([x, frozen]), 0, Infinity)
    const target = all(clamp(conv([base, kernel]), 0, 6))
    const [gradient] = differentiate(target, [kernel])
    const ops = topologicalOrder([gradient!]).map((node) => node.op)
    expect(ops.filter((op) => op === 'convKernelGrad').length).toBe(1)
    expect(ops).not.toContain('convInputGrad')
  })

  it('needs only the result of a clamp, and compares with finite bounds only', () => {
    const x = leaf([3])
    const relu = clamp(x, 0, Infinity)
    const seed = leaf([3])
    const [gradient] = differentiate(relu, [x], { seed })
    const below = topologicalOrder([gradient!], (node) => node === relu || node === seed)
    expect(below.map((node) => node.op).sort()).toEqual(['clamp', 'constant', 'constant', 'input', 'less', 'select'])
    expect(gradientOf(all(clamp(x, 0, 6)), x, [0, 6, 3])).toEqual([0, 0, 1])
    expect(gradientOf(all(relu), x, [-1, 0, 7])).toEqual([0, 0, 1])
    expect(differentiate(clamp(x, -Infinity, Infinity), [x], { seed })[0]).toBe(seed)
  })

  it('shares the gradient of reduceMax equally among ties, and gives that of maximum to the first', () => {
    const x = leaf([4])
    expect(gradientOf(makeNode('reduceMax', [x], { axes: [0], keepDims: false }), x, [1, 5, 5, 0])).toEqual([
      0, 0.5, 0.5, 0,
    ])
    expect(gradientOf(makeNode('reduceMin', [x], { axes: [0], keepDims: false }), x, [0, 5, 0, 0])[0]).toBeCloseTo(
      1 / 3,
    )
    const [a, b] = [leaf([1]), leaf([1])]
    const same = new Map([a, b].map((node) => [node, Float64Array.of(2)]))
    for (const op of ['maximum', 'minimum'] as const) {
      const gradients = differentiate(all(makeNode(op, [a, b], {})), [a, b])
      expect(gradients.map((g) => valueOf(g!, same)[0])).toEqual([1, 0])
    }
  })

  it('keeps powers finite at zero', () => {
    const [x, p] = [leaf([2]), leaf([2])]
    const at = new Map([
      [x, Float64Array.of(0, 0)],
      [p, Float64Array.of(0, 2)],
    ])
    const gradients = differentiate(all(makeNode('pow', [x, p], {})), [x, p])
    expect(gradients.map((g) => valueOf(g!, at))).toEqual([[0, 0], [0, 0]]) // prettier-ignore
  })

  it('keeps empty tensors empty', () => {
    const x = leaf([0, 3])
    const parts = makeNode('slice', [x], { starts: [0, 1], limits: [0, 3], strides: [1, 1] })
    const padded = makeNode('pad', [parts], { low: [1, 0], high: [0, 0], interior: [2, 0], value: 0 })
    expect(differentiate(all(mul(padded, padded)), [x])[0]!.shape).toEqual([0, 3])
    expect(sumTo(leaf([0, 3]), [1, 3]).shape).toEqual([1, 3])
  })

  it('refuses a target that is not float32, not a scalar, or a wrong seed', () => {
    const x = leaf([2])
    expect(() => differentiate(leaf([], 'int32'), [])).toThrow(ArgumentError)
    expect(() => differentiate(x, [x])).toThrow(/expected a scalar target.*float32 \(2,\)/)
    expect(() => differentiate(x, [x], { seed: leaf([3]) })).toThrow(ShapeError)
  })

  it('refuses fused graphs', () => {
    const x = leaf([])
    const fused = fuseElementwise(graph([x], unary('exp', unary('neg', x)))).outputs[0]!
    expect(fused.op).toBe('fused')
    expect(() => differentiate(fused, [x])).toThrow(/before the fusion pass/)
  })

  it('does not recurse: chains of ten thousand nodes', () => {
    const x = leaf([])
    let y: Node = x
    for (let i = 0; i < 10_000; i++) y = add(y, x)
    const [gradient] = differentiate(y, [x])
    expect(valueOf(gradient!)).toEqual([10_001])
  })

  it('gives gradients in an order that depends on structure alone', () => {
    const build = () => {
      const x = leaf([3])
      const y = mul(unary('exp', x), unary('tanh', x))
      return differentiate(all(add(y, mul(y, x))), [x])[0]!
    }
    const shown = (node: Node): PrimitiveName[] => topologicalOrder([node]).map(({ op }) => op)
    expect(shown(build())).toEqual(shown(build()))
    expect(isOp(build(), 'add')).toBe(true)
  })
})
