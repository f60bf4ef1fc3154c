// Ranks of labels, predictions and weights brought together: Keras's squeeze_or_expand_to_same_rank.
import { problem, ShapeError } from '../errors.ts'
import { broadcastShapes, showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { inputOf } from './inputs.ts'

/**
 * If the ranks differ by one and the longer tensor's last dim is 1: a shorter one of rank 1 becomes [n, 1] (unless
 * `expandRank1` is false), otherwise the longer one loses that dim. Anything else is returned as it is.
 */
export function alignRanks(a: Tensor, b: Tensor, expandRank1 = true): [Tensor, Tensor] {
  if (a.rank === b.rank + 1) {
    const [shorter, longer] = alignLonger(b, a, expandRank1)
    return [longer, shorter]
  }
  if (b.rank === a.rank + 1) return alignLonger(a, b, expandRank1)
  return [a, b]
}

function alignLonger(shorter: Tensor, longer: Tensor, expandRank1: boolean): [Tensor, Tensor] {
  if (longer.shape.at(-1) !== 1) return [shorter, longer]
  if (shorter.rank === 1 && expandRank1) return [ops.expandDims(shorter, -1), longer]
  return [shorter, ops.squeeze(longer, -1)]
}

/**
 * Labels and predictions as float32 of one rank.
 * @throws ShapeError where plain broadcasting would pair every label with every prediction, as [n] with [n, c] does.
 */
export function alignPair(where: string, yTrue: TensorLike, yPred: TensorLike): [Tensor, Tensor] {
  const [labels, predictions] = alignRanks(inputOf(where, 'labels', yTrue), inputOf(where, 'predictions', yPred))
  if (labels.rank !== predictions.rank && labels.rank !== 0 && predictions.rank !== 0) {
    throw new ShapeError(
      problem({
        where,
        expected: `labels of the rank of the predictions, ${showShape(predictions.shape)}`,
        received: showShape(labels.shape),
        hint: 'For integer labels of several classes use the sparse variant; else reshape the labels',
      }),
    )
  }
  if (broadcastShapes(labels.shape, predictions.shape) === null) refusePair(where, labels, predictions)
  return [labels, predictions]
}

/** Rows of scores, one score a class, which may differ in their number of classes. @throws ShapeError */
export function requireRows(where: string, labels: Tensor, predictions: Tensor): void {
  const [a, b] = [labels.shape.slice(0, -1), predictions.shape.slice(0, -1)]
  const areRows = labels.rank > 0 && predictions.rank > 0
  if (!areRows || broadcastShapes(a, b) === null) refusePair(where, labels, predictions)
}

function refusePair(where: string, { shape }: Tensor, predictions: Tensor): never {
  const hint =
    shape[0] === predictions.shape[0]
      ? 'The last layer and the labels must agree in their number of classes or values'
      : 'There must be as many labels as predictions'
  const expected = `labels of the shape of the predictions, ${showShape(predictions.shape)}`
  throw new ShapeError(problem({ where, expected, received: showShape(shape), hint }))
}
