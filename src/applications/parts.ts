// The pieces that applications are built from.
import * as layers from '../layers/index.ts'
import { model } from '../models/index.ts'
import type { SymbolicTensor } from '../layers/index.ts'

export { layers, model }
export type { SymbolicTensor }

/** Applies a layer to one symbolic tensor. */
export function on(layer: layers.Layer, x: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
  return layer.apply(x) as SymbolicTensor
}
