// Variables that begin with one number throughout: the engine makes their content.
import { expect, test } from 'vitest'
import { ops, tensor, Variable } from '../../src/index.ts'

test.each([
  [0, 'float32', 5],
  [0.1, 'float32', 7],
  [-3, 'int32', 3],
  [200, 'uint8', 5],
  [1, 'bool', 6],
  [1, 'float32', 0],
] as const)('%s as %s, %i elements', async (initial, dtype, length) => {
  const variable = new Variable(initial, { shape: [length], dtype })
  // Beside an operation, so that the engine's own copy is read.
  const expected = Array<number>(length).fill(dtype === 'float32' ? Math.fround(initial) : initial)
  expect([...(await ops.concatenate([variable, variable], 0).data())]).toEqual([...expected, ...expected])
  expect([...(await variable.data())]).toEqual(expected)
})

test('zeros where other numbers were before', async () => {
  const length = 1 << 19
  for (let i = 0; i < 4; i++) {
    const used = new Variable(tensor(new Float32Array(length).fill(i + 1)))
    expect(await ops.max(ops.abs(used)).item()).toBe(i + 1)
    const zeros = new Variable(0, { shape: [length] })
    expect(await ops.max(ops.abs(zeros)).item()).toBe(0)
    used.assign(ops.add(used, 1))
    zeros.assign(ops.add(zeros, 1))
  }
})
