// Writes models of TensorFlow.js with random weights, and what TensorFlow.js itself makes of an input:
//   node scripts/goldens/tfjs.mjs PATH_OF_TFJS tests/models/files/tfjs
// PATH_OF_TFJS is the file dist/tf.node.js of an installed @tensorflow/tfjs 4.22.0, which is no dependency of this package.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const [, , library, out] = process.argv
const tf = createRequire(import.meta.url)(resolve(library))
await tf.setBackend('cpu')
const { layers: L } = tf

let state = 1
/** In [-1, 1), the same at each run. */
function draw() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 31 - 1
}

function sequential() {
  const model = tf.sequential({ name: 'small' })
  model.add(
    L.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, activation: 'relu', kernelInitializer: 'heNormal' }),
  )
  model.add(L.batchNormalization())
  model.add(L.maxPooling2d({ poolSize: 2 }))
  model.add(L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }))
  model.add(L.activation({ activation: 'tanh' }))
  model.add(L.flatten())
  model.add(L.dropout({ rate: 0.3 }))
  model.add(L.dense({ units: 5, activation: 'softmax', kernelRegularizer: tf.regularizers.l2({ l2: 0.01 }) }))
  model.compile({ optimizer: tf.train.adam(0.002), loss: 'categoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

function functional() {
  const input = tf.input({ shape: [7, 9, 2], name: 'pictures' })
  const padded = L.zeroPadding2d({ padding: [[1, 0], [0, 2]] }).apply(input) // prettier-ignore
  const a = L.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'separable' }).apply(padded)
  const b = L.conv2d({ filters: 4, kernelSize: 1, useBias: false, strides: 1, name: 'plain' }).apply(padded)
  const sum = L.add().apply([a, b])
  const bent = L.leakyReLU({ alpha: 0.2 }).apply(sum)
  const joined = L.concatenate().apply([bent, L.reLU({ maxValue: 6 }).apply(b)])
  const up = L.upSampling2d({ size: [2, 2] }).apply(joined)
  const normal = L.layerNormalization().apply(up)
  const pooled = L.averagePooling2d({ poolSize: [2, 3], strides: [2, 2], padding: 'valid' }).apply(normal)
  const transposed = L.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }).apply(pooled)
  const prelu = L.prelu({ sharedAxes: [1, 2] }).apply(transposed)
  const mean = L.globalAveragePooling2d({}).apply(prelu)
  return tf.model({ inputs: input, outputs: L.dense({ units: 2, name: 'head' }).apply(mean), name: 'branches' })
}

function nested() {
  const base = tf.sequential({ name: 'base' })
  base.add(L.conv2d({ inputShape: [6, 6, 3], filters: 3, kernelSize: 3, name: 'conv' }))
  base.add(L.batchNormalization({ name: 'normal', scale: false }))
  const input = tf.input({ shape: [6, 6, 3] })
  const features = L.globalMaxPooling2d({}).apply(base.apply(input))
  return tf.model({
    inputs: input,
    outputs: L.dense({ units: 1, activation: 'sigmoid' }).apply(features),
    name: 'nested',
  })
}

for (const [name, make] of Object.entries({ sequential, functional, nested })) {
  const model = make()
  model.setWeights(
    model.weights.map((weight) => {
      const variance = weight.originalName.endsWith('moving_variance')
      const values = Float32Array.from({ length: weight.shape.reduce((a, b) => a * b, 1) }, () => (variance ? 1 + draw() / 2 : draw() / 2)) // prettier-ignore
      return tf.tensor(values, weight.shape)
    }),
  )
  const compiled = model.optimizer !== undefined
  // One step, so that the optimizer has a state to store.
  if (compiled)
    await model.trainOnBatch(
      tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 7),
      tf.oneHot(tf.tensor1d([1, 4], 'int32'), 5),
    )
  const folder = join(out, name)
  mkdirSync(folder, { recursive: true })
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const { weightData: data, weightSpecs, ...rest } = artifacts
      const json = { ...rest, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] }
      writeFileSync(
        join(folder, 'weights.bin'),
        new Uint8Array(Array.isArray(data) ? await new Blob(data).arrayBuffer() : data),
      )
      writeFileSync(join(folder, 'model.json'), `${JSON.stringify(json)}\n`)
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) }
    }),
    { includeOptimizer: compiled },
  )
  const shape = [2, ...model.inputs[0].shape.slice(1)]
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.fround(draw()))
  const y = model.predict(tf.tensor(values, shape))
  const expected = { input: { shape, values }, output: { shape: y.shape, values: Array.from(y.dataSync()) } }
  writeFileSync(join(folder, 'expected.json'), `${JSON.stringify(expected)}\n`)
}
