// Mistakes in training and using models: compile, fit, evaluate, predict, single batches, weights and model files.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  callbacks, input, layers, loadModel, losses, metrics, model, ops, optimizers, sequential, tensor,
} from '../../src/index.ts' // prettier-ignore
import { quietFolder } from './folder.ts'
import { checkMistakes, loose, type Mistakes, wrong } from './mistakes.ts'

const folder = quietFolder()
const shown = '<folder>'
const hide: Record<string, string> = { [folder]: shown }

const classifier = (classes = 3, activation: 'softmax' | 'sigmoid' | 'linear' = 'softmax') =>
  sequential([input({ shape: [4] }), layers.dense({ units: classes, activation, name: 'head' })])
const compiled = (options: object = {}, classes = 3) => {
  const net = classifier(classes)
  net.compile(wrong({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'], ...options }))
  return net
}
/** Two outputs, `a` and `b`. */
const two = () => {
  const x = input({ shape: [4] })
  return model({ inputs: x, outputs: [layers.dense({ units: 1, name: 'a' }).apply(x), layers.dense({ units: 1, name: 'b' }).apply(x)] })
} // prettier-ignore
const x = ops.ones([6, 4])
const y = tensor(Int32Array.of(0, 1, 2, 0, 1, 2))
const oneHot = ops.oneHot(y, 3)
const quiet = { verbose: 0 } as const
const fit = (options: object, labels: unknown = y) => loose(compiled()).fit!(x, labels, { ...quiet, ...options })
/** Wrong compile arguments show when the model first meets data. */
const fitWith = (options: object, labels: unknown = y, net = classifier()) => {
  net.compile(wrong({ optimizer: 'sgd', loss: 'mse', ...options }))
  return loose(net).fit!(x, labels, quiet)
}

/** What `fit`, `evaluate` and the calls on batches share: wrong data. */
const badData = (method: string, options: object = {}): Mistakes => ({
  'before compile': () => loose(classifier())[method]!(x, y, options),
  'no data': () => loose(compiled())[method]!(),
  'no labels': () => loose(compiled())[method]!(x, undefined, options),
  'a path': () => loose(compiled())[method]!('photos', undefined, options),
  'a promise of data': () => loose(compiled())[method]!(Promise.resolve(x), y, options),
  'a promise of labels': () => loose(compiled())[method]!(x, Promise.resolve(y), options),
  'labels as text': () => loose(compiled())[method]!(x, ['cat', 'dog', 'cat', 'dog', 'cat', 'dog'], options),
  'as many labels as classes': () => loose(compiled())[method]!(x, tensor([0, 1, 2]), options),
  'inputs of another size': () => loose(compiled())[method]!(ops.ones([6, 5]), y, options),
  'one sample without a batch': () => loose(compiled())[method]!(ops.ones([4]), tensor([1]), options),
  'ragged inputs': () => loose(compiled())[method]!([[1, 2, 3, 4], [1, 2, 3]], tensor([0, 1]), options),
  'inputs with a text': () => loose(compiled())[method]!([['1', '2', '3', '4']], tensor([0]), options),
  'a symbolic input': () => loose(compiled())[method]!(input({ shape: [4] }), y, options),
  'one-hot labels for a sparse loss': () => loose(compiled())[method]!(x, oneHot, options),
  'sparse labels for a one-hot loss': () => loose(compiled({ loss: 'categorical_crossentropy' }))[method]!(x, y, options),
  'labels of more classes than outputs': () => loose(compiled({ loss: 'categorical_crossentropy' }))[method]!(x, ops.oneHot(y, 5), options),
  'binary loss on several outputs': () => loose(compiled({ loss: 'binary_crossentropy' }))[method]!(x, y, options),
}) // prettier-ignore

const table: Record<string, Mistakes> = {
  'model.compile': {
    'nothing named': () => loose(classifier()).compile!('adam'),
    'optimizer and loss in a row': () => loose(classifier()).compile!('adam', 'mse'),
    'optimiser': () => classifier().compile(wrong({ optimiser: 'adam', loss: 'mse' })),
    'loss_weights': () => classifier().compile(wrong({ loss: 'mse', loss_weights: [1] })),
    'learningRate beside the optimizer': () => classifier().compile(wrong({ optimizer: 'adam', learningRate: 0.1 })),
    'an optimizer that is not there': () => classifier().compile({ optimizer: wrong('adamm'), loss: 'mse' }),
    'a maker that was not called': () => classifier().compile({ optimizer: wrong(optimizers.adam), loss: 'mse' }),
    'an optimizer class': () => classifier().compile({ optimizer: wrong(optimizers.Adam), loss: 'mse' }),
    'a learning rate as optimizer': () => classifier().compile({ optimizer: wrong(0.001), loss: 'mse' }),
    'a loss that is not there': () => classifier().compile({ loss: wrong('crossentropyy') }),
    'a loss maker that was not called': () => classifier().compile({ loss: wrong(losses.binaryCrossentropy) }),
    'a loss class': () => classifier().compile({ loss: wrong(losses.BinaryCrossentropy) }),
    'a number as loss': () => classifier().compile({ loss: wrong(0) }),
    'an optimizer as loss': () => classifier().compile({ loss: wrong(optimizers.adam()) }),
    'a metric that is not there': () => classifier().compile({ loss: 'mse', metrics: [wrong('accurracy')] }),
    'a metric maker that was not called': () => classifier().compile({ loss: 'mse', metrics: [wrong(metrics.binaryAccuracy)] }),
    'a metric class': () => classifier().compile({ loss: 'mse', metrics: [wrong(metrics.BinaryAccuracy)] }),
    'a loss as metric': () => classifier().compile({ loss: 'mse', metrics: [wrong(losses.meanSquaredError())] }),
    'runEagerly as text': () => classifier().compile({ loss: 'mse', runEagerly: wrong('yes') }),
    'losses for two outputs of a model with one': () => fitWith({ loss: ['mse', 'mse'] }, oneHot),
    'losses by a name that is not there': () => {
      const net = two()
      net.compile({ loss: { a: 'mse', c: 'mse' } })
      return net.fit(x, [ops.ones([6, 1]), ops.ones([6, 1])], quiet)
    },
    'one metric list for two outputs': () => {
      const net = two()
      net.compile({ loss: 'mse', metrics: ['mae'] })
      return net.fit(x, [ops.ones([6, 1]), ops.ones([6, 1])], quiet)
    },
    'loss weights as text': () => fitWith({ lossWeights: 'equal' }, oneHot),
  },
  'model.fit': {
    ...badData('fit', quiet),
    'options in the place of labels': () => loose(compiled()).fit!(x, { epochs: 2 }),
    'no loss': () => fitWith({ loss: null }),
    'labels of one of two outputs': () => {
      const net = two()
      net.compile({ loss: 'mse' })
      return net.fit(x, ops.ones([6, 1]), quiet)
    },
    'nb_epoch': () => fit({ nb_epoch: 5 }),
    'batch_size': () => fit({ batch_size: 2 }),
    'validation_split': () => fit({ validation_split: 0.2 }),
    'epochs as text': () => fit({ epochs: '5' }),
    'a fraction of an epoch': () => fit({ epochs: 1.5 }),
    'NaN epochs': () => fit({ epochs: NaN }),
    'a batch size of 0': () => fit({ batchSize: 0 }),
    'a batch size as text': () => fit({ batchSize: '32' }),
    'verbose as text': () => fit({ verbose: 'no' }),
    'a validation split in percent': () => fit({ validationSplit: 20 }),
    'a validation split that leaves nothing': () => fit({ validationSplit: 0.95 }),
    'validation data without labels': () => fit({ validationData: [x] }),
    'validation data that is a tensor': () => fit({ validationData: x }),
    'validation data of another shape': () => fit({ validationData: [ops.ones([2, 9]), tensor([0, 1])] }),
    'a callback without brackets': () => fit({ callbacks: callbacks.earlyStopping({ monitor: 'loss' }) }),
    'a callback that was not called': () => fit({ callbacks: [callbacks.earlyStopping] }),
    'a callback class': () => fit({ callbacks: [callbacks.EarlyStopping] }),
    'a function as callback': () => fit({ callbacks: [() => undefined] }),
    'class weights by name': () => fit({ classWeight: { cat: 2 } }),
    'class weights as a list': () => fit({ classWeight: '1,2,3' }),
    'negative class weights': () => fit({ classWeight: { 0: NaN } }),
    'class weights and sample weights': () => fit({ classWeight: { 0: 1 }, sampleWeight: ops.ones([6]) }),
    'too few sample weights': () => fit({ sampleWeight: ops.ones([3]) }),
    'shuffle as text': () => fit({ shuffle: 'yes' }),
    'an initial epoch as text': () => fit({ initialEpoch: '3' }),
    'steps below 1': () => fit({ stepsPerEpoch: -1 }),
    'a validation frequency of 0': () => fit({ validationFreq: 0 }),
    'a controller in place of its signal': () => fit({ signal: new AbortController() }),
    'a dataset that yields no labels': () => compiled().fit(async function* () { yield ops.ones([2, 4]) }, quiet),
    'a dataset with four parts': () => compiled().fit(async function* () { yield [1, 2, 3, 4].map(() => ops.ones([2, 4])) }, quiet),
    'a dataset that yields objects with a text': () => compiled().fit(async function* () { yield ['cat.jpg', 'cat'] }, quiet),
    'a dataset and labels': () => loose(compiled()).fit!(async function* () { yield [x, y] }, y, quiet),
    'a dataset and a batch size': () => compiled().fit(async function* () { yield [x, y] }, { ...quiet, batchSize: 2 }),
    'an empty dataset': () => compiled().fit(async function* () { /* nothing */ }, quiet),
    'a generator that gives no batches': () => loose(compiled()).fit!(() => 5, quiet),
  },
  'model.evaluate': {
    ...badData('evaluate', quiet),
    'return_dict': () => loose(compiled()).evaluate!(x, y, { ...quiet, return_dict: true }),
    'epochs': () => loose(compiled()).evaluate!(x, y, { ...quiet, epochs: 2 }),
    'returnDict as text': () => loose(compiled()).evaluate!(x, y, { ...quiet, returnDict: 'yes' }),
    'steps as text': () => loose(compiled()).evaluate!(x, y, { ...quiet, steps: 'all' }),
  },
  'model.predict': {
    'no data': () => loose(compiled()).predict!(),
    'a path': () => loose(compiled()).predict!('cat.jpg'),
    'a promise': () => loose(compiled()).predict!(Promise.resolve(x)),
    'inputs of another size': () => compiled().predict(ops.ones([6, 5]), quiet),
    'one sample without a batch': () => compiled().predict(ops.ones([4]), quiet),
    'a number': () => loose(compiled()).predict!(5),
    'a picture': () => compiled().predict(ops.ones([1, 8, 8, 3]), quiet),
    'labels too': () => loose(compiled()).predict!(x, y),
    'batch_size': () => loose(compiled()).predict!(x, { batch_size: 2 }),
    'a batch size of 0': () => compiled().predict(x, { ...quiet, batchSize: 0 }),
    'no samples': () => compiled().predict(tensor(new Float32Array(0), { shape: [0, 4] }), quiet),
    'two inputs for one': () => compiled().predict([x, x], quiet),
    'a symbolic input': () => loose(compiled()).predict!(input({ shape: [4] })),
    'a model that was never built': () => sequential().predict(x, quiet),
  },
  'model.trainOnBatch': {
    ...badData('trainOnBatch'),
    'epochs': () => loose(compiled()).trainOnBatch!(x, y, { epochs: 2 }),
    'a dataset': () => loose(compiled()).trainOnBatch!(async function* () { yield [x, y] }),
  },
  'model.testOnBatch': badData('testOnBatch'),
  'model.predictOnBatch': {
    'no data': () => loose(compiled()).predictOnBatch!(),
    'null': () => loose(compiled()).predictOnBatch!(null),
    'a path': () => loose(compiled()).predictOnBatch!('cat.jpg'),
    'a promise': () => loose(compiled()).predictOnBatch!(Promise.resolve(x)),
    'inputs of another size': () => compiled().predictOnBatch(ops.ones([6, 5])),
    'one sample without a batch': () => compiled().predictOnBatch(ops.ones([4])),
    'a number': () => compiled().predictOnBatch(5),
    'two inputs for one': () => compiled().predictOnBatch([x, x]),
    'an input by a name that is not there': () => compiled().predictOnBatch({ pixels: x }),
    'a symbolic input': () => loose(compiled()).predictOnBatch!(input({ shape: [4] })),
  },
  'model.saveWeights': {
    'no path': () => loose(compiled()).saveWeights!(),
    'a number': () => loose(compiled()).saveWeights!(5),
    'null': () => loose(compiled()).saveWeights!(null),
    'options': () => loose(compiled()).saveWeights!({ path: 'w.safetensors' }),
    'an empty path': () => compiled().saveWeights(''),
    'an unknown ending': () => compiled().saveWeights('weights.txt'),
    'no ending': () => compiled().saveWeights('weights'),
    'the ending of TensorFlow checkpoints': () => compiled().saveWeights('weights.ckpt'),
    'a path below a file': () => compiled().saveWeights(join(write('file.txt', ''), 'w.safetensors')),
    'before the model is built': () => sequential([layers.flatten()]).saveWeights('w.safetensors'),
    'a path over a folder': () => compiled().saveWeights(folderWithEnding()),
  },
  'model.loadWeights': {
    'no path': () => loose(compiled()).loadWeights!(),
    'a file that is not there': () => compiled().loadWeights(join(folder, 'none.safetensors')),
    'an unknown ending': () => compiled().loadWeights('weights.pt'),
    'a list of arrays': () => loose(compiled()).loadWeights!([ops.ones([4, 3])]),
    'a promise of a path': () => loose(compiled()).loadWeights!(Promise.resolve('w.safetensors')),
    'a file that holds something else': () => compiled().loadWeights(write('text.safetensors', 'these are no weights, only words')),
    'an empty file': () => compiled().loadWeights(write('empty.safetensors', '')),
    'weights of another model': async () => {
      await classifier(5).saveWeights(join(folder, 'five.safetensors'))
      return compiled().loadWeights(join(folder, 'five.safetensors'))
    },
    'weights of a deeper model': async () => {
      const deep = sequential([input({ shape: [4] }), layers.dense({ units: 2, name: 'body' }), layers.dense({ units: 3, name: 'top' })])
      await deep.saveWeights(join(folder, 'deep.safetensors'))
      return compiled().loadWeights(join(folder, 'deep.safetensors'))
    },
    'skip_mismatch': () => loose(compiled()).loadWeights!(join(folder, 'five.safetensors'), { skip_mismatch: true }),
    'before the model is built': () => sequential([layers.flatten()]).loadWeights('w.safetensors'),
  },
  'model.save': {
    'no path': () => loose(compiled()).save!(),
    'an unknown ending': () => compiled().save('model.txt'),
    'no ending': () => compiled().save('model'),
    'the path of a folder': () => compiled().save('saved_model/'),
    'the ending of ONNX': () => compiled().save('model.onnxx'),
    'the ending of TensorFlow': () => compiled().save('model.pb'),
    'a number': () => loose(compiled()).save!(1),
    'a list of paths': () => loose(compiled()).save!(['a.safetensors', 'b.safetensors']),
    'a promise': () => loose(compiled()).save!(Promise.resolve('m.safetensors')),
    'before the model is built': () => sequential([layers.flatten()]).save('m.safetensors'),
    'a model with a lambda': () => sequential([input({ shape: [3] }), layers.lambda((value: never) => value)]).save(join(folder, 'l.safetensors')),
  },
  loadModel: {
    'no path': () => loadModel(wrong(undefined)),
    'a number': () => loadModel(wrong(7)),
    'a model': () => loadModel(wrong(compiled())),
    'a file that is not there': () => loadModel(join(folder, 'none.safetensors')),
    'an unknown ending': () => loadModel('model.json'),
    'a folder': () => loadModel('models/'),
    'a web address': () => loadModel('https://example.org/model.bin'),
    'an empty file': () => loadModel(write('nothing.safetensors', '')),
    'a file of words': () => loadModel(write('words.safetensors', 'a model of words, and nothing else')),
    'a file with weights only': async () => {
      await compiled().saveWeights(join(folder, 'only.safetensors'))
      return loadModel(join(folder, 'only.safetensors'))
    },
    'compile as text': () => loadModel(join(folder, 'only.safetensors'), { compile: wrong('no') }),
    'an option that is not one': () => loadModel(join(folder, 'only.safetensors'), wrong({ custom_objects: {} })),
  },
} // prettier-ignore

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
function folderWithEnding(): string {
  const path = join(folder, 'dir')
  mkdirSync(path, { recursive: true })
  return `${path}/`
}

checkMistakes('training', table, { hide })

test('a refused call leaves the model as it was, ready to train', async () => {
  const net = compiled()
  const before = await Promise.all(net.weights.map((weight) => weight.value().data()))
  for (const [name, mistake] of Object.entries(badData('fit', quiet))) {
    if (name === 'before compile') continue
    await expect(Promise.resolve().then(mistake), name).rejects.toThrow()
  }
  await expect(net.fit(ops.ones([6, 5]), y, quiet)).rejects.toThrow()
  await expect(net.fit(x, oneHot, quiet)).rejects.toThrow()
  await expect(net.evaluate(x, oneHot, quiet)).rejects.toThrow()
  await expect(loose(net).fit!(x, y, { epocs: 3 })).rejects.toThrow()
  expect(await Promise.all(net.weights.map((weight) => weight.value().data()))).toEqual(before)
  const { history } = await net.fit(x, y, quiet)
  expect(Object.keys(history)).toEqual(['accuracy', 'loss'])
})
