// Tanuki's augmentation of one batch, as it stands in a training step: a flip and a rotation of pictures in bytes.
import { compileFunction, layers, ready, sequential, tensor } from '../../dist/index.js'
import { takeTurns } from './turns.mjs'

/** @type {{ batch: number, size: number, warmUp: number, turnMs: number }} */
const { batch, size, warmUp, turnMs } = JSON.parse(process.argv[2])
const augmentation = sequential([
  layers.randomFlip({ mode: 'horizontal', seed: 1 }),
  layers.randomRotation({ factor: 0.1, seed: 2 }),
])
const bytes = Uint8Array.from({ length: batch * size * size * 3 }, (_, i) => (i * 37 + (i >> 9)) % 256)
const pictures = tensor(bytes, { shape: [batch, size, size, 3] })
const step = compileFunction((x) => [augmentation.apply(x, { training: true })], { label: 'augment' })
const engine = (await ready()).info()
const run = () => step.run(pictures).done
await takeTurns({ run, warmUp, turnMs, facts: () => ({ engine }) })
