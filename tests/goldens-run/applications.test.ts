// Every application case of the goldens: structure row by row, outputs with formula weights, preprocessing, decoding.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { list } from '../../src/applications/index.ts'
import type { ListedApplication } from '../../src/applications/index.ts'
import { decodePredictions } from '../../src/applications/imagenet.ts'
import type { ClassIndex } from '../../src/applications/imagenet.ts'
import { ShapeError } from '../../src/errors.ts'
import type { Layer } from '../../src/layers/index.ts'
import { Functional, Operation, Sequential } from '../../src/models/index.ts'
import { clearSession, tensor } from '../../src/ops/index.ts'
import type { Tensor } from '../../src/ops/index.ts'
import { fillWithFormula, formulaImages } from './formula.ts'
import { difference, goldensRoot, missing, readBook } from './read.ts'
import type { JsonObject } from './read.ts'

const folder = join(goldensRoot, 'applications')
const applications = list()

/** The application of Keras' name. @throws if there is none: such a case fails. */
function byKerasName(name: string): ListedApplication {
  const found = applications.find(({ kerasName }) => kerasName === name)
  if (found === undefined) throw new Error(`there is no application ${name}`)
  return found
}

/** Keras' keyword arguments as options. */
function optionsOf(args: JsonObject): Record<string, unknown> {
  const entries = Object.entries(args).map(([key, value]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ])
  return { weights: null, ...(Object.fromEntries(entries) as Record<string, unknown>) }
}

async function build(name: string, args: JsonObject): Promise<Functional> {
  clearSession()
  return byKerasName(name).build(optionsOf(args))
}

// ---- Structure --------------------------------------------------------------------------------------------------------

interface Row {
  readonly name: string
  readonly class: string
  readonly operation?: boolean
  readonly output_shape: unknown
  readonly params: number
  readonly weights: readonly (readonly [string, readonly number[]])[]
  readonly inbound: readonly string[]
  readonly config: JsonObject
  readonly layers?: readonly Row[]
}
interface Structure {
  readonly category: string
  readonly application: string
  readonly arguments: JsonObject
  readonly model_name: string
  readonly layer_count: number
  readonly output_shape: unknown
  readonly total_params: number
  readonly trainable_params: number
  readonly non_trainable_params: number
  readonly weight_tensors: number
  readonly layers: readonly Row[]
}

/** Initializers are stored by class name alone. */
function settingOf(config: Record<string, unknown>, key: string): unknown {
  const value = config[key]
  if (!key.endsWith('_initializer')) return value
  return typeof value === 'object' && value !== null ? (value as { class_name: unknown }).class_name : value
}

function rowOf(layer: Layer, golden: Row): Row {
  const { output } = layer
  const isOperation = layer instanceof Operation
  const config = layer.getConfig()
  return {
    name: layer.name,
    class: layer.className,
    ...(isOperation ? { operation: true } : {}),
    output_shape: Array.isArray(output) ? output.map(({ shape }) => shape) : (output as { shape: unknown }).shape,
    params: layer.countParams(),
    weights: layer.weights.map(({ name, shape }) => [name, shape]),
    inbound: layer.inboundNodes.flatMap(({ inputs }) => inputs.map((input) => input.history.operation.name)),
    config: Object.fromEntries(
      Object.keys(golden.config).map((key) => [key, settingOf(config, key)]),
    ) as unknown as JsonObject,
    ...(golden.layers === undefined ? {} : { layers: rowsOf(layer, golden.layers) }),
  }
}

function rowsOf(model: Layer, goldens: readonly Row[]): Row[] {
  const operations = model instanceof Functional ? model.operations : model instanceof Sequential ? model.layers : []
  return operations.map((layer, i) => rowOf(layer, goldens[i] ?? { ...goldens[0]!, config: {} }))
}

describe('structure', () => {
  const files = existsSync(join(folder, 'structure'))
    ? readdirSync(join(folder, 'structure')).filter((file) => file.endsWith('.json'))
    : []
  if (files.length === 0) missing('applications/structure')
  for (const file of files.sort())
    test(file, async () => {
      const golden = JSON.parse(readFileSync(join(folder, 'structure', file), 'utf8')) as Structure
      expect(golden.category).toBe('application_structure')
      const model = await build(golden.application, golden.arguments)
      const rows = rowsOf(model, golden.layers)
      expect(rows.map(({ name }) => name)).toEqual(golden.layers.map(({ name }) => name))
      for (const [i, row] of rows.entries()) expect(row, row.name).toEqual(golden.layers[i])
      const trainable = model.trainableWeights.reduce((sum, { size }) => sum + size, 0)
      expect({
        model_name: model.name,
        layer_count: model.layers.length,
        output_shape: model.outputShape,
        total_params: model.countParams(),
        trainable_params: trainable,
        non_trainable_params: model.countParams() - trainable,
        weight_tensors: model.weights.length,
      }).toEqual({
        model_name: golden.model_name,
        layer_count: golden.layer_count,
        output_shape: golden.output_shape,
        total_params: golden.total_params,
        trainable_params: golden.trainable_params,
        non_trainable_params: golden.non_trainable_params,
        weight_tensors: golden.weight_tensors,
      })
    })
})

// ---- Outputs ----------------------------------------------------------------------------------------------------------

interface NumericCase {
  readonly name: string
  readonly application: string
  readonly arguments: JsonObject
  readonly gain: number
  readonly input: {
    readonly shape: readonly number[]
    readonly low: number
    readonly high: number
    readonly first_values: readonly (readonly number[])[]
  }
  readonly first_weights: readonly { index: number; path: string; first_values: readonly number[] }[]
  readonly weight_tensors: number
  readonly output: { readonly tensor: string; readonly shape: readonly number[]; readonly abs_max: number }
}

describe('numeric', () => {
  const book = readBook<NumericCase>('applications/numeric')
  for (const one of book.cases)
    test(one.name, async () => {
      const model = await build(one.application, one.arguments)
      expect(model.weights.length).toBe(one.weight_tensors)
      fillWithFormula(model.weights, one.gain)
      for (const { index, path, first_values } of one.first_weights) {
        const weight = model.weights[index]!
        expect(weight.path.split('/').at(-1)).toBe(path.split('/').at(-1))
        const data = [...(await weight.data()).subarray(0, first_values.length)]
        expect(data, path).toEqual(first_values.map(Math.fround))
      }
      const [, height, width, channels] = one.input.shape as [number, number, number, number]
      const { low, high } = one.input
      const images = formulaImages(one.input.shape[0]!, [height, width, channels], low, high)
      one.input.first_values.forEach((values, j) => {
        const from = j * height * width * channels
        expect([...images.subarray(from, from + values.length)]).toEqual(values.map(Math.fround))
      })
      const output = (await model.predictOnBatch(tensor(images, { shape: one.input.shape }))) as Tensor
      expect(output.shape).toEqual(one.output.shape)
      const absolute = 1e-3 * one.output.abs_max
      expect(difference(await output.data(), book.tensor(one.output.tensor).data, { absolute })).toBe(null)
    })
})

// ---- Preprocessing and class names --------------------------------------------------------------------------------------

interface PreprocessCase {
  readonly name: string
  readonly inputs: { readonly float32: string; readonly uint8: string }
  readonly outputs: { readonly float32: string; readonly uint8: string; readonly rank3_of_first_image: string }
  readonly uint8_result_dtype: string
}

describe('preprocess_input', () => {
  const book = readBook<PreprocessCase>('applications/preprocess_input')
  for (const one of book.cases)
    test(one.name, async () => {
      const family = applications.filter(({ family }) => family === one.name)
      expect(family.length).toBeGreaterThan(0)
      for (const { build: application, name } of family) {
        const compare = async (made: Tensor, key: string): Promise<void> => {
          const { shape, data } = book.tensor(key)
          expect(made.shape).toEqual(shape)
          expect(difference(await made.data(), data, { relative: 1e-4 }), `${name} ${key}`).toBe(null)
        }
        const { float32, uint8 } = { float32: book.tensor(one.inputs.float32), uint8: book.tensor(one.inputs.uint8) }
        const x = tensor(float32.data, { shape: float32.shape })
        await compare(application.preprocessInput(x), one.outputs.float32)
        const bytes = application.preprocessInput(tensor(uint8.data, { shape: uint8.shape, dtype: 'uint8' }))
        expect(bytes.dtype).toBe(one.uint8_result_dtype)
        await compare(bytes, one.outputs.uint8)
        const shape = float32.shape.slice(1)
        const size = shape.reduce((a, b) => a * b, 1)
        const first = tensor(float32.data.slice(0, size), { shape })
        await compare(application.preprocessInput(first), one.outputs.rank3_of_first_image)
        // The argument is left alone.
        expect(await x.data()).toEqual(float32.data)
      }
    })
})

interface DecodeCase {
  readonly name: string
  readonly top: number
  readonly input: string
  readonly result: readonly (readonly (readonly [string, string, number])[])[]
}

describe('decode_predictions', () => {
  const book = readBook<DecodeCase>('applications/decode_predictions')
  const classIndex: ClassIndex = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [i, [`n${String(i).padStart(8, '0')}`, `class_${i}`] as const]),
  )
  for (const one of book.cases)
    test(one.name, async () => {
      const { data, shape } = book.tensor(one.input)
      const decoded = await decodePredictions(tensor(data, { shape }), { top: one.top, classIndex })
      expect(decoded.length).toBe(one.result.length)
      decoded.forEach((row, i) => {
        const golden = one.result[i]!
        expect(row.map(([, , score]) => score)).toEqual(golden.map(([, , score]) => Math.fround(score)))
        const scores = data.subarray(i * 1000, (i + 1) * 1000)
        row.forEach(([id, name, score], k) => {
          // The order of equal scores is an artefact of NumPy's vectorized sort; which classes have them is not.
          const tied = scores.filter((other) => other === score).length > 1
          if (!tied) expect([id, name]).toEqual(golden[k]!.slice(0, 2))
          else expect(scores[Number(id.slice(1))]).toBe(score)
        })
        expect(new Set(row.map(([id]) => id)).size).toBe(row.length)
      })
    })
  const { errors = [] } = book.json as unknown as { errors?: { shape: number[]; error: string | null }[] }
  for (const { shape, error } of errors)
    test(`predictions of shape [${shape.join(', ')}]`, async () => {
      const size = shape.reduce((a, b) => a * b, 1)
      const decoded = decodePredictions(tensor(new Float32Array(size), { shape }), { classIndex })
      if (error === null) await decoded
      else await expect(decoded).rejects.toThrow(ShapeError)
    })
})
