// The table of misuse, row by row: what is refused in which state, and what only warns.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  AbortError, ArgumentError, callbacks, EngineError, input, layers, losses, methodRules, otherMisuse, sequential, type Sequential, setWarningHandler, ShapeError, tensor,
} from '../../src/index.ts' // prettier-ignore
import type { GuardedMethod } from '../../src/index.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batches } from './data-helpers.ts'
import { captureOutput, randomTensor, valuesOf } from './helpers.ts'

let warnings: string[] = []
let folder = ''
let checkpoints = ''
beforeAll(async () => {
  checkpoints = mkdtempSync(join(tmpdir(), 'tanuki-misuse-'))
  await makeNet(false).saveCheckpoint(join(checkpoints, 'sound.safetensors'))
})
afterAll(() => rmSync(checkpoints, { recursive: true }))
beforeEach(() => {
  warnings = []
  setWarningHandler((message) => warnings.push(message))
  folder = mkdtempSync(join(tmpdir(), 'tanuki-misuse-'))
})
afterEach(() => {
  setWarningHandler(null)
  rmSync(folder, { recursive: true })
})

const x = randomTensor([8, 3], 1)
const y = randomTensor([8, 1], 2)

function makeNet(compiled = true): Sequential {
  const net = sequential([input({ shape: [3] }), layers.dense({ units: 2 }), layers.dense({ units: 1 })])
  if (compiled) net.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] })
  return net
}

const calls: Record<GuardedMethod, (net: Sequential) => unknown> = {
  fit: (net) => net.fit(x, y, { verbose: 0 }),
  evaluate: (net) => net.evaluate(x, y, { verbose: 0 }),
  trainOnBatch: (net) => net.trainOnBatch(x, y),
  testOnBatch: (net) => net.testOnBatch(x, y),
  predict: (net) => net.predict(x, { verbose: 0 }),
  predictOnBatch: (net) => net.predictOnBatch(x),
  compile: (net) => net.compile({ optimizer: 'sgd', loss: 'mse' }),
  add: (net) => net.add(layers.dense({ units: 1 })),
  pop: (net) => net.pop(),
  saveWeights: (net) => net.saveWeights(join(folder, 'w.safetensors')),
  save: (net) => net.save(join(folder, 'm.safetensors')),
  loadWeights: async (net) => {
    await net.saveWeights(join(folder, 'w.safetensors'))
    return net.loadWeights(join(folder, 'w.safetensors'))
  },
  saveCheckpoint: (net) => net.saveCheckpoint(join(folder, 'c.safetensors')),
  loadCheckpoint: (net) => net.loadCheckpoint(join(checkpoints, 'sound.safetensors')),
  summary: (net) => net.summary({ printFn: () => undefined }),
}

/** Null if the call went well, else its error. */
async function attempt(method: GuardedMethod, net: Sequential): Promise<unknown> {
  try {
    await calls[method](net)
    return null
  } catch (error) {
    return error
  }
}

describe.each(Object.keys(methodRules) as GuardedMethod[])('%s', (method) => {
  const rules = methodRules[method]
  const refused: readonly string[] = rules.refusedIn

  test(`is ${rules.needsCompile ? 'refused' : 'allowed'} before compile`, async () => {
    const error = await attempt(method, makeNet(false))
    if (rules.needsCompile) {
      expect(error).toBeInstanceOf(ArgumentError)
      expect((error as Error).message).toMatch(/Call compile\(/)
    } else expect(error).toBeNull()
  })

  test(`is ${rules.needsBuilt ? 'refused' : 'allowed'} before the model is built`, async () => {
    const net = sequential([layers.dense({ units: 1 })])
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    const error = await attempt(method, net)
    if (rules.needsBuilt) expect((error as Error).message).toMatch(/a built model/)
    else expect(error).toBeNull()
  })

  test(`is ${refused.includes('batches') ? 'refused' : 'allowed'} while batches are trained`, async () => {
    const net = makeNet()
    let error: unknown = 'not tried'
    const within = callbacks.lambdaCallback({
      onTrainBatchEnd: async (batch) => {
        if (batch === 0) error = await attempt(method, net)
      },
    })
    await net.fit(x, y, { batchSize: 4, callbacks: [within], verbose: 0 })
    expectRefusal(error, refused.includes('batches'))
  })

  test(`is ${refused.includes('between') ? 'refused' : 'allowed'} between two epochs`, async () => {
    const net = makeNet()
    let error: unknown = 'not tried'
    const within = callbacks.lambdaCallback({ onEpochEnd: async () => void (error = await attempt(method, net)) })
    await net.fit(x, y, { callbacks: [within], verbose: 0 })
    expectRefusal(error, refused.includes('between'))
  })

  test(`is ${refused.includes('evaluating') ? 'refused' : 'allowed'} during an evaluation`, async () => {
    const net = makeNet()
    const running = net.evaluate(x, y, { batchSize: 1, verbose: 0 })
    const error = await attempt(method, net)
    await running
    expectRefusal(error, refused.includes('evaluating'))
  })
})

function expectRefusal(error: unknown, refused: boolean): void {
  if (!refused) {
    expect(error).toBeNull()
    return
  }
  expect(error).toBeInstanceOf(ArgumentError)
  expect((error as Error).message).toMatch(/a model at rest/)
}

describe('at once', () => {
  test('a second fit of one model is refused, and the first goes on', async () => {
    const net = makeNet()
    const first = net.fit(x, y, { epochs: 2, verbose: 0 })
    await expect(net.fit(x, y, { verbose: 0 })).rejects.toThrow(/fit of .* a model at rest/)
    expect((await first).epoch).toEqual([0, 1])
    await net.fit(x, y, { verbose: 0 })
  })

  test('two models train at once, and as they would alone', async () => {
    const [a, b, c] = [makeNet(), makeNet(), makeNet()]
    for (const net of [b, c]) net.setWeights(a.getWeights())
    const options = { epochs: 3, batchSize: 4, shuffle: false, verbose: 0 } as const
    const [first, second] = await Promise.all([a.fit(x, y, options), b.fit(x, y, options)])
    const alone = await c.fit(x, y, options)
    expect(first.history).toEqual(alone.history)
    expect(second.history).toEqual(alone.history)
  })

  test('steps on batches that are not awaited are done in order', async () => {
    const [a, b] = [makeNet(), makeNet()]
    b.setWeights(a.getWeights())
    const queued = await Promise.all([a.trainOnBatch(x, y), a.trainOnBatch(x, y), a.trainOnBatch(x, y)])
    const one = await b.trainOnBatch(x, y)
    expect(queued).toEqual([one, await b.trainOnBatch(x, y), await b.trainOnBatch(x, y)])
  })

  test('predict during fit gives the weights of one moment', async () => {
    const net = makeNet()
    const running = net.fit(x, y, { epochs: 5, batchSize: 2, verbose: 0 })
    const predicted = await net.predict(x, { verbose: 0 })
    expect((await predicted.data()).every(Number.isFinite)).toBe(true)
    await running
  })
})

const others: Record<(typeof otherMisuse)[number]['misuse'], () => Promise<void>> = {
  async '`trainable` changed after compile'() {
    const net = makeNet()
    const [first] = net.layers
    const before = await valuesOf(first!.weights)
    first!.trainable = false
    await net.fit(x, y, { verbose: 0 })
    expect(warnings.filter((text) => text.includes('changed after compile')).length).toBe(1)
    expect(await valuesOf(first!.weights)).not.toEqual(before)
    // What the user has set stays set.
    expect(first!.trainable).toBe(false)
    await net.fit(x, y, { verbose: 0 })
    expect(warnings.filter((text) => text.includes('changed after compile')).length).toBe(1)
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    const frozen = await valuesOf(first!.weights)
    await net.fit(x, y, { verbose: 0 })
    expect(await valuesOf(first!.weights)).toEqual(frozen)
  },
  async 'data that ends before `stepsPerEpoch`'() {
    const net = makeNet()
    const steps: number[] = []
    const count = callbacks.lambdaCallback({ onTrainBatchBegin: (batch) => void steps.push(batch) })
    await net.fit(batches(6, 2, [3]), { epochs: 3, stepsPerEpoch: 2, callbacks: [count], verbose: 0 })
    // Three batches a pass: 2, then 1 and a warning, then a new pass.
    expect(steps).toEqual([0, 1, 0, 0, 1])
    expect(warnings.filter((text) => text.includes('ran out after 1 of 2 steps')).length).toBe(1)
  },
  async 'a generator for more epochs than it lasts'() {
    const net = makeNet()
    const { epoch } = await net.fit(batches(4, 2, [3])[Symbol.asyncIterator](), { epochs: 3, verbose: 0 })
    expect(epoch).toEqual([0])
    expect(warnings.some((text) => text.includes('no more data for epoch 2'))).toBe(true)
  },
  async 'an infinite dataset without steps'() {
    const endless = { ...batches(4, 2, [3]), cardinality: () => -1 }
    await expect(makeNet().fit(endless, { verbose: 0 })).rejects.toThrow(/infinite dataset/)
    await makeNet().fit(endless, { stepsPerEpoch: 2, verbose: 0 })
  },
  async 'an empty dataset or array'() {
    await expect(makeNet().fit(batches(0, 2, [3]), { verbose: 0 })).rejects.toThrow(/at least one batch/)
    await expect(makeNet().fit(tensor(new Float32Array(0), { shape: [0, 3] }), tensor(new Float32Array(0), { shape: [0, 1] }))).rejects.toThrow(/empty arrays/) // prettier-ignore
  },
  async 'arrays of different lengths'() {
    await expect(makeNet().fit(x, randomTensor([7, 1]))).rejects.toThrow(/x 8, y 7/)
    await expect(makeNet().fit(x, y, { sampleWeight: randomTensor([3]) })).rejects.toThrow(/sampleWeight 3/)
    await expect(makeNet().trainOnBatch(x, randomTensor([7, 1]))).rejects.toThrow(/8, 7/)
  },
  async 'inputs or labels of a wrong shape'() {
    const net = makeNet()
    const before = await valuesOf(net.weights)
    await expect(net.fit(randomTensor([8, 4]), y, { verbose: 0 })).rejects.toThrow(ShapeError)
    await expect(net.fit(x, randomTensor([8, 5, 2]), { verbose: 0 })).rejects.toThrow(ShapeError)
    expect(await valuesOf(net.weights)).toEqual(before)
    await net.fit(x, y, { verbose: 0 })
  },
  async 'labels that are no numbers'() {
    const names = ['cat', 'dog', 'cat', 'dog', 'cat', 'dog', 'cat', 'dog']
    const net = makeNet()
    await expect(net.fit(x, names as never, { verbose: 0 })).rejects.toThrow(ArgumentError)
    await expect(net.fit(x, names as never, { verbose: 0 })).rejects.toThrow(/numbers/)
    await net.fit(x, y, { verbose: 0 })
  },
  async 'a class number outside of the classes'() {
    const net = sequential([input({ shape: [3] }), layers.dense({ units: 4 })])
    net.compile({ optimizer: 'adam', loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }) })
    const before = await valuesOf(net.weights)
    for (const wrong of [4, -1]) {
      const labels = tensor(Int32Array.of(0, 1, 2, 3, 0, 1, 2, wrong))
      const error = await net.fit(x, labels, { verbose: 0 }).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(EngineError)
      expect((error as Error).message).toMatch(/\b4\b/)
      expect(await valuesOf(net.weights)).toEqual(before)
      expect(await net.optimizer!.iterations.item()).toBe(0)
    }
    await net.fit(x, tensor(Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3)), { verbose: 0 })
  },
  async 'labels missing for an output with a loss'() {
    await expect(makeNet().fit(x, null, { verbose: 0 })).rejects.toThrow(/expected labels/)
  },
  async 'a loss that is NaN'() {
    const net = makeNet()
    const bad = tensor(new Float32Array(24).fill(NaN), { shape: [8, 3] })
    const { history } = await net.fit(bad, y, { epochs: 2, verbose: 0 })
    expect(history.loss).toEqual([NaN, NaN])
    const output = captureOutput()
    const stopped = await makeNet().fit(bad, y, {
      epochs: 5,
      verbose: 0,
      batchSize: 2,
      callbacks: [callbacks.terminateOnNaN()],
    })
    output.restore()
    expect(stopped.epoch).toEqual([0])
    expect(output.text()).toBe('Batch 0: Invalid loss, terminating training\n')
  },
  async 'an error in a callback or in the data'() {
    const net = makeNet()
    const fail = (): never => {
      throw new Error('mine')
    }
    await expect(
      net.fit(x, y, { callbacks: [callbacks.lambdaCallback({ onEpochEnd: fail })], verbose: 0 }),
    ).rejects.toThrow('mine')
    let closed = false
    const source = async function* () {
      try {
        yield* batches(4, 2, [3])
        fail()
      } finally {
        closed = true
      }
    }
    await expect(net.fit(source, { verbose: 0 })).rejects.toThrow('mine')
    expect(closed).toBe(true)
    await net.fit(x, y, { verbose: 0 })
  },
  async 'an aborted signal'() {
    const net = makeNet()
    const controller = new AbortController()
    let ended = false
    let steps = 0
    const watch = callbacks.lambdaCallback({
      onTrainBatchEnd: () => {
        if (++steps === 2) controller.abort(new Error('enough'))
      },
      onTrainEnd: () => void (ended = true),
    })
    const error = await net
      .fit(x, y, { epochs: 3, batchSize: 2, callbacks: [watch], signal: controller.signal, verbose: 0 })
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AbortError)
    expect((error as Error).cause).toEqual(new Error('enough'))
    expect([steps, ended]).toEqual([2, false])
    expect(await net.optimizer!.iterations.item()).toBe(2)
    await expect(net.fit(x, y, { signal: AbortSignal.abort() })).rejects.toThrow(AbortError)
    await expect(net.predict(x, { signal: AbortSignal.abort(), verbose: 0 })).rejects.toThrow(AbortError)
    await net.fit(x, y, { verbose: 0 })
  },
  async 'no trainable weights'() {
    const net = makeNet(false)
    net.trainable = false
    net.compile({ optimizer: 'adam', loss: 'mse' })
    const before = await valuesOf(net.weights)
    const { history } = await net.fit(x, y, { verbose: 0 })
    expect(history.loss!.every(Number.isFinite)).toBe(true)
    expect(await valuesOf(net.weights)).toEqual(before)
    expect(warnings.some((text) => text.includes('does not have any trainable weights'))).toBe(true)
  },
}

describe('other misuse', () => {
  test.each(otherMisuse.map(({ misuse }) => misuse))('%s', async (misuse) => {
    await others[misuse]()
  })

  test('options that do not exist or do not fit are refused', async () => {
    const net = makeNet()
    await expect(net.fit(x, y, { epoch: 3 } as never)).rejects.toThrow(/received "epoch"/)
    await expect(net.fit(x, { epochs: 3 })).rejects.toThrow(/options in the place of y/)
    await expect(net.fit(batches(4, 2, [3]), { batchSize: 2 })).rejects.toThrow(/no `batchSize` beside a dataset/)
    await expect(net.fit(batches(4, 2, [3]), { validationSplit: 0.5 })).rejects.toThrow(/no `validationSplit`/)
    await expect(net.fit(batches(4, 2, [3]) as never, y as never, {})).rejects.toThrow(/no `y` beside/)
    await expect(net.fit(x, y, { validationSplit: 1.5 })).rejects.toThrow(/between 0 and 1/)
    await expect(net.fit(x, y, { validationSplit: 0.99 })).rejects.toThrow(/samples on both sides/)
    await expect(net.fit(x, y, { batchSize: 0 })).rejects.toThrow(/`batchSize`/)
    await expect(net.fit(x, y, { validationFreq: 1.5, validationData: [x, y] })).rejects.toThrow(/`validationFreq`/)
    await expect(net.fit(x, y, { verbose: 3 as never })).rejects.toThrow(/`verbose`/)
    await expect(net.fit(x, y, { callbacks: [() => undefined] as never })).rejects.toThrow(/instances of Callback/)
    await expect(net.fit(x, y, { classWeight: { 0: 1 }, sampleWeight: y })).rejects.toThrow(/both/)
    expect(() => net.compile({ optimiser: 'sgd' } as never)).toThrow(/received "optimiser"/)
    expect(() => net.compile({ optimizer: 'sgdd' as never })).toThrow(ArgumentError)
    expect(() => net.compile({ optimizer: 'sgd', loss: 'msee' as never })).toThrow(/Did you mean "mse"/)
    net.compile({ optimizer: 'sgd' })
    await expect(net.fit(x, y, { verbose: 0 })).rejects.toThrow(/a loss to compute/)
    net.compile({ optimizer: 'sgd', loss: ['mse', 'mae'] })
    await expect(net.fit(x, y, { verbose: 0 })).rejects.toThrow(/for the only output/)
  })
})
