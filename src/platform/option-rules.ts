// What the values of options must be, in tables of rules: checked in one way, worded in one way.
import { ArgumentError, problem } from '../errors.ts'
import { didYouMean, requireOptions } from './arguments.ts'

/** What one option must be. Options that are left out or undefined are not looked at. */
export interface OptionRule {
  /** Goes on from "`option` to be". */
  readonly expected: string
  readonly fits: (value: unknown) => boolean
  readonly choices?: readonly string[]
  readonly hint?: string
}
export type OptionRules = Readonly<Record<string, OptionRule>>

export const flag: OptionRule = { expected: 'true or false', fits: (value) => typeof value === 'boolean' }
export const text: OptionRule = {
  expected: 'a text that is not empty',
  fits: (value) => typeof value === 'string' && value !== '',
}
export const filePath: OptionRule = { ...text, expected: 'the path of a file' }
export const folderPath: OptionRule = { ...text, expected: 'the path of a folder' }
export const aWholeNumber: OptionRule = { expected: 'a whole number', fits: (value) => Number.isSafeInteger(value) }
/** Infinity, too: no limit. */
export const positive: OptionRule = {
  expected: 'a number above 0',
  fits: (value) => typeof value === 'number' && value > 0,
}
/** A part that is dropped. */
export const rate: OptionRule = {
  expected: 'a number from 0 to below 1',
  fits: (value) => typeof value === 'number' && value >= 0 && value < 1,
}
export const aFunction: OptionRule = { expected: 'a function', fits: (value) => typeof value === 'function' }
/** As Keras' callbacks take it: 0 and 1, and their truth values. */
export const verbosity: OptionRule = {
  expected: '0, 1 or 2',
  fits: (value) => typeof value === 'boolean' || value === 0 || value === 1 || value === 2,
}
export const abortSignal: OptionRule = {
  expected: 'an AbortSignal',
  fits: (value) => typeof value === 'object' && value !== null && 'aborted' in value,
  hint: 'Give `controller.signal` of an AbortController',
}

/** A whole number of at least `least`. */
export function whole(least: number, most = Infinity): OptionRule {
  const range = most === Infinity ? `>= ${least}` : `from ${least} to ${most}`
  const fits = (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
  return { expected: `a whole number ${range}`, fits }
}

/** A finite number of at least `least`. */
export function finite(least = -Infinity): OptionRule {
  const fits = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= least
  return { expected: least === -Infinity ? 'a finite number' : `a finite number >= ${least}`, fits }
}

export function oneOf(...choices: readonly string[]): OptionRule {
  const expected = `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`
  return { expected, choices, fits: (value) => choices.includes(value as string) }
}

export function orNull(rule: OptionRule): OptionRule {
  return { ...rule, expected: `${rule.expected}, or null`, fits: (value) => value === null || rule.fits(value) }
}

/** A list of what fits `rule`; `items` names them. */
export function listOf(items: string, rule: OptionRule): OptionRule {
  return { expected: `a list of ${items}`, fits: (value) => Array.isArray(value) && value.every(rule.fits) }
}

/**
 * @param example A right call, for a first argument that is no object of options.
 * @throws ArgumentError unless `options` is a plain object of options that `rules` knows, with values that fit.
 */
export function checkRules(where: string, options: unknown, rules: OptionRules, example?: string): void {
  requireOptions(where, options, Object.keys(rules), example)
  for (const [option, value] of Object.entries(options as Record<string, unknown>))
    if (value !== undefined) checkValue(where, option, value, rules[option]!)
}

/** @throws ArgumentError unless the value of one option, or argument, fits. */
export function checkValue(where: string, option: string, value: unknown, rule: OptionRule): void {
  if (rule.fits(value)) return
  const hint = didYouMean(value, rule.choices ?? [], rule.hint)
  throw new ArgumentError(
    problem({ where, expected: `\`${option}\` to be ${rule.expected}`, received: value, ...hint }),
  )
}
