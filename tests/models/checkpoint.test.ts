// Checkpoints: training that stops and goes on is training that never stopped, to the bit; what does not fit changes nothing.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  callbacks, data, FormatError, input, layers, model, ops, optimizers, schedules, sequential, setRandomSeed, setWarningHandler,
} from '../../src/index.ts' // prettier-ignore
import type { BatchData, FitOptions, Model, TrainingPosition } from '../../src/index.ts'
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.ts'
import { randomTensor, smallBase, valuesOf } from './helpers.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanuki-checkpoint-'))
  path = join(folder, 'run.safetensors')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  setWarningHandler(null)
})

const samples = 14
const x = randomTensor([samples, 3], 1)
const y = randomTensor([samples, 1], 2)
const quiet = { verbose: 0 } as const
const last = <T>(list: readonly T[]): T | undefined => list[list.length - 1]

interface Case {
  /** Steps of an epoch; default 4. */
  readonly steps?: number
  readonly make?: () => Model
  readonly optimizer?: () => optimizers.Optimizer
  readonly data?: () => BatchData
  readonly options?: FitOptions
  /** Callbacks of every run. */
  readonly callbacks?: () => callbacks.Callback[]
}

function net(units = 4): Model {
  const stack = [
    input({ shape: [3] }),
    layers.gaussianNoise({ stddev: 0.1 }),
    layers.dense({ units, activation: 'tanh' }),
    layers.batchNormalization(),
    layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 1 }),
  ]
  return sequential(stack)
}

/** All that training changes. */
async function stateOf(trained: Model): Promise<unknown> {
  return [await valuesOf(trained.variables), await valuesOf(trained.optimizer!.variables)]
}

/** Trains to the end, once at a stretch and once in two processes (as far as one can tell), and compares. */
async function expectEqualResume(given: Case, stop: { epoch: number; batch: number | null }): Promise<void> {
  const epochs = 4
  const run = (extra: callbacks.Callback[] = []) => {
    setRandomSeed(7)
    const trained = (given.make ?? net)()
    trained.compile({ optimizer: given.optimizer?.() ?? optimizers.adam({ learningRate: 0.01 }), loss: 'mse' })
    const batches = given.data?.()
    const train = async (resume?: TrainingPosition): Promise<Record<string, number[]>> => {
      const all = { epochs, ...quiet, ...given.options, callbacks: [...(given.callbacks?.() ?? []), ...extra] }
      const options: FitOptions = { ...all, resume }
      const arrays = { ...options, batchSize: 4 }
      return (await (batches === undefined ? trained.fit(x, y, arrays) : trained.fit(batches, options))).history
    }
    return { trained, train }
  }
  const whole = run()
  const expected = await whole.train()

  let epoch = 0
  const crash = callbacks.lambdaCallback({
    onEpochBegin: (index) => void (epoch = index),
    onTrainBatchEnd: async (batch) => {
      if (epoch !== stop.epoch || batch !== stop.batch) return
      await first.trained.saveCheckpoint(path)
      throw new Error('power cut')
    },
    onEpochEnd: async (index) => {
      if (index !== stop.epoch || stop.batch !== null) return
      await first.trained.saveCheckpoint(path)
      throw new Error('power cut')
    },
  })
  const first = run([crash])
  await expect(first.train()).rejects.toThrow('power cut')

  const second = run()
  // Another history of random draws and other values: all must come from the file.
  second.trained.setWeights(second.trained.getWeights().map(({ shape }) => randomTensor(shape, 11)))
  const found = await second.train(await second.trained.loadCheckpoint(path))
  expect(await stateOf(second.trained)).toEqual(await stateOf(whole.trained))
  if (stop.batch === null) expect(found.loss).toEqual(expected.loss!.slice(stop.epoch + 1))
  else expect(last(found.loss!)).toBe(last(expected.loss!))
}

const frozen = (): Model => {
  const base = smallBase()
  base.trainable = false
  const inputs = input({ shape: [3] })
  let t = layers.dense({ units: 8 * 8 * 3 }).apply(inputs)
  t = base.apply(layers.reshape({ targetShape: [8, 8, 3] }).apply(t), { training: false })
  t = layers.dropout({ rate: 0.2 }).apply(layers.globalAveragePooling2D().apply(t))
  return model({ inputs, outputs: layers.dense({ units: 1 }).apply(t) })
}
const dataset = (): data.Dataset => data.Dataset.fromTensorSlices([x, y] as never)

const cases: Record<string, Case> = {
  'adam, dropout, noise and shuffled arrays': {},
  'arrays in whole batches that change places': { options: { shuffle: 'batch' } },
  'arrays in their order': { options: { shuffle: false } },
  'arrays, in epochs of two steps': { steps: 2, options: { stepsPerEpoch: 2 } },
  'a validation split': { steps: 3, options: { validationSplit: 0.2 } },
  'frozen layers': { make: frozen },
  'a rate that a callback sets': {
    callbacks: () => [callbacks.learningRateScheduler({ schedule: (epoch, rate) => (epoch === 1 ? rate * 0.5 : rate) })],
  },
  'a schedule': { optimizer: () => optimizers.sgd({ learningRate: schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 3, decayRate: 0.5 }), momentum: 0.9 }) },
  'a schedule that is a function': { optimizer: () => optimizers.sgd({ learningRate: (step) => ops.multiply(step, 0.001) }) },
  'moving averages of the weights': { optimizer: () => optimizers.adam({ learningRate: 0.01, useEma: true, emaOverwriteFrequency: 3 }) },
  'gradients gathered over three steps': { optimizer: () => optimizers.rmsprop({ learningRate: 0.01, gradientAccumulationSteps: 3 }) },
  'scaled losses': {
    optimizer: () => optimizers.lossScaleOptimizer({ innerOptimizer: optimizers.adam({ learningRate: 0.01 }), initialScale: 8, dynamicGrowthSteps: 3 }),
  },
  nadam: { optimizer: () => optimizers.nadam({ learningRate: 0.01 }) },
  adafactor: { optimizer: () => optimizers.adafactor({ learningRate: 0.01 }) },
  'a dataset, shuffled anew in each epoch': { data: () => dataset().shuffle(8).batch(4) },
  'a dataset that repeats, in epochs of its own': { steps: 3, data: () => dataset().shuffle(8).batch(4).repeat(), options: { stepsPerEpoch: 3 } },
  'a function that makes generators': {
    steps: 3,
    data: () => async function* () {
      for (let i = 0; i < 3; i++) yield await Promise.resolve([randomTensor([4, 3], i), randomTensor([4, 1], i + 9)])
    },
  },
} // prettier-ignore

describe('training that goes on from a checkpoint is bit-identical', () => {
  describe.each(Object.entries(cases))('%s', (_, given) => {
    test('between two epochs', () => expectEqualResume(given, { epoch: 1, batch: null }))
    test('in the midst of an epoch', () => expectEqualResume(given, { epoch: 2, batch: 0 }))
    test('after the last batch of an epoch', () =>
      expectEqualResume(given, { epoch: 1, batch: (given.steps ?? 4) - 1 }))
  })

  test('by backupAndRestore too, batch by batch', async () => {
    const options = { epochs: 3, batchSize: 4, ...quiet } as const
    const start = (): Model => {
      setRandomSeed(3)
      const made = net()
      made.compile({ optimizer: 'adam', loss: 'mse' })
      return made
    }
    const whole = start()
    await whole.fit(x, y, options)
    const backup = () => callbacks.backupAndRestore({ backupDir: join(folder, 'backup'), saveFreq: 1 })
    let steps = 0
    const crash = callbacks.lambdaCallback({
      onTrainBatchBegin: () => {
        if (++steps === 7) throw new Error('power cut')
      },
    })
    await expect(start().fit(x, y, { ...options, callbacks: [backup(), crash] })).rejects.toThrow('power cut')
    const second = start()
    await second.fit(x, y, { ...options, callbacks: [backup()] })
    expect(await stateOf(second)).toEqual(await stateOf(whole))
  })

  test('with only the epoch taken from it', async () => {
    const start = (): Model => {
      setRandomSeed(3)
      const made = net()
      made.compile({ optimizer: 'adam', loss: 'mse' })
      return made
    }
    const whole = start()
    const save = callbacks.lambdaCallback({ onEpochEnd: (epoch) => (epoch === 0 ? whole.saveCheckpoint(path) : undefined) })
    await whole.fit(x, y, { epochs: 2, ...quiet, callbacks: [save] })
    const second = start()
    const { epoch } = await second.loadCheckpoint(path)
    await second.fit(x, y, { initialEpoch: epoch, epochs: 2, ...quiet })
    expect(await stateOf(second)).toEqual(await stateOf(whole))
  }) // prettier-ignore
})

describe('what comes back', () => {
  test('frozen layers, also where the model is not compiled', async () => {
    const first = frozen()
    await first.saveCheckpoint(path)
    const second = frozen()
    second.trainable = true
    await second.loadCheckpoint(path)
    expect(second.trainableWeights.length).toBe(first.trainableWeights.length)
    expect(await valuesOf(second.weights)).toEqual(await valuesOf(first.weights))
  })

  test('frozen layers decide what is trained, though they were not frozen at compile', async () => {
    const first = frozen()
    first.compile({ optimizer: 'adam', loss: 'mse' })
    await first.fit(x, y, { ...quiet })
    await first.saveCheckpoint(path)
    const second = frozen()
    second.trainable = true
    second.compile({ optimizer: 'adam', loss: 'mse' })
    await second.loadCheckpoint(path)
    const fixed = second.nonTrainableWeights
    const before = await valuesOf(fixed)
    expect(fixed.length).toBeGreaterThan(0)
    const warnings: string[] = []
    setWarningHandler((message) => warnings.push(message))
    await second.fit(x, y, { epochs: 2, ...quiet })
    expect(await valuesOf(fixed)).toEqual(before)
    expect(warnings).toEqual([])
  })

  test('the weights alone, by loadWeights', async () => {
    setRandomSeed(1)
    const first = net()
    first.compile({ optimizer: 'adam', loss: 'mse' })
    await first.fit(x, y, { ...quiet })
    await first.saveCheckpoint(path)
    const second = net()
    const { loaded } = await second.loadWeights(path)
    expect(loaded.length).toBe(second.weights.length)
    expect(await valuesOf(second.weights)).toEqual(await valuesOf(first.weights))
  })

  test('a file that is replaced whole', async () => {
    const made = net()
    made.compile({ optimizer: 'adam', loss: 'mse' })
    await made.saveCheckpoint(path)
    await made.fit(x, y, { ...quiet })
    await made.saveCheckpoint(path)
    expect((await made.loadCheckpoint(path)).epoch).toBe(1)
    expect(readdirSync(folder)).toEqual(['run.safetensors'])
    // A place where nothing can be written.
    mkdirSync(join(folder, 'taken.safetensors', 'x'), { recursive: true })
    await expect(made.saveCheckpoint(join(folder, 'taken.safetensors'))).rejects.toThrow(/can be written/)
    expect(readdirSync(folder).sort()).toEqual(['run.safetensors', 'taken.safetensors'])
  })
})

describe('what does not fit is told, and changes nothing', () => {
  const compiled = (made: Model, optimizer: optimizers.Optimizer = optimizers.adam()): Model => {
    made.compile({ optimizer, loss: 'mse' })
    return made
  }
  async function expectRefused(from: Model, into: Model, message: RegExp): Promise<void> {
    if (from.compiled) await from.fit(x, y, { ...quiet })
    await from.saveCheckpoint(path)
    const state = async (): Promise<unknown> => [
      await valuesOf(into.variables),
      await valuesOf(into.optimizer?.variables ?? []),
      into.optimizer?.built,
      into.trainableWeights.length,
    ]
    const before = await state()
    const error: unknown = await into.loadCheckpoint(path).catch((reason: unknown) => reason)
    expect((error as Error).message).toMatch(message)
    expect(await state()).toEqual(before)
  }

  test.each<[string, () => Model, () => Model, RegExp]>([
    ['another size', () => compiled(net(4)), () => compiled(net(6)), /has shape \(3, 4\) in the file, \(3, 6\) in the model/],
    ['another layer', () => compiled(net()), () => compiled(sequential([input({ shape: [3] }), layers.dense({ units: 4 }), layers.dense({ units: 1 })])), /layer \d is "gaussian_noise.*" in the file, "dense.*" in the model/],
    ['another optimizer', () => compiled(net()), () => compiled(net(), optimizers.sgd()), /the optimizer is Adam in the file, SGD in the model/],
    ['another optimizer inside', () => compiled(net(), optimizers.lossScaleOptimizer({ innerOptimizer: optimizers.sgd() })), () => compiled(net(), optimizers.lossScaleOptimizer({ innerOptimizer: optimizers.adam() })), /LossScaleOptimizer of SGD in the file/],
    ['other slots', () => compiled(net()), () => compiled(net(), optimizers.adam({ useEma: true })), /state of the optimizer 3 is "\w+_momentum" in the file, "\w+_average" in the model/],
    ['a schedule in the place of a rate', () => compiled(net()), () => compiled(net(), optimizers.adam({ learningRate: (step) => step })), /"learning_rate" in the file/],
    ['no optimizer', () => compiled(net()), () => net(), /Call compile\(/],
  ])('%s', (_, from, into, message) => expectRefused(from(), into(), message)) // prettier-ignore

  test('an optimizer that trains other weights already', async () => {
    const into = frozen()
    into.trainable = true
    compiled(into)
    await into.fit(x, y, { ...quiet })
    await expectRefused(compiled(frozen()), into, /is frozen in the file, trained by the model's optimizer/)
  })

  test('files that are no checkpoints, and damaged ones', async () => {
    const made = compiled(net())
    await made.saveWeights(path)
    await expect(made.loadCheckpoint(path)).rejects.toThrow(/a checkpoint of training/)
    await expect(made.loadCheckpoint(join(folder, 'none.safetensors'))).rejects.toThrow(/no such file/)
    await expect(made.loadCheckpoint('x.keras')).rejects.toThrow(/ends with \.safetensors/)
    await expect(made.saveCheckpoint('x.keras')).rejects.toThrow(/ends with \.safetensors/)
    await made.saveCheckpoint(path)
    const whole = readFileSync(path)
    writeFileSync(path, whole.subarray(0, whole.length - 3))
    await expect(made.loadCheckpoint(path)).rejects.toThrow(FormatError)
    const { metadata } = decodeSafetensors(new Uint8Array(whole))
    const state = JSON.parse(metadata.checkpoint!) as Record<string, unknown>
    const position = state.position as TrainingPosition
    for (const wrong of [
      { version: 2 }, { weights: 3 }, { layers: [1] }, { trainableLayers: [] }, { trainableVariables: [true] }, { position: null }, { position: { ...position, epoch: -1 } },
      { position: { ...position, shuffleSeed: 1e300 } }, { optimizer: 'adam' }, { optimizer: { ...(state.optimizer as object), trained: [99] } }, { optimizer: { ...(state.optimizer as object), trained: [0.5] } },
    ]) {
      writeFileSync(path, withMetadata(whole, { ...metadata, checkpoint: JSON.stringify({ ...state, ...wrong }) }))
      await expect(made.loadCheckpoint(path), JSON.stringify(wrong)).rejects.toThrow(FormatError)
    } // prettier-ignore
  })

  test('positions that are none, or beyond the data', async () => {
    const made = compiled(net())
    const position: TrainingPosition = { epoch: 0, batch: 9, pass: 0, passEpoch: 0, taken: 9, shuffleSeed: null }
    await expect(made.fit(x, y, { resume: position, ...quiet })).rejects.toThrow(/at least 9 batches.*after 1/s)
    await expect(made.fit(x, y, { resume: 3 as never, ...quiet })).rejects.toThrow(/`resume` to be a position/)
    await expect(made.fit(x, y, { resume: position, initialEpoch: 1, ...quiet })).rejects.toThrow(/`resume` or `initialEpoch`/)
    await made.fit(x, y, quiet)
  }) // prettier-ignore
})

function withMetadata(file: Uint8Array, metadata: Record<string, string>): Uint8Array {
  const { tensors } = decodeSafetensors(new Uint8Array(file))
  const entries = [...tensors].map(([name, { dtype, shape, bytes }]) => [name, { dtype, shape, data: bytes }] as const)
  return encodeSafetensors(Object.fromEntries(entries), metadata)
}
