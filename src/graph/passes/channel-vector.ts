// Vectors that act on the channel axis alone: biases, scales.
import { reshape } from '../build.ts'
import { isOp } from '../node.ts'
import type { Node } from '../node.ts'
import type { Shape } from '../types.ts'
import { sizeOf } from '../types.ts'

/**
 * `node` as a vector of shape [channels], if it broadcasts against `shape` (whose last axis is the channels) along no axis
 * but the last and has one value a channel, whatever its rank; or null.
 */
export function channelVector(node: Node, shape: Shape): Node | null {
  const channels = shape[shape.length - 1]
  const rank = node.shape.length
  if (channels === undefined || rank === 0 || rank > shape.length) return null
  if (node.shape[rank - 1] !== channels || sizeOf(node.shape) !== channels) return null
  return flat(node, [channels])
}

/** Like `channelVector`, but also takes one value for all channels, as a scalar of shape (). */
export function channelFactor(node: Node, shape: Shape): Node | null {
  const isSingle = node.shape.length <= shape.length && sizeOf(node.shape) === 1
  return isSingle ? flat(node, []) : channelVector(node, shape)
}

/** Reshapes without a reshape of a reshape. */
function flat(node: Node, shape: Shape): Node {
  return reshape(isOp(node, 'reshape') ? node.inputs[0]! : node, shape)
}
