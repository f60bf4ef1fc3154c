// The passes in their order: what simplifies any graph, and what prepares one for an engine.
import type { Graph } from '../node.ts'
import { simplifyAlgebra } from './algebra.ts'
import { mergeCommonSubexpressions } from './common-subexpressions.ts'
import { foldConstants } from './constant-folding.ts'
import type { FoldOptions } from './constant-folding.ts'
import { fuseElementwise } from './elementwise-fusion.ts'
import type { FuseElementwiseOptions } from './elementwise-fusion.ts'
import { fuseEpilogues } from './epilogue-fusion.ts'
import { foldNormalization } from './normalization-folding.ts'
import { foldPads } from './pad-folding.ts'
import { schedule } from './schedule.ts'
import type { ScheduleOptions } from './schedule.ts'

export { simplifyAlgebra } from './algebra.ts'
export { mergeCommonSubexpressions } from './common-subexpressions.ts'
export { foldConstants } from './constant-folding.ts'
export type { Evaluate, FoldOptions } from './constant-folding.ts'
export { fuseElementwise } from './elementwise-fusion.ts'
export type { FuseElementwiseOptions } from './elementwise-fusion.ts'
export { fuseEpilogues } from './epilogue-fusion.ts'
export { stableNodes } from './hoisting.ts'
export { foldNormalization } from './normalization-folding.ts'
export { foldPads } from './pad-folding.ts'
export { schedule } from './schedule.ts'
export type { ScheduleOptions } from './schedule.ts'

/**
 * Everything but the fusions. For graphs that are differentiated already: it removes stopGradient and makes equal nodes one.
 * Dead code goes by itself: a graph holds what its outputs need.
 */
export function simplify(graph: Graph, options: FoldOptions): Graph {
  let current = mergeCommonSubexpressions(simplifyAlgebra(graph))
  // Folding may uncover zeros and ones.
  current = simplifyAlgebra(foldConstants(current, options))
  current = foldPads(foldNormalization(current))
  return mergeCommonSubexpressions(simplifyAlgebra(current))
}

/** Epilogue fusion, elementwise fusion, and the order of nodes in which memory is given back early. Nothing may follow but planning. */
export function fuse(graph: Graph, options: FuseElementwiseOptions & ScheduleOptions = {}): Graph {
  return schedule(fuseElementwise(fuseEpilogues(graph), options), options)
}
