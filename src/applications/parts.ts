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

/** The tensors of the InputLayers that `tensor` was computed from: a model on it begins there. */
export function sourceInputs(tensor: SymbolicTensor): SymbolicTensor[] {
  const found = new Set<SymbolicTensor>()
  const seen = new Set<SymbolicTensor>()
  const open = [tensor]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    const { operation, nodeIndex } = next.history
    const { inputs } = operation.inboundNodes[nodeIndex]!
    if (inputs.length === 0) found.add(next)
    // Reversed, so that the first input is looked at first.
    open.push(...[...inputs].reverse())
  }
  return [...found]
}

/** What an application is built on, and what its model begins with. */
export function startOf(
  inputTensor: SymbolicTensor | undefined,
  shape: (number | null)[],
): { x: SymbolicTensor; inputs: SymbolicTensor | SymbolicTensor[] } {
  const x = inputTensor ?? layers.input({ shape })
  const sources = sourceInputs(x)
  return { x, inputs: sources.length === 1 ? sources[0]! : sources }
}
