// Goldens of weight lists: order of layers and weights in several states of freezing, and automatic names.
import { expect } from 'vitest'
import * as layers from '../../src/layers/index.ts'
import { input, type Layer } from '../../src/layers/index.ts'
import * as losses from '../../src/losses/index.ts'
import * as metrics from '../../src/metrics/index.ts'
import { type Functional, type Model, model as makeModel, sequential } from '../../src/models/index.ts'
import { clearSession } from '../../src/ops/index.ts'
import * as optimizers from '../../src/optimizers/index.ts'
import type { Book } from './read.ts'
import type { GoldenLists } from './training-helpers.ts'

interface State {
  readonly state: string
  readonly [key: string]: unknown
}
interface ListsCase {
  readonly name: string
  readonly states: readonly State[]
}

export async function runWeightLists(_book: Book<ListsCase>, golden: ListsCase): Promise<void> {
  await Promise.resolve()
  clearSession()
  const build = builders[golden.name]
  if (build === undefined) throw new Error(`no builder for ${golden.name}`)
  expect(build()).toEqual(golden.states)
}

function listsOf(model: Model): GoldenLists {
  return {
    layers: model.layers.map(({ name }) => name),
    weights: model.weights.map(({ path }) => path),
    trainable_weights: model.trainableWeights.map(({ path }) => path),
    non_trainable_weights: model.nonTrainableWeights.map(({ path }) => path),
    count_params: model.countParams(),
  }
}

export function makeBase(width = 4, size: readonly number[] = [8, 8, 3]): Functional {
  const inputs = input({ shape: size, name: 'base_in' })
  let x = layers
    .conv2D({ filters: width, kernelSize: 3, padding: 'same', useBias: false, name: 'b_conv' })
    .apply(inputs)
  x = layers.batchNormalization({ name: 'b_bn' }).apply(x)
  x = layers.activation({ activation: 'relu', name: 'b_act' }).apply(x)
  let y = layers
    .separableConv2D({ filters: width, kernelSize: 3, padding: 'same', useBias: false, name: 'b_sep' })
    .apply(x)
  y = layers.batchNormalization({ name: 'b_sep_bn' }).apply(y)
  return makeModel({ inputs, outputs: layers.add({ name: 'b_add' }).apply([x, y]), name: 'base' })
}

export function makeTransfer(base: Functional, size: readonly number[] = [8, 8, 3], classes = 1): Functional {
  const inputs = input({ shape: size, name: 'image' })
  let x = layers.rescaling({ scale: 1 / 127.5, offset: -1, name: 'rescale' }).apply(inputs)
  x = base.apply(x, { training: false })
  x = layers.globalAveragePooling2D({ name: 'gap' }).apply(x)
  x = layers.dropout({ rate: 0, name: 'drop' }).apply(x)
  return makeModel({ inputs, outputs: layers.dense({ units: classes, name: 'head' }).apply(x), name: 'transfer' })
}

function makeResNet(): Functional {
  const width = 6
  const inputs = input({ shape: [8, 8, 3], name: 'image' })
  let x = layers
    .conv2D({ filters: width, kernelSize: 3, strides: 2, padding: 'same', useBias: false, name: 'stem' })
    .apply(inputs)
  x = layers.batchNormalization({ name: 'stem_bn' }).apply(x)
  x = layers.activation({ activation: 'relu', name: 'stem_act' }).apply(x)
  let y = layers
    .separableConv2D({ filters: width, kernelSize: 3, padding: 'same', useBias: false, name: 'sep1' })
    .apply(x)
  y = layers.batchNormalization({ momentum: 0.9, epsilon: 1e-4, name: 'sep1_bn' }).apply(y)
  y = layers.reLU({ maxValue: 6, name: 'sep1_act' }).apply(y)
  y = layers.conv2D({ filters: width, kernelSize: 1, name: 'pw' }).apply(y)
  x = layers.add({ name: 'add' }).apply([x, y])
  const r = layers.conv2D({ filters: 2 * width, kernelSize: 1, strides: 2, padding: 'same', name: 'shortcut' }).apply(x)
  y = layers.depthwiseConv2D({ kernelSize: 3, padding: 'same', depthMultiplier: 2, name: 'dw2' }).apply(x)
  y = layers.batchNormalization({ name: 'dw2_bn' }).apply(y)
  y = layers.maxPooling2D({ poolSize: 3, strides: 2, padding: 'same', name: 'pool' }).apply(y)
  x = layers.concatenate({ name: 'cat' }).apply([layers.add({ name: 'add2' }).apply([r, y]), r])
  x = layers.globalAveragePooling2D({ name: 'gap' }).apply(x)
  x = layers.dropout({ rate: 0, name: 'drop' }).apply(x)
  return makeModel({ inputs, outputs: layers.dense({ units: 1, name: 'head' }).apply(x), name: 'res_net' })
}

const builders: Record<string, () => State[]> = {
  transfer() {
    const base = makeBase()
    const model = makeTransfer(base)
    const state = (text: string): State => ({ state: text, model: listsOf(model), base: listsOf(base) })
    const states = [state('as built')]
    base.trainable = false
    states.push(state('base frozen'))
    base.trainable = true
    states.push(state('unfrozen'))
    base.trainable = false
    base.layers.at(-2)!.trainable = true
    states.push(state('base frozen, its last BatchNormalization set trainable'))
    base.trainable = true
    for (const layer of base.layers.slice(0, 3)) layer.trainable = false
    states.push(state('first 3 layers of the base frozen'))
    return states
  },

  leaf_layers() {
    const state = (text: string, layer: Layer): State => ({
      state: text,
      weights: layer.weights.map(({ path }) => path),
      trainable: layer.trainableWeights.map(({ path }) => path),
      non_trainable: layer.nonTrainableWeights.map(({ path }) => path),
    })
    const states: State[] = []
    const dense = layers.dense({ units: 3 })
    dense.build([null, 4])
    states.push(state('Dense(3) on (None,4)', dense))
    dense.trainable = false
    states.push(state('frozen', dense))
    const norm = layers.batchNormalization()
    norm.build([null, 4])
    states.push(state('BatchNormalization', norm))
    norm.trainable = false
    states.push(state('BatchNormalization frozen', norm))
    norm.trainable = true
    states.push(state('BatchNormalization unfrozen', norm))
    const normalization = layers.normalization()
    normalization.build([null, 4])
    states.push(state('Normalization', normalization))
    const frozen = layers.dense({ units: 2, trainable: false })
    frozen.build([null, 3])
    states.push(state('Dense created with trainable=False', frozen))
    frozen.trainable = true
    states.push(state('then unfrozen', frozen))
    return states
  },

  recursion() {
    const dense = (name: string, activation: 'relu' | 'sigmoid'): Layer => layers.dense({ units: 3, activation, name })
    const inner = sequential([input({ shape: [3] }), dense('d1', 'relu'), dense('d2', 'relu')], { name: 'inner' })
    const model = sequential([input({ shape: [3] }), inner, dense('d3', 'sigmoid')], { name: 'outer' })
    const states: State[] = [{ state: 'built', model: listsOf(model) }]
    model.trainable = false
    states.push({
      state: 'outer frozen',
      inner_trainable: inner.trainable,
      d1_trainable: inner.layers[0]!.trainable,
      model: listsOf(model),
    })
    inner.layers[0]!.trainable = true
    states.push({ state: 'outer frozen, d1 set trainable', model: listsOf(model), inner: listsOf(inner) })
    return states
  },

  shared_layer() {
    const [a, b] = [input({ shape: [4], name: 'in1' }), input({ shape: [4], name: 'in2' })]
    const shared = layers.dense({ units: 3, name: 'shared' })
    const joined = layers.concatenate({ name: 'cat' }).apply([shared.apply(a), shared.apply(b)])
    const outputs = layers.dense({ units: 1, name: 'out' }).apply(joined)
    return [
      { state: 'shared layer counts once', model: listsOf(makeModel({ inputs: [a, b], outputs, name: 'siamese' })) },
    ]
  },

  auto_names() {
    const states: State[] = []
    const made: Layer[] = [
      layers.conv2D({ filters: 1, kernelSize: 1 }),
      layers.conv2D({ filters: 1, kernelSize: 1 }),
      layers.separableConv2D({ filters: 1, kernelSize: 1 }),
      layers.depthwiseConv2D({ kernelSize: 1 }),
      layers.batchNormalization(),
      layers.globalAveragePooling2D(),
      layers.reLU(),
      layers.leakyReLU(),
      layers.pReLU(),
      layers.eLU(),
      layers.zeroPadding2D(),
      layers.dense({ units: 1 }),
      layers.dense({ units: 1, name: 'mine' }),
      layers.dense({ units: 1 }),
      layers.activation({ activation: 'relu' }),
      layers.add(),
      layers.rescaling({ scale: 1 }),
      layers.randomFlip(),
      layers.randomRotation({ factor: 0.1 }),
      layers.upSampling2D(),
      layers.layerNormalization(),
      sequential(),
      sequential(),
      layers.softmax(),
      layers.dropout({ rate: 0.1 }),
      layers.centerCrop({ height: 2, width: 2 }),
      layers.resizing({ height: 2, width: 2 }),
      layers.globalMaxPooling2D(),
      layers.maxPooling2D(),
      layers.cropping2D(),
      layers.categoryEncoding({ numTokens: 3 }),
      layers.gaussianNoise({ stddev: 0.1 }),
    ]
    states.push({ state: 'auto names in creation order', names: made.map((layer) => [layer.className, layer.name]) })
    const first = input({ shape: [2] })
    const second = input({ shape: [2] })
    const a = makeModel({ inputs: first, outputs: layers.dense({ units: 1 }).apply(first) })
    const c = makeModel({ inputs: second, outputs: layers.dense({ units: 1 }).apply(second) })
    const names = [a.name, c.name, ...[a.layers[0]!, c.layers[0]!, a.layers[1]!, c.layers[1]!].map(({ name }) => name)]
    states.push({ state: 'functional models and inputs', names })
    const stack = sequential([input({ shape: [2] }), layers.dense({ units: 1 })])
    const k = makeModel({ inputs: first, outputs: layers.dense({ units: 1 }).apply(first) })
    states.push({ state: 'a built Sequential consumes one functional name', names: [stack.name, k.name] })
    const all = [optimizers.adam(), optimizers.adam(), optimizers.rmsprop(), optimizers.sgd(), optimizers.adamW()]
    states.push({ state: 'optimizers', names: all.map(({ name }) => name) })
    const measured = [
      metrics.binaryAccuracy(), metrics.auc(), metrics.auc(), metrics.precision(), metrics.topKCategoricalAccuracy(),
      metrics.f1Score(), metrics.rootMeanSquaredError(), metrics.meanSquaredError(),
    ] // prettier-ignore
    states.push({ state: 'metrics', names: measured.map(({ name }) => name) })
    const lost = [losses.binaryCrossentropy(), losses.huber(), losses.meanSquaredError()]
    states.push({ state: 'losses', names: lost.map(({ name }) => name) })
    return states
  },

  res_net: () => [{ state: 'depth-sorted layers', model: listsOf(makeResNet()) }],
}
