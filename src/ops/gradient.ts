// Gradients of recorded tensors: the cone below the target, normalizations folded, differentiated.
import { ArgumentError, problem } from '../errors.ts'
import { differentiate } from '../graph/differentiate.ts'
import { graphOf, isOp, makeNode, topologicalOrder, withInputs } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { foldNormalization } from '../graph/passes/normalization-folding.ts'
import { requireList } from './checks.ts'
import { countRecorded } from './evaluate.ts'
import { Tensor } from './tensor.ts'
import { inputLeaf } from './values.ts'
import { Variable } from './variable.ts'

/** What a gradient can be taken with respect to. */
export type GradientSource = Tensor | Variable

/**
 * Gradients of a float32 target (the sum of its elements, if it is no scalar; of all, if there are several) with respect to
 * each source as it is now: shapes of the sources, null where the target does not depend on the source. No tape is needed.
 * @throws ArgumentError for a target that is not float32.
 */
export function gradients(target: Tensor | readonly Tensor[], sources: readonly GradientSource[]): (Tensor | null)[] {
  const targets = requireTargets('gradients', target)
  requireList('gradients', sources, 'a list of Variables or tensors as sources')
  for (const source of sources) requireSource('gradients', source)
  const nodes = gradientNodes(
    'gradients',
    targets.map(({ node }) => node),
    sources.map((source) => [source instanceof Variable ? source.currentNode() : source.node]),
  )
  return nodes.map((node) => (node === null ? null : new Tensor(node)))
}

/** @throws ArgumentError unless `target` is a tensor, or a list of them, which is given back. */
export function requireTargets(where: string, target: Tensor | readonly Tensor[]): readonly Tensor[] {
  const targets: readonly unknown[] = Array.isArray(target) ? target : [target]
  for (const one of targets)
    if (!(one instanceof Tensor))
      throw new ArgumentError(problem({ where, expected: 'tensors as target', received: one }))
  return targets as readonly Tensor[]
}

/** @throws ArgumentError */
export function requireSource(where: string, source: GradientSource): void {
  if (source instanceof Tensor || source instanceof Variable) return
  throw new ArgumentError(problem({ where, expected: 'a Variable or a tensor as source', received: source }))
}

/** The same on nodes, where a source may be several nodes, whose gradients are added. */
export function gradientNodes(
  where: string,
  targets: readonly Node[],
  sources: readonly (readonly Node[])[],
): (Node | null)[] {
  if (targets.length === 0)
    throw new ArgumentError(problem({ where, expected: 'at least one target', received: 'none' }))
  for (const { dtype } of targets) {
    if (dtype !== 'float32') {
      throw new ArgumentError(problem({ where, expected: 'a float32 target', received: dtype, hint: 'Use cast()' }))
    }
  }
  const total = targets.map(sumOfAll).reduce((sum, node) => makeNode('add', [sum, node], {}))
  const flat = [...new Set(sources.flat())]
  const found = foldedGradients(total, flat)
  const byNode = new Map(flat.map((node, i) => [node, found[i]!]))
  return sources.map((nodes) => {
    const parts = nodes.map((node) => byNode.get(node) ?? null).filter((node) => node !== null)
    return parts.length === 0 ? null : parts.reduce((sum, node) => makeNode('add', [sum, node], {}))
  })
}

function sumOfAll(node: Node): Node {
  if (node.shape.length === 0) return node
  return makeNode('reduceSum', [node], { axes: node.shape.map((_, axis) => axis), keepDims: false })
}

/**
 * Folding rewrites nodes, and must not rewrite sources. Leaves stay as they are; sources inside the cone (a Variable's value
 * that is still pending, a watched intermediate tensor) are replaced by leaves meanwhile. Where one of those depends on
 * another source that would cut its gradient off, so then nothing is folded.
 */
function foldedGradients(target: Node, sources: readonly Node[]): (Node | null)[] {
  const inner = sources.filter((source) => !isOp(source, 'input'))
  if (inner.length > 0 && dependOnEachOther(inner, sources)) return counted(differentiate(target, sources))
  const standIns = new Map<Node, Node>(inner.map((source) => [source, inputLeaf('source', source)]))
  const cut = standIns.size === 0 ? target : substitute([target], standIns)[0]!
  const leaves = topologicalOrder([cut]).filter((node): node is Node<'input'> => isOp(node, 'input'))
  const folded = foldNormalization(graphOf(leaves, [cut])).outputs[0]!
  const found = counted(differentiate(folded, sources.map((source) => standIns.get(source) ?? source))) // prettier-ignore
  if (standIns.size === 0) return found
  const originals = new Map<Node, Node>([...standIns].map(([source, standIn]) => [standIn, source]))
  const restored = substitute(found.filter((node) => node !== null), originals) // prettier-ignore
  let next = 0
  return found.map((node) => (node === null ? null : restored[next++]!))
}

function dependOnEachOther(inner: readonly Node[], sources: readonly Node[]): boolean {
  const wanted = new Set(sources)
  return topologicalOrder(inner).some((node) => wanted.has(node) && (!inner.includes(node) || dependsOnInner(node)))

  function dependsOnInner(node: Node): boolean {
    return topologicalOrder([node]).some((below) => below !== node && wanted.has(below))
  }
}

/** The same nodes over others in place of some. */
function substitute(roots: readonly Node[], others: ReadonlyMap<Node, Node>): Node[] {
  const replaced = new Map<Node, Node>()
  for (const node of topologicalOrder(roots, (n) => others.has(n))) {
    const other = others.get(node)
    replaced.set(node, other ?? withInputs(node, node.inputs.map((input) => replaced.get(input)!))) // prettier-ignore
  }
  return roots.map((root) => replaced.get(root)!)
}

/** Counts what was recorded, as tensors do for single operations. */
function counted(nodes: (Node | null)[]): (Node | null)[] {
  countRecorded(nodes.length)
  return nodes
}
