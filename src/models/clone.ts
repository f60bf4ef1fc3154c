// Copies of models: the same layers anew, with new weights.
import { deserializeAny, serializeAny } from './serialize.ts'
import type { Model } from './model.ts'

/** A model of equal layers (same names and options), freshly initialised, not compiled. */
export function cloneModel<M extends Model>(model: M): M {
  return deserializeAny(serializeAny(model)) as unknown as M
}

/** The model of a JSON text that `toJSON` (or Keras) wrote, freshly initialised, not compiled. */
export function modelFromJSON(text: string): Model {
  return deserializeAny(JSON.parse(text) as Parameters<typeof deserializeAny>[0]) as Model
}
