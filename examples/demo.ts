// Transfer learning and fine-tuning on the embedded clothing pictures: `npm run demo -- --seed 1 --out runs/mine`.
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  AbortError, applications, data, engine, type Functional, input, layers, losses, model, optimizers, ready,
  sequential, setRandomSeed, setWarningHandler,
} from 'tanuki-ml' // prettier-ignore

/** How much is trained. Full: the recipe of docs/demo.md. Reduced: what the reference engine does in minutes. */
interface Schedule {
  readonly imageSize: number
  readonly batchSize: number
  readonly epochs: number
  readonly fineTuningEpochs: number
  /** Training, validation and test pictures of a class; null for all. */
  readonly pictures: readonly [train: number, validation: number, test: number] | null
}
const full: Schedule = { imageSize: 224, batchSize: 32, epochs: 10, fineTuningEpochs: 6, pictures: null }
const reduced: Schedule = { imageSize: 96, batchSize: 16, epochs: 3, fineTuningEpochs: 1, pictures: [10, 4, 4] }

const usage = `usage: npm run demo -- [--seed N] [--out FOLDER] [--epochs N] [--fine-tuning-epochs N]
  --seed N                 of initial weights, order, augmentation and dropout (default 0)
  --out FOLDER             where model.safetensors and history.json go (default runs/demo-seed-N)
  --epochs N               epochs of the new head alone (default 10)
  --fine-tuning-epochs N   epochs of all layers after that (default 6)`

class UsageError extends Error {}

function readOptions(): { seed: number; out: string; epochs: number | null; fineTuningEpochs: number | null } | null {
  const names = ['seed', 'out', 'epochs', 'fine-tuning-epochs'] as const
  let values: Partial<Record<(typeof names)[number] | 'help', string | boolean>>
  try {
    const strings = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
    values = parseArgs({ options: { ...strings, help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
  if (values.help === true) return null
  const count = (name: (typeof names)[number]): number | null => {
    const text = values[name]
    if (text === undefined) return null
    if (typeof text !== 'string' || !/^\d{1,9}$/.test(text))
      throw new UsageError(`--${name} needs a whole number, not "${text}"`)
    return Number(text)
  }
  const seed = count('seed') ?? 0
  const out = typeof values.out === 'string' ? values.out : join('runs', `demo-seed-${seed}`)
  return { seed, out, epochs: count('epochs'), fineTuningEpochs: count('fine-tuning-epochs') }
}

const assets = join(dirname(fileURLToPath(import.meta.resolve('tanuki-ml/package.json'))), 'assets')

/** Training data: cached decoded pictures, shuffled anew every epoch. Validation and test: cached batches, in order. */
async function loadData({ imageSize, batchSize, pictures }: Schedule, seed: number) {
  const load = async (part: string, limit: number | undefined) => {
    const options = { imageSize, labelMode: 'int', shuffle: false, batchSize: null, uint8: true } as const
    const found = await data.imageDatasetFromDirectory(join(assets, 'clothing-mini', part), options)
    const { classNames } = found
    if (limit === undefined) return { classNames, pictures: found as data.Dataset, count: found.cardinality() }
    // The files come class by class, all classes with as many.
    const perClass = found.cardinality() / classNames.length
    const shards = classNames.map((_, index) => found.skip(index * perClass).take(limit))
    const some = shards.slice(1).reduce((all, shard) => all.concatenate(shard), shards[0]!)
    return { classNames, pictures: some, count: limit * classNames.length }
  }
  const train = await load('train', pictures?.[0])
  const validation = await load('validation', pictures?.[1])
  const test = await load('test', pictures?.[2])
  return {
    classNames: train.classNames,
    train: train.pictures.cache().shuffle(train.count, { seed }).batch(batchSize).prefetch(2),
    validation: validation.pictures.batch(batchSize).cache(),
    test: test.pictures.batch(batchSize).cache(),
  }
}

/** The guide's model on a pretrained base: augmentation, preprocessing, base in inference mode, pooling, dropout, dense. */
async function buildModel(imageSize: number, classes: number): Promise<{ classifier: Functional; base: Functional }> {
  const base = await applications.efficientNetLite0({
    weights: 'imagenet',
    includeTop: false,
    inputShape: [imageSize, imageSize, 3],
  })
  base.trainable = false
  const augmentation = sequential([layers.randomFlip({ mode: 'horizontal' }), layers.randomRotation({ factor: 0.1 })])
  const inputs = input({ shape: [imageSize, imageSize, 3] })
  let x = augmentation.apply(inputs)
  x = layers.rescaling({ scale: 1 / 128, offset: -127 / 128 }).apply(x)
  x = base.apply(x, { training: false })
  x = layers.globalAveragePooling2D().apply(x)
  x = layers.dropout({ rate: 0.2 }).apply(x)
  // A name of its own: automatic names count on, and weights are saved by name.
  const outputs = layers.dense({ units: classes, name: 'head' }).apply(x)
  return { classifier: model({ inputs, outputs, name: 'clothing' }), base }
}

function compile(classifier: Functional, learningRate: number): void {
  classifier.compile({
    optimizer: optimizers.adam({ learningRate }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  })
}

async function writeAtomically(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.part`, text)
  await rename(`${path}.part`, path)
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options === null) {
    console.log(usage)
    return
  }
  const { seed, out } = options
  const interrupt = new AbortController()
  const { signal } = interrupt
  let interruptedAt = 0
  process.on('SIGINT', () => {
    // npm passes on what the terminal has sent already: a second Ctrl-C counts only when it is one.
    if (signal.aborted && performance.now() - interruptedAt > 500) process.exit(130)
    if (signal.aborted) return
    interruptedAt = performance.now()
    console.log('\nInterrupted: stopping after this step. Ctrl-C again leaves at once.')
    interrupt.abort()
  })

  // The line below says what the library's own warning would.
  const warnings = setWarningHandler(() => undefined)
  await ready()
  setWarningHandler(warnings)
  const info = engine.info()
  const isReduced = info.name === 'reference'
  const schedule = isReduced ? reduced : full
  const epochs = options.epochs ?? schedule.epochs
  const fineTuningEpochs = options.fineTuningEpochs ?? schedule.fineTuningEpochs
  console.log(`Engine: ${info.name} (${info.instructionSet}, ${info.threads} threads), ${info.reason}.`)
  if (isReduced) {
    const { imageSize, pictures } = schedule
    console.log(
      `Reduced schedule for the slow reference engine: ${pictures!.join(' + ')} pictures a class at ${imageSize}x${imageSize}, ` +
        `${epochs} + ${fineTuningEpochs} epochs; the accuracy says little. "npm run build:native" builds the fast engine.`,
    )
  }

  const started = performance.now()
  setRandomSeed(seed)
  const { classNames, train, validation, test } = await loadData(schedule, seed)
  const { classifier, base } = await buildModel(schedule.imageSize, classNames.length)
  classifier.summary()

  console.log(`\nTraining the head, ${epochs} epochs`)
  compile(classifier, 1e-3)
  const head = await classifier.fit(train, { epochs, validationData: validation, signal })
  const headTest = await classifier.evaluate(test, { returnDict: true, signal })

  console.log(`\nFine-tuning all layers, ${fineTuningEpochs} epochs`)
  base.trainable = true
  // BatchNormalization stays as it was learnt: a few hundred pictures are too few to learn gamma and beta anew.
  for (const layer of base.layers) if (layer instanceof layers.BatchNormalization) layer.trainable = false
  compile(classifier, 1e-5)
  const fineTuning = await classifier.fit(train, { epochs: fineTuningEpochs, validationData: validation, signal })
  const testResult = await classifier.evaluate(test, { returnDict: true, signal })

  const modelPath = join(out, 'model.safetensors')
  await classifier.saveWeights(modelPath)
  const seconds = (performance.now() - started) / 1000
  const history = {
    seed,
    engine: info,
    reduced: isReduced,
    classNames,
    schedule: { ...schedule, epochs, fineTuningEpochs },
    head: head.history,
    fineTuning: fineTuning.history,
    headTest,
    test: testResult,
    seconds,
  }
  const historyPath = join(out, 'history.json')
  await writeAtomically(historyPath, `${JSON.stringify(history, null, 2)}\n`)

  await checkReloaded(classifier, modelPath, schedule.imageSize, classNames.length, test)
  const percent = (value: number | undefined): string => `${(100 * (value ?? NaN)).toFixed(1)} %`
  console.log(
    `\nTest accuracy: ${percent(headTest.accuracy)} after the head, ${percent(testResult.accuracy)} after fine-tuning.`,
  )
  console.log(`${seconds.toFixed(1)} s from the first picture to the saved model.`)
  console.log(`Wrote ${modelPath} and ${historyPath}; the reloaded model predicts the same, bit by bit.`)
}

/** Loads the weights into a new model. @throws Error unless its predictions are equal bit by bit. */
async function checkReloaded(
  trained: Functional,
  path: string,
  imageSize: number,
  classes: number,
  test: data.Dataset,
): Promise<void> {
  const { classifier: reloaded } = await buildModel(imageSize, classes)
  await reloaded.loadWeights(path)
  const bytesOf = async (which: Functional): Promise<Buffer> => {
    const predictions = await (await which.predict(test, { verbose: 0 })).data()
    return Buffer.from(predictions.buffer, predictions.byteOffset, predictions.byteLength)
  }
  const [expected, received] = [await bytesOf(trained), await bytesOf(reloaded)]
  if (expected.length === 0 || !expected.equals(received)) {
    throw new Error(`the model reloaded from ${path} predicts something else than the one that was saved`)
  }
}

try {
  await main()
} catch (error) {
  if (error instanceof AbortError) {
    console.log('Stopped; nothing was saved.')
    process.exitCode = 130
  } else if (error instanceof UsageError) {
    console.error(`${error.message}\n${usage}`)
    process.exitCode = 2
  } else throw error
}
