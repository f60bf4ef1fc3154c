// Nested arguments: one value, a list of values, or an object of values, to any depth (Keras's "structures").

export type Nested<T> = T | readonly Nested<T>[] | { readonly [key: string]: Nested<T> }

/** A shape with unknown dims; the batch comes first. */
export type SymbolicShape = readonly (number | null)[]
/** What `build` and `computeOutputShape` get: one shape, a list of shapes, or an object of shapes. */
export type LayerShape = SymbolicShape | readonly SymbolicShape[] | { readonly [key: string]: LayerShape }

/** True for one shape, false for a list or object of shapes. `[]` is the shape of a scalar. */
export function isShape(value: unknown): value is SymbolicShape {
  return Array.isArray(value) && value.every((dim) => dim === null || typeof dim === 'number')
}

/** Leaves in order; the keys of an object are taken sorted, as Keras does. */
export function flatten<T>(nested: Nested<T>, isLeaf: (value: unknown) => value is T): T[] {
  const leaves: T[] = []
  visit(nested)
  return leaves

  function visit(value: Nested<T>): void {
    if (isLeaf(value)) leaves.push(value)
    else if (Array.isArray(value)) for (const item of value as readonly Nested<T>[]) visit(item)
    else for (const [, item] of sortedEntries(value as { readonly [key: string]: Nested<T> })) visit(item)
  }
}

/** The same structure with each leaf replaced. */
export function mapNested<T, R>(
  nested: Nested<T>,
  isLeaf: (value: unknown) => value is T,
  replace: (leaf: T) => R,
): Nested<R> {
  if (isLeaf(nested)) return replace(nested)
  if (Array.isArray(nested)) return (nested as readonly Nested<T>[]).map((item) => mapNested(item, isLeaf, replace))
  const entries = sortedEntries(nested as { readonly [key: string]: Nested<T> })
  return Object.fromEntries(entries.map(([key, item]) => [key, mapNested(item, isLeaf, replace)]))
}

/** Key and value pairs, sorted by key. */
export function sortedEntries<T>(value: { readonly [key: string]: T }): [string, T][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}
