// One table of all built-in layers: configs, symbolic against real shapes and types, weights, and a training step as one graph.
import { beforeEach, describe, expect, test } from 'vitest'
import { builtinLayers } from '../../src/layers/builtin.ts'
import * as layers from '../../src/layers/index.ts'
import { input, type Layer, layerFromConfig, serializeLayer, type SymbolicTensor } from '../../src/layers/index.ts'
import {
  compileFunction, type DType, gradients, multiply, ones, setRandomSeed, subtract, sum, type Tensor, tensor,
} from '../../src/ops/index.ts' // prettier-ignore
import { clearSession } from '../../src/ops/naming.ts'

interface Row {
  readonly make: () => Layer
  /** With the batch. */
  readonly inputs: readonly (readonly number[])[]
  readonly dtype?: DType
  /** How many weights are trainable and how many are not. */
  readonly weights?: readonly [number, number]
  /** True if the layer takes a list. */
  readonly list?: boolean
}
const picture = [[2, 6, 7, 4]]
const rgb = [[2, 6, 7, 3]]
const table: Record<string, Row> = {
  Activation: { make: () => layers.activation('gelu'), inputs: [[2, 3]] },
  Add: { make: () => layers.add(), inputs: [[2, 3], [2, 3]], list: true }, // prettier-ignore
  AugMix: { make: () => layers.augMix({ numChains: 2, chainDepth: 2 }), inputs: rgb, dtype: 'uint8' },
  AutoContrast: { make: () => layers.autoContrast(), inputs: picture, dtype: 'uint8' },
  Average: { make: () => layers.average(), inputs: [[2, 3], [2, 3]], list: true }, // prettier-ignore
  AveragePooling1D: { make: () => layers.averagePooling1D({ poolSize: 2 }), inputs: [[2, 7, 3]] },
  AveragePooling2D: {
    make: () => layers.averagePooling2D({ poolSize: [2, 3], strides: 1, padding: 'same' }),
    inputs: picture,
  },
  BatchNormalization: {
    make: () => layers.batchNormalization({ gammaRegularizer: 'l2' }),
    inputs: picture,
    weights: [2, 2],
  },
  CategoryEncoding: { make: () => layers.categoryEncoding({ numTokens: 5 }), inputs: [[2, 3]], dtype: 'int32' },
  CenterCrop: { make: () => layers.centerCrop({ height: 3, width: 4 }), inputs: picture },
  Concatenate: { make: () => layers.concatenate({ axis: 1 }), inputs: [[2, 3], [2, 5]], list: true }, // prettier-ignore
  ContrastLimitedAdaptiveHistogramEqualization: {
    make: () => layers.contrastLimitedAdaptiveHistogramEqualization({ tileGridSize: [2, 3] }),
    inputs: picture,
    dtype: 'uint8',
  },
  Conv1D: {
    make: () => layers.conv1D({ filters: 5, kernelSize: 3, padding: 'causal' }),
    inputs: [[2, 7, 4]],
    weights: [2, 0],
  },
  Conv2D: {
    make: () => layers.conv2D({ filters: 6, kernelSize: [3, 2], groups: 2, strides: 2 }),
    inputs: picture,
    weights: [2, 0],
  },
  Conv2DTranspose: {
    make: () => layers.conv2DTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }),
    inputs: picture,
    weights: [2, 0],
  },
  Cropping2D: { make: () => layers.cropping2D({ cropping: [[1, 0], [2, 1]] }), inputs: picture }, // prettier-ignore
  CutMix: { make: () => layers.cutMix({ factor: 0.5 }), inputs: picture, dtype: 'uint8' },
  Dense: { make: () => layers.dense({ units: 3, activation: 'relu' }), inputs: [[2, 4, 5]], weights: [2, 0] },
  DepthwiseConv2D: {
    make: () => layers.depthwiseConv2D({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
    inputs: picture,
    weights: [2, 0],
  },
  Dot: { make: () => layers.dot({ axes: 1 }), inputs: [[2, 3], [2, 3]], list: true }, // prettier-ignore
  Dropout: { make: () => layers.dropout({ rate: 0.4, noiseShape: [null, 1] }), inputs: [[3, 5]] },
  EinsumDense: {
    make: () => layers.einsumDense({ equation: 'abc,cde->abde', outputShape: [null, 2, 3], biasAxes: 'de' }),
    inputs: [[2, 4, 5]],
    weights: [2, 0],
  },
  ELU: { make: () => layers.eLU({ alpha: 0.7 }), inputs: [[2, 3]] },
  Embedding: {
    make: () => layers.embedding({ inputDim: 6, outputDim: 3 }),
    inputs: [[2, 4]],
    dtype: 'int32',
    weights: [1, 0],
  },
  Equalization: { make: () => layers.equalization({ bins: 64 }), inputs: picture, dtype: 'uint8' },
  Flatten: { make: () => layers.flatten(), inputs: picture },
  GaussianDropout: { make: () => layers.gaussianDropout({ rate: 0.3 }), inputs: [[2, 3]] },
  GaussianNoise: { make: () => layers.gaussianNoise({ stddev: 0.3 }), inputs: [[2, 3]] },
  GlobalAveragePooling1D: { make: () => layers.globalAveragePooling1D(), inputs: [[2, 7, 3]] },
  GlobalAveragePooling2D: { make: () => layers.globalAveragePooling2D({ keepdims: true }), inputs: picture },
  GlobalMaxPooling1D: { make: () => layers.globalMaxPooling1D(), inputs: [[2, 7, 3]] },
  GlobalMaxPooling2D: { make: () => layers.globalMaxPooling2D(), inputs: picture },
  GroupNormalization: { make: () => layers.groupNormalization({ groups: 2 }), inputs: picture, weights: [2, 0] },
  Identity: { make: () => layers.identity(), inputs: [[2, 3]] },
  LayerNormalization: {
    make: () => layers.layerNormalization({ axis: [1, -1] }),
    inputs: [[2, 3, 4]],
    weights: [2, 0],
  },
  LeakyReLU: { make: () => layers.leakyReLU(), inputs: [[2, 3]] },
  Maximum: { make: () => layers.maximum(), inputs: [[2, 3], [2, 3]], list: true }, // prettier-ignore
  MaxPooling1D: { make: () => layers.maxPooling1D({ padding: 'same' }), inputs: [[2, 7, 3]] },
  MaxPooling2D: { make: () => layers.maxPooling2D(), inputs: picture },
  Minimum: { make: () => layers.minimum(), inputs: [[2, 3], [2, 3]], list: true }, // prettier-ignore
  MixUp: { make: () => layers.mixUp({ alpha: 0.3 }), inputs: picture, dtype: 'uint8' },
  MultiHeadAttention: {
    make: () => layers.multiHeadAttention({ numHeads: 2, keyDim: 3, valueDim: 4 }),
    inputs: [[2, 4, 5], [2, 3, 6]], // prettier-ignore
    weights: [8, 0],
    list: true,
  },
  Multiply: { make: () => layers.multiply(), inputs: [[2, 3, 4], [2, 4]], list: true }, // prettier-ignore
  Normalization: { make: () => layers.normalization(), inputs: picture, weights: [0, 3] },
  Permute: { make: () => layers.permute({ dims: [2, 1] }), inputs: [[2, 3, 4]] },
  Pipeline: {
    make: () => layers.pipeline({ layers: [layers.randomFlip(), layers.autoContrast()] }),
    inputs: picture,
    dtype: 'uint8',
  },
  PReLU: { make: () => layers.pReLU({ sharedAxes: [1, 2] }), inputs: picture, weights: [1, 0] },
  RandAugment: { make: () => layers.randAugment({ numOps: 3, factor: 0.3 }), inputs: rgb, dtype: 'uint8' },
  RandomBrightness: { make: () => layers.randomBrightness(0.2), inputs: picture, dtype: 'uint8' },
  RandomColorDegeneration: { make: () => layers.randomColorDegeneration(0.4), inputs: rgb, dtype: 'uint8' },
  RandomColorJitter: {
    make: () =>
      layers.randomColorJitter({
        brightnessFactor: 0.2,
        contrastFactor: 0.3,
        saturationFactor: [0.4, 0.6],
        hueFactor: 0.1,
      }),
    inputs: rgb,
    dtype: 'uint8',
  },
  RandomContrast: { make: () => layers.randomContrast({ factor: [0.1, 0.3] }), inputs: picture, dtype: 'uint8' },
  RandomCrop: { make: () => layers.randomCrop({ height: 3, width: 4 }), inputs: picture, dtype: 'uint8' },
  RandomElasticTransform: {
    make: () => layers.randomElasticTransform({ scale: [0.5, 1] }),
    inputs: picture,
    dtype: 'uint8',
  },
  RandomErasing: { make: () => layers.randomErasing({ scale: [0.1, 0.5] }), inputs: picture, dtype: 'uint8' },
  RandomFlip: { make: () => layers.randomFlip('horizontal'), inputs: picture, dtype: 'uint8' },
  RandomGaussianBlur: {
    make: () => layers.randomGaussianBlur({ kernelSize: 5, sigma: [0.3, 1] }),
    inputs: picture,
    dtype: 'uint8',
  },
  RandomGrayscale: { make: () => layers.randomGrayscale({ factor: 0.7 }), inputs: rgb, dtype: 'uint8' },
  RandomHue: { make: () => layers.randomHue(0.4), inputs: rgb, dtype: 'uint8' },
  RandomInvert: { make: () => layers.randomInvert({ factor: [0.2, 0.9] }), inputs: picture, dtype: 'uint8' },
  RandomPerspective: { make: () => layers.randomPerspective({ scale: 0.5 }), inputs: picture, dtype: 'uint8' },
  RandomPosterization: { make: () => layers.randomPosterization({ factor: 5 }), inputs: picture, dtype: 'uint8' },
  RandomRotation: { make: () => layers.randomRotation(0.1), inputs: picture, dtype: 'uint8' },
  RandomSaturation: { make: () => layers.randomSaturation(0.6), inputs: rgb, dtype: 'uint8' },
  RandomSharpness: { make: () => layers.randomSharpness({ factor: [0.1, 0.9] }), inputs: picture, dtype: 'uint8' },
  RandomShear: {
    make: () => layers.randomShear({ xFactor: 0.2, yFactor: [0.1, 0.4] }),
    inputs: picture,
    dtype: 'uint8',
  },
  RandomTranslation: {
    make: () => layers.randomTranslation({ heightFactor: 0.1, widthFactor: [-0.2, 0.3] }),
    inputs: picture,
    dtype: 'uint8',
  },
  RandomZoom: { make: () => layers.randomZoom({ heightFactor: 0.2 }), inputs: picture, dtype: 'uint8' },
  ReLU: { make: () => layers.reLU({ maxValue: 6 }), inputs: [[2, 3]] },
  RepeatVector: { make: () => layers.repeatVector({ n: 3 }), inputs: [[2, 4]] },
  Rescaling: { make: () => layers.rescaling({ scale: 1 / 127.5, offset: -1 }), inputs: picture, dtype: 'uint8' },
  Reshape: { make: () => layers.reshape({ targetShape: [-1, 2] }), inputs: picture },
  Resizing: { make: () => layers.resizing({ height: 4, width: 3 }), inputs: picture },
  SeparableConv2D: {
    make: () => layers.separableConv2D({ filters: 5, kernelSize: 3, depthMultiplier: 2 }),
    inputs: picture,
    weights: [3, 0],
  },
  Softmax: { make: () => layers.softmax(), inputs: [[2, 3]] },
  Solarization: {
    make: () => layers.solarization({ additionFactor: 0.2, thresholdFactor: [0.1, 0.5] }),
    inputs: picture,
    dtype: 'uint8',
  },
  SpatialDropout1D: { make: () => layers.spatialDropout1D({ rate: 0.3 }), inputs: [[2, 7, 3]] },
  SpatialDropout2D: { make: () => layers.spatialDropout2D({ rate: 0.3 }), inputs: picture },
  Subtract: { make: () => layers.subtract(), inputs: [[2, 3], [2, 3]], list: true }, // prettier-ignore
  TimeDistributed: {
    make: () => layers.timeDistributed({ layer: layers.conv2D({ filters: 2, kernelSize: 3 }) }),
    inputs: [[2, 3, 5, 6, 4]],
    weights: [2, 0],
  },
  UnitNormalization: { make: () => layers.unitNormalization(), inputs: [[2, 3]] },
  UpSampling2D: { make: () => layers.upSampling2D({ size: [2, 3], interpolation: 'bilinear' }), inputs: picture },
  ZeroPadding2D: { make: () => layers.zeroPadding2D({ padding: [[0, 1], [2, 0]] }), inputs: picture }, // prettier-ignore
}

// Weights whose gradient is 0 here: a softmax forgets the key's bias, normalized values sum to 0, no input is negative.
const mayStay = ['key/bias', 'group_normalization/beta', 'p_re_lu/alpha']

function valuesFor({ inputs, dtype = 'float32' }: Row): Tensor[] {
  return inputs.map((shape, k) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const values = Array.from({ length: size }, (_, i) => ((i * 7 + k * 3) % 11) / (dtype === 'float32' ? 5 : 1))
    const storage = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array }[dtype]
    return tensor(storage.from(values.map((v) => (dtype === 'int32' ? v % 5 : v))), { shape, dtype })
  })
}
function run(layer: Layer, row: Row, xs: readonly Tensor[], training: boolean): Tensor {
  return row.list === true ? layer.apply(xs, { training }) : layer.apply(xs[0]!, { training })
}

test('the table has every built-in layer but those with tests of their own', () => {
  const own = ['InputLayer', 'Lambda']
  expect(Object.keys(table).sort()).toEqual(
    builtinLayers
      .map((cls) => cls.className)
      .filter((name) => !own.includes(name))
      .sort(),
  )
})

describe.each(Object.entries(table))('%s', (name, row) => {
  beforeEach(() => {
    clearSession()
    setRandomSeed(1)
  })

  test('has the config of its kind, and comes back from it', () => {
    const layer = row.make()
    expect(layer.className).toBe(name)
    const config = layer.getConfig()
    expect(JSON.parse(JSON.stringify(config))).toEqual(config)
    const again = layerFromConfig(serializeLayer(layer))
    expect(again).toBeInstanceOf(layer.constructor)
    expect(again.getConfig()).toEqual(config)
  })

  test('promises symbolically what it gives, for an unknown and another batch', async () => {
    const layer = row.make()
    const xs = valuesFor(row)
    const symbols = row.inputs.map((shape) => input({ shape: shape.slice(1), dtype: row.dtype ?? 'float32' }))
    const promise: SymbolicTensor = row.list === true ? layer.apply(symbols) : layer.apply(symbols[0]!)
    // A crop keeps its promise only while training.
    const y = run(layer, row, xs, name === 'RandomCrop')
    expect([null, ...y.shape.slice(1)]).toEqual(promise.shape)
    expect(y.dtype).toBe(promise.dtype)
    expect((await y.data()).every(Number.isFinite)).toBe(true)
    expect(layer.inboundNodes).toHaveLength(1)
    expect(promise.history).toEqual({ operation: layer, nodeIndex: 0, tensorIndex: 0 })
    const [trainable, rest] = row.weights ?? [0, 0]
    expect([layer.trainableWeights.length, layer.nonTrainableWeights.length]).toEqual([trainable, rest])
    expect(layer.weights.every((weight) => weight.path.startsWith(`${layer.name}/`))).toBe(true)
    layer.trainable = false
    expect([layer.trainableWeights.length, layer.nonTrainableWeights.length]).toEqual([0, trainable + rest])
  })

  test('trains as one graph; frozen, every weight stays the same to the bit', async () => {
    const layer = row.make()
    const xs = valuesFor(row)
    run(layer, row, xs, true)
    const step = compileFunction(
      (...inputs) => {
        const y = run(layer, row, inputs, true)
        const loss = sum(multiply(y, y))
        const variables = layer.trainableWeights
        const grads = variables.length === 0 ? [] : gradients(loss, variables)
        for (const [i, variable] of variables.entries())
          if (grads[i] !== null) variable.assign(subtract(variable, multiply(grads[i]!, 0.01)))
        return [loss]
      },
      { label: name },
    )
    const before = await Promise.all(layer.weights.map((weight) => weight.data()))
    const trainableBefore = new Set(layer.trainableWeights)
    for (let i = 0; i < 2; i++) expect(await step.run(...xs).outputs[0]!.item()).toSatisfy(Number.isFinite)
    const after = await Promise.all(layer.weights.map((weight) => weight.data()))
    for (const [i, weight] of layer.weights.entries()) {
      if (trainableBefore.has(weight) && !mayStay.some((end) => weight.path.endsWith(end)))
        expect(after[i], weight.path).not.toEqual(before[i])
    }
    layer.trainable = false
    const frozen = compileFunction((...inputs) => [sum(run(layer, row, inputs, true))], { label: name })
    await frozen.run(...xs).done
    expect(await Promise.all(layer.weights.map((weight) => weight.data()))).toEqual(after)
  })
})

test('a layer without a name of its own gets one per kind', () => {
  clearSession()
  const names = [layers.dense({ units: 1 }), layers.conv2D({ filters: 1, kernelSize: 1 }), layers.dense({ units: 1 })]
  expect(names.map((layer) => layer.name)).toEqual(['dense', 'conv2d', 'dense_1'])
  expect(layers.dense({ units: 1, name: 'head' }).apply(ones([2, 3])).shape).toEqual([2, 1])
})
