// Shape rules of matrix products, convolutions and pooling.
import type { ConvAttrs, Pair, Padding2D, PoolAttrs, PrimitiveName } from '../primitives.ts'
import type { Shape, TensorType } from '../types.ts'
import { showShape } from '../types.ts'
import {
  argumentError, checkDims, checkDType, checkPair, checkRank, checkShape, float, isCount, one, shapeError, showType,
  showTypes, two,
} from './check.ts' // prettier-ignore
import type { ShapeRules } from './check.ts'

type LinearName =
  'matmul' | 'conv' | 'convInputGrad' | 'convKernelGrad' | 'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad'

const axisNames = ['height', 'width'] as const

/** floor((n + lo + hi - dilation (k - 1) - 1) / stride) + 1 for height and width. @throws ShapeError where it is not >= 1. */
export function windowedSize(
  op: PrimitiveName,
  size: Pair,
  window: Pair,
  strides: Pair,
  dilation: Pair,
  padding: Padding2D,
): [number, number] {
  const along = (i: 0 | 1): number => {
    const padded = size[i] + padding[i][0] + padding[i][1]
    const reach = dilation[i] * (window[i] - 1) + 1
    const out = Math.floor((padded - reach) / strides[i]) + 1
    if (out <= 0) {
      throw shapeError(
        op,
        `a padded ${axisNames[i]} of at least ${reach} (the window's reach)`,
        `${size[i]} + ${padding[i][0]} + ${padding[i][1]}`,
        'Use a larger input, a smaller window or more padding',
      )
    }
    return out
  }
  return [along(0), along(1)]
}

function checkPadding(op: PrimitiveName, padding: Padding2D): void {
  const good = padding.length === 2 && padding.every((side) => side.length === 2 && side.every((n) => isCount(n)))
  if (!good) throw argumentError(op, 'padding [[top, bottom], [left, right]] of integers >= 0', padding)
}

/** The result's shape of a convolution of `x` by `kernel`, all attributes checked. */
function convShape(op: PrimitiveName, x: TensorType, kernel: TensorType, attrs: ConvAttrs): Shape {
  const { strides, padding, dilation, groups } = attrs
  for (const type of [x, kernel]) {
    checkDType(op, 'inputs', type, float)
    if (type.shape.length !== 4) {
      throw shapeError(
        op,
        'x of rank 4 (NHWC) and a kernel of rank 4 [kh, kw, in / groups, out]',
        showTypes([x, kernel]),
      )
    }
  }
  checkPair(op, 'strides', strides, 1)
  checkPair(op, 'dilation', dilation, 1)
  checkPadding(op, padding)
  if (!isCount(groups, 1)) throw argumentError(op, 'groups: an integer >= 1', groups)
  const [n, h, w, channels] = x.shape as [number, number, number, number]
  const [kh, kw, inner, filters] = kernel.shape as [number, number, number, number]
  if (kh < 1 || kw < 1) throw shapeError(op, 'a kernel of at least one pixel', showType(kernel))
  if (channels !== inner * groups) {
    throw shapeError(
      op,
      `a kernel with kernel.shape[2] * groups (${inner} * ${groups}) equal to the channels of x`,
      `x ${showShape(x.shape)}, kernel ${showShape(kernel.shape)}`,
    )
  }
  if (filters % groups !== 0) {
    throw shapeError(op, `filters divisible by groups (${groups})`, `kernel ${showShape(kernel.shape)}`)
  }
  const [oh, ow] = windowedSize(op, [h, w], [kh, kw], strides, dilation, padding)
  return [n, oh, ow, filters]
}

/** The result's shape of pooling an input of `shape`, all attributes checked. */
function poolShape(op: PrimitiveName, x: TensorType, { window, strides, padding }: PoolAttrs): Shape {
  checkDType(op, 'an input', x, float)
  checkRank(op, 'an input (NHWC)', x, 4)
  checkPair(op, 'window', window, 1)
  checkPair(op, 'strides', strides, 1)
  checkPadding(op, padding)
  const [n, h, w, channels] = x.shape as [number, number, number, number]
  if (h < 1 || w < 1) throw shapeError(op, 'an input of at least one pixel', showType(x))
  // Otherwise a window could lie in the padding alone, and have neither maximum nor mean.
  if (padding.some((side, i) => side.some((pixels) => pixels >= window[i]!))) {
    throw argumentError(op, 'padding smaller than the window', { padding, window })
  }
  const [oh, ow] = windowedSize(op, [h, w], window, strides, [1, 1], padding)
  return [n, oh, ow, channels]
}

export const linearRules: ShapeRules<LinearName> = {
  matmul: (inputs, { transposeA, transposeB }) => {
    const [a, b] = two('matmul', inputs)
    checkDType('matmul', 'inputs', a, float)
    checkDType('matmul', 'inputs', b, float)
    const rank = a.shape.length
    const leading = a.shape.slice(0, -2)
    if (rank < 2 || b.shape.length !== rank || leading.some((dim, i) => dim !== b.shape[i])) {
      throw shapeError('matmul', 'two inputs of one rank >= 2 with equal leading dims', showTypes(inputs))
    }
    const m = a.shape[transposeA ? rank - 1 : rank - 2]!
    const inner = a.shape[transposeA ? rank - 2 : rank - 1]!
    const innerB = b.shape[transposeB ? rank - 1 : rank - 2]!
    const n = b.shape[transposeB ? rank - 2 : rank - 1]!
    if (inner !== innerB) {
      const flags = transposeA || transposeB ? ` (transposeA ${transposeA}, transposeB ${transposeB})` : ''
      throw shapeError('matmul', `equal inner dims${flags}`, `${showTypes(inputs)}: ${inner} and ${innerB}`)
    }
    return { shape: [...leading, m, n], dtype: 'float32' }
  },
  conv: (inputs, attrs) => {
    const { epilogue } = attrs
    const expected = 2 + (epilogue?.bias ? 1 : 0) + (epilogue?.residual ? 1 : 0)
    if (inputs.length !== expected) {
      const names = `x, kernel${epilogue?.bias ? ', bias' : ''}${epilogue?.residual ? ', residual' : ''}`
      throw argumentError('conv', `${expected} inputs (${names})`, `${inputs.length}: ${showTypes(inputs)}`)
    }
    const shape = convShape('conv', inputs[0]!, inputs[1]!, attrs)
    if (epilogue?.bias) {
      checkDType('conv', 'a bias', inputs[2]!, float)
      checkShape('conv', 'a bias', inputs[2]!, [shape[3]!])
    }
    if (epilogue?.residual) {
      const residual = inputs[expected - 1]!
      checkDType('conv', 'a residual', residual, float)
      checkShape('conv', 'a residual', residual, shape)
    }
    if (epilogue?.clamp && !(epilogue.clamp[0] <= epilogue.clamp[1])) {
      throw argumentError('conv', 'clamp bounds low <= high', epilogue.clamp)
    }
    return { shape, dtype: 'float32' }
  },
  convInputGrad: (inputs, attrs) => {
    const [dy, kernel] = two('convInputGrad', inputs)
    checkDims('convInputGrad', 'inputShape', attrs.inputShape)
    checkDType('convInputGrad', 'dy', dy, float)
    const forward = convShape('convInputGrad', { shape: attrs.inputShape, dtype: 'float32' }, kernel, attrs)
    checkShape('convInputGrad', `dy (for inputShape ${showShape(attrs.inputShape)})`, dy, forward)
    return { shape: attrs.inputShape, dtype: 'float32' }
  },
  convKernelGrad: (inputs, attrs) => {
    const [x, dy] = two('convKernelGrad', inputs)
    checkDims('convKernelGrad', 'kernelShape', attrs.kernelShape)
    checkDType('convKernelGrad', 'dy', dy, float)
    const forward = convShape('convKernelGrad', x, { shape: attrs.kernelShape, dtype: 'float32' }, attrs)
    checkShape('convKernelGrad', `dy (for kernelShape ${showShape(attrs.kernelShape)})`, dy, forward)
    return { shape: attrs.kernelShape, dtype: 'float32' }
  },
  maxPool: (inputs, attrs) => ({ shape: poolShape('maxPool', one('maxPool', inputs), attrs), dtype: 'float32' }),
  maxPoolGrad: (inputs, attrs) => {
    const [x, dy] = two('maxPoolGrad', inputs)
    checkDType('maxPoolGrad', 'dy', dy, float)
    checkShape('maxPoolGrad', `dy (for x ${showShape(x.shape)})`, dy, poolShape('maxPoolGrad', x, attrs))
    return { shape: x.shape, dtype: 'float32' }
  },
  avgPool: (inputs, attrs) => ({ shape: poolShape('avgPool', one('avgPool', inputs), attrs), dtype: 'float32' }),
  avgPoolGrad: (inputs, attrs) => {
    const dy = one('avgPoolGrad', inputs)
    checkDims('avgPoolGrad', 'inputShape', attrs.inputShape)
    checkDType('avgPoolGrad', 'dy', dy, float)
    const forward = poolShape('avgPoolGrad', { shape: attrs.inputShape, dtype: 'float32' }, attrs)
    checkShape('avgPoolGrad', `dy (for inputShape ${showShape(attrs.inputShape)})`, dy, forward)
    return { shape: attrs.inputShape, dtype: 'float32' }
  },
}
