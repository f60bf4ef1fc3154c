// ONNX export: what onnxruntime computes from the file equals what the model predicts.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { afterAll, describe, expect, test } from 'vitest'
import {
  applications,
  input,
  layers,
  Layer,
  model,
  type Model,
  ops,
  sequential,
  type Shape,
  type Tensor,
  tensor,
} from '../../src/index.ts'
import { decodeOnnx } from '../../src/formats/onnx/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanuki-onnx-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'model.onnx')

/** Reproducible numbers in [-1, 1). */
function noise(count: number, seed = 1): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => (state = (state * 48271) % 2147483647) / 1073741824 - 1)
}
const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)

async function runOnnx(
  data: Float32Array | Uint8Array,
  shape: Shape,
): Promise<{ values: number[]; dims: readonly number[] }> {
  const session = await InferenceSession.create(path)
  const type = data instanceof Uint8Array ? 'uint8' : 'float32'
  const results = await session.run({ [session.inputNames[0]!]: new OrtTensor(type, data, [...shape]) })
  const { data: values, dims } = results[session.outputNames[0]!]!
  await session.release()
  return { values: Array.from(values as Float32Array, Number), dims }
}

/** Compares for two batch sizes; the tolerance is 1e-5 of the largest value. */
async function agrees(network: Model, sample: Shape, batches: readonly number[] = [1, 3]): Promise<void> {
  for (const batch of batches) {
    const shape = [batch, ...sample]
    const data = noise(sizeOf(shape))
    const expected = (await network.predictOnBatch(tensor(data, { shape }))) as Tensor
    const { values, dims } = await runOnnx(data, shape)
    expect(dims).toEqual(expected.shape)
    const wanted = Array.from(await expected.data())
    const scale = Math.max(1, ...wanted.map(Math.abs))
    const worst = Math.max(0, ...wanted.map((value, i) => Math.abs(value - values[i]!) / scale))
    expect(worst).toBeLessThan(1e-5)
  }
}

async function scrambled(network: Model): Promise<void> {
  const weights = network.weights.map((weight, i) => {
    const values = noise(sizeOf(weight.shape), 7 + i)
    // Variances are positive, scales near one.
    const isScale = /variance|gamma/.test(weight.name)
    return tensor(isScale ? values.map((v) => 1 + v / 4) : values.map((v) => v / 4), { shape: weight.shape })
  })
  network.setWeights(weights)
  await weights[0]?.data()
}

const { conv2D, dense } = layers
const image: Shape = [9, 8, 4]
const cases: [string, Layer | Layer[], Shape?][] = [
  ['Dense', dense({ units: 3, activation: 'softmax' }), [5]],
  ['Dense on pictures', dense({ units: 3, activation: 'gelu' })],
  ['Conv1D', layers.conv1D({ filters: 3, kernelSize: 3, padding: 'same', strides: 2 }), [9, 4]],
  ['Conv2D', conv2D({ filters: 5, kernelSize: 3, padding: 'same', strides: 2, activation: 'relu' })],
  ['Conv2D with groups and dilation', conv2D({ filters: 6, kernelSize: [3, 2], groups: 2, dilationRate: 2 })],
  ['Conv2DTranspose', layers.conv2DTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })],
  ['Conv2DTranspose with a gap', layers.conv2DTranspose({ filters: 3, kernelSize: 2, strides: 3, padding: 'valid' })],
  ['DepthwiseConv2D', layers.depthwiseConv2D({ kernelSize: 3, depthMultiplier: 2, padding: 'same' })],
  ['SeparableConv2D', layers.separableConv2D({ filters: 5, kernelSize: 3 })],
  ['BatchNormalization', layers.batchNormalization()],
  ['a convolution and BatchNormalization', [conv2D({ filters: 4, kernelSize: 3 }), layers.batchNormalization(), layers.reLU({ maxValue: 6 })]],
  ['LayerNormalization', layers.layerNormalization()],
  ['GroupNormalization', layers.groupNormalization({ groups: 2 })],
  ['UnitNormalization', layers.unitNormalization()],
  ['MaxPooling2D', layers.maxPooling2D({ poolSize: 3, strides: 2, padding: 'same' })],
  ['AveragePooling2D', layers.averagePooling2D({ poolSize: 3, strides: 2, padding: 'same' })],
  ['GlobalAveragePooling2D', [conv2D({ filters: 3, kernelSize: 1 }), layers.globalAveragePooling2D()]],
  ['GlobalMaxPooling2D', layers.globalMaxPooling2D({ keepdims: true })],
  ['Flatten', [conv2D({ filters: 3, kernelSize: 1 }), layers.flatten(), dense({ units: 2 })]],
  ['Reshape', layers.reshape({ targetShape: [4, -1] })],
  ['Permute', layers.permute({ dims: [3, 1, 2] })],
  ['RepeatVector', layers.repeatVector({ n: 3 }), [4]],
  // Below zero everywhere, so that a border of zeros wins.
  ...(['valid', 'same'] as const).flatMap((padding): [string, Layer[]][] => {
    const window = { poolSize: 3, strides: 2, padding }
    const below = () => [conv2D({ filters: 3, kernelSize: 1 }), layers.rescaling({ scale: 0.1, offset: -5 }), layers.zeroPadding2D({ padding: 1 })]
    return [
      [`MaxPooling2D (${padding}) of a border of zeros`, [...below(), layers.maxPooling2D(window)]],
      [`AveragePooling2D (${padding}) of a border of zeros`, [...below(), layers.averagePooling2D(window)]],
    ]
  }),
  ['ZeroPadding2D', [conv2D({ filters: 3, kernelSize: 1 }), layers.zeroPadding2D({ padding: [[0, 1], [2, 3]] })]],
  ['Cropping2D', [conv2D({ filters: 3, kernelSize: 1 }), layers.cropping2D({ cropping: 1 })]],
  ['UpSampling2D', [conv2D({ filters: 3, kernelSize: 1 }), layers.upSampling2D({ size: 2 })]],
  ['UpSampling2D, bilinear', layers.upSampling2D({ size: [2, 3], interpolation: 'bilinear' })],
  ['Resizing', layers.resizing({ height: 5, width: 11 })],
  ['Resizing, lanczos3 with antialias', layers.resizing({ height: 5, width: 4, interpolation: 'lanczos3', antialias: true })],
  ['CenterCrop', layers.centerCrop({ height: 5, width: 4 })],
  ['Rescaling', layers.rescaling({ scale: 1 / 127.5, offset: -1 })],
  ['Dropout', layers.dropout({ rate: 0.5 })],
  ['RandomFlip and RandomRotation', [layers.randomFlip({ mode: 'horizontal' }), layers.randomRotation({ factor: 0.1 })]],
  ['TimeDistributed', layers.timeDistributed({ layer: dense({ units: 2 }) }), [3, 5]],
  ...(['elu', 'selu', 'sigmoid', 'tanh', 'silu', 'mish', 'softplus', 'softsign', 'hard_sigmoid', 'hard_silu', 'leaky_relu', 'relu6', 'log_softmax', 'exponential'] as const).map(
    (name): [string, Layer] => [`Activation ${name}`, layers.activation({ activation: name })],
  ),
] // prettier-ignore

describe('layers', () => {
  test.each(cases)('%s', async (_, given, sample = image) => {
    const network = sequential([input({ shape: [...sample] }), ...[given].flat()])
    await scrambled(network)
    await network.export(path)
    await agrees(network, sample)
    await network.export(path, { foldBatchNormalization: false })
    await agrees(network, sample)
  })

  test('attention', async () => {
    const x = input({ shape: [6, 8] })
    const network = model({ inputs: x, outputs: layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }).apply([x, x]) })
    await network.export(path)
    await agrees(network, [6, 8])
  })

  test('squeeze and excite, a residual, and a concatenation', async () => {
    const x = input({ shape: [8, 8, 4] })
    const a = conv2D({ filters: 6, kernelSize: 3, padding: 'same', activation: 'silu' }).apply(x)
    let squeezed = layers.globalAveragePooling2D().apply(a)
    squeezed = layers.reshape({ targetShape: [1, 1, 6] }).apply(squeezed)
    squeezed = conv2D({ filters: 6, kernelSize: 1, activation: 'sigmoid' }).apply(squeezed)
    const excited = layers.multiply().apply([a, squeezed])
    const both = layers.concatenate().apply([layers.add().apply([a, excited]), a])
    const network = model({ inputs: x, outputs: layers.globalMaxPooling2D().apply(both) })
    await network.export(path)
    await agrees(network, [8, 8, 4])
  })

  test('a layer of one’s own', async () => {
    class Doubled extends Layer {
      override call(x: Tensor): Tensor {
        return ops.add(ops.multiply(x, 2), ops.sin(x))
      }
    }
    const network = sequential([input({ shape: [5] }), new Doubled({})])
    await network.export(path)
    await agrees(network, [5])
  })
})

describe('files', () => {
  const network = sequential([
    input({ shape: [4, 4, 3] }),
    conv2D({ filters: 2, kernelSize: 3 }),
    layers.globalAveragePooling2D(),
    dense({ units: 2 }),
  ])

  test('carry names, metadata and preprocessing, and take bytes', async () => {
    await network.export(path, {
      inputDType: 'uint8',
      preprocess: (x) => ops.subtract(ops.divide(x, 127.5), 1),
      activation: 'softmax',
      classNames: ['cat', 'dog'],
      metadata: { source: 'test' },
    })
    const pixels = Uint8Array.from({ length: 2 * 48 }, (_, i) => (i * 37) % 256)
    const scaled = Float32Array.from(pixels, (v) => v / 127.5 - 1)
    const expected = ops.softmax((await network.predictOnBatch(tensor(scaled, { shape: [2, 4, 4, 3] }))) as Tensor)
    const { values } = await runOnnx(pixels, [2, 4, 4, 3])
    const wanted = await expected.data()
    values.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5))
    const session = await InferenceSession.create(path)
    expect(session.inputNames).toEqual(['input_layer'])
    expect(session.inputMetadata[0]).toMatchObject({ type: 'uint8', shape: ['batch', 4, 4, 3] })
    await session.release()
  })

  test('take pictures with channels first', async () => {
    await network.export(path, { channelsFirst: true, batchSize: 1 })
    const data = noise(48)
    const expected = (await network.predictOnBatch(tensor(data, { shape: [1, 4, 4, 3] }))) as Tensor
    const planar = Float32Array.from({ length: 48 }, (_, i) => data[(i % 16) * 3 + Math.floor(i / 16)]!)
    const { values } = await runOnnx(planar, [1, 3, 4, 4])
    const wanted = await expected.data()
    values.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5))
  })

  test('are whole or not there', async () => {
    const random = sequential([input({ shape: [8, 8, 3] }), layers.randomRotation({ factor: 0.2 })])
    const restless = model({ inputs: random.inputs[0]!, outputs: random.apply(random.inputs[0]!, { training: true }) })
    await expect(restless.export(join(folder, 'refused.onnx'))).rejects.toThrow(/ONNX/)
    await expect(network.export(join(folder, 'model.pb'))).rejects.toThrow(/\.onnx/)
    await expect(network.export(path, { opset: 12 } as never)).rejects.toThrow(/opset/)
    const open = sequential([input({ shape: [null, null, 3] }), conv2D({ filters: 2, kernelSize: 3 })])
    await expect(open.export(path)).rejects.toThrow(/inputShape/)
    await open.export(path, { inputShape: [6, 5, 3] })
    await agrees(open, [6, 5, 3])
    expect(readdirSync(folder)).toEqual(['model.onnx'])
  })
})

/** Counts the nodes of the file by kind. */
async function operations(): Promise<(operation: string) => number> {
  const { nodes } = decodeOnnx(readFileSync(path))
  return (operation) => nodes.filter((node) => node.operation === operation).length
}

test('kernels lie in the file as ONNX wants them', async () => {
  const network = sequential([layers.separableConv2D({ filters: 5, kernelSize: 3 })])
  await network.predictOnBatch(tensor(noise(2 * 9 * 8 * 4), { shape: [2, 9, 8, 4] }))
  await network.export(path, { batchSize: 2, channelsFirst: true })
  const count = await operations()
  expect(count('Conv')).toBe(2)
  expect(count('Reshape')).toBe(0)
  // Of the output.
  expect(count('Transpose')).toBe(1)
})

test('a chain of convolutions has transposes at its ends alone', async () => {
  const network = await applications.efficientNetLite0({ weights: null, includeTop: false, inputShape: [64, 64, 3] })
  await network.export(path)
  const count = await operations()
  expect(count('Conv')).toBe(49)
  expect(count('Transpose')).toBe(2)
  await agrees(network, [64, 64, 3])
})
