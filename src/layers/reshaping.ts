// Layers that only move values: Flatten, Reshape, Permute, RepeatVector, Identity.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { type DType, showShape, sizeOf } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { dataFormatOption, integerOption } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions } from './layer.ts'
import type { LayerShape, SymbolicShape } from './nested.ts'

/** A layer that keeps the type of its input. */
export abstract class Movement extends Layer {
  protected override outputDtype(inputDtypes: readonly DType[]): DType {
    return inputDtypes[0]!
  }
}

/** The product of dims; null if one is unknown. */
function productOf(dims: SymbolicShape): number | null {
  return dims.includes(null) ? null : sizeOf(dims as number[])
}

export interface FlattenOptions extends LayerOptions {
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** All dims but the batch become one, row by row; a vector [N] becomes [N, 1]. */
export class Flatten extends Movement {
  static override readonly className: string = 'Flatten'
  constructor(options: FlattenOptions = {}) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.inputSpec = { minNdim: 1 }
  }
  override call(inputs: Tensor): Tensor {
    return ops.reshape(inputs, [inputs.shape[0]!, sizeOf(inputs.shape.slice(1))])
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return [inputShape[0]!, productOf(inputShape.slice(1))]
  }
  override get recordsBuild(): boolean {
    return true
  }
  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last' }
  }
}

export interface ReshapeOptions extends LayerOptions {
  /** Without the batch; one dim may be -1: whatever remains. */
  readonly targetShape: readonly number[]
}

/** Each example gets the target shape, row by row. */
export class Reshape extends Movement {
  static override readonly className: string = 'Reshape'
  readonly targetShape: readonly number[]

  constructor(options: ReshapeOptions) {
    super(options)
    const target: unknown = options.targetShape
    const fits = (dim: unknown) => typeof dim === 'number' && Number.isInteger(dim) && dim >= -1
    if (!Array.isArray(target) || !target.every(fits) || target.filter((dim) => dim === -1).length > 1)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`targetShape` to be integers, at most one of them -1',
          received: target,
        }),
      )
    this.targetShape = target as number[]
  }
  override call(inputs: Tensor): Tensor {
    return ops.reshape(inputs, this.computeOutputShape(inputs.shape) as number[])
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const size = productOf(inputShape.slice(1))
    const known = sizeOf(this.targetShape.filter((dim) => dim !== -1))
    const rest = size === null ? null : size / known
    const fits = this.targetShape.includes(-1)
      ? rest === null || Number.isInteger(rest)
      : size === null || size === known
    if (!fits)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `an input that fits the target shape ${showShape(this.targetShape)}`,
          received: `shape ${showShape(inputShape)}`,
        }),
      )
    return [inputShape[0]!, ...this.targetShape.map((dim) => (dim === -1 ? rest : dim))]
  }
  override get recordsBuild(): boolean {
    return true
  }
  override getConfig(): Config {
    return { ...super.getConfig(), target_shape: [...this.targetShape] }
  }
}

export interface PermuteOptions extends LayerOptions {
  /** A permutation of 1, 2, …: axis i + 1 of the output is axis `dims[i]` of the input. */
  readonly dims: readonly number[]
}

/** Exchanges axes; the batch stays first. */
export class Permute extends Movement {
  static override readonly className: string = 'Permute'
  readonly dims: readonly number[]

  constructor(options: PermuteOptions) {
    super(options)
    const dims: unknown = options.dims
    if (!Array.isArray(dims) || [...(dims as number[])].sort((a, b) => a - b).some((dim, i) => dim !== i + 1))
      throw new ArgumentError(
        problem({ where: this.where, expected: '`dims` to be a permutation of 1, 2, …', received: dims }),
      )
    this.dims = dims as number[]
    this.inputSpec = { ndim: this.dims.length + 1 }
  }
  override call(inputs: Tensor): Tensor {
    return ops.transpose(inputs, [0, ...this.dims])
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return [inputShape[0]!, ...this.dims.map((dim) => inputShape[dim]!)]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), dims: [...this.dims] }
  }
}

export interface RepeatVectorOptions extends LayerOptions {
  readonly n: number
}

/** [N, C] -> [N, n, C]. */
export class RepeatVector extends Movement {
  static override readonly className: string = 'RepeatVector'
  readonly n: number

  constructor(options: RepeatVectorOptions) {
    super(options)
    this.n = integerOption(this.where, 'n', options.n)
    this.inputSpec = { ndim: 2 }
  }
  override call(inputs: Tensor): Tensor {
    return ops.repeat(ops.expandDims(inputs, 1), this.n, 1)
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return [inputShape[0]!, this.n, inputShape[1]!]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), n: this.n }
  }
}

/** Gives its input back; useful as a name for a place in a model. */
export class Identity extends Movement {
  static override readonly className: string = 'Identity'
  override call(inputs: unknown): unknown {
    return inputs
  }
  override computeOutputShape(inputShape: LayerShape): LayerShape {
    return inputShape
  }
}
