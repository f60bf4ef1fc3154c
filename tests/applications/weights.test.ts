// Assigning weights by name: nothing is assigned unless everything fits.
import { expect, test } from 'vitest'
import { assignByName } from '../../src/applications/weights.ts'
import { FormatError } from '../../src/errors.ts'
import { encodeSafetensors } from '../../src/formats/safetensors.ts'
import { dense, input } from '../../src/layers/index.ts'
import type { SymbolicTensor } from '../../src/layers/index.ts'
import { model } from '../../src/models/index.ts'

test('all or nothing', async () => {
  const inputs = input({ shape: [2] })
  const network = model({ inputs, outputs: dense({ units: 1, name: 'd' }).apply(inputs) as SymbolicTensor })
  const before = await Promise.all(network.weights.map((weight) => weight.data()))
  const kernel = { dtype: 'F32', shape: [2, 1], data: Float32Array.of(5, 6) } as const
  const bias = { dtype: 'F32', shape: [1], data: Float32Array.of(7) } as const
  const wrong = encodeSafetensors({ 'd/kernel': kernel, 'd/bias': { ...bias, shape: [1, 1] } })
  expect(() => assignByName(network, wrong, 'w')).toThrow(FormatError)
  const integers = encodeSafetensors({
    'd/kernel': kernel,
    'd/bias': { dtype: 'I32', shape: [1], data: Int32Array.of(7) },
  })
  expect(() => assignByName(network, integers, 'w')).toThrow(FormatError)
  expect(await Promise.all(network.weights.map((weight) => weight.data()))).toEqual(before)
  assignByName(network, encodeSafetensors({ 'd/kernel': kernel, 'd/bias': bias }), 'w')
  expect(await Promise.all(network.weights.map((weight) => weight.data()))).toEqual([kernel.data, bias.data])
})
