// Weights of classes as weights of samples, computed inside the step.
import { ArgumentError, problem, ShapeError } from '../../errors.ts'
import { showShape } from '../../graph/types.ts'
import * as ops from '../../ops/index.ts'
import { tensor } from '../../ops/index.ts'
import type { Tensor } from '../../ops/index.ts'

/** Weight of each class by its number; classes that are not there count once. */
export type ClassWeight = Readonly<Record<number, number>> | ReadonlyMap<number, number>

/** One weight for each class up to the largest that is given. @throws ArgumentError for keys or values that do not fit. */
export function classWeightTable(where: string, weights: ClassWeight): Tensor {
  const entries: (readonly [number, number])[] =
    weights instanceof Map
      ? [...(weights as ReadonlyMap<number, number>)]
      : Object.entries(weights as Readonly<Record<string, number>>).map(
          ([key, value]) => [Number.isNaN(Number(key)) ? (key as never) : Number(key), value] as const,
        )
  for (const [key, value] of entries) {
    const fits = Number.isInteger(key) && key >= 0 && typeof value === 'number' && Number.isFinite(value)
    if (fits) continue
    const expected = '`classWeight` to give numbers for classes 0, 1, …'
    throw new ArgumentError(
      problem({
        where,
        expected,
        received: { [key]: value },
        hint: 'Classes go by number: their place in `classNames` of the dataset',
      }),
    )
  }
  const table = new Float32Array(Math.max(0, ...entries.map(([key]) => key + 1)) || 1).fill(1)
  for (const [key, value] of entries) table[key] = value
  return tensor(table)
}

/** The weight of each sample: by its one-hot label's largest entry, or by its label, rounded. */
export function sampleWeights(labels: Tensor, table: Tensor): Tensor {
  let classes: Tensor
  if (labels.shape.length > 1 && labels.shape.at(-1)! > 1) classes = ops.argmax(labels, { axis: -1 })
  else {
    const flat = labels.shape.length > 1 ? ops.squeeze(labels, -1) : labels
    classes = ops.cast(ops.round(ops.cast(flat, 'float32')), 'int32')
  }
  if (classes.shape.length !== 1) {
    const expected = 'labels of one class a sample, to apply `classWeight`'
    throw new ShapeError(problem({ where: 'fit', expected, received: `labels of shape ${showShape(labels.shape)}` }))
  }
  const size = table.shape[0]!
  const known = ops.logicalAnd(ops.greaterEqual(classes, 0), ops.less(classes, size))
  return ops.where(known, ops.take(table, ops.clip(classes, 0, size - 1), 0), 1)
}
