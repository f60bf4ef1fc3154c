// Checks that arguments are objects of known options, and finds the option that a misspelt one was meant to be.
import { ArgumentError, problem } from '../errors.ts'

/** Options that other frameworks know (in lower case, without underscores), and what to write here instead. */
const foreign: Readonly<Record<string, string>> = {
  inputshape: 'The shape stands in front of the layers: input({ shape })',
  batchinputshape: 'The shape stands in front of the layers: input({ batchShape })',
  batchsize: 'The size of batches is an option of fit, evaluate, predict, or of the dataset',
  lr: 'Write `learningRate`',
  learningrate: 'The learning rate belongs to the optimizer: optimizers.adam(0.001)',
  decay: 'Give a schedule as `learningRate`',
  nbepoch: 'Write `epochs`',
  targetsize: 'Write `imageSize`',
  classmode: 'Write `labelMode`',
  rescale: 'Scale in the model: layers.rescaling({ scale: 1 / 255 })',
  dataformat: 'Pictures always are [height, width, channels]',
}

/**
 * @param where Names the function in the error.
 * @param example A right call, for a first argument that is no object of options.
 * @throws ArgumentError unless `options` is a plain object whose keys are all among `known`.
 */
export function requireOptions(where: string, options: unknown, known: readonly string[], example?: string): void {
  requireObject(where, options, example)
  for (const name of Object.keys(options as object)) if (!known.includes(name)) refuseOption(where, name, known)
}

/** @throws ArgumentError unless `options` is a plain object. */
export function requireObject(where: string, options: unknown, example?: string): void {
  if (typeof options === 'object' && options !== null) {
    const prototype: unknown = Object.getPrototypeOf(options)
    if (prototype === Object.prototype || prototype === null) return
  }
  const hint = example === undefined ? {} : { hint: `Write ${example}` }
  throw new ArgumentError(problem({ where, expected: 'an object of options', received: options, ...hint }))
}

/** @throws ArgumentError always: `name` is not among `known`. */
export function refuseOption(where: string, name: string, known: readonly string[]): never {
  const meant = closest(name, known)
  const advice = meant === null ? foreign[plain(name)] : `Did you mean \`${meant}\`?`
  const list = `Options: ${[...new Set(known)].join(', ')}`
  const hint = advice === undefined ? list : `${/[.?]$/.test(advice) ? advice : `${advice}.`} ${list}`
  throw new ArgumentError(problem({ where, expected: 'a known option', received: name, hint }))
}

/** The candidate that `name` is most likely to mean, or is the beginning of; null if none is near. Case and underscores do not count. */
export function closest(name: string, candidates: readonly string[]): string | null {
  const wanted = plain(name)
  let best: string | null = null
  let least = Infinity
  for (const candidate of candidates) {
    const other = plain(candidate)
    const distance = editDistance(wanted, other)
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3))
    if (distance <= allowed && distance < least) [best, least] = [candidate, distance]
  }
  const isBeginning = (candidate: string): boolean => wanted.length >= 3 && plain(candidate).startsWith(wanted)
  return best ?? candidates.find(isBeginning) ?? null
}

/** The hint for a misspelt name, or `otherwise`, to be spread into the parts of a problem. */
export function didYouMean(name: unknown, candidates: readonly string[], otherwise?: string): { hint?: string } {
  const meant = typeof name === 'string' ? closest(name, candidates) : null
  const hint = meant === null ? otherwise : `Did you mean "${meant}"?`
  return hint === undefined ? {} : { hint }
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Insertions, deletions, replacements and exchanges of neighbours that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1)
      row.push(least)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** True for `class X {}`: given where an instance is wanted, or a function. */
export function isClass(value: unknown): value is abstract new (...args: never) => unknown {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
}
