// The logits behind probabilities: what a sigmoid or softmax was computed from, found in the recorded operations.
import { isOp } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { Tensor } from './tensor.ts'

/**
 * What `probabilities` are the sigmoid, or the softmax along one axis, of; null if they come from anything else, or were computed
 * already. As in Keras, whose losses take the logits where they can: probabilities next to 0 or 1 have lost what the loss needs.
 */
export function logitsBehind(probabilities: Tensor, activation: 'sigmoid' | 'softmax'): Tensor | null {
  const { node } = probabilities
  const logits = activation === 'softmax' ? behindSoftmax(node) : isOp(node, 'sigmoid') ? node.inputs[0]! : null
  return logits === null ? null : new Tensor(logits)
}

/** x of exp(x - stopGradient(max x)) / sum of the same, which is how `softmax` is composed. */
function behindSoftmax(node: Node): Node | null {
  const [weights, sum] = node.inputs
  if (!isOp(node, 'div') || !isOp(weights!, 'exp') || !isOp(sum!, 'reduceSum') || sum.inputs[0] !== weights) return null
  const [shifted] = weights.inputs
  if (sum.attrs.axes.length !== 1 || !isOp(shifted!, 'sub')) return null
  const [x, largest] = shifted.inputs
  const isLargest = isOp(largest!, 'stopGradient') && isOp(largest.inputs[0]!, 'reduceMax')
  return isLargest && largest.inputs[0]!.inputs[0] === x ? x! : null
}
