// Stored calls of a layer, in the form of Keras 3 and in the older one, made ready to be repeated.
import { FormatError, problem } from '../errors.ts'
import type { SymbolicTensor } from '../layers/symbolic.ts'
import { isDict } from './tree.ts'

/** The tensor that a call of a layer made; in the older form (`old`), nested models count their calls from 1. */
export type Find = (layer: string, node: number, tensor: number, old?: boolean) => SymbolicTensor | undefined

export interface ResolvedCall {
  readonly args: readonly unknown[]
  readonly kwargs: Record<string, unknown>
  /** True if the form of the file tells that what stands in `kwargs` was given, and is not a default that the writer wrote out. */
  readonly isExplicit: boolean
}

/** In a stored call: names of the keyword arguments that look like a default of Keras, yet were given. Keras does not read it. */
export const explicitKey = 'explicit_kwargs'

/** In a stored layer of the older form: each of its calls stands there twice (see saving/legacy-config.ts). Keras does not read it. */
export const twiceKey = 'calls_stored_twice'

/** One stored call. `resolve` gives its arguments with tensors in place, or null while one of them does not exist yet. */
export interface StoredNode {
  resolve(find: Find): ResolvedCall | null
}

/** Reads `inbound_nodes` of Keras 3 (`{args, kwargs}`) or of older versions (`[[name, node, tensor, kwargs], …]`). */
export function readNodes(where: string, stored: readonly unknown[]): StoredNode[] {
  return stored.map((node) => {
    if (isDict(node)) return modern(where, node)
    if (Array.isArray(node)) return legacy(where, node)
    throw new FormatError(problem({ where, expected: 'calls as {args, kwargs} or as lists', received: node }))
  })
}

const missing = Symbol('missing')

function modern(where: string, node: Record<string, unknown>): StoredNode {
  return {
    resolve(find) {
      const args = substitute(where, node.args ?? [], find)
      const kwargs = substitute(where, node.kwargs ?? {}, find)
      if (args === missing || kwargs === missing) return null
      const isExplicit = Array.isArray(node[explicitKey]) && node[explicitKey].includes('training')
      return { args: args as unknown[], kwargs: cleanKwargs(kwargs as Record<string, unknown>), isExplicit }
    },
  }
}

/** The arguments with every stored tensor replaced; `missing` if one does not exist yet. */
function substitute(where: string, value: unknown, find: Find): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => substitute(where, item, find))
    return items.includes(missing) ? missing : items
  }
  if (!isDict(value)) return value
  if (value.class_name === '__keras_tensor__') {
    const history = (value.config as Record<string, unknown>).keras_history as [string, number, number] | undefined
    if (!Array.isArray(history))
      throw new FormatError(problem({ where, expected: 'a tensor with keras_history', received: value }))
    return find(...history) ?? missing
  }
  const entries = Object.entries(value).map(([key, item]) => [key, substitute(where, item, find)] as const)
  return entries.some(([, item]) => item === missing) ? missing : Object.fromEntries(entries)
}

function legacy(where: string, node: readonly unknown[]): StoredNode {
  const inputs = (typeof node[0] === 'string' ? [node] : node) as readonly (readonly unknown[])[]
  return {
    resolve(find) {
      const tensors: SymbolicTensor[] = []
      let kwargs: Record<string, unknown> = {}
      for (const [name, index, tensor, given] of inputs) {
        if (typeof name !== 'string' || typeof index !== 'number' || typeof tensor !== 'number') {
          throw new FormatError(problem({ where, expected: '[layer, node, tensor, kwargs]', received: node }))
        }
        const found = find(name, index, tensor, true)
        if (found === undefined) return null
        tensors.push(found)
        kwargs = isDict(given) ? given : {}
      }
      // Keras 2 stored what was given to the call, and no more.
      return { args: [tensors.length === 1 ? tensors[0]! : tensors], kwargs: cleanKwargs(kwargs), isExplicit: true }
    },
  }
}

/** Masks do not exist here; a null mask is noise of the writer. */
function cleanKwargs(kwargs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(kwargs).filter(([key, value]) => !(key === 'mask' && value === null)))
}
