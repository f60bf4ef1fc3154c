// `training` given to a layer in a functional model is part of the model: every format that stores the architecture keeps it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { cloneModel, Functional, input, layers, loadModel, model, modelFromJSON, sequential } from '../../src/index.ts'
import type { Model } from '../../src/index.ts'
import type { Layer } from '../../src/layers/layer.ts'
import { layerExamples } from '../layers/layer-examples.ts'
import { randomTensor, smallBase } from './helpers.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanuki-explicit-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function throughFile(made: Model, ending: string): Promise<Model> {
  const path = join(folder, `model${ending}`)
  await made.save(path)
  return loadModel(path)
}
const ways: Record<string, (made: Functional) => Model | Promise<Model>> = {
  '.keras': (made) => throughFile(made, '.keras'),
  '.h5': (made) => throughFile(made, '.h5'),
  '.safetensors': (made) => throughFile(made, '.safetensors'),
  'toJSON and modelFromJSON': (made) => modelFromJSON(made.toJSON()),
  'getConfig and fromConfig': (made) => Functional.fromConfig(made.getConfig()),
  cloneModel: (made) => cloneModel(made),
}

/** The `training` of all calls of a layer. */
function trainingOf(made: Model, name: string): unknown[] {
  return made.getLayer(name).inboundNodes.map(({ kwargs }) => kwargs.training)
}

/** Example layers that look at `training`, in a functional model with one call. */
function examples(): [string, (training: boolean | undefined) => Functional][] {
  return layerExamples
    .filter(({ layer, options, notStored }) => notStored === undefined && new layer((options?.() ?? {}) as never).supportsTraining)
    .map(({ layer, options, inputs, dtype, list }) => [
      layer.className,
      (training) => {
        const made = new layer({ ...options?.(), name: 'tried' } as never)
        const ends = inputs.map((shape) => input({ shape: shape.slice(1), dtype: dtype ?? 'float32' }))
        const outputs = made.applyNested(list === true ? ends : ends[0]!, training === undefined ? {} : { training })
        return model({ inputs: list === true ? ends : ends[0]!, outputs: outputs as never })
      },
    ])
} // prettier-ignore

describe.each(Object.entries(ways))('%s', (_, copy) => {
  test.each(examples())('%s', async (name, make) => {
    for (const training of [false, true, undefined]) {
      const made = make(training)
      const copied = await copy(made)
      expect(trainingOf(copied, 'tried'), `${name}, ${training}`).toEqual([training])
    }
  })

  test('models and stacks inside', async () => {
    const inputs = input({ shape: [8, 8, 3] })
    const base = smallBase()
    const head = sequential([layers.flatten(), layers.dropout({ rate: 0.5 })], { name: 'head' })
    const made = model({ inputs, outputs: head.apply(base.apply(inputs, { training: false }), { training: true }) })
    const copied = await copy(made)
    expect([trainingOf(copied, 'base'), trainingOf(copied, 'head')]).toEqual([[false], [true]])
  })

  test('several calls of one layer, each its own; what comes out says the same', async () => {
    const inputs = input({ shape: [6] })
    const dropout = layers.dropout({ rate: 0.5, seed: 3, name: 'drop' })
    const outputs = [
      dropout.apply(inputs, { training: false }),
      dropout.apply(inputs),
      dropout.apply(inputs, { training: true }),
    ]
    const copied = await copy(model({ inputs, outputs }))
    expect(trainingOf(copied, 'drop')).toEqual([false, undefined, true])
    const x = randomTensor([2, 6])
    const values = [...(await x.data())]
    const isKept = async (training: boolean): Promise<boolean[]> => {
      const results = copied.applyNested(x, { training }) as (typeof x)[]
      return Promise.all(results.map(async (result) => String([...(await result.data())]) === String(values)))
    }
    expect(await isKept(true)).toEqual([true, false, false])
    expect(await isKept(false)).toEqual([true, true, false])
  })
})

test('what Keras stores beside a call that nobody gave `training` is not taken for an argument', () => {
  const make = (layer: Layer, training: boolean): unknown => {
    const inputs = input({ shape: [6, 6, 3] })
    const text = model({ inputs, outputs: layer.apply(inputs) }).toJSON()
    const stored = JSON.parse(text) as { config: { layers: { inbound_nodes: { kwargs: object }[] }[] } }
    // As Keras 3.15 writes it.
    stored.config.layers.at(-1)!.inbound_nodes[0]!.kwargs = { training }
    return trainingOf(modelFromJSON(JSON.stringify(stored)), layer.name)[0]
  }
  const wrapped = layers.spectralNormalization({ layer: layers.conv2D({ filters: 2, kernelSize: 2 }) })
  expect(make(layers.dropout({ rate: 0.5 }), false)).toBeUndefined()
  expect(make(layers.dropout({ rate: 0.5 }), true)).toBe(true)
  expect(make(layers.randomFlip(), true)).toBeUndefined()
  expect(make(layers.randomFlip(), false)).toBe(false)
  expect(make(wrapped, false)).toBeUndefined()
})
