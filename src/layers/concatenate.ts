// Concatenate and Dot: merging layers that are not element by element.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { type DType, showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { resolveAxis } from './checks.ts'
import type { Config } from './config.ts'
import type { LayerOptions } from './layer.ts'
import { Merge } from './merging.ts'
import type { LayerShape, SymbolicShape } from './nested.ts'

export interface ConcatenateOptions extends LayerOptions {
  /** Default -1. */
  readonly axis?: number
}

/** The inputs one after another along `axis`; all other dims must be equal. */
export class Concatenate extends Merge {
  static override readonly className: string = 'Concatenate'
  readonly axis: number

  constructor(options: ConcatenateOptions = {}) {
    super(options)
    const { axis = -1 } = options
    if (!Number.isInteger(axis))
      throw new ArgumentError(problem({ where: this.where, expected: '`axis` to be an integer', received: axis }))
    this.axis = axis
  }
  override call(inputs: readonly Tensor[]): Tensor {
    this.computeOutputShape(inputs.map((input) => input.shape))
    return this.merge(inputs)
  }
  protected merge(inputs: readonly Tensor[]): Tensor {
    return ops.concatenate([...inputs], this.axis)
  }
  override computeOutputShape(inputShape: LayerShape): LayerShape {
    const shapes = this.checkShapes(inputShape)
    const rank = shapes[0]!.length
    const axis = resolveAxis(this.where, this.axis, rank)
    const fail = (): never => {
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `inputs of equal shapes apart from axis ${axis}`,
          received: shapes.map(showShape).join(' and '),
        }),
      )
    }
    return shapes[0]!.map((_, i) => {
      const dims = shapes.map((shape) => (shape.length === rank ? (shape[i] ?? null) : fail()))
      if (i === axis) return dims.includes(null) ? null : dims.reduce<number>((sum, dim) => sum + (dim ?? 0), 0)
      const known = new Set(dims.filter((dim) => dim !== null))
      return known.size > 1 ? fail() : ([...known][0] ?? null)
    })
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis }
  }
}

export interface DotOptions extends LayerOptions {
  /** The axis of each input that is summed over: one for both, or a pair. */
  readonly axes: number | readonly number[]
  /** Make vectors along the axes of length 1 first (cosine similarity); default false. */
  readonly normalize?: boolean
}

/** The sum of products of two inputs along an axis of each, example by example. Vectors give [N, 1]. */
export class Dot extends Merge {
  static override readonly className: string = 'Dot'
  protected override readonly exactly = 2
  readonly axes: number | readonly number[]
  readonly normalize: boolean

  constructor(options: DotOptions) {
    super(options)
    const axes: unknown = options.axes
    const list: unknown[] = Array.isArray(axes) ? axes : [axes, axes]
    if (list.length !== 2 || !list.every(Number.isInteger) || list.includes(0))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`axes` to be an integer or two, none of them the batch',
          received: axes,
        }),
      )
    this.axes = options.axes
    this.normalize = options.normalize ?? false
  }

  #axesFor(shapes: readonly SymbolicShape[]): [number, number] {
    const [a, b] = typeof this.axes === 'number' ? [this.axes, this.axes] : (this.axes as readonly [number, number])
    return [resolveAxis(this.where, a, shapes[0]!.length), resolveAxis(this.where, b, shapes[1]!.length)]
  }

  override call(inputs: readonly Tensor[]): Tensor {
    this.computeOutputShape(inputs.map((input) => input.shape))
    return this.merge(inputs)
  }

  protected merge(inputs: readonly Tensor[]): Tensor {
    const axes = this.#axesFor(inputs.map((input) => input.shape))
    const [a, b] = inputs.map((input, i) => {
      let x = ops.cast(input, 'float32')
      // x / max(|x|, 1e-7)
      if (this.normalize) x = ops.l2Normalize(x, { axis: axes[i]!, epsilon: 1e-14 })
      // Batch, then everything that stays as one dim, then the summed axis.
      const rest = [...x.shape.keys()].filter((axis) => axis !== 0 && axis !== axes[i])
      const size = rest.reduce((product, axis) => product * x.shape[axis]!, 1)
      const moved = ops.transpose(x, [0, ...rest, axes[i]!])
      return ops.reshape(moved, [x.shape[0]!, size, x.shape[axes[i]!]!])
    }) as [Tensor, Tensor]
    const product = ops.matmul(a, b, { transposeB: true })
    return ops.reshape(product, this.computeOutputShape(inputs.map((input) => input.shape)) as number[])
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    const shapes = this.checkShapes(inputShape)
    const [a, b] = shapes as readonly [SymbolicShape, SymbolicShape]
    const axes = this.#axesFor(shapes)
    if (a[axes[0]] !== null && b[axes[1]] !== null && a[axes[0]] !== b[axes[1]])
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `equal sizes of axes ${axes.join(' and ')}`,
          received: shapes.map(showShape).join(' and '),
        }),
      )
    const rest = [
      ...a.filter((_, axis) => axis !== 0 && axis !== axes[0]),
      ...b.filter((_, axis) => axis !== 0 && axis !== axes[1]),
    ]
    return [a[0]!, ...(rest.length === 0 ? [1] : rest)]
  }

  protected override outputDtype(): DType {
    return 'float32'
  }
  override getConfig(): Config {
    const axes = typeof this.axes === 'number' ? this.axes : [...this.axes]
    return { ...super.getConfig(), axes, normalize: this.normalize }
  }
}
