// Tanuki's side of the work `data`: imageDatasetFromDirectory, read to its end.
import { data, ready } from '../../dist/index.js'
import { takeTurns } from './turns.mjs'

/** @type {{ folder: string, size: number, batch: number, repeats: number, warmUp: number, turnMs: number }} */
const { folder, size, batch, repeats, warmUp, turnMs } = JSON.parse(process.argv[2])
const engine = (await ready()).info()
const options = { imageSize: size, batchSize: batch, shuffle: false, verbose: false }
const dataset = await data.imageDatasetFromDirectory(folder, options)
const repeated = dataset.repeat(repeats)

let output = []
for await (const [images] of dataset.take(1)) {
  const values = await images.data()
  const count = size * size * 3
  output = Array.from(
    { length: batch },
    (_, i) => values.subarray(i * count, (i + 1) * count).reduce((a, b) => a + b, 0) / count,
  )
}
const pictures = dataset.filePaths.length * repeats

async function run() {
  let count = 0
  for await (const [images] of repeated) count += images.shape[0]
  if (count !== pictures) throw new Error(`${count} pictures instead of ${pictures}`)
}
await takeTurns({ run, warmUp, turnMs, facts: () => ({ engine, output, pictures }) })
