// Saving and loading: round trips, what does not fit, damaged files, and training that goes on where it stopped.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  callbacks, FormatError, input, layers, loadModel, losses, metrics, model, optimizers, type Sequential, sequential, setRandomSeed, setWarningHandler,
  weightsFromBytes, weightsToBytes,
} from '../../src/index.ts' // prettier-ignore
import { randomTensor, smallBase, valuesOf } from './helpers.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanuki-saving-'))
  setRandomSeed(2)
})
afterEach(() => rmSync(folder, { recursive: true }))

const x = randomTensor([12, 3], 1)
const y = randomTensor([12, 1], 2)
const quiet = { verbose: 0 } as const

function net(units = 4): Sequential {
  return sequential([input({ shape: [3] }), layers.dense({ units, activation: 'tanh', name: 'a' }), layers.dropout({ rate: 0.3, name: 'drop' }), layers.dense({ units: 1, name: 'b' })], { name: 'net' }) // prettier-ignore
}

describe('weights', () => {
  test('come back as they were', async () => {
    const base = smallBase()
    const path = join(folder, 'deep', 'weights.safetensors')
    await base.saveWeights(path)
    const before = await valuesOf(base.weights)
    base.setWeights(base.getWeights().map((weight) => randomTensor(weight.shape, 9)))
    expect(await valuesOf(base.weights)).not.toEqual(before)
    const report = await base.loadWeights(path)
    expect(await valuesOf(base.weights)).toEqual(before)
    expect(report).toEqual({ loaded: base.weights.map(({ path: name }) => name), skipped: [] })
    // Nothing of the writing is left behind.
    expect(readdirSync(join(folder, 'deep'))).toEqual(['weights.safetensors'])
  })

  test('that do not fit change nothing, and are told name by name', async () => {
    const path = join(folder, 'w.safetensors')
    await net(5).saveWeights(path)
    const other = sequential(
      [input({ shape: [3] }), layers.dense({ units: 4, name: 'a' }), layers.dense({ units: 1, name: 'c' })],
      { name: 'net' },
    )
    const before = await valuesOf(other.weights)
    const error = await other.loadWeights(path).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(FormatError)
    for (const part of [
      '"net/a/kernel" has shape (3, 5) in the file, (3, 4) in the model',
      '"net/c/kernel" is not in the file',
      '"net/b/kernel" of the file is not in the model',
    ]) expect((error as Error).message).toContain(part) // prettier-ignore
    expect(await valuesOf(other.weights)).toEqual(before)
    const report = await other.loadWeights(path, { skipMismatch: true })
    expect(report.loaded).toEqual([])
    expect(report.skipped.length).toBe(6)
  })

  test('with equal paths are told apart', async () => {
    const inner = (): Sequential =>
      sequential([input({ shape: [2] }), layers.dense({ units: 2, name: 'd' })], { name: 'same' })
    const [a, b] = [inner(), inner()]
    class Both extends layers.Layer {
      readonly a = a
      readonly b = b
      override call(value: never): never {
        return b.apply(a.apply(value)) as never
      }
    }
    const inputs = input({ shape: [2] })
    const whole = model({ inputs, outputs: new Both().apply(inputs) })
    const before = await valuesOf(whole.weights)
    const bytes = await weightsToBytes(whole)
    whole.setWeights(whole.getWeights().map((weight) => randomTensor(weight.shape, 3)))
    weightsFromBytes(whole, bytes)
    expect(await valuesOf(whole.weights)).toEqual(before)
  })

  test('damaged files are refused', async () => {
    const path = join(folder, 'w.safetensors')
    const a = net()
    await a.saveWeights(path)
    const bytes = readFileSync(path)
    const before = await valuesOf(a.weights)
    for (const broken of [
      bytes.subarray(0, 5),
      bytes.subarray(0, bytes.length - 4),
      Buffer.from('not a file at all'),
    ]) {
      writeFileSync(path, broken)
      await expect(a.loadWeights(path)).rejects.toThrow(FormatError)
    }
    await expect(a.loadWeights(join(folder, 'none.safetensors'))).rejects.toThrow(/no such file/)
    await expect(a.saveWeights(join(folder, 'w.bin'))).rejects.toThrow(/\.safetensors/)
    expect(await valuesOf(a.weights)).toEqual(before)
  })

  test('can be saved in the middle of an epoch', async () => {
    const a = net()
    a.compile({ optimizer: 'sgd', loss: 'mse' })
    const path = join(folder, 'w.safetensors')
    const save = callbacks.lambdaCallback({
      onTrainBatchEnd: (batch) => (batch === 1 ? a.saveWeights(path) : undefined),
    })
    await a.fit(x, y, { batchSize: 3, callbacks: [save], ...quiet })
    await a.loadWeights(path)
  })
})

describe('whole models', () => {
  test('come back with architecture, weights, compile arguments and optimizer, and train on alike', async () => {
    const base = smallBase()
    base.trainable = false
    const inputs = input({ shape: [8, 8, 3] })
    const outputs = layers
      .dense({ units: 1, name: 'head' })
      .apply(layers.globalAveragePooling2D().apply(base.apply(inputs, { training: false })))
    const original = model({ inputs, outputs, name: 'classifier' })
    original.compile({
      optimizer: optimizers.adam({ learningRate: 0.02 }),
      loss: losses.binaryCrossentropy({ fromLogits: true }),
      metrics: [metrics.binaryAccuracy({ threshold: 0 })],
    })
    const images = randomTensor([6, 8, 8, 3])
    const labels = new Float32Array([0, 1, 0, 1, 1, 0])
    await original.fit(images, labels, { epochs: 2, ...quiet })
    const path = join(folder, 'model.safetensors')
    await original.save(path)
    const loaded = await loadModel(path)
    expect(loaded.getConfig()).toEqual(original.getConfig())
    expect(await valuesOf(loaded.weights)).toEqual(await valuesOf(original.weights))
    expect(await valuesOf(loaded.optimizer!.variables)).toEqual(await valuesOf(original.optimizer!.variables))
    const options = { epochs: 2, shuffle: false, ...quiet } as const
    expect((await loaded.fit(images, labels, options)).history).toEqual(
      (await original.fit(images, labels, options)).history,
    )
    expect((await loadModel(path, { compile: false })).compiled).toBe(false)
  })

  test('files of weights are not models', async () => {
    const path = join(folder, 'w.safetensors')
    await net().saveWeights(path)
    await expect(loadModel(path)).rejects.toThrow(/weights alone/)
  })
})

describe('ModelCheckpoint', () => {
  test('keeps the best weights', async () => {
    const a = net()
    a.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'mse' })
    const filepath = join(folder, 'epoch{epoch:02d}.safetensors')
    await a.fit(x, y, {
      epochs: 3,
      callbacks: [callbacks.modelCheckpoint({ filepath, saveWeightsOnly: true, monitor: 'loss' })],
      ...quiet,
    })
    expect(readdirSync(folder).sort()).toEqual(['epoch01.safetensors', 'epoch02.safetensors', 'epoch03.safetensors'])
    await a.loadWeights(join(folder, 'epoch03.safetensors'))
  })

  test('refuses file names of a wrong kind and unknown placeholders', async () => {
    expect(() => callbacks.modelCheckpoint({ filepath: 'x.bin' })).toThrow(/ends with/)
    expect(() => callbacks.modelCheckpoint({ filepath: 'x.keras', saveFreq: 0 })).toThrow(/saveFreq/)
    const a = net()
    a.compile({ optimizer: 'sgd', loss: 'mse' })
    const unknown = callbacks.modelCheckpoint({ filepath: join(folder, '{val_loss:.2f}.safetensors') })
    await expect(a.fit(x, y, { callbacks: [unknown], ...quiet })).rejects.toThrow(
      /placeholder among \{epoch\}, \{loss\}/,
    )
  })
})

describe('BackupAndRestore', () => {
  const compile = (a: Sequential): Sequential => {
    a.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'mse' })
    return a
  }

  test('training that is interrupted goes on as if nothing had happened', async () => {
    const options = { epochs: 4, batchSize: 5, ...quiet } as const
    setRandomSeed(4)
    const whole = compile(net())
    const expected = await whole.fit(x, y, options)

    const backupDir = join(folder, 'backup')
    setRandomSeed(4)
    const first = compile(net())
    const crash = callbacks.lambdaCallback({
      onEpochBegin: (epoch) => {
        if (epoch === 2) throw new Error('power cut')
      },
    })
    await expect(
      first.fit(x, y, { ...options, callbacks: [callbacks.backupAndRestore({ backupDir }), crash] }),
    ).rejects.toThrow('power cut')
    expect(readdirSync(backupDir)).toEqual(['latest.safetensors'])

    setRandomSeed(4)
    const second = compile(net())
    const { history, epoch } = await second.fit(x, y, {
      ...options,
      callbacks: [callbacks.backupAndRestore({ backupDir })],
    })
    expect(epoch).toEqual([2, 3])
    expect(history.loss).toEqual(expected.history.loss!.slice(2))
    expect(await valuesOf(second.weights)).toEqual(await valuesOf(whole.weights))
    // Done: the backup is gone.
    expect(readdirSync(folder)).toEqual([])
  })

  test('a damaged backup gives way to the one before', async () => {
    const backupDir = join(folder, 'backup')
    const options = { epochs: 3, ...quiet } as const
    const keep = { backupDir, doubleCheckpoint: true, deleteCheckpoint: false }
    await compile(net()).fit(x, y, { ...options, callbacks: [callbacks.backupAndRestore(keep)] })
    expect(readdirSync(backupDir).sort()).toEqual(['latest.safetensors', 'latest.safetensors.bkp'])
    writeFileSync(join(backupDir, 'latest.safetensors'), 'broken')
    const warnings: string[] = []
    setWarningHandler((message) => warnings.push(message))
    const { epoch } = await compile(net()).fit(x, y, {
      epochs: 4,
      ...quiet,
      callbacks: [callbacks.backupAndRestore(keep)],
    })
    setWarningHandler(null)
    expect(epoch).toEqual([2, 3])
    expect(warnings.length).toBe(1)
  })

  test('a backup of another model is refused', async () => {
    const backupDir = join(folder, 'backup')
    await compile(net(4)).fit(x, y, {
      ...quiet,
      callbacks: [callbacks.backupAndRestore({ backupDir, deleteCheckpoint: false })],
    })
    await expect(
      compile(net(6)).fit(x, y, { ...quiet, callbacks: [callbacks.backupAndRestore({ backupDir })] }),
    ).rejects.toThrow(FormatError)
  })

  test('can save after a number of batches', async () => {
    const backupDir = join(folder, 'backup')
    const seen: string[][] = []
    const watch = callbacks.lambdaCallback({ onEpochEnd: () => void seen.push(readdirSync(folder)) })
    await compile(net()).fit(x, y, {
      batchSize: 4,
      ...quiet,
      callbacks: [callbacks.backupAndRestore({ backupDir, saveFreq: 2 }), watch],
    })
    expect(seen).toEqual([['backup']])
  })
})
