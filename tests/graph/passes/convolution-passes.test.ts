import { describe, expect, it } from 'vitest'
import { add, div, mul, reduceSum, reshape, scalar, slice, sub } from '../../../src/graph/build.ts'
import { differentiate } from '../../../src/graph/differentiate.ts'
import { isOp, makeNode } from '../../../src/graph/node.ts'
import type { Graph, Node } from '../../../src/graph/node.ts'
import {
  foldNormalization,
  foldPads,
  fuseEpilogues,
  mergeCommonSubexpressions,
} from '../../../src/graph/passes/index.ts'
import { conv, count, expectOrdered, expectSameValues, graph, leaf, opsOf, unitConv } from '../helpers.ts'

const x = leaf([2, 5, 5, 3])
const kernel = leaf([3, 3, 3, 4])
const [scale, offset, mean, variance] = [leaf([4]), leaf([4]), leaf([4]), leaf([4])] as const
const inputs = [x, kernel, scale, offset, mean, variance]
const relu = (node: Node): Node => makeNode('clamp', [node], { low: 0, high: Infinity })
const all = (node: Node): Node => reduceSum(node, node.shape.map((_, axis) => axis)) // prettier-ignore
const zeroPad = (node: Node, [top, bottom]: number[], [left, right]: number[], value = 0): Node =>
  makeNode('pad', [node], { low: [0, top!, left!, 0], high: [0, bottom!, right!, 0], interior: [0, 0, 0, 0], value })

/** True if nothing multiplies or divides at the size of the activations. */
function isFolded(g: Graph): boolean {
  return g.nodes.every((node) => !(isOp(node, 'mul') || isOp(node, 'div')) || node.shape[0] !== x.shape[0])
}
function expectFolded(output: Node, leaves = inputs): void {
  const before = graph(leaves, output)
  const after = foldNormalization(before)
  expect(isFolded(before)).toBe(false)
  expect(isFolded(after)).toBe(true)
  expectSameValues(before, after, 3, 0.5, 2)
}

describe('foldNormalization', () => {
  it('takes a factor into the kernel, and leaves the offset', () => {
    const after = foldNormalization(graph(inputs, add(mul(conv([x, kernel]), scale), offset)))
    expect(opsOf(after).filter((op) => op !== 'input')).toEqual(['mul', 'conv', 'add'])
    expectFolded(add(mul(conv([x, kernel]), scale), offset))
  })
  it.each([
    ['the factor first', mul(scale, conv([x, kernel]))],
    ['a factor with ones in front', mul(conv([x, kernel]), reshape(scale, [1, 1, 1, 4]))],
    ['a single number', mul(conv([x, kernel]), scalar(0.5))],
    ['a divisor', div(conv([x, kernel]), variance)],
    ['a convolution with a bias', mul(add(conv([x, kernel]), offset), scale)],
    ['mean and variance', add(mul(div(sub(conv([x, kernel]), mean), variance), scale), offset)],
    ['an offset from which is subtracted', mul(sub(offset, conv([x, kernel])), scale)],
    ['an offset in front, for all', mul(add(scalar(2), conv([x, kernel])), scale)],
    ['two factors and offsets', mul(add(mul(add(conv([x, kernel]), mean), scale), offset), variance)],
    ['strides and padding', mul(conv([x, kernel], { strides: [2, 2], padding: [[1, 1], [0, 1]] }), scale)],
  ] as const)('with %s', (_, output) => {
    expectFolded(output)
  }) // prettier-ignore
  it('of grouped and depthwise convolutions', () => {
    const depthwise = leaf([3, 3, 3, 4])
    const wide = leaf([12])
    expectFolded(mul(conv([x, reshape(depthwise, [3, 3, 1, 12])], { groups: 3 }), wide), [x, depthwise, wide])
  })

  it.each([
    ['the convolution is used elsewhere', () => [mul(conv([x, kernel]), scale), 0]],
    ['the factor differs from pixel to pixel', () => [mul(conv([x, kernel]), leaf([3, 3, 4])), 1]],
    ['the factor is for the width', () => [mul(conv([x, kernel]), leaf([3, 1])), 1]],
    ['the factor makes the result larger', () => [mul(conv([x, kernel]), leaf([2, 1, 1, 1, 4])), 1]],
    ['the result is divided into the vector', () => [div(scale, conv([x, kernel])), 1]],
    ['an activation lies between', () => [mul(relu(conv([x, kernel])), scale), 1]],
    ['a tensor was added', () => [mul(add(conv([x, kernel]), leaf([2, 3, 3, 4])), scale), 1]],
    ['two convolutions were added', () => [mul(add(conv([x, kernel]), conv([x, kernel])), scale), 1]],
  ] as const)('not where %s', (_, make) => {
    const [output, alone] = make() as [Node, number]
    const outputs = alone ? [output] : [output, output.inputs[0]!]
    const leaves = [...new Set([...inputs, ...outputs.flatMap((o) => o.inputs).flatMap((o) => [o, ...o.inputs])])]
    const before = graph(leaves.filter((node): node is Node<'input'> => isOp(node, 'input')), ...outputs)
    expect(opsOf(foldNormalization(before))).toEqual(opsOf(before))
  }) // prettier-ignore

  it('before differentiation, lets every gradient have the size of the weights', () => {
    const output = all(relu(add(mul(conv([x, kernel]), scale), offset)))
    const sources = [kernel, scale, offset]
    const folded = foldNormalization(graph(inputs, output)).outputs[0]!
    const plain = graph(inputs, output, ...differentiate(output, sources).map((g) => g!))
    const better = graph(inputs, folded, ...differentiate(folded, sources).map((g) => g!))
    expectSameValues(plain, better, 9)
    expect(isFolded(plain)).toBe(false)
    expect(isFolded(better)).toBe(true)
    // What the caller kept of the unfolded forward part becomes equal to the folded one and merges with it.
    const both = graph(inputs, output.inputs[0]!, ...better.outputs)
    const merged = mergeCommonSubexpressions(foldNormalization(both))
    expect(count(merged, 'conv')).toBe(1)
    expectSameValues(both, merged, 9)
  })
})

describe('foldPads', () => {
  it('takes a zero border into the padding', () => {
    const before = graph(inputs, conv([zeroPad(x, [1, 2], [0, 1]), kernel], { strides: [2, 2], padding: [[0, 0], [1, 0]] })) // prettier-ignore
    const after = foldPads(before)
    expect(opsOf(after)).toEqual(['input', 'input', 'conv'])
    expect((after.outputs[0] as Node<'conv'>).attrs.padding).toEqual([[1, 2], [1, 1]]) // prettier-ignore
    expectSameValues(before, after)
  })
  it('of gradients too', () => {
    const output = all(relu(conv([zeroPad(x, [1, 1], [1, 1]), kernel], { strides: [2, 2] })))
    const before = graph(inputs, output, ...differentiate(output, [x, kernel]).map((g) => g!))
    const after = foldPads(before)
    expect(opsOf(after).filter((op) => op === 'pad' || op === 'slice')).toEqual([])
    expectSameValues(before, after)
  })
  it('for each of several convolutions', () => {
    const padded = zeroPad(x, [1, 1], [1, 1])
    const before = graph(inputs, conv([padded, kernel]), conv([padded, kernel], { strides: [2, 2] }))
    expect(count(foldPads(before), 'pad')).toBe(0)
    expectSameValues(before, foldPads(before))
  })
  it.each([
    ['a border of another value', zeroPad(x, [1, 1], [1, 1], 1), {}],
    ['a border wider than the kernel', zeroPad(x, [3, 0], [0, 0]), {}],
    ['a border too wide with the padding', zeroPad(x, [2, 0], [0, 0]), { padding: [[1, 0], [0, 0]] as const }],
    ['padded channels', makeNode('pad', [leaf([2, 5, 5, 2])],
      { low: [0, 0, 0, 1], high: [0, 0, 0, 0], interior: [0, 0, 0, 0], value: 0 }), {}],
    ['gaps', makeNode('pad', [x], { low: [0, 0, 0, 0], high: [0, 0, 0, 0], interior: [0, 1, 1, 0], value: 0 }), {}],
  ])('not for %s', (_, padded, options) => {
    const source = padded.inputs[0] as Node<'input'>
    const g = graph([source, kernel], conv([padded, kernel], options))
    expect(count(foldPads(g), 'pad')).toBe(1)
  }) // prettier-ignore
  it('not for maximum pooling', () => {
    const pool = { window: [2, 2], strides: [2, 2], padding: unitConv.padding } as const
    const g = graph([x], makeNode('maxPool', [zeroPad(x, [1, 0], [1, 0])], pool))
    expect(opsOf(foldPads(g))).toEqual(opsOf(g))
  })
  it('leaves slices of channels or with steps', () => {
    const dy = leaf([2, 3, 3, 4])
    const dx = () => makeNode('convInputGrad', [dy, kernel], { ...unitConv, inputShape: x.shape })
    const g = graph(
      [dy, kernel],
      slice(dx(), [0, 1, 0, 0], [2, 5, 5, 2]),
      slice(dx(), [0, 0, 0, 0], x.shape, [1, 2, 1, 1]),
    )
    expect(count(foldPads(g), 'slice')).toBe(2)
  })
})

describe('fuseEpilogues', () => {
  const y = () => conv([x, kernel])
  const residual = leaf([2, 3, 3, 4])
  const leaves = [...inputs, residual]
  const expectFused = (output: Node, bias: boolean, added: boolean, clamp: readonly [number, number] | null): void => {
    const before = graph(leaves, output)
    const after = fuseEpilogues(before)
    const [result] = after.outputs
    expect(isOp(result!, 'conv') && result.attrs.epilogue).toEqual({ bias, residual: added, clamp })
    expectSameValues(before, after)
  }
  const six = (node: Node): Node => makeNode('clamp', [node], { low: 0, high: 6 })

  it.each([
    ['bias', () => add(y(), offset), true, false, null],
    ['bias first', () => add(offset, y()), true, false, null],
    ['bias with ones in front', () => add(y(), reshape(offset, [1, 1, 4])), true, false, null],
    ['subtracted bias', () => sub(y(), mean), true, false, null],
    ['two biases', () => sub(add(y(), offset), mean), true, false, null],
    ['residual', () => add(y(), residual), false, true, null],
    ['clamp', () => six(y()), false, false, [0, 6]],
    ['bias, clamp', () => relu(add(y(), offset)), true, false, [0, Infinity]],
    ['bias, residual, clamp', () => six(add(residual, add(y(), offset))), true, true, [0, 6]],
    ['residual, bias, clamp', () => six(add(add(y(), residual), offset)), true, true, [0, 6]],
  ] as const)('takes %s', (_, make, bias, added, clamp) => {
    expectFused(make(), bias, added, clamp)
  })

  it('goes on from an epilogue that is there', () => {
    const begun = conv([x, kernel, offset], { epilogue: { bias: true, residual: false, clamp: null } })
    expectFused(relu(add(sub(begun, mean), residual)), true, true, [0, Infinity])
    const added = conv([x, kernel, residual], { epilogue: { bias: false, residual: true, clamp: null } })
    expectFused(relu(add(added, offset)), true, true, [0, Infinity])
  })

  it('adds two convolutions by giving the later one the earlier as residual', () => {
    const before = graph(leaves, relu(add(add(y(), offset), add(conv([x, kernel]), mean))))
    const after = fuseEpilogues(before)
    expect(opsOf(after).filter((op) => op !== 'input')).toEqual(['conv', 'conv'])
    expectSameValues(before, after)
    expectOrdered(after)
  })

  it('stops where an intermediate result is used again', () => {
    const sum = add(y(), offset)
    const before = graph(leaves, mul(sum, makeNode('sigmoid', [sum], {})))
    const after = fuseEpilogues(before)
    expect(opsOf(after).filter((op) => op !== 'input')).toEqual(['conv', 'sigmoid', 'mul'])
    expectSameValues(before, after)
    const seen = y()
    const shared = graph(leaves, relu(seen), seen)
    expect(fuseEpilogues(shared)).toBe(shared)
  })

  it('never adds a convolution to itself', () => {
    const twice = y()
    const g = graph(leaves, add(twice, twice))
    expect(fuseEpilogues(g)).toBe(g)
  })

  it.each([
    ['a second residual', () => add(add(y(), residual), mul(residual, residual)), 'add'],
    ['what follows a clamp', () => add(relu(y()), offset), 'add'],
    ['the convolution subtracted', () => sub(offset, y()), 'sub'],
    ['a subtracted tensor', () => sub(y(), residual), 'sub'],
    ['a vector along the width', () => add(y(), leafOfWidth), 'add'],
    ['a larger result', () => add(y(), leafLarger), 'add'],
  ] as const)('does not take %s', (_, make, left) => {
    const before = graph([...leaves, leafOfWidth, leafLarger], make())
    const after = fuseEpilogues(before)
    expect(after.outputs[0]!.op).toBe(left)
    expectSameValues(before, after)
  })
  const leafOfWidth = leaf([3, 1])
  const leafLarger = leaf([2, 2, 3, 3, 4])

  it('leaves training steps the same', () => {
    const logits = relu(add(conv([relu(add(y(), offset)), leaf3], { padding: [[1, 1], [1, 1]] }), residual)) // prettier-ignore
    const loss = all(mul(logits, logits))
    const sources = [kernel, offset, leaf3, residual, x]
    const before = graph([...leaves, leaf3], loss, ...differentiate(loss, sources).map((g) => g!))
    const after = fuseEpilogues(before)
    expect(count(after, 'clamp')).toBe(0)
    expectSameValues(before, after)
  })
  const leaf3 = leaf([3, 3, 4, 4])
})
