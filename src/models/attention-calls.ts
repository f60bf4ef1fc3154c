// Calls of MultiHeadAttention as Keras stores them: query, value and key are arguments of their own there, not one list.
import { ArgumentError, problem } from '../errors.ts'
import { camelKeys } from '../initializers/objects.ts'
import { type Layer, MultiHeadAttention } from '../layers/index.ts'
import { toSnakeCase } from '../ops/naming.ts'

const names = ['query', 'value', 'key']
/** Keras' masks of whole sequences; only `attention_mask` exists here. */
const sequenceMasks = ['query_mask', 'value_mask', 'key_mask']

export interface Call {
  /** What the layer is applied to: the arguments as they are, or the only one. */
  readonly argument: unknown
  readonly kwargs: Record<string, unknown>
}

/** A stored call, for `layer.apply`. @throws ArgumentError for masks of sequences. */
export function fromStoredCall(layer: Layer, args: readonly unknown[], kwargs: Record<string, unknown>): Call {
  if (!(layer instanceof MultiHeadAttention)) return { argument: args[0], kwargs }
  const given = names.map((name, i) => args[i] ?? kwargs[name] ?? null)
  for (const mask of sequenceMasks) {
    if ((kwargs[mask] ?? null) === null) continue
    const hint = 'Masks of sequences are left out; give an attention mask'
    throw new ArgumentError(problem({ where: layer.where, expected: `no \`${mask}\``, received: 'one', hint }))
  }
  const rest = Object.entries(kwargs).filter(
    ([key, value]) => !names.includes(key) && !sequenceMasks.includes(key) && value !== null,
  )
  const argument = given.filter((tensor) => tensor !== null)
  return { argument: argument.length === 1 ? argument[0] : argument, kwargs: camelKeys(Object.fromEntries(rest)) }
}

/** The call of a layer as it is stored; `argument` and `kwargs` hold stored tensors already. */
export function toStoredCall(
  layer: Layer,
  argument: unknown,
  kwargs: Record<string, unknown>,
): { args: unknown[]; kwargs: Record<string, unknown> } {
  if (!(layer instanceof MultiHeadAttention)) return { args: [argument], kwargs }
  // Keras always wants a value.
  const args = Array.isArray(argument) ? (argument as unknown[]) : [argument, argument]
  return {
    args: args.length === 1 ? [args[0], args[0]] : args,
    kwargs: Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [toSnakeCase(key), value])),
  }
}
