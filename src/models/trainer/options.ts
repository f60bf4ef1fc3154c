// Checks on options that fit, evaluate and predict share.
import { ArgumentError, problem } from '../../errors.ts'

export type Verbose = 'auto' | 0 | 1 | 2

/** @throws ArgumentError for a name that is not among `known`. */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    throw new ArgumentError(problem({ where, expected: `options among ${known.join(', ')}`, received: name }))
  }
}

/** `auto` means 1. */
export function verbosity(where: string, verbose: Verbose = 'auto'): 0 | 1 | 2 {
  if (verbose === 'auto') return 1
  if (verbose === 0 || verbose === 1 || verbose === 2) return verbose
  throw new ArgumentError(problem({ where, expected: '`verbose` to be 0, 1, 2 or "auto"', received: verbose }))
}
