// Crossentropies of predictions that a sigmoid or softmax has made take what that was made from.
import { warnOnce } from '../platform/warn.ts'
import { logitsBehind } from '../ops/logits.ts'
import type { Tensor } from '../ops/index.ts'

/**
 * The predictions as logits if they are that, or if the logits behind them are known, else null. Where predictions are given as
 * logits but are the result of the activation, it is what stands behind them that counts, with a warning: Keras does the same.
 */
export function logitsOf(
  where: string,
  predictions: Tensor,
  activation: 'sigmoid' | 'softmax',
  fromLogits: boolean,
): Tensor | null {
  const logits = logitsBehind(predictions, activation)
  if (!fromLogits) return logits
  if (logits === null) return predictions
  warnOnce(`${where}: fromLogits is true, but the predictions are the result of a ${activation}; its inputs are taken`)
  return logits
}
