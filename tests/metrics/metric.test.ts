// What metrics promise beyond the values that the goldens hold: robustness, names, use in compiled steps, misuse.
import { describe, expect, it } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import * as metrics from '../../src/metrics/index.ts'
import { clearSession } from '../../src/ops/naming.ts'
import * as ops from '../../src/ops/index.ts'

async function valueOf(metric: metrics.Metric): Promise<number> {
  const result = metric.result()
  if (!(result instanceof ops.Tensor)) throw new Error('one value expected')
  return result.item()
}

describe('state', () => {
  it('starts at zero and is weighted by samples', async () => {
    const mean = metrics.mean({ name: 'loss' })
    expect(await valueOf(mean)).toBe(0)
    mean.updateState(2, 32)
    mean.updateState(5, 16)
    expect(await valueOf(mean)).toBe(3)
    expect(mean.variables.map(({ path, trainable }) => [path, trainable])).toEqual([
      ['loss/total', false],
      ['loss/count', false],
    ])
  })

  it('is updated within compiled functions, and reset between them', async () => {
    const metric = metrics.sparseCategoricalAccuracy()
    const step = ops.compileFunction((t: ops.Tensor, p: ops.Tensor) => {
      metric.updateState(t, p)
      return []
    })
    const run = (labels: number[]): void => {
      step.run(ops.tensor(Int32Array.from(labels)), ops.tensor([[0, 1], [1, 0]])) // prettier-ignore
    }
    run([1, 1])
    run([1, 0])
    expect(await valueOf(metric)).toBe(0.75)
    metric.resetState()
    run([0, 1])
    expect(await valueOf(metric)).toBe(0)
  })

  it('result is a snapshot', async () => {
    const sum = metrics.sum()
    sum.updateState([1, 2])
    const before = sum.result()
    sum.updateState([4])
    expect(await before.item()).toBe(3)
    expect(await valueOf(sum)).toBe(7)
  })

  it('is made at the first update where shapes are needed', async () => {
    const f1 = metrics.f1Score({ average: 'macro' })
    expect(f1.variables).toEqual([])
    expect(() => f1.result()).toThrow(ArgumentError)
    f1.updateState([[1, 0]], [[0.9, 0.1]])
    expect(f1.variables).toHaveLength(4)
    const auc = metrics.auc({ multiLabel: true })
    expect(() => auc.result()).toThrow(/numLabels/)
    auc.updateState([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]]) // prettier-ignore
    expect(await valueOf(auc)).toBeCloseTo(1, 5)
  })
})

describe('accuracy', () => {
  it('compares raw logits with the threshold', async () => {
    const logits = [[0.3], [-0.3], [0.7], [-0.7]]
    const labels = [1, 0, 1, 0]
    const standard = metrics.binaryAccuracy()
    standard.updateState(labels, logits)
    expect(await valueOf(standard)).toBe(0.75)
    const atZero = metrics.binaryAccuracy({ threshold: 0 })
    atZero.updateState(labels, logits)
    expect(await valueOf(atZero)).toBe(1)
  })

  it.each([
    [[null], [null, 1], 'BinaryAccuracy'],
    [[null, 1], [null, 5], 'SparseCategoricalAccuracy'],
    [[null], [null, 5], 'SparseCategoricalAccuracy'],
    [[null, 5], [null, 5], 'CategoricalAccuracy'],
    [[null, 4, 4], [null, 4, 4, 3], 'SparseCategoricalAccuracy'],
  ])('of labels %j and predictions %j', (t, p, className) => {
    const metric = metrics.resolveAccuracy(t, p, 'acc')
    expect(metric.className).toBe(className)
    expect(metric.name).toBe('acc')
  })

  it('top-k refuses what is not finite and labels that are no class', async () => {
    const metric = metrics.sparseTopKCategoricalAccuracy({ k: 2 })
    metric.updateState([0, 1, 7, 0], [[1, 2, 3], [1, 2, 3], [1, 2, 3], [NaN, 1, 2]]) // prettier-ignore
    expect(await valueOf(metric)).toBe(0.25)
  })

  it('top-k from sorted class numbers', async () => {
    const metric = metrics.sparseTopKCategoricalAccuracy({ k: 2, fromSortedIds: true })
    metric.updateState([1, 0, 3], [[1, 0, 3], [1, 0, 3], [1, 0, 3]]) // prettier-ignore
    expect(await valueOf(metric)).toBeCloseTo(2 / 3, 6)
    expect(metric.getConfig()).toMatchObject({ from_sorted_ids: true })
  })
})

describe('confusion', () => {
  it('counts predictions that are not numbers as negative, in buckets and by comparison', async () => {
    for (const metric of [metrics.auc({ numThresholds: 5 }), metrics.auc({ thresholds: [0.3] })]) {
      metric.updateState([1, 0, 1], [NaN, 0.2, 0.9])
      const [truePositives, , , falseNegatives] = metric.variables
      expect((await truePositives!.data())[0]).toBe(1)
      expect((await falseNegatives!.data())[0]).toBe(1)
    }
  })

  it('agrees between buckets and comparison', async () => {
    const random = ops.hostRandom(7)
    const labels = Array.from({ length: 60 }, () => Math.round(random.uniform()))
    const scores = Float32Array.from({ length: 60 }, (_, i) => (i < 5 ? i / 4 : random.uniform()))
    const weights = Array.from({ length: 60 }, () => random.uniform())
    const inner = [0.25, 0.5, 0.75]
    const even = metrics.sensitivityAtSpecificity({ specificity: 0.4, numThresholds: 5 })
    const counted = [
      metrics.truePositives({ thresholds: [0, ...inner, 0.99999] }),
      metrics.falsePositives({ thresholds: [0, ...inner, 0.99999] }),
      metrics.trueNegatives({ thresholds: [0, ...inner, 0.99999] }),
      metrics.falseNegatives({ thresholds: [0, ...inner, 0.99999] }),
    ]
    // The threshold next to 1 makes the list uneven; only scores of exactly 1 could tell it from 1.
    scores[4] = 0.9
    for (const metric of [even, ...counted]) metric.updateState(labels, scores, weights)
    for (const [i, variable] of even.variables.entries()) {
      const expected = await counted[i]!.variables[0]!.data()
      const received = await variable.data()
      for (const [j, value] of expected.entries()) expect(received[j]).toBeCloseTo(value, 4)
    }
  })

  it('takes a class of the k best', async () => {
    const recall = metrics.recall({ topK: 1, classId: 2 })
    recall.updateState([[0, 0, 1], [0, 0, 1]], [[0.1, 0.2, 0.3], [0.5, 0.2, 0.3]]) // prettier-ignore
    expect(await valueOf(recall)).toBe(0.5)
    expect(() => recall.updateState([0, 1], [0.1, 0.2])).toThrow(ShapeError)
  })

  it('refuses thresholds outside of [0, 1] and weights that do not fit', () => {
    expect(() => metrics.precision({ thresholds: 1.5 })).toThrow(ArgumentError)
    expect(() => metrics.auc({ numThresholds: 1 })).toThrow(ArgumentError)
    expect(() => metrics.auc({ numLabels: 3 })).toThrow(/multiLabel/)
    expect(() => metrics.recallAtPrecision({ precision: 2 })).toThrow(ArgumentError)
    expect(() => metrics.precision().updateState([1, 0], [1, 0], [1, 1, 1])).toThrow(ShapeError)
    expect(() => metrics.precision().updateState([1, 0, 1], [1, 0])).toThrow(ShapeError)
  })

  it('weighs labels that are counted together', async () => {
    const auc = metrics.auc({ numThresholds: 3, labelWeights: [1, 0] })
    auc.updateState([[1, 0], [0, 1]], [[0.9, 0.9], [0.1, 0.1]]) // prettier-ignore
    expect(await valueOf(auc)).toBeCloseTo(1, 6)
  })
})

describe('others', () => {
  it('IoU leaves out classes outside of the matrix and the ignored one', async () => {
    const metric = metrics.meanIoU({ numClasses: 2, ignoreClass: 1 })
    metric.updateState([0, 0, 1, -1, 9], [0, 1, 1, 0, 0])
    const matrix = await metric.variables[0]!.array()
    expect(matrix).toEqual([
      [1, 1],
      [0, 0],
    ])
    expect(() => metrics.ioU({ numClasses: 2, targetClassIds: [2] })).toThrow(ArgumentError)
  })

  it('IoU keeps fractions of weights in float32 only', async () => {
    const run = async (dtype: 'int64' | 'float32'): Promise<unknown> => {
      const metric = metrics.meanIoU({ numClasses: 2, dtype })
      metric.updateState([0, 1], [0, 1], [0.5, 2.5])
      return metric.variables[0]!.array()
    }
    expect(await run('int64')).toEqual([[0, 0], [0, 2]]) // prettier-ignore
    expect(await run('float32')).toEqual([[0.5, 0], [0, 2.5]]) // prettier-ignore
  })

  it('IoU of one-hot labels and scores', async () => {
    const metric = metrics.oneHotMeanIoU({ numClasses: 2 })
    metric.updateState([[1, 0], [0, 1]], [[0.9, 0.1], [0.6, 0.4]]) // prettier-ignore
    expect(await valueOf(metric)).toBeCloseTo(0.25, 5)
    expect(Object.keys(metric.getConfig())).not.toContain('sparse_y_true')
  })

  it('R2 is adjusted for regressors, if there are samples enough', async () => {
    const t = [[1], [4], [3], [2]]
    const p = [[2], [4], [4], [2]]
    const plain = metrics.r2Score()
    const adjusted = metrics.r2Score({ numRegressors: 1 })
    const impossible = metrics.r2Score({ numRegressors: 3 })
    for (const metric of [plain, adjusted, impossible]) metric.updateState(t, p)
    const score = await valueOf(plain)
    expect(score).toBeCloseTo(0.6, 6)
    expect(await valueOf(adjusted)).toBeCloseTo(1 - ((1 - score) * 3) / 2, 5)
    expect(await valueOf(impossible)).toBe(score)
  })

  it('correlations', async () => {
    // Values of Keras's documentation.
    const t = [[0, 1, 0.5], [1, 1, 0.2]] // prettier-ignore
    const p = [[0.1, 0.9, 0.5], [1, 0.9, 0.2]] // prettier-ignore
    const pearson = metrics.pearsonCorrelation()
    const concordance = metrics.concordanceCorrelation()
    for (const metric of [pearson, concordance]) metric.updateState(t, p)
    expect(await valueOf(pearson)).toBeCloseTo(0.9966996338993913, 5)
    expect(await valueOf(concordance)).toBeCloseTo(0.9816320385426076, 5)
  })
})

describe('names', () => {
  it.each([
    ['mse', 'MeanSquaredError'],
    ['AUC', 'AUC'],
    ['binary_accuracy', 'BinaryAccuracy'],
    ['f1_score', 'F1Score'],
  ] as const)('%s', (name, className) => {
    const metric = metrics.get(name)
    expect(metric.className).toBe(className)
    expect(metric.name).toBe(name)
  })

  it('says which names there are', () => {
    // @ts-expect-error misspelt
    expect(() => metrics.get('acuracy')).toThrow(/BinaryAccuracy/)
    // @ts-expect-error the shapes decide: see resolveAccuracy
    expect(() => metrics.get('acc')).toThrow(ArgumentError)
    // @ts-expect-error no such option
    expect(() => metrics.binaryAccuracy({ treshold: 0 })).toThrow(/threshold/)
  })

  it('wraps functions under their name', async () => {
    const metric = metrics.get(function worst(t, p) {
      return ops.max(ops.abs(ops.subtract(t, p)), { axis: -1 })
    })
    expect([metric.name, metric.direction]).toEqual(['worst', null])
    metric.updateState([[0, 0], [0, 0]], [[1, 3], [1, 0]]) // prettier-ignore
    expect(await valueOf(metric)).toBe(2)
  })

  it('numbers what has no name of its own', () => {
    clearSession()
    expect([metrics.precision().name, metrics.precision().name, metrics.recall().name]).toEqual([
      'precision',
      'precision_1',
      'recall',
    ])
  })

  it('finds registered classes of the user', async () => {
    class Count extends metrics.Metric {
      readonly #total = this.addVariable('total')
      override updateState(_: ops.TensorLike, p: ops.TensorLike): void {
        this.#total.assignAdd(ops.cast(p, 'float32').size)
      }
      override result(): ops.Tensor {
        return this.#total.value()
      }
    }
    metrics.register(Count)
    const metric = metrics.get(metrics.serialize(new Count({ name: 'seen' })))
    metric.updateState([1, 2], [1, 2])
    expect(metric.name).toBe('seen')
    expect(await valueOf(metric)).toBe(2)
  })
})
