// The language of splits that TensorFlow Datasets has: `train[:40%]+test`, and which examples a piece of it means.
import { ArgumentError, problem } from '../../errors.ts'
import { closest } from '../../platform/arguments.ts'

/** Number of examples in each file of a split. */
export type ShardLengths = readonly number[]
export type Splits = Readonly<Record<string, ShardLengths>>

/** The examples `from` to `to` (exclusive) of a split, in the order in which they are stored. */
export interface Slice {
  readonly split: string
  readonly from: number
  readonly to: number
}

const where = 'split'
const partPattern = /^([\p{L}\p{N}_-]+)(?:\[([\p{L}\p{N}_%:.-]+)\])?$/u
const boundPattern = /^(?:(-?[\d_.]+)(%|shard)?)?$/

/**
 * The slices of a specification: `part(+part)*`, each part `name`, `name[from:to]` or `name[number shard]`, with bounds in examples,
 * per cent (rounded to the closest) or shards, negative ones counted from the end; `all` is every split. @throws ArgumentError for
 * other text, unknown splits and bounds beyond the split.
 */
export function slicesOf(spec: string, splits: Splits): Slice[] {
  return spec.split(/\s*\+\s*/).flatMap((part) => {
    const found = partPattern.exec(part)
    if (found === null) return malformed(spec)
    const [, name, selector] = found
    if (name === 'all') {
      if (selector !== undefined) refuse('`all` without bounds', spec)
      return Object.entries(splits).map(([split, lengths]) => ({ split, from: 0, to: total(lengths) }))
    }
    if (!Object.hasOwn(splits, name!)) {
      const near = closest(name!, Object.keys(splits))
      refuse(
        `a split of ${Object.keys(splits).join(', ')}`,
        name,
        near === null ? undefined : `Did you mean "${near}"?`,
      )
    }
    return sliceOf(spec, name!, selector, splits[name!]!)
  })
}

function sliceOf(spec: string, split: string, selector: string | undefined, lengths: ShardLengths): Slice {
  const count = total(lengths)
  if (selector === undefined) return { split, from: 0, to: count }
  const bounds = selector.split(':').map((text) => boundPattern.exec(text))
  if (bounds.length > 2 || bounds.some((bound) => bound === null) || bounds.every((bound) => bound![0] === ''))
    malformed(spec)
  const [first, second] = bounds as RegExpExecArray[]
  const unit = first![2] ?? second?.[2] ?? ''
  let from = numberOf(spec, first![1], unit)
  let to: number | null
  if (second === undefined) {
    if (unit !== 'shard') refuse('bounds with a colon, or one shard such as train[0shard]', spec)
    to = from! + 1
  } else to = numberOf(spec, second[1], unit)
  if (unit === '%') {
    if (Math.abs(from ?? 0) > 100 || Math.abs(to ?? 0) > 100) refuse('per cents from -100 to 100', spec)
    from = from === null ? null : roundHalfEven((from * count) / 100)
    to = to === null ? null : roundHalfEven((to * count) / 100)
  } else if (unit === 'shard') {
    from = from === null ? null : total(lengths.slice(0, from))
    if (to !== null && to <= 0) to += lengths.length
    to = to === null ? null : total(lengths.slice(0, to))
  }
  const [start, end] = [from ?? 0, to ?? count]
  if (Math.abs(start) > count || Math.abs(end) > count) refuse(`bounds within ${count} examples`, spec)
  return { split, from: start < 0 ? start + count : start, to: end < 0 ? end + count : end }
}

/** As Python's int and float read it: underscores only between digits, fractions only of per cents. */
function numberOf(spec: string, text: string | undefined, unit: string): number | null {
  if (text === undefined) return null
  const pattern = unit === '%' ? /^-?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)$/ : /^-?\d+(_\d+)*$/
  if (!pattern.test(text)) malformed(spec)
  return Number(text.replaceAll('_', ''))
}

/** Python's round: a half goes to the even neighbour. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low
}

export function total(lengths: ShardLengths): number {
  return lengths.reduce((sum, length) => sum + length, 0)
}

function malformed(spec: string): never {
  return refuse('a split such as train, train[:40%], train[10:20]+test', spec)
}
function refuse(expected: string, received: unknown, hint?: string): never {
  throw new ArgumentError(problem({ where, expected, received, ...(hint === undefined ? {} : { hint }) }))
}
