// Different learning rates for different layers: a factor for each variable.
import { ArgumentError, problem } from '../errors.ts'
import type { Variable } from '../ops/index.ts'

/**
 * A function of the variable, or factors by part of its path: `{ block1_conv1: 0.1, 'block1_conv2/kernel': 0.5 }`. A key fits
 * a path that has its segments, whole and in a row; where several fit, the longest counts; where none does, the factor is 1.
 */
export type LearningRateMultipliers = ((variable: Variable) => number) | Readonly<Record<string, number>>

/** The factor of a variable. @throws ArgumentError if it is no number of at least 0. */
export function multiplierOf(multipliers: LearningRateMultipliers | null, variable: Variable): number {
  if (multipliers === null) return 1
  const factor = typeof multipliers === 'function' ? multipliers(variable) : byPath(multipliers, variable.path)
  if (typeof factor === 'number' && Number.isFinite(factor) && factor >= 0) return factor
  throw new ArgumentError(
    problem({
      where: `learningRateMultipliers for "${variable.path}"`,
      expected: 'a number of at least 0',
      received: factor,
    }),
  )
}

function byPath(factors: Readonly<Record<string, number>>, path: string): number {
  let best: string | null = null
  for (const key of Object.keys(factors)) {
    if (`/${path}/`.includes(`/${key}/`) && (best === null || key.length > best.length)) best = key
  }
  return best === null ? 1 : factors[best]!
}
