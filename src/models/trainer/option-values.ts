// What the options of fit, evaluate, predict and the calls on batches must be, in one table.
import { ArgumentError, problem } from '../../errors.ts'
import { requireOptions } from '../../platform/arguments.ts'
import { isPosition } from './position.ts'

interface Rule {
  readonly expected: string
  readonly fits: (value: unknown) => boolean
  readonly hint?: string
}
const count: Rule = {
  expected: 'a whole number above 0',
  fits: (value) => value === null || (Number.isInteger(value) && (value as number) > 0),
}
const index: Rule = {
  expected: 'a whole number >= 0',
  fits: (value) => Number.isInteger(value) && (value as number) >= 0,
}
const boolean: Rule = { expected: 'true or false', fits: (value) => typeof value === 'boolean' }

const rules: Readonly<Record<string, Rule>> = {
  batchSize: count,
  validationBatchSize: count,
  epochs: index,
  initialEpoch: index,
  steps: count,
  stepsPerEpoch: count,
  validationSteps: count,
  returnDict: boolean,
  shuffle: { expected: 'true, false or "batch"', fits: (value) => typeof value === 'boolean' || value === 'batch' },
  callbacks: {
    expected: 'a list',
    fits: (value) => Array.isArray(value),
    hint: 'For example callbacks: [callbacks.earlyStopping({ monitor: "val_loss", patience: 3 })]',
  },
  classWeight: {
    expected: 'an object or Map from numbers of classes to weights',
    fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    hint: 'For example { 0: 1, 1: 5 }',
  },
  resume: {
    expected: 'a position in training',
    fits: isPosition,
    hint: 'Give what `await model.loadCheckpoint(path)` returned',
  },
  signal: {
    expected: 'an AbortSignal',
    fits: (value) => typeof value === 'object' && value !== null && 'aborted' in value,
    hint: 'Give `controller.signal` of an AbortController',
  },
}

/** @throws ArgumentError unless `options` is an object whose names are among `known` and whose values are possible. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  requireOptions(where, options, known)
  for (const [option, value] of Object.entries(options as object)) {
    const rule = rules[option]
    if (rule === undefined || value === undefined || rule.fits(value)) continue
    const { expected, hint } = rule
    throw new ArgumentError(
      problem({
        where,
        expected: `\`${option}\` to be ${expected}`,
        received: value as unknown,
        ...(hint === undefined ? {} : { hint }),
      }),
    )
  }
}

/** True for an object all of whose keys are options with rules: it was given in the place of labels. */
export function looksLikeOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  const keys = Object.keys(value)
  const names = [
    ...Object.keys(rules),
    'verbose',
    'validationData',
    'validationSplit',
    'validationFreq',
    'sampleWeight',
  ]
  return keys.length > 0 && keys.every((key) => names.includes(key))
}
