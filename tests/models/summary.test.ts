// summary() of models that are not built, or built by fit; the texts are those of Keras 3.15.
import { beforeEach, expect, test } from 'vitest'
import {
  clearSession, input, Layer, layers, type Model, Model as BaseModel, model, ops, sequential, summaryText, type Tensor,
} from '../../src/index.ts' // prettier-ignore

beforeEach(() => clearSession())

class Composite extends Layer {
  dense = layers.dense({ units: 2 })
  relu = layers.reLU()
  override call(x: Tensor): Tensor {
    return this.relu.apply(this.dense.apply(x))
  }
}

class Own extends BaseModel {
  normalization = layers.batchNormalization()
  pooling = layers.globalAveragePooling2D()
  convolution = layers.conv2D({ filters: 4, kernelSize: 3 })
  functional: Model
  composite = new Composite()
  add = layers.add()
  constructor() {
    super()
    const inputs = input({ shape: [4] })
    this.functional = model({ inputs, outputs: layers.dense({ units: 4 }).apply(inputs) })
  }
  override call(images: Tensor): Tensor {
    const x = this.pooling.apply(this.normalization.apply(this.convolution.apply(images)))
    return this.composite.apply(this.add.apply([this.functional.apply(x), x]))
  }
}

const rows = (net: Model): string[][] =>
  summaryText(net)
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) => line.split('│').slice(1, -1).map((cell) => cell.trim())) // prettier-ignore

test('layers that are not built have no shape; those without anything to build count 0', () => {
  const net = sequential([layers.dense({ units: 3 }), layers.dropout({ rate: 0.1 }), layers.flatten(), new Composite()])
  expect(rows(net)).toEqual([
    ['dense (Dense)', '?', '0 (unbuilt)'],
    ['dropout (Dropout)', '?', '0'],
    ['flatten (Flatten)', '?', '0 (unbuilt)'],
    ['composite (Composite)', '?', '0 (unbuilt)'],
  ])
  expect(summaryText(net)).toContain(' Total params: 0 (0.00 B)\n')
  expect(rows(sequential())).toEqual([])
})

test('a model of a class, built by fit, is of any batch; called on values, of theirs', async () => {
  const expected = (batch: string, n: string): string[][] => [
    [`batch_normalization${n}`, `(${batch}, 6, 6, 4)`, '16'],
    ['(BatchNormalization)', '', ''],
    [`global_average_pooling2d${n}`, '?', '0'],
    ['(GlobalAveragePooling2D)', '', ''],
    [`conv2d${n} (Conv2D)`, `(${batch}, 6, 6, 4)`, '112'],
    [`functional${n} (Functional)`, '(None, 4)', '20'],
    [`composite${n} (Composite)`, '?', '10'],
    [`add${n} (Add)`, `(${batch}, 4)`, '0'],
  ]
  const trained = new Own()
  trained.compile({ optimizer: 'sgd', loss: 'mse' })
  await trained.fit(ops.ones([40, 8, 8, 3]), ops.ones([40, 2]), { verbose: 0 })
  expect(rows(trained)).toEqual(expected('None', ''))
  const called = new Own()
  called.apply(ops.ones([2, 8, 8, 3]))
  expect(rows(called)).toEqual(expected('2', '_1'))
})

test('positions as fractions and in characters', () => {
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 1 })])
  const text = summaryText(net, { positions: [0.2, 0.5, 1] })
  expect(text).toContain('┏━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓')
  expect(summaryText(net, { positions: [15.2, 38, 76] })).toBe(text)
})

test('attention counts the names of the layers inside', () => {
  const inputs = input({ shape: [4, 8] })
  layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }).apply([inputs, inputs])
  expect([layers.softmax().name, layers.dropout({ rate: 0.1 }).name]).toEqual(['softmax_1', 'dropout_1'])
})
