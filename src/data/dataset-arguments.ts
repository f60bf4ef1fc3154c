// What the methods of Dataset take, checked when they are called: options, counts, functions, other datasets.
import { ArgumentError, problem } from '../errors.ts'
import { isClass } from '../platform/arguments.ts'
import {
  abortSignal, aFunction, aWholeNumber, checkRules, checkValue, flag, whole,
} from '../platform/option-rules.ts' // prettier-ignore
import type { OptionRule, OptionRules } from '../platform/option-rules.ts'

const dropRemainder = flag
const anyNumber: OptionRule = { expected: 'a number', fits: (value) => typeof value === 'number' }
const shape = (value: unknown): boolean =>
  Array.isArray(value) && value.every((size) => size === null || whole(0).fits(size))
const shapes: OptionRule = {
  expected: 'a shape, or a list of shapes, of whole numbers or null',
  fits: (value) => shape(value) || (Array.isArray(value) && value.every(shape)),
}
const rules = {
  iterate: { signal: abortSignal },
  map: { numParallelCalls: orMinusOne(1, 'AUTOTUNE'), deterministic: flag },
  interleave: { cycleLength: whole(1), blockLength: whole(1) },
  batch: { dropRemainder },
  rebatch: { dropRemainder },
  paddedBatch: { dropRemainder, shapes, value: anyNumber },
  window: { shift: whole(1), stride: whole(1), dropRemainder },
  shuffle: { seed: aWholeNumber, reshuffleEachIteration: flag },
  cache: { key: { expected: 'a text', fits: (value) => typeof value === 'string' } },
  sampleFromDatasets: { weights: { expected: 'a list of numbers >= 0, one for each dataset', fits: (value) => Array.isArray(value) && value.every((weight) => Number.isFinite(weight) && weight >= 0) }, seed: aWholeNumber, stopOnEmptyDataset: flag },
  chooseFromDatasets: { stopOnEmptyDataset: flag },
} satisfies Readonly<Record<string, OptionRules>> // prettier-ignore
type Method = keyof typeof rules

const examples: Readonly<Record<Method, string>> = {
  iterate: 'iterate({ signal })',
  map: 'map(transform, { numParallelCalls: 4 })',
  interleave: 'interleave(transform, { cycleLength: 4 })',
  batch: 'batch(32, { dropRemainder: true })',
  rebatch: 'rebatch(32, { dropRemainder: true })',
  paddedBatch: 'paddedBatch(32, { shapes: [null, 3] })',
  window: 'window(5, { shift: 1 })',
  shuffle: 'shuffle(1000, { seed: 42 })',
  cache: 'cache("photos.cache", { key: "160x160" })',
  sampleFromDatasets: 'Dataset.sampleFromDatasets([a, b], { weights: [0.7, 0.3] })',
  chooseFromDatasets: 'Dataset.chooseFromDatasets([a, b], choices, { stopOnEmptyDataset: false })',
}

/** The options as they are. @throws ArgumentError for unknown ones and wrong values. */
export function checkedOptions<O extends object>(method: Method, options: O): O {
  checkRules(`Dataset.${method}`, options, rules[method], examples[method])
  return options
}

/** @throws ArgumentError unless the argument `name` fits. */
export function requireArgument(method: string, name: string, value: unknown, rule: OptionRule): void {
  checkValue(`Dataset.${method}`, name, value, rule)
}

/** Lets -1 through, too. `meaning`: what it stands for. */
export function orMinusOne(least: number, meaning: string): OptionRule {
  const rule = whole(least)
  return { expected: `${rule.expected}, or ${meaning}`, fits: (value) => value === -1 || rule.fits(value) }
}

/** @throws ArgumentError unless the argument `name` is a function that can be called. */
export function requireFunction(method: string, name: string, value: unknown, example?: string): void {
  const isLayer = typeof value === 'object' && value !== null && 'apply' in value && !isDataset(value)
  // Without an example it is a function that makes what is iterated.
  const other =
    example === undefined ? 'Give it without calling it: every iteration calls it anew' : `For example ${example}`
  const hint = isLayer ? 'Layers and models go into one: (x) => layer.apply(x)' : other
  requireArgument(method, name, value, { ...aFunction, fits: isCallable, hint })
}
function isCallable(value: unknown): boolean {
  return typeof value === 'function' && !isClass(value)
}

function isDataset(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'iterate' in value && 'cardinality' in value
}

/** @throws ArgumentError unless the argument `name` is a dataset. */
export function requireDataset(method: string, name: string, value: unknown): void {
  const hint = 'Dataset.fromTensorSlices makes one of arrays'
  requireArgument(method, name, value, { expected: 'a dataset', fits: isDataset, hint })
}

/** @throws ArgumentError unless the argument `name` is a list of at least one dataset. */
export function requireDatasets(method: string, name: string, value: unknown): void {
  const fits = (given: unknown): boolean => Array.isArray(given) && given.length > 0 && given.every(isDataset)
  const hint = `Write Dataset.${method}([a, b]${method === 'chooseFromDatasets' ? ', choices' : ''})`
  requireArgument(method, name, value, { expected: 'a list of at least one dataset', fits, hint })
}

/** @throws ArgumentError for what the function given to a method gave. */
export function refuseResult(method: string, expected: string, received: unknown): never {
  const hint = received === undefined ? { hint: 'Did it forget to return something?' } : {}
  throw new ArgumentError(
    problem({ where: `Dataset.${method}`, expected: `the function to give ${expected}`, received, ...hint }),
  )
}
