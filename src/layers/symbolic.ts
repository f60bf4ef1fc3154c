// Symbolic tensors: what `input()` makes and what a layer returns when it is applied to one. They carry a type, never values.
import type { DType } from '../graph/types.ts'
import { autoName } from '../ops/naming.ts'
import { Tensor } from '../ops/index.ts'
import type { Layer } from './layer.ts'
import { type LayerShape, type Nested, sortedEntries, type SymbolicShape } from './nested.ts'

/** Where a symbolic tensor comes from: the `tensorIndex`-th output of `operation.inboundNodes[nodeIndex]`. */
export interface History {
  readonly operation: Layer
  readonly nodeIndex: number
  readonly tensorIndex: number
}

/** A tensor that will exist when the model runs (Keras's KerasTensor). Unknown dims are null; the batch comes first. */
export class SymbolicTensor {
  readonly shape: SymbolicShape
  readonly dtype: DType
  readonly name: string
  readonly history: History

  constructor(type: { shape: SymbolicShape; dtype: DType; name?: string }, history: History) {
    this.shape = Object.freeze([...type.shape])
    this.dtype = type.dtype
    this.name = type.name ?? autoName('keras_tensor')
    this.history = history
  }

  get rank(): number {
    return this.shape.length
  }
}

/** A value that flows between layers. */
export type LayerValue = Tensor | SymbolicTensor

/** One symbolic call of a layer. */
export interface InboundNode {
  readonly operation: Layer
  /** Every symbolic tensor among the arguments, in argument order (keyword arguments last). */
  readonly inputs: readonly SymbolicTensor[]
  /** The positional arguments as given: one, which may be nested. Tensors in it are constants of the graph. */
  readonly args: readonly Nested<LayerValue>[]
  /** The keyword arguments exactly as the user gave them. */
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly outputs: readonly SymbolicTensor[]
}

export function isSymbolic(value: unknown): value is SymbolicTensor {
  return value instanceof SymbolicTensor
}
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor
}
export function isTensorLeaf(value: unknown): value is LayerValue {
  return value instanceof Tensor || value instanceof SymbolicTensor
}

/** Shapes in the structure of the tensors they belong to. */
export function shapesOf(nested: unknown): LayerShape {
  if (isTensorLeaf(nested)) return nested.shape
  if (Array.isArray(nested)) return nested.map((item: unknown) => shapesOf(item) as SymbolicShape)
  const entries = sortedEntries(nested as { readonly [key: string]: unknown })
  return Object.fromEntries(entries.map(([key, item]) => [key, shapesOf(item)]))
}
