// TensorBoard and SwapEMAWeights beyond the goldens: wrong options, evaluation alone, models that cannot be drawn, checkpoints.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventSchema } from '../../src/formats/generated/tensorboard_pb.ts'
import { readRecords } from '../../src/formats/tfrecord.ts'
import {
  ArgumentError, callbacks, input, layers, Model, optimizers, sequential, type Sequential, setWarningHandler, type Tensor,
} from '../../src/index.ts' // prettier-ignore
import { valuesOf, randomTensor } from './helpers.ts'

let folder = ''
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tanuki-board-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const x = randomTensor([8, 3])
const y = randomTensor([8, 1], 2)

function small(useEma = false): Sequential {
  const model = sequential([input({ shape: [3] }), layers.dense({ units: 1 })])
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1, useEma, emaMomentum: 0.5 }), loss: 'mse' })
  return model
}

async function tagsOf(part: string): Promise<string[]> {
  const tags: string[] = []
  for (const file of readdirSync(join(folder, part)).sort()) {
    for await (const record of readRecords(join(folder, part, file))) {
      const { what, step } = fromBinary(EventSchema, record)
      if (what.case === 'summary') tags.push(...what.value.value.map(({ tag }) => `${step} ${tag}`))
    }
  }
  return tags
}

describe('tensorBoard', () => {
  test('options that are wrong are named', () => {
    expect(() => callbacks.tensorBoard({ logDir: '' })).toThrow(
      'tensorBoard: expected `logDir` to be the path of a folder, received "".',
    )
    expect(() => callbacks.tensorBoard({ histogramFreq: -1 })).toThrow(
      /`histogramFreq` to be a whole number >= 0, received -1/,
    )
    expect(() => callbacks.tensorBoard({ updateFreq: 0 })).toThrow(/`updateFreq` to be "epoch", "batch" or a number/)
  })

  test('every n-th batch, counted on across epochs, and epochs always', async () => {
    const board = callbacks.tensorBoard({ logDir: folder, updateFreq: 3, writeGraph: false, writeStepsPerSecond: true })
    await small().fit(x, y, { epochs: 2, batchSize: 4, verbose: 0, callbacks: [board] })
    expect(await tagsOf('train')).toEqual([
      ...['epoch_loss', 'epoch_learning_rate', 'epoch_steps_per_second'].map((tag) => `0 ${tag}`),
      '3 batch_steps_per_second',
      '3 batch_loss',
      ...['epoch_loss', 'epoch_learning_rate', 'epoch_steps_per_second'].map((tag) => `1 ${tag}`),
    ])
  })

  test('a second fit goes into a file of its own', async () => {
    const board = callbacks.tensorBoard({ logDir: folder })
    const model = small()
    await model.fit(x, y, { verbose: 0, callbacks: [board] })
    await model.fit(x, y, { verbose: 0, callbacks: [board] })
    expect(readdirSync(join(folder, 'train')).length).toBe(2)
  })

  test('evaluation alone is written, by the steps trained so far', async () => {
    const model = small()
    await model.fit(x, y, { epochs: 3, verbose: 0 })
    await model.evaluate(x, y, { verbose: 0, callbacks: [callbacks.tensorBoard({ logDir: folder })] })
    expect(await tagsOf('validation')).toEqual(['3 evaluation_loss_vs_iterations'])
  })

  test('a model that cannot be stored is trained all the same, with a warning', async () => {
    const warnings: string[] = []
    setWarningHandler((message) => warnings.push(message))
    try {
      const same = (value: Tensor): Tensor => value
      const model = sequential([input({ shape: [3] }), layers.lambda({ function: same }), layers.dense({ units: 1 })])
      model.compile({ optimizer: 'sgd', loss: 'mse' })
      await model.fit(x, y, { verbose: 0, callbacks: [callbacks.tensorBoard({ logDir: folder })] })
      expect(await tagsOf('train')).toEqual(['0 epoch_loss', '0 epoch_learning_rate'])
      expect(warnings).toEqual([expect.stringMatching(/^tensorBoard: the model is not drawn/)])
    } finally {
      setWarningHandler(null)
    }
  })

  test('subclassed models are not drawn, and histograms are of what their layers hold', async () => {
    class Mine extends Model {
      readonly inner = layers.dense({ units: 1, name: 'inner' })
      override call(inputs: Tensor): unknown {
        return this.inner.apply(inputs)
      }
    }
    const model = new Mine({ name: 'mine' })
    model.compile({ optimizer: 'sgd', loss: 'mse' })
    const board = callbacks.tensorBoard({ logDir: folder, histogramFreq: 1 })
    await model.fit(x, y, { verbose: 0, callbacks: [board] })
    const histograms = (await tagsOf('train')).filter((tag) => tag.endsWith('/histogram'))
    expect(histograms).toEqual(['0 mine/inner/kernel/histogram', '0 mine/inner/bias/histogram'])
    expect((await tagsOf('train')).includes('0 keras')).toBe(false)
  })
})

describe('swapEMAWeights', () => {
  test('an optimizer without averages is refused', async () => {
    const fitting = small().fit(x, y, {
      verbose: 0,
      validationData: [x, y],
      callbacks: [callbacks.swapEMAWeights()],
    })
    await expect(fitting).rejects.toThrow(ArgumentError)
    await expect(small().evaluate(x, y, { verbose: 0, callbacks: [callbacks.swapEMAWeights()] })).rejects.toThrow(
      /SGD\.swapAverages: expected an optimizer with `useEma`/,
    )
  })

  test('with swapOnEpoch a later checkpoint holds the averages, which are what fit ends with', async () => {
    const model = small(true)
    const path = join(folder, 'last.safetensors')
    const checkpoint = callbacks.modelCheckpoint({ filepath: path, saveWeightsOnly: true })
    const swap = callbacks.swapEMAWeights({ swapOnEpoch: true })
    await model.fit(x, y, { epochs: 3, batchSize: 2, verbose: 0, callbacks: [swap, checkpoint] })
    const ended = await valuesOf(model.weights)
    await model.loadWeights(path)
    expect(await valuesOf(model.weights)).toEqual(ended)
  })

  test('prediction uses the averages and gives the weights back', async () => {
    const model = small(true)
    await model.trainOnBatch(x, y)
    await model.trainOnBatch(x, y)
    const before = await valuesOf(model.weights)
    const plain = await (await model.predict(x, { verbose: 0 })).data()
    const averaged = await model.predict(x, { verbose: 0, callbacks: [callbacks.swapEMAWeights()] })
    expect(await averaged.data()).not.toEqual(plain)
    expect(await valuesOf(model.weights)).toEqual(before)
  })
})
