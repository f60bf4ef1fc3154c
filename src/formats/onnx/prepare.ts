// Makes a recorded inference graph ready for export: what depends on weights alone is computed.
import { evaluateNodes } from '../../engines/reference/index.ts'
import type { Graph } from '../../graph/node.ts'
import {
  foldConstants,
  foldNormalization,
  foldPads,
  mergeCommonSubexpressions,
  simplifyAlgebra,
} from '../../graph/passes/index.ts'

export interface PrepareOptions {
  /** Put inference-mode BatchNormalization into the kernels before it; otherwise it stays a factor and a sum. */
  readonly foldBatchNormalization: boolean
}

export function prepare(graph: Graph, { foldBatchNormalization }: PrepareOptions): Graph {
  const constants = (current: Graph): Graph => foldConstants(current, { evaluate: evaluateNodes, limit: Infinity })
  let current = constants(mergeCommonSubexpressions(simplifyAlgebra(graph)))
  current = simplifyAlgebra(current)
  if (foldBatchNormalization) current = constants(foldNormalization(current))
  return mergeCommonSubexpressions(simplifyAlgebra(foldPads(current)))
}
