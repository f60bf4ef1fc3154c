// Cases of the reductions.
import { accumulated, caseOf, distinct, float, int, random, vector } from '../case.ts'
import type { Case, Tensor } from '../case.ts'
import { reduce } from '../naive.ts'
import type { Shape } from '../../../src/graph/types.ts'

type Name = 'reduceSum' | 'reduceMax' | 'reduceMin' | 'argMax' | 'moments'

const { NaN: nan, POSITIVE_INFINITY: inf } = Number
const least = -(2 ** 31)
const most = 2 ** 31 - 1

const geometries: readonly (readonly [Shape, readonly number[]])[] = [
  [[], []],
  [[5], [0]],
  [[5], []],
  [[1, 1, 1], [0, 1, 2]],
  [[3, 4], [0]],
  [[3, 4], [1]],
  [[3, 4], [0, 1]],
  [[2, 7, 5, 33], [0, 1, 2]],
  [[2, 7, 5, 17], [1, 2]],
  [[2, 3, 4, 5], [0, 2]],
  [[2, 3, 4, 5], [1, 3]],
  [[2, 3, 4, 5], [3]],
  [[4, 1, 6], [1]],
  [[129, 3], [0]],
  [[3, 1025], [1]],
] // prettier-ignore

function reductions(op: 'reduceSum' | 'reduceMax' | 'reduceMin', combine: (values: number[]) => number): Case[] {
  return geometries.flatMap(([shape, axes], i) =>
    [true, false].map((keepDims) => {
      // Distinct values: extremes have no ties, whose gradients are another matter.
      const x = distinct(shape, i)
      const kept = keepDims
        ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
        : shape.filter((_, axis) => !axes.includes(axis))
      const type = { shape: kept, dtype: 'float32' } as const
      const rest = { expected: [reduce(x, axes, combine)], type, tolerance: accumulated }
      return caseOf(
        `[${shape.join()}] over [${axes.join()}]${keepDims ? ', kept' : ''}`,
        op,
        [x],
        { axes, keepDims },
        rest,
      )
    }),
  )
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0)
const first = (values: number[]): number => values.indexOf(Math.max(...values))

function meanAndVariance(x: Tensor, axes: readonly number[]): number[] {
  const mean = (values: number[]): number => sum(values) / values.length
  const variance = (values: number[]): number => mean(values.map((value) => (value - mean(values)) ** 2))
  return [...reduce(x, axes, mean), ...reduce(x, axes, variance)]
}

const over = (axes: readonly number[], keepDims = false) => ({ axes, keepDims })

export const reductionCases: Readonly<Record<Name, readonly Case[]>> = {
  reduceSum: [
    ...reductions('reduceSum', sum),
    caseOf('nothing', 'reduceSum', [float([0, 3], [])], over([0]), { expected: [[0, 0, 0]] }),
    caseOf('no results', 'reduceSum', [float([0, 3], [])], over([1]), { expected: [[]] }),
    caseOf('NaN and infinity', 'reduceSum', [float([3, 2], [nan, 1, inf, 2, inf, -inf])], over([1]), { expected: [[nan, inf, nan]], gradients: [] }), // prettier-ignore
    caseOf('int32 wraps', 'reduceSum', [int([2, 2], [most, 1, -3, 5])], over([1]), { expected: [[least, 2]] }),
    caseOf('int32', 'reduceSum', [int([3, 2], [1, 2, 3, 4, 16777217, 6])], over([0]), { expected: [[16777221, 12]] }),
  ],
  reduceMax: [
    ...reductions('reduceMax', (values) => Math.max(...values)),
    caseOf('nothing', 'reduceMax', [float([2, 0], [])], over([1]), { expected: [[-inf, -inf]], gradients: [] }),
    caseOf('NaN and infinity', 'reduceMax', [float([4, 2], [nan, 1, 1, nan, -inf, 2, -inf, -inf])], over([1]), { expected: [[nan, nan, 2, -inf]], gradients: [] }), // prettier-ignore
    caseOf('int32', 'reduceMax', [int([2, 3], [16777216, 16777217, 3, -5, least, -6])], over([1]), { expected: [[16777217, -5]] }), // prettier-ignore
    caseOf('int32, nothing', 'reduceMax', [int([0], [])], over([0]), { expected: [[least]] }),
  ],
  reduceMin: [
    ...reductions('reduceMin', (values) => Math.min(...values)),
    caseOf('nothing', 'reduceMin', [float([2, 0], [])], over([1]), { expected: [[inf, inf]], gradients: [] }),
    caseOf('NaN and infinity', 'reduceMin', [float([3, 2], [nan, 1, 1, nan, inf, 2])], over([1]), { expected: [[nan, nan, 2]], gradients: [] }), // prettier-ignore
    caseOf('int32', 'reduceMin', [int([2, 3], [16777216, 16777217, 3, -5, least, -6])], over([1]), { expected: [[3, least]] }), // prettier-ignore
    caseOf('int32, nothing', 'reduceMin', [int([0], [])], over([0]), { expected: [[most]] }),
  ],
  argMax: [
    ...(
      [
        [[7], 0],
        [[3, 4], 0],
        [[3, 4], 1],
        [[2, 5, 3], 1],
        [[2, 1, 3], 1],
        [[4, 33], 1],
        [[33, 4], 0],
      ] as const
    ).map(([shape, axis], i) => {
      // prettier-ignore
      const x = distinct(shape, i)
      const kept = shape.filter((_, d) => d !== axis)
      return caseOf(`[${shape.join()}] along ${axis}`, 'argMax', [x], { axis }, { expected: [reduce(x, [axis], first)], type: { shape: kept, dtype: 'int32' } }) // prettier-ignore
    }),
    caseOf('ties take the first', 'argMax', [float([3, 4], [1, 3, 3, 2, 5, 5, 5, 5, 0, -1, 0, -0])], { axis: 1 }, { expected: [[1, 0, 0]] }), // prettier-ignore
    caseOf('NaN is largest, and -Infinity counts', 'argMax', [float([3, 3], [1, nan, inf, nan, nan, 1, -inf, -inf, -inf])], { axis: 1 }, { expected: [[1, 0, 0]] }), // prettier-ignore
    caseOf('int32', 'argMax', [int([2, 3], [16777216, 16777217, 3, -5, -4, -6])], { axis: 1 }, { expected: [[1, 1]] }),
    caseOf('no results', 'argMax', [float([0, 3], [])], { axis: 1 }, { expected: [[]] }),
  ],
  moments: [
    ...geometries.map(([shape, axes], i) => {
      const x = random(shape, i, -2, 3)
      const kept = shape.filter((_, axis) => !axes.includes(axis))
      return caseOf(`[${shape.join()}] over [${axes.join()}]`, 'moments', [x], { axes }, { expected: [meanAndVariance(x, axes)], type: { shape: [2, ...kept], dtype: 'float32' }, tolerance: accumulated }) // prettier-ignore
    }),
    // A variance of E[x²] - E[x]² in float32 would be 0 or negative here.
    caseOf('a large mean', 'moments', [vector(1000.25, 999.75, 1000.5, 999.5)], { axes: [0] }, { expected: [[1000, 0.15625]], tolerance: accumulated, gradients: [] }), // prettier-ignore
    caseOf('one value', 'moments', [vector(7)], { axes: [0] }, { expected: [[7, 0]] }),
    caseOf(
      'NaN',
      'moments',
      [float([2, 2], [nan, 1, 2, 4])],
      { axes: [1] },
      { expected: [[nan, 3, nan, 1]], gradients: [] },
    ),
    caseOf(
      'nothing',
      'moments',
      [float([0, 2], [])],
      { axes: [0] },
      { expected: [[nan, nan, nan, nan]], gradients: [] },
    ),
  ],
}
