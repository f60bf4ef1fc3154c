// The pieces that applications are built from.
import type { ActivationLike } from '../activations/index.ts'
import * as layers from '../layers/index.ts'
import { model } from '../models/index.ts'
import type { SymbolicTensor } from '../layers/index.ts'

export { layers, model }
export type { SymbolicTensor }

/** Applies a layer to one symbolic tensor, or to a list. */
export function on(layer: layers.Layer, x: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
  return layer.apply(x) as SymbolicTensor
}

/** An Activation layer; with an automatic name if none is given. */
export function activate(x: SymbolicTensor, activation: ActivationLike, name: string | null = null): SymbolicTensor {
  return on(layers.activation({ activation, name }), x)
}

/** Number of channels. */
export function channelsOf(x: SymbolicTensor): number {
  return x.shape.at(-1)!
}

/** Zeros before a strided `valid` convolution, so that it sees what PyTorch's would (Keras' correct_pad): [[top, bottom], [left, right]]. */
export function correctPad(x: SymbolicTensor, kernelSize: number): [[number, number], [number, number]] {
  const [height, width] = [x.shape[1] ?? null, x.shape[2] ?? null]
  // As in Keras, unknown sides count as even.
  const adjust = height === null ? [1, 1] : [1 - (height % 2), 1 - (width! % 2)]
  const half = Math.floor(kernelSize / 2)
  return [[half - adjust[0]!, half], [half - adjust[1]!, half]] // prettier-ignore
}

/** A number of channels near `value` that `divisor` divides, at most 10 % smaller. */
export function divisible(value: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor(Math.trunc(value + divisor / 2) / divisor) * divisor)
  return rounded < 0.9 * value ? rounded + divisor : rounded
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
