// Resizing and affine sampling of the reference engine against TensorFlow's own values.
import { describe, expect, test } from 'vitest'
import { evaluateNodes } from '../../../src/engines/reference/index.ts'
import { makeNode } from '../../../src/graph/node.ts'
import type { Node } from '../../../src/graph/node.ts'
import type { FillMode, Pair, ResizeMethod } from '../../../src/graph/primitives.ts'
import { resizeAxes } from '../../../src/graph/resize-weights.ts'
import type { TypedArray } from '../../../src/graph/types.ts'
import { difference, readBook } from '../../goldens-run/read.ts'
import type { GoldenTensor } from '../../goldens-run/read.ts'

/** A golden tensor as float32 images NHWC. */
function imagesOf({ shape, data }: GoldenTensor): Node {
  const batched = shape.length === 3 ? [1, ...shape] : [...shape]
  return makeNode('constant', [], { data: Float32Array.from(data), shape: batched, dtype: 'float32' })
}

function resized(images: Node, size: Pair, method: ResizeMethod, antialias: boolean): TypedArray {
  return evaluateNodes([makeNode('resize', [images], { size, method, antialias })])[0]!
}

/** Null if equal within `absolute`, or, for integers, equal after rounding except where the value lies near a half. */
function compare(values: TypedArray, expected: GoldenTensor, absolute: number): string | null {
  if (expected.dtype === 'float32') return difference(values, expected.data, { absolute })
  const rounded = values.map((value) => Math.min(Math.max(Math.round(value), 0), 255))
  const nearHalf = (i: number): boolean => Math.abs((Math.abs(values[i]!) % 1) - 0.5) <= 1e-3
  return difference(rounded, expected.data, { absolute: 0 }, { skip: nearHalf })
}

interface TensorRef {
  readonly tensor: string
}

interface ResizingCase {
  readonly name: string
  readonly config: {
    readonly height: number
    readonly width: number
    readonly interpolation: ResizeMethod
    readonly antialias: boolean
    readonly crop_to_aspect_ratio: boolean
    readonly pad_to_aspect_ratio: boolean
  }
  readonly inputs: readonly TensorRef[]
  readonly outputs: readonly TensorRef[]
  readonly grads: null | { readonly cotangent: string; readonly inputs: readonly string[] }
}

describe('resize: layers/resizing', () => {
  const book = readBook<ResizingCase>('layers/resizing')
  // Cropping and padding belong to the layer, whose tests have them.
  const plain = book.cases.filter(({ config }) => !config.crop_to_aspect_ratio && !config.pad_to_aspect_ratio)
  test('there are cases', () => expect(plain.length).toBeGreaterThan(0))
  test.each(plain.map((golden) => [golden.name, golden] as const))(
    '%s',
    (_name, { config, inputs, outputs, grads }) => {
      const { height, width, interpolation, antialias } = config
      const images = imagesOf(book.tensor(inputs[0]!.tensor))
      const values = resized(images, [height, width], interpolation, antialias)
      expect(compare(values, book.tensor(outputs[0]!.tensor), 1e-4)).toBeNull()
      if (grads) {
        const dy = imagesOf(book.tensor(grads.cotangent))
        const attrs = { size: [height, width], method: interpolation, antialias, inputShape: images.shape } as const
        const dx = evaluateNodes([makeNode('resizeGrad', [dy], attrs)])[0]!
        expect(difference(dx, book.tensor(grads.inputs[0]!).data, { relative: 1e-4 })).toBeNull()
      }
    },
  )
})

interface DecodedCase {
  readonly name: string
  readonly resized: Readonly<Record<string, { readonly source: string; readonly size: Pair; readonly tensor: string }>>
}

describe('resize: data/decoded', () => {
  const book = readBook<DecodedCase>('data/decoded')
  const cases = book.cases.flatMap(({ name, resized: kinds }) =>
    Object.entries(kinds).map(([kind, golden]) => [`${name} ${kind}`, kind, golden] as const),
  )
  test('there are cases', () => expect(cases.length).toBeGreaterThan(0))
  test.each(cases)('%s', (_name, kind, { source, size, tensor }) => {
    const antialias = kind.endsWith('_antialias')
    const method = kind.replace('_antialias', '') as ResizeMethod
    const values = resized(imagesOf(book.tensor(source)), size, method, antialias)
    expect(compare(values, book.tensor(tensor), 1e-4)).toBeNull()
  })
})

interface UtilityCase {
  readonly name: string
  readonly function: string
  readonly arguments: { readonly size?: Pair; readonly interpolation?: ResizeMethod }
  readonly inputs: readonly string[]
  readonly outputs: readonly string[] | null
}

describe('resize: smart_resize of data/image_utils', () => {
  const book = readBook<UtilityCase>('data/image_utils')
  const cases = book.cases.filter((golden) => golden.function === 'smart_resize')
  test('there are cases', () => expect(cases.length).toBeGreaterThan(0))
  test.each(cases.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
    const { size, interpolation } = golden.arguments as Required<UtilityCase['arguments']>
    const images = imagesOf(book.tensor(golden.inputs[0]!))
    const [, h, w, channels] = images.shape as [number, number, number, number]
    const cropHeight = Math.max(Math.min(h, Math.trunc((w * size[0]) / size[1])), 1)
    const cropWidth = Math.max(Math.min(w, Math.trunc((h * size[1]) / size[0])), 1)
    const [top, left] = [Math.trunc((h - cropHeight) / 2), Math.trunc((w - cropWidth) / 2)]
    const cropped = makeNode('slice', [images], {
      starts: [0, top, left, 0],
      limits: [images.shape[0]!, top + cropHeight, left + cropWidth, channels],
      strides: [1, 1, 1, 1],
    })
    const values = resized(cropped, size, interpolation, false)
    expect(compare(values, book.tensor(golden.outputs![0]!), 1e-3)).toBeNull()
  })
})

interface RandomImageCase {
  readonly name: string
  readonly class_name: string
  readonly config: {
    readonly fill_mode: FillMode
    readonly fill_value: number
    readonly interpolation: 'nearest' | 'bilinear'
  }
  readonly parameters: {
    readonly angle_degrees?: number | readonly number[]
    readonly matrix_rows?: readonly (readonly number[])[]
    readonly height_zoom?: number | readonly number[]
    readonly width_zoom?: number | readonly number[]
    readonly height_fraction?: number
    readonly width_fraction?: number
  }
  readonly inputs: readonly TensorRef[]
  readonly outputs: readonly TensorRef[]
}

/** Image i's transform, by the formulas of the layers in their order and in float32: positions near x.5 depend on it. */
function transformOf({ name, parameters }: RandomImageCase, i: number, h: number, w: number): readonly number[] {
  const f = Math.fround
  const at = (value: number | readonly number[]): number => f(typeof value === 'number' ? value : value[i]!)
  const { angle_degrees: angle, matrix_rows: rows, height_zoom: tall, width_zoom: wide } = parameters
  const [cx, cy] = [(w - 1) / 2, (h - 1) / 2]
  if (rows !== undefined) return rows[i]!
  if (angle !== undefined) {
    const radians = f(at(angle) * f(Math.PI / 180))
    const [cos, sin] = [f(Math.cos(radians)), f(Math.sin(radians))]
    const x = f(f(cx - f(cx * cos)) - f(cy * -sin))
    const y = f(f(cy - f(cx * sin)) - f(cy * cos))
    return [cos, -sin, x, sin, cos, y, 0, 0]
  }
  if (tall !== undefined && wide !== undefined) {
    return [at(wide), 0, f(cx * f(1 - at(wide))), 0, at(tall), f(cy * f(1 - at(tall))), 0, 0]
  }
  const { height_fraction: down, width_fraction: right } = parameters
  if (down === undefined || right === undefined) throw new Error(`${name}: unknown parameters`)
  return [1, 0, -f(f(right) * w), 0, 1, -f(f(down) * h), 0, 0]
}

describe('affineSample: layers/random_images', () => {
  const book = readBook<RandomImageCase>('layers/random_images')
  const affine = ['RandomRotation', 'RandomZoom', 'RandomTranslation']
  const cases = book.cases.filter((golden) => affine.includes(golden.class_name))
  test('there are cases', () => expect(cases.length).toBeGreaterThan(0))
  test.each(cases.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
    const images = imagesOf(book.tensor(golden.inputs[0]!.tensor))
    const [n, h, w] = images.shape as [number, number, number, number]
    const data = Float32Array.from(Array.from({ length: n }, (_, i) => transformOf(golden, i, h, w)).flat())
    const transforms = makeNode('constant', [], { data, shape: [n, 8], dtype: 'float32' })
    const { interpolation, fill_mode: fillMode, fill_value: fillValue } = golden.config
    const node = makeNode('affineSample', [images, transforms], { interpolation, fillMode, fillValue })
    const expected = book.tensor(golden.outputs[0]!.tensor).data
    // Positions near x.5 or near a border can fall on either side.
    expect(difference(evaluateNodes([node])[0]!, expected, { absolute: 1e-2 }, { mayDiffer: 0.02 })).toBeNull()
  })
})

describe('resize weights', () => {
  test('never read outside the input and keep constants', () => {
    const methods = [
      'nearest',
      'bilinear',
      'bicubic',
      'area',
      'lanczos3',
      'lanczos5',
      'gaussian',
      'mitchellcubic',
    ] as const
    for (const method of methods) {
      for (const antialias of [false, true]) {
        for (const [n, m] of [
          [1, 1],
          [1, 7],
          [7, 1],
          [2, 3],
          [3, 2],
          [50, 7],
          [7, 50],
          [224, 150],
          [5, 5],
        ] as const) {
          const [rows] = resizeAxes([n, 4], { size: [m, 5], method, antialias })
          expect(rows.starts.length).toBe(m)
          for (let i = 0; i < m; i++) {
            expect(rows.starts[i]).toBeGreaterThanOrEqual(0)
            expect(rows.starts[i]! + rows.span).toBeLessThanOrEqual(n)
            const sum = rows.weights.subarray(i * rows.span, (i + 1) * rows.span).reduce((a, b) => a + b, 0)
            expect(Math.abs(sum - 1)).toBeLessThan(1e-5)
          }
        }
      }
    }
  })
})
