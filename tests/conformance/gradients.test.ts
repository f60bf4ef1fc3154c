// Gradients of every primitive, computed on every engine, against central differences taken in float64.
import { describe, expect, test } from 'vitest'
import { differentiate } from '../../src/graph/differentiate.ts'
import { makeNode } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import type { PrimitiveName } from '../../src/graph/primitives.ts'
import { caseOf, float, vector } from './case.ts'
import type { Case } from './case.ts'
import { cases } from './cases/index.ts'
import { engines } from './engines.ts'
import { Differences, directions, dot, lossOf } from './gradient.ts'
import { leavesFor, valuesOf } from './run.ts'

/** Inputs of a case whose gradients are compared: float32, and not taken out by the case. */
function checkedInputs({ inputs, gradients }: Case): number[] {
  const all = inputs.map((_, i) => i).filter((i) => inputs[i]!.dtype === 'float32')
  return gradients === undefined ? all : all.filter((i) => gradients.includes(i))
}

function sumOf(x: Node): Node {
  return makeNode('reduceSum', [x], { axes: x.shape.map((_, axis) => axis), keepDims: false })
}

const hasFloats = (one: Case): boolean => lossOf(one.build(leavesFor(one.inputs))) !== null

function differentiableCases(name: PrimitiveName): Case[] {
  return cases[name].filter((one) => checkedInputs(one).length > 0 && hasFloats(one))
}

const names = (Object.keys(cases) as PrimitiveName[]).filter((name) => differentiableCases(name).length > 0)

/** Without a float32 input or result there is nothing to differentiate; fused nodes come after differentiation. */
const withoutGradients: readonly PrimitiveName[] = ['input', 'constant', 'iota', 'randomUniform', 'isFinite', 'not', 'equal', 'notEqual', 'less', 'lessEqual', 'and', 'or', 'fused', 'result', 'argMax', 'argSort'] // prettier-ignore

test('no other primitive goes unchecked', () => {
  const unchecked = (Object.keys(cases) as PrimitiveName[]).filter((name) => !names.includes(name))
  expect(unchecked.sort()).toEqual([...withoutGradients].sort())
})

describe.each(await engines())('$name', ({ create }) => {
  describe.each(names)('%s', async (name) => {
    const engine = await create()
    const list = differentiableCases(name)
    test.each(list.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
      const leaves = leavesFor(one.inputs)
      const loss = lossOf(one.build(leaves))!
      const checked = checkedInputs(one)
      const exact = new Differences(loss, leaves, one.inputs)
      const nodes = differentiate(loss, leaves)
      const flowing = checked.filter((i) => nodes[i] !== null)
      const build = (own: readonly Node[]): Node[] => {
        const gradients = differentiate(lossOf(one.build(own))!, own)
        return flowing.map((i) => gradients[i]!)
      }
      const gradients = await valuesOf(engine, one, build)
      const inFloat64 = exact.values(flowing.map((i) => nodes[i]!))
      checked.forEach((i) => {
        // By definition, not by calculus.
        if (name === 'stopGradient') {
          expect(nodes[i]).toBeNull()
          return
        }
        const position = flowing.indexOf(i)
        const gradient = position < 0 ? new Float32Array(one.inputs[i]!.data.length) : gradients[position]!
        for (const direction of directions(gradient.length, i, gradient.length > 2000 ? 2 : 5)) {
          const slope = exact.along(i, direction)
          const claimed = dot(gradient, direction)
          expect(Math.abs(claimed - slope), `input ${i}: ${claimed} instead of ${slope}`).toBeLessThanOrEqual(
            1e-3 * Math.max(1, Math.abs(slope)),
          )
        }
        if (position < 0) return
        gradient.forEach((value, k) => {
          const better = inFloat64[position]![k]!
          expect(
            Math.abs(value - better),
            `input ${i}, element ${k}: ${value} instead of ${better}`,
          ).toBeLessThanOrEqual(2e-4 * Math.max(1, Math.abs(better)))
        })
      })
    })
  })

  describe('at kinks, where there is no derivative', async () => {
    const engine = await create()
    const kinks: readonly (readonly [Case, readonly (readonly number[])[]])[] = [
      [caseOf('clamp: 0 at and beyond the bounds', 'clamp', [vector(-1, 0, 3, 6, 7)], { low: 0, high: 6 }), [[0, 0, 1, 0, 0]]], // prettier-ignore
      [caseOf('relu: 0 at 0', 'clamp', [vector(-1, 0, -0, 3)], { low: 0, high: Infinity }), [[0, 0, 0, 1]]],
      [caseOf('abs: 0 at 0', 'abs', [vector(0, -2, 2)], {}), [[0, -1, 1]]],
      [caseOf('maximum: equal values give all to the first', 'maximum', [vector(1, 2, 3), vector(1, 3, 2)], {}), [[1, 0, 1], [0, 1, 0]]], // prettier-ignore
      [caseOf('minimum: equal values give all to the first', 'minimum', [vector(1, 2, 3), vector(1, 3, 2)], {}), [[1, 1, 0], [0, 0, 1]]], // prettier-ignore
      [caseOf('reduceMax: ties share', 'reduceMax', [float([2, 3], [1, 1, 0, 2, 3, 1])], { axes: [1], keepDims: false }), [[0.5, 0.5, 0, 0, 1, 0]]], // prettier-ignore
      [caseOf('reduceMin: ties share', 'reduceMin', [float([1, 4], [1, 1, 1, 1])], { axes: [1], keepDims: true }), [[0.25, 0.25, 0.25, 0.25]]], // prettier-ignore
      [caseOf('pow: 0 and negative bases', 'pow', [vector(0, 0, -2), vector(2, 1, 2)], {}), [[0, 1, -4], [0, 0, 0]]], // prettier-ignore
      [caseOf('maxPool: ties go to the first', 'maxPool', [float([1, 2, 2, 1], [1, 1, 1, 1])], { window: [2, 2], strides: [2, 2], padding: [[0, 0], [0, 0]] }), [[1, 0, 0, 0]]], // prettier-ignore
    ] // prettier-ignore
    test.each(kinks.map(([one, expected]) => [one.name, one, expected] as const))(
      '%s',
      async (_name, one, expected) => {
        const build = (own: readonly Node[]): Node[] =>
          differentiate(sumOf(one.build(own)[0]!), own).map((node) => node!)
        expect((await valuesOf(engine, one, build)).map((values) => Array.from(values, (x) => x + 0))).toEqual(expected)
      },
    )
  })
})
