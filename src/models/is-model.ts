// Tells models from other layers, for files that the class itself imports.
import { Layer } from '../layers/layer.ts'
import type { Model } from './model.ts'

/** By a property that models have. */
export function isModel(value: unknown): value is Model {
  return value instanceof Layer && 'listsLayers' in value
}
