// Operations that choose, place or order elements by indices.
import { ArgumentError, problem } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import { requireOptions } from '../platform/arguments.ts'
import type { Node } from '../graph/node.ts'
import { showShape, sizeOf } from '../graph/types.ts'
import type { DType, Shape } from '../graph/types.ts'
import { oneAxis } from './axes.ts'
import { requireCount, requireDType } from './checks.ts'
import { scalarNode, toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { arithmeticType, castNode } from './dtypes.ts'
import { reshapeNode, sliceNode } from './movement.ts'
import { Tensor } from './tensor.ts'

const nodeOf = (x: TensorLike, where: string): Node => toTensor(x, undefined, where).node

/** int32 indices; plain numbers must be whole. float32 tensors are refused: their digits end at 2^24. */
function indexNode(indices: TensorLike, where: string): Node {
  const { node } = toTensor(indices, 'int32', where)
  if (node.dtype === 'float32') {
    throw new ArgumentError(
      problem({ where, expected: 'integer indices', received: 'float32', hint: 'Use cast(indices, "int32")' }),
    )
  }
  return castNode(node, 'int32')
}
/** Indices counted from the end if negative. */
function wrapped(indices: Node, dim: number): Node {
  if (indices.op === 'constant' && (indices as Node<'constant'>).attrs.data.every((index) => index >= 0)) return indices
  const negative = makeNode('less', [indices, scalarNode(0, 'int32')], {})
  return makeNode('select', [negative, makeNode('add', [indices, scalarNode(dim, 'int32')], {}), indices], {})
}

/**
 * Elements (rows, …) along `axis` at int32 `indices` of any shape; of the flattened tensor if no axis is given. Negative indices
 * count from the end. An index out of range is an EngineError when it is computed.
 */
export function take(x: TensorLike, indices: TensorLike, axis?: number): Tensor {
  const node = nodeOf(x, 'take')
  const source = axis === undefined ? reshapeNode(node, [sizeOf(node.shape)]) : node
  const at = axis === undefined ? 0 : oneAxis('take', axis, node.shape)
  return new Tensor(makeNode('gather', [source, wrapped(indexNode(indices, 'take'), source.shape[at]!)], { axis: at }))
}
/** NumPy's take_along_axis: one index for each place; dims of length 1 broadcast. */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis = -1): Tensor {
  const node = nodeOf(x, 'takeAlongAxis')
  const at = oneAxis('takeAlongAxis', axis, node.shape)
  const index = wrapped(indexNode(indices, 'takeAlongAxis'), node.shape[at]!)
  const broadcast = (a: Node, b: Shape): Node => {
    const shape = a.shape.map((dim, i) => (i !== at && dim === 1 ? (b[i] ?? 1) : dim))
    return showShape(shape) === showShape(a.shape) ? a : makeNode('broadcast', [a], { shape })
  }
  return new Tensor(makeNode('takeAlong', [broadcast(node, index.shape), broadcast(index, node.shape)], { axis: at }))
}

/** 1 (true) where the new last axis, of length `n`, counts up to the index, else 0. Indices out of range give zeros. */
export function oneHot(indices: TensorLike, n: number, dtype: DType = 'float32'): Tensor {
  const index = indexNode(indices, 'oneHot')
  requireCount('oneHot', 'n, how many classes', n)
  requireDType('oneHot', dtype)
  const shape = [...index.shape, n]
  const counted = makeNode('iota', [], { shape: [n], axis: 0, dtype: 'int32' })
  const wide = reshapeNode(index, [...index.shape, 1])
  const equal = makeNode('equal', [wide, counted], {})
  return new Tensor(castNode(reshapeNode(equal, shape), dtype))
}
/** Zeros of `size` rows, plus each update at its index: updates have the indices' shape, then that of a row. */
export function scatterAdd(indices: TensorLike, updates: TensorLike, size: number): Tensor {
  const index = indexNode(indices, 'scatterAdd')
  requireCount('scatterAdd', 'size', size)
  const node = nodeOf(updates, 'scatterAdd')
  const shape = [size, ...node.shape.slice(index.shape.length)]
  const numeric = castNode(node, arithmeticType(node.dtype))
  return new Tensor(makeNode('scatterAdd', [wrapped(index, size), numeric], { axis: 0, shape }))
}

export interface SortOptions {
  /** Default the last. */
  axis?: number
  /** Largest first; default false. */
  descending?: boolean
}
function order(node: Node, options: SortOptions, where: string): [indices: Node, axis: number] {
  requireOptions(where, options, ['axis', 'descending'], `${where}(x, { axis: ... })`)
  const { axis = -1, descending = false } = options
  const at = oneAxis(where, axis, node.shape)
  return [makeNode('argSort', [castNode(node, arithmeticType(node.dtype))], { axis: at, descending }), at]
}
/** int32 indices that would sort; equal elements keep their order. NaN counts as largest. */
export function argsort(x: TensorLike, options: SortOptions = {}): Tensor {
  return new Tensor(order(nodeOf(x, 'argsort'), options, 'argsort')[0])
}
export function sort(x: TensorLike, options: SortOptions = {}): Tensor {
  const node = nodeOf(x, 'sort')
  const [indices, axis] = order(node, options, 'sort')
  return new Tensor(makeNode('takeAlong', [node, indices], { axis }))
}
/** The k largest along the last axis, largest first (the earlier of equal ones first), and their int32 indices. */
export function topK(x: TensorLike, k: number): { values: Tensor; indices: Tensor } {
  const node = nodeOf(x, 'topK')
  const [sorted, axis] = order(node, { descending: true }, 'topK')
  if (!Number.isInteger(k) || k < 0 || k > node.shape[axis]!) {
    throw new ArgumentError(
      problem({
        where: 'topK',
        expected: `k from 0 to ${node.shape[axis]!}, the length of the last axis`,
        received: k,
      }),
    )
  }
  const indices = sliceNode(sorted, axis, 0, k)
  return { values: new Tensor(makeNode('takeAlong', [node, indices], { axis })), indices: new Tensor(indices) }
}
