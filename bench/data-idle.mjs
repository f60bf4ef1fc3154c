// `node bench/data-idle.mjs [epochs]`: what part of an epoch of fine-tuning the engine waits for pictures; at most 5 % is the aim. Needs `npm run build`.
import { fileURLToPath } from 'node:url'
import { data, ready } from '../dist/index.js'
import { buildBase, fineTuned, models } from './models.mjs'

const epochs = Number(process.argv[2] ?? 3)
const engine = await ready()
const spec = models.lite0
const folder = fileURLToPath(new URL('../assets/clothing-mini/train/', import.meta.url))
const pictures = await data.imageDatasetFromDirectory(folder, { imageSize: spec.size, seed: 1, verbose: false })
const network = fineTuned(spec, await buildBase(spec, spec.weights))
// Plans are made in the first epoch, which does not count.
await network.fit(pictures, { epochs: 1, verbose: 0 })

/** Wall and busy time of an epoch of the same pictures. @param {AsyncIterable<unknown>} source */
async function epoch(source) {
  const [wall, busy] = [performance.now(), engine.info().busyMilliseconds]
  await network.fit(source, { epochs: 1, verbose: 0 })
  return { wall: performance.now() - wall, busy: engine.info().busyMilliseconds - busy }
}
const kept = pictures.cache()
await network.fit(kept, { epochs: 1, verbose: 0 })
for (let i = 0; i < epochs; i++) {
  const [files, memory] = [await epoch(pictures), await epoch(kept)]
  const idle = ({ wall, busy }) => `${(100 * (1 - busy / wall)).toFixed(1)} %`
  console.log(
    `from files ${(files.wall / 1000).toFixed(2)} s, engine idle ${idle(files)}; from memory ${(memory.wall / 1000).toFixed(2)} s, idle ${idle(memory)}`,
  )
}
