// Models of TensorFlow.js: outputs equal to what TensorFlow.js (or Keras 2, of graphs) computed, and every attack by name.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { FormatError, TanukiError } from '../../src/errors.ts'
import { input, layers, loadModel, loadTfjsWeights, sequential, setWarningHandler, tensor } from '../../src/index.ts'
import type { Model } from '../../src/models/index.ts'
import { difference } from '../goldens-run/read.ts'

const files = 'tests/models/files/tfjs'
const folder = mkdtempSync(join(tmpdir(), 'tanuki-tfjs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Values {
  readonly shape: number[]
  readonly values: number[]
}
async function expectPredictions(model: Model, name: string, absolute = 1e-5): Promise<void> {
  const text = readFileSync(join(files, name, 'expected.json'), 'utf8')
  const { input, output } = JSON.parse(text) as { input: Values; output: Values }
  const y = await model.predict(tensor(Float32Array.from(input.values), { shape: input.shape }))
  const tensorOf = y as unknown as { shape: number[]; data(): Promise<Float32Array> }
  expect(tensorOf.shape).toEqual(output.shape)
  expect(difference(await tensorOf.data(), output.values, { absolute })).toBeNull()
}
/** The network of scripts/goldens/tfjs_graph.py. */
function net(): Model {
  const model = sequential([
    input({ shape: [8, 8, 3] }),
    layers.conv2D({ filters: 4, kernelSize: 3, activation: 'relu', name: 'c1' }),
    layers.batchNormalization({ name: 'bn' }),
    layers.depthwiseConv2D({ kernelSize: 3, name: 'dw' }),
    layers.separableConv2D({ filters: 4, kernelSize: 2, name: 'sep' }),
    layers.flatten({ name: 'flat' }),
    layers.dense({ units: 5, name: 'd' }),
  ])
  return model
}

describe('layers-models', () => {
  test.each(['sequential', 'functional', 'nested', 'converted'])(
    '%s predicts what it does where it comes from',
    async (name) => {
      const model = await loadModel(join(files, name, 'model.json'))
      await expectPredictions(model, name)
    },
  )
  test('a compiled one comes back compiled, and trains', async () => {
    const warnings: string[] = []
    const before = setWarningHandler((message) => warnings.push(message))
    try {
      const model = await loadModel(join(files, 'sequential', 'model.json'))
      expect(warnings).toEqual([])
      expect(model.optimizer?.getConfig()).toMatchObject({
        learning_rate: Math.fround(0.002),
        beta_1: 0.9,
        beta_2: 0.999,
      })
      const x = tensor(new Float32Array(2 * 192).fill(0.5), { shape: [2, 8, 8, 3] })
      const history = await model.fit(x, tensor([1, 0, 0, 0, 0, 0, 1, 0, 0, 0], { shape: [2, 5] }), { verbose: 0 })
      expect(Object.keys(history.history)).toEqual(expect.arrayContaining(['accuracy', 'loss']))
      const bare = await loadModel(join(files, 'sequential', 'model.json'), { compile: false })
      expect(bare.optimizer).toBeNull()
    } finally {
      setWarningHandler(before)
    }
  })
  test('weights alone go into a model with the same names', async () => {
    const model = await loadModel(join(files, 'functional', 'model.json'))
    const wanted = await Promise.all(model.weights.map((weight) => weight.data()))
    model.setWeights(
      model.weights.map((weight) => tensor(new Float32Array(weight.size).fill(1), { shape: weight.shape })),
    )
    const report = await model.loadWeights(join(files, 'functional', 'model.json'))
    expect(report.loaded).toHaveLength(model.weights.length)
    expect(await Promise.all(model.weights.map((weight) => weight.data()))).toEqual(wanted)
  })
})

describe('graph-models', () => {
  test('weights go into a model by name', async () => {
    const model = net()
    const report = await model.loadWeights(join(files, 'graph', 'model.json'))
    expect(report.loaded).toHaveLength(model.weights.length)
    await expectPredictions(model, 'graph', 1e-4)
  })
  test('quantized ones too, within what was lost', async () => {
    const model = net()
    await model.loadWeights(join(files, 'graph-quantized', 'model.json'))
    await expectPredictions(model, 'graph-quantized', 0.2)
  })
  test('weights as tensors by name', async () => {
    const weights = await loadTfjsWeights(join(files, 'graph', 'model.json'))
    expect(weights.get('net/c1/Conv2D/ReadVariableOp/resource')!.shape).toEqual([3, 3, 3, 4])
    expect([...(await weights.get('net/flat/Const')!.data())]).toEqual([-1, 36])
  })
  test('a graph is no model; another model is refused, unchanged', async () => {
    await expect(loadModel(join(files, 'graph', 'model.json'))).rejects.toThrow(/a graph-model.*loadWeights/)
    const other = sequential([input({ shape: [4] }), layers.dense({ units: 5, name: 'd' })])
    const before = await other.weights[0]!.data()
    await expect(other.loadWeights(join(files, 'graph', 'model.json'))).rejects.toThrow(
      /has shape \(36, 5\) in the file/,
    )
    expect(await other.weights[0]!.data()).toEqual(before)
    const report = await other.loadWeights(join(files, 'graph', 'model.json'), { skipMismatch: true })
    expect([report.loaded, report.skipped.length]).toEqual([[other.weights[1]!.path], 1])
  })
})

type Json = Record<string, unknown>
interface Manifest extends Json {
  weightsManifest: { paths: unknown[]; weights: Json[] }[]
}
/** A copy of the sequential model with a changed `model.json`, or other bytes. */
function changed(change: (json: Manifest) => unknown, bytes?: (old: Buffer) => Uint8Array): string {
  const copy = mkdtempSync(join(folder, 'x'))
  cpSync(join(files, 'sequential'), copy, { recursive: true })
  const path = join(copy, 'model.json')
  const json = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  const result = change(json)
  writeFileSync(path, typeof result === 'string' && result.startsWith('{') ? result : JSON.stringify(json))
  if (bytes !== undefined) writeFileSync(join(copy, 'weights.bin'), bytes(readFileSync(join(copy, 'weights.bin'))))
  return path
}
const first = (json: Manifest) => json.weightsManifest[0]!

describe('attacks and damage', () => {
  const attacks: Record<string, [string | (() => string), RegExp]> = {
    'a path out of the folder': [changed((json) => (first(json).paths = ['../sequential/weights.bin'])), /paths of files in the folder/],
    'an absolute path': [changed((json) => (first(json).paths = ['/etc/passwd'])), /paths of files in the folder/],
    'a path of Windows': [changed((json) => (first(json).paths = ['..\\weights.bin'])), /paths of files in the folder/],
    'an address as path': [changed((json) => (first(json).paths = ['http://example.com/x'])), /paths of files in the folder/],
    'one file many times': [changed((json) => (first(json).paths = ['weights.bin', 'weights.bin'])), /weights.bin twice/],
    'one weight twice': [changed((json) => first(json).weights.push(first(json).weights[0]!)), /kernel twice/],
    'a missing file': [changed((json) => (first(json).paths = ['other.bin'])), /no such file/],
    'a folder as file': [changed((json) => (first(json).paths = ['.'])), /paths of files/],
    'a huge shape': [changed((json) => (first(json).weights[0]!.shape = [1e9, 1e9, 1e9])), /a shape for weight/],
    'a shape beyond the file': [changed((json) => (first(json).weights[0]!.shape = [1000, 1000])), /expected the values of weight/],
    'a negative shape': [changed((json) => (first(json).weights[0]!.shape = [-1, 3])), /a shape for weight/],
    'an unknown dtype': [changed((json) => (first(json).weights[0]!.dtype = 'float8')), /a known dtype/],
    'a dtype of Object': [changed((json) => (first(json).weights[0]!.dtype = 'toString')), /a known dtype/],
    'a quantization without scale': [changed((json) => (first(json).weights[0]!.quantization = { dtype: 'uint8', min: 0 })), /`scale` and `min`/],
    'an infinite scale': [changed((json) => {
      first(json).weights[0]!.quantization = { dtype: 'uint8', scale: 'SCALE', min: 0 }
      return JSON.stringify(json).replace('"SCALE"', '1e999')
    }), /`scale` and `min`/],
    'files that are too long': [changed(() => null, (old) => Buffer.concat([old, old])), /at most \d+ bytes/],
    'files that are too short': [changed(() => null, (old) => old.subarray(1)), /the values of weight/],
    'no JSON': [changed(() => '{'), /JSON of a TensorFlow.js model/],
    'another JSON': [changed(() => '{"a": 1}'), /`modelTopology` or `weightsManifest`/],
    'a topology of another kind': [changed((json) => (json.modelTopology = { class_name: 'Dense', config: { units: 3 } })), /a model, received "a Dense layer"/],
    'deep nesting': [changed(() => `{"modelTopology":{"class_name":"Sequential","config":${'['.repeat(20000)}${']'.repeat(20000)}}}`), /nested more than 500 deep/],
    'a layer with code': [changed((json) => (json.modelTopology = { class_name: 'Sequential', config: { name: 's', layers: [{ class_name: 'Lambda', config: { name: 'l', function: ['x'] } }] } })), /./],
    'a weight that no layer has': [changed((json) => (first(json).weights[0]!.name = 'other/kernel')), /conv2d_Conv2D1\/kernel" is not in the file/],
  } // prettier-ignore
  test.each(Object.entries(attacks))('%s', async (_, [path, message]) => {
    const error: unknown = await loadModel(path as string).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TanukiError)
    expect((error as Error).message).toMatch(message)
  })

  test('mutated bytes end in numbers or in an error of ours', async () => {
    const path = changed(() => null)
    for (let length = 0; length < 400; length += 7) {
      writeFileSync(path.replace('model.json', 'weights.bin'), new Uint8Array(length))
      await expect(loadTfjsWeights(path)).rejects.toThrow(FormatError)
    }
  })
})
