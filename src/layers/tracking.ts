// Finds what belongs to a layer: sub-layers, variables and seed generators among its own properties, in the order of assignment.
import { SeedGenerator, Variable } from '../ops/index.ts'

/** What `discover` finds, each once, in order. */
export interface Discovered<L> {
  readonly layers: L[]
  readonly variables: Variable[]
  readonly seeds: SeedGenerator[]
}

/** Looks at the own enumerable properties of `owner`, into arrays, maps and plain objects but not into other classes. */
export function discover<L extends object>(owner: object, isLayer: (value: object) => value is L): Discovered<L> {
  const found = { layers: new Set<L>(), variables: new Set<Variable>(), seeds: new Set<SeedGenerator>() }
  const seen = new Set<object>([owner])
  for (const key of Object.keys(owner)) look((owner as Record<string, unknown>)[key])
  return { layers: [...found.layers], variables: [...found.variables], seeds: [...found.seeds] }

  function look(value: unknown): void {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (isLayer(value)) found.layers.add(value)
    else if (value instanceof Variable) found.variables.add(value)
    else if (value instanceof SeedGenerator) found.seeds.add(value)
    else if (Array.isArray(value) || value instanceof Map) value.forEach(look)
    else if (Object.getPrototypeOf(value) === Object.prototype) Object.values(value).forEach(look)
  }
}
