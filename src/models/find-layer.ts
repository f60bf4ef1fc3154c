// Finding a layer of a model by name or by index.
import { ArgumentError, problem } from '../errors.ts'
import type { Layer } from '../layers/layer.ts'
import { closest } from '../platform/arguments.ts'

/** How `getLayer` may be told which layer is meant. */
export type LayerKey = string | number | { readonly name: string } | { readonly index: number }

/** Names that an error lists; a large model has hundreds. */
const longestList = 20

/** The layer of that name or index (negative ones count from the end). @throws ArgumentError if there is none. */
export function findLayer(where: string, all: readonly Layer[], which: LayerKey): Layer {
  const key = keyOf(which)
  const found = typeof key === 'number' ? all.at(key) : all.find((layer) => layer.name === key)
  if (found !== undefined && (typeof key === 'string' || Number.isInteger(key))) return found
  const names = all.map((layer) => layer.name)
  if (typeof key === 'number') {
    const expected = `a whole number from ${-all.length} to ${all.length - 1}, for ${all.length} layers`
    throw new ArgumentError(problem({ where, expected, received: key }))
  }
  const more = names.length > longestList ? `, … (${names.length} in all)` : ''
  const meant = typeof key === 'string' ? closest(key, names) : null
  throw new ArgumentError(
    problem({
      where,
      expected: `the name of a layer among ${names.slice(0, longestList).join(', ')}${more}`,
      received: key,
      ...(meant === null ? {} : { hint: `Did you mean "${meant}"?` }),
    }),
  )
}

function keyOf(which: unknown): unknown {
  if (typeof which !== 'object' || which === null || Array.isArray(which)) return which
  if ('name' in which) return which.name
  return 'index' in which ? which.index : which
}
