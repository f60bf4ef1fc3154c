// What the rules of the conversion work with: names of values in either layout, and the writer.
import { ArgumentError, problem } from '../../errors.ts'
import { isOp } from '../../graph/node.ts'
import type { Node } from '../../graph/node.ts'
import type { PrimitiveName } from '../../graph/primitives.ts'
import { sizeOf } from '../../graph/types.ts'
import type { Shape, TypedArray } from '../../graph/types.ts'
import type { BatchDims, Dim } from './batch.ts'
import type { OnnxWriter } from './writer.ts'

/** `plain`: as the graph has it, channels last. `planar`: values of rank 4 as ONNX's convolutions take them, NCHW. */
export type Layout = 'plain' | 'planar'

const toPlanar = [0, 3, 1, 2]
const toPlain = [0, 2, 3, 1]

/** Where an NHWC axis lies in NCHW. */
export function planarAxis(axis: number): number {
  return [0, 2, 3, 1][axis]!
}

/** An array [N, H, W, C] by NHWC axis in the order of NCHW. */
export function inPlanarOrder<T>(values: readonly T[]): T[] {
  return toPlanar.map((axis) => values[axis]!)
}

interface Names {
  plain?: string | (() => string)
  planar?: string | (() => string)
}

export class Context {
  readonly writer: OnnxWriter
  readonly batch: BatchDims
  readonly where: string
  readonly #names = new Map<Node, Names>()
  #batchSize: { source: string } | null = null

  constructor(writer: OnnxWriter, batch: BatchDims, where: string) {
    this.writer = writer
    this.batch = batch
    this.where = where
  }

  /** Where the size of the batch can be read at run time: the first dim of this input. */
  set batchSource(name: string) {
    this.#batchSize = { source: name }
  }

  refuse(node: Node, why: string): ArgumentError {
    return new ArgumentError(
      problem({
        where: this.where,
        expected: 'a model of operations that ONNX has',
        received: `${node.op} (${why})`,
        hint: 'Leave the layer that does this out of the exported model',
      }),
    )
  }

  set(node: Node, layout: Layout, name: string | (() => string)): void {
    const names = this.#names.get(node) ?? {}
    names[layout] = name
    this.#names.set(node, names)
  }

  /** The value's name in a layout; transposed, once, if it is at hand in the other only. */
  name(node: Node, layout: Layout): string {
    if (isOp(node, 'constant')) return this.#constant(node, layout)
    const names = this.#names.get(node)!
    const there = names[layout]
    if (typeof there === 'string') return there
    const made = there === undefined ? this.#relayout(node, names, layout) : there()
    names[layout] = made
    return made
  }

  /** True if reading the value in NCHW costs no transposing, but reading it in NHWC does. */
  prefersPlanar(node: Node): boolean {
    const names = this.#names.get(node)
    return names?.planar !== undefined && names.plain === undefined
  }

  /** True if one of the operands lies in NCHW alone: then the result of rank 4 is best made there too. */
  layoutFor(node: Node, operands: readonly Node[] = node.inputs): Layout {
    return node.shape.length === 4 &&
      operands.some((operand) => operand.shape.length === 4 && this.prefersPlanar(operand))
      ? 'planar'
      : 'plain'
  }

  #relayout(node: Node, names: Names, layout: Layout): string {
    const from = this.name(node, layout === 'plain' ? 'planar' : 'plain')
    const [, height, width] = node.shape
    // One pixel: both orders are the same.
    if (height === 1 && width === 1) return this.reshape(from, this.layoutDims(this.dims(node), layout))
    return this.writer.node('Transpose', [from], { perm: layout === 'plain' ? toPlain : toPlanar })
  }

  #constant(node: Node<'constant'>, layout: Layout): string {
    const known = this.#names.get(node)?.[layout]
    if (typeof known === 'string') return known
    const { data, dtype, shape } = node.attrs
    if (!this.batch.isFixed(node, (each) => (each as Node<'constant'>).attrs.shape))
      throw this.refuse(node, 'a table as long as the batch')
    const name =
      layout === 'plain'
        ? this.writer.tensor(data, shape, dtype)
        : this.writer.tensor(permuted(data, shape, toPlanar), inPlanarOrder(shape), dtype)
    this.set(node, layout, name)
    return name
  }

  /** An operand of an elementwise node of rank 4 in NCHW: dims that broadcasting adds in front move with the others. */
  operand(node: Node, layout: Layout): string {
    if (layout === 'plain' || node.shape.length === 0 || node.shape.length === 4)
      return this.name(node, node.shape.length === 4 ? layout : 'plain')
    const wide: Shape = [...Array.from({ length: 4 - node.shape.length }, () => 1), ...node.shape]
    if (isOp(node, 'constant'))
      return this.writer.tensor(permuted(node.attrs.data, wide, toPlanar), inPlanarOrder(wide), node.dtype)
    const reshaped = this.reshape(this.name(node, 'plain'), wide)
    return this.writer.node('Transpose', [reshaped], { perm: toPlanar })
  }

  dims(node: Node, shapeOf: (node: Node) => Shape = (each) => each.shape): Dim[] {
    return this.batch.dims(node, shapeOf)
  }

  layoutDims(dims: readonly Dim[], layout: Layout): Dim[] {
    return layout === 'plain' ? [...dims] : inPlanarOrder(dims)
  }

  reshape(from: string, dims: readonly Dim[]): string {
    return this.writer.node('Reshape', [from, this.shape(dims, true)])
  }

  /** A vector with a shape. `inferred`: where one dim may be left to be inferred. */
  shape(dims: readonly Dim[], inferred = false): string {
    const moving = dims.filter((dim) => typeof dim !== 'number').length
    if (moving === 0) return this.writer.int64(dims as number[])
    if (inferred && moving === 1 && sizeOf(dims.map((dim) => (typeof dim === 'number' ? dim : 1))) > 0)
      return this.writer.int64(dims.map((dim) => (typeof dim === 'number' ? dim : -1)))
    const parts = dims.map((dim) => {
      if (typeof dim === 'number') return this.writer.int64([dim])
      return dim.batches === 1
        ? this.#batch()
        : this.writer.node('Mul', [this.#batch(), this.writer.int64([dim.batches])])
    })
    return this.writer.node('Concat', parts, { axis: 0 })
  }

  #batch(): string {
    const { source } = this.#batchSize!
    return this.writer.node('Shape', [source], { start: 0, end: 1 })
  }
}

/** A row-major array with its axes in another order. */
export function permuted(data: TypedArray, shape: Shape, permutation: readonly number[]): TypedArray {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  const order = permutation.map((axis) => ({ size: shape[axis]!, stride: strides[axis]! }))
  const out = data.slice()
  let at = 0
  const visit = (axis: number, from: number): void => {
    const { size, stride } = order[axis]!
    for (let i = 0; i < size; i++) {
      if (axis === order.length - 1) out[at++] = data[from + i * stride]!
      else visit(axis + 1, from + i * stride)
    }
  }
  if (data.length > 0 && order.length > 0) visit(0, 0)
  return out
}

/** Converts one node: its operands are named, and it names its own result. */
export type Rule<P extends PrimitiveName> = (node: Node<P>, context: Context) => void
export type Rules<P extends PrimitiveName> = { readonly [Name in P]: Rule<Name> }
