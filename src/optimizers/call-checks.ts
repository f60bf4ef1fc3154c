// Checks of what is given to the methods of optimizers: gradients, variables, pairs of both, and exclusions from weight decay.
import { ArgumentError, problem } from '../errors.ts'
import { Tensor, Variable } from '../ops/index.ts'
import { checkRules, listOf, type OptionRule, text } from '../platform/option-rules.ts'

const example = 'As optimizer.apply(tape.gradient(loss, variables), variables)'
const isVariable = (value: unknown): value is Variable => value instanceof Variable

function requireList(where: string, what: string, list: readonly unknown[]): void {
  if (Array.isArray(list)) return
  throw new ArgumentError(problem({ where, expected: `a list of ${what}`, received: list, hint: example }))
}

/** @throws ArgumentError unless these are tensors, or null where there is none. */
export function requireGradients(where: string, gradients: readonly (Tensor | null)[]): void {
  requireList(where, 'gradients', gradients)
  for (const received of gradients as readonly unknown[])
    if (received !== null && !(received instanceof Tensor))
      throw new ArgumentError(problem({ where, expected: 'gradients: tensors, or null', received, hint: example }))
}

/** @throws ArgumentError unless these are Variables. */
export function requireVariables(where: string, variables: readonly Variable[]): void {
  requireList(where, 'variables', variables)
  for (const received of variables as readonly unknown[])
    if (!isVariable(received))
      throw new ArgumentError(problem({ where, expected: 'Variables to update', received, hint: 'For example model.trainableWeights' })) // prettier-ignore
}

/** @throws ArgumentError unless these are pairs of a gradient and a Variable. */
export function requirePairs(where: string, pairs: readonly (readonly [Tensor | null, Variable])[]): void {
  const hint = 'As optimizer.applyGradients([[gradient, variable]])'
  if (!Array.isArray(pairs))
    throw new ArgumentError(problem({ where, expected: 'a list of pairs [gradient, variable]', received: pairs, hint }))
  for (const pair of pairs as readonly unknown[])
    if (!Array.isArray(pair) || pair.length !== 2 || !isVariable(pair[1]))
      throw new ArgumentError(problem({ where, expected: 'pairs [gradient, variable]', received: pair, hint }))
}

export interface Exclusions {
  readonly variables?: readonly Variable[]
  readonly names?: readonly string[]
}
const rules: Readonly<Record<keyof Exclusions, OptionRule>> = {
  variables: listOf('Variables', { expected: '', fits: isVariable }),
  names: {
    expected: 'a list of regular expressions, as texts',
    fits: (value) => listOf('', text).fits(value) && (value as string[]).every(isExpression),
  },
}

/** @throws ArgumentError for what does not say which variables are left out. */
export function checkExclusions(where: string, options: Exclusions): void {
  checkRules(where, options, rules, "excludeFromWeightDecay({ names: ['bias'] })")
}

function isExpression(source: string): boolean {
  try {
    new RegExp(source)
    return true
  } catch {
    return false
  }
}
