// How much fit, evaluate and predict print.
import { ArgumentError, problem } from '../../errors.ts'

export type Verbose = 'auto' | 0 | 1 | 2

/** `auto` means 1. */
export function verbosity(where: string, verbose: Verbose = 'auto'): 0 | 1 | 2 {
  if (verbose === 'auto') return 1
  if (verbose === 0 || verbose === 1 || verbose === 2) return verbose
  throw new ArgumentError(problem({ where, expected: '`verbose` to be 0, 1, 2 or "auto"', received: verbose }))
}
