// Derivatives of matrix products, convolutions, pooling and image sampling, and of their own backward primitives.
import { less, reduceSum, scalar, select, slice, zeros } from '../build.ts'
import { makeNode } from '../node.ts'
import type { Node } from '../node.ts'
import type { ConvAttrs, PoolAttrs } from '../primitives.ts'
import type { Shape } from '../types.ts'
import { clampGradient } from './elementwise.ts'
import type { Derivatives } from './rule.ts'

type LinearName = 'matmul' | 'conv' | 'convInputGrad' | 'convKernelGrad' | 'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad' // prettier-ignore
type ImageName = 'affineSample' | 'affineSampleGrad' | 'resize' | 'resizeGrad'

function matmul(a: Node, b: Node, transposeA: boolean, transposeB: boolean): Node {
  return makeNode('matmul', [a, b], { transposeA, transposeB })
}

/** The three maps of one bilinear form sum(dy * conv(x, kernel)), by which each other's derivatives are expressed. */
function convFamily({ strides, padding, dilation, groups }: ConvAttrs) {
  const attrs = { strides, padding, dilation, groups }
  return {
    forward: (x: Node, kernel: Node): Node => makeNode('conv', [x, kernel], { ...attrs, epilogue: null }),
    inputGrad: (dy: Node, kernel: Node, inputShape: Shape): Node =>
      makeNode('convInputGrad', [dy, kernel], { ...attrs, inputShape }),
    kernelGrad: (x: Node, dy: Node, kernelShape: Shape): Node =>
      makeNode('convKernelGrad', [x, dy], { ...attrs, kernelShape }),
  }
}

/**
 * What stands in `values` at the place of each window's first maximum of `x`: the transpose of maxPoolGrad.
 * Walks the window's places in row-major order, with one strided slice each.
 */
function takeAtMaximum(x: Node, values: Node, { window, strides, padding }: PoolAttrs, out: Shape): Node {
  const [[top, bottom], [left, right]] = padding
  const around = { low: [0, top, left, 0], high: [0, bottom, right, 0], interior: [0, 0, 0, 0] }
  const paddedX = makeNode('pad', [x], { ...around, value: -Infinity })
  const paddedValues = makeNode('pad', [values], { ...around, value: 0 })
  const [n, height, width, channels] = out as readonly [number, number, number, number]
  const at = (padded: Node, i: number, j: number): Node =>
    slice(
      padded,
      [0, i, j, 0],
      [n, i + (height - 1) * strides[0] + 1, j + (width - 1) * strides[1] + 1, channels],
      [1, strides[0], strides[1], 1],
    )
  let best: Node = makeNode('broadcast', [scalar(-Infinity)], { shape: out })
  let taken = zeros(out)
  for (let i = 0; i < window[0]; i++) {
    for (let j = 0; j < window[1]; j++) {
      const candidate = at(paddedX, i, j)
      const better = less(best, candidate)
      taken = select(better, at(paddedValues, i, j), taken)
      best = select(better, candidate, best)
    }
  }
  return taken
}

export const linearDerivatives: Derivatives<LinearName | ImageName> = {
  // Y = A B: dA = dY B^T, dB = A^T dY; with A given transposed, dA = (dY B^T)^T = B dY^T, and likewise B.
  matmul: (node, dy, needs) => {
    const [a, b] = node.inputs as readonly [Node, Node]
    const { transposeA, transposeB } = node.attrs
    const da = () => (transposeA ? matmul(b, dy, transposeB, true) : matmul(dy, b, false, !transposeB))
    const db = () => (transposeB ? matmul(dy, a, true, transposeA) : matmul(a, dy, !transposeA, false))
    return [needs[0] ? da() : null, needs[1] ? db() : null]
  },
  // y = clamp(conv(x, k) + bias + residual): with g = dy where low < y < high, else 0:
  // dx = convInputGrad(g, k), dk = convKernelGrad(x, g), dbias = sum of g over N, H, W, dresidual = g
  conv: (node, dy, needs) => {
    const [x, kernel] = node.inputs as readonly [Node, Node]
    const { epilogue } = node.attrs
    const family = convFamily(node.attrs)
    const g = epilogue?.clamp ? clampGradient(dy, node as Node, epilogue.clamp[0], epilogue.clamp[1]) : dy
    const gradients: (Node | null)[] = [
      needs[0] ? family.inputGrad(g, kernel, x.shape) : null,
      needs[1] ? family.kernelGrad(x, g, kernel.shape) : null,
    ]
    if (epilogue?.bias) gradients.push(needs[2] ? reduceSum(g, [0, 1, 2]) : null)
    if (epilogue?.residual) gradients.push(needs[gradients.length] ? g : null)
    return gradients
  },
  // r = convInputGrad(e, k), linear in e and k: de = conv(dr, k), dk = convKernelGrad(dr, e)
  convInputGrad: (node, dr, needs) => {
    const [e, kernel] = node.inputs as readonly [Node, Node]
    const family = convFamily(node.attrs)
    return [needs[0] ? family.forward(dr, kernel) : null, needs[1] ? family.kernelGrad(dr, e, kernel.shape) : null]
  },
  // r = convKernelGrad(x, e), linear in x and e: dx = convInputGrad(e, dr), de = conv(x, dr)
  convKernelGrad: (node, dr, needs) => {
    const [x, e] = node.inputs as readonly [Node, Node]
    const family = convFamily(node.attrs)
    return [needs[0] ? family.inputGrad(e, dr, x.shape) : null, needs[1] ? family.forward(x, dr) : null]
  },
  maxPool: (node, dy, needs) => [needs[0] ? makeNode('maxPoolGrad', [node.inputs[0]!, dy], node.attrs) : null],
  // r = maxPoolGrad(x, e), linear in e, piecewise constant in x: de = dr at each window's maximum of x
  maxPoolGrad: (node, dr, needs) => {
    const [x, e] = node.inputs as readonly [Node, Node]
    return [null, needs[1] ? takeAtMaximum(x, dr, node.attrs, e.shape) : null]
  },
  avgPool: (node, dy, needs) => {
    const inputShape = node.inputs[0]!.shape
    return [needs[0] ? makeNode('avgPoolGrad', [dy], { ...node.attrs, inputShape }) : null]
  },
  // The transpose of the transpose
  avgPoolGrad: (node, dr, needs) => {
    const { window, strides, padding } = node.attrs
    return [needs[0] ? makeNode('avgPool', [dr], { window, strides, padding }) : null]
  },

  // Linear in the images; the transforms get no gradient (TensorFlow).
  affineSample: (node, dy, needs) => [
    needs[0] ? makeNode('affineSampleGrad', [dy, node.inputs[1]!], node.attrs) : null,
    null,
  ],
  // The transpose of the transpose, which is linear: it fills with 0.
  affineSampleGrad: (node, dr, needs) => [
    needs[0] ? makeNode('affineSample', [dr, node.inputs[1]!], { ...node.attrs, fillValue: 0 }) : null,
    null,
  ],
  resize: (node, dy, needs) => {
    const inputShape = node.inputs[0]!.shape
    return [needs[0] ? makeNode('resizeGrad', [dy], { ...node.attrs, inputShape }) : null]
  },
  resizeGrad: (node, dr, needs) => {
    const { size, method, antialias } = node.attrs
    return [needs[0] ? makeNode('resize', [dr], { size, method, antialias }) : null]
  },
}
