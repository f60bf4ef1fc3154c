// Clipping of gradients: each by its norm, all by their common norm, or by value.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'

/** At most one of them is given; null and 0 do nothing. */
export interface ClipOptions {
  /** Each gradient is scaled down to at most this norm. */
  clipnorm?: number | null
  /** All gradients are scaled down together, to at most this norm. */
  globalClipnorm?: number | null
  /** Each element is brought into [-clipvalue, clipvalue]. */
  clipvalue?: number | null
}

/** @throws ArgumentError if two kinds of clipping are asked for. */
export function checkClipping(where: string, options: ClipOptions): void {
  const { clipnorm, globalClipnorm, clipvalue } = options
  const given = [clipnorm, globalClipnorm, clipvalue].filter((value) => value !== null && value !== undefined)
  if (given.length <= 1) return
  throw new ArgumentError(
    problem({
      where,
      expected: 'at most one of clipnorm, globalClipnorm and clipvalue',
      received: { clipnorm, globalClipnorm, clipvalue },
    }),
  )
}

function squaredNorm(gradient: Tensor): Tensor {
  return ops.sum(ops.square(gradient))
}

export function clipGradients(gradients: readonly Tensor[], options: ClipOptions): readonly Tensor[] {
  const { clipnorm, globalClipnorm, clipvalue } = options
  if (clipnorm) {
    return gradients.map((gradient) => {
      const norm = ops.sqrt(squaredNorm(gradient))
      return ops.multiply(gradient, ops.divide(clipnorm, ops.maximum(norm, clipnorm)))
    })
  }
  if (globalClipnorm) {
    const squares = gradients.map(squaredNorm)
    const norm = ops.sqrt(squares.reduce((sum, square) => ops.add(sum, square)))
    const scale = ops.multiply(globalClipnorm, ops.minimum(ops.divide(1, norm), 1 / globalClipnorm))
    // norm - norm is 0, but NaN for an infinite norm: then the step must not look like a good one.
    const factor = ops.add(scale, ops.subtract(norm, norm))
    return gradients.map((gradient) => ops.multiply(gradient, factor))
  }
  if (clipvalue) return gradients.map((gradient) => ops.clip(gradient, -clipvalue, clipvalue))
  return gradients
}
