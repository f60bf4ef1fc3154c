// Keras' files: what does not fit is told and changes nothing, options of loading, and every attack that a model file can carry.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ArgumentError, FormatError } from '../../src/errors.ts'
import { encodeZip, openZip } from '../../src/formats/zip.ts'
import {
  callbacks, input, Layer, layers, loadModel, losses, type Model, model as makeModel, optimizers, sequential, type Sequential, setRandomSeed,
  setWarningHandler, type Tensor, tensor,
} from '../../src/index.ts' // prettier-ignore
import { randomTensor, valuesOf } from './helpers.ts'

let folder = ''
let warnings: string[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanuki-keras-'))
  setRandomSeed(3)
  warnings = []
  setWarningHandler((text) => warnings.push(text))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  setWarningHandler(null)
})

const x = randomTensor([12, 3], 1)
const y = randomTensor([12, 1], 2)

function net(units = 4, last = 'b'): Sequential {
  return sequential([input({ shape: [3] }), layers.dense({ units, activation: 'tanh', name: 'a' }), layers.dense({ units: 1, name: last })], { name: 'net' }) // prettier-ignore
}

describe.each(['.weights.h5', '.weights.json', '.h5', '.safetensors'])('weights as %s', (ending) => {
  test('come back, and nothing else is left in the folder', async () => {
    const path = join(folder, `w${ending}`)
    const a = net()
    await a.saveWeights(path)
    const b = net()
    const report = await b.loadWeights(path)
    expect(report).toEqual({ loaded: b.weights.map((each) => each.path), skipped: [] })
    expect(await valuesOf(b.weights)).toEqual(await valuesOf(a.weights))
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('that do not fit change nothing', async () => {
    const path = join(folder, `w${ending}`)
    await net(5).saveWeights(path)
    const b = net(4)
    const before = await valuesOf(b.weights)
    const error = await b.loadWeights(path).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(FormatError)
    expect((error as Error).message).toMatch(
      /"net\/a\/kernel" has shape \(3, 5\) in the file, (shape )?\(3, 4\) in the model/,
    )
    expect(await valuesOf(b.weights)).toEqual(before)
    const report = await b.loadWeights(path, { skipMismatch: true })
    expect(report.loaded).toEqual(['net/b/bias'])
    expect(report.skipped.length).toBe(3)
  })
})

describe('weights by the names of layers', () => {
  test('set what has the same name, and tell the rest', async () => {
    const path = join(folder, 'w.h5')
    const a = net(4, 'other')
    await a.saveWeights(path)
    const b = net(4)
    const head = await valuesOf(b.getLayer('b').weights)
    const report = await b.loadWeights(path, { byName: true })
    expect(report.loaded).toEqual(['net/a/kernel', 'net/a/bias'])
    expect(report.skipped).toEqual(['layer "other" of the file is not in the model', 'layer "b" is not in the file'])
    expect(await valuesOf(b.getLayer('a').weights)).toEqual(await valuesOf(a.getLayer('a').weights))
    expect(await valuesOf(b.getLayer('b').weights)).toEqual(head)
  })

  test('are a matter of the older format alone', async () => {
    const path = join(folder, 'w.weights.h5')
    await net().saveWeights(path)
    await expect(net().loadWeights(path, { byName: true })).rejects.toThrow(/`byName` only with files of Keras 2/)
  })

  test('a file with another number of layers says so', async () => {
    const path = join(folder, 'w.h5')
    await sequential([input({ shape: [3] }), layers.dense({ units: 4, name: 'a' })]).saveWeights(path)
    await expect(net().loadWeights(path)).rejects.toThrow(
      /as many layers with weights as the model, 2: a, b, received "1 in the file: a"/,
    )
  })
})

test('a nested model frozen after saving gets its own weights, not permuted ones', async () => {
  const build = (): { base: Model; whole: Model } => {
    const inner = input({ shape: [8, 8, 2] })
    let z = layers.conv2D({ filters: 2, kernelSize: 3, useBias: false, name: 'c' }).apply(inner)
    z = layers.batchNormalization({ name: 'n1' }).apply(z)
    z = layers.batchNormalization({ name: 'n2' }).apply(z)
    const base = makeModel({ inputs: inner, outputs: z, name: 'base' })
    const outer = input({ shape: [8, 8, 2] })
    return { base, whole: makeModel({ inputs: outer, outputs: base.apply(outer), name: 'whole' }) }
  }
  const a = build()
  a.whole.setWeights(a.whole.getWeights().map((weight, i) => randomTensor(weight.shape, i + 5)))
  const path = join(folder, 'w.h5')
  for (const frozen of [false, true]) {
    a.base.trainable = !frozen
    await a.whole.saveWeights(path)
    const b = build()
    b.base.trainable = frozen
    await b.whole.loadWeights(path)
    expect(await valuesOf(b.whole.weights)).toEqual(await valuesOf(a.whole.weights))
  }
})

test('shards are as small as they are asked to be', async () => {
  const path = join(folder, 'w.weights.json')
  const a = net(300)
  await a.saveWeights(path, { maxShardSize: 4000 / 2 ** 30 })
  expect(readdirSync(folder).sort()).toEqual(['w.weights.json', 'w_00000.weights.h5', 'w_00001.weights.h5'])
  const b = net(300)
  await b.loadWeights(path)
  expect(await valuesOf(b.weights)).toEqual(await valuesOf(a.weights))
  await expect(a.saveWeights(path, { maxShardSize: 1000 / 2 ** 30 })).rejects.toThrow(/weights below maxShardSize/)
  const map = JSON.parse(readFileSync(path, 'utf8')) as { weight_map: Record<string, string> }
  writeFileSync(path, JSON.stringify({ weight_map: { '/layers/dense/vars': '../w_00000.weights.h5' } }))
  await expect(b.loadWeights(path)).rejects.toThrow(/names of files beside it/)
  writeFileSync(path, JSON.stringify({ weight_map: { ...map.weight_map, '/layers/dense/vars': 'gone.weights.h5' } }))
  await expect(b.loadWeights(path)).rejects.toThrow(/ENOENT|no such file/)
})

describe.each(['.keras', '.h5', '.safetensors'])('a model as %s', (ending) => {
  test('goes on training where it was, with a schedule, moments and a frozen layer', async () => {
    const path = join(folder, `m${ending}`)
    const a = net()
    a.getLayer('a').trainable = false
    a.compile({ optimizer: optimizers.adam({ learningRate: 0.03 }), loss: 'mse', metrics: ['mae'] })
    for (let i = 0; i < 3; i++) await a.trainOnBatch(x, y)
    await a.save(path)
    const b = await loadModel(path)
    expect(b.getLayer('a').trainable).toBe(false)
    expect(await b.trainOnBatch(x, y)).toEqual(await a.trainOnBatch(x, y))
    expect(await valuesOf(b.weights)).toEqual(await valuesOf(a.weights))
    expect(await valuesOf(b.optimizer!.variables)).toEqual(await valuesOf(a.optimizer!.variables))
    const c = await loadModel(path, { compile: false })
    expect(c.compiled).toBe(false)
  })

  test('is written by ModelCheckpoint', async () => {
    const path = join(folder, `best${ending}`)
    const a = net()
    a.compile({ optimizer: 'sgd', loss: 'mse' })
    const save = callbacks.modelCheckpoint({ filepath: path, monitor: 'loss' })
    await a.fit(x, y, { epochs: 2, verbose: 0, callbacks: [save] })
    const b = await loadModel(path)
    expect(await valuesOf(b.weights)).toEqual(await valuesOf(a.weights))
  })

  test('of classes of one own comes back through the registry, and not without', async () => {
    class Doubled extends Layer {
      // Registered once and for all: each format has its own.
      static override readonly className = `Doubled${ending}`
      override call(inputs: Tensor): Tensor {
        return this.scale(inputs)
      }
      scale(inputs: Tensor): Tensor {
        return layers.rescaling({ scale: 2 }).apply(inputs)
      }
    }
    const path = join(folder, `own${ending}`)
    const inputs = input({ shape: [3] })
    const a = makeModel({ inputs, outputs: new Doubled().apply(layers.dense({ units: 2 }).apply(inputs)) })
    await a.save(path)
    await expect(loadModel(path)).rejects.toThrow(/a known layer class, received "Doubled/)
    layers.registerLayer(Doubled)
    const b = await loadModel(path)
    expect(await (b.apply(x) as Tensor).data()).toEqual(await (a.apply(x) as Tensor).data())
  })

  test('of which nothing is there, or something else, is an error', async () => {
    await expect(loadModel(join(folder, `none${ending}`))).rejects.toThrow(/ENOENT|no such file/)
    const path = join(folder, `text${ending}`)
    writeFileSync(path, 'hello')
    await expect(loadModel(path)).rejects.toThrow(FormatError)
  })

  test('with a Lambda is not written, and leaves no file', async () => {
    const inputs = input({ shape: [3] })
    const a = makeModel({ inputs, outputs: layers.lambda((value: Tensor) => value).apply(inputs) })
    const path = join(folder, `lambda${ending}`)
    await expect(a.save(path)).rejects.toThrow(ArgumentError)
    expect(existsSync(path)).toBe(false)
  })
})

test('weights are taken out of an archive', async () => {
  const path = join(folder, 'm.keras')
  const a = net()
  await a.save(path)
  const b = net()
  await b.loadWeights(path)
  expect(await valuesOf(b.weights)).toEqual(await valuesOf(a.weights))
})

test('the state of another optimizer is not taken', async () => {
  const path = join(folder, 'm.keras')
  const a = net()
  a.compile({ optimizer: 'adam', loss: 'mse' })
  await a.trainOnBatch(x, y)
  await a.save(path)
  await rewrite(path, (config) => {
    const compiled = config.compile_config as { optimizer: { class_name: string; config: Record<string, unknown> } }
    compiled.optimizer = { class_name: 'SGD', config: { learning_rate: 0.1, momentum: 0.9 } }
  })
  const b = await loadModel(path)
  expect(b.optimizer!.className).toBe('SGD')
  expect(warnings.join()).toMatch(/the optimizer starts afresh/)
})

/** Changes the description inside of an archive. */
async function rewrite(path: string, change: (config: Record<string, unknown>) => void): Promise<void> {
  const archive = await openZip(path, path)
  const entries = await Promise.all([...archive.entries.values()].map(async (entry) => ({ name: entry.name, data: await entry.read() }))) // prettier-ignore
  await archive.close()
  const config = JSON.parse(new TextDecoder().decode(entries.find(({ name }) => name === 'config.json')!.data)) as Record<string, unknown> // prettier-ignore
  change(config)
  const changed = entries.map(({ name, data }) => (name === 'config.json' ? { name, data: new TextEncoder().encode(JSON.stringify(config)) } : { name, data })) // prettier-ignore
  writeFileSync(path, await encodeZip(changed))
}

describe('attacks on archives', () => {
  async function attacked(change: (config: Record<string, unknown>) => void): Promise<unknown> {
    const path = join(folder, 'evil.keras')
    await net().save(path)
    await rewrite(path, change)
    return loadModel(path).catch((reason: unknown) => reason)
  }
  const layersOf = (config: Record<string, unknown>): Record<string, unknown>[] =>
    (config.config as { layers: Record<string, unknown>[] }).layers

  test('a Lambda with code is not run', async () => {
    const error = await attacked((config) => {
      layersOf(config)[1] = {
        module: 'keras.layers', class_name: 'Lambda', registered_name: null,
        config: { name: 'a', function: { class_name: '__lambda__', config: { code: '4wEAAAA=', defaults: null, closure: null } } },
      } // prettier-ignore
    })
    expect(error).toBeInstanceOf(ArgumentError)
    expect((error as Error).message).toMatch(/Stored code is not run/)
  })

  test.each(['os', 'subprocess', 'builtins'])('a class of the module %s is not known', async (module) => {
    const error = await attacked((config) => {
      layersOf(config)[1] = { module, class_name: 'system', registered_name: null, config: { command: 'true' } }
    })
    expect((error as Error).message).toMatch(/a known layer class/)
  })

  test('a description nested without end is refused', async () => {
    const error = await attacked((config) => {
      let inner: unknown = 1
      for (let i = 0; i < 2000; i++) inner = [inner]
      config.deep = inner
    })
    expect((error as Error).message).toMatch(/nested more than 500 deep/)
  })

  test('a layer that claims to be gigantic does not take the memory', async () => {
    const before = process.memoryUsage().rss
    const error = await attacked((config) => {
      ;(layersOf(config)[1]!.config as Record<string, unknown>).units = 2 ** 30
    })
    expect(error).toBeInstanceOf(Error)
    expect(process.memoryUsage().rss - before).toBeLessThan(1e9)
  })

  test('without weights, or without a description, it is no model', async () => {
    for (const missing of ['config.json', 'model.weights.h5']) {
      const path = join(folder, 'part.keras')
      await net().save(path)
      const archive = await openZip(path, path)
      const entries = await Promise.all([...archive.entries.values()].filter(({ name }) => name !== missing).map(async (entry) => ({ name: entry.name, data: await entry.read() }))) // prettier-ignore
      await archive.close()
      writeFileSync(path, await encodeZip(entries))
      await expect(loadModel(path)).rejects.toThrow(new RegExp(`expected an entry ${missing}`))
    }
  })
})

describe('attacks on the zip of an archive', () => {
  /** Where the central record of an entry begins, and its local header. */
  function recordOf(bytes: Buffer, name: string): { central: number; local: number } {
    for (let at = 0; (at = bytes.indexOf('PK\x01\x02', at, 'latin1')) >= 0; at++) {
      const length = bytes.readUInt16LE(at + 28)
      if (bytes.toString('utf8', at + 46, at + 46 + length) === name)
        return { central: at, local: bytes.readUInt32LE(at + 42) }
    }
    throw new Error(`no entry ${name}`)
  }
  /** Gives an entry another name of the same length, in both places. */
  function rename(bytes: Buffer, from: string, to: string): void {
    const { central, local } = recordOf(bytes, from)
    bytes.write(to, central + 46, 'utf8')
    bytes.write(to, local + 30, 'utf8')
  }
  /** As long as the names that it gets. */
  const victim = 'metadata.json'
  const attacks: Record<string, [(bytes: Buffer) => Uint8Array, RegExp]> = {
    'a path out of the archive': [(bytes) => (rename(bytes, victim, '../../tmp/evi'), bytes), /trusted/],
    'a path out of the archive by a folder': [(bytes) => (rename(bytes, victim, 'a/../../b.txt'), bytes), /trusted/],
    'a path out of the archive in the way of Windows': [(bytes) => (rename(bytes, victim, '..\\tmp\\ev.exe'), bytes), /trusted/],
    'an absolute path': [(bytes) => (rename(bytes, victim, '/etc/evil.txt'), bytes), /trusted/],
    'an absolute path of Windows': [(bytes) => (rename(bytes, victim, 'C:/evil/a.txt'), bytes), /trusted/],
    'a name that stands twice': [(bytes) => (rename(bytes, 'aaaaaaaaaaaaa', victim), bytes), /trusted/],
    'a name that differs in its two places': [(bytes) => (bytes.write('config.jsom', recordOf(bytes, 'config.json').local + 30), bytes), /trusted/],
    'a symbolic link': [(bytes) => {
      const { central } = recordOf(bytes, victim)
      bytes.writeUInt16LE(0x031e, central + 4)
      bytes.writeUInt32LE((0o120777 << 16) >>> 0, central + 38)
      return bytes
    }, /a link/],
    'an encrypted entry': [(bytes) => {
      const { central, local } = recordOf(bytes, victim)
      bytes[central + 8]! |= 1
      bytes[local + 6]! |= 1
      return bytes
    }, /encrypted/],
    'a wrong checksum': [(bytes) => {
      const { central, local } = recordOf(bytes, 'config.json')
      bytes.writeUInt32LE(0x12345678, central + 16)
      bytes.writeUInt32LE(0x12345678, local + 14)
      return bytes
    }, /Invalid CRC32/],
    'changed bytes': [(bytes) => (bytes[recordOf(bytes, 'config.json').local + 30 + 11 + 40]! ^= 1, bytes), /trusted/],
    'a size larger than the entry': [(bytes) => {
      const { central, local } = recordOf(bytes, 'config.json')
      for (const at of [central + 24, local + 22]) bytes.writeUInt32LE(bytes.readUInt32LE(at) + 100, at)
      return bytes
    }, /trusted/],
    'a size smaller than the entry': [(bytes) => {
      const { central, local } = recordOf(bytes, 'config.json')
      for (const at of [central + 24, local + 22]) bytes.writeUInt32LE(10, at)
      return bytes
    }, /trusted/],
    'a size of four gigabytes': [(bytes) => {
      const { central, local } = recordOf(bytes, 'config.json')
      for (const at of [central + 24, local + 22]) bytes.writeUInt32LE(0xfffffff0, at)
      return bytes
    }, /trusted/],
    'an entry in another': [(bytes) => (bytes.writeUInt32LE(recordOf(bytes, 'config.json').local, recordOf(bytes, victim).central + 42), bytes), /trusted/],
    'an entry behind the end': [(bytes) => (bytes.writeUInt32LE(0x7fffffff, recordOf(bytes, victim).central + 42), bytes), /trusted/],
    'more entries than there are': [(bytes) => {
      const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1')
      bytes.writeUInt16LE(0x7fff, end + 8)
      bytes.writeUInt16LE(0x7fff, end + 10)
      return bytes
    }, /trusted/],
    'bytes behind the end': [(bytes) => Buffer.concat([bytes, Buffer.from('#!/bin/sh')]), /trusted/],
    'bytes before the beginning': [(bytes) => Buffer.concat([Buffer.from('#!/bin/sh\n'), bytes]), /trusted/],
    'an archive that was cut off': [(bytes) => bytes.subarray(0, bytes.length - 30), /trusted/],
  } // prettier-ignore

  test.each(Object.entries(attacks))('%s', async (_, [attack, message]) => {
    const path = join(folder, 'evil.keras')
    await net().save(path)
    const archive = await openZip(path, path)
    const entries = await Promise.all([...archive.entries.values()].map(async (entry) => ({ name: entry.name, data: await entry.read() }))) // prettier-ignore
    await archive.close()
    const bytes = await encodeZip([...entries, { name: 'aaaaaaaaaaaaa', data: new Uint8Array(4) }])
    const evil = Buffer.from(attack(Buffer.from(bytes)))
    writeFileSync(path, evil)
    const error: unknown = await loadModel(path).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(FormatError)
    expect((error as Error).message).toMatch(message)
    expect(readdirSync(folder)).toEqual(['evil.keras'])
  })

  test('a bomb: an entry that inflates to a thousand times its size', async () => {
    const zip = await import('@zip.js/zip.js')
    const writer = new zip.ZipWriter(new zip.Uint8ArrayWriter(), { useWebWorkers: false, level: 9 })
    await writer.add('config.json', new zip.Uint8ArrayReader(new Uint8Array(1 << 24).fill(32)))
    await writer.add('model.weights.h5', new zip.Uint8ArrayReader(new Uint8Array(8)))
    const path = join(folder, 'bomb.keras')
    writeFileSync(path, await writer.close())
    await expect(loadModel(path)).rejects.toThrow(/of 16777216 bytes, packed into \d+/)
  })
})

describe('files for tf_keras and Keras 3 at once', () => {
  test('hold each call of a nested model twice, and are read as one', async () => {
    const inside = input({ shape: [3] })
    const nested = makeModel({ inputs: inside, outputs: layers.dense({ units: 3 }).apply(inside), name: 'nested' })
    const inputs = input({ shape: [3] })
    const first = nested.apply(inputs, { training: false })
    const second = nested.apply(layers.rescaling({ scale: 2 }).apply(first))
    const a = makeModel({ inputs, outputs: [layers.add().apply([first, second]), second] })
    const path = join(folder, 'nested.h5')
    await a.save(path)
    const config = await attribute(path, 'model_config')
    const stored = config.config as { layers: { name: string; inbound_nodes: unknown[][] }[]; output_layers: unknown[] }
    const calls = stored.layers.find(({ name }) => name === 'nested')!.inbound_nodes
    expect(calls).toHaveLength(4)
    expect(calls[0]).toEqual(calls[1])
    expect(calls[2]).toEqual(calls[3])
    const added = stored.layers.at(-1)!.inbound_nodes[0]!
    // Call k stands at 2k of those in the file: 2k + 1 means it counted from 1 (tf_keras) and from 0 (its twin, Keras 3).
    expect(added).toEqual([['nested', 1, 0, {}], ['nested', 3, 0, {}]]) // prettier-ignore
    expect(stored.output_layers[1]).toEqual(['nested', 3, 0])
    const b = await loadModel(path)
    const outputs = async (net: Model) =>
      Promise.all((net.applyNested(x) as Tensor[]).map(async (each) => each.array()))
    expect(await outputs(b)).toEqual(await outputs(a))
    // Nothing of the doubling stays.
    expect(b.getLayer('nested').inboundNodes).toHaveLength(nested.inboundNodes.length)
    await b.save(path)
    expect(await attribute(path, 'model_config')).toEqual(config)
  })

  test('have an optimizer and an accuracy that both know', async () => {
    const path = join(folder, 'compiled.h5')
    const inputs = input({ shape: [3] })
    const a = makeModel({ inputs, outputs: layers.dense({ units: 4 }).apply(inputs) })
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true })
    a.compile({ optimizer: optimizers.sgd({ learningRate: 1, name: 'sgd' }), loss, metrics: ['accuracy'] })
    await a.trainOnBatch(x, tensor(new Int32Array(12), { shape: [12] }))
    await a.save(path)
    const text = await attributeText(path, 'training_config')
    // Keras takes floats alone here.
    expect(text).toContain('"learning_rate":1.0')
    expect(text).toContain('"momentum":0.0')
    const { optimizer_config: optimizer, metrics } = JSON.parse(text) as Record<string, unknown>
    expect(optimizer).toEqual({
      class_name: 'SGD',
      config: { name: 'sgd', learning_rate: 1, clipnorm: null, global_clipnorm: null, clipvalue: null, momentum: 0, nesterov: false }, // prettier-ignore
    })
    expect(metrics).toMatchObject([{ class_name: 'SparseCategoricalAccuracy', config: { name: 'accuracy' } }])
    const b = await loadModel(path)
    expect(await valuesOf(b.optimizer!.variables)).toEqual(await valuesOf(a.optimizer!.variables))
  })
})

async function attributeText(path: string, name: string): Promise<string> {
  const { withHdf5 } = await import('../../src/formats/hdf5.ts')
  return withHdf5(path, path, (file) => Promise.resolve(file.root.attributes.get(name) as string))
}
async function attribute(path: string, name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await attributeText(path, name)) as Record<string, unknown>
}
