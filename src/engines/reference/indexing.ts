// Kernels that choose elements by computed indices, their transposes, and sorting.
import type { Node } from '../../graph/node.ts'
import type { TypedArray } from '../../graph/types.ts'
import { sizeOf } from '../../graph/types.ts'
import type { Kernels } from './kernel.ts'
import { kernelError } from './kernel.ts'
import { aroundAxis } from './reductions.ts'
import { allocateResult } from './storage.ts'

function checkIndices(node: Node, indices: TypedArray, count: number, axis: number): void {
  for (const index of indices) {
    if (index < 0 || index >= count) {
      const range = count === 0 ? 'no index, as the axis is empty' : `indices from 0 to ${count - 1}`
      throw kernelError(node, `${range} along axis ${axis}`, `index ${index}`)
    }
  }
}

/** Ascending, NaN last. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a < b ? -1 : a > b ? 1 : 0
}

export const indexingKernels: Kernels<'gather' | 'scatterAdd' | 'argSort' | 'takeAlong' | 'scatterAlong'> = {
  gather: (node, [x, indices]) => {
    const { axis } = node.attrs
    const [outer, count, inner] = aroundAxis(node.inputs[0]!.shape, axis)
    checkIndices(node, indices!, count, axis)
    const out = allocateResult(node.dtype, sizeOf(node.shape))
    let at = 0
    for (let o = 0; o < outer; o++) {
      for (const index of indices!) {
        let from = (o * count + index) * inner
        for (let i = 0; i < inner; i++) out[at++] = x![from++]!
      }
    }
    return out
  },
  scatterAdd: (node, [indices, updates]) => {
    const { axis, shape } = node.attrs
    const [outer, count, inner] = aroundAxis(shape, axis)
    checkIndices(node, indices!, count, axis)
    const totals = new Float64Array(sizeOf(shape))
    let at = 0
    for (let o = 0; o < outer; o++) {
      for (const index of indices!) {
        let to = (o * count + index) * inner
        for (let i = 0; i < inner; i++, to++) totals[to] = totals[to]! + updates![at++]!
      }
    }
    const out = allocateResult(node.dtype, totals.length)
    out.set(totals)
    return out
  },
  argSort: (node, [x]) => {
    const { axis, descending } = node.attrs
    const [outer, count, inner] = aroundAxis(node.shape, axis)
    const out = allocateResult('int32', outer * count * inner)
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const at = (k: number): number => (o * count + k) * inner + i
        const order = Array.from({ length: count }, (_, k) => k)
        // Array.sort is stable, so equal values keep their order either way.
        order.sort((a, b) => (descending ? compare(x![at(b)]!, x![at(a)]!) : compare(x![at(a)]!, x![at(b)]!)))
        order.forEach((from, k) => (out[at(k)] = from))
      }
    }
    return out
  },
  takeAlong: (node, [x, indices]) => {
    const { axis } = node.attrs
    const [outer, picks, inner] = aroundAxis(node.shape, axis)
    const count = node.inputs[0]!.shape[axis]!
    checkIndices(node, indices!, count, axis)
    const out = allocateResult(node.dtype, indices!.length)
    let at = 0
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < picks; k++) {
        for (let i = 0; i < inner; i++, at++) out[at] = x![(o * count + indices![at]!) * inner + i]!
      }
    }
    return out
  },
  scatterAlong: (node, [indices, updates]) => {
    const { axis, shape } = node.attrs
    const [outer, count, inner] = aroundAxis(shape, axis)
    const picks = node.inputs[0]!.shape[axis]!
    checkIndices(node, indices!, count, axis)
    const totals = new Float64Array(sizeOf(shape))
    let at = 0
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < picks; k++) {
        for (let i = 0; i < inner; i++, at++) {
          const to = (o * count + indices![at]!) * inner + i
          totals[to] = totals[to]! + updates![at]!
        }
      }
    }
    const out = allocateResult(node.dtype, totals.length)
    out.set(totals)
    return out
  },
}
