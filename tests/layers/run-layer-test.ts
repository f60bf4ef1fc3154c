// runLayerTest: everything that a layer promises, checked by one call.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import type { TypedArray } from '../../src/graph/types.ts'
import type { Config } from '../../src/layers/config.ts'
import {
  input, type Layer, type LayerClass, layerFromConfig, type LayerValue, registerLayer, serializeLayer,
  SymbolicTensor, type SymbolicShape,
} from '../../src/layers/index.ts' // prettier-ignore
import { cloneModel, Functional, modelFromJSON } from '../../src/models/index.ts'
import { add, type DType, GradientTape, gradients, hostRandom, multiply, setRandomSeed, sum, type Tensor, tensor, toSnakeCase, zeros } from '../../src/ops/index.ts' // prettier-ignore
import { clearSession } from '../../src/ops/naming.ts'
import { SGD } from '../../src/optimizers/index.ts'
import { difference } from '../goldens-run/read.ts'
import { onEngines } from './on-engines.ts'

export interface LayerTest {
  readonly layer: LayerClass & (new (options: never) => Layer) & { readonly defaultTraining: boolean | null }
  /** Options of the constructor, made anew for each layer. Default none. */
  readonly options?: () => Record<string, unknown>
  /** Shapes of the inputs, with the batch. */
  readonly inputs: readonly (readonly number[])[]
  /** Default float32. */
  readonly dtype?: DType
  /** Integer inputs are below it; default 5, or 256 for uint8. */
  readonly below?: number
  /** True if the layer takes a list of tensors. */
  readonly list?: boolean
  /** How many weights are trainable, how many are not; default none. */
  readonly weights?: readonly [trainable: number, nonTrainable: number]
  /** How many seed generators it has, with those of its layers; default none. */
  readonly seeds?: number
  /** How many losses a call in training mode leaves; default none. */
  readonly losses?: number
  /** Trainable weights that stay after the step, with the reason why no gradient reaches them. */
  readonly stay?: Readonly<Record<string, string>>
  /** Shapes of a first input that it refuses. Default: what its `inputSpec` excludes. */
  readonly refuses?: readonly (readonly number[])[]
  /** The shape while training differs from the one otherwise; it promises the former. */
  readonly shapeOfTraining?: boolean
  /** Why there is no gradient by finite differences. */
  readonly noGradient?: string
  /** Why it cannot be stored; the checks on configs and copies fall away. */
  readonly notStored?: string
}

type Check = (one: LayerTest) => Promise<void> | void

/** The tests of one layer, under its class name. */
export function runLayerTest(one: LayerTest): void {
  describe(one.layer.className, () => {
    beforeEach(() => {
      clearSession()
      setRandomSeed(1)
    })
    for (const [name, check] of Object.entries(checks)) test(name, () => check(one))
  })
}

const make = ({ layer, options }: LayerTest, more: Record<string, unknown> = {}): Layer =>
  new (layer as unknown as new (options: Record<string, unknown>) => Layer)({ ...options?.(), ...more })

function valuesFor({ inputs, dtype = 'float32', below }: LayerTest, batch?: number): Tensor[] {
  const random = hostRandom(7)
  return inputs.map(([first, ...rest], k) => {
    const shape = [batch ?? first!, ...rest]
    const size = shape.reduce((a, b) => a * b, 1)
    if (dtype === 'float32')
      return tensor(
        Float32Array.from({ length: size }, () => random.normal()),
        { shape },
      )
    const high = below ?? (dtype === 'uint8' ? 256 : 5)
    const values = Array.from({ length: size }, (_, i) => (i * 7 + k * 3) % high)
    return tensor(dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values), { shape, dtype })
  })
}

const first = (output: unknown): Tensor => (Array.isArray(output) ? (output as Tensor[])[0]! : (output as Tensor))
function run(one: LayerTest, layer: Layer, xs: readonly LayerValue[], training: boolean | null = null): Tensor {
  return first(layer.applyNested(one.list === true ? xs : xs[0]!, training === null ? {} : { training }))
}
function symbolsFor({ inputs, dtype = 'float32' }: LayerTest): SymbolicTensor[] {
  return inputs.map((shape) => input({ shape: shape.slice(1), dtype }))
}
/** A built layer with weights that are not all zeros and ones. */
function built(one: LayerTest, more: Record<string, unknown> = {}): Layer {
  const layer = make(one, more)
  run(one, layer, valuesFor(one))
  const random = hostRandom(11)
  for (const weight of layer.weights) {
    if (weight.dtype !== 'float32') continue
    const positive = /variance|gamma|scale/.test(weight.name)
    const next = positive ? () => 0.5 + random.uniform() : () => 0.4 * random.normal()
    weight.assign(tensor(Float32Array.from({ length: weight.size }, next), { shape: weight.shape }))
  }
  return layer
}
const states = (layer: Layer): Promise<TypedArray[]> => Promise.all(layer.weights.map((weight) => weight.data()))
const modelOf = (one: LayerTest, layer: Layer): Functional => {
  const inputs = symbolsFor(one)
  const output = layer.applyNested(one.list === true ? inputs : inputs[0]!) as SymbolicTensor | SymbolicTensor[]
  return new Functional({ inputs, outputs: Array.isArray(output) ? output[0]! : output })
}
const predict = async (model: Functional, xs: readonly Tensor[]): Promise<TypedArray> =>
  first(model.applyNested(xs.length === 1 ? xs[0]! : xs, { training: false })).data()

function close(received: ArrayLike<number>, expected: ArrayLike<number>, relative = 1e-5): void {
  expect(difference(received, expected, { relative })).toBeNull()
}

const checks: Readonly<Record<string, Check>> = {
  'is called after its kind, and numbered': (one) => {
    const names = [make(one).name, make(one).name]
    expect(names[0]).toMatch(/^[a-z0-9_]+$/)
    expect(names[1]).toBe(`${names[0]!}_1`)
    // Keras's name for the class behind the public one.
    const kind = one.layer.className === 'GroupQueryAttention' ? 'GroupedQueryAttention' : one.layer.className
    expect(names[0]).toBe(toSnakeCase(kind))
  },

  'takes a name, a trainable flag and a type': (one) => {
    const layer = make(one, { name: 'mine', trainable: false, dtype: 'float32' })
    expect([layer.name, layer.trainable, layer.dtype, layer.built]).toEqual(['mine', false, 'float32', false])
    expect(layer.where).toContain('"mine"')
    run(one, layer, valuesFor(one))
    expect(layer.trainableWeights).toEqual([])
    expect(() => make(one, { name: 'a/b' })).toThrow(ArgumentError)
  },

  'comes back from its config, which is JSON': (one) => {
    if (one.notStored !== undefined) {
      expect(() => make(one).getConfig()).toThrow(ArgumentError)
      return
    }
    const layer = make(one)
    const config = layer.getConfig()
    expect(JSON.parse(JSON.stringify(config))).toEqual(config)
    const again = one.layer.fromConfig(config)
    expect(again).toBeInstanceOf(one.layer)
    expect(again.getConfig()).toEqual(config)
    expect(again.name).toBe(layer.name)
  },

  'comes back through the registry, also with keys that it does not know': (one) => {
    if (one.notStored !== undefined) return
    registerLayer(one.layer)
    const stored = serializeLayer(built(one))
    const text = JSON.parse(JSON.stringify(stored)) as typeof stored
    const again = layerFromConfig({ ...text, config: { ...text.config, key_of_a_later_version: null } as Config })
    expect(again).toBeInstanceOf(one.layer)
    expect(again.getConfig()).toEqual(stored.config)
  },

  'is built once, and counts its parameters then': (one) => {
    const layer = make(one)
    expect(layer.built).toBe(false)
    expect(() => layer.countParams()).toThrow(/a built layer/)
    const xs = valuesFor(one)
    run(one, layer, xs)
    expect(layer.built).toBe(true)
    const { weights } = layer
    expect(layer.countParams()).toBe(weights.reduce((total, { size }) => total + size, 0))
    run(one, layer, xs)
    expect(layer.weights).toEqual(weights)
    expect(() => layer.addWeight({ name: 'late' })).toThrow(/after the layer was built/)
  },

  'has weights, seeds and losses as said': (one) => {
    const layer = make(one)
    run(one, layer, valuesFor(one), true)
    const [trainable, rest] = one.weights ?? [0, 0]
    expect([layer.trainableWeights.length, layer.nonTrainableWeights.length]).toEqual([trainable, rest])
    expect(layer.weights).toEqual([...new Set(layer.weights)])
    expect(layer.variables.length - layer.weights.length, 'seeds').toBe(one.seeds ?? 0)
    expect(layer.losses.length, 'losses').toBe(one.losses ?? 0)
    layer.trainable = false
    expect([layer.trainableWeights.length, layer.nonTrainableWeights.length]).toEqual([0, trainable + rest])
    layer.trainable = true
    expect(layer.trainableWeights).toHaveLength(trainable)
  },

  'names its weights, each once, below its own name': (one) => {
    const layer = built(one, { name: 'mine' })
    const paths = layer.weights.map((weight) => weight.path)
    expect(new Set(paths).size).toBe(paths.length)
    for (const [i, path] of paths.entries()) {
      expect(path).toMatch(/^mine\/(.+\/)?[a-z_]+$/)
      expect(path.endsWith(`/${layer.weights[i]!.name}`)).toBe(true)
    }
  },

  'promises symbolically what it gives, for an unknown batch and two sizes': async (one) => {
    const layer = make(one)
    const symbols = symbolsFor(one)
    const output = layer.applyNested(one.list === true ? symbols : symbols[0]!)
    const promise = (Array.isArray(output) ? output[0] : output) as SymbolicTensor
    expect(promise).toBeInstanceOf(SymbolicTensor)
    expect(layer.inboundNodes).toHaveLength(1)
    for (const batch of [one.inputs[0]![0]!, 5]) {
      const y = run(one, layer, valuesFor(one, batch), one.shapeOfTraining === true ? true : null)
      expect(promise.shape.map((dim, i) => dim ?? (i === 0 ? batch : y.shape[i]!))).toEqual(y.shape)
      expect(promise.shape.slice(1)).not.toContain(null)
      expect(y.dtype).toBe(promise.dtype)
      expect((await y.data()).every(Number.isFinite)).toBe(true)
    }
  },

  'computes its output shape, with and without a batch': (one) => {
    const layer = make(one)
    const y = run(one, layer, valuesFor(one), one.shapeOfTraining === true ? true : null)
    const given = (batch: number | null) => {
      const shapes = one.inputs.map((shape): SymbolicShape => [batch, ...shape.slice(1)])
      return layer.computeOutputShape(one.list === true ? (shapes as never) : (shapes[0]! as never))
    }
    expect(given(one.inputs[0]![0]!)).toEqual(y.shape)
    expect(given(null)).toEqual([null, ...y.shape.slice(1)])
  },

  'gives the same twice when it does not train, and changes nothing': async (one) => {
    const layer = built(one)
    const xs = valuesFor(one)
    const before = await states(layer)
    const [a, b] = [await run(one, layer, xs, false).data(), await run(one, layer, xs, false).data()]
    expect(a).toEqual(b)
    // Random image layers train by default.
    if (one.layer.defaultTraining !== true) expect(a).toEqual(await run(one, layer, xs).data())
    expect(await states(layer)).toEqual(before)
  },

  'gives finite values of its shape and type when it trains': async (one) => {
    const layer = built(one)
    const xs = valuesFor(one)
    const y = run(one, layer, xs, true)
    expect((await y.data()).every(Number.isFinite)).toBe(true)
    const other = run(one, layer, xs, false)
    expect(y.dtype).toBe(other.dtype)
    if (one.shapeOfTraining !== true) expect(y.shape).toEqual(other.shape)
  },

  'gives in a model what it gives alone': async (one) => {
    const layer = built(one)
    const xs = valuesFor(one)
    const alone = await run(one, layer, xs, false).data()
    expect(await predict(modelOf(one, layer), xs)).toEqual(alone)
  },

  'a model with it can be cloned, and stored as text and as weights': async (one) => {
    if (one.notStored !== undefined) return
    registerLayer(one.layer)
    const model = modelOf(one, built(one))
    const xs = valuesFor(one)
    const expected = await predict(model, xs)
    const folder = mkdtempSync(join(tmpdir(), 'tanuki-layer-'))
    try {
      const path = join(folder, 'weights.safetensors')
      await model.saveWeights(path)
      const clone = cloneModel(model)
      clone.setWeights(model.getWeights())
      expect(await predict(clone, xs)).toEqual(expected)
      const loaded = modelFromJSON(model.toJSON()) as Functional
      await loaded.loadWeights(path)
      expect(await predict(loaded, xs)).toEqual(expected)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },

  'takes back the weights that it gave, and no others': async (one) => {
    const layer = built(one)
    const before = await states(layer)
    const values = layer.getWeights()
    layer.setWeights(values)
    expect(await states(layer)).toEqual(before)
    expect(() => layer.setWeights([...values, zeros([1])])).toThrow(ShapeError)
    if (values.length > 0)
      expect(() => layer.setWeights(values.map(({ shape }) => zeros([...shape, 2])))).toThrow(ShapeError)
    expect(await states(layer)).toEqual(before)
  },

  'trains: the loss is finite, every trainable weight moves': async (one) => {
    const layer = built(one)
    const model = modelOf(one, layer)
    const xs = valuesFor(one)
    const y = run(one, layer, xs, one.shapeOfTraining === true)
    const trainable = layer.trainableWeights
    const before = await Promise.all(trainable.map((weight) => weight.data()))
    model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: 'mean_squared_error' })
    const target = tensor(
      Float32Array.from({ length: y.size }, (_, i) => (i % 5) / 4),
      { shape: y.shape },
    )
    for (let step = 0; step < 2; step++) {
      const loss = await model.trainOnBatch(xs.length === 1 ? xs[0]! : (xs as Tensor[]), target)
      expect(loss).toSatisfy(Number.isFinite)
    }
    for (const [i, weight] of trainable.entries()) {
      const moved = difference(await weight.data(), before[i]!, { absolute: 0 }) !== null
      const stays = Object.keys(one.stay ?? {}).some((path) => weight.path.endsWith(`/${path}`))
      // What is said to stay may move by rounding noise.
      if (stays) close(await weight.data(), before[i]!, 1e-3)
      else expect(moved, weight.path).toBe(true)
    }
  },

  'differentiates as finite differences do': async (one) => {
    if (one.noGradient !== undefined || (one.dtype ?? 'float32') !== 'float32') {
      if (one.weights === undefined || one.noGradient !== undefined) return
    }
    const layer = built(one)
    const training = (one.seeds ?? 0) === 0
    const xs = valuesFor(one)
    const random = hostRandom(3)
    const normal = (shape: readonly number[]) => {
      const size = shape.reduce((a, b) => a * b, 1)
      return tensor(
        Float32Array.from({ length: size }, () => random.normal()),
        { shape },
      )
    }
    const cotangent = normal(run(one, layer, xs, training).shape)
    const before = layer.getWeights()
    const floats = xs.filter((x) => x.dtype === 'float32')
    const sources = [...floats, ...layer.trainableWeights]
    const tape = new GradientTape()
    for (const x of floats) tape.watch(x)
    const value = (at: readonly Tensor[]) => sum(multiply(run(one, layer, at, training), cotangent))
    const loss = tape.record(() => value(xs))
    const slopes = tape.gradient(loss, sources)
    const directions = sources.map(({ shape }) => normal(shape))
    let slope = 0
    let size = 0
    for (const [i, gradient] of slopes.entries()) {
      if (gradient === null) continue
      const products = await multiply(gradient, directions[i]!).data()
      for (const product of products) [slope, size] = [slope + product, size + Math.abs(product)]
    }
    // A step along the directions and one against them, in inputs and weights at once.
    const step = 2e-3
    const at = async (sign: number): Promise<number> => {
      layer.setWeights(before)
      const trainable = layer.trainableWeights
      for (const [i, weight] of trainable.entries())
        weight.assign(add(weight, multiply(directions[floats.length + i]!, sign * step)))
      let next = 0
      const moved = xs.map((x) => (x.dtype === 'float32' ? add(x, multiply(directions[next++]!, sign * step)) : x))
      return (await value(moved).item()) as number
    }
    const measured = ((await at(1)) - (await at(-1))) / (2 * step)
    expect(Math.abs(measured - slope), `${measured} measured, ${slope} computed`).toBeLessThan(0.02 * size + 0.01)
  },

  'frozen, keeps every weight and statistic to the bit': async (one) => {
    const layer = built(one)
    layer.trainable = false
    const model = modelOf(one, layer)
    const xs = valuesFor(one)
    const y = run(one, layer, xs, one.shapeOfTraining === true)
    const before = await states(layer)
    model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: 'mean_squared_error' })
    await model.trainOnBatch(xs.length === 1 ? xs[0]! : (xs as Tensor[]), zeros(y.shape))
    expect(await states(layer)).toEqual(before)
  },

  'refuses other ranks, and what is no tensor, by its name': (one) => {
    const layer = built(one, { name: 'mine' })
    const { inputSpec } = layer
    const spec = (Array.isArray(inputSpec) ? inputSpec[0] : inputSpec) as { ndim?: number; minNdim?: number } | null
    const ranks = [
      ...(spec?.ndim === undefined ? [] : [spec.ndim + 1, spec.ndim - 1]),
      ...(spec?.minNdim === undefined ? [] : [spec.minNdim - 1]),
    ].filter((rank) => rank > 0)
    const apply = (value: unknown, to = make(one, { name: 'mine' })) => {
      const rest = valuesFor(one).slice(1)
      return () => to.applyNested(one.list === true ? [value, ...rest] : value)
    }
    const wrong = (shape: readonly number[]) => zeros(shape, one.dtype ?? 'float32')
    for (const shape of one.refuses ?? []) expect(apply(wrong(shape)), String(shape)).toThrow(/"mine"/)
    for (const rank of ranks)
      expect(apply(wrong(new Array<number>(rank).fill(2)), layer), `rank ${rank}`).toThrow(/"mine"/)
    expect(apply('a text')).toThrow(/"mine"/)
    expect(apply(make(one))).toThrow(/"mine"/)
  },

  'gives the same on every engine, forward and backward': async (one) => {
    const layer = built(one)
    const trainable = layer.trainableWeights
    const results = await onEngines((...xs) => {
      const y = run(one, layer, xs, true)
      const kept = run(one, layer, xs, false)
      if (y.dtype !== 'float32') return [y, kept]
      const sources = [...xs.filter((x) => x.dtype === 'float32'), ...trainable]
      const found = sources.length === 0 ? [] : gradients(sum(multiply(y, y)), sources)
      return [y, kept, ...found.filter((gradient) => gradient !== null)]
    }, valuesFor(one))
    const [[, expected] = ['', []], ...others] = [...results]
    expect(expected.length).toBeGreaterThan(0)
    for (const [name, received] of others)
      for (const [i, values] of received.entries())
        expect(difference(values, expected[i]!, { relative: 1e-4 }), `result ${i} of ${name}`).toBeNull()
  },
}

/** Names of the checks. */
export const layerChecks: readonly string[] = Object.keys(checks)
