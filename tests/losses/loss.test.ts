// What losses promise beyond the values that the goldens hold: shapes, masks, misuse, names.
import { describe, expect, it } from 'vitest'
import { ArgumentError, EngineError, ShapeError } from '../../src/errors.ts'
import * as losses from '../../src/losses/index.ts'
import * as ops from '../../src/ops/index.ts'

describe('shapes', () => {
  it('pairs labels [n] with predictions [n, 1] one by one, whichever is longer', async () => {
    const mse = losses.meanSquaredError({ reduction: 'none' })
    const short = mse.apply([1, 2, 3], [[1], [1], [1]])
    expect(await short.array()).toEqual([0, 1, 4])
    const long = mse.apply([[1], [2], [3]], [1, 1, 1])
    expect(await long.array()).toEqual([0, 1, 4])
  })

  it('refuses labels that would be broadcast against all predictions', () => {
    const logits = ops.zeros([3, 3])
    expect(() => losses.categoricalCrossentropy().apply([0, 1, 2], logits)).toThrow(ShapeError)
    expect(() => losses.meanSquaredError().apply([0, 1, 2], logits)).toThrow(/reshape the labels/)
  })

  it('refuses one-hot labels where integers are wanted', () => {
    expect(() => losses.sparseCategoricalCrossentropy().apply(ops.zeros([2, 3]), ops.zeros([2, 3]))).toThrow(ShapeError)
  })

  it('refuses weights that fit no value, and says how to shape them', () => {
    const values = [ops.zeros([4, 2, 3]), ops.zeros([4, 2, 3])] as const
    expect(() => losses.meanSquaredError().apply(...values, [1, 1, 1, 1])).toThrow(/shape \[batch, 1\]/)
  })

  it('divides by the number of entries, not by the sum of the weights', async () => {
    const p = [[2], [2]]
    const t = [[0], [0]]
    expect(await losses.meanSquaredError().apply(t, p, [1, 0]).item()).toBe(2)
    expect(await losses.meanSquaredError({ reduction: 'mean_with_sample_weight' }).apply(t, p, [1, 0]).item()).toBe(4)
    expect(await losses.meanSquaredError({ reduction: 'mean_with_sample_weight' }).apply(t, p, [0, 0]).item()).toBe(0)
  })
})

describe('ignored classes', () => {
  it('average over the others; all ignored gives 0', async () => {
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: 255 })
    const logits = [
      [0, 0],
      [9, -9],
    ]
    expect(await loss.apply([0, 255], logits).item()).toBeCloseTo(Math.LN2, 6)
    expect(await loss.apply([255, 255], logits).item()).toBe(0)
  })
})

describe('labels that are no class', () => {
  it.each([[-1], [2]])('%d is an error', async (label) => {
    await expect(
      losses
        .sparseCategoricalCrossentropy()
        .apply([label], [[0.5, 0.5]])
        .item(),
    ).rejects.toThrow(EngineError)
  })
})

describe('slopes at zero', () => {
  it.each([
    ['binaryCrossentropy', losses.binaryCrossentropy({ fromLogits: true }), 1, -0.5],
    ['logCosh', losses.logCosh(), 0, 0],
    ['meanAbsoluteError', losses.meanAbsoluteError(), 0, 0],
  ] as const)('%s', async (_, loss, label, slope) => {
    const x = ops.tensor([[0]])
    const tape = new ops.GradientTape()
    tape.watch(x)
    const value = tape.record(() => loss.apply([[label]], x))
    expect(await tape.gradient(value, x)!.item()).toBeCloseTo(slope, 6)
  })
})

describe('options', () => {
  it('refuses an unknown reduction and unknown options', () => {
    // @ts-expect-error no such reduction
    expect(() => losses.meanSquaredError({ reduction: 'median' })).toThrow(/sum_over_batch_size/)
    // @ts-expect-error no such option
    expect(() => losses.binaryCrossentropy({ from_logits: true })).toThrow(/fromLogits/)
    // @ts-expect-error no such option here
    expect(() => losses.hinge({ axis: 1 })).toThrow(ArgumentError)
  })

  it('round-trips through the stored form', () => {
    const made = losses.categoricalFocalCrossentropy({
      alpha: [0.1, 0.9],
      gamma: 3,
      labelSmoothing: 0.1,
      reduction: 'sum',
    })
    const stored = losses.serialize(made)
    expect(stored).toMatchObject({ module: 'keras.losses', class_name: 'CategoricalFocalCrossentropy' })
    expect(losses.get(stored).getConfig()).toEqual(made.getConfig())
    expect(losses.CategoricalFocalCrossentropy.fromConfig(stored.config).getConfig()).toEqual(made.getConfig())
  })

  it('takes one alpha a class', async () => {
    const t = [
      [1, 0],
      [0, 1],
    ]
    const p = [
      [0.6, 0.4],
      [0.6, 0.4],
    ]
    const loss = losses.categoricalFocalCrossentropy({ alpha: [1, 0], gamma: 0, reduction: 'none' })
    const [first, second] = (await loss.apply(t, p).array()) as number[]
    expect(first).toBeCloseTo(-Math.log(0.6), 5)
    expect(second).toBeCloseTo(0, 6)
  })
})

describe('names', () => {
  it.each([
    ['bce', losses.BinaryCrossentropy, 'bce'],
    ['BinaryCrossentropy', losses.BinaryCrossentropy, 'binary_crossentropy'],
    ['binary_crossentropy', losses.BinaryCrossentropy, 'binary_crossentropy'],
    ['meanSquaredError', losses.MeanSquaredError, 'meanSquaredError'],
    ['MAPE', losses.MeanAbsolutePercentageError, 'MAPE'],
    ['kld', losses.KLDivergence, 'kld'],
    ['huber', losses.Huber, 'huber'],
    ['Huber', losses.Huber, 'huber_loss'],
  ] as const)('%s', (name, Class, own) => {
    const loss = losses.get(name)
    expect(loss).toBeInstanceOf(Class)
    expect(loss.name).toBe(own)
  })

  it('says which names there are', () => {
    // @ts-expect-error misspelt
    expect(() => losses.get('binary_crossentropie')).toThrow(/BinaryCrossentropy/)
    // @ts-expect-error no loss
    expect(() => losses.get(3)).toThrow(ArgumentError)
  })

  it('wraps functions, aligned and reduced', async () => {
    const loss = losses.get(function myLoss(t, p) {
      return ops.mean(ops.abs(ops.subtract(t, p)), { axis: -1 })
    })
    expect(loss.name).toBe('my_loss')
    expect(await loss.apply([1, 2], [[0], [0]]).item()).toBe(1.5)
  })

  it('finds registered classes', () => {
    class Doubled extends losses.Loss {
      override call(t: ops.Tensor, p: ops.Tensor): ops.Tensor {
        return ops.multiply(2, losses.meanSquaredErrorValues(t, p))
      }
    }
    losses.register(Doubled)
    const stored = losses.serialize(new Doubled())
    expect(stored).toMatchObject({ module: null, class_name: 'Doubled', registered_name: 'Doubled' })
    expect(losses.get(stored)).toBeInstanceOf(Doubled)
  })

  it.each([
    [[null], [null, 1], losses.BinaryCrossentropy],
    [[null, 1], [null, 1], losses.BinaryCrossentropy],
    [[null], [null, 10], losses.SparseCategoricalCrossentropy],
    [[null, 1], [null, 10], losses.SparseCategoricalCrossentropy],
    [[null, 10], [null, 10], losses.CategoricalCrossentropy],
  ])('crossentropy of labels %j and predictions %j', (t, p, Class) => {
    const loss = losses.resolveCrossentropy(t, p, 'ce')
    expect(loss).toBeInstanceOf(Class)
    expect(loss.name).toBe('ce')
  })
})
