// Python's `x[:, 0, ..., 1:3]` on tensors, with the key as Keras stores it in graphs.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { isDict } from './tree.ts'

interface StoredSlice {
  readonly start: number | null
  readonly stop: number | null
  readonly step: number | null
}

/** The stored form of Python's `start:stop:step`, for `applyOperation('GetItem', [x, [pythonSlice(), 0]])`. */
export function pythonSlice(start: number | null = null, stop: number | null = null, step: number | null = null) {
  return { class_name: '__slice__', config: { start, stop, step } } as const
}

function sliceOf(item: unknown): StoredSlice | null {
  if (!isDict(item) || item.class_name !== '__slice__' || !isDict(item.config)) return null
  const { start, stop, step } = item.config
  const whole = [start, stop, step].every((value) => value === null || value === undefined || Number.isInteger(value))
  return whole ? { start: (start ?? null) as number | null, stop: (stop ?? null) as number | null, step: (step ?? null) as number | null } : null // prettier-ignore
}
function isEllipsis(item: unknown): boolean {
  return isDict(item) && item.class_name === '__ellipsis__'
}

/**
 * The part of `x` that a key takes: a whole number, null for a new axis, `__slice__`, `__ellipsis__`, or a list of these.
 * @throws ArgumentError for another key; ShapeError for a number beyond its axis or too many of them.
 */
export function getItem(x: Tensor, key: unknown): Tensor {
  const where = 'GetItem'
  const items: readonly unknown[] = Array.isArray(key) ? key : [key]
  const used = items.filter((item) => item !== null && !isEllipsis(item)).length
  if (used > x.rank) {
    const expected = `at most ${x.rank} indices for shape ${showShape(x.shape)}`
    throw new ShapeError(problem({ where, expected, received: used }))
  }
  const ellipsis = items.findIndex(isEllipsis)
  const rest = Array.from({ length: x.rank - used }, () => pythonSlice())
  const full: readonly unknown[] =
    ellipsis < 0 ? [...items, ...rest] : [...items.slice(0, ellipsis), ...rest, ...items.slice(ellipsis + 1)]
  const starts: (number | null)[] = []
  const limits: (number | null)[] = []
  const strides: number[] = []
  /** What becomes of each axis of the part, and where new ones stand. */
  const fates: ('keep' | 'drop' | 'new')[] = []
  for (const item of full) {
    if (item === null) {
      fates.push('new')
      continue
    }
    const slice = sliceOf(item)
    if (slice !== null) {
      starts.push(slice.start)
      limits.push(slice.stop)
      strides.push(slice.step ?? 1)
      fates.push('keep')
    } else if (Number.isInteger(item)) {
      const index = item as number
      const dim = x.shape[starts.length]!
      if (index >= dim || index < -dim) {
        const expected = `an index from ${-dim} to ${dim - 1} for axis ${starts.length} of ${showShape(x.shape)}`
        throw new ShapeError(problem({ where, expected, received: index }))
      }
      starts.push(index)
      limits.push(index === -1 ? null : index + 1)
      strides.push(1)
      fates.push('drop')
    } else {
      const expected = 'whole numbers, null, slices or an ellipsis'
      throw new ArgumentError(problem({ where, expected, received: item }))
    }
  }
  const part = ops.stridedSlice(x, { starts, limits, strides })
  let axis = 0
  const shape = fates.flatMap((fate) => (fate === 'new' ? [1] : fate === 'drop' ? (axis++, []) : [part.shape[axis++]!]))
  return ops.reshape(part, shape)
}
