// Reverse-mode differentiation, graph to graph.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { add, scalar } from './build.ts'
import { gradientsOfInputs, isDifferentiable } from './derivatives.ts'
import { topologicalOrder } from './node.ts'
import type { Node } from './node.ts'
import { showType } from './shapes/check.ts'
import { sameShape } from './types.ts'

export interface DifferentiateOptions {
  /** The gradient of the target itself, of its shape; default 1, for a scalar target. */
  readonly seed?: Node
}

/**
 * The gradients of a float32 target with respect to each source: new nodes, of the sources' shapes.
 * Null for a source that the target does not depend on differentiably, and for one that is not float32.
 * Only nodes between a source and the target are visited, and a source stops nothing: a source may depend on another.
 * Two gradients that meet are added at once, later consumers first, so that neither is kept for long.
 * @throws ArgumentError for a target that is not float32, or not a scalar and without a seed; ShapeError for a wrong seed.
 */
export function differentiate(
  target: Node,
  sources: readonly Node[],
  { seed }: DifferentiateOptions = {},
): (Node | null)[] {
  checkTarget(target, seed)
  const wanted = new Set(sources)
  const order = topologicalOrder([target])

  // Nodes through which a gradient can reach a source.
  const reaching = new Set<Node>()
  for (const node of order) {
    if (node.dtype !== 'float32') continue
    if (wanted.has(node)) reaching.add(node)
    else if (isDifferentiable(node.op) && node.inputs.some((input) => reaching.has(input))) reaching.add(node)
  }

  const gradients = new Map<Node, Node>()
  if (reaching.has(target)) gradients.set(target, seed ?? scalar(1))
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!
    const dy = gradients.get(node)
    if (dy === undefined || !isDifferentiable(node.op)) continue
    const needs = node.inputs.map((input) => reaching.has(input))
    if (!needs.includes(true)) continue
    gradientsOfInputs(node, dy, needs).forEach((gradient, k) => {
      if (gradient === null || !needs[k]) return
      const input = node.inputs[k]!
      if (!sameShape(gradient.shape, input.shape)) {
        throw new Error(`derivative of ${node.op}: ${showType(gradient)} for input ${k} of type ${showType(input)}`)
      }
      const other = gradients.get(input)
      gradients.set(input, other === undefined ? gradient : add(other, gradient))
    })
    if (!wanted.has(node)) gradients.delete(node)
  }
  return sources.map((source) => gradients.get(source) ?? null)
}

function checkTarget(target: Node, seed: Node | undefined): void {
  const where = 'differentiate'
  if (target.dtype !== 'float32') {
    throw new ArgumentError(problem({ where, expected: 'a float32 target', received: showType(target) }))
  }
  if (seed === undefined) {
    if (target.shape.length === 0) return
    const expected = 'a scalar target, or a seed of its shape'
    throw new ArgumentError(
      problem({ where, expected, received: showType(target), hint: 'Reduce the target to a scalar first' }),
    )
  }
  if (seed.dtype !== 'float32' || !sameShape(seed.shape, target.shape)) {
    throw new ShapeError(problem({ where, expected: `a seed of type ${showType(target)}`, received: showType(seed) }))
  }
}
