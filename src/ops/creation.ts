// Tensors made from nothing but a shape.
import { ArgumentError, problem } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import { requireOptions } from '../platform/arguments.ts'
import type { Node } from '../graph/node.ts'
import type { DType, Shape } from '../graph/types.ts'
import { requireCount, requireDType, requireNumber, requireShape } from './checks.ts'
import { scalarNode, toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { castNode } from './dtypes.ts'
import { Tensor } from './tensor.ts'

/** `value` everywhere. dtype: default float32 for a number, bool for a boolean, else that of the tensor. */
export function full(shape: Shape, value: TensorLike, dtype?: DType): Tensor {
  return filledWith('full', shape, value, dtype)
}
function filledWith(where: string, shape: Shape, value: TensorLike, dtype?: DType): Tensor {
  requireShape(where, shape)
  requireDType(where, dtype)
  const single = typeof value === 'number' || typeof value === 'boolean'
  const node = single ? scalarNode(value, dtype) : toTensor(value, undefined, where).node
  const filled = castNode(node, dtype ?? node.dtype)
  return new Tensor(makeNode('broadcast', [filled], { shape: [...shape] }))
}
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return filledWith('zeros', shape, 0, dtype)
}
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return filledWith('ones', shape, 1, dtype)
}
export function zerosLike(x: TensorLike, dtype?: DType): Tensor {
  const tensor = toTensor(x, undefined, 'zerosLike')
  return filledWith('zerosLike', tensor.shape, 0, dtype ?? tensor.dtype)
}
export function onesLike(x: TensorLike, dtype?: DType): Tensor {
  const tensor = toTensor(x, undefined, 'onesLike')
  return filledWith('onesLike', tensor.shape, 1, dtype ?? tensor.dtype)
}

/**
 * start, start + step, … below `stop` (above, for a negative step); 0 … start with one argument.
 * dtype: default int32 if all are integers, else float32. @throws ArgumentError for a step of 0.
 */
export function arange(start: number, stop?: number, step = 1, dtype?: DType): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop]
  if (step === 0 || ![from, to, step].every(Number.isFinite)) {
    throw new ArgumentError(
      problem({ where: 'arange', expected: 'finite bounds and a step other than 0', received: [from, to, step] }),
    )
  }
  requireDType('arange', dtype)
  const count = Math.max(0, Math.ceil((to - from) / step))
  const target = dtype ?? ([from, to, step].every(Number.isInteger) ? 'int32' : 'float32')
  const wide = target === 'float32' || ![from, step].every(Number.isInteger) ? 'float32' : 'int32'
  let node: Node = makeNode('iota', [], { shape: [count], axis: 0, dtype: wide })
  if (step !== 1) node = makeNode('mul', [node, scalarNode(step, wide)], {})
  if (from !== 0) node = makeNode('add', [node, scalarNode(from, wide)], {})
  return new Tensor(castNode(node, target))
}

/** Ones on the k-th diagonal of an n times m matrix. */
export function eye(n: number, m: number = n, options: { k?: number; dtype?: DType } = {}): Tensor {
  requireCount('eye', 'n', n)
  requireCount('eye', 'm', m)
  requireOptions('eye', options, ['k', 'dtype'], 'eye(n, m, { k: ... })')
  requireNumber('eye', 'k', options.k ?? 0)
  requireDType('eye', options.dtype)
  const rows = makeNode('iota', [], { shape: [n, m], axis: 0, dtype: 'int32' })
  const columns = makeNode('iota', [], { shape: [n, m], axis: 1, dtype: 'int32' })
  const shifted = makeNode('add', [rows, scalarNode(options.k ?? 0, 'int32')], {})
  return new Tensor(castNode(makeNode('equal', [shifted, columns], {}), options.dtype ?? 'float32'))
}
