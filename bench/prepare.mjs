// Writes what the engines share into a folder: the network, weights, pictures, labels and ONNX models. Runs in a process of its own.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ready, tensor } from '../dist/index.js'
import { buildBase, models } from './models.mjs'
import { networkOf } from './network.mjs'
import { randomSource, randomWeight, uniform } from './weights.mjs'

/** @type {{ model: string, folder: string, batches: number[] }} */
const { model: name, folder, batches } = JSON.parse(process.argv[2])
const spec = models[name]
const { size, units } = spec
const base = await buildBase(spec, spec.weights)
const random = randomSource(1)

/** @type {Map<string, { shape: number[], data: Float32Array }>} */
const weights = new Map()
for (const layer of base.layers)
  for (const variable of layer.weights) {
    const shape = [...variable.shape]
    const data = spec.weights === null ? randomWeight(variable.name, shape, random) : await variable.data()
    weights.set(`${layer.name}/${variable.name}`, { shape, data })
    variable.assign(tensor(data, { shape }))
  }
const features = base.outputs[0].shape.at(-1)
weights.set('head/kernel', { shape: [features, units], data: randomWeight('kernel', [features, units], random) })
weights.set('head/bias', { shape: [units], data: randomWeight('bias', [units], random) })

const largest = Math.max(...batches)
const config = base.getConfig()
const network = networkOf(config)
const index = {}
let offset = 0
for (const [key, { shape, data }] of weights) {
  index[key] = { shape, offset }
  offset += data.byteLength
}
const asBytes = (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
writeFileSync(join(folder, 'weights.bin'), Buffer.concat([...weights.values()].map(({ data }) => asBytes(data))))
writeFileSync(join(folder, 'pictures.bin'), asBytes(uniform(largest * size * size * 3, -1, 1, random)))
writeFileSync(
  join(folder, 'labels.bin'),
  asBytes(Int32Array.from({ length: largest }, () => Math.floor(random() * Math.max(units, 2)))),
)
writeFileSync(
  join(folder, 'network.json'),
  JSON.stringify({ ...network, size, units, features, config, weights: index }),
)
// For one batch size and in the layout of ONNX, so that onnxruntime has nothing to transpose.
for (const batch of batches)
  await base.export(join(folder, `forward-${batch}.onnx`), { batchSize: batch, channelsFirst: true })

const engine = await ready()
console.log(JSON.stringify({ ready: true, engine: engine.info() }))
