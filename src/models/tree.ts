// Nested structures (a leaf, a list, or a dictionary of them): flatten, map and rebuild, in Keras' order.

/** A leaf, a list of nested values, or a dictionary of nested values. */
export type Nested<T> = T | readonly Nested<T>[] | { readonly [key: string]: Nested<T> }

/** The shape of a nested value without its leaves: `*`, `[…]` or `{…}`. Two values with equal keys can be zipped. */
export type Structure = '*' | null | readonly Structure[] | { readonly [key: string]: Structure }

/** A dictionary written as `{…}`: class instances, arrays and typed arrays are leaves or lists. */
export function isDict(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Keys of a dictionary in the order in which its values are flattened: sorted by code unit, as Keras does. */
export function sortedKeys(dict: object): string[] {
  return Object.keys(dict).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

/** The leaves in order: lists by index, dictionaries by sorted key. `null` and `undefined` are dropped. */
export function flatten<T>(value: Nested<T> | null | undefined): T[] {
  const out: T[] = []
  collect(value, out)
  return out
}

function collect<T>(value: Nested<T> | null | undefined, out: T[]): void {
  if (value === null || value === undefined) return
  if (Array.isArray(value)) for (const item of value as Nested<T>[]) collect(item, out)
  else if (isDict(value)) for (const key of sortedKeys(value)) collect(value[key] as Nested<T>, out)
  else out.push(value as T)
}

/** The structure of a value, leaves as `*` and nothing as null. */
export function structureOf(value: unknown): Structure {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return value.map(structureOf)
  if (!isDict(value)) return '*'
  return Object.fromEntries(sortedKeys(value).map((key) => [key, structureOf(value[key])]))
}

/** Puts `leaves` (in flattening order) back into a structure; nothing becomes undefined. */
export function pack<T>(structure: Structure, leaves: readonly T[]): Nested<T> | undefined {
  let next = 0
  const build = (part: Structure): Nested<T> | undefined => {
    if (part === null) return undefined
    if (part === '*') return leaves[next++]!
    if (Array.isArray(part)) return (part as readonly Structure[]).map((item) => build(item) as Nested<T>)
    const dict = part as { readonly [key: string]: Structure }
    return Object.fromEntries(sortedKeys(dict).map((key) => [key, build(dict[key]!) as Nested<T>]))
  }
  return build(structure)
}

/** The same structure with every leaf replaced; plain values inside (numbers, strings) are leaves too. */
export function mapTree<T, U>(value: Nested<T>, change: (leaf: T) => U): Nested<U> {
  if (Array.isArray(value)) return (value as readonly Nested<T>[]).map((item) => mapTree(item, change))
  if (isDict(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTree(item, change)]))
  }
  return change(value as T)
}
