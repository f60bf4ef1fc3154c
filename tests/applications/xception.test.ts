// Xception against the structure that Keras builds: layers in order, shapes, weights, connections.
import { describe, expect, test } from 'vitest'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { xception } from '../../src/applications/index.ts'
import type { ApplicationOptions } from '../../src/applications/index.ts'
import { ArgumentError } from '../../src/errors.ts'
import { clearSession } from '../../src/ops/index.ts'
import type { SymbolicTensor } from '../../src/layers/index.ts'
import { goldensRoot } from '../goldens-run/read.ts'

interface Structure {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly model_name: string
  readonly layer_count: number
  readonly output_shape: unknown
  readonly total_params: number
  readonly trainable_params: number
  readonly weight_tensors: number
  readonly layers: readonly {
    name: string
    class: string
    output_shape: unknown
    params: number
    weights: unknown
    inbound: unknown
  }[]
}
const names: Readonly<Record<string, keyof ApplicationOptions>> = {
  include_top: 'includeTop',
  input_shape: 'inputShape',
  pooling: 'pooling',
  classes: 'classes',
  classifier_activation: 'classifierActivation',
  name: 'name',
}

const folder = join(goldensRoot, 'applications', 'structure')
const files = readdirSync(folder).filter((file) => file.startsWith('xception'))
describe('structure', () => {
  test('there are goldens', () => expect(files.length).toBeGreaterThan(0))
  for (const file of files)
    test(file, async () => {
      const golden = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Structure
      const options: Record<string, unknown> = { weights: null }
      for (const [key, value] of Object.entries(golden.arguments)) {
        if (key === 'weights') continue
        if (names[key] === undefined) throw new Error(`unknown argument ${key}`)
        options[names[key]] = value
      }
      clearSession()
      const network = await xception(options)
      const layers = network.layers.map((layer) => ({
        name: layer.name,
        class: layer.className,
        output_shape: (layer.output as SymbolicTensor).shape,
        params: layer.countParams(),
        weights: layer.weights.map(({ name, shape }) => [name, shape]),
        inbound: layer.inboundNodes[0]!.inputs.map((input) => input.history.operation.name),
      }))
      const wanted = golden.layers.map(({ name, class: kind, output_shape, params, weights, inbound }) => ({ name, class: kind, output_shape, params, weights, inbound })) // prettier-ignore
      expect(layers).toEqual(wanted)
      expect(network.name).toBe(golden.model_name)
      expect(network.layers.length).toBe(golden.layer_count)
      expect(network.outputShape).toEqual(golden.output_shape)
      expect(network.countParams()).toBe(golden.total_params)
      expect(network.weights.length).toBe(golden.weight_tensors)
      expect(network.trainableWeights.reduce((sum, { size }) => sum + size, 0)).toBe(golden.trainable_params)
    })
})

describe('options', () => {
  test('the ImageNet weights cannot be read yet', () => expect(xception()).rejects.toThrow(ArgumentError))
  test('too small pictures', () => expect(xception({ weights: null, includeTop: false, inputShape: [70, 70, 3] })).rejects.toThrow(ArgumentError)) // prettier-ignore
  test('unknown sides with the top', () => expect(xception({ weights: null, inputShape: [null, 299, 3] })).rejects.toThrow(ArgumentError)) // prettier-ignore
})
