// Copies of models: the same layers anew, with new weights.
import { ArgumentError, problem } from '../errors.ts'
import { isModel } from './is-model.ts'
import { deserializeAny, serializeAny } from './serialize.ts'
import type { Model } from './model.ts'
import { fromForeign, parseObject } from './saving/config-text.ts'
import { modelOf } from './saving/keras-archive.ts'

/** A model of equal layers (same names and options), freshly initialised, not compiled. */
export function cloneModel<M extends Model>(model: M): M {
  if (!isModel(model)) throw new ArgumentError(problem({ where: 'cloneModel', expected: 'a model', received: model }))
  return deserializeAny(serializeAny(model)) as unknown as M
}

/**
 * The model of a JSON text that `toJSON` (or Keras) wrote, freshly initialised, not compiled.
 * @throws FormatError for text that describes no model; ArgumentError for classes that are not registered.
 */
export function modelFromJSON(text: string): Model {
  const hint = 'Give what toJSON() returned'
  if (typeof text !== 'string')
    throw new ArgumentError(problem({ where: 'modelFromJSON', expected: 'a JSON text', received: text, hint }))
  const stored = parseObject('modelFromJSON', text)
  return fromForeign('modelFromJSON', () => modelOf('modelFromJSON', stored))
}
