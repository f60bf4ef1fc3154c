// onnxruntime's side of the forward pass.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readNetwork, readPictures } from './shared.mjs'
import { takeTurns, tell } from './turns.mjs'

/** @type {{ batch: number, folder: string, threads: number, warmUp: number, turnMs: number }} */
const { batch, folder, threads, warmUp, turnMs } = JSON.parse(process.argv[2])

let onnx
try {
  onnx = await import('onnxruntime-node')
} catch (error) {
  tell({ missing: `onnxruntime-node: ${error.message.split('\n')[0]}` })
  process.exit(0)
}
const { InferenceSession, Tensor } = onnx.default ?? onnx

const { size } = readNetwork(folder)
const pictures = readPictures(folder, batch, size)
const planes = new Float32Array(pictures.length)
const area = size * size
for (let image = 0; image < batch; image++)
  for (let at = 0; at < area; at++)
    for (let c = 0; c < 3; c++) planes[(image * 3 + c) * area + at] = pictures[(image * area + at) * 3 + c]

const session = await InferenceSession.create(readFileSync(join(folder, `forward-${batch}.onnx`)), {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'all',
  executionMode: 'sequential',
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
})
const feeds = { [session.inputNames[0]]: new Tensor('float32', planes, [batch, 3, size, size]) }
const run = async () => (await session.run(feeds))[session.outputNames[0]].data
await takeTurns({ run, warmUp, turnMs, facts: (outputs) => ({ output: [...outputs.at(-1)] }) })
