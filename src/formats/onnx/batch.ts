// Shapes with an unknown batch: the same function traced for two batch sizes shows which dims move with it.
import { ArgumentError, problem } from '../../errors.ts'
import type { Graph, Node } from '../../graph/node.ts'
import type { Shape } from '../../graph/types.ts'

/** A fixed size, or so many times the batch. */
export type Dim = number | { readonly batches: number }

/** Batch sizes of the two traces: no layer has such sizes by chance, and neither divides the other. */
export const twoBatches = [3, 5] as const

export interface BatchDims {
  /** The dims of a shape of `node` or of one of its attributes. */
  dims(node: Node, shapeOf: (node: Node) => Shape): Dim[]
  /** True if nothing that `valueOf` gives moves with the batch. */
  isFixed(node: Node, valueOf: (node: Node) => unknown): boolean
}

/** Everything is as it was traced. */
export const fixedBatch: BatchDims = {
  dims: (node, shapeOf) => [...shapeOf(node)],
  isFixed: () => true,
}

/**
 * Compares the graphs of the two traces.
 * @throws ArgumentError where they differ in more than sizes: a model that does something else for another batch.
 */
export function compareBatches(first: Graph, second: Graph, where: string): BatchDims {
  const refuse = (received: string): ArgumentError =>
    new ArgumentError(
      problem({
        where,
        expected: 'a model that does the same for every batch size',
        received,
        hint: 'Export it for one batch size with the option batchSize',
      }),
    )
  if (first.nodes.length !== second.nodes.length || first.nodes.some((node, i) => node.op !== second.nodes[i]!.op))
    throw refuse('other operations for other batch sizes')
  const twins = new Map(first.nodes.map((node, i) => [node, second.nodes[i]!]))
  return {
    dims(node, shapeOf) {
      const [a, b] = [shapeOf(node), shapeOf(twins.get(node)!)]
      if (a.length !== b.length) throw refuse(`a ${node.op} of rank ${a.length} or ${b.length}`)
      return a.map((dim, i) => {
        if (dim === b[i]) return dim
        const batches = dim / twoBatches[0]
        if (!Number.isInteger(batches) || batches * twoBatches[1] !== b[i])
          throw refuse(
            `a ${node.op} with a dim of ${dim} for ${twoBatches[0]} samples and ${b[i]} for ${twoBatches[1]}`,
          )
        return { batches }
      })
    },
    isFixed: (node, valueOf) => JSON.stringify(valueOf(node)) === JSON.stringify(valueOf(twins.get(node)!)),
  }
}
