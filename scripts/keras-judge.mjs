// Real Keras as the judge of our files: it loads what Tanuki wrote (and Tanuki what it wrote), and the predictions are compared.
// Needs `npm run build` before, and a Python with keras and h5py; tf_keras judges too if it is there:
//   node scripts/keras-judge.mjs --python PATH [--record] [--json]
// `--record` puts the result into docs/file-formats.md; `--json` prints one line a file instead of the table (the tests read that).
// Ends with 1 if a file is not loaded or a prediction differs by more than 1e-6.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values: given } = parseArgs({
  options: {
    python: { type: 'string' },
    record: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const tanuki = await import(new URL('../dist/index.js', import.meta.url)).catch(() => {
  console.error('scripts/keras-judge.mjs: run `npm run build` first')
  process.exit(2)
})
const { applications, input, layers, loadModel, losses, model, optimizers, ops, sequential, setRandomSeed, tensor } =
  tanuki

const limit = 1e-6
setRandomSeed(7)
const folder = mkdtempSync(join(tmpdir(), 'tanuki-judge-'))

/** Values that look random and are the same in every run. */
function values(shape, salt, scale = 1) {
  const size = shape.reduce((a, b) => a * b, 1)
  const data = Float32Array.from({ length: size }, (_, i) => scale * Math.sin((i + 1) * 12.9898 + salt * 78.233) * 0.9)
  return tensor(data, { shape })
}

/** Statistics and scales around 1, everything else as large as keeps activations in bounds. */
function weightValues({ path, shape }, salt) {
  if (/(gamma|variance)$/.test(path)) return ops.add(1, values(shape, salt, 0.2))
  const fan = shape.slice(0, -1).reduce((a, b) => a * b, 1)
  return values(shape, salt, Math.sqrt(2 / fan))
}

function base() {
  const inputs = input({ shape: [12, 12, 3] })
  let x = layers.conv2D({ filters: 4, kernelSize: 3, padding: 'same', useBias: false }).apply(inputs)
  x = layers.batchNormalization().apply(x)
  x = layers.activation({ activation: 'relu' }).apply(x)
  let y = layers.separableConv2D({ filters: 4, kernelSize: 3, padding: 'same' }).apply(x)
  y = layers.batchNormalization({ scale: false }).apply(y)
  return model({ inputs, outputs: layers.add().apply([x, y]), name: 'base' })
}
function transfer(unfrozen) {
  const inner = base()
  inner.trainable = unfrozen
  const inputs = input({ shape: [12, 12, 3] })
  let x = layers.rescaling({ scale: 1 / 2, offset: -0.1 }).apply(inputs)
  x = inner.apply(x, { training: false })
  x = layers.globalAveragePooling2D().apply(x)
  x = layers.dropout({ rate: 0 }).apply(x)
  return model({ inputs, outputs: layers.dense({ units: 3 }).apply(x) })
}
async function normalised() {
  const norm = layers.normalization()
  await norm.adapt(values([20, 5], 3))
  return sequential([
    input({ shape: [5] }),
    norm,
    layers.dense({ units: 4, activation: 'gelu' }),
    layers.dense({ units: 2 }),
  ])
}
function operations() {
  const inputs = input({ shape: [5] })
  const x = layers.dense({ units: 5 }).apply(inputs)
  const y = tanuki.applyOperation('Add', [x, inputs], { module: 'keras.src.ops.numpy' })
  return model({ inputs, outputs: layers.dense({ units: 2 }).apply(y) })
}
function pieces() {
  const inputs = input({ shape: [12, 12, 3] })
  let x = layers.randomFlip({ mode: 'horizontal' }).apply(inputs)
  x = layers.randomRotation({ factor: 0.1 }).apply(x)
  x = layers
    .zeroPadding2D({
      padding: [
        [0, 1],
        [0, 1],
      ],
    })
    .apply(x)
  x = layers.conv2D({ filters: 4, kernelSize: 3, strides: 2, activation: 'swish' }).apply(x)
  x = layers.depthwiseConv2D({ kernelSize: 3, padding: 'same', depthMultiplier: 2 }).apply(x)
  x = layers.layerNormalization().apply(x)
  x = layers.reLU({ maxValue: 6 }).apply(x)
  x = layers.maxPooling2D({ poolSize: 2 }).apply(x)
  const flat = layers.flatten().apply(x)
  return model({ inputs, outputs: [layers.dense({ units: 3, activation: 'softmax', name: 'probs' }).apply(flat), layers.dense({ units: 1, name: 'score' }).apply(flat)] }) // prettier-ignore
}
/** As in the guide: augmentation, rescaling, a frozen base, a head. */
function guide() {
  const augmentation = sequential([layers.randomFlip({ mode: 'horizontal' }), layers.randomRotation({ factor: 0.1 })])
  const inner = base()
  inner.trainable = false
  const inputs = input({ shape: [12, 12, 3] })
  let x = augmentation.apply(inputs)
  x = layers.rescaling({ scale: 1 / 2, offset: -0.1 }).apply(x)
  x = inner.apply(x, { training: false })
  x = layers.globalAveragePooling2D().apply(x)
  x = layers.dropout({ rate: 0 }).apply(x)
  return model({ inputs, outputs: layers.dense({ units: 3 }).apply(x) })
}
/** One nested model called on two pictures, and one with two outputs that are the outer model's own. */
function siamese() {
  const inner = base()
  const one = input({ shape: [12, 12, 3] })
  const pooled = layers.globalMaxPooling2D().apply(one)
  const halves = model({ inputs: one, outputs: [layers.dense({ units: 2 }).apply(pooled), layers.dense({ units: 3 }).apply(pooled)], name: 'halves' }) // prettier-ignore
  const inputs = input({ shape: [12, 12, 3] })
  const left = inner.apply(inputs)
  const right = inner.apply(layers.rescaling({ scale: -1 }).apply(inputs))
  const joined = layers.subtract().apply([left, right])
  const [a, b] = halves.apply(layers.conv2D({ filters: 3, kernelSize: 1 }).apply(joined))
  const [c] = halves.apply(inputs)
  return model({ inputs, outputs: [b, layers.add().apply([a, c]), a] })
}
/** Models in models in models, some of them Sequential. */
function deep() {
  const inner = base()
  const middle = sequential([input({ shape: [12, 12, 3] }), layers.conv2D({ filters: 3, kernelSize: 1 }), inner], {
    name: 'middle',
  })
  const inputs = input({ shape: [12, 12, 3] })
  const outer = model({ inputs, outputs: layers.globalAveragePooling2D().apply(middle.apply(inputs)), name: 'outer' })
  const x = input({ shape: [12, 12, 3] })
  const head = sequential([layers.dense({ units: 4, activation: 'relu' }), layers.dense({ units: 3 })], {
    name: 'head',
  })
  return model({ inputs: x, outputs: head.apply(outer.apply(x)) })
}
function stack() {
  return sequential([
    input({ shape: [12, 12, 3] }),
    sequential([layers.conv2D({ filters: 4, kernelSize: 3 }), layers.batchNormalization()]),
    layers.averagePooling2D({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 3, kernelRegularizer: 'l2' }),
  ])
}

const loss = () => losses.sparseCategoricalCrossentropy({ fromLogits: true })
const picture = [12, 12, 3]
const small = { weights: null, classes: 10 }
const cases = [
  { name: 'transfer-frozen', make: () => transfer(false), shape: picture, train: () => optimizers.adam({ learningRate: 0.01 }), old: true }, // prettier-ignore
  // Keras 3.15 overrides `training: false` in fit, and so trains another network from here.
  { name: 'transfer-unfrozen', make: () => transfer(true), shape: picture, train: () => optimizers.sgd({ learningRate: 0.05, momentum: 0.9 }), old: true, otherStep: true }, // prettier-ignore
  { name: 'guide', make: guide, shape: picture, train: () => optimizers.rmsprop(), old: true, otherStep: true },
  { name: 'siamese', make: siamese, shape: picture, old: true },
  {
    name: 'deep',
    make: deep,
    shape: picture,
    train: () => optimizers.sgd({ learningRate: 0.1, clipnorm: 1 }),
    old: true,
  },
  { name: 'stack', make: stack, shape: picture, train: () => optimizers.rmsprop({ momentum: 0.5, centered: true }), old: true }, // prettier-ignore
  { name: 'pieces', make: pieces, shape: picture, old: true },
  { name: 'normalised', make: normalised, shape: [5], old: true },
  { name: 'operations', make: operations, shape: [5], old: false },
  { name: 'xception', make: () => applications.xception({ ...small, inputShape: [71, 71, 3] }), shape: [71, 71, 3], old: true }, // prettier-ignore
  { name: 'mobilenet-v2', make: () => applications.mobileNetV2({ ...small, inputShape: [32, 32, 3] }), shape: [32, 32, 3], old: true }, // prettier-ignore
]

async function stored(list) {
  return Promise.all(list.map(async (each) => ({ data: Array.from(await each.data(), Number), shape: [...each.shape], dtype: each.dtype }))) // prettier-ignore
}
function listOf(outputs) {
  return Array.isArray(outputs) ? outputs : [outputs]
}

const tasks = []
for (const [index, { name, make, shape, train, old, otherStep = false }] of cases.entries()) {
  const net = await make()
  if (name !== 'normalised') net.setWeights(net.weights.map((variable, i) => weightValues(variable, i + 1)))
  const compiled = train !== undefined
  const labels = tensor(Int32Array.of(0, 1, 2, 1), { shape: [4] })
  const batch = values([4, ...shape], index + 50)
  if (compiled) {
    net.compile({ optimizer: train(), loss: loss(), metrics: ['accuracy'] })
    for (let step = 0; step < 2; step++) await net.trainOnBatch(batch, labels)
  }
  const x = values([2, ...shape], index + 20)
  const files = [`${name}.keras`, `${name}.h5`]
  for (const file of files) await net.save(join(folder, file))
  await net.saveWeights(join(folder, `${name}.weights.h5`))
  const common = { inputs: await stored([x]), outputs: await stored(listOf(net.applyNested(x, { training: false }))), compiled } // prettier-ignore
  if (compiled && !otherStep) {
    const logs = await net.trainOnBatch(batch, labels, { returnDict: true })
    common.next = { x: await stored([batch]), y: await stored([labels]), logs, weights: await stored(net.weights) }
  }
  const weights = { ...common, next: undefined, compiled: false, kind: 'weights' }
  tasks.push({ file: files[0], kind: 'model', libraries: ['keras'], ...common })
  // Keras 3.15 cannot go on training from this format, its own files included: the optimizer comes without its variables.
  tasks.push({ file: files[1], kind: 'model', libraries: ['keras'], ...common, next: undefined })
  if (old) tasks.push({ file: files[1], kind: 'model', libraries: ['tf_keras'], ...common })
  tasks.push({ file: `${name}.weights.h5`, model: files[0], libraries: ['keras'], ...weights })
  console.error(`wrote ${name}`)
}
writeFileSync(join(folder, 'tasks.json'), JSON.stringify(tasks))

const python = given.python ?? 'python3'
const output = execFileSync(python, [join(root, 'scripts/keras-judge.py'), folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 }) // prettier-ignore
const verdicts = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)) // prettier-ignore

// The other direction.
for (const verdict of verdicts.filter(({ written }) => written !== undefined)) {
  const { written, inputs, outputs } = verdict
  try {
    const net = await loadModel(join(folder, written))
    const x = inputs.map(({ data, shape }) => tensor(Float32Array.from(data), { shape }))
    const found = await stored(listOf(net.applyNested(x[0], { training: false })))
    verdict.difference = Math.max(...found.flatMap(({ data }, i) => data.map((value, k) => Math.abs(value - outputs[i].data[k]) / Math.max(1, Math.abs(outputs[i].data[k]))))) // prettier-ignore
  } catch (error) {
    verdict.error = String(error.message)
  }
  verdict.file = written
  verdict.library = `Tanuki, written by ${verdict.library}`
}

const show = (value) => (value === undefined ? '' : value.toExponential(1))
const rows = verdicts.map(({ file, library, difference, next, weights, error }) => `| \`${file}\` | ${library} | ${error === undefined ? show(difference) : `not loaded: ${error.split('\n')[0]}`} | ${show(next === undefined ? undefined : Math.max(next, weights))} |`) // prettier-ignore
const table = ['| file | loaded by | largest difference of outputs | of the next training step |', '|---|---|---|---|', ...rows].join('\n') // prettier-ignore
if (given.json) for (const { inputs: _, outputs: __, ...verdict } of verdicts) console.log(JSON.stringify(verdict))
else console.log(table)
if (given.record) {
  const path = join(root, 'docs/file-formats.md')
  const text = readFileSync(path, 'utf8')
  const marked = /(<!-- judge -->\n)[\s\S]*?(\n<!-- end -->)/
  writeFileSync(
    path,
    text.replace(marked, (_, before, after) => `${before}${table}${after}`),
  )
}
rmSync(folder, { recursive: true })
const failed = verdicts.filter(({ error, difference, next = 0, weights = 0 }) => error !== undefined || !(difference <= limit && next <= 1e-4 && weights <= 1e-4)) // prettier-ignore
console.error(`${verdicts.length - failed.length} of ${verdicts.length} files are read as they were meant`)
process.exitCode = failed.length === 0 && verdicts.length > 0 ? 0 : 1
