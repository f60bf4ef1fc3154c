// Regularizers: values, names, configs.
import { expect, test } from 'vitest'
import * as regularizers from '../../src/regularizers/index.ts'
import { tensor } from '../../src/ops/index.ts'

const w = tensor([
  [1, -2],
  [0, 3],
])

test.each([
  [regularizers.l1(), 0.06],
  [regularizers.l2({ l2: 0.5 }), 7],
  [regularizers.l1L2({ l1: 1, l2: 0.1 }), 7.4],
  [regularizers.l1L2(), 0],
  // Rows (1, -2) and (0, 3): the cosine is -2 / sqrt 5; both of its places count half.
  [regularizers.orthogonalRegularizer({ factor: 1 }), 2 / Math.sqrt(5)],
  [regularizers.orthogonalRegularizer({ factor: 1, mode: 'columns' }), 2 / Math.sqrt(13)],
])('%# value', async (regularizer, value) => {
  expect(await regularizer.call(w).item()).toBeCloseTo(value, 5)
})

test('names, stored forms, functions, none', async () => {
  expect(regularizers.get('l2')!.getConfig()).toEqual({ l2: 0.01 })
  expect(regularizers.get('L1L2')).toBeInstanceOf(regularizers.L1L2)
  const stored = regularizers.l1({ l1: 0.3 }).serialize()
  expect(stored).toEqual({ module: 'keras.regularizers', class_name: 'L1', config: { l1: 0.3 }, registered_name: null })
  expect(regularizers.get(stored)!.serialize()).toEqual(stored)
  expect(regularizers.get(null)).toBeNull()
  const own = regularizers.get((value) => value)!
  expect(own.call(w)).toBe(w)
  expect(() => own.serialize()).toThrow(/register/)
  expect(() => regularizers.l2({ l2: -1 })).toThrow(/`l2` to be a number >= 0, received -1/)
})

test('a class of the user', async () => {
  class Half extends regularizers.Regularizer {
    call(value: typeof w): typeof w {
      return value
    }
  }
  regularizers.register(Half)
  const stored = new Half().serialize()
  expect(stored.registered_name).toBe('Half')
  expect(regularizers.get(stored)).toBeInstanceOf(Half)
})
