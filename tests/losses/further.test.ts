// Circle, CTC and generalized crossentropy where the goldens have no case: wrong shapes and options, labels that cannot fit.
import { expect, test } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import * as losses from '../../src/losses/index.ts'
import * as ops from '../../src/ops/index.ts'

test('labels that need more steps than there are cost Infinity, and no gradient is NaN', async () => {
  const logits = ops.tensor(
    Float32Array.from({ length: 18 }, (_, i) => Math.sin(i)),
    { shape: [2, 3, 3] },
  )
  // Two equal signs need three steps; three of them would need five.
  const labels = ops.tensor(Int32Array.of(1, 1, 0, 1, 1, 1), { shape: [2, 3] })
  const tape = new ops.GradientTape()
  tape.watch(logits)
  const values = tape.record(() => losses.ctc({ reduction: 'none' }).apply(labels, logits))
  const gradient = tape.gradient(values, logits)
  const [possible, impossible] = await values.data()
  expect(Number.isFinite(possible)).toBe(true)
  expect(impossible).toBe(Infinity)
  expect((await gradient!.data()).every(Number.isFinite)).toBe(true)
})

test('an empty label sequence is all blanks', async () => {
  const logits = ops.tensor(Float32Array.of(2, 0, 1, 0.5), { shape: [1, 2, 2] })
  const value = await losses
    .ctc()
    .apply(ops.tensor(Int32Array.of(0, 0), { shape: [1, 2] }), logits)
    .item()
  expect(value).toBeCloseTo(Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(-0.5)), 5)
})

test('labels as a column are those of a row', async () => {
  const probabilities = ops.tensor(Float32Array.of(0.2, 0.8, 0.6, 0.4), { shape: [2, 2] })
  const loss = losses.categoricalGeneralizedCrossEntropy({ reduction: 'none' })
  const row = await loss.apply(ops.tensor(Int32Array.of(1, 0)), probabilities).data()
  const column = await loss.apply(ops.tensor(Int32Array.of(1, 0), { shape: [2, 1] }), probabilities).data()
  expect(column).toEqual(row)
  expect(row[0]).toBeCloseTo((1 - Math.sqrt(0.8)) / 0.5, 5)
})

test('wrong shapes and options are named', () => {
  const matrix = ops.zeros([3, 4])
  expect(() => losses.circle().apply(ops.zeros([2]), matrix)).toThrow(ShapeError)
  expect(() => losses.circle().apply(matrix, matrix)).toThrow(
    'circle: expected labels [batch] and embeddings [batch, size], received "labels (3, 4) and predictions (3, 4)".',
  )
  expect(() => losses.ctc().apply(ops.zeros([3]), ops.zeros([3, 2, 2]))).toThrow(ShapeError)
  expect(() => losses.ctc().apply(ops.zeros([3, 2]), matrix)).toThrow(/^ctc: expected labels \[batch, labels\]/)
  expect(() => losses.categoricalGeneralizedCrossEntropy({ q: 1 })).toThrow(ArgumentError)
  expect(() => losses.categoricalGeneralizedCrossEntropy().apply(matrix, matrix)).toThrow(ShapeError)
})
