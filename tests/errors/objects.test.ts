// Mistakes with the small objects that configure training: losses, metrics, optimizers, schedules, initializers, regularizers,
// constraints, activations. Their options come from their configs, so that new ones are covered when they are exported.
import { describe } from 'vitest'
import { activations, constraints, initializers, losses, metrics, ops, optimizers, regularizers, schedules, tensor } from '../../src/index.ts' // prettier-ignore
import { camelKeys } from '../../src/initializers/objects.ts'
import { withoutNames } from '../../src/ops/naming.ts'
import { checkMistakes, functionsOf, type Mistakes, wrong } from './mistakes.ts'

interface Made {
  getConfig(): Record<string, unknown>
  readonly className: string
}
type Maker = (options?: unknown, more?: unknown) => Made

/** Options without which a function cannot make anything. */
const needed: Readonly<Record<string, Record<string, unknown>>> = {
  ioU: { numClasses: 2, targetClassIds: [0] },
  meanIoU: { numClasses: 2 },
  oneHotIoU: { numClasses: 2, targetClassIds: [0] },
  oneHotMeanIoU: { numClasses: 2 },
  sensitivityAtSpecificity: { specificity: 0.5 },
  specificityAtSensitivity: { sensitivity: 0.5 },
  precisionAtRecall: { recall: 0.5 },
  recallAtPrecision: { precision: 0.5 },
  exponentialDecay: { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 },
  inverseTimeDecay: { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 },
  piecewiseConstantDecay: { boundaries: [10], values: [0.1, 0.01] },
  cosineDecay: { initialLearningRate: 0.1, decaySteps: 10 },
  cosineDecayRestarts: { initialLearningRate: 0.1, firstDecaySteps: 10 },
  polynomialDecay: { initialLearningRate: 0.1, decaySteps: 10 },
  lossScaleOptimizer: { innerOptimizer: withoutNames(() => optimizers.sgd()) },
}
/** Functions that are no makers: those that look things up, and what losses and metrics are made of. */
const others = [
  'get', 'getInitializer', 'register', 'serialize', 'deserialize', 'meanMetricWrapper', 'resolveAccuracy', 'resolveCrossentropy',
  'outputKind', 'alignPair', 'alignRanks', 'applyMask', 'divideNoNan', 'reduceWeighted', 'cosineSimilarityOf', 'fansOf',
] // prettier-ignore

function makersOf(module: object): [string, Maker][] {
  const names = functionsOf(module, others).filter((name) => /^[a-z]/.test(name) && !name.endsWith('Values'))
  return names.map((name) => [name, (module as unknown as Record<string, Maker>)[name]!])
}

/** Wrong options for whatever the maker's config says it takes. */
function wrongOptions(name: string, make: Maker, alone: readonly string[] = []): Mistakes {
  const good = needed[name] ?? {}
  const config = withoutNames(() => camelKeys(make(good).getConfig()))
  const mistakes: Record<string, () => unknown> = {}
  if (!alone.includes('number')) mistakes['a number in place of options'] = () => make(0.1)
  mistakes['a text in place of options'] = () => make('default')
  mistakes['a list in place of options'] = () => make([good])
  mistakes['null'] = () => make(null)
  mistakes['a promise'] = () => make(Promise.resolve(good))
  mistakes['a tensor in place of options'] = () => make(ops.ones([2]))
  if (!alone.includes('number')) mistakes['a class in place of options'] = () => make(losses.Huber)
  mistakes['true in place of options'] = () => make(true)
  mistakes['a Map in place of options'] = () => make(new Map())
  mistakes['an option that is not one'] = () => make({ ...good, units: 3 })
  for (const option of Object.keys(good)) {
    mistakes[`${option} missing`] = () =>
      make(Object.fromEntries(Object.entries(good).filter(([key]) => key !== option)))
    mistakes[`${option} as text`] = () => make({ ...good, [option]: 'high' })
  }
  for (const [option, value] of Object.entries(config)) {
    mistakes[`${option} with an s`] = () => make({ ...good, [`${option}s`]: value })
    const snake = option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    if (snake !== option) mistakes[snake] = () => make({ ...good, [snake]: value })
    if (option in good) continue
    if (typeof value === 'number') {
      mistakes[`${option} as text`] = () => make({ ...good, [option]: '1' })
      mistakes[`${option} NaN`] = () => make({ ...good, [option]: NaN })
    }
    if (typeof value === 'boolean') mistakes[`${option} as text`] = () => make({ ...good, [option]: 'yes' })
    if (typeof value === 'string') mistakes[`${option} as a number`] = () => make({ ...good, [option]: 7 })
    if (option === 'reduction') mistakes['an unknown reduction'] = () => make({ ...good, reduction: 'average' })
  }
  return mistakes
}

const labels = tensor([[0, 1], [1, 0]]) // prettier-ignore
const loss = losses.meanSquaredError()
const metric = metrics.binaryAccuracy()
const families: Readonly<Record<string, Record<string, Mistakes>>> = {
  losses: {
    ...of('losses', losses),
    'loss.apply': {
      'nothing': () => loss.apply(wrong(undefined), wrong(undefined)),
      'no predictions': () => loss.apply(labels, wrong(undefined)),
      'texts as labels': () => loss.apply(wrong(['cat', 'dog']), labels),
      'a promise': () => loss.apply(wrong(Promise.resolve(labels)), labels),
      'null': () => loss.apply(wrong(null), labels),
      'unlike shapes': () => loss.apply(ops.ones([2, 3]), ops.ones([2, 4])),
      'unlike ranks': () => loss.apply(ops.ones([2]), ops.ones([2, 4])),
      'sparse labels for one-hot': () => losses.categoricalCrossentropy().apply(tensor([0, 1]), ops.ones([2, 3])),
      'one-hot labels for sparse': () => losses.sparseCategoricalCrossentropy().apply(ops.ones([2, 3]), ops.ones([2, 3])),
      'too many sample weights': () => loss.apply(labels, labels, ops.ones([5])),
      'ragged labels': () => loss.apply(wrong([[1], [1, 2]]), labels),
    },
    'losses.get': {
      'nothing': () => losses.get(wrong(undefined)),
      'a number': () => losses.get(wrong(1)),
      'a misspelt name': () => losses.get(wrong('binary_crosentropy')),
      'a name of a metric': () => losses.get(wrong('accuracy')),
      'a class': () => losses.get(wrong(losses.Huber)),
      'a metric': () => losses.get(wrong(metric)),
      'a list': () => losses.get(wrong(['mse'])),
      'an object': () => losses.get(wrong({ name: 'mse' })),
      'null': () => losses.get(wrong(null)),
      'a promise': () => losses.get(wrong(Promise.resolve('mse'))),
    },
  },
  metrics: {
    ...of('metrics', metrics),
    'metrics.meanMetricWrapper': {
      'nothing': () => metrics.meanMetricWrapper(wrong(undefined)),
      'a name': () => metrics.meanMetricWrapper(wrong('mse')),
      'a class': () => metrics.meanMetricWrapper(wrong(metrics.AUC)),
      'a metric': () => metrics.meanMetricWrapper(wrong(metric)),
      'a number': () => metrics.meanMetricWrapper(wrong(1)),
      'null': () => metrics.meanMetricWrapper(wrong(null)),
      'options first': () => metrics.meanMetricWrapper(wrong({ name: 'mine' })),
      'a name beside the function': () => metrics.meanMetricWrapper((a) => a, wrong('mine')),
      'an option that is not one': () => metrics.meanMetricWrapper((a) => a, wrong({ names: 'mine' })),
      'a name that is a number': () => metrics.meanMetricWrapper((a) => a, { name: wrong(3) }),
    },
    'metric.updateState': {
      'nothing': () => metric.updateState(wrong(undefined), wrong(undefined)),
      'no predictions': () => metric.updateState(labels, wrong(undefined)),
      'texts': () => metric.updateState(wrong(['a']), labels),
      'a promise': () => metric.updateState(wrong(Promise.resolve(labels)), labels),
      'null': () => metric.updateState(wrong(null), labels),
      'unlike shapes': () => metric.updateState(ops.ones([2, 3]), ops.ones([2, 4])),
      'labels for other samples': () => metrics.categoricalAccuracy().updateState(ops.ones([3, 3]), ops.ones([2, 3])),
      'one-hot labels for sparse': () => metrics.sparseCategoricalAccuracy().updateState(ops.ones([2, 3]), ops.ones([2, 3])),
      'too many sample weights': () => metric.updateState(labels, labels, ops.ones([5])),
      'ragged labels': () => metric.updateState(wrong([[1], [1, 2]]), labels),
    },
  },
  optimizers: {
    ...of('optimizers', optimizers, 'number'),
    'optimizer.apply': {
      'nothing': () => optimizers.sgd().apply(wrong(undefined), wrong(undefined)),
      'no variables': () => optimizers.sgd().apply([ops.ones([2])], wrong(undefined)),
      'a number of gradients': () => optimizers.sgd().apply(wrong(0), []),
      'unlike numbers': () => optimizers.sgd().apply([ops.ones([2])], []),
      'a gradient of another shape': () => optimizers.sgd().apply([ops.ones([3])], [new ops.Variable(ops.ones([2]))]),
      'a tensor as variable': () => optimizers.sgd().apply([ops.ones([2])], wrong([ops.ones([2])])),
      'a promise of gradients': () => optimizers.sgd().apply(wrong(Promise.resolve([])), []),
      'a text as gradient': () => optimizers.sgd().apply(wrong(['0.1']), [new ops.Variable(ops.ones([2]))]),
      'no gradient at all': () => optimizers.sgd().apply([null], [new ops.Variable(ops.ones([2]))]),
      'a layer in place of variables': () => optimizers.sgd().apply([ops.ones([2])], wrong({ weights: [] })),
    },
  },
  schedules: of('schedules', schedules),
  initializers: of('initializers', initializers),
  regularizers: of('regularizers', regularizers),
  constraints: of('constraints', constraints),
} // prettier-ignore

function of(family: string, module: object, ...alone: readonly string[]): Record<string, Mistakes> {
  return Object.fromEntries(
    makersOf(module).map(([name, make]) => [`${family}.${name}`, wrongOptions(name, make, alone)]),
  )
}

describe.each(Object.entries(families))('%s', (family, table) => {
  checkMistakes(family, table)
})

/** What stands for the mistakes with one tensor. */
const noTensors: Readonly<Record<string, unknown>> = {
  'nothing': undefined,
  'null': null,
  'a text': 'relu',
  'a promise': Promise.resolve(labels),
  'a list of texts': ['1', '2'],
  'ragged lists': [[1, 2], [3]],
  'an object': { x: 1 },
  'a function': () => labels,
  'a class': losses.Huber,
  'a big integer': 5n,
} // prettier-ignore
describe('activations', () => {
  // `linear` gives back whatever it gets.
  const functions = functionsOf(activations, ['get', 'register', 'serialize', 'linear'])
  const apply = (name: string, value: unknown) => (activations as unknown as Record<string, (x: unknown) => unknown>)[name]!(value)
  checkMistakes('activations', {
    ...Object.fromEntries(
      functions.map((name) => [
        `activations.${name}`,
        Object.fromEntries(Object.entries(noTensors).map(([what, value]) => [what, () => apply(name, value)])),
      ]),
    ),
    'activations.get': {
      'a misspelt name': () => activations.get(wrong('rellu')),
      'a name in capitals': () => activations.get(wrong('RELU')),
      'a number': () => activations.get(wrong(1)),
      'a class': () => activations.get(wrong(losses.Huber)),
      'an object': () => activations.get(wrong({ name: 'relu' })),
      'a list': () => activations.get(wrong(['relu'])),
      'a promise': () => activations.get(wrong(Promise.resolve('relu'))),
      'true': () => activations.get(wrong(true)),
      'an empty text': () => activations.get(wrong('')),
      'a tensor': () => activations.get(wrong(labels)),
    },
  })
}) // prettier-ignore
