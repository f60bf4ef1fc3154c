// What every recorded graph goes through before an engine plans it.
import { evaluateNodes } from '../engines/reference/index.ts'
import type { Graph } from '../graph/node.ts'
import { fuse, simplify } from '../graph/passes/index.ts'
import type { FuseElementwiseOptions } from '../graph/passes/elementwise-fusion.ts'
import type { ScheduleOptions } from '../graph/passes/index.ts'

/**
 * Simplifies and fuses. The forward part that a gradient was taken of has its normalizations folded already; simplifying
 * folds them in what the caller kept of the unfolded one too (a loss, predictions), which then is equal to it and merges.
 */
export function optimize(graph: Graph, options: FuseElementwiseOptions & ScheduleOptions = {}): Graph {
  return fuse(simplify(graph, { evaluate: evaluateNodes }), options)
}
