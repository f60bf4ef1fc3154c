import { expect, it } from 'vitest'
import { dumpGraph } from '../../src/graph/dump.ts'
import { makeNode } from '../../src/graph/node.ts'
import { fuseElementwise } from '../../src/graph/passes/index.ts'
import { constant, conv, graph, leaf } from './helpers.ts'

it('writes one line a node, constants short', () => {
  const x = leaf([1, 4, 4, 3], 'float32', 'image')
  const unused = leaf([2], 'int32', 'labels')
  const kernel = constant(new Array<number>(27 * 2).fill(0.1), [3, 3, 3, 2])
  const y = conv([x, kernel], { strides: [2, 2] })
  const g = graph([x, unused], makeNode('clamp', [y], { low: 0, high: Infinity }))
  expect(dumpGraph(g)).toBe(
    [
      '%1 = input() name=labels : int32 (2,) (unused)',
      '%0 = input() name=image : float32 (1, 4, 4, 3)',
      '%2 = constant() data=[0.1,0.1,0.1,0.1,0.1,0.1,… (54)] : float32 (3, 3, 3, 2)',
      '%3 = conv(%0, %2) strides=[2,2] padding=[[0,0],[0,0]] dilation=[1,1] groups=1 epilogue=null : float32 (1, 1, 1, 2)',
      '%4 = clamp(%3) low=0 high=Infinity : float32 (1, 1, 1, 2)',
      'return %4',
    ].join('\n'),
  )
})

it('writes the body of a fused node below it', () => {
  const x = leaf([3])
  const a = makeNode('exp', [x], {})
  const g = fuseElementwise(graph([x], makeNode('add', [a, x], {}), a))
  expect(dumpGraph(g)).toBe(
    [
      '%0 = input() name=x : float32 (3,)',
      '%1 = fused(%0) : float32 (3,)',
      '  t0 = exp(p0) : float32 (3,)',
      '  t1 = add(t0, p0) : float32 (3,)',
      '  yield t0, t1',
      '%2 = result(%1) index=1 : float32 (3,)',
      '%3 = result(%1) index=0 : float32 (3,)',
      'return %2, %3',
    ].join('\n'),
  )
})
