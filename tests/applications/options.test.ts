// What every application refuses, what it warns of, and how it is built on other tensors.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import * as applications from '../../src/applications/index.ts'
import { list } from '../../src/applications/index.ts'
import { ArgumentError, FormatError, ShapeError } from '../../src/errors.ts'
import { input, layerFromConfig, rescaling, serializeLayer } from '../../src/layers/index.ts'
import type { SymbolicTensor } from '../../src/layers/index.ts'
import { loadModel, model, modelFromJSON } from '../../src/models/index.ts'
import type { Functional } from '../../src/models/index.ts'
import { tensor } from '../../src/ops/index.ts'
import type { Tensor } from '../../src/ops/index.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'
import { difference } from '../goldens-run/read.ts'

const { convNeXtTiny, mobileNet, mobileNetV2, mobileNetV3Small, nasNetMobile, resNet50, xception } = applications
const all = list()

const warnings: string[] = []
setWarningHandler((message) => warnings.push(message))
afterEach(() => {
  warnings.length = 0
})

const scores = async (network: Functional, x: Tensor) => (await network.predictOnBatch(x)) as Tensor
const wave = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 0.37)),
    { shape },
  )

describe('what every application refuses', () => {
  const contradictions: Record<string, Record<string, unknown>> = {
    'an option it does not know': { include_top: false },
    'a weight file that is not there': { weights: '/nowhere/weights.h5' },
    'weights that are no path': { weights: 3 },
    'another pooling': { weights: null, includeTop: false, pooling: 'sum' },
    'no classes': { weights: null, classes: 0 },
    'other classes with the ImageNet classifier': { classes: 10 },
    'another activation with the ImageNet classifier': { classifierActivation: 'sigmoid' },
    'too small pictures': { weights: null, includeTop: false, inputShape: [31, 31, 3] },
    'a shape of two': { weights: null, includeTop: false, inputShape: [331, 331] },
  }
  for (const [what, options] of Object.entries(contradictions))
    test(what, async () => {
      for (const { name, build } of all) await expect(build(options), name).rejects.toThrow(ArgumentError)
    })
  test('what only some refuse, as in Keras', async () => {
    for (const { name, build } of all) {
      // MobileNetV3 takes any shape with and without the top.
      if (name.startsWith('mobileNetV3')) continue
      await expect(build({ weights: null, inputShape: [null, 331, 3] }), name).rejects.toThrow(ArgumentError)
      await expect(build({ inputShape: [331, 332, 3] }), name).rejects.toThrow(/inputShape/)
      await expect(build({ includeTop: false, inputShape: [331, 331, 1] }), name).rejects.toThrow(/3 channels/)
    }
    await expect(xception({ weights: null, includeTop: false, inputShape: [70, 71, 3] })).rejects.toThrow(/71x71/)
    await expect(nasNetMobile({ includeTop: false, inputShape: [null, 64, 3] })).rejects.toThrow(/known inputShape/)
    await expect(mobileNet({ alpha: 0.3 })).rejects.toThrow(/alpha/)
    await expect(mobileNet({ depthMultiplier: 2 })).rejects.toThrow(/depthMultiplier/)
    await expect(mobileNetV2({ alpha: 0.25 })).rejects.toThrow(/alpha/)
    await expect(mobileNetV3Small({ alpha: 0.75, minimalistic: true })).rejects.toThrow(/alpha/)
    await expect(mobileNetV3Small({ alpha: 0.5 })).rejects.toThrow(/alpha/)
    const inputTensor = input({ shape: [64, 64, 3] })
    for (const build of [mobileNetV2, mobileNetV3Small])
      await expect(build({ weights: null, inputTensor, inputShape: [64, 65, 3] })).rejects.toThrow(/as wide as/)
  })
  test('nothing was warned of', () => expect(warnings).toEqual([]))
})

test('odd numbers of channels are warned of', async () => {
  await resNet50({ weights: null, includeTop: false, inputShape: [32, 32, 4] })
  expect(warnings).toEqual([expect.stringMatching(/resNet50.*4 channels/)])
})

describe('on other tensors', () => {
  test('the model begins where the tensor came from', async () => {
    const pixels = input({ shape: [40, 40, 3] })
    const inputTensor = rescaling({ scale: 1 / 127.5, offset: -1 }).apply(pixels) as SymbolicTensor
    const network = await mobileNet({ weights: null, includeTop: false, pooling: 'avg', inputTensor })
    expect(network.inputs).toEqual([pixels])
    expect(network.layers[1]!.className).toBe('Rescaling')
    expect(network.name).toBe('mobilenet_1.00_None')
  })
  test('a tensor that is too small is told the least size; families that pad take it, as in Keras', async () => {
    const inputTensor = input({ shape: [20, 20, 3] })
    const options = { weights: null, includeTop: false, inputTensor }
    await expect(mobileNet(options)).rejects.toThrow(/inputTensor of at least 32x32 pixels.*20, 20/)
    await expect(mobileNet(options)).rejects.toBeInstanceOf(ShapeError)
    await expect(applications.vgg16(options)).rejects.toThrow(/inputTensor of at least 32x32 pixels/)
    expect((await mobileNetV2(options)).outputShape).toEqual([null, 1, 1, 1280])
  })
  test('with the top the tensor decides on the size, and an inputShape that differs is not looked at, as in Keras', async () => {
    const inputTensor = input({ shape: [96, 80, 3] })
    expect((await resNet50({ weights: null, inputTensor })).outputShape).toEqual([null, 1000])
    const { outputShape } = await resNet50({ weights: null, includeTop: false, inputTensor, inputShape: [128, 128, 3] })
    expect(outputShape).toEqual([null, 3, 3, 2048])
  })
  test('with the top pooling is left out, and odd sizes are taken without weights', async () => {
    const network = await mobileNet({ weights: null, pooling: 'max', classes: 7, inputShape: [97, 113, 3] })
    expect([network.inputShape, network.outputShape]).toEqual([
      [null, 97, 113, 3],
      [null, 7],
    ])
  })
  test('preprocessInput becomes part of a model, which can be stored', async () => {
    const { data } = { data: await wave(2, 8, 9, 3).data() }
    const x = tensor(
      Float32Array.from(data, (value) => Math.round(127.5 + 127.5 * value)),
      { shape: [2, 8, 9, 3] },
    )
    const families = new Map(all.map((application) => [application.family, application.build]))
    for (const [family, application] of families) {
      const inputs = input({ shape: [8, 9, 3] })
      const outputs = application.preprocessInput(inputs)
      const expected = application.preprocessInput(x)
      if (outputs === inputs) {
        expect(await expected.data(), family).toEqual(await x.data())
        continue
      }
      const network = model({ inputs, outputs })
      const stored = modelFromJSON(network.toJSON()) as Functional
      for (const one of [network, stored])
        expect(difference(await (await scores(one, x)).data(), await expected.data(), { absolute: 1e-4 }), family).toBe(null) // prettier-ignore
    }
  })
  test('preprocessInput refuses what is no picture', () => {
    for (const shape of [[3], [4, 3], [1, 1, 4, 4, 3]])
      expect(() => xception.preprocessInput(tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape }))).toThrow(ShapeError) // prettier-ignore
    expect(() => resNet50.preprocessInput(wave(1, 4, 4, 1))).toThrow(ShapeError)
  })
})

describe('list', () => {
  test('has every exported application, by its name', () => {
    const exported = Object.entries(applications).filter(([, value]) => typeof value === 'function' && 'info' in value)
    expect(all.map(({ name }) => name).sort()).toEqual(exported.map(([name]) => name).sort())
    for (const { name, build } of all) expect(applications[name as 'xception']).toBe(build)
    expect(new Set(all.map(({ kerasName }) => kerasName)).size).toBe(all.length)
  })
  test('tells sizes, accuracy and licence', () => {
    for (const row of all) {
      expect(row.minSize, row.name).toBeGreaterThanOrEqual(32)
      expect(row.defaultSize).toBeGreaterThanOrEqual(row.minSize)
      expect(row.top1).toBeGreaterThan(60)
      expect(row.licence).toMatch(/Apache-2.0|MIT|BSD-3-Clause|CC-BY-4.0/)
    }
  })
  test('is that of docs/applications.md', () => {
    const text = readFileSync(new URL('../../docs/applications.md', import.meta.url), 'utf8')
    const rows = text.split('\n').filter((line) => line.startsWith('| `'))
    const expected = all.map((row) => [
      row.name, row.defaultSize, row.minSize, `${(row.parameters / 1e6).toFixed(1)} M`, `${row.top1} %`, row.preprocessing,
    ]) // prettier-ignore
    const cells = rows.map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    expect(cells.map((row) => row.slice(1, 7))).toEqual(expected.map((row) => row.map(String)))
    for (const [i, row] of cells.entries()) expect(all[i]!.licence).toContain(row[7])
  })
  test('knows a file for each, with and without the classifier, and its hash', () => {
    const seen = new Set<string>()
    for (const { name, build } of all) {
      for (const includeTop of [true, false]) {
        for (const record of build.weightsFor({ includeTop })) {
          const address = 'url' in record ? record.url : record.fileName
          if (name !== 'efficientNetLite0') expect(seen.has(address), address).toBe(false)
          seen.add(address)
          expect(record.fileName).toMatch(/\.(h5|safetensors)$/)
          const hash = record.sha256 ?? ('md5' in record ? record.md5 : undefined)
          // Keras knows none for these.
          if (name === 'mobileNet' || name === 'mobileNetV2') expect(hash).toBe(undefined)
          else expect(hash).toMatch(/^([0-9a-f]{32}|[0-9a-f]{64})$/)
        }
      }
    }
  })
  test('the number of parameters is that of the model', async () => {
    // The largest would only cost time.
    for (const { name, build, parameters } of all.filter((row) => row.parameters < 30e6))
      expect((await build({ weights: null })).countParams(), name).toBe(parameters)
  })
})

describe('layers of their own', () => {
  test('LayerScale and CustomScaleLayer come back from their stored form', () => {
    const scale = layerFromConfig(serializeLayer(new applications.LayerScale({ initValues: 0.5, projectionDim: 3 })))
    expect(scale).toBeInstanceOf(applications.LayerScale)
    expect(serializeLayer(scale).module).toBe('keras.src.applications.convnext')
    const custom = layerFromConfig(serializeLayer(new applications.CustomScaleLayer({ scale: 0.17 })))
    expect((custom as applications.CustomScaleLayer).scale).toBe(0.17)
  })
  test('a model with them, saved and read again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tanuki-application-'))
    try {
      const path = join(folder, 'model.safetensors')
      const network = await convNeXtTiny({ weights: null, includeTop: false, inputShape: [32, 32, 3], pooling: 'avg' })
      await network.save(path)
      const x = wave(1, 32, 32, 3)
      const [before, after] = [await scores(network, x), await scores((await loadModel(path)) as Functional, x)]
      expect(await after.data()).toEqual(await before.data())
      // And its weights can be given by their path, although the automatic names of this model count on.
      await network.saveWeights(join(folder, 'weights.safetensors'))
      const again = await convNeXtTiny({
        weights: join(folder, 'weights.safetensors'), includeTop: false, inputShape: [32, 32, 3], pooling: 'avg',
      }) // prettier-ignore
      expect(await (await scores(again, x)).data()).toEqual(await before.data())
      const wrong = resNet50({ weights: join(folder, 'weights.safetensors'), includeTop: false })
      await expect(wrong).rejects.toThrow(FormatError)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
