// Builds the list of ops of a plan while the graph's nodes are lowered one by one.
import { bytesPerElement, sizeOf } from '../../graph/types.ts'
import type { DType, Shape, TypedArray } from '../../graph/types.ts'
import { isOp } from '../../graph/node.ts'
import type { Node } from '../../graph/node.ts'
import type { WeightPatterns } from './lower/weights.ts'
import type { Layout, Op, Role, StepAttributes, Storage, Value } from './plan.ts'

export interface BuilderOptions {
  /** Channels of one block. */
  readonly lanes: number
  /** Pictures of the batch; 0 if the graph has none. */
  readonly batch: number
  readonly stable: ReadonlySet<Node>
  /** Clamps that their readers, depthwise convolutions, apply on load: never computed by themselves. */
  readonly onLoad?: ReadonlySet<Node>
  /** Products that are never computed by themselves (see lower/weights.ts). */
  readonly weights?: WeightPatterns
}

export interface OpParts {
  readonly kind: string
  readonly label: string
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: StepAttributes | ((images: number) => StepAttributes)
  /** Default: `map` if an output is of the batch, else `whole`. */
  readonly role?: Role
  readonly packedFor?: Op
  /** Default: values of the batch, and others of the result's rank whose first dim is the batch. */
  readonly advance?: readonly boolean[]
  readonly work?: number
}

export class Builder {
  readonly ops: Op[] = []
  readonly lanes: number
  readonly batch: number
  readonly #stable: ReadonlySet<Node>
  readonly #onLoad: ReadonlySet<Node>
  readonly #weights: WeightPatterns
  readonly #values = new Map<Node, Map<Layout, Value>>()
  /** Results of ops that several nodes share, by whatever key their lowering chooses. */
  readonly #shared = new Map<object, Map<string, Value>>()
  readonly #makers = new Map<Storage, Op>()

  constructor({ lanes, batch, stable, onLoad = new Set(), weights = { scaledKernels: new Map(), products: new Set(), summedGradients: new Map() } }: BuilderOptions) {
    this.#weights = weights
    this.#onLoad = onLoad
    this.lanes = lanes
    this.batch = batch
    this.#stable = stable
  }

  padded(channels: number): number {
    return Math.ceil(channels / this.lanes) * this.lanes
  }

  /** Bytes of a value in a layout. */
  bytesOf(shape: Shape, dtype: DType, layout: Layout): number {
    if (layout === 'blocked' && shape.length > 0) {
      const channels = shape[shape.length - 1]!
      const rest = sizeOf(shape.slice(0, -1))
      return rest * this.padded(channels) * bytesPerElement[dtype]
    }
    return sizeOf(shape) * bytesPerElement[dtype]
  }

  /** Bytes from one picture to the next, 0 where the first dim is not the batch. */
  imageBytesOf({ shape, dtype, layout }: { shape: Shape; dtype: DType; layout: Layout }): number {
    return layout !== 'packed' && this.batch > 0 && shape[0] === this.batch ? this.bytesOf(shape, dtype, layout) / this.batch : 0
  }

  storage(shape: Shape, dtype: DType, layout: Layout): Storage {
    const bytes = this.bytesOf(shape, dtype, layout)
    return { bytes, imageBytes: this.imageBytesOf({ shape, dtype, layout }), external: null, constant: null, over: null }
  }

  /** A value that an op will write. */
  fresh(shape: Shape, dtype: DType, layout: Layout, { batch, stable }: { batch: boolean; stable: boolean }): Value {
    return { storage: this.storage(shape, dtype, layout), shape, dtype, layout, batch, stable }
  }

  external(index: number, type: { shape: Shape; dtype: DType }, { batch, stable }: { batch: boolean; stable: boolean }): Value {
    const storage = this.storage(type.shape, type.dtype, 'plain')
    storage.external = index
    return { storage, shape: type.shape, dtype: type.dtype, layout: 'plain', batch, stable }
  }

  constant(data: TypedArray, shape: Shape, dtype: DType): Value {
    const storage = this.storage(shape, dtype, 'plain')
    storage.constant = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return { storage, shape, dtype, layout: 'plain', batch: false, stable: true }
  }

  add(parts: OpParts): Op {
    const attributes = parts.attributes
    const role = parts.role ?? (parts.outputs.some((output) => output.batch) ? 'map' : 'whole')
    const op: Op = {
      kind: parts.kind,
      role: this.batch > 0 ? role : 'whole',
      inputs: parts.inputs,
      outputs: parts.outputs,
      advance: parts.advance ?? parts.inputs.map((input) => this.#advances(input, parts.outputs[0])),
      attributes: typeof attributes === 'function' ? attributes : () => attributes,
      packedFor: parts.packedFor ?? null,
      work: parts.work ?? 0,
      label: parts.label,
    }
    this.ops.push(op)
    for (const output of parts.outputs) this.#makers.set(output.storage, op)
    return op
  }

  #advances(input: Value, output: Value | undefined): boolean {
    if (this.imageBytesOf(input) === 0) return false
    return input.batch || (output !== undefined && input.shape.length === output.shape.length && input.shape[0] === this.batch)
  }

  makerOf(value: Value): Op | undefined {
    return this.#makers.get(value.storage)
  }

  /** What a depthwise convolution reads for `node`: itself, or the operand of a clamp that it applies on load. */
  loaded(node: Node): { source: Node; inputClamp: Float32Array | null } {
    if (!this.#onLoad.has(node) || !isOp(node, 'clamp')) return { source: node, inputClamp: null }
    return { source: node.inputs[0]!, inputClamp: Float32Array.of(node.attrs.low, node.attrs.high) }
  }

  /** True for nodes that their readers compute on the way: they get no value of their own. */
  isAbsorbed(node: Node): boolean {
    return this.#onLoad.has(node) || this.#weights.scaledKernels.has(node) || this.#weights.products.has(node)
  }

  /** The kernel and the scale of a kernel that is scaled while it is packed. */
  scaledKernel(node: Node): { kernel: Node; scale: Node } | undefined {
    return this.#weights.scaledKernels.get(node)
  }

  /** The factors of a product that is summed while it is computed. */
  product(node: Node): readonly Node[] | null {
    return this.#weights.products.has(node) ? node.inputs : null
  }

  /** The kernel and the sums of their product that are made while a kernel gradient is unpacked. */
  summedGradient(node: Node): { factor: Node; sums: Node } | undefined {
    return this.#weights.summedGradients.get(node)
  }

  isStable(node: Node): boolean {
    return this.#stable.has(node)
  }

  set(node: Node, value: Value): void {
    let layouts = this.#values.get(node)
    if (!layouts) this.#values.set(node, (layouts = new Map<Layout, Value>()))
    layouts.set(value.layout, value)
  }

  has(node: Node, layout?: Layout): boolean {
    const layouts = this.#values.get(node)
    return layout === undefined ? layouts !== undefined : (layouts?.has(layout) ?? false)
  }

  /** Any layout in which the node's value is at hand. */
  any(node: Node): Value {
    const layouts = this.#values.get(node)
    if (!layouts) throw new Error(`plan: ${node.op} is used before it is made`)
    return layouts.values().next().value!
  }

  /** The node's value in a layout; reordered (once) if need be. */
  value(node: Node, layout: Layout): Value {
    const layouts = this.#values.get(node)
    if (!layouts) throw new Error(`plan: ${node.op} is used before it is made`)
    const there = layouts.get(layout)
    if (there) return there
    const made = this.#reorder(layouts.get('plain') ?? layouts.values().next().value!, layout)
    layouts.set(layout, made)
    return made
  }

  /** The value of `make` for (owner, key), made once. */
  shared(owner: object, key: string, make: () => Value): Value {
    let values = this.#shared.get(owner)
    if (!values) this.#shared.set(owner, (values = new Map<string, Value>()))
    let value = values.get(key)
    if (!value) values.set(key, (value = make()))
    return value
  }

  /** The same bytes under another shape or layout. */
  alias(value: Value, shape: Shape, layout: Layout = value.layout): Value {
    return { ...value, shape, layout }
  }

  #reorder(from: Value, layout: Layout): Value {
    if (from.layout === 'packed' || layout === 'packed') throw new Error('plan: packed kernels are reordered by their steps')
    const { shape } = from
    const channels = shape[shape.length - 1] ?? 1
    const images = shape.length === 4 ? shape[0]! : 1
    const pixels = shape.length === 4 ? shape[1]! * shape[2]! : sizeOf(shape.slice(0, -1))
    const wholeBlocks = channels % this.lanes === 0
    // Where a picture has one pixel, blocks follow each other as the channels do.
    if (layout !== 'planes' && from.layout !== 'planes' && pixels === 1) {
      if (wholeBlocks || (from.layout === 'blocked' && images === 1)) return this.alias(from, shape, layout)
    }
    if (from.dtype !== 'float32') throw new Error(`plan: ${from.dtype} has no ${layout} layout`)
    const kind = layout === 'blocked' ? 'toBlocked' : layout === 'planes' ? 'toPlanes' : 'toPlain'
    const source = from.layout === 'planes' || (layout === 'planes' && from.layout !== 'plain') ? this.#reorder(from, 'plain') : from
    const to = this.fresh(shape, from.dtype, layout, from)
    const isBatch = to.batch && to.storage.imageBytes > 0
    this.add({
      kind: 'layout',
      label: kind,
      role: isBatch ? 'map' : 'whole',
      inputs: [source],
      outputs: [to],
      attributes: (count) => ({ kind, images: isBatch ? count : images, channels, pixels }),
    })
    return to
  }
}

/** What a result inherits from its operands. */
export function inherit(...operands: readonly Value[]): { batch: boolean; stable: boolean } {
  return { batch: operands.some((operand) => operand.batch), stable: operands.every((operand) => operand.stable) }
}
