// What loading tells: which weights were set, which were not, and the error that lists every difference.
import { FormatError, problem } from '../../errors.ts'

export interface LoadWeightsOptions {
  /** Takes what fits and leaves the rest alone, which the report lists; default false. */
  readonly skipMismatch?: boolean
  /**
   * Files of the older format alone (`.h5`): layers are found by their names instead of by their order; what is only in the file
   * or only in the model is left out, and listed. Default false.
   */
  readonly byName?: boolean
}

/** What came of loading weights. */
export interface LoadReport {
  /** Paths of the weights that were set. */
  readonly loaded: readonly string[]
  /** With `skipMismatch` or `byName`: what was not set, each with the reason. */
  readonly skipped: readonly string[]
}

/** The error for a file that does not fit a model. Nothing must have been changed when it is thrown. */
export function mismatch(
  where: string,
  differences: readonly string[],
  expected = 'the weights of this model',
  advice = ' With skipMismatch: true, what fits is loaded',
): FormatError {
  const received = `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`
  const text = problem({ where, expected, received, hint: `Nothing was changed.${advice}` })
  return new FormatError(`${text}\n- ${differences.join('\n- ')}`)
}
