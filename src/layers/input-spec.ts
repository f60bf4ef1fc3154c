// What a layer demands of its inputs' shapes, checked before every call.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import { batchHint } from './checks.ts'
import type { SymbolicShape } from './nested.ts'

/** Demands on one input; what is left out is free. */
export interface InputSpec {
  readonly ndim?: number
  readonly minNdim?: number
  readonly maxNdim?: number
  /** Sizes by axis (negative counts from the end). */
  readonly axes?: Readonly<Record<number, number>>
}

/** @throws ShapeError that names the layer, the demand and the shape that came. */
export function checkInput(where: string, index: number, spec: InputSpec, shape: SymbolicShape): void {
  const rank = shape.length
  const fail = (expected: string, wantedRank = 0): never => {
    throw new ShapeError(
      problem({
        where,
        expected: `${expected} (input ${index})`,
        received: `shape ${showShape(shape)}`,
        ...batchHint(shape, wantedRank),
      }),
    )
  }
  if (spec.ndim !== undefined && rank !== spec.ndim) fail(`an input of rank ${spec.ndim}`, spec.ndim)
  if (spec.minNdim !== undefined && rank < spec.minNdim) fail(`an input of rank ${spec.minNdim} or more`, spec.minNdim)
  if (spec.maxNdim !== undefined && rank > spec.maxNdim) fail(`an input of rank ${spec.maxNdim} or less`)
  for (const [key, size] of Object.entries(spec.axes ?? {})) {
    const axis = Number(key)
    const dim = shape[axis < 0 ? axis + rank : axis]
    // An unknown dim is checked when the values come.
    if (dim === null || dim === size) continue
    const built = new Array<number | null>(rank).fill(null)
    built[axis < 0 ? axis + rank : axis] = size
    fail(`axis ${axis} of the input to have size ${size}, the layer was built for shape ${showShape(built)}`)
  }
}
