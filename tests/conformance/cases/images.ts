// Cases of resizing and affine sampling. TensorFlow's own values are compared in tests/engines/reference.
import { resizeAxes } from '../../../src/graph/resize-weights.ts'
import type { AffineAttrs, FillMode, Pair, ResizeAttrs, ResizeMethod } from '../../../src/graph/primitives.ts'
import type { Shape } from '../../../src/graph/types.ts'
import { accumulated, caseOf, float, generator, random } from '../case.ts'
import type { Case, Tensor } from '../case.ts'
import { at, fill } from '../naive.ts'

type Name = 'affineSample' | 'affineSampleGrad' | 'resize' | 'resizeGrad'

const fillModes: readonly FillMode[] = ['constant', 'nearest', 'reflect', 'wrap']
const methods: readonly ResizeMethod[] = ['nearest', 'bilinear', 'bicubic', 'area', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic'] // prettier-ignore

const identity = [1, 0, 0, 0, 1, 0, 0, 0]

/** Turned, stretched and shifted far enough to read outside; numbers of no symmetry keep positions away from x.5. */
function transformsFor(n: number, h: number, w: number, seed: number): Tensor {
  const next = generator(seed)
  const rows = Array.from({ length: n }, () => {
    const angle = 0.3 + 2 * next()
    const [cos, sin] = [Math.cos(angle) * (0.7 + next()), Math.sin(angle) * (0.7 + next())]
    const [cx, cy] = [((w - 1) / 2) * (0.8 + next()), ((h - 1) / 2) * (0.8 + next())]
    return [cos, -sin, cx - cx * cos + cy * sin + 0.137, sin, cos, cy - cx * sin - cy * cos - 0.219, 0, 0]
  })
  return float([n, 8], rows.flat())
}

/** Values that differ little between neighbours, so that a position off by rounding reads almost the same. */
function smooth(shape: Shape, seed: number): Tensor {
  const next = generator(seed)
  const [a, b, c] = [next(), next(), next()]
  return float(
    shape,
    fill(shape, ([n, y, x, channel]) => Math.sin(a + n! + 0.5 * y!) + Math.cos(b + 0.4 * x!) + c * channel!),
  )
}

const sizes: readonly Shape[] = [[1, 5, 7, 3], [2, 8, 6, 1], [3, 1, 5, 2], [1, 4, 1, 17], [2, 1, 1, 3], [0, 4, 4, 3]] // prettier-ignore

function affine(op: 'affineSample' | 'affineSampleGrad'): Case[] {
  return fillModes.flatMap((fillMode) =>
    (['nearest', 'bilinear'] as const).flatMap((interpolation) =>
      sizes.map((shape, i) => {
        const [n, h, w] = shape as [number, number, number, number]
        const images = op === 'affineSample' ? smooth(shape, i) : random(shape, i)
        const attrs: AffineAttrs = { interpolation, fillMode, fillValue: fillMode === 'constant' ? 0.75 : 0 }
        const name = `[${shape.join()}] ${fillMode} ${interpolation}`
        // The transforms have no gradient, by definition.
        return caseOf(name, op, [images, transformsFor(n, h, w, i)], attrs, { tolerance: accumulated, gradients: [0] })
      }),
    ),
  )
}

const row = (...values: number[]): Tensor => float([1, 1, values.length, 1], values)
const shift = (pixels: number): Tensor => float([1, 8], [1, 0, pixels, 0, 1, 0, 0, 0])
const written: readonly (readonly [string, FillMode, number, readonly number[]])[] = [
  ['shifted by 2', 'constant', 2, [3, 4, 9, 9]],
  ['shifted by 2', 'nearest', 2, [3, 4, 4, 4]],
  ['shifted by 2', 'reflect', 2, [3, 4, 4, 3]],
  ['shifted by 2', 'wrap', 2, [3, 4, 1, 2]],
  ['shifted by -5', 'reflect', -5, [4, 4, 3, 2]],
  ['shifted by half', 'constant', 0.5, [1.5, 2.5, 3.5, 6.5]],
  ['shifted by half', 'nearest', 0.5, [1.5, 2.5, 3.5, 4]],
]

/** The resized image by the weights of both axes at once. */
function resized(x: Tensor, attrs: ResizeAttrs, out: Shape): number[] {
  const [rows, columns] = resizeAxes([x.shape[1]!, x.shape[2]!], attrs)
  return fill(out, (position) => {
    const [n, i, j, c] = position as [number, number, number, number]
    let sum = 0
    for (let s = 0; s < rows.span; s++) {
      for (let t = 0; t < columns.span; t++) {
        const weight = rows.weights[i * rows.span + s]! * columns.weights[j * columns.span + t]!
        sum += weight * at(x, [n, rows.starts[i]! + s, columns.starts[j]! + t, c])
      }
    }
    return sum
  })
}

const resizings: readonly (readonly [Shape, Pair])[] = [
  [[2, 7, 9, 3], [4, 5]], [[1, 5, 4, 17], [11, 9]], [[1, 6, 6, 1], [6, 6]], [[1, 1, 1, 3], [4, 3]], [[2, 5, 8, 2], [1, 1]],
  [[1, 4, 6, 3], [4, 3]], [[0, 4, 4, 3], [2, 3]], [[1, 20, 31, 2], [3, 4]],
] // prettier-ignore

const eachResizing = (make: (shape: Shape, attrs: ResizeAttrs, name: string, seed: number) => Case): Case[] =>
  methods.flatMap((method) =>
    [false, true].flatMap((antialias) =>
      resizings.map(
        ([shape, size], i) =>
        make(shape, { size, method, antialias }, `[${shape.join()}] to ${size.join('x')}, ${method}${antialias ? ', antialias' : ''}`, i), // prettier-ignore
      ),
    ),
  )

export const imageCases: Readonly<Record<Name, readonly Case[]>> = {
  affineSample: [
    ...affine('affineSample'),
    ...written.map(
      ([name, fillMode, pixels, expected]) =>
      caseOf(`${name}, ${fillMode}`, 'affineSample', [row(1, 2, 3, 4), shift(pixels)], { interpolation: 'bilinear', fillMode, fillValue: 9 }, { expected: [expected], gradients: [0] }), // prettier-ignore
    ),
    caseOf('identity', 'affineSample', [random([1, 3, 4, 2], 1), float([1, 8], identity)], { interpolation: 'bilinear', fillMode: 'constant', fillValue: 0 }, { expected: [random([1, 3, 4, 2], 1).data], gradients: [0] }), // prettier-ignore
    // k = 1 - x is 0 at x = 1: filled, whatever the mode.
    caseOf('projection through 0', 'affineSample', [row(1, 2, 3), float([1, 8], [1, 0, 0, 0, 1, 0, -1, 0])], { interpolation: 'nearest', fillMode: 'nearest', fillValue: 9 }, { expected: [[1, 9, 1]], gradients: [0] }), // prettier-ignore
    caseOf('perspective', 'affineSample', [smooth([1, 6, 7, 3], 4), float([1, 8], [0.9, 0.1, 0.31, -0.1, 1.1, 0.23, 0.031, 0.017])], { interpolation: 'bilinear', fillMode: 'reflect', fillValue: 0 }, { tolerance: accumulated, gradients: [0] }), // prettier-ignore
    caseOf('transforms that are no numbers', 'affineSample', [row(1, 2), float([1, 8], [1, 0, NaN, 0, 1, 0, 0, 0])], { interpolation: 'bilinear', fillMode: 'reflect', fillValue: 9 }, { expected: [[9, 9]], gradients: [0] }), // prettier-ignore
  ],
  affineSampleGrad: [
    ...affine('affineSampleGrad'),
    caseOf('shifted by half, nearest', 'affineSampleGrad', [row(2, 4, 8, 16), shift(0.5)], { interpolation: 'bilinear', fillMode: 'nearest', fillValue: 0 }, { expected: [[1, 3, 6, 20]], gradients: [0] }), // prettier-ignore
    caseOf('shifted by half, constant', 'affineSampleGrad', [row(2, 4, 8, 16), shift(0.5)], { interpolation: 'bilinear', fillMode: 'constant', fillValue: 5 }, { expected: [[1, 3, 6, 12]], gradients: [0] }), // prettier-ignore
  ],
  resize: [
    ...eachResizing((shape, attrs, name, seed) => {
      const x = random(shape, seed)
      const out = [shape[0]!, ...attrs.size, shape[3]!]
      return caseOf(name, 'resize', [x], attrs, { expected: [resized(x, attrs, out)], tolerance: accumulated })
    }),
    caseOf('half-pixel centres', 'resize', [row(0, 4)], { size: [1, 4], method: 'bilinear', antialias: false }, { expected: [[0, 1, 3, 4]] }), // prettier-ignore
    caseOf('nearest, up', 'resize', [row(1, 2)], { size: [1, 4], method: 'nearest', antialias: false }, { expected: [[1, 1, 2, 2]] }), // prettier-ignore
    caseOf('area, down', 'resize', [row(1, 3, 5, 7)], { size: [1, 2], method: 'area', antialias: false }, { expected: [[2, 6]] }), // prettier-ignore
  ],
  resizeGrad: eachResizing((shape, attrs, name, seed) => {
    const out = [shape[0]!, ...attrs.size, shape[3]!]
    return caseOf(name, 'resizeGrad', [random(out, seed)], { ...attrs, inputShape: shape }, { tolerance: accumulated })
  }),
}
