// What every recorded graph goes through before an engine plans it.
import { evaluateNodes } from '../engines/reference/index.ts'
import type { Graph } from '../graph/node.ts'
import { foldNormalization } from '../graph/passes/normalization-folding.ts'
import { fuse, simplify } from '../graph/passes/index.ts'

/**
 * Folds normalizations once more over the whole graph: the forward part that a gradient was taken of is folded already, and
 * what the caller kept of the unfolded one becomes equal to it and merges. Then simplifies and fuses.
 */
export function optimize(graph: Graph): Graph {
  return fuse(simplify(foldNormalization(graph), { evaluate: evaluateNodes }))
}
