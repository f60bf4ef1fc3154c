// Resampling of images, NHWC.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import { requireOptions } from '../platform/arguments.ts'
import type { FillMode, ResizeMethod } from '../graph/primitives.ts'
import { showShape } from '../graph/types.ts'
import { requireSize } from './checks.ts'
import { castTensor, floatNode, toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { castNode } from './dtypes.ts'
import { Tensor } from './tensor.ts'

export interface AffineOptions {
  /** Default `bilinear`. */
  interpolation?: 'nearest' | 'bilinear'
  /** What is read outside of the image; default `constant`. */
  fillMode?: FillMode
  /** For `constant`; default 0. */
  fillValue?: number
}

/**
 * Reads each output pixel (x, y) of image i at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1, where row i
 * of `transforms` (N, 8) is a0 a1 a2 b0 b1 b2 c0 c1. float32.
 */
export function affineTransform(images: TensorLike, transforms: TensorLike, options: AffineOptions = {}): Tensor {
  requireOptions('affineTransform', options, ['interpolation', 'fillMode', 'fillValue'])
  const { interpolation = 'bilinear', fillMode = 'constant', fillValue = 0 } = options
  check('affineTransform', 'interpolation', interpolation, ['nearest', 'bilinear'])
  check('affineTransform', 'fillMode', fillMode, ['constant', 'nearest', 'reflect', 'wrap'])
  const inputs = [floatNode(images, 'affineTransform'), floatNode(transforms, 'affineTransform')] as const
  const [pictures, rows] = [inputs[0].shape, inputs[1].shape]
  if (pictures.length !== 4 || rows.length !== 2 || rows[0] !== pictures[0] || rows[1] !== 8) {
    const expected = 'images (batch, height, width, channels) and transforms (batch, 8)'
    const received = `${showShape(pictures)} and ${showShape(rows)}`
    throw new ShapeError(problem({ where: 'affineTransform', expected, received }))
  }
  return new Tensor(makeNode('affineSample', inputs, { interpolation, fillMode, fillValue }))
}

export interface ResizeOptions {
  /** Default `bilinear`. */
  interpolation?: ResizeMethod
  /** Widens the filter when shrinking; default false. */
  antialias?: boolean
}
const methods: readonly ResizeMethod[] = [
  'nearest', 'bilinear', 'bicubic', 'area', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic',
] // prettier-ignore
/** Those that leave images of the right size as they are. */
const exact: readonly ResizeMethod[] = ['nearest', 'bilinear', 'bicubic', 'area']

/**
 * Resizes images (N, H, W, C) or one image (H, W, C) to [height, width] as TensorFlow does, with half-pixel centres.
 * float32, not rounded; `nearest` keeps the dtype. Images of the right size are resized too: gaussian and mitchellcubic blur them.
 */
export function resize(images: TensorLike, size: readonly [number, number], options: ResizeOptions = {}): Tensor {
  requireOptions(
    'resize',
    options,
    ['interpolation', 'antialias'],
    'resize(images, [height, width], { antialias: true })',
  )
  const { interpolation: method = 'bilinear', antialias = false } = options
  check('resize', 'interpolation', method, methods)
  const tensor = toTensor(images, undefined, 'resize')
  const single = tensor.rank === 3
  if (!single && tensor.rank !== 4) {
    throw new ShapeError(
      problem({
        where: 'resize',
        expected: 'images of shape (batch, height, width, channels) or (height, width, channels)',
        received: showShape(tensor.shape),
      }),
    )
  }
  requireSize('resize', size)
  const [height, width] = size
  const kept = tensor.shape.at(-3) === height && tensor.shape.at(-2) === width
  if (kept && exact.includes(method)) return method === 'nearest' ? tensor : castTensor(tensor, 'float32')
  const batch = single ? makeNode('reshape', [tensor.node], { shape: [1, ...tensor.shape] }) : tensor.node
  let node = makeNode('resize', [castNode(batch, 'float32')], { size: [height, width], method, antialias })
  if (method === 'nearest') node = castNode(node, tensor.dtype) as typeof node
  return new Tensor(single ? makeNode('reshape', [node], { shape: node.shape.slice(1) }) : node)
}

function check(where: string, what: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return
  const expected = `${what}: ${allowed.map((name) => `"${name}"`).join(', ')}`
  throw new ArgumentError(problem({ where, expected, received: value }))
}
