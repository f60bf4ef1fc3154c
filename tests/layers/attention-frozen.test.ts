// Layers that make layers within themselves: frozen from the start, also when they come from a file.
import { expect, test } from 'vitest'
import { Functional, layers, model } from '../../src/index.ts'
import { input } from '../../src/layers/index.ts'

test('projections of a frozen attention are frozen, and learn when it is unfrozen', () => {
  const inputs = input({ shape: [5, 4] })
  const attention = layers.multiHeadAttention({ numHeads: 2, keyDim: 3, trainable: false })
  const queries = layers.groupQueryAttention({ headDim: 2, numQueryHeads: 2, numKeyValueHeads: 1, trainable: false })
  const outputs = layers
    .dense({ units: 1, name: 'out' })
    .apply(queries.apply([attention.apply([inputs, inputs]), inputs]))
  const made = model({ inputs, outputs })
  expect(made.trainableWeights.map(({ path }) => path)).toEqual(['out/kernel', 'out/bias'])
  const again = Functional.fromConfig(made.getConfig())
  expect(again.trainableWeights.map(({ path }) => path)).toEqual(['out/kernel', 'out/bias'])
  attention.trainable = true
  expect(made.trainableWeights.length).toBe(10)
})
