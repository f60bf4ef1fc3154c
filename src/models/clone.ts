// Copies of models: the same layers anew, with new weights.
import { ArgumentError, FormatError, problem } from '../errors.ts'
import { isSerializedObject } from '../layers/config.ts'
import { Layer } from '../layers/layer.ts'
import { deserializeAny, serializeAny } from './serialize.ts'
import type { Model } from './model.ts'
import { isDict } from './tree.ts'

/** A model of equal layers (same names and options), freshly initialised, not compiled. */
export function cloneModel<M extends Model>(model: M): M {
  if (!(model instanceof Layer) || !('getCompileConfig' in model))
    throw new ArgumentError(problem({ where: 'cloneModel', expected: 'a model', received: model }))
  return deserializeAny(serializeAny(model)) as unknown as M
}

/** The model of a JSON text that `toJSON` (or Keras) wrote, freshly initialised, not compiled. */
export function modelFromJSON(text: string): Model {
  const hint = 'Give what toJSON() returned'
  if (typeof text !== 'string')
    throw new ArgumentError(problem({ where: 'modelFromJSON', expected: 'a JSON text', received: text, hint }))
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch (error) {
    throw new FormatError(problem({ where: 'modelFromJSON', expected: 'a JSON text', received: text, hint }), {
      cause: error,
    })
  }
  if (!isSerializedObject(stored) || !isDict(stored.config))
    throw new FormatError(
      problem({ where: 'modelFromJSON', expected: 'a model with class_name and config', received: stored, hint }),
    )
  const made = deserializeAny(stored)
  if ('getCompileConfig' in made) return made as Model
  const what = `a ${made.className} layer`
  throw new FormatError(problem({ where: 'modelFromJSON', expected: 'a model', received: what, hint }))
}
