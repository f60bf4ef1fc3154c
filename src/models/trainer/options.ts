// Checks on options that fit, evaluate and predict share.
import { ArgumentError, problem } from '../../errors.ts'
import { requireOptions } from '../../platform/arguments.ts'

export type Verbose = 'auto' | 0 | 1 | 2

/** @throws ArgumentError unless `options` is an object whose names are among `known`. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  requireOptions(where, options, known)
}

/** `auto` means 1. */
export function verbosity(where: string, verbose: Verbose = 'auto'): 0 | 1 | 2 {
  if (verbose === 'auto') return 1
  if (verbose === 0 || verbose === 1 || verbose === 2) return verbose
  throw new ArgumentError(problem({ where, expected: '`verbose` to be 0, 1, 2 or "auto"', received: verbose }))
}
