// Patterns over several nodes that one native kernel computes in a single pass: the backward of a depthwise convolution.
//
// Found after fusion, with dy' = mask(y, dy) and dx' = mask(x, dx), each optional:
//   dx = convInputGrad(dy', kernel), dw = convKernelGrad(x, dy'), db = reduceSum(dy'), dx' (+ addend), dxb = reduceSum(dx')
import { isOp, topologicalOrder } from '../../../graph/node.ts'
import type { Graph, Node } from '../../../graph/node.ts'
import { sameShape } from '../../../graph/types.ts'
import { inherit } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Value } from '../plan.ts'
import { append } from '../schedule.ts'
import { depthwiseAttributes, depthwiseWeights, unpackDepthwise } from './convolution.ts'

export interface NodeGroup {
  /** What must be lowered before the group. */
  readonly needs: readonly Node[]
  /** The convolution's input, if the group reads it, and the node that masks by it. */
  readonly x: Node | null
  readonly dx: Node | null
  /** Lowers all nodes of the group. */
  lower(b: Builder): void
}

/** select(low < x < high, inner, 0), perhaps with something added inside or after. */
interface Mask {
  readonly x: Node
  readonly low: number
  readonly high: number
  readonly inner: Node
  readonly addend: Node | null
  readonly addAfter: boolean
}

/** Finds the groups of a graph, by each of their nodes. */
export function fuseDepthwiseBackward(graph: Graph): Map<Node, NodeGroup> {
  const users = new Map<Node, Node[]>()
  for (const node of graph.nodes) for (const input of new Set(node.inputs)) append(users, input, node)
  const outputs = new Set(graph.outputs)
  const usersOf = (node: Node): readonly Node[] => users.get(node) ?? []
  const groups = new Map<Node, NodeGroup>()
  for (const node of graph.nodes) {
    if (!isOp(node, 'convInputGrad') || outputs.has(node)) continue
    const members = match(node, usersOf, outputs)
    if (members === null || members.all.some((member) => groups.has(member))) continue
    const group = groupOf(members)
    // What the group needs must be there before any of it.
    const inside = new Set(members.all)
    if (topologicalOrder(group.needs).some((need) => inside.has(need))) continue
    for (const member of members.all) groups.set(member, group)
  }
  return groups
}

interface Members {
  readonly all: readonly Node[]
  readonly inputGrad: Node<'convInputGrad'>
  readonly kernelGrad: Node<'convKernelGrad'> | null
  /** Gradient at the convolution's result, before the mask. */
  readonly dy: Node
  readonly maskY: Mask | null
  readonly biasSums: readonly Node[]
  /** The node that holds the result for x. */
  readonly dx: Node
  readonly maskX: Mask | null
  readonly inputSums: readonly Node[]
}

function match(inputGrad: Node<'convInputGrad'>, usersOf: (node: Node) => readonly Node[], outputs: ReadonlySet<Node>): Members | null {
  const [masked, kernel] = inputGrad.inputs as [Node, Node]
  const channels = inputGrad.shape[3]!
  if (inputGrad.attrs.groups !== channels || masked.shape[3] !== channels || channels === 1) return null
  const kernelGrads = usersOf(masked).filter(
    (user): user is Node<'convKernelGrad'> =>
      isOp(user, 'convKernelGrad') && user.inputs[1] === masked && user.attrs.groups === channels && sameShape(user.attrs.kernelShape, kernel.shape) &&
      sameShape(user.inputs[0]!.shape, inputGrad.shape) && user.attrs.padding.flat().join() === inputGrad.attrs.padding.flat().join() &&
      user.attrs.strides.join() === inputGrad.attrs.strides.join() && user.attrs.dilation.join() === inputGrad.attrs.dilation.join(),
  )
  const kernelGrad = kernelGrads[0] ?? null
  const sumsOf = (of: Node): Node[] => usersOf(of).filter((user) => isOp(user, 'reduceSum') && user.attrs.axes.join() === '0,1,2')

  let maskY = outputs.has(masked) ? null : maskOf(masked)
  const biasSums = maskY ? sumsOf(masked) : []
  if (maskY && (maskY.addend !== null || usersOf(masked).some((user) => user !== inputGrad && user !== kernelGrad && !biasSums.includes(user)))) maskY = null
  const dy = maskY ? maskY.inner : masked

  let dx: Node = inputGrad
  let maskX: Mask | null = null
  const [only, ...others] = usersOf(inputGrad)
  if (only && others.length === 0) {
    const mask = maskOf(only)
    if (mask && mask.inner === inputGrad && (kernelGrad === null || mask.x === kernelGrad.inputs[0]) && sameShape(mask.x.shape, inputGrad.shape)) {
      maskX = mask
      dx = only
    }
  }
  const inputSums = maskX && maskX.addend === null && !outputs.has(dx) ? sumsOf(dx) : []
  const all = [inputGrad, ...(kernelGrad ? [kernelGrad] : []), ...(maskY ? [masked, ...biasSums] : []), ...(maskX ? [dx, ...inputSums] : [])]
  // One input gradient alone has nothing to share a pass with.
  if (all.length === 1) return null
  return { all, inputGrad, kernelGrad, dy, maskY, biasSums: maskY ? biasSums : [], dx, maskX, inputSums }
}

function groupOf({ inputGrad, kernelGrad, dy, maskY, biasSums, dx, maskX, inputSums }: Members): NodeGroup {
  const kernel = inputGrad.inputs[1]!
  const x = kernelGrad?.inputs[0] ?? maskX?.x ?? null
  const needs = [dy, kernel, ...(maskY ? [maskY.x] : []), ...(x ? [x] : []), ...(maskX?.addend ? [maskX.addend] : [])]
  return {
    needs,
    x,
    dx: maskX ? dx : null,
    lower(b) {
      // A mask by a clamp's strict inside is the same on the clamp's operand.
      const load = x ? b.loaded(x) : null
      const inputs: Value[] = [b.value(dy, 'blocked')]
      if (maskY) inputs.push(b.value(maskY.x, 'blocked'))
      if (load) inputs.push(b.value(load.source, 'blocked'))
      inputs.push(depthwiseWeights(kernel, b))
      if (maskX?.addend) inputs.push(b.value(maskX.addend, 'blocked'))
      const flags = inherit(...inputs)
      const sums = { batch: false, stable: flags.stable }
      const channels = inputGrad.shape[3]!
      const taps = kernel.shape[0]! * kernel.shape[1]!
      const result = b.fresh(inputGrad.shape, 'float32', 'blocked', flags)
      const dw = kernelGrad ? b.fresh([taps, channels], 'float32', 'blocked', sums) : null
      const vector = (): Value => b.fresh([channels], 'float32', 'blocked', sums)
      const db = biasSums.length > 0 ? vector() : null
      const dxb = inputSums.length > 0 ? vector() : null
      for (const sum of [dw, db, dxb]) if (sum) sum.storage.imageBytes = 0
      b.add({
        kind: 'depthwiseBackward',
        label: 'depthwise backward',
        role: dw || db || dxb ? (flags.batch ? 'sum' : 'whole') : flags.batch ? 'map' : 'whole',
        inputs,
        outputs: [result, ...(dw ? [dw] : []), ...(db ? [db] : []), ...(dxb ? [dxb] : [])],
        attributes: depthwiseAttributes(inputGrad.shape, dy.shape, kernel.shape, inputGrad.attrs, {
          y: maskY !== null,
          clamp: maskY ? Float32Array.of(maskY.low, maskY.high) : null,
          x: x !== null,
          inputClamp: load?.inputClamp ?? null,
          weights: true,
          addend: Boolean(maskX?.addend),
          addAfterMask: maskX?.addAfter ?? false,
          maskX: maskX ? Float32Array.of(maskX.low, maskX.high) : null,
          dx: true,
          dw: dw !== null,
          db: db !== null,
          dxb: dxb !== null,
        }),
        work: 2 * inputGrad.shape[1]! * inputGrad.shape[2]! * channels * taps,
      })
      // The nodes inside the group that nobody else reads stay without a value.
      b.set(dx, result)
      if (dw) unpackDepthwise(kernelGrad!, dw, b)
      for (const [nodes, sum] of [[biasSums, db], [inputSums, dxb]] as const) {
        for (const node of nodes) {
          b.set(node, b.alias(sum!, node.shape, 'plain'))
          b.set(node, b.alias(sum!, node.shape, 'blocked'))
        }
      }
    },
  }
}

/**
 * Clamps that only depthwise convolutions (and the gradients of such, in groups) read: they are applied on load, which saves a pass
 * over the activations and their memory.
 */
export function clampsOnLoad(graph: Graph, groups: ReadonlyMap<Node, NodeGroup>): Set<Node> {
  const users = new Map<Node, Node[]>()
  for (const node of graph.nodes) for (const input of new Set(node.inputs)) append(users, input, node)
  const outputs = new Set(graph.outputs)
  const reads = (user: Node, x: Node): boolean => {
    const group = groups.get(user)
    if (group && group.x === x && group.dx === user) return true
    if (isOp(user, 'conv')) return user.inputs[0] === x && !user.inputs.includes(x, 1) && depthwise(user.attrs.groups, x.shape[3]!, user.shape[3]!)
    if (!isOp(user, 'convKernelGrad')) return false
    return user.inputs[0] === x && user.inputs[1] !== x && depthwise(user.attrs.groups, x.shape[3]!, user.inputs[1]!.shape[3]!)
  }
  return new Set(
    graph.nodes.filter(
      (node) => isOp(node, 'clamp') && node.shape.length === 4 && !outputs.has(node) && node.inputs[0]!.op !== 'input' && (users.get(node) ?? []).length > 0 && users.get(node)!.every((user) => reads(user, node)),
    ),
  )
}

function depthwise(groups: number, channels: number, filters: number): boolean {
  return groups > 1 && groups === channels && filters === channels
}

/** Reads a fused node as a mask; null if it is anything else. */
function maskOf(node: Node): Mask | null {
  if (!isOp(node, 'fused') || node.attrs.body.results.length !== 1) return null
  const { parameters, results } = node.attrs.body
  const outer = (inner: Node): Node | null => {
    const at = parameters.indexOf(inner as Node<'input'>)
    return at < 0 ? null : node.inputs[at]!
  }
  const constant = (inner: Node): number | null => {
    const source = outer(inner) ?? inner
    return isOp(source, 'constant') && source.attrs.data.length === 1 ? source.attrs.data[0]! : null
  }
  const full = (inner: Node): Node | null => {
    const source = outer(inner)
    return source && sameShape(source.shape, node.shape) && source.dtype === 'float32' ? source : null
  }
  let root = results[0]!
  let after: Node | null = null
  if (root.op === 'add') {
    const [left, right] = root.inputs as [Node, Node]
    const [choice, other] = left.op === 'select' ? [left, right] : [right, left]
    after = full(other)
    if (choice.op !== 'select' || after === null) return null
    root = choice
  }
  if (root.op !== 'select') return null
  const [condition, kept, otherwise] = root.inputs as [Node, Node, Node]
  if (constant(otherwise) !== 0) return null
  let low = -Infinity
  let high = Infinity
  let x: Node | null = null
  for (const test of condition.op === 'and' ? condition.inputs : [condition]) {
    if (test.op !== 'less') return null
    const [left, right] = test.inputs as [Node, Node]
    const bound = constant(left)
    const side = full(bound === null ? left : right)
    if (side === null || (x !== null && x !== side)) return null
    x = side
    if (bound !== null) low = bound
    else {
      const upper = constant(right)
      if (upper === null) return null
      high = upper
    }
  }
  if (x === null) return null
  if (kept.op === 'add') {
    if (after !== null) return null
    const [left, right] = kept.inputs.map(full)
    if (!left || !right) return null
    const [inner, addend] = left.op === 'convInputGrad' ? [left, right] : [right, left]
    return { x, low, high, inner, addend, addAfter: false }
  }
  const inner = full(kept)
  return inner === null ? null : { x, low, high, inner, addend: after, addAfter: after !== null }
}
