// Cases of data movement, indexing and sorting, in all dtypes.
import type { Shape } from '../../../src/graph/types.ts'
import { sizeOf } from '../../../src/graph/types.ts'
import { bool, bytes, caseOf, float, int, random, randomInts, vector } from '../case.ts'
import type { Case, Tensor } from '../case.ts'
import { at, fill } from '../naive.ts'

type Name = 'reshape' | 'transpose' | 'broadcast' | 'slice' | 'pad' | 'concat' | 'reverse' | 'gather' | 'scatterAdd' | 'argSort' | 'takeAlong' | 'scatterAlong' // prettier-ignore

const { NaN: nan, POSITIVE_INFINITY: inf } = Number

/** The same numbers in each dtype; integers are exact above 2^24. */
const dtypes: readonly (readonly [string, (shape: Shape, seed: number) => Tensor])[] = [
  ['float32', (shape, seed) => random(shape, seed)],
  ['int32', (shape, seed) => randomInts(shape, -(2 ** 31), 2 ** 31, seed)],
  ['uint8', (shape, seed) => bytes(shape, randomInts(shape, 0, 256, seed).data)],
  ['bool', (shape, seed) => bool(shape, randomInts(shape, 0, 2, seed).data)],
]
const inEachDType = (make: (tensor: (shape: Shape, seed: number) => Tensor, dtype: string) => Case[]): Case[] =>
  dtypes.flatMap(([dtype, tensor]) => make(tensor, dtype))

const shown = (list: readonly number[]): string => `[${list.join()}]`

const transposes: readonly (readonly [Shape, readonly number[]])[] = [
  [[], []], [[5], [0]], [[3, 4], [1, 0]], [[2, 3, 4], [2, 0, 1]], [[2, 3, 4], [0, 2, 1]], [[2, 3, 4, 5], [0, 3, 1, 2]],
  [[2, 3, 4, 5], [0, 2, 3, 1]], [[2, 3, 4, 5], [3, 2, 1, 0]], [[1, 3, 1, 5], [2, 3, 0, 1]], [[0, 3], [1, 0]], [[17, 33], [1, 0]],
  [[2, 1, 3, 2, 2], [4, 1, 3, 0, 2]],
] // prettier-ignore

const slices: readonly (readonly [Shape, readonly number[], readonly number[], readonly number[]])[] = [
  [[], [], [], []], [[7], [2], [5], [1]], [[7], [0], [7], [3]], [[7], [1], [7], [2]], [[7], [3], [3], [1]],
  [[4, 5], [1, 2], [3, 5], [1, 1]], [[4, 5, 3], [0, 1, 0], [4, 5, 3], [2, 3, 2]], [[2, 6, 6, 17], [0, 1, 2, 3], [2, 6, 5, 17], [1, 2, 1, 4]],
] // prettier-ignore

const pads: readonly (readonly [Shape, readonly number[], readonly number[], readonly number[], number])[] = [
  [[], [], [], [], 1], [[3], [1], [2], [0], 0], [[3], [0], [0], [2], 7], [[1], [1], [1], [3], 5], [[0], [1], [2], [4], 9],
  [[2, 3], [1, 0], [0, 2], [0, 1], 1], [[2, 4, 4, 3], [0, 1, 2, 0], [0, 2, 1, 0], [0, 0, 0, 0], 0], [[2, 2], [0, 0], [0, 0], [0, 0], 3],
] // prettier-ignore

function padded(x: Tensor, out: Shape, low: readonly number[], interior: readonly number[], value: number): number[] {
  return fill(out, (position) => {
    const from = position.map((index, axis) => (index - low[axis]!) / (interior[axis]! + 1))
    const inside = from.every((index, axis) => Number.isInteger(index) && index >= 0 && index < x.shape[axis]!)
    return inside ? at(x, from) : value
  })
}

/** NumPy's take: out[..., i..., ...] = x[..., indices[i...], ...] */
function take(x: Tensor, indices: Tensor, axis: number, out: Shape): number[] {
  const rank = indices.shape.length
  return fill(out, (position) => {
    const index = at(indices, position.slice(axis, axis + rank))
    return at(x, [...position.slice(0, axis), index, ...position.slice(axis + rank)])
  })
}

const gathers: readonly (readonly [Shape, Shape, number])[] = [
  [[5], [], 0], [[5], [3], 0], [[4, 3], [2], 0], [[4, 3], [5], 1], [[2, 4, 3], [2, 2], 1], [[3, 33], [7], 0], [[2, 3], [0], 1], [[4, 0], [2], 0],
] // prettier-ignore

function replaced(shape: Shape, axis: number, dims: Shape): number[] {
  return [...shape.slice(0, axis), ...dims, ...shape.slice(axis + 1)]
}

function scatter(indices: Tensor, updates: Tensor, axis: number, shape: Shape): number[] {
  const rank = indices.shape.length
  const sums = new Array<number>(sizeOf(shape)).fill(0)
  fill(updates.shape, (position) => {
    const index = at(indices, position.slice(axis, axis + rank))
    const to = [...position.slice(0, axis), index, ...position.slice(axis + rank)]
    const flat = to.reduce((offset, i, d) => offset * shape[d]! + i, 0)
    sums[flat] = sums[flat]! + at(updates, position)
    return 0
  })
  return sums
}

const alongs: readonly (readonly [Shape, number, number])[] = [
  [[5], 0, 3], [[5], 0, 8], [[3, 4], 0, 2], [[3, 4], 1, 1], [[2, 5, 3], 1, 4], [[2, 0], 0, 3], [[3, 17], 1, 17],
] // prettier-ignore

function along(shape: Shape, axis: number, count: number): Shape {
  return shape.map((dim, d) => (d === axis ? count : dim))
}

/** Indices that sort by insertion: stable, whichever the direction; `before` says whether a must come before b. */
function insertionOrder(values: readonly number[], descending: boolean): number[] {
  const before = (a: number, b: number): boolean => {
    if (Number.isNaN(a) || Number.isNaN(b))
      return descending ? Number.isNaN(a) && !Number.isNaN(b) : Number.isNaN(b) && !Number.isNaN(a)
    return descending ? a > b : a < b
  }
  const order: number[] = []
  values.forEach((value, i) => {
    const place = order.findIndex((other) => before(value, values[other]!))
    order.splice(place < 0 ? order.length : place, 0, i)
  })
  return order
}

function sorted(name: string, x: Tensor, descending: boolean): Case {
  const count = x.shape[1]!
  const rows = Array.from({ length: x.shape[0]! }, (_, row) =>
    insertionOrder(Array.from(x.data.subarray(row * count, (row + 1) * count)), descending),
  )
  return caseOf(
    `${name}${descending ? ', descending' : ''}`,
    'argSort',
    [x],
    { axis: 1, descending },
    { expected: [rows.flat()] },
  )
}

export const movementCases: Readonly<Record<Name, readonly Case[]>> = {
  reshape: inEachDType((tensor, dtype) =>
    (
      [
        [[], []],
        [[1], []],
        [[6], [2, 3]],
        [
          [2, 3, 4],
          [4, 6],
        ],
        [
          [0, 3],
          [3, 0, 5],
        ],
        [
          [2, 3],
          [1, 2, 1, 3],
        ],
      ] as const
    ).map(([from, to], i) => {
      // prettier-ignore
      const x = tensor(from, i)
      return caseOf(`${dtype} ${shown(from)} to ${shown(to)}`, 'reshape', [x], { shape: to }, { expected: [x.data], type: { shape: to, dtype: x.dtype } }) // prettier-ignore
    }),
  ),
  transpose: inEachDType((tensor, dtype) =>
    transposes.map(([shape, permutation], i) => {
      const x = tensor(shape, i)
      const out = permutation.map((axis) => shape[axis]!)
      const expected = fill(out, (position) =>
        at(
          x,
          shape.map((_, axis) => position[permutation.indexOf(axis)]!),
        ),
      )
      return caseOf(
        `${dtype} ${shown(shape)} by ${shown(permutation)}`,
        'transpose',
        [x],
        { permutation },
        { expected: [expected] },
      )
    }),
  ),
  broadcast: inEachDType((tensor, dtype) =>
    (
      [
        [[], []],
        [[], [2, 3]],
        [[3], [2, 3]],
        [
          [2, 1],
          [2, 3],
        ],
        [
          [1, 3, 1],
          [4, 2, 3, 5],
        ],
        [[1], [0]],
        [
          [2, 0],
          [3, 2, 0],
        ],
        [[17], [3, 17]],
      ] as const
    ).map(([from, to], i) => {
      // prettier-ignore
      const x = tensor(from, i)
      const expected = fill(to, (position) => at(x, position))
      return caseOf(
        `${dtype} ${shown(from)} to ${shown(to)}`,
        'broadcast',
        [x],
        { shape: to },
        { expected: [expected] },
      )
    }),
  ),
  slice: inEachDType((tensor, dtype) =>
    slices.map(([shape, starts, limits, strides], i) => {
      const x = tensor(shape, i)
      const out = shape.map((_, axis) => Math.ceil((limits[axis]! - starts[axis]!) / strides[axis]!))
      const expected = fill(out, (position) =>
        at(
          x,
          position.map((index, axis) => starts[axis]! + index * strides[axis]!),
        ),
      )
      const name = `${dtype} ${shown(shape)} from ${shown(starts)} to ${shown(limits)} by ${shown(strides)}`
      return caseOf(name, 'slice', [x], { starts, limits, strides }, { expected: [expected] })
    }),
  ),
  pad: inEachDType((tensor, dtype) =>
    pads.map(([shape, low, high, interior, fillValue], i) => {
      const x = tensor(shape, i)
      const value = dtype === 'bool' ? Math.min(fillValue, 1) : fillValue
      const out = shape.map((dim, axis) => low[axis]! + dim + Math.max(0, dim - 1) * interior[axis]! + high[axis]!)
      const expected = padded(x, out, low, interior, value)
      const name = `${dtype} ${shown(shape)} by ${shown(low)} ${shown(high)} ${shown(interior)}`
      return caseOf(name, 'pad', [x], { low, high, interior, value }, { expected: [expected] })
    }),
  ).concat(
    caseOf('with -Infinity', 'pad', [vector(1)], { low: [1], high: [0], interior: [0], value: -inf }, { expected: [[-inf, 1]], gradients: [] }), // prettier-ignore
    caseOf('with NaN', 'pad', [vector(1)], { low: [1], high: [0], interior: [0], value: nan }, { expected: [[nan, 1]], gradients: [] }), // prettier-ignore
  ),
  concat: inEachDType((tensor, dtype) =>
    (
      [
        [[[2, 3]], 0],
        [[[2], [3], [1]], 0],
        [
          [
            [2, 3],
            [4, 3],
          ],
          0,
        ],
        [
          [
            [2, 3],
            [2, 1],
          ],
          1,
        ],
        [
          [
            [2, 0, 2],
            [2, 3, 2],
            [2, 1, 2],
          ],
          1,
        ],
        [
          [
            [1, 3, 3, 5],
            [1, 3, 3, 16],
          ],
          3,
        ],
        [[[0], [0]], 0],
      ] as const
    ).map(([shapes, axis], i) => {
      // prettier-ignore
      const parts = shapes.map((shape: Shape, k) => tensor(shape, 10 * i + k))
      const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0)
      const expected = fill(along(shapes[0], axis, total), (position) => {
        const own = [...position]
        const part = parts.find((candidate) => {
          if (own[axis]! < candidate.shape[axis]!) return true
          own[axis] = own[axis]! - candidate.shape[axis]!
          return false
        })
        return at(part!, own)
      })
      return caseOf(
        `${dtype} ${shapes.map(shown).join(' ')} along ${axis}`,
        'concat',
        parts,
        { axis },
        { expected: [expected] },
      )
    }),
  ),
  reverse: inEachDType((tensor, dtype) =>
    (
      [
        [[], []],
        [[5], [0]],
        [[5], []],
        [
          [2, 3],
          [0, 1],
        ],
        [[2, 3, 4, 3], [2]],
        [
          [2, 3, 4, 3],
          [1, 2],
        ],
        [[0, 2], [0]],
        [[1], [0]],
      ] as const
    ).map(([shape, axes], i) => {
      // prettier-ignore
      const x = tensor(shape, i)
      const backward: readonly number[] = axes
      const expected = fill(shape, (position) =>
        at(
          x,
          position.map((index, axis) => (backward.includes(axis) ? x.shape[axis]! - 1 - index : index)),
        ),
      )
      return caseOf(`${dtype} ${shown(shape)} along ${shown(axes)}`, 'reverse', [x], { axes }, { expected: [expected] })
    }),
  ),
  gather: inEachDType((tensor, dtype) =>
    gathers.map(([shape, dims, axis], i) => {
      const [x, indices] = [tensor(shape, i), randomInts(dims, 0, shape[axis]!, i)]
      const expected = take(x, indices, axis, replaced(shape, axis, dims))
      return caseOf(
        `${dtype} ${shown(shape)} by ${shown(dims)} along ${axis}`,
        'gather',
        [x, indices],
        { axis },
        { expected: [expected] },
      )
    }),
  ),
  scatterAdd: [
    ...gathers.map(([shape, dims, axis], i) => {
      const [indices, updates] = [randomInts(dims, 0, shape[axis]!, i), random(replaced(shape, axis, dims), i)]
      const expected = scatter(indices, updates, axis, shape)
      return caseOf(
        `${shown(dims)} into ${shown(shape)} along ${axis}`,
        'scatterAdd',
        [indices, updates],
        { axis, shape },
        { expected: [expected] },
      )
    }),
    caseOf('one place many times', 'scatterAdd', [int([40], new Array(40).fill(1)), float([40], new Array(40).fill(0.5))], { axis: 0, shape: [3] }, { expected: [[0, 20, 0]] }), // prettier-ignore
    caseOf('int32', 'scatterAdd', [int([3], [2, 0, 2]), int([3], [16777217, 2, 2])], { axis: 0, shape: [3] }, { expected: [[2, 0, 16777219]] }), // prettier-ignore
  ],
  argSort: [
    ...[false, true].flatMap((descending) => [
      sorted('random', random([3, 33], 3), descending),
      sorted('ties', float([2, 9], randomInts([2, 9], 0, 3, 5).data), descending),
      sorted('NaN and infinity', float([1, 7], [1, nan, -inf, inf, nan, 0, -0]), descending),
      sorted('int32', int([1, 5], [16777217, 16777216, -3, 16777217, 5]), descending),
      sorted('one', random([4, 1], 1), descending),
      sorted('empty', float([2, 0], []), descending),
    ]),
    caseOf('along the first axis', 'argSort', [float([3, 2], [3, 1, 1, 2, 2, 3])], { axis: 0, descending: false }, { expected: [[1, 0, 2, 1, 0, 2]] }), // prettier-ignore
  ],
  takeAlong: inEachDType((tensor, dtype) =>
    alongs.map(([shape, axis, count], i) => {
      const out = along(shape, axis, count)
      const [x, indices] = [tensor(shape, i), randomInts(out, 0, shape[axis]!, i)]
      const expected = fill(out, (position) =>
        at(
          x,
          position.map((index, d) => (d === axis ? at(indices, position) : index)),
        ),
      )
      return caseOf(
        `${dtype} ${shown(shape)} along ${axis}, ${count}`,
        'takeAlong',
        [x, indices],
        { axis },
        { expected: [expected] },
      )
    }),
  ),
  scatterAlong: [
    ...alongs.map(([shape, axis, count], i) => {
      const out = along(shape, axis, count)
      const [indices, updates] = [randomInts(out, 0, shape[axis]!, i), random(out, i)]
      const sums = new Array<number>(sizeOf(shape)).fill(0)
      fill(out, (position) => {
        const to = position.map((index, d) => (d === axis ? at(indices, position) : index))
        const flat = to.reduce((offset, index, d) => offset * shape[d]! + index, 0)
        sums[flat] = sums[flat]! + at(updates, position)
        return 0
      })
      return caseOf(
        `${count} into ${shown(shape)} along ${axis}`,
        'scatterAlong',
        [indices, updates],
        { axis, shape },
        { expected: [sums] },
      )
    }),
    caseOf('int32', 'scatterAlong', [int([1, 3], [1, 1, 0]), int([1, 3], [16777217, 2, 5])], { axis: 1, shape: [1, 2] }, { expected: [[5, 16777219]] }), // prettier-ignore
  ],
}
