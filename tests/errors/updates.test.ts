// Mistakes with labels, predictions and sample weights, for each loss and each metric; none leaves a trace in a metric's state.
import { describe, expect, test } from 'vitest'
import { losses, metrics, ops, Tensor, tensor } from '../../src/index.ts'
import type { Metric, MetricResult } from '../../src/metrics/index.ts'
import type { Loss } from '../../src/losses/index.ts'
import { checkMistakes, functionsOf, type Mistakes, wrong } from './mistakes.ts'

type Update = (labels: never, predictions: never, weights?: never) => unknown
interface Pair {
  labels: Tensor
  predictions: Tensor
}

const oneHot = (): Pair => ({ labels: tensor([[0, 1, 0], [1, 0, 0]]), predictions: tensor([[0.1, 0.7, 0.2], [0.3, 0.2, 0.5]]) }) // prettier-ignore
const sparse = (): Pair => ({ ...oneHot(), labels: tensor([1, 0], { dtype: 'int32' }) })
const classes = (): Pair => ({ labels: tensor([1, 0], { dtype: 'int32' }), predictions: tensor([1, 1], { dtype: 'int32' }) }) // prettier-ignore
const sequences = (): Pair => ({ labels: tensor([[1, 2], [1, 0]], { dtype: 'int32' }), predictions: ops.ones([2, 4, 3]) }) // prettier-ignore
const good: Readonly<Record<string, () => Pair>> = {
  circle: sparse,
  ctc: sequences,
  categoricalGeneralizedCrossEntropy: sparse,
  sparseCategoricalCrossentropy: sparse,
  sparseCategoricalAccuracy: sparse,
  sparseTopKCategoricalAccuracy: sparse,
  ioU: classes,
  meanIoU: classes,
  binaryIoU: classes,
}
const needed: Readonly<Record<string, object>> = {
  // One value a sample: a single one takes any weights, as in Keras.
  dice: { axis: 1 },
  tversky: { axis: 1 },
  ioU: { numClasses: 2, targetClassIds: [0] },
  meanIoU: { numClasses: 2 },
  oneHotIoU: { numClasses: 3, targetClassIds: [0] },
  oneHotMeanIoU: { numClasses: 3 },
  sensitivityAtSpecificity: { specificity: 0.5 },
  specificityAtSensitivity: { sensitivity: 0.5 },
  precisionAtRecall: { recall: 0.5 },
  recallAtPrecision: { precision: 0.5 },
}

function mistakesWith(update: Update, { labels, predictions }: Pair): Mistakes {
  return {
    'nothing': () => update(wrong(undefined), wrong(undefined)),
    'no predictions': () => update(wrong(labels), wrong(undefined)),
    'null': () => update(wrong(null), wrong(predictions)),
    'texts as labels': () => update(wrong(['cat', 'dog']), wrong(predictions)),
    'texts as predictions': () => update(wrong(labels), wrong(['cat', 'dog'])),
    'a promise': () => update(wrong(labels), wrong(Promise.resolve(predictions))),
    'ragged labels': () => update(wrong([[1, 0], [1]]), wrong(predictions)),
    'an object': () => update(wrong({ labels, predictions }), wrong(predictions)),
    'labels of other samples': () => update(wrong(ops.ones([5, ...labels.shape.slice(1)])), wrong(predictions)),
    'sample weights of other samples': () => update(wrong(labels), wrong(predictions), wrong([1, 2, 3, 4, 5])),
    'sample weights as text': () => update(wrong(labels), wrong(predictions), wrong('balanced')),
    'class weights in place of sample weights': () => update(wrong(labels), wrong(predictions), wrong({ 0: 1, 1: 2 })),
  } // prettier-ignore
}

/** The names of functions that make losses or metrics of labels and predictions. */
function makersOf(module: object): string[] {
  const others = ['get', 'register', 'serialize', 'deserialize', 'mean', 'sum', 'meanMetricWrapper', 'resolveAccuracy']
  const helpers = ['resolveCrossentropy', 'alignPair', 'alignRanks', 'applyMask', 'divideNoNan', 'reduceWeighted', 'cosineSimilarityOf'] // prettier-ignore
  return functionsOf(module, [...others, ...helpers, 'outputKind']).filter((name) => /^[a-z]/.test(name) && !name.endsWith('Values')) // prettier-ignore
}
const make = <T>(module: object, name: string): T =>
  (module as Record<string, (options: object) => T>)[name]!(needed[name] ?? {})
const pairFor = (name: string): Pair => (good[name] ?? oneHot)()

/** The mistakes with the functions behind losses and metrics, which take no sample weights. */
function valuesOf(family: string, module: object): Record<string, Mistakes> {
  const table: Record<string, Mistakes> = {}
  for (const name of functionsOf(module).filter((known) => known.endsWith('Values'))) {
    const values = (module as Record<string, (labels: unknown, predictions: unknown) => unknown>)[name]!
    const mistakes = mistakesWith((labels, predictions) => values(labels, predictions), pairFor(name.slice(0, -6)))
    const own = Object.fromEntries(Object.entries(mistakes).filter(([mistake]) => !mistake.includes('sample weights')))
    const { labels } = pairFor(name.slice(0, -6))
    table[`${family}.${name}`] = { ...own, 'predictions that are null': () => values(labels, null) }
  }
  return table
}

describe('losses', () => {
  const table: Record<string, Mistakes> = {}
  for (const name of makersOf(losses)) {
    const loss = make<Loss>(losses, name)
    table[`losses.${name}, apply`] = mistakesWith((...given) => loss.apply(...given), pairFor(name))
  }
  checkMistakes('losses-apply', { ...table, ...valuesOf('losses', losses) })

  test.each(makersOf(losses))('%s takes what is right', async (name) => {
    const { labels, predictions } = pairFor(name)
    expect(await make<Loss>(losses, name).apply(labels, predictions, [1, 2]).data()).toHaveLength(1)
  })
})

const update = (name: string, metric: Metric, ...given: readonly unknown[]): void => {
  const { labels, predictions } = pairFor(name)
  const [yTrue = labels, yPred = predictions, weights] = given
  metric.updateState(wrong(yTrue), wrong(yPred), wrong(weights))
}
async function numbersOf(result: MetricResult): Promise<number[]> {
  const values = result instanceof Tensor ? [result] : Object.values(result)
  return (await Promise.all(values.map(async (x) => [...(await x.data())]))).flat()
}

describe('metrics', () => {
  const table: Record<string, Mistakes> = {}
  for (const name of makersOf(metrics)) {
    const metric = make<Metric>(metrics, name)
    table[`metrics.${name}, updateState`] = mistakesWith((...given) => { metric.updateState(...given) }, pairFor(name)) // prettier-ignore
  }
  const mean = metrics.mean()
  table['metrics.mean, updateState'] = {
    'nothing': () => { mean.updateState(wrong(undefined)) },
    'null': () => { mean.updateState(wrong(null)) },
    'a text': () => { mean.updateState(wrong('1')) },
    'texts': () => { mean.updateState(wrong(['1', '2'])) },
    'a promise': () => { mean.updateState(wrong(Promise.resolve(1))) },
    'an object': () => { mean.updateState(wrong({ loss: 1 })) },
    'ragged values': () => { mean.updateState(wrong([[1], [1, 2]])) },
    'a function': () => { mean.updateState(wrong(() => 1)) },
    'weights of other samples': () => { mean.updateState([1, 2], [1, 2, 3]) },
    'weights as text': () => { mean.updateState([1, 2], wrong('1')) },
  } // prettier-ignore
  checkMistakes('metrics-update', { ...table, ...valuesOf('metrics', metrics) })

  test.each(makersOf(metrics))('%s forgets a batch that was wrong', async (name) => {
    const [untouched, metric] = [make<Metric>(metrics, name), make<Metric>(metrics, name)]
    for (const wrongs of [[ops.ones([3, 4])], [undefined, ops.ones([5, 7, 2])], [undefined, undefined, [1, 2, 3]]])
      expect(() => {
        update(name, metric, ...wrongs)
      }).toThrow(expect.objectContaining({ name: expect.stringMatching(/^(Shape|Argument)Error$/) as string }) as Error)
    update(name, untouched)
    update(name, metric)
    expect(await numbersOf(metric.result())).toEqual(await numbersOf(untouched.result()))
  })
})
