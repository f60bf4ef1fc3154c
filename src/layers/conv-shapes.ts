// Output sizes of convolutions and poolings, as Keras computes them.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import type { SymbolicShape } from './nested.ts'

export type Padding = 'valid' | 'same'
export const paddings: readonly Padding[] = ['valid', 'same']

/** Spatial sizes after sliding a window; null stays null. @throws ShapeError where a window does not fit. */
export function windowOutput(
  where: string,
  inputShape: SymbolicShape,
  window: readonly number[],
  strides: readonly number[],
  padding: Padding | 'causal',
  dilation: readonly number[] = window.map(() => 1),
): (number | null)[] {
  return window.map((size, i) => {
    const dim = inputShape[i + 1] ?? null
    if (dim === null) return null
    if (padding !== 'valid') return Math.ceil(dim / strides[i]!)
    const out = Math.floor((dim - dilation[i]! * (size - 1) - 1) / strides[i]!) + 1
    if (out > 0) return out
    throw new ShapeError(
      problem({
        where,
        expected: `an input at least as large as the window ${showShape(window)}`,
        received: `shape ${showShape(inputShape)}`,
        hint: 'Use a larger input, or padding "same"',
      }),
    )
  })
}
