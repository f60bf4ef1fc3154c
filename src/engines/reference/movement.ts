// Kernels that only move elements: reshaping, transposing, slicing, padding, joining.
import type { Shape, TypedArray } from '../../graph/types.ts'
import { sizeOf, stridesOf } from '../../graph/types.ts'
import type { Kernels } from './kernel.ts'
import { allocateResult } from './storage.ts'
import { broadcastStrides, readStrided, writeStrided } from './strided.ts'

/** Element offset of a position. */
function offsetOf(position: readonly number[], strides: readonly number[]): number {
  return position.reduce((offset, index, axis) => offset + index * strides[axis]!, 0)
}

function concat(
  parts: readonly { readonly shape: Shape; readonly data: TypedArray }[],
  axis: number,
  out: TypedArray,
  shape: Shape,
): void {
  const strides = stridesOf(shape)
  let at = 0
  for (const part of parts) {
    writeStrided(out, part.data, part.shape, strides, at * strides[axis]!)
    at += part.shape[axis]!
  }
}

export const movementKernels: Kernels<
  'reshape' | 'transpose' | 'broadcast' | 'slice' | 'pad' | 'concat' | 'reverse' | 'iota'
> = {
  // Values are never written twice, so both shapes may share one array.
  reshape: (_node, [x]) => x!,
  transpose: (node, [x]) => {
    const strides = stridesOf(node.inputs[0]!.shape)
    return readStrided(
      x!,
      node.dtype,
      node.shape,
      node.attrs.permutation.map((axis) => strides[axis]!),
    )
  },
  broadcast: (node, [x]) =>
    readStrided(x!, node.dtype, node.shape, broadcastStrides(node.inputs[0]!.shape, node.shape)),
  slice: (node, [x]) => {
    const strides = stridesOf(node.inputs[0]!.shape)
    const steps = strides.map((stride, axis) => stride * node.attrs.strides[axis]!)
    return readStrided(x!, node.dtype, node.shape, steps, offsetOf(node.attrs.starts, strides))
  },
  pad: (node, [x]) => {
    const { low, interior, value } = node.attrs
    const strides = stridesOf(node.shape)
    const out = allocateResult(node.dtype, sizeOf(node.shape)).fill(value)
    const steps = strides.map((stride, axis) => stride * (interior[axis]! + 1))
    writeStrided(out, x!, node.inputs[0]!.shape, steps, offsetOf(low, strides))
    return out
  },
  concat: (node, inputs) => {
    const out = allocateResult(node.dtype, sizeOf(node.shape))
    const parts = inputs.map((data, i) => ({ data, shape: node.inputs[i]!.shape }))
    concat(parts, node.attrs.axis, out, node.shape)
    return out
  },
  reverse: (node, [x]) => {
    const strides = stridesOf(node.shape)
    const backward = (axis: number): boolean => node.attrs.axes.includes(axis)
    const last = node.shape.map((dim, axis) => (backward(axis) ? dim - 1 : 0))
    const steps = strides.map((stride, axis) => (backward(axis) ? -stride : stride))
    return readStrided(x!, node.dtype, node.shape, steps, offsetOf(last, strides))
  },
  iota: (node) => {
    const { shape, axis, dtype } = node.attrs
    const count = shape[axis]!
    const indices = allocateResult(dtype, count)
    for (let i = 0; i < count; i++) indices[i] = i
    return readStrided(
      indices,
      dtype,
      shape,
      shape.map((_, i) => (i === axis ? 1 : 0)),
    )
  },
}
