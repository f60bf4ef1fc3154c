// Probabilities that a sigmoid or softmax has made: crossentropies take the logits behind them, as Keras does on TensorFlow.
import { expect, test } from 'vitest'
import { layers, sequential } from '../../src/index.ts'
import * as losses from '../../src/losses/index.ts'
import { input } from '../../src/layers/index.ts'
import * as ops from '../../src/ops/index.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'

const logits = ops.tensor([[40], [-30], [2]])
const labels = ops.tensor([[0], [1], [1]])
const rows = ops.tensor([[40, 0, -2], [1, -60, 3]]) // prettier-ignore
const close = async (a: ops.Tensor, b: ops.Tensor): Promise<void> => {
  const [x, y] = [await a.data(), await b.data()]
  y.forEach((value: number, i: number) => expect(x[i]).toBeCloseTo(value, 4))
}

test('the loss of a saturated sigmoid is that of its logits, and so is the gradient', async () => {
  const tape = new ops.GradientTape()
  tape.watch(logits)
  const loss = tape.record(() => losses.binaryCrossentropy().apply(labels, ops.sigmoid(logits)))
  await close(loss, losses.binaryCrossentropy({ fromLogits: true }).apply(labels, logits))
  // Clipped probabilities would give no gradient at all.
  expect(Array.from(await tape.gradient(loss, logits)!.data(), (g) => Math.round(g * 1e4) / 1e4)).toEqual([0.3333, -0.3333, -0.0397]) // prettier-ignore
})

test('softmax, one-hot and integer labels', async () => {
  const probabilities = (): ops.Tensor => ops.softmax(rows)
  const oneHot = ops.tensor([[0, 0, 1], [0, 1, 0]]) // prettier-ignore
  const classes = ops.tensor([2, 1], { dtype: 'int32' })
  const wanted = losses.categoricalCrossentropy({ fromLogits: true, reduction: 'none' }).apply(oneHot, rows)
  await close(losses.categoricalCrossentropy({ reduction: 'none' }).apply(oneHot, probabilities()), wanted)
  await close(losses.sparseCategoricalCrossentropy({ reduction: 'none' }).apply(classes, probabilities()), wanted)
})

test('other probabilities are clipped: computed already, of another activation, changed since', async () => {
  const clipped = await losses.binaryCrossentropy({ reduction: 'none' }).apply(labels, ops.tensor([[1], [0], [0.5]])).data() // prettier-ignore
  const read = ops.tensor(await ops.sigmoid(logits).data(), { shape: [3, 1] })
  const received = await losses.binaryCrossentropy({ reduction: 'none' }).apply(labels, read).data()
  expect(received[1]).toBeCloseTo(clipped[1]!, 4)
  const changed = ops.multiply(ops.sigmoid(logits), 1)
  const values = await losses.binaryCrossentropy({ reduction: 'none' }).apply(labels, changed).data()
  expect(values[1]).toBeCloseTo(clipped[1]!, 4)
  // A softmax is no sigmoid.
  const pairs = ops.softmax(ops.tensor([[50, 0]]))
  const [loss] = await losses.binaryCrossentropy({ reduction: 'none' }).apply(ops.tensor([[0, 1]]), pairs).data() // prettier-ignore
  expect(loss).toBeLessThan(17)
})

test('a model trains out of saturation', async () => {
  const layer = layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'ones', useBias: false })
  const model = sequential([input({ shape: [1] }), layer])
  model.compile({ optimizer: 'sgd', loss: 'binary_crossentropy', metrics: ['binary_crossentropy'] })
  const logs = await model.trainOnBatch(ops.tensor([[50]]), ops.tensor([[0]]), { returnDict: true })
  expect(logs.loss).toBeCloseTo(50, 3)
  expect(logs.binary_crossentropy).toBeCloseTo(50, 3)
  expect((await layer.weights[0]!.data())[0]).toBeCloseTo(0.5, 4)
})

test('fromLogits beside a sigmoid is warned of', async () => {
  const said: string[] = []
  setWarningHandler((text) => said.push(text))
  try {
    const loss = losses.binaryCrossentropy({ fromLogits: true })
    await close(loss.apply(labels, ops.sigmoid(logits)), loss.apply(labels, logits))
  } finally {
    setWarningHandler(null)
  }
  expect(said).toEqual(['binary_crossentropy: fromLogits is true, but the predictions are the result of a sigmoid; its inputs are taken']) // prettier-ignore
})
