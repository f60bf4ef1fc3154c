// Names that are numbered as they come (`conv2d_4`, `variable_7`): in another session, or for a second model, the count begins elsewhere.

/** The stem of a part of a path, and its number; 0 without one. */
function split(part: string): { stem: string; number: number } {
  const match = /^(.+)_(\d{1,9})$/.exec(part)
  return match === null ? { stem: part, number: 0 } : { stem: match[1]!, number: Number(match[2]) }
}

/** Each path with the numbers of its parts replaced by their rank among the numbers of the same stem. */
function ranked(paths: readonly string[]): Map<string, string> {
  const numbers = new Map<string, Set<number>>()
  for (const part of paths.flatMap((path) => path.split('/'))) {
    const { stem, number } = split(part)
    numbers.set(stem, (numbers.get(stem) ?? new Set()).add(number))
  }
  const ranks = new Map<string, Map<number, number>>()
  for (const [stem, found] of numbers)
    ranks.set(stem, new Map([...found].sort((a, b) => a - b).map((number, rank) => [number, rank])))
  const rank = (part: string): string => {
    const { stem, number } = split(part)
    return `${stem}_${ranks.get(stem)!.get(number)}`
  }
  return new Map(paths.map((path) => [path.split('/').map(rank).join('/'), path]))
}

/**
 * For each of `names` its twin among `others`: equal up to where the numbering began. Null unless every name on both sides has
 * exactly one.
 */
export function twins(names: readonly string[], others: readonly string[]): Map<string, string> | null {
  const [mine, theirs] = [ranked(names), ranked(others)]
  if (mine.size !== names.length || theirs.size !== others.length || mine.size !== theirs.size) return null
  const found = new Map<string, string>()
  for (const [key, name] of mine) {
    const other = theirs.get(key)
    if (other === undefined) return null
    found.set(name, other)
  }
  return found
}

/**
 * Places in two lists of equal length at which the paths differ by more than where the numbering began. A list that is longer
 * differs in what the other does not have.
 */
export function differences(names: readonly string[], others: readonly string[]): number[] {
  const [mine, theirs] = [names, others].map((list) => {
    const byPath = new Map([...ranked(list)].map(([rank, path]) => [path, rank]))
    return list.map((path) => byPath.get(path) ?? path)
  })
  const length = Math.max(names.length, others.length)
  return Array.from({ length }, (_, i) => i).filter((i) => names[i] !== others[i] && mine![i] !== theirs![i])
}
