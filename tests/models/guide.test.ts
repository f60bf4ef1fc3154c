// The code blocks of the transfer learning guide, one test each, on a base of a size that the reference engine can train.
import { beforeEach, describe, expect, test } from 'vitest'
import {
  clearSession, type Functional, GradientTape, input, layers, losses, metrics, model, optimizers, sequential, setRandomSeed,
} from '../../src/index.ts' // prettier-ignore
import { randomTensor, smallBase, valuesOf } from './helpers.ts'
import { batches } from './data-helpers.ts'

beforeEach(() => {
  clearSession()
  setRandomSeed(7)
})

describe('the trainable attribute', () => {
  test('Dense has 2 trainable weights', () => {
    const layer = layers.dense({ units: 3 })
    layer.build([null, 4])
    expect(layer.weights.length).toBe(2)
    expect(layer.trainableWeights.length).toBe(2)
    expect(layer.nonTrainableWeights.length).toBe(0)
  })

  test('BatchNormalization has 2 trainable and 2 non-trainable weights', () => {
    const layer = layers.batchNormalization()
    layer.build([null, 4])
    expect(layer.weights.length).toBe(4)
    expect(layer.trainableWeights.length).toBe(2)
    expect(layer.nonTrainableWeights.length).toBe(2)
  })

  test('a frozen Dense has 2 non-trainable weights', () => {
    const layer = layers.dense({ units: 3 })
    layer.build([null, 4])
    layer.trainable = false
    expect(layer.weights.length).toBe(2)
    expect(layer.trainableWeights.length).toBe(0)
    expect(layer.nonTrainableWeights.length).toBe(2)
  })

  test('a frozen first layer does not change during training', async () => {
    const layer1 = layers.dense({ units: 3, activation: 'relu' })
    const layer2 = layers.dense({ units: 3, activation: 'sigmoid' })
    const net = sequential([input({ shape: [3] }), layer1, layer2])
    layer1.trainable = false
    const initial = await valuesOf(layer1.weights)
    const before2 = await valuesOf(layer2.weights)
    net.compile({ optimizer: 'adam', loss: 'mse' })
    const history = await net.fit(randomTensor([2, 3], 1), randomTensor([2, 3], 2), { verbose: 0 })
    expect(history.params.steps).toBe(1)
    expect(await valuesOf(layer1.weights)).toEqual(initial)
    expect(await valuesOf(layer2.weights)).not.toEqual(before2)
  })

  test('trainable is propagated recursively', () => {
    const inner = sequential([
      input({ shape: [3] }),
      layers.dense({ units: 3, activation: 'relu' }),
      layers.dense({ units: 3, activation: 'relu' }),
    ])
    const net = sequential([input({ shape: [3] }), inner, layers.dense({ units: 3, activation: 'sigmoid' })])
    net.trainable = false
    expect(inner.trainable).toBe(false)
    expect(inner.layers[0]!.trainable).toBe(false)
  })
})

/** The guide's model: augmentation, rescaling, the base in inference mode, a new head. */
function guideModel(base: Functional, augmented = false): Functional {
  const inputs = input({ shape: [8, 8, 3] })
  const augmentation = sequential([layers.randomFlip({ mode: 'horizontal' }), layers.randomRotation({ factor: 0.1 })])
  let x = augmented ? augmentation.apply(inputs) : inputs
  x = layers.rescaling({ scale: 1 / 127.5, offset: -1 }).apply(x)
  x = base.apply(x, { training: false })
  x = layers.globalAveragePooling2D().apply(x)
  x = layers.dropout({ rate: 0.2 }).apply(x)
  return model({ inputs, outputs: layers.dense({ units: 1 }).apply(x) })
}

const images = batches(24, 8, [8, 8, 3], (pixel) => 127 + 60 * pixel)

describe('the typical workflow', () => {
  test('freeze, train the head, unfreeze, fine-tune', async () => {
    const base = smallBase()
    base.trainable = false
    const net = guideModel(base)
    const head = net.layers.at(-1)!
    const compile = (learningRate: number): void =>
      net.compile({
        optimizer: optimizers.adam({ learningRate }),
        loss: losses.binaryCrossentropy({ fromLogits: true }),
        metrics: [metrics.binaryAccuracy()],
      })

    compile(1e-2)
    const frozen = await valuesOf(base.weights)
    const headBefore = await valuesOf(head.weights)
    const history = await net.fit(images, { epochs: 3, validationData: images, verbose: 0 })
    expect(Object.keys(history.history)).toEqual(['binary_accuracy', 'loss', 'val_binary_accuracy', 'val_loss'])
    expect(history.history.loss!.length).toBe(3)
    expect(await valuesOf(base.weights)).toEqual(frozen)
    expect(await valuesOf(head.weights)).not.toEqual(headBefore)
    expect(net.optimizer!.variables.length).toBe(2 + 2 * 2)

    // Unfrozen, the base still runs in inference mode: its moving statistics never change, its weights do.
    base.trainable = true
    compile(1e-3)
    await net.fit(images, { epochs: 2, verbose: 0 })
    const trained = await valuesOf(base.weights)
    for (const [i, { path }] of base.weights.entries()) {
      const isStatistic = /moving_(mean|variance)$/.test(path)
      expect([path, JSON.stringify(trained[i]) === JSON.stringify(frozen[i])]).toEqual([path, isStatistic])
    }
  })

  test('without training=false, unfrozen BatchNormalization does update its statistics', async () => {
    const base = smallBase()
    const inputs = input({ shape: [8, 8, 3] })
    const features = layers.globalAveragePooling2D().apply(base.apply(inputs))
    const net = model({ inputs, outputs: layers.dense({ units: 1 }).apply(features) })
    net.compile({ optimizer: 'sgd', loss: losses.binaryCrossentropy({ fromLogits: true }) })
    const statistics = base.nonTrainableWeights
    const before = await valuesOf(statistics)
    await net.fit(images, { verbose: 0 })
    expect(await valuesOf(statistics)).not.toEqual(before)
  })

  test('a frozen base runs in inference mode even when it is trained with training=true', async () => {
    const base = smallBase()
    base.trainable = false
    const inputs = input({ shape: [8, 8, 3] })
    const features = layers.globalAveragePooling2D().apply(base.apply(inputs))
    const net = model({ inputs, outputs: layers.dense({ units: 1 }).apply(features) })
    net.compile({ optimizer: 'adam', loss: losses.binaryCrossentropy({ fromLogits: true }) })
    const before = await valuesOf(base.weights)
    await net.fit(images, { epochs: 2, verbose: 0 })
    expect(await valuesOf(base.weights)).toEqual(before)
  })

  test('dropout after the base still is active in fit, and inactive in a plain call', async () => {
    const base = smallBase()
    base.trainable = false
    const inputs = input({ shape: [8, 8, 3] })
    let x = base.apply(inputs, { training: false })
    x = layers.globalAveragePooling2D().apply(x)
    const outputs = layers.dropout({ rate: 0.5 }).apply(x)
    const net = model({ inputs, outputs })
    const data = randomTensor([2, 8, 8, 3])
    const plain = await net.apply(data).data()
    const inference = await net.apply(data, { training: false }).data()
    const training = await net.apply(data, { training: true }).data()
    expect([...plain]).toEqual([...inference])
    expect(training.some((value) => value === 0)).toBe(true)
    expect([...plain].some((value) => value === 0)).toBe(false)
  })

  test('the second workflow: features recorded once, a small model on top', async () => {
    const base = smallBase()
    base.trainable = false
    const inputs = input({ shape: [8, 8, 3] })
    const extractor = model({
      inputs,
      outputs: layers.globalAveragePooling2D().apply(base.apply(inputs, { training: false })),
    })
    const pictures = randomTensor([12, 8, 8, 3])
    const features = await extractor.predict(pictures, { batchSize: 5, verbose: 0 })
    expect(features.shape).toEqual([12, 4])
    const small = sequential([input({ shape: [4] }), layers.dense({ units: 1 })])
    small.compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: 'mse' })
    const labels = randomTensor([12, 1], 5)
    const { history } = await small.fit(features, labels, { epochs: 20, verbose: 0 })
    expect(history.loss!.at(-1)!).toBeLessThan(history.loss![0]!)
  })

  test('with augmentation inside of the model, training works and prediction is repeatable', async () => {
    const base = smallBase()
    base.trainable = false
    const net = guideModel(base, true)
    net.compile({ optimizer: 'adam', loss: losses.binaryCrossentropy({ fromLogits: true }) })
    const { history } = await net.fit(images, { epochs: 2, verbose: 0 })
    expect(history.loss!.every(Number.isFinite)).toBe(true)
    const pictures = randomTensor([3, 8, 8, 3])
    const first = await net.predict(pictures, { verbose: 0 })
    const second = await net.predict(pictures, { verbose: 0 })
    expect([...(await first.data())]).toEqual([...(await second.data())])
    expect(net.layers.map(({ name }) => name)).toEqual([
      'input_layer_1', 'sequential', 'rescaling', 'base', 'global_average_pooling2d', 'dropout', 'dense',
    ]) // prettier-ignore
  })
})

test('the custom training loop with a GradientTape', async () => {
  const base = smallBase()
  base.trainable = false
  const inputs = input({ shape: [8, 8, 3] })
  let x = base.apply(inputs, { training: false })
  x = layers.globalAveragePooling2D().apply(x)
  const net = model({ inputs, outputs: layers.dense({ units: 1 }).apply(x) })
  const lossFunction = losses.binaryCrossentropy({ fromLogits: true })
  const optimizer = optimizers.adam({ learningRate: 0.05 })
  const frozen = await valuesOf(base.weights)
  const values: number[] = []
  for (let epoch = 0; epoch < 6; epoch++) {
    for await (const [pictures, targets] of images) {
      const tape = new GradientTape()
      const loss = tape.record(() => lossFunction.apply(targets, net.apply(pictures)))
      const gradients = tape.gradient(loss, net.trainableWeights)
      optimizer.applyGradients(gradients.map((gradient, i) => [gradient, net.trainableWeights[i]!] as const))
      values.push(await loss.item())
    }
  }
  expect(values.at(-1)!).toBeLessThan(values[0]!)
  expect(await valuesOf(base.weights)).toEqual(frozen)
})

test('fit and the custom loop walk the same way', async () => {
  const make = (): Functional => {
    setRandomSeed(3)
    const inputs = input({ shape: [4] })
    return model({
      inputs,
      outputs: layers.dense({ units: 1 }).apply(layers.dense({ units: 5, activation: 'tanh' }).apply(inputs)),
    })
  }
  const [fitted, looped] = [make(), make()]
  const x = randomTensor([12, 4], 1)
  const y = randomTensor([12, 1], 2)
  fitted.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'mse' })
  const { history } = await fitted.fit(x, y, { epochs: 4, batchSize: 12, shuffle: false, verbose: 0 })
  const optimizer = optimizers.adam({ learningRate: 0.01 })
  const mse = losses.meanSquaredError()
  for (let step = 0; step < 4; step++) {
    const tape = new GradientTape()
    const loss = tape.record(() => mse.apply(y, looped.apply(x, { training: true })))
    optimizer.apply(tape.gradient(loss, looped.trainableWeights), looped.trainableWeights)
    expect(await loss.item()).toBeCloseTo(history.loss![step]!, 5)
  }
  const [a, b] = [await valuesOf(fitted.weights), await valuesOf(looped.weights)]
  a.flat().forEach((value, i) => expect(value).toBeCloseTo(b.flat()[i]!, 5))
})
