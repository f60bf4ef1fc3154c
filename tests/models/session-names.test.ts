// Weights of a model whose automatic names count from elsewhere: found all the same, if every one of them is.
import { describe, expect, test } from 'vitest'
import { FormatError } from '../../src/errors.ts'
import { dense, input } from '../../src/layers/index.ts'
import { model, weightsFromBytes, weightsToBytes } from '../../src/models/index.ts'
import { twins } from '../../src/models/session-names.ts'

describe('twins', () => {
  test('ranks, not numbers', () => {
    const found = twins(['conv_4/kernel', 'conv_10/kernel', 'a/b'], ['a/b', 'conv/kernel', 'conv_1/kernel'])
    expect([...found!]).toEqual([['conv_4/kernel', 'conv/kernel'], ['conv_10/kernel', 'conv_1/kernel'], ['a/b', 'a/b']]) // prettier-ignore
  })
  test('none unless every name has one', () => {
    expect(twins(['conv/kernel'], ['conv/kernel', 'conv_1/kernel'])).toBe(null)
    expect(twins(['conv/kernel', 'dense/kernel'], ['conv_3/kernel', 'conv_4/kernel'])).toBe(null)
    expect(twins(['conv/kernel'], ['conv_1/bias'])).toBe(null)
  })
})

test('a second model of the same kind takes the weights of the first', async () => {
  const make = (units: readonly number[]) => {
    const inputs = input({ shape: [3] })
    return model({ inputs, outputs: units.reduce((x, n) => dense({ units: n }).apply(x), inputs) })
  }
  const [first, second, other] = [make([3, 3]), make([3, 3]), make([3, 4])]
  const bytes = await weightsToBytes(first)
  expect(weightsFromBytes(second, bytes).skipped).toEqual([])
  for (const [i, weight] of second.weights.entries())
    expect(await weight.data()).toEqual(await first.weights[i]!.data())
  expect(() => weightsFromBytes(other, bytes)).toThrow(FormatError)
})
