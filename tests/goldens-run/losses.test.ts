// Losses against Keras: every reduction, sample weights, gradients with respect to the predictions, configs.
import { describe, expect, it } from 'vitest'
import * as losses from '../../src/losses/index.ts'
import * as ops from '../../src/ops/index.ts'
import { bookNames, difference, type GoldenTensor, readBook, type Tolerance } from './read.ts'

interface LossCase {
  name: string
  class_name: string
  config: Record<string, unknown>
  inputs: { y_true: string; y_pred: string }
  results: {
    reduction: string
    sample_weight: string | null
    value?: number
    tensor?: string
    grad_y_pred: string
  }[]
}

function asTensor({ data, shape, dtype }: GoldenTensor): ops.Tensor {
  return ops.tensor(data, { shape, dtype })
}

/**
 * README: 1e-5 relative; where logits are 50 and more, 1e-6 absolute (or, where float32 is coarser than that, its last two bits):
 * losses near 0 must come out as such beside logits that are large.
 */
function compare(received: ArrayLike<number>, expected: ArrayLike<number>, extreme: boolean): string | null {
  if (!extreme) return difference(received, expected, { relative: 1e-5 })
  if (received.length !== expected.length) return `${received.length} elements instead of ${expected.length}`
  for (let i = 0; i < expected.length; i++) {
    const tolerance: Tolerance = { absolute: Math.max(1e-6, 2 ** -22 * Math.abs(expected[i]!)) }
    const problem = difference([received[i]!], [expected[i]!], tolerance)
    if (problem !== null) return `element ${i}: ${problem}`
  }
  return null
}

for (const book of bookNames('losses')) {
  describe(book, () => {
    const golds = readBook<LossCase>(book)
    const tensor = (key: string): GoldenTensor => golds.tensor(key)
    it.each(golds.cases.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
      const labels = tensor(golden.inputs.y_true)
      const predictions = tensor(golden.inputs.y_pred)
      const extreme = golden.config.from_logits === true && predictions.data.some((x) => Math.abs(x) >= 50)
      for (const result of golden.results) {
        const label = `${result.reduction}, weights ${result.sample_weight}`
        const config = { ...golden.config, reduction: result.reduction }
        const loss = losses.get({ class_name: golden.class_name, config })
        expect(loss.getConfig(), label).toMatchObject(config)
        const p = asTensor(predictions)
        const weights = result.sample_weight === null ? null : asTensor(tensor(result.sample_weight))
        const tape = new ops.GradientTape()
        tape.watch(p)
        const value = tape.record(() => loss.apply(asTensor(labels), p, weights))
        const gradient = tape.gradient(value, p)
        const expected = result.tensor === undefined ? null : tensor(result.tensor)
        expect(value.shape, label).toEqual(expected?.shape ?? [])
        expect(compare(await value.data(), expected?.data ?? [result.value!], extreme), label).toBeNull()
        const expectedGradient = tensor(result.grad_y_pred)
        expect(gradient?.shape, label).toEqual(expectedGradient.shape)
        expect(compare(await gradient!.data(), expectedGradient.data, extreme), `gradient, ${label}`).toBeNull()
      }
    })
  })
}
