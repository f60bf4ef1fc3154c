// Connectionist temporal classification: sequences of labels without their places in time.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { inputOf } from './inputs.ts'
import { Loss, type LossOptions } from './loss.ts'

/** Stands for the logarithm of 0: large enough to vanish, small enough to add to. */
const impossible = -1e30

/**
 * Minus the logarithm of the probability of all paths that read as the labels (Graves et al., 2006), by the forward recursion over
 * the labels with blanks between them. Class 0 is the blank, and 0 fills up the ends of shorter label sequences.
 *
 * @param yTrue Class numbers [batch, labels].
 * @param yPred Logits [batch, steps, classes].
 * @returns One value a sample; Infinity where the labels do not fit into the steps.
 * @throws ShapeError for other shapes.
 */
export function ctcValues(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const labels = inputOf('ctc', 'labels', yTrue, 'int32')
  const logits = inputOf('ctc', 'predictions', yPred)
  if (labels.rank !== 2 || logits.rank !== 3 || labels.shape[0] !== logits.shape[0]) {
    throw new ShapeError(
      problem({
        where: 'ctc',
        expected: 'labels [batch, labels] and logits [batch, steps, classes]',
        received: `labels ${showShape(labels.shape)} and predictions ${showShape(logits.shape)}`,
      }),
    )
  }
  const [batch, steps] = logits.shape as readonly [number, number, number]
  const width = 2 * labels.shape[1]! + 1
  const path = withBlanks(labels, width)
  const logarithms = ops.takeAlongAxis(
    ops.logSoftmax(logits, { axis: -1 }),
    ops.broadcastTo(ops.expandDims(path, 1), [batch, steps, width]),
    -1,
  )
  // Two places may be jumped only over a blank between two different labels.
  const beforeLast = shifted(path, 2, 0)
  const mayJump = ops.logicalAnd(ops.notEqual(path, 0), ops.notEqual(path, beforeLast))

  const starts = ops.less(ops.arange(width), 2)
  let forward = ops.where(starts, at(logarithms, 0), impossible)
  for (let step = 1; step < steps; step++) {
    const next = shifted(forward, 1, impossible)
    const jump = ops.where(mayJump, shifted(forward, 2, impossible), impossible)
    forward = ops.add(ops.logsumexp(ops.stack([forward, next, jump], 0), { axis: 0 }), at(logarithms, step))
  }
  const lengths = ops.sum(ops.cast(ops.notEqual(labels, 0), 'int32'), { axis: -1, keepdims: true })
  const places = ops.arange(width)
  const ends = ops.logicalOr(
    ops.equal(places, ops.multiply(lengths, 2)),
    ops.equal(places, ops.subtract(ops.multiply(lengths, 2), 1)),
  )
  const total = ops.logsumexp(ops.where(ends, forward, impossible), { axis: -1 })
  return ops.where(ops.less(total, impossible / 2), Infinity, ops.negative(total))
}

/** [batch, labels] to [batch, width]: a blank before, between and after the labels. */
function withBlanks(labels: Tensor, width: number): Tensor {
  const batch = labels.shape[0]!
  const pairs = ops.reshape(ops.stack([ops.zerosLike(labels), labels], 2), [batch, width - 1])
  return ops.pad(pairs, [
    [0, 0],
    [0, 1],
  ])
}

/** Moves [batch, width] to the right by `places`. */
function shifted(x: Tensor, places: number, fill: number): Tensor {
  const [batch, width] = x.shape as readonly [number, number]
  const kept = Math.max(0, width - places)
  const filled = ops.full([batch, width - kept], fill, x.dtype)
  return kept === 0 ? filled : ops.concatenate([filled, ops.slice(x, [0, 0], [batch, kept])], 1)
}

function at(logarithms: Tensor, step: number): Tensor {
  const [batch, , width] = logarithms.shape as readonly [number, number, number]
  return ops.squeeze(ops.slice(logarithms, [0, step, 0], [batch, 1, width]), 1)
}

/** CTC loss of label sequences [batch, labels] (0 is the blank and fills up) and logits [batch, steps, classes]. */
export class CTC extends Loss {
  static readonly className: string = 'CTC'
  constructor(options: LossOptions = {}) {
    super({ name: 'ctc', ...options })
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return ctcValues(yTrue, yPred)
  }
}
