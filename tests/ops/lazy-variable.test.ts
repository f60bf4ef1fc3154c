// Variables whose initial values are made at the first use, and never if something is assigned before.
import { expect, test, vi } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import { compileFunction, tensor, Variable } from '../../src/ops/index.ts'

test('made once, at the first reading', async () => {
  const make = vi.fn(() => Float32Array.of(1, 2))
  const variable = new Variable(make, { shape: [2] })
  expect([variable.shape, variable.dtype, variable.size]).toEqual([[2], 'float32', 2])
  expect(make).not.toHaveBeenCalled()
  expect([...(await variable.data())]).toEqual([1, 2])
  variable.assignAdd([1, 1])
  expect([...(await variable.data())]).toEqual([2, 3])
  expect(make).toHaveBeenCalledTimes(1)
})

test('not made if something is assigned first', async () => {
  const make = vi.fn(() => Float32Array.of(1, 2))
  const variable = new Variable(make, { shape: [2] })
  variable.assign(tensor([5, 6]))
  expect([...(await variable.data())]).toEqual([5, 6])
  variable.assign(tensor([7, 8]))
  expect([...(await variable.value().data())]).toEqual([7, 8])
  expect(make).not.toHaveBeenCalled()
})

test('traced functions read and write it', async () => {
  const variable = new Variable(() => Float32Array.of(1, 2), { shape: [2] })
  const step = compileFunction(() => {
    variable.assignAdd([10, 10])
    return [variable.value()]
  })
  expect([...(await step.run().outputs[0]!.data())]).toEqual([11, 12])
  expect([...(await variable.data())]).toEqual([11, 12])
})

test('a wrong number of values, and no shape', async () => {
  await expect(new Variable(() => Float32Array.of(1), { shape: [2] }).data()).rejects.toThrow(ShapeError)
  expect(() => new Variable(() => Float32Array.of(1))).toThrow(ArgumentError)
})
