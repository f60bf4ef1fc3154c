// The normal and the reduction cell of NASNet-A. Layers are made in the order of Keras, because automatic names count.
import { activate, channelsOf, correctPad, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'

export function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.batchNormalization({ momentum: 0.9997, epsilon: 1e-3, name }), x)
}
function pointwise(x: SymbolicTensor, filters: number, name: string): SymbolicTensor {
  const options = { filters, kernelSize: 1, padding: 'same', useBias: false, kernelInitializer: 'he_normal' } as const
  return on(layers.conv2D({ ...options, name }), x)
}
function average(x: SymbolicTensor, strides: number, padding: 'same' | 'valid', name: string): SymbolicTensor {
  return on(layers.averagePooling2D({ poolSize: 3, strides, padding, name }), x)
}
function sum(a: SymbolicTensor, b: SymbolicTensor, name: string | null): SymbolicTensor {
  return on(layers.add({ name }), [a, b])
}

/** Twice ReLU, separable convolution, normalization; the first may halve the size. */
function separable(
  inputs: SymbolicTensor,
  filters: number,
  kernelSize: number,
  id: string,
  strides: 1 | 2 = 1,
): SymbolicTensor {
  let x = activate(inputs, 'relu')
  if (strides === 2) x = on(layers.zeroPadding2D({ padding: correctPad(x, kernelSize), name: `separable_conv_1_pad_${id}` }), x) // prettier-ignore
  const padding = strides === 2 ? 'valid' : 'same'
  const convolution = { filters, kernelSize, useBias: false } as const
  x = on(layers.separableConv2D({ ...convolution, strides, padding, name: `separable_conv_1_${id}` }), x)
  x = activate(normalized(x, `separable_conv_1_bn_${id}`), 'relu')
  x = on(layers.separableConv2D({ ...convolution, padding: 'same', name: `separable_conv_2_${id}` }), x)
  return normalized(x, `separable_conv_2_bn_${id}`)
}

/** The cell before the last, made to fit the last one: halved in size, or projected to its channels. */
function adjusted(
  previous: SymbolicTensor | null,
  inputs: SymbolicTensor,
  filters: number,
  id: string,
): SymbolicTensor {
  if (previous === null) return inputs
  // As in Keras, widths alone are compared.
  if (previous.shape[2] === inputs.shape[2]) {
    if (channelsOf(previous) === filters) return previous
    return normalized(pointwise(activate(previous, 'relu'), filters, `adjust_conv_projection_${id}`), `adjust_bn_${id}`)
  }
  const active = activate(previous, 'relu', `adjust_relu_1_${id}`)
  const half = Math.floor(filters / 2)
  const sampled = (x: SymbolicTensor, path: 1 | 2): SymbolicTensor => {
    const pool = layers.averagePooling2D({ poolSize: 1, strides: 2, name: `adjust_avg_pool_${path}_${id}` })
    return pointwise(on(pool, x), half, `adjust_conv_${path}_${id}`)
  }
  const even = sampled(active, 1)
  // The second path sees the pixels that the first leaves out.
  const padded = on(layers.zeroPadding2D({ padding: [[0, 1], [0, 1]] }), active) // prettier-ignore
  const odd = sampled(on(layers.cropping2D({ cropping: [[1, 0], [1, 0]] }), padded), 2) // prettier-ignore
  return normalized(on(layers.concatenate(), [even, odd]), `adjust_bn_${id}`)
}

function squeezed(inputs: SymbolicTensor, filters: number, kind: 'normal' | 'reduction', id: string): SymbolicTensor {
  const x = pointwise(activate(inputs, 'relu'), filters, `${kind}_conv_1_${id}`)
  return normalized(x, `${kind}_bn_1_${id}`)
}

/** A cell that keeps the size. @returns its output, and what precedes the next cell */
export function normalCell(
  inputs: SymbolicTensor,
  previous: SymbolicTensor,
  filters: number,
  id: string,
): [SymbolicTensor, SymbolicTensor] {
  const p = adjusted(previous, inputs, filters, id)
  const h = squeezed(inputs, filters, 'normal', id)
  const left1 = separable(h, filters, 5, `normal_left1_${id}`)
  const x1 = sum(left1, separable(p, filters, 3, `normal_right1_${id}`), `normal_add_1_${id}`)
  const left2 = separable(p, filters, 5, `normal_left2_${id}`)
  const x2 = sum(left2, separable(p, filters, 3, `normal_right2_${id}`), `normal_add_2_${id}`)
  const x3 = sum(average(h, 1, 'same', `normal_left3_${id}`), p, `normal_add_3_${id}`)
  const left4 = average(p, 1, 'same', `normal_left4_${id}`)
  const x4 = sum(left4, average(p, 1, 'same', `normal_right4_${id}`), `normal_add_4_${id}`)
  const x5 = sum(separable(h, filters, 3, `normal_left5_${id}`), h, `normal_add_5_${id}`)
  return [on(layers.concatenate({ name: `normal_concat_${id}` }), [p, x1, x2, x3, x4, x5]), inputs]
}

/** A cell that halves the size. @returns its output, and what precedes the next cell */
export function reductionCell(
  inputs: SymbolicTensor,
  previous: SymbolicTensor | null,
  filters: number,
  id: string,
): [SymbolicTensor, SymbolicTensor] {
  const p = adjusted(previous, inputs, filters, id)
  const h = squeezed(inputs, filters, 'reduction', id)
  const h3 = on(layers.zeroPadding2D({ padding: correctPad(h, 3), name: `reduction_pad_1_${id}` }), h)
  const greatest = (name: string): SymbolicTensor =>
    on(layers.maxPooling2D({ poolSize: 3, strides: 2, padding: 'valid', name }), h3)
  const left1 = separable(h, filters, 5, `reduction_left1_${id}`, 2)
  const x1 = sum(left1, separable(p, filters, 7, `reduction_right1_${id}`, 2), `reduction_add_1_${id}`)
  const left2 = greatest(`reduction_left2_${id}`)
  const x2 = sum(left2, separable(p, filters, 7, `reduction_right2_${id}`, 2), `reduction_add_2_${id}`)
  const left3 = average(h3, 2, 'valid', `reduction_left3_${id}`)
  const x3 = sum(left3, separable(p, filters, 5, `reduction_right3_${id}`, 2), `reduction_add3_${id}`)
  const x4 = sum(x2, average(x1, 1, 'same', `reduction_left4_${id}`), null)
  const left5 = separable(x1, filters, 3, `reduction_left4_${id}`)
  const x5 = sum(left5, greatest(`reduction_right5_${id}`), `reduction_add4_${id}`)
  return [on(layers.concatenate({ name: `reduction_concat_${id}` }), [x2, x3, x4, x5]), inputs]
}
