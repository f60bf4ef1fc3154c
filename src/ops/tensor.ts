// Tensors: immutable, lazy values. Nothing is computed before somebody reads.
import { isOp } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { showShape, sizeOf } from '../graph/types.ts'
import type { DType, Shape, TypedArray } from '../graph/types.ts'
import { ArgumentError, problem } from '../errors.ts'
import { countRecorded, start, throwFormerFailure } from './evaluate.ts'
import { inTrace, isRecording, noteTensor } from './trace.ts'
import { valueOf } from './values.ts'

/** Arrays in arrays, as deep as a tensor's rank; a number for a scalar. */
export type NestedNumbers = number | NestedNumbers[]

/**
 * An immutable array of numbers of one dtype. Operations record what to compute; `data()`, `array()` and `item()` compute it.
 * Memory is the garbage collector's business: there is nothing to dispose of.
 */
export class Tensor {
  readonly shape: Shape
  readonly dtype: DType
  #node: Node

  /** @internal Use `tensor()` or an operation. */
  constructor(node: Node) {
    this.shape = node.shape
    this.dtype = node.dtype
    this.#node = node
    noteTensor(this, node)
    countRecorded()
    limitDepth(this)
  }

  /** @internal What computes this tensor, or the leaf that stands for its value. */
  get node(): Node {
    return this.#node
  }
  /** @internal */
  settle(leaf: Node): void {
    this.#node = leaf
  }

  get rank(): number {
    return this.shape.length
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /**
   * Computes the tensor, if that was not done yet, and copies it to the host, row-major. A bool tensor gives bytes 0 and 1.
   * @throws EngineError if the computation fails; ArgumentError inside a traced function.
   */
  async data(): Promise<TypedArray> {
    const [value] = start([this], [])
    throwFormerFailure()
    return value!.read()
  }
  /** The same as nested arrays; a number for a scalar. */
  async array(): Promise<NestedNumbers> {
    return nest(await this.data(), this.shape)
  }
  /** The number in a tensor of one element. @throws ArgumentError for a tensor of another size. */
  async item(): Promise<number> {
    return onlyElement(await this.data(), this.shape)
  }

  toString(): string {
    return `Tensor ${this.dtype} ${showShape(this.shape)}`
  }
}

/** Links of a chain of unread tensors, beyond which its value is computed unasked. */
const longestChain = 2000
const depths = new WeakMap<Node, number>()

/**
 * A chain such as x = x + 1 that is never read would grow for ever: after `longestChain` links its value is computed.
 * Not on a tape, which needs the history, and not in a trace, where there are no values.
 */
function limitDepth(tensor: Tensor): void {
  if (depthOf(tensor.node) <= longestChain || inTrace() || isRecording()) return
  start([tensor], [])
}

/** The length of the longest chain of nodes without values that ends here. Iterative: graphs are deep. */
function depthOf(root: Node): number {
  if (valueOf(root) !== undefined) return 0
  const stack = [root]
  while (stack.length > 0) {
    const node = stack[stack.length - 1]!
    let depth = 1
    let unknown = false
    for (const input of node.inputs) {
      const below = valueOf(input) === undefined ? depths.get(input) : 0
      if (below === undefined) {
        stack.push(input)
        unknown = true
      } else depth = Math.max(depth, below + 1)
    }
    if (unknown) continue
    depths.set(node, depth)
    stack.pop()
  }
  return depths.get(root)!
}

export function nest(data: TypedArray, shape: Shape): NestedNumbers {
  if (shape.length === 0) return data[0]!
  let level: NestedNumbers[] = Array.from(data)
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const dim = shape[axis]!
    const count = sizeOf(shape.slice(0, axis))
    level = Array.from({ length: count }, (_, i) => level.slice(i * dim, (i + 1) * dim))
  }
  return level
}

export function onlyElement(data: TypedArray, shape: Shape): number {
  if (data.length !== 1) {
    throw new ArgumentError(
      problem({ where: 'item', expected: 'a tensor of one element', received: showShape(shape), hint: 'Use data()' }),
    )
  }
  return data[0]!
}

/** True for a tensor whose value needs no computation (of a node with a value, or a constant). */
export function isConcrete(tensor: Tensor): boolean {
  return isOp(tensor.node, 'constant') || valueOf(tensor.node) !== undefined
}
