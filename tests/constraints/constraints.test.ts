// Constraints: values, names, configs.
import { expect, test } from 'vitest'
import * as constraints from '../../src/constraints/index.ts'
import { dense } from '../../src/layers/index.ts'
import { tensor } from '../../src/ops/index.ts'

// Columns of norm 5 and 0.5.
const w = tensor([
  [3, 0.3],
  [-4, 0.4],
])

test.each<[constraints.Constraint, number[]]>([
  [constraints.maxNorm(), [1.2, 0.3, -1.6, 0.4]],
  [constraints.maxNorm({ maxValue: 0.25, axis: [0, 1] }), [0.1493, 0.0149, -0.199, 0.0199]],
  [constraints.nonNeg(), [3, 0.3, 0, 0.4]],
  [constraints.unitNorm(), [0.6, 0.6, -0.8, 0.8]],
  [constraints.minMaxNorm({ minValue: 1, maxValue: 2 }), [1.2, 0.6, -1.6, 0.8]],
  [constraints.minMaxNorm({ minValue: 1, maxValue: 2, rate: 0.5 }), [2.1, 0.45, -2.8, 0.6]],
])('%# value', async (constraint, expected) => {
  const values = await constraint.call(w).data()
  expect(Array.from(values, (v) => Math.round(v * 1e4) / 1e4 + 0)).toEqual(expected)
})

test('names, stored forms, functions; a layer hands it to its weight', async () => {
  const stored = constraints.maxNorm({ maxValue: 3 }).serialize()
  expect(stored.config).toEqual({ max_value: 3, axis: 0 })
  expect(constraints.get(stored)!.serialize()).toEqual(stored)
  expect(constraints.get('non_neg')).toBeInstanceOf(constraints.NonNeg)
  expect(constraints.get(undefined)).toBeNull()
  expect(() => constraints.get('nonneg' as never)).toThrow(/constraint: expected one of .*received "nonneg"/)
  const layer = dense({ units: 2, kernelConstraint: 'nonNeg' })
  layer.build([null, 2])
  expect(await layer.kernel!.constraint!(w).array()).toEqual(await constraints.nonNeg().call(w).array())
  expect(layer.bias!.constraint).toBeNull()
})
