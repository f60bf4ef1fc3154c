// Operations that change the shape or the places of elements.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { sameShape, showShape, sizeOf } from '../graph/types.ts'
import type { Shape } from '../graph/types.ts'
import { checkRules, listOf, oneOf, type OptionRules, orNull, whole } from '../platform/option-rules.ts'
import { manyAxes, oneAxis } from './axes.ts'
import { requireCount, requireIntegers, requireList, requireShape } from './checks.ts'
import { toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { castNode, promoteTypes } from './dtypes.ts'
import { Tensor } from './tensor.ts'

const nodeOf = (x: TensorLike, where: string): Node => toTensor(x, undefined, where).node

export function reshapeNode(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : makeNode('reshape', [x], { shape })
}
/** `x[start:limit]` along one axis. */
export function sliceNode(x: Node, axis: number, start: number, limit: number): Node {
  if (start === 0 && limit === x.shape[axis]) return x
  return makeNode('slice', [x], {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    limits: x.shape.map((dim, i) => (i === axis ? limit : dim)),
    strides: x.shape.map(() => 1),
  })
}

/** The same elements in another shape; one dim may be -1 and is inferred. @throws ShapeError if the sizes do not agree. */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const node = nodeOf(x, 'reshape')
  requireShape('reshape', shape, -1)
  const size = sizeOf(node.shape)
  const unknown = shape.indexOf(-1)
  let full: number[] = [...shape]
  if (unknown >= 0) {
    const rest = sizeOf(shape.filter((_, i) => i !== unknown))
    full = shape.map((dim, i) => (i === unknown ? (rest === 0 ? 0 : size / rest) : dim))
  }
  if (full.some((dim) => !Number.isInteger(dim) || dim < 0) || sizeOf(full) !== size) {
    throw new ShapeError(
      problem({
        where: 'reshape',
        expected: `a shape for ${size} elements (from ${showShape(node.shape)}), with at most one -1`,
        received: showShape(shape),
      }),
    )
  }
  return new Tensor(reshapeNode(node, full))
}
/** Axes in another order; default reversed. */
export function transpose(x: TensorLike, axes?: readonly number[]): Tensor {
  const node = nodeOf(x, 'transpose')
  if (axes !== undefined) {
    requireIntegers('transpose', 'axes', axes)
    checkCount('transpose', 'axes', axes, node.shape)
    manyAxes('transpose', axes, node.shape)
  }
  const permutation =
    axes === undefined
      ? node.shape.map((_, i) => node.shape.length - 1 - i)
      : axes.map((axis) => oneAxis('transpose', axis, node.shape))
  return new Tensor(makeNode('transpose', [node], { permutation }))
}
/** Inserts an axis of length 1 at `axis` of the result. */
export function expandDims(x: TensorLike, axis: number): Tensor {
  const node = nodeOf(x, 'expandDims')
  const at = oneAxis('expandDims', axis, node.shape, 1)
  return new Tensor(reshapeNode(node, [...node.shape.slice(0, at), 1, ...node.shape.slice(at)]))
}
/** Removes axes of length 1; default all of them. @throws ShapeError for an axis of another length. */
export function squeeze(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const node = nodeOf(x, 'squeeze')
  const axes =
    axis === undefined ? node.shape.flatMap((dim, i) => (dim === 1 ? [i] : [])) : manyAxes('squeeze', axis, node.shape)
  for (const one of axes) {
    if (node.shape[one] !== 1) {
      throw new ShapeError(
        problem({ where: 'squeeze', expected: `length 1 along axis ${one}`, received: showShape(node.shape) }),
      )
    }
  }
  return new Tensor(reshapeNode(node, node.shape.filter((_, i) => !axes.includes(i)))) // prettier-ignore
}
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  requireShape('broadcastTo', shape)
  const node = nodeOf(x, 'broadcastTo')
  return new Tensor(sameShape(node.shape, shape) ? node : makeNode('broadcast', [node], { shape: [...shape] }))
}

/** A block: `sizes[i]` elements from `starts[i]` on; a size of -1 takes the rest. */
export function slice(x: TensorLike, starts: readonly number[], sizes: readonly number[]): Tensor {
  const node = nodeOf(x, 'slice')
  requireIntegers('slice', 'starts', starts)
  requireIntegers('slice', 'sizes', sizes)
  checkCount('slice', 'starts', starts, node.shape)
  checkCount('slice', 'sizes', sizes, node.shape)
  const limits = node.shape.map((dim, i) => (sizes[i] === -1 ? dim : starts[i]! + sizes[i]!))
  return new Tensor(makeNode('slice', [node], { starts: [...starts], limits, strides: node.shape.map(() => 1) }))
}

function checkCount(where: string, what: string, values: readonly unknown[], shape: Shape): void {
  if (values.length === shape.length) return
  throw new ArgumentError(
    problem({ where, expected: `${shape.length} ${what} for shape ${showShape(shape)}`, received: values }),
  )
}

export interface StridedSlice {
  /** Per axis, null for the first element; negative counts from the end. Axes that are not mentioned are taken whole. */
  starts: readonly (number | null)[]
  /** Exclusive; null for the end. */
  limits?: readonly (number | null)[]
  /** Default 1; negative goes backwards. */
  strides?: readonly number[]
}

const places = listOf('whole numbers or null', orNull(whole(-Infinity)))
const sliceRules: OptionRules = { starts: places, limits: places, strides: listOf('whole numbers', whole(-Infinity)) }
/** Python's `x[start:limit:stride, …]`. */
export function stridedSlice(x: TensorLike, ranges: StridedSlice): Tensor {
  checkRules('stridedSlice', ranges, sliceRules, 'stridedSlice(x, { starts: [0, 1] })')
  const { starts, limits = [], strides = [] } = ranges
  requireList('stridedSlice', starts, '`starts`: a list of whole numbers or null, one for each axis')
  let node = nodeOf(x, 'stridedSlice')
  if (Math.max(starts.length, limits.length, strides.length) > node.shape.length) {
    checkCount('stridedSlice', 'starts', starts, node.shape)
    checkCount('stridedSlice', 'limits', limits, node.shape)
    checkCount('stridedSlice', 'strides', strides, node.shape)
  }
  if (strides.includes(0)) {
    throw new ArgumentError(problem({ where: 'stridedSlice', expected: 'strides other than 0', received: strides }))
  }
  const read = node.shape.map((dim, i) => pythonRange(dim, starts[i] ?? null, limits[i] ?? null, strides[i] ?? 1))
  const backwards = read.flatMap(({ step }, i) => (step < 0 ? [i] : []))
  node = makeNode('slice', [node], {
    starts: read.map(({ low }) => low),
    limits: read.map(({ high }) => high),
    strides: read.map(({ step }) => Math.abs(step)),
  })
  return new Tensor(backwards.length === 0 ? node : makeNode('reverse', [node], { axes: backwards }))
}

/** The elements of a Python slice as a forward range [low, high) of the same step, to be reversed if the step is negative. */
function pythonRange(dim: number, start: number | null, limit: number | null, step: number) {
  const wrap = (index: number): number => (index < 0 ? index + dim : index)
  if (step > 0) {
    const low = Math.min(Math.max(start === null ? 0 : wrap(start), 0), dim)
    const high = Math.min(Math.max(limit === null ? dim : wrap(limit), low), dim)
    return { low, high, step }
  }
  const first = Math.min(start === null ? dim - 1 : wrap(start), dim - 1)
  const last = limit === null ? -1 : Math.max(wrap(limit), -1)
  if (first <= last) return { low: 0, high: 0, step }
  const count = Math.ceil((first - last) / -step)
  return { low: first + (count - 1) * step, high: first + 1, step }
}

export type PadMode = 'constant' | 'reflect' | 'symmetric' | 'edge'
export interface PadOptions {
  /** For mode `constant`; default 0. */
  value?: number
  /** NumPy's modes; default `constant`. */
  mode?: PadMode
}
const padRules: OptionRules = {
  // NaN too may fill.
  value: { expected: 'a number', fits: (value) => typeof value === 'number' },
  mode: oneOf('constant', 'reflect', 'symmetric', 'edge'),
}
/** Adds `[before, after]` elements along each axis. */
export function pad(x: TensorLike, widths: readonly (readonly [number, number])[], options: PadOptions = {}): Tensor {
  checkRules('pad', options, padRules, 'pad(x, widths, { mode: "reflect" })')
  const { value = 0, mode = 'constant' } = options
  let node = nodeOf(x, 'pad')
  requireList('pad', widths, 'a pair [before, after] for each axis')
  checkCount('pad', 'pairs', widths, node.shape)
  for (const pair of widths as readonly unknown[]) {
    if (Array.isArray(pair) && pair.length === 2 && pair.every((width) => Number.isInteger(width) && width >= 0))
      continue
    const expected = 'a pair [before, after] of whole numbers for each axis'
    throw new ArgumentError(problem({ where: 'pad', expected, received: pair }))
  }
  if (mode === 'constant') {
    const low = widths.map(([before]) => before)
    const high = widths.map(([, after]) => after)
    return new Tensor(makeNode('pad', [node], { low, high, interior: node.shape.map(() => 0), value }))
  }
  widths.forEach(([before, after], axis) => {
    if (before === 0 && after === 0) return
    const dim = node.shape[axis]!
    const data = Int32Array.from({ length: before + dim + after }, (_, i) => mirrored(i - before, dim, mode))
    const indices = makeNode('constant', [], { data, shape: [data.length], dtype: 'int32' })
    node = makeNode('gather', [node, indices], { axis })
  })
  return new Tensor(node)
}

/** Where a place outside [0, dim) is read. */
function mirrored(index: number, dim: number, mode: Exclude<PadMode, 'constant'>): number {
  if (mode === 'edge') return Math.min(Math.max(index, 0), dim - 1)
  if (dim === 1) return 0
  // symmetric repeats the border element, reflect does not.
  const period = mode === 'symmetric' ? 2 * dim : 2 * (dim - 1)
  const place = ((index % period) + period) % period
  return place < dim ? place : mode === 'symmetric' ? period - 1 - place : period - place
}

/** Joins along an axis (default the last). Mixed dtypes promote. @throws ShapeError if other dims differ. */
export function concatenate(xs: readonly TensorLike[], axis = -1): Tensor {
  const nodes = commonNodes(xs, 'concatenate')
  return new Tensor(makeNode('concat', nodes, { axis: oneAxis('concatenate', axis, nodes[0]!.shape) }))
}
/** Joins along a new axis (default the first). */
export function stack(xs: readonly TensorLike[], axis = 0): Tensor {
  const nodes = commonNodes(xs, 'stack')
  const { shape } = nodes[0]!
  const at = oneAxis('stack', axis, shape, 1)
  for (const node of nodes) {
    if (!sameShape(node.shape, shape)) {
      throw new ShapeError(
        problem({ where: 'stack', expected: `shapes ${showShape(shape)}`, received: showShape(node.shape) }),
      )
    }
  }
  const expanded = nodes.map((node) => reshapeNode(node, [...shape.slice(0, at), 1, ...shape.slice(at)]))
  return new Tensor(makeNode('concat', expanded, { axis: at }))
}
function commonNodes(xs: readonly TensorLike[], where: string): Node[] {
  requireList(where, xs, 'a list of tensors')
  if (xs.length === 0) throw new ArgumentError(problem({ where, expected: 'at least one tensor', received: 'none' }))
  const nodes = xs.map((x) => nodeOf(x, where))
  const dtype = nodes.map((node) => node.dtype).reduce(promoteTypes)
  return nodes.map((node) => castNode(node, dtype))
}
/** The slices along the first axis (or `axis`), which is removed: the inverse of `stack`. */
export function unstack(x: TensorLike, axis = 0): Tensor[] {
  const node = nodeOf(x, 'unstack')
  const at = oneAxis('unstack', axis, node.shape)
  const shape = node.shape.filter((_, i) => i !== at)
  return Array.from(
    { length: node.shape[at]! },
    (_, i) => new Tensor(reshapeNode(sliceNode(node, at, i, i + 1), shape)),
  )
}
/** Equal parts (a number of them), or parts between the given indices. */
export function split(x: TensorLike, indicesOrSections: number | readonly number[], axis = 0): Tensor[] {
  const node = nodeOf(x, 'split')
  const at = oneAxis('split', axis, node.shape)
  const dim = node.shape[at]!
  let cuts: readonly number[]
  if (typeof indicesOrSections === 'number') {
    const size = dim / indicesOrSections
    if (!Number.isInteger(size) || !Number.isInteger(indicesOrSections) || indicesOrSections < 1) {
      throw new ArgumentError(
        problem({ where: 'split', expected: `a number of parts that divides ${dim}`, received: indicesOrSections }),
      )
    }
    cuts = Array.from({ length: indicesOrSections - 1 }, (_, i) => (i + 1) * size)
  } else {
    requireIntegers('split', 'a number of parts, or indices', indicesOrSections)
    cuts = indicesOrSections.map((cut) => Math.min(Math.max(cut < 0 ? cut + dim : cut, 0), dim))
  }
  const edges = [0, ...cuts, dim]
  return edges.slice(1).map((edge, i) => new Tensor(sliceNode(node, at, edges[i]!, Math.max(edge, edges[i]!))))
}
/** Reverses axes; default all. */
export function flip(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const node = nodeOf(x, 'flip')
  return new Tensor(makeNode('reverse', [node], { axes: manyAxes('flip', axis, node.shape) }))
}
/** Each element `repeats` times, one after the other; along the flattened tensor if no axis is given. */
export function repeat(x: TensorLike, repeats: number, axis?: number): Tensor {
  let node = nodeOf(x, 'repeat')
  requireCount('repeat', 'repeats', repeats)
  if (axis === undefined) node = reshapeNode(node, [sizeOf(node.shape)])
  const at = axis === undefined ? 0 : oneAxis('repeat', axis, node.shape)
  const [before, after] = [node.shape.slice(0, at + 1), node.shape.slice(at + 1)]
  const wide = makeNode('broadcast', [reshapeNode(node, [...before, 1, ...after])], {
    shape: [...before, repeats, ...after],
  })
  return new Tensor(reshapeNode(wide, node.shape.map((dim, i) => (i === at ? dim * repeats : dim)))) // prettier-ignore
}
/** The whole tensor, `repeats[i]` times along axis i, counted from the last axis as NumPy does. */
export function tile(x: TensorLike, repeats: number | readonly number[]): Tensor {
  let node = nodeOf(x, 'tile')
  const areCounts = (Array.isArray(repeats) ? repeats : [repeats]).every((n) => Number.isInteger(n) && n >= 0)
  if (!areCounts) {
    const expected = 'repeats: a whole number from 0 on, or one for each axis'
    throw new ArgumentError(problem({ where: 'tile', expected, received: repeats }))
  }
  const reps = typeof repeats === 'number' ? [repeats] : [...repeats]
  const rank = Math.max(reps.length, node.shape.length)
  while (reps.length < rank) reps.unshift(1)
  const shape = [...new Array<number>(rank - node.shape.length).fill(1), ...node.shape]
  node = reshapeNode(node, shape.flatMap((dim) => [1, dim])) // prettier-ignore
  const wide = makeNode('broadcast', [node], { shape: shape.flatMap((dim, i) => [reps[i]!, dim]) })
  return new Tensor(reshapeNode(wide, shape.map((dim, i) => dim * reps[i]!))) // prettier-ignore
}
