// Cases of pooling and its gradients.
import type { Padding2D, Pair, PoolAttrs } from '../../../src/graph/primitives.ts'
import type { Shape } from '../../../src/graph/types.ts'
import { accumulated, caseOf, distinct, float, random } from '../case.ts'
import type { Case } from '../case.ts'
import * as naive from '../naive.ts'

type Name = 'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad'

interface Geometry {
  readonly name: string
  readonly input: Shape
  readonly output: Shape
  readonly attrs: PoolAttrs
}

const none: Padding2D = [[0, 0], [0, 0]] // prettier-ignore

function geometry(input: Shape, window: Pair, strides: Pair, padding: Padding2D = none): Geometry {
  const along = (i: 0 | 1): number =>
    Math.floor((input[i + 1]! + padding[i][0] + padding[i][1] - window[i]) / strides[i]) + 1
  const name = `[${input.join()}] by ${window.join('x')}, strides ${strides.join()}, padding ${padding.flat().join()}`
  return { name, input, output: [input[0]!, along(0), along(1), input[3]!], attrs: { window, strides, padding } }
}

const geometries: readonly Geometry[] = [
  ...[1, 3, 5, 8, 15, 16, 17, 24, 33].map((c) => geometry([2, 5, 6, c], [2, 2], [2, 2])),
  geometry([1, 7, 7, 3], [3, 3], [2, 2], [[1, 1], [1, 1]]),
  geometry([1, 8, 8, 3], [3, 3], [2, 2], [[0, 1], [0, 1]]),
  geometry([2, 6, 5, 4], [3, 3], [1, 1], [[1, 1], [1, 1]]),
  geometry([2, 6, 5, 4], [2, 3], [3, 1], [[1, 0], [0, 2]]),
  geometry([1, 9, 9, 2], [2, 2], [3, 3]),
  geometry([1, 4, 4, 2], [1, 1], [1, 1]),
  geometry([1, 4, 5, 2], [1, 1], [2, 2]),
  geometry([1, 4, 5, 8], [4, 5], [1, 1]),
  geometry([1, 2, 1, 3], [3, 3], [1, 1], [[1, 1], [1, 1]]),
  geometry([1, 2, 2, 16], [5, 5], [2, 2], [[2, 2], [1, 3]]),
  geometry([3, 1, 1, 7], [1, 1], [2, 2]),
  geometry([0, 4, 4, 3], [2, 2], [2, 2]),
  geometry([2, 13, 11, 33], [3, 3], [2, 2], [[1, 1], [1, 1]]),
] // prettier-ignore

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const line: PoolAttrs = { window: [1, 2], strides: [1, 2], padding: none }

export const poolingCases: Readonly<Record<Name, readonly Case[]>> = {
  maxPool: [
    ...geometries.map(({ name, input, output, attrs }, i) => {
      const x = distinct(input, i)
      return caseOf(name, 'maxPool', [x], attrs, { expected: [naive.pool(x, output, attrs, (values) => Math.max(...values))], type: { shape: output, dtype: 'float32' } }) // prettier-ignore
    }),
    // Padding of 0 instead of -Infinity would win here.
    caseOf('negative values beside padding', 'maxPool', [float([1, 2, 2, 1], [-3, -2, -5, -4])], { window: [3, 3], strides: [2, 2], padding: [[1, 1], [1, 1]] }, { expected: [[-2]] }), // prettier-ignore
    caseOf('infinities', 'maxPool', [float([1, 1, 6, 1], [-Infinity, -Infinity, Infinity, 1, -Infinity, 2])], line, { expected: [[-Infinity, Infinity, 2]], gradients: [] }), // prettier-ignore
  ],
  maxPoolGrad: [
    ...geometries.map(
      ({ name, input, output, attrs }, i) =>
      // The derivative with respect to x is 0 wherever it exists: only dy has a gradient.
      caseOf(name, 'maxPoolGrad', [distinct(input, i), random(output, i + 50)], attrs, { tolerance: accumulated, gradients: [1] }), // prettier-ignore
    ),
    caseOf('ties go to the first, row-major', 'maxPoolGrad', [float([1, 2, 4, 1], [1, 1, 0, 3, 1, 1, 3, 3]), float([1, 1, 2, 1], [5, 7])], { window: [2, 2], strides: [2, 2], padding: none }, { expected: [[5, 0, 0, 7, 0, 0, 0, 0]], gradients: [1] }), // prettier-ignore
    caseOf('overlapping windows add up', 'maxPoolGrad', [float([1, 1, 3, 1], [1, 9, 2]), float([1, 1, 2, 1], [5, 7])], { window: [1, 2], strides: [1, 1], padding: none }, { expected: [[0, 12, 0]], gradients: [1] }), // prettier-ignore
    caseOf('ties beside padding', 'maxPoolGrad', [float([1, 1, 2, 1], [-4, -4]), float([1, 1, 1, 1], [3])], { window: [1, 3], strides: [1, 3], padding: [[0, 0], [1, 0]] }, { expected: [[3, 0]], gradients: [1] }), // prettier-ignore
    caseOf('all -Infinity', 'maxPoolGrad', [float([1, 1, 2, 1], [-Infinity, -Infinity]), float([1, 1, 1, 1], [3])], line, { expected: [[3, 0]], gradients: [] }), // prettier-ignore
  ],
  avgPool: [
    ...geometries.map(({ name, input, output, attrs }, i) => {
      const x = random(input, i)
      return caseOf(name, 'avgPool', [x], attrs, {
        expected: [naive.pool(x, output, attrs, mean)],
        tolerance: accumulated,
      })
    }),
    caseOf('padding is not counted', 'avgPool', [float([1, 1, 2, 1], [4, 8])], { window: [3, 3], strides: [1, 1], padding: [[1, 1], [1, 1]] }, { expected: [[6, 6]] }), // prettier-ignore
    caseOf('NaN and infinity', 'avgPool', [float([1, 1, 4, 1], [NaN, 1, Infinity, 2])], line, { expected: [[NaN, Infinity]], gradients: [] }), // prettier-ignore
  ],
  avgPoolGrad: [
    ...geometries.map(({ name, input, output, attrs }, i) =>
      caseOf(name, 'avgPoolGrad', [random(output, i)], { ...attrs, inputShape: input }, { tolerance: accumulated }),
    ),
    caseOf('beside padding', 'avgPoolGrad', [float([1, 1, 2, 1], [4, 8])], { window: [1, 3], strides: [1, 1], padding: [[0, 0], [1, 1]], inputShape: [1, 1, 2, 1] }, { expected: [[6, 6]] }), // prettier-ignore
  ],
}
