// The trainer: kinds of data, batching, shuffling, weights, several outputs, overridden steps, and the pipeline of batches and steps.
import { beforeEach, describe, expect, test } from 'vitest'
import type { Tensor } from '../../src/index.ts'
import {
  type Batch, callbacks, data, input, Layer, layers, losses, metrics, Model, model, ops, optimizers, type Sequential, sequential, setRandomSeed,
  tensor
} from '../../src/index.ts' // prettier-ignore
import { batches } from './data-helpers.ts'
import { randomTensor, valuesOf } from './helpers.ts'

beforeEach(() => setRandomSeed(5))

const quiet = { verbose: 0 } as const
const x = randomTensor([10, 3], 1)
const y = randomTensor([10, 1], 2)

function line(learningRate = 0.05): Sequential {
  const net = sequential([input({ shape: [3] }), layers.dense({ units: 1, kernelInitializer: 'ones' })])
  net.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'mse', metrics: ['mae'] })
  return net
}

describe('kinds of data', () => {
  test('tensors, nested arrays, typed arrays, datasets, generators and functions give the same training', async () => {
    const nestedX = (await x.array()) as number[][]
    const nestedY = (await y.array()) as number[][]
    const dataset = data.Dataset.fromTensorSlices([x, y]).batch(4)
    const expected = await line().fit(x, y, { batchSize: 4, shuffle: false, ...quiet })
    const generate = async function* () {
      for await (const batch of dataset) yield batch
    }
    const all = [
      await line().fit(nestedX, nestedY, { batchSize: 4, shuffle: false, ...quiet }),
      await line().fit(nestedX, new Float32Array(nestedY.flat()), { batchSize: 4, shuffle: false, ...quiet }),
      await line().fit(dataset, quiet),
      await line().fit(generate, quiet),
      await line().fit(generate(), quiet),
    ]
    for (const { history } of all) expect(history).toEqual(expected.history)
    expect(expected.params.steps).toBe(3)
  })

  test('the epoch loss weighs batches by their size', async () => {
    const { history } = await line(0).fit(x, y, { batchSize: 7, shuffle: false, ...quiet })
    const whole = await line(0).evaluate(x, y, { batchSize: 10, returnDict: true, ...quiet })
    expect(history.loss![0]!).toBeCloseTo(whole.loss!, 5)
    expect(history.mae![0]!).toBeCloseTo(whole.mae!, 5)
  })

  test('unknown lengths are learned in the first epoch', async () => {
    const known = batches(6, 4, [3])
    const unknown = { [Symbol.asyncIterator]: () => known[Symbol.asyncIterator]() }
    const seen: (number | null)[] = []
    const watch = callbacks.lambdaCallback({ onEpochBegin: () => void seen.push(watch.params.steps) })
    const history = await line().fit(unknown, { epochs: 2, callbacks: [watch], ...quiet })
    expect(seen).toEqual([null, 2])
    expect(history.params.steps).toBe(2)
  })

  test('elements may be x alone, with layers that add their losses', async () => {
    class Shrink extends Layer {
      static override readonly className: string = 'Shrink'
      override build(): void {
        this.addWeight({ shape: [], initializer: 'ones', name: 'scale' })
      }
      override call(value: Tensor, _options: { training: boolean }): Tensor {
        const out = ops.multiply(value, this.weights[0]!)
        this.addLoss(ops.mean(ops.square(out)))
        return out
      }
    }
    const inputs = input({ shape: [3] })
    const net = model({ inputs, outputs: new Shrink().apply(inputs) })
    net.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }) })
    const { history } = await net.fit(data.Dataset.fromTensorSlices(x).batch(5), { epochs: 3, ...quiet })
    expect(history.loss![2]!).toBeLessThan(history.loss![0]!)
  })

  test('predict keeps the order, the structure of outputs and the last small batch', async () => {
    const inputs = input({ shape: [3] })
    const net = model({ inputs, outputs: { twice: layers.add().apply([inputs, inputs]), same: layers.activation({ activation: 'linear' }).apply(inputs) } }) // prettier-ignore
    const out = (await net.predictNested(x, { batchSize: 4, ...quiet })) as { twice: Tensor; same: Tensor }
    expect(out.twice.shape).toEqual([10, 3])
    expect([...(await out.same.data())]).toEqual([...(await x.data())])
    const two = await net.predictNested(data.Dataset.fromTensorSlices([x, y]).batch(4), { steps: 2, ...quiet })
    expect((two as { same: Tensor }).same.shape).toEqual([8, 3])
  })
})

describe('shuffling', () => {
  const order = async (options: Record<string, unknown>, seed: number): Promise<number[][]> => {
    setRandomSeed(seed)
    const seen: number[][] = []
    class Spy extends Model {
      override call(value: Tensor): Tensor {
        return ops.multiply(value, 0)
      }
      override trainStep({ x: batch }: Batch): Record<string, Tensor> {
        return { loss: ops.sum(batch as Tensor), first: ops.reshape(ops.slice(batch as Tensor, [0, 0], [1, 1]), []) }
      }
    }
    const net = new Spy()
    net.compile({ loss: 'mse' })
    const numbers = ops.reshape(ops.arange(10), [10, 1])
    const watch = callbacks.lambdaCallback({
      onEpochBegin: () => void seen.push([]),
      onTrainBatchEnd: (_, { first }) => void seen.at(-1)!.push(first!),
    })
    await net.fit(numbers, numbers, { batchSize: 1, epochs: 2, callbacks: [watch], ...quiet, ...options })
    return seen
  }

  test('gives a new order each epoch, the same for the same seed', async () => {
    const [first, again, other] = [await order({}, 1), await order({}, 1), await order({}, 2)]
    expect(first).toEqual(again)
    expect(first).not.toEqual(other)
    expect(first[0]).not.toEqual(first[1])
    for (const epoch of first) expect([...epoch].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('can be turned off, or move whole batches', async () => {
    expect(await order({ shuffle: false }, 1)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]) // prettier-ignore
    const moved = await order({ shuffle: 'batch', batchSize: 3 }, 3)
    for (const epoch of moved) {
      expect([...epoch].sort((a, b) => a - b)).toEqual([0, 3, 6, 9])
      expect(epoch.at(-1)).toBe(9)
    }
  })

  test('continues at another epoch with the order of that epoch', async () => {
    const whole = await order({ epochs: 3 }, 4)
    const rest = await order({ epochs: 3, initialEpoch: 2 }, 4)
    expect(rest).toEqual(whole.slice(2))
  })
})

describe('weights of samples and classes', () => {
  test('a weight of 0 leaves a sample out, but not out of the count', async () => {
    const weights = tensor([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    const half = await line(0).evaluate(ops.slice(x, [0, 0], [5, 3]), ops.slice(y, [0, 0], [5, 1]), {
      returnDict: true,
      ...quiet,
    })
    const weighted = await line(0).evaluate(x, y, { sampleWeight: weights, returnDict: true, ...quiet })
    expect(weighted.loss!).toBeCloseTo(half.loss! / 2, 5)
  })

  test('class weights equal the sample weights that they stand for', async () => {
    const make = (): Sequential => {
      const net = sequential([input({ shape: [3] }), layers.dense({ units: 3, kernelInitializer: 'ones' })])
      net.compile({
        optimizer: 'sgd',
        loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
        weightedMetrics: ['accuracy'],
      })
      return net
    }
    const labels = [0, 1, 2, 1, 0, 2, 2, 1, 0, 1]
    const classWeight = { 1: 3, 0: 0.5 }
    const sampleWeight = labels.map((label) => (classWeight as Record<number, number>)[label] ?? 1)
    const options = { epochs: 2, batchSize: 4, shuffle: false, ...quiet } as const
    const a = await make().fit(x, new Int32Array(labels), { classWeight, ...options })
    const b = await make().fit(x, new Int32Array(labels), { sampleWeight, ...options })
    const c = await make().fit(x, new Int32Array(labels), { classWeight: new Map([[0, 0.5], [1, 3]]), ...options }) // prettier-ignore
    expect(a.history).toEqual(b.history)
    expect(c.history).toEqual(b.history)
  })

  test('class weights that make no sense are refused', async () => {
    await expect(line().fit(x, y, { classWeight: { [-1]: 2 }, ...quiet })).rejects.toThrow(/classes 0, 1/)
    await expect(line().fit(x, y, { classWeight: { 0: NaN }, ...quiet })).rejects.toThrow(/"0":NaN/)
  })
})

describe('several outputs', () => {
  const make = (): Model => {
    const inputs = input({ shape: [3] })
    const outputs = [
      layers.dense({ units: 1, name: 'a' }).apply(inputs),
      layers.dense({ units: 2, name: 'b' }).apply(inputs),
    ]
    return model({ inputs, outputs })
  }
  const labels = [randomTensor([10, 1], 3), randomTensor([10, 2], 4)] as const

  test('take losses, metrics and labels in order or by name', async () => {
    setRandomSeed(1)
    const listed = make()
    setRandomSeed(1)
    const named = make()
    listed.compile({ optimizer: 'sgd', loss: ['mse', 'mae'], lossWeights: [1, 0.5], metrics: [['mae'], null] })
    named.compile({ optimizer: 'sgd', loss: { a: 'mse', b: 'mae' }, lossWeights: { b: 0.5 }, metrics: { a: ['mae'] } })
    const options = { shuffle: false, ...quiet } as const
    const first = await listed.fit(x, [...labels], options)
    const second = await named.fit(x, { a: labels[0], b: labels[1] }, options)
    expect(Object.keys(first.history)).toEqual(['a_loss', 'a_mae', 'b_loss', 'loss'])
    expect(second.history).toEqual(first.history)
    const { loss, a_loss: a, b_loss: b } = first.history
    expect(loss![0]!).toBeCloseTo(a![0]! + 0.5 * b![0]!, 5)
  })

  test('one loss is meant for all', async () => {
    const net = make()
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    const { history } = await net.fit(x, [...labels], quiet)
    expect(history.loss![0]!).toBeCloseTo(history.a_loss![0]! + history.b_loss![0]!, 5)
  })

  test('an output without a loss needs no labels', async () => {
    const net = make()
    net.compile({ optimizer: 'sgd', loss: { a: 'mse' } })
    const { history } = await net.fit(x, { a: labels[0] }, quiet)
    expect(Object.keys(history)).toEqual(['loss'])
  })

  test('unknown names are refused', async () => {
    const net = make()
    net.compile({ optimizer: 'sgd', loss: { c: 'mse' } as never })
    await expect(net.fit(x, [...labels], quiet)).rejects.toThrow(/unknown name c/)
  })
})

describe('steps of your own', () => {
  test('trainStep is traced once for each batch shape, and its results are the logs', async () => {
    let traces = 0
    class Mine extends Model {
      readonly dense = layers.dense({ units: 1 })
      readonly seen = metrics.mean({ name: 'seen' })
      override call(value: Tensor): Tensor {
        return this.dense.apply(value)
      }
      override trainStep({ x: inputs, y: targets }: Batch): Record<string, Tensor> {
        traces++
        const predictions = this.apply(inputs as Tensor, { training: true })
        const loss = ops.mean(ops.square(ops.subtract(predictions, targets as Tensor)))
        const variables = this.trainableVariables
        this.optimizer!.apply(ops.gradients(loss, variables), variables)
        this.seen.updateState(loss)
        return { mine: loss, seen: this.seen.result() }
      }
    }
    const net = new Mine()
    net.compile({ optimizer: optimizers.sgd({ learningRate: 0.05 }) })
    const { history } = await net.fit(x, y, { batchSize: 4, epochs: 3, ...quiet })
    expect(traces).toBe(2)
    expect(Object.keys(history)).toEqual(['mine', 'seen'])
    expect(history.seen![2]!).toBeLessThan(history.seen![0]!)
    expect(net.metricsNames).toEqual(['loss', 'seen'])
  })

  test('computeLoss can add terms', async () => {
    class Heavy extends Model {
      readonly dense = layers.dense({ units: 1, kernelInitializer: 'ones' })
      override call(value: Tensor): Tensor {
        return this.dense.apply(value)
      }
      override computeLoss(parts: Parameters<Model['computeLoss']>[0]): Tensor {
        return ops.add(super.computeLoss(parts), 10)
      }
    }
    const net = new Heavy()
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    const heavy = await net.testOnBatch(x, y, { returnDict: true })
    expect(heavy.loss!).toBeCloseTo((await line().testOnBatch(x, y, { returnDict: true })).loss! + 10, 4)
  })

  test('runEagerly gives the same numbers', async () => {
    const [traced, eager] = [line(), line()]
    eager.compile({
      optimizer: optimizers.sgd({ learningRate: 0.05 }),
      loss: 'mse',
      metrics: ['mae'],
      runEagerly: true,
    })
    const options = { epochs: 2, batchSize: 4, shuffle: false, ...quiet } as const
    const [a, b] = [await traced.fit(x, y, options), await eager.fit(x, y, options)]
    a.history.loss!.forEach((value, i) => expect(b.history.loss![i]!).toBeCloseTo(value, 5))
    expect((await valuesOf(eager.weights)).flat()[0]!).toBeCloseTo((await valuesOf(traced.weights)).flat()[0]!, 5)
  })
})

describe('the pipeline', () => {
  test('the next batch is asked for while a step runs, and nothing is read that nobody wants', async () => {
    const events: string[] = []
    const source = {
      cardinality: () => 3,
      async *[Symbol.asyncIterator]() {
        let k = 0
        for await (const batch of batches(6, 2, [3])) {
          events.push(`fetch ${k++}`)
          yield batch
        }
      },
    }
    const watch = callbacks.lambdaCallback({ onTrainBatchEnd: (batch) => void events.push(`end ${batch}`) })
    await line().fit(source, { callbacks: [watch], ...quiet })
    expect(events).toEqual(['fetch 0', 'fetch 1', 'end 0', 'fetch 2', 'end 1', 'end 2'])
  })

  test('stopTraining in a batch ends the epoch, after validation and onEpochEnd', async () => {
    const net = line()
    const events: string[] = []
    const stop = callbacks.lambdaCallback({
      onTrainBatchEnd: (batch) => {
        events.push(`batch ${batch}`)
        if (batch === 1) net.stopTraining = true
      },
      onEpochEnd: (epoch, logs) => void events.push(`epoch ${epoch} ${'val_loss' in logs}`),
      onTrainEnd: () => void events.push('end'),
    })
    await net.fit(x, y, { batchSize: 2, epochs: 4, validationData: [x, y], callbacks: [stop], ...quiet })
    expect(events).toEqual(['batch 0', 'batch 1', 'epoch 0 true', 'end'])
  })

  test('validation happens when it is due', async () => {
    const listed = await line().fit(x, y, { epochs: 5, validationSplit: 0.3, validationFreq: [2, 5], ...quiet })
    expect(listed.history.val_loss!.length).toBe(2)
    expect(listed.history.loss!.length).toBe(5)
  })

  test('metrics of sub-layers and vectors are logged', async () => {
    const net = sequential([input({ shape: [3] }), layers.dense({ units: 2, activation: 'sigmoid' })])
    net.compile({ optimizer: 'sgd', loss: 'mse', metrics: [metrics.precision({ thresholds: [0.2, 0.8] })] })
    const labels = ops.cast(ops.greater(randomTensor([10, 2], 4), 0), 'float32')
    const { history } = await net.fit(x, labels, quiet)
    expect(Object.keys(history)).toEqual(['loss', 'precision_0', 'precision_1'])
  })

  test('trainOnBatch and testOnBatch speak of their batch alone', async () => {
    const net = line(0)
    const first = await net.trainOnBatch(x, y)
    expect(await net.trainOnBatch(x, y)).toEqual(first)
    expect(await net.testOnBatch(x, y)).toEqual(first)
    expect(first).toHaveLength(2)
    const half = ops.slice(x, [0, 0], [5, 3])
    expect((await net.predictOnBatch(half)).shape).toEqual([5, 1])
  })

  test('a loss alone is evaluated to a number', async () => {
    const net = line()
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    expect(typeof (await net.evaluate(x, y, quiet))).toBe('number')
  })

  test('compile anew drops the slots, keeps the weights', async () => {
    const net = line()
    net.compile({ optimizer: 'adam', loss: 'mse' })
    await net.fit(x, y, quiet)
    expect(await net.optimizer!.iterations.item()).toBe(1)
    const before = await valuesOf(net.weights)
    net.compile({ optimizer: 'adam', loss: 'mse' })
    expect(await net.optimizer!.iterations.item()).toBe(0)
    expect(await valuesOf(net.weights)).toEqual(before)
  })

  test('the same seed gives the same bits', async () => {
    const run = async (): Promise<unknown> => {
      setRandomSeed(9)
      const net = sequential([input({ shape: [3] }), layers.dense({ units: 4, activation: 'relu' }), layers.dropout({ rate: 0.5 }), layers.dense({ units: 1 })]) // prettier-ignore
      net.compile({ optimizer: 'adam', loss: 'mse' })
      const { history } = await net.fit(x, y, { epochs: 3, batchSize: 3, ...quiet })
      return [history, await valuesOf(net.weights)]
    }
    expect(await run()).toEqual(await run())
  })
})
