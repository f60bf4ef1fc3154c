// Pairs labels, weights and predictions of a model's outputs, by position or by name.
import { ArgumentError, problem } from '../../errors.ts'
import { flatten, isDict, sortedKeys } from '../tree.ts'
import type { Nested } from '../tree.ts'

/** The outputs of a model: their number, and their names if they have any. */
export interface OutputLayout {
  readonly count: number
  /** Keys of a dictionary of outputs (sorted), or the names of the layers behind a list. Null if unknown. */
  readonly names: readonly string[] | null
}

/** The layout of what the model returned; `names` are those of its output layers, if it has such. */
export function layoutOf(yPred: Nested<unknown>, names: readonly string[] | null): OutputLayout {
  if (isDict(yPred)) return { count: Object.keys(yPred).length, names: sortedKeys(yPred) }
  const count = flatten(yPred).length
  return { count, names: names !== null && names.length === count ? names : null }
}

/**
 * One entry for each output from labels, weights, losses or metrics given as one value, a list or a dictionary.
 * Missing entries are undefined.
 * @throws ArgumentError for unknown names or a wrong number.
 */
export function byOutput<T>(
  where: string,
  value: unknown,
  layout: OutputLayout,
  isLeaf: (value: unknown) => value is T,
): (T | undefined)[] {
  const { count, names } = layout
  if (value === undefined || value === null) return new Array<undefined>(count).fill(undefined)
  if (isLeaf(value)) {
    if (count === 1) return [value]
    throw wrong(where, layout, 'one alone')
  }
  if (Array.isArray(value)) {
    if (value.length !== count) throw wrong(where, layout, `a list of ${value.length}`)
    return value.map((item: unknown) => entry(where, item, layout, isLeaf))
  }
  if (isDict(value)) {
    const keys = Object.keys(value)
    if (names === null) {
      if (count === 1 && keys.length === 1) return [entry(where, value[keys[0]!], layout, isLeaf)]
      throw wrong(where, layout, `names ${keys.join(', ')} for outputs without names`)
    }
    const unknown = keys.filter((key) => !names.includes(key))
    if (unknown.length > 0) throw wrong(where, layout, `the unknown name ${unknown.join(', ')}`)
    return names.map((name) => entry(where, value[name], layout, isLeaf))
  }
  throw wrong(where, layout, value)
}

function entry<T>(
  where: string,
  item: unknown,
  layout: OutputLayout,
  isLeaf: (value: unknown) => value is T,
): T | undefined {
  if (item === undefined || item === null) return undefined
  if (isLeaf(item)) return item
  throw wrong(where, layout, item)
}

function wrong(where: string, { count, names }: OutputLayout, received: unknown): ArgumentError {
  const list = names === null ? '' : ` (${names.join(', ')})`
  const expected =
    count === 1 ? `one entry, for the only output${list}` : `a list or dictionary for ${count} outputs${list}`
  return new ArgumentError(problem({ where, expected, received }))
}

/** The name of an output in logs. */
export function outputName(layout: OutputLayout, index: number): string {
  return layout.names?.[index] ?? `output_${index}`
}
