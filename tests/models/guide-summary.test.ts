// The guide's model with the real Xception: built, frozen and unfrozen, never run.
import { expect, test } from 'vitest'
import { applications, clearSession, input, layers, model, summaryText } from '../../src/index.ts'

test('the summary of the guide has the published numbers', async () => {
  clearSession()
  const base = await applications.xception({ weights: null, inputShape: [150, 150, 3], includeTop: false })
  base.trainable = false
  const inputs = input({ shape: [150, 150, 3] })
  let x = layers.rescaling({ scale: 1 / 127.5, offset: -1 }).apply(inputs)
  x = base.apply(x, { training: false })
  x = layers.globalAveragePooling2D().apply(x)
  x = layers.dropout({ rate: 0.2 }).apply(x)
  const classifier = model({ inputs, outputs: layers.dense({ units: 1 }).apply(x) })
  const frozen = summaryText(classifier, { showTrainable: true })
  expect(frozen).toMatch(/│ xception \(Functional\) +│ \(None, 5, 5, 2048\) +│ 20,861,480 │ +N +│/)
  expect(frozen).toMatch(/│ dense \(Dense\) +│ \(None, 1\) +│ +2,049 │ +Y +│/)
  expect(frozen.split('\n').slice(-4)).toEqual([
    ' Total params: 20,863,529 (79.59 MB)',
    ' Trainable params: 2,049 (8.00 KB)',
    ' Non-trainable params: 20,861,480 (79.58 MB)',
    '',
  ])
  // As in the guide after the first training: Adam's slots are those of the head.
  classifier.compile({ optimizer: 'adam', loss: 'mse' })
  classifier.optimizer!.build(classifier.trainableVariables)
  base.trainable = true
  expect(summaryText(classifier).split('\n').slice(-5)).toEqual([
    ' Total params: 20,867,629 (79.60 MB)',
    ' Trainable params: 20,809,001 (79.38 MB)',
    ' Non-trainable params: 54,528 (213.00 KB)',
    ' Optimizer params: 4,100 (16.02 KB)',
    '',
  ])
})
