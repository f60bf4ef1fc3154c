// Tanuki's side of one work: the forward pass of a frozen base, or the fine-tuning step.
import { ready, tensor } from '../../dist/index.js'
import { buildBase, fineTuned, models } from '../models.mjs'
import { readLabels, readNetwork, readPictures, readWeight } from './shared.mjs'
import { peakMemoryMB, takeTurns } from './turns.mjs'

/** @type {{ model: string, work: 'forward' | 'fine-tune', batch: number, folder: string, warmUp: number, turnMs: number }} */
const { model: name, work, batch, folder, warmUp, turnMs } = JSON.parse(process.argv[2])
const spec = models[name]
const { size, units } = spec
const { weights } = readNetwork(folder)
const base = await buildBase(spec, null)

function assign(layer) {
  for (const variable of layer.weights) {
    const entry = weights[`${layer.name}/${variable.name}`]
    variable.assign(tensor(readWeight(folder, entry), { shape: entry.shape }))
  }
}
for (const layer of base.layers) assign(layer)
const engine = (await ready()).info()
const shape = [batch, size, size, 3]

if (work === 'forward') {
  base.trainable = false
  const pictures = tensor(readPictures(folder, batch, size), { shape })
  // Reading the features is part of a run, here as for the rival.
  const run = async () => (await base.predictOnBatch(pictures)).data()
  await takeTurns({ run, warmUp, turnMs, facts: (outputs) => ({ engine, output: [...outputs.at(-1)] }) })
} else {
  const network = fineTuned(spec, base)
  assign(network.layers.find((layer) => layer.name === 'head'))
  const labels = readLabels(folder, batch)
  const pictures = tensor(readPictures(folder, batch, size), { shape })
  const answers =
    units === 1 ? tensor(Float32Array.from(labels), { shape: [batch, 1] }) : tensor(labels, { shape: [batch] })
  // The assignments above are not part of the first step.
  for (const variable of network.weights) await variable.data()

  const from = performance.now()
  const history = await network.fit(pictures, answers, { batchSize: batch, epochs: 1, verbose: 0, shuffle: false })
  const firstStepMs = performance.now() - from
  const firstStepPeakMB = peakMemoryMB()
  const run = () => network.trainOnBatch(pictures, answers)
  const facts = (losses) => ({ engine, firstStepMs, firstStepPeakMB, losses: [history.history.loss[0], ...losses] })
  await takeTurns({ run, warmUp, turnMs, facts })
}
