// Which dtype two operands meet in: bool < uint8 < int32 < float32.
import { makeNode } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import type { DType } from '../graph/types.ts'

const order: readonly DType[] = ['bool', 'uint8', 'int32', 'float32']

/** The wider of two dtypes. */
export function promoteTypes(a: DType, b: DType): DType {
  return order.indexOf(a) >= order.indexOf(b) ? a : b
}
/** True if every value of `from` has its equal in `to` (int32 counts as exact in float32, as everywhere in Keras). */
export function canPromote(from: DType, to: DType): boolean {
  return order.indexOf(from) <= order.indexOf(to)
}
export function castNode(node: Node, dtype: DType): Node {
  return node.dtype === dtype ? node : makeNode('cast', [node], { dtype })
}
/** What arithmetic happens in: bool and uint8 are data, and computed with as int32. */
export function arithmeticType(dtype: DType): DType {
  return dtype === 'float32' ? 'float32' : 'int32'
}
/** The dtype that a JavaScript number takes beside an operand of `other`: the other's, if it can hold the number. */
export function weakType(value: number, other: DType): DType {
  if (other === 'float32') return 'float32'
  if (!Number.isInteger(value) || value > 2 ** 31 - 1 || value < -(2 ** 31)) return 'float32'
  if (other === 'uint8' && value >= 0 && value <= 255) return 'uint8'
  return 'int32'
}
