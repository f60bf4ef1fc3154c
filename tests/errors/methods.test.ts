// Mistakes with the methods of layers, Variables, tapes, optimizers, schedules, initializers, metrics, and with checkpoints.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  data, GradientTape, initializers, input, Layer, layers, losses, metrics, ops, optimizers, report, schedules, sequential, tensor, Variable,
} from '../../src/index.ts' // prettier-ignore
import { kinds } from './arguments.ts'
import { quietFolder } from './folder.ts'
import { checkMistakes, each, loose, type Mistakes, wrong } from './mistakes.ts'

const folder = quietFolder()
const at = (name: string): string => join(folder, name)
mkdirSync(at('folder.safetensors'))
const write = (name: string, text: string): string => {
  writeFileSync(at(name), text)
  return at(name)
}

const x = ops.ones([2, 3])
const dense = () => layers.dense({ units: 2, name: 'head' })
const variable = new Variable(x, { name: 'kernel' })
const tape = () => new GradientTape()
const sgd = () => optimizers.sgd({ learningRate: 0.1, name: 'descent' })

const noShapes = {
  'nothing': undefined, 'null': null, 'a text': '2x3', 'a number': 3, 'a tensor': x, 'texts in it': [null, '3'], 'a fraction': [null, 2.5], 'below 0': [-1, 3], 'NaN': [null, NaN], 'a promise': Promise.resolve([null, 3]),
} // prettier-ignore
const noConfigs = {
  'nothing': undefined, 'null': null, 'a text': '{"name": "a"}', 'a number': 1, 'a list': [], 'a tensor': x, 'a promise': Promise.resolve({}), 'a class': Layer, 'a Map': new Map(), 'a function': () => ({}),
} // prettier-ignore

const ofLayers: Record<string, Mistakes> = {
  'Layer.apply': {
    ...each((given) => loose(dense()).apply!(given), {
      'nothing': undefined, 'null': null, 'a path': 'cat.jpg', 'a promise': Promise.resolve(x), 'a layer': layers.flatten({ name: 'before' }), 'a function': () => x, 'a shape': { shape: 3 }, 'texts': [['1', '2', '3']], 'ragged lists': [[1, 2, 3], [1, 2]],
      'one row': ops.ones([3]), 'two inputs': [x, x], 'a dataset': data.Dataset.range(3),
    }),
    'other features than it was built for': () => {
      const layer = dense()
      layer.apply(x)
      return layer.apply(ops.ones([2, 4]))
    },
    'training without its name': () => loose(dense()).apply!(x, true),
    'null in place of options': () => loose(dense()).apply!(x, null),
    'training as text': () => loose(dense()).apply!(x, { training: 'yes' }),
    'Training': () => loose(dense()).apply!(x, { traning: true }),
  },
  'Layer.build': each((given) => loose(dense()).build!(given), { ...noShapes, 'no features': [null, null], 'no axes': [] }),
  'Layer.addLoss': each((given) => loose(dense()).addLoss!(given), {
    'nothing': undefined, 'null': null, 'a text': 'mse', 'a promise': Promise.resolve(tensor(1)), 'a list': [tensor(1)], 'a function': () => tensor(1), 'a loss': losses.meanSquaredError(), 'an input': input({ shape: [3] }), 'an object': { loss: 1 }, 'true': true,
  }),
  'Layer.addWeight': {
    ...each((given) => loose(dense()).addWeight!(given), { 'null': null, 'a shape': [2, 3], 'a name': 'kernel', 'shape as number': { shape: 3 }, 'shape with an open size': { shape: [null, 3] }, 'a misspelt option': { intializer: 'zeros' }, 'float64': { dtype: 'float64' }, 'trainable as text': { trainable: 'no' }, 'a name that is a number': { name: 1 }, 'an initializer that is not there': { initializer: 'zeross' }, 'an initializer that is a number': { initializer: 0 }, 'a constraint that is not there': { constraint: 'nonneg' } }),
    'after the layer was built': () => {
      const layer = dense()
      layer.build([null, 3])
      return layer.addWeight({ name: 'late', shape: [1] })
    },
  },
  'Layer.trainable': each((given) => { loose(dense()).trainable = given as never }, {
    'nothing': undefined, 'null': null, 'a text': 'false', 'a number': 0, 'a list': [false], 'a function': () => false, 'a promise': Promise.resolve(false), 'an object': { trainable: false }, 'NaN': NaN, 'an empty text': '',
  }),
  'Layer.track': each((given) => loose(dense()).track!(given), { 'nothing': undefined, 'null': null, 'a list': [dense()], 'a name': 'dense', 'a class': layers.Dense, 'a maker': layers.dense, 'a Variable': variable, 'a promise': Promise.resolve(dense()), 'options of a layer': { units: 2 }, 'an output': input({ shape: [3] }) }),
  'Layer.fromConfig': {
    ...each((given) => layers.Dense.fromConfig(wrong(given)), noConfigs),
    'options in camelCase': () => layers.Conv2D.fromConfig({ filters: 2, kernelSize: '3' }),
    'another class’s config': () => layers.Dense.fromConfig(layers.flatten().getConfig()),
  },
  'Normalization.adapt': each((given) => layers.normalization({ name: 'norm' }).adapt(wrong(given)), {
    'nothing': undefined, 'null': null, 'a path': 'cat.jpg', 'a promise': Promise.resolve(x), 'a function': () => x, 'an object': { x }, 'no samples': [], 'texts': ['1'], 'a dataset of pairs': data.Dataset.fromTensorSlices([x, tensor([0, 1])]).batch(2), 'a layer': dense(), 'true': true, 'a symbolic input': input({ shape: [3] }),
  }),
} // prettier-ignore

const ofValues: Record<string, Mistakes> = {
  'Variable.assignAdd': { ...each((given) => { loose(variable).assignAdd!(given) }, kinds.tensor!), 'another shape': () => { variable.assignAdd(ops.ones([4])) } },
  'Variable.assignSub': { ...each((given) => { loose(variable).assignSub!(given) }, kinds.tensor!), 'another shape': () => { variable.assignSub(ops.ones([3, 3])) } },
  'GradientTape.record': each((given) => loose(tape()).record!(given), { 'nothing': undefined, 'null': null, 'a tensor': x, 'a number': 1, 'a text': 'loss', 'a promise': Promise.resolve(x), 'an async function': () => Promise.resolve(x), 'a layer': dense(), 'a list of functions': [() => x], 'a class': losses.Huber }),
  'GradientTape.watch': each((given) => { loose(tape()).watch!(given) }, { 'nothing': undefined, 'null': null, 'a number': 1, 'a list': [x], 'a text': 'kernel', 'a promise': Promise.resolve(x), 'a layer': dense(), 'numbers': [1, 2], 'a symbolic input': input({ shape: [3] }), 'a function': () => x }),
  'GradientTape.gradient': {
    ...each((given) => loose(tape()).gradient!(given, variable), { 'nothing': undefined, 'null': null, 'a number': 1, 'a promise': Promise.resolve(x), 'no targets': [], 'integers': ops.ones([2], 'int32'), 'a function': () => x }),
    ...each((given) => loose(tape()).gradient!(x, given), { 'no sources': undefined, 'a layer as source': dense(), 'names as sources': ['kernel'], 'a promise of sources': Promise.resolve([variable]), 'weights in a record': { kernel: variable } }),
  },
  'RandomState.shuffle': each((given) => { loose(new data.RandomState(1)).shuffle!(given) }, { 'nothing': undefined, 'null': null, 'a text': 'abc', 'a number': 5, 'a tensor': x, 'a dataset': data.Dataset.range(3), 'an object': { a: 1 }, 'a Set': new Set([1]), 'a promise': Promise.resolve([1, 2]), 'a function': () => [1] }),
  'Initializer.apply': {
    ...each((given) => loose(initializers.heNormal()).apply!(given), { 'nothing': undefined, 'null': null, 'a text': '2x3', 'a number': 3, 'a tensor': x, 'texts in it': ['3'], 'a fraction': [2.5], 'below 0': [-1, 3], 'an open size': [null, 3], 'a promise': Promise.resolve([3]) }),
    'a dtype without its name': () => loose(initializers.zeros()).apply!([2], 'int32'),
    'float64': () => initializers.zeros().apply([2], { dtype: wrong('float64') }),
    'an option that is not one': () => initializers.zeros().apply([2], wrong({ type: 'int32' })),
  },
  'ImageGrid.png': await (async () => {
    const grid = loose(await report.imageGrid([ops.zeros([2, 2, 3], 'uint8')]))
    return each((given) => grid.png!(given), { 'null': null, 'a number': 2, 'a path': 'grid.png', 'a scale of 0': { scale: 0 }, 'below 0': { scale: -1 }, 'a text': { scale: '2' }, 'NaN': { scale: NaN }, 'infinitely large': { scale: Infinity }, 'an option that is not one': { size: 2 }, 'a list': [2] })
  })(),
} // prettier-ignore

const noVariables = { 'nothing': undefined, 'null': null, 'one Variable': variable, 'names': ['kernel'], 'tensors': [x], 'a layer': dense(), 'a promise': Promise.resolve([variable]), 'an object': { variables: [variable] }, 'undefined in the list': [undefined], 'a function': () => [variable] } // prettier-ignore
const built = () => {
  const optimizer = sgd()
  optimizer.build([variable])
  return optimizer
}
const ofTraining: Record<string, Mistakes> = {
  'Optimizer.apply': {
    ...each((given) => { loose(built()).apply!(given) }, { 'nothing': undefined, 'null': null, 'one gradient': x, 'numbers': [1], 'a promise': Promise.resolve([x]), 'too many gradients': [x, x], 'another shape': [ops.ones([5])], 'a text': 'loss', 'no gradient at all': [null], 'undefined in the list': [undefined] }),
    'before it is built': () => { sgd().apply([x]) },
    'variables of another model': () => { built().apply([x], [new Variable(x, { name: 'other' })]) },
    'a model in place of variables': () => { built().apply([x], wrong(dense())) },
    'pairs': () => { loose(built()).apply!([[x, variable]]) },
  },
  'Optimizer.applyGradients': each((given) => { loose(built()).applyGradients!(given) }, { 'nothing': undefined, 'null': null, 'gradients alone': [x], 'a pair without brackets': [x, variable], 'the Variable in front': [[variable, x]], 'a promise': Promise.resolve([[x, variable]]), 'a Map': new Map([[x, variable]]), 'names': [[x, 'kernel']], 'a text': 'loss', 'a pair of one': [[x]] }),
  'Optimizer.build': each((given) => { loose(sgd()).build!(given) }, noVariables),
  'Optimizer.learningRate': each((given) => { loose(sgd()).learningRate = given as never }, { 'nothing': undefined, 'null': null, 'a text': '0.1', 'NaN': NaN, 'below 0': -1, 'a tensor': tensor(0.1), 'a list': [0.1], 'a schedule class': schedules.CosineDecay, 'a schedule by name': 'cosineDecay', 'a promise': Promise.resolve(0.1), 'an object': { learningRate: 0.1 } }),
  'Optimizer.excludeFromWeightDecay': {
    ...each((given) => { loose(optimizers.adamW()).excludeFromWeightDecay!(given) }, { 'nothing': undefined, 'null': null, 'names alone': ['bias'], 'a name': 'bias', 'var_names': { var_names: ['bias'] }, 'one name': { names: 'bias' }, 'a broken expression': { names: ['('] }, 'names as variables': { variables: ['bias'] }, 'one variable': { variables: variable }, 'a regular expression': { names: [/bias/] } }),
    'after it was built': () => { built().excludeFromWeightDecay({ names: ['bias'] }) },
  },
  'Optimizer.scaleLoss': each((given) => loose(optimizers.sgd({ lossScaleFactor: 2 })).scaleLoss!(given), kinds.tensor!),
  'Optimizer.fromConfig': each((given) => optimizers.SGD.fromConfig(wrong(given)), noConfigs),
  'LearningRateSchedule.at': each((given) => loose(schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 })).at!(given), { 'nothing': undefined, 'null': null, 'a text': '3', 'NaN': NaN, 'below 0': -1, 'a list': [1, 2], 'a promise': Promise.resolve(3), 'a vector': tensor([1, 2]), 'an object': { step: 3 }, 'a function': () => 3 }),
  'LearningRateSchedule.apply': each((given) => loose(schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 })).apply!(given), kinds.tensor!),
  'LearningRateSchedule.fromConfig': each((given) => schedules.ExponentialDecay.fromConfig(wrong(given)), noConfigs),
  'Loss.fromConfig': each((given) => losses.Huber.fromConfig(wrong(given)), noConfigs),
  'Metric.fromConfig': each((given) => metrics.BinaryAccuracy.fromConfig(wrong(given)), noConfigs),
  'Sum.updateState': each((given) => { loose(metrics.sum()).updateState!(given) }, kinds.tensor!),
} // prettier-ignore

const net = (units = 2) => {
  const made = sequential([input({ shape: [3] }), layers.dense({ units, name: 'head' })], { name: 'net' })
  made.compile({ optimizer: 'sgd', loss: 'mse' })
  return made
}
await net(5).saveCheckpoint(at('five.safetensors'))
await net().saveWeights(at('weights.safetensors'))
const used = net()
await used.testOnBatch(x, ops.ones([2, 2]))
const whole = at('whole.safetensors')
await net().saveCheckpoint(whole)
writeFileSync(at('cut.safetensors'), readFileSync(whole).subarray(0, 300))

const ofCheckpoints: Record<string, Mistakes> = {
  'Model.saveCheckpoint': {
    ...each((path) => loose(net()).saveCheckpoint!(path), { 'nothing': undefined, 'null': null, 'a number': 1, 'an empty path': '', 'no ending': at('c'), 'the ending of Keras': at('c.keras'), 'the ending of PyTorch': at('c.ckpt'), 'a promise': Promise.resolve('c.safetensors'), 'options': { path: 'c.safetensors' }, 'a path that is a folder': at('folder.safetensors'), 'a path below a file': join(write('plain', ''), 'c.safetensors') }),
    'before the model is built': () => sequential([dense()], { name: 'unbuilt' }).saveCheckpoint(at('c.safetensors')),
  },
  'Model.loadCheckpoint': {
    ...each((path) => loose(net()).loadCheckpoint!(path), { 'nothing': undefined, 'null': null, 'a number': 1, 'the ending of Keras': at('c.keras'), 'a promise': Promise.resolve('c.safetensors'), 'a file that is not there': at('none.safetensors'), 'a folder': at('folder.safetensors'), 'an empty file': write('empty.safetensors', ''), 'half of a file': at('cut.safetensors'), 'weights alone': at('weights.safetensors'), 'of another model': at('five.safetensors') }),
    'before the model is built': () => sequential([dense()], { name: 'unbuilt' }).loadCheckpoint(at('five.safetensors')),
    'before the model is compiled': () => sequential([input({ shape: [3] }), dense()], { name: 'net' }).loadCheckpoint(whole),
  },
  'Model.computeLoss': {
    ...each((parts) => loose(used).computeLoss!(parts), { 'nothing': undefined, 'null': null, 'labels alone': tensor([1]), 'no predictions': { y: ops.ones([2, 2]) }, 'no labels': { yPred: ops.ones([2, 2]) }, 'y_pred': { y: ops.ones([2, 2]), y_pred: ops.ones([2, 2]) }, 'labels of another shape': { y: ops.ones([5, 2]), yPred: ops.ones([2, 2]) }, 'texts as labels': { y: ['cat', 'dog'], yPred: ops.ones([2, 2]) }, 'a promise of predictions': { y: ops.ones([2, 2]), yPred: Promise.resolve(x) } }),
    'before the first batch': () => net().computeLoss({ x, y: ops.ones([2, 2]), yPred: ops.ones([2, 2]) } as never),
    'before the model is compiled': () => sequential([input({ shape: [3] }), dense()], { name: 'net' }).computeLoss({ x, y: x, yPred: x } as never),
  },
} // prettier-ignore

checkMistakes('methods', { ...ofLayers, ...ofValues, ...ofTraining, ...ofCheckpoints }, { hide: { [folder]: '<folder>' } }) // prettier-ignore

test('what is refused leaves Variables, optimizers and files as they were', async () => {
  expect(await variable.array()).toEqual([[1, 1, 1], [1, 1, 1]]) // prettier-ignore
  expect(existsSync(at('c.safetensors'))).toBe(false)
  const model = net()
  await model.loadCheckpoint(whole)
  expect(await model.optimizer!.iterations.item()).toBe(0)
})
