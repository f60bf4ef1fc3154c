// Cases of matrix products and of the three convolution primitives, over one list of geometries.
import { makeNode } from '../../../src/graph/node.ts'
import type { ConvAttrs, Epilogue, Padding2D, Pair } from '../../../src/graph/primitives.ts'
import type { Shape } from '../../../src/graph/types.ts'
import { accumulated, caseOf, float, random, vector } from '../case.ts'
import type { Case, Tensor } from '../case.ts'
import * as naive from '../naive.ts'

type Name = 'matmul' | 'conv' | 'convInputGrad' | 'convKernelGrad'

export interface Geometry {
  readonly name: string
  readonly input: Shape
  readonly kernel: Shape
  readonly attrs: ConvAttrs
  readonly output: Shape
}

const none: Padding2D = [[0, 0], [0, 0]] // prettier-ignore

/** Keras's `same`: the odd pixel of padding goes after. */
function samePadding(size: Pair, kernel: Pair, strides: Pair, dilation: Pair): Padding2D {
  const along = (i: 0 | 1): Pair => {
    const total = Math.max(
      (Math.ceil(size[i] / strides[i]) - 1) * strides[i] + (kernel[i] - 1) * dilation[i] + 1 - size[i],
      0,
    )
    return [Math.floor(total / 2), total - Math.floor(total / 2)]
  }
  return [along(0), along(1)]
}

interface Options {
  readonly n?: number
  readonly size?: Pair
  readonly k?: Pair
  readonly strides?: Pair
  readonly dilation?: Pair
  readonly groups?: number
  readonly padding?: 'same' | 'valid' | Padding2D
}

function geometry(channels: number, filters: number, options: Options = {}): Geometry {
  const {
    n = 2,
    size = [6, 5],
    k = [3, 3],
    strides = [1, 1],
    dilation = [1, 1],
    groups = 1,
    padding = 'same',
  } = options
  const pads = padding === 'valid' ? none : padding === 'same' ? samePadding(size, k, strides, dilation) : padding
  const along = (i: 0 | 1): number =>
    Math.floor((size[i] + pads[i][0] + pads[i][1] - dilation[i] * (k[i] - 1) - 1) / strides[i]) + 1
  const input = [n, ...size, channels]
  const kernel = [...k, channels / groups, filters]
  const name =
    `[${input.join()}] by [${kernel.join()}], strides ${strides.join()}, dilation ${dilation.join()}, ` +
    `groups ${groups}, padding ${pads.flat().join()}`
  return {
    name,
    input,
    kernel,
    attrs: { strides, padding: pads, dilation, groups },
    output: [n, along(0), along(1), filters],
  }
}

const square = (k: number): Pair => [k, k]
const channelCounts = [1, 3, 5, 7, 8, 15, 16, 17, 24, 33]

const plain: readonly Geometry[] = [
  // Channels around vector and block widths, in and out, with and without a window.
  ...channelCounts.flatMap((c, i) => [
    geometry(c, channelCounts[(i * 3 + 4) % channelCounts.length]!, { size: [4, 5] }),
    geometry(c, channelCounts[(i * 7 + 1) % channelCounts.length]!, { size: [3, 5], k: [1, 1] }),
  ]),
  ...[1, 2, 3, 5, 7].flatMap((k) =>
    [1, 2, 3].map((s) => geometry(3, 4, { size: [9, 8], k: square(k), strides: square(s), n: 1 })),
  ),
  ...[2, 3, 5].flatMap((k) => [
    geometry(2, 3, { size: [9, 10], k: square(k), dilation: [2, 2], padding: k === 5 ? 'same' : 'valid' }),
  ]),
  geometry(4, 6, { k: [3, 1], dilation: [1, 2], strides: [2, 1] }),
  geometry(4, 6, { k: [1, 5], strides: [1, 2] }),
  geometry(3, 5, { k: [2, 4], padding: [[1, 0], [0, 3]] }), // prettier-ignore
  geometry(3, 8, { k: [3, 3], padding: [[0, 1], [2, 0]], strides: [2, 2] }), // prettier-ignore
  geometry(3, 16, { size: [8, 8], strides: [2, 2], padding: 'valid' }),
  // Strides that leave pixels unread, also with a 1x1 kernel.
  geometry(5, 7, { size: [7, 8], k: [1, 1], strides: [2, 3] }),
  geometry(3, 2, { size: [8, 8], k: [2, 2], strides: [3, 3], padding: 'valid' }),
  // Kernels larger than the input.
  geometry(3, 4, { size: [1, 1], k: [3, 3] }),
  geometry(3, 4, { size: [2, 3], k: [7, 7] }),
  geometry(8, 8, { size: [2, 2], k: [5, 5], strides: [2, 2] }),
  geometry(16, 16, { size: [1, 1], k: [1, 1], n: 3 }),
  geometry(3, 2, { n: 0 }),
  geometry(24, 33, { size: [13, 11], n: 3 }),
]

const grouped: readonly Geometry[] = [
  geometry(4, 6, { groups: 2 }),
  geometry(16, 32, { groups: 2, k: [1, 1] }),
  geometry(6, 6, { groups: 3, strides: [2, 2], k: [2, 3] }),
  geometry(32, 16, { groups: 4, size: [3, 4] }),
  // Depthwise
  ...channelCounts.map((c) => geometry(c, c, { groups: c, size: [5, 4] })),
  ...[1, 2, 3].flatMap((s) =>
    [3, 5, 7].map((k) => geometry(8, 8, { groups: 8, size: [9, 10], k: square(k), strides: square(s), n: 1 })),
  ),
  geometry(17, 17, { groups: 17, size: [7, 8], k: [2, 2], strides: [2, 2] }),
  geometry(16, 16, { groups: 16, size: [7, 7], dilation: [2, 2] }),
  geometry(5, 5, { groups: 5, k: [3, 5], padding: [[2, 0], [1, 3]] }), // prettier-ignore
  geometry(24, 24, { groups: 24, size: [2, 2], k: [5, 5] }),
  geometry(32, 32, { groups: 32, size: [12, 12], strides: [2, 2], padding: [[0, 1], [0, 1]] }), // prettier-ignore
  geometry(4, 4, { groups: 4, k: [1, 1] }),
  // Depth multipliers
  ...[1, 3, 5, 8, 16].map((c) => geometry(c, 2 * c, { groups: c, size: [5, 4] })),
  geometry(7, 21, { groups: 7, strides: [2, 2] }),
]

export const geometries: readonly Geometry[] = [...plain, ...grouped]

function epilogueCase(name: string, { input, kernel, attrs, output }: Geometry, epilogue: Epilogue): Case {
  const [x, w] = [random(input, 1), random(kernel, 2)]
  const extra: Tensor[] = []
  if (epilogue.bias) extra.push(random([output[3]!], 3))
  if (epilogue.residual) extra.push(random(output, 4))
  const [low, high] = epilogue.clamp ?? [-Infinity, Infinity]
  const expected = naive.conv(x, w, output, attrs).map((value, i) => {
    const bias = epilogue.bias ? extra[0]!.data[i % output[3]!]! : 0
    const residual = epilogue.residual ? extra[extra.length - 1]!.data[i]! : 0
    return Math.min(Math.max(value + bias + residual, low), high)
  })
  return caseOf(
    name,
    'conv',
    [x, w, ...extra],
    { ...attrs, epilogue },
    { expected: [expected], tolerance: accumulated },
  )
}

const relu: Pair = [0, Infinity]
const epilogues: readonly (readonly [string, Epilogue])[] = [
  ['bias', { bias: true, residual: false, clamp: null }],
  ['relu', { bias: false, residual: false, clamp: relu }],
  ['bias, relu', { bias: true, residual: false, clamp: relu }],
  ['bias, relu6-like bounds', { bias: true, residual: false, clamp: [0, 0.7] }],
  ['residual', { bias: false, residual: true, clamp: null }],
  ['bias, residual', { bias: true, residual: true, clamp: null }],
  ['bias, residual, relu', { bias: true, residual: true, clamp: relu }],
  ['residual, bounds on both sides', { bias: false, residual: true, clamp: [-0.5, 0.5] }],
  ['nothing', { bias: false, residual: false, clamp: null }],
]
const epilogueGeometries = [
  geometry(5, 7),
  geometry(16, 24, { k: [1, 1] }),
  geometry(17, 17, { groups: 17, strides: [2, 2] }),
  geometry(3, 6, { groups: 3 }),
]

const products: readonly (readonly [Shape, number, number, number])[] = [
  [[], 1, 1, 1], [[], 3, 4, 5], [[], 1, 33, 7], [[], 17, 1, 3], [[], 8, 16, 15], [[2], 3, 4, 2], [[2, 3], 2, 5, 3], [[0], 2, 2, 2],
  [[], 0, 3, 2], [[], 2, 0, 3], [[], 33, 129, 17],
] // prettier-ignore

export const linearCases: Readonly<Record<Name, readonly Case[]>> = {
  matmul: [
    ...products.flatMap(([batch, m, k, n], i) =>
      [false, true].flatMap((transposeA) =>
        [false, true].map((transposeB) => {
          const a = random([...batch, ...(transposeA ? [k, m] : [m, k])], i)
          const b = random([...batch, ...(transposeB ? [n, k] : [k, n])], i + 100)
          const expected = naive.matmul(a, b, [...batch, m, n], transposeA, transposeB)
          const name = `[${a.shape.join()}]${transposeA ? 'ᵀ' : ''} [${b.shape.join()}]${transposeB ? 'ᵀ' : ''}`
          return caseOf(
            name,
            'matmul',
            [a, b],
            { transposeA, transposeB },
            { expected: [expected], tolerance: accumulated },
          )
        }),
      ),
    ),
    caseOf('NaN and infinity', 'matmul', [float([2, 2], [NaN, 1, 1, Infinity]), float([2, 1], [1, 2])], { transposeA: false, transposeB: false }, { expected: [[NaN, Infinity]], gradients: [] }), // prettier-ignore
  ],
  conv: [
    ...geometries.map(({ name, input, kernel, attrs, output }, i) => {
      const [x, w] = [random(input, i), random(kernel, i + 1000)]
      const type = { shape: output, dtype: 'float32' } as const
      return caseOf(name, 'conv', [x, w], { ...attrs, epilogue: null }, { expected: [naive.conv(x, w, output, attrs)], type, tolerance: accumulated }) // prettier-ignore
    }),
    ...epilogueGeometries.flatMap((shapes) =>
      epilogues.map(([name, epilogue]) => epilogueCase(`${name}: ${shapes.name}`, shapes, epilogue)),
    ),
    caseOf('NaN and infinity', 'conv', [float([1, 1, 3, 1], [1, NaN, 2]), float([1, 1, 1, 2], [1, Infinity])], { strides: [1, 1], padding: none, dilation: [1, 1], groups: 1, epilogue: null }, { expected: [[1, Infinity, NaN, NaN, 2, Infinity]], gradients: [] }), // prettier-ignore
    convOfConstants(),
  ],
  convInputGrad: geometries.map(({ name, input, kernel, attrs, output }, i) => {
    const [dy, w] = [random(output, i + 2000), random(kernel, i + 1000)]
    // The transpose of a linear map: <dx, e> = <dy, conv(e)> for each unit vector e.
    const expected = transposed(input, (e) => naive.conv(e, w, output, attrs), dy)
    return caseOf(
      name,
      'convInputGrad',
      [dy, w],
      { ...attrs, inputShape: input },
      { ...expected, tolerance: accumulated },
    )
  }),
  convKernelGrad: geometries.map(({ name, input, kernel, attrs, output }, i) => {
    const [x, dy] = [random(input, i), random(output, i + 2000)]
    const expected = transposed(kernel, (e) => naive.conv(x, e, output, attrs), dy)
    return caseOf(
      name,
      'convKernelGrad',
      [x, dy],
      { ...attrs, kernelShape: kernel },
      { ...expected, tolerance: accumulated },
    )
  }),
}

/** A kernel that is a constant of the graph: what an engine may lay out once and for all. */
function convOfConstants(): Case {
  const { input, kernel, attrs, output } = geometry(8, 16)
  const [x, w] = [random(input, 1), random(kernel, 2)]
  const constant = makeNode('constant', [], { data: w.data, shape: kernel, dtype: 'float32' })
  return {
    name: 'a constant kernel',
    inputs: [x],
    build: (leaves) => [makeNode('conv', [leaves[0]!, constant], { ...attrs, epilogue: null })],
    expected: [naive.conv(x, w, output, attrs)],
    tolerance: accumulated,
  }
}

/** The transpose of `map` at dy, one unit vector at a time; left to the reference engine where that would take long. */
function transposed(shape: Shape, map: (unit: Tensor) => number[], dy: Tensor): Pick<Case, 'expected'> {
  const count = shape.reduce((size, dim) => size * dim, 1)
  if (count * dy.data.length > 12_000) return {}
  const row = Array.from({ length: count }, (_, i) => {
    const unit = new Float32Array(count)
    unit[i] = 1
    return map(float(shape, unit)).reduce((sum, value, j) => sum + value * dy.data[j]!, 0)
  })
  return { expected: [vector(...row).data] }
}
