// Lowers reductions, argMax, moments, argSort and indexing.
import type { Node } from '../../../graph/node.ts'
import { sizeOf } from '../../../graph/types.ts'
import type { Shape } from '../../../graph/types.ts'
import { inherit } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Value } from '../plan.ts'

/** [outer, reduceOuter, middle, reduceInner, inner] of a reduction over at most two runs of axes, or null for more. */
function viewOf(shape: Shape, axes: readonly number[]): number[] | null {
  const runs: { reduced: boolean; size: number }[] = []
  shape.forEach((dim, i) => {
    const reduced = axes.includes(i)
    const last = runs[runs.length - 1]
    if (last && last.reduced === reduced) last.size *= dim
    else runs.push({ reduced, size: dim })
  })
  const view = [1, 1, 1, 1, 1]
  let at = 0
  for (const run of runs) {
    // Places 1 and 3 are reduced, 0, 2 and 4 are kept.
    while (at < 5 && (at % 2 === 1) !== run.reduced) at++
    if (at === 5) return null
    view[at++] = run.size
  }
  return view
}

type ReduceNode = Node<'reduceSum'> | Node<'reduceMax'> | Node<'reduceMin'>
const reduceOps = { reduceSum: 'sum', reduceMax: 'max', reduceMin: 'min' } as const

export function lowerReduce(node: ReduceNode, b: Builder): void {
  const x = node.inputs[0]!
  const { axes } = node.attrs
  const op = reduceOps[node.op]
  const factors = b.product(x)
  if (factors) {
    // Made already, while the kernel's gradient was unpacked.
    if (b.has(node)) return
    const inputs = factors.map((factor) => b.value(factor, 'plain'))
    const to = b.fresh(node.shape, 'float32', 'plain', { batch: false, stable: inherit(...inputs).stable })
    to.storage.imageBytes = 0
    b.set(node, to)
    const columns = x.shape[x.shape.length - 1]!
    b.add({ kind: 'productSums', label: 'sum of products', role: 'whole', inputs, outputs: [to], attributes: { rows: sizeOf(x.shape) / columns, columns } })
    return
  }
  const blockedOnly = b.has(x, 'blocked') && !b.has(x, 'plain') && x.shape.length === 4
  if (op === 'sum' && blockedOnly && axes.join() === '1,2') {
    const from = b.value(x, 'blocked')
    const to = b.fresh(node.shape, 'float32', 'plain', from)
    b.set(node, to)
    b.add({
      kind: 'spatialSums',
      label: 'sum over pixels',
      inputs: [from],
      outputs: [to],
      attributes: (images) => ({ images: from.batch ? images : x.shape[0], channels: x.shape[3], pixels: x.shape[1]! * x.shape[2]! }),
    })
    return
  }
  if (op === 'sum' && blockedOnly && axes.join() === '0,1,2') {
    const from = b.value(x, 'blocked')
    const sums = channelSums(from, x.shape, b)
    b.set(node, b.alias(sums, node.shape, 'plain'))
    b.set(node, b.alias(sums, node.shape, 'blocked'))
    return
  }
  const from = b.value(x, 'plain')
  reducePlain(node, from, x.shape, axes, op, b)
}

/** Sums over pictures and pixels of a blocked value -> one number a channel, in whole blocks. */
export function channelSums(from: Value, shape: Shape, b: Builder): Value {
  const sums = b.fresh([shape[3]!], 'float32', 'blocked', { batch: false, stable: from.stable })
  sums.storage.imageBytes = 0
  b.add({
    kind: 'channelSums',
    label: 'sum over pictures and pixels',
    role: from.batch ? 'sum' : 'whole',
    inputs: [from],
    outputs: [sums],
    attributes: (images) => ({ images: from.batch ? images : shape[0], channels: shape[3], pixels: shape[1]! * shape[2]! }),
  })
  return sums
}

function reducePlain(node: Node, from: Value, shape: Shape, axes: readonly number[], op: 'sum' | 'max' | 'min', b: Builder): void {
  const view = viewOf(shape, axes)
  if (view === null) {
    // More than two runs of axes: the last run first, then the rest.
    const run = [axes[axes.length - 1]!]
    while (axes.includes(run[0]! - 1)) run.unshift(run[0]! - 1)
    const smaller = shape.map((dim, i) => (run.includes(i) ? 1 : dim))
    const part = b.fresh(smaller, from.dtype, 'plain', { batch: false, stable: from.stable })
    b.add({ kind: 'reduce', label: `reduce ${op}`, role: 'whole', inputs: [from], outputs: [part], attributes: { view: viewOf(shape, run), dtype: from.dtype, op } })
    reducePlain(node, part, smaller, axes.filter((axis) => !run.includes(axis)), op, b)
    return
  }
  const ofBatch = from.batch && b.batch > 0 && shape[0] === b.batch
  const sumsBatch = axes.includes(0)
  const addable = op === 'sum' && from.dtype === 'float32'
  const isMap = ofBatch && !sumsBatch
  const to = b.fresh(node.shape, node.dtype, 'plain', { batch: isMap, stable: from.stable })
  if (!isMap) to.storage.imageBytes = 0
  b.set(node, to)
  if (sizeOf(node.shape) === 0) return
  b.add({
    kind: 'reduce',
    label: `reduce ${op}`,
    role: isMap ? 'map' : ofBatch && addable ? 'sum' : 'whole',
    inputs: [from],
    outputs: [to],
    attributes: (images) => ({ view: ofBatch ? viewOf([images, ...shape.slice(1)], axes) : view, dtype: from.dtype, op }),
  })
}

export function lowerMoments(node: Node<'moments'>, b: Builder): void {
  const x = node.inputs[0]!
  const { axes } = node.attrs
  const flags = { batch: false, stable: b.any(x).stable }
  const to = b.fresh(node.shape, 'float32', 'plain', flags)
  to.storage.imageBytes = 0
  b.set(node, to)
  if (sizeOf(node.shape) === 0) return
  if (x.shape.length === 4 && axes.join() === '0,1,2' && b.has(x, 'blocked') && !b.has(x, 'plain')) {
    const [images, height, width, channels] = x.shape as [number, number, number, number]
    b.add({ kind: 'blockedMoments', label: 'moments', role: 'whole', inputs: [b.value(x, 'blocked')], outputs: [to], attributes: { images, channels, pixels: height * width } })
    return
  }
  const view = viewOf(x.shape, axes)
  if (view === null) throw new Error('moments over more than two runs of axes')
  b.add({ kind: 'moments', label: 'moments', role: 'whole', inputs: [b.value(x, 'plain')], outputs: [to], attributes: { view } })
}

function axisView(shape: Shape, axis: number, count = 0): number[] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1)), count]
}

/** argMax and argSort: rows of the batch are independent unless the axis is the batch. */
export function lowerSearch(node: Node<'argMax'> | Node<'argSort'>, b: Builder): void {
  const x = node.inputs[0]!
  const { axis } = node.attrs
  const from = b.value(x, 'plain')
  const isMap = from.batch && axis > 0 && x.shape[0] === b.batch
  const to = b.fresh(node.shape, 'int32', 'plain', { batch: isMap, stable: from.stable })
  if (!isMap) to.storage.imageBytes = 0
  b.set(node, to)
  if (sizeOf(node.shape) === 0) return
  b.add({
    kind: node.op,
    label: node.op,
    role: isMap ? 'map' : 'whole',
    inputs: [from],
    outputs: [to],
    attributes: (images) => ({
      view: axisView(isMap ? [images, ...x.shape.slice(1)] : x.shape, axis),
      dtype: x.dtype === 'float32' ? 'float32' : 'int32',
      descending: node.op === 'argSort' && node.attrs.descending,
    }),
  })
}

type IndexNode = Node<'gather'> | Node<'takeAlong'> | Node<'scatterAdd'> | Node<'scatterAlong'>

export function lowerIndexed(node: IndexNode, b: Builder): void {
  const [first, second] = node.inputs as [Node, Node]
  const values = [b.value(first, 'plain'), b.value(second, 'plain')]
  const { axis } = node.attrs
  const to = b.fresh(node.shape, node.dtype, 'plain', { batch: false, stable: inherit(...values).stable })
  to.storage.imageBytes = 0
  b.set(node, to)
  let view: number[]
  let dtype = node.dtype
  switch (node.op) {
    case 'gather':
      view = axisView(first.shape, axis, sizeOf(second.shape))
      dtype = first.dtype
      break
    case 'takeAlong':
      view = axisView(first.shape, axis, second.shape[axis]!)
      dtype = first.dtype
      break
    case 'scatterAdd':
      view = axisView(node.shape, axis, sizeOf(first.shape))
      break
    case 'scatterAlong':
      view = axisView(node.shape, axis, first.shape[axis]!)
      break
  }
  if (sizeOf(node.shape) === 0) return
  b.add({ kind: 'indexed', label: node.op, role: 'whole', inputs: values, outputs: [to], attributes: { view, kind: node.op, dtype } })
}
