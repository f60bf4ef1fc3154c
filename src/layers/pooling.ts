// Pooling over windows: MaxPooling2D and AveragePooling2D, and their 1D twins.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { lowerCase, choiceOption, dataFormatOption, type Sizes, sizesOption } from './checks.ts'
import type { Config } from './config.ts'
import { type Padding, paddings, windowOutput } from './conv-shapes.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import type { Pair } from './pairs.ts'

export interface PoolingOptions extends LayerOptions {
  /** Size of the window: one number or one for each dim. */
  readonly poolSize: Sizes
  /** Default: the window's size. */
  readonly strides?: Sizes | null
  /** `valid` (default) or `same`. */
  readonly padding?: Padding
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}
/** As PoolingOptions, with a window of 2 by default. */
export type MaxPoolingOptions = Omit<PoolingOptions, 'poolSize'> & { readonly poolSize?: Sizes }

abstract class Pooling extends Layer {
  readonly poolSize: readonly number[]
  readonly strides: readonly number[]
  readonly padding: Padding

  constructor(rank: number, options: PoolingOptions) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.poolSize = sizesOption(this.where, 'poolSize', options.poolSize, rank)
    this.strides = sizesOption(this.where, 'strides', options.strides ?? this.poolSize, rank)
    this.padding = choiceOption(this.where, 'padding', lowerCase(options.padding ?? 'valid'), paddings)
    this.inputSpec = { ndim: rank + 2 }
  }

  /** Pools pictures. */
  protected abstract pool(x: Tensor, options: { poolSize: Pair; strides: Pair; padding: Padding }): Tensor

  override call(inputs: Tensor): Tensor {
    const { padding } = this
    const x = toFloat(inputs)
    if (this.poolSize.length === 2)
      return this.pool(x, {
        poolSize: this.poolSize as unknown as Pair,
        strides: this.strides as unknown as Pair,
        padding,
      })
    // A sequence is a picture of height 1.
    const pooled = this.pool(ops.expandDims(x, 1), {
      poolSize: [1, this.poolSize[0]!],
      strides: [1, this.strides[0]!],
      padding,
    })
    return ops.squeeze(pooled, 1)
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const spatial = windowOutput(this.where, inputShape, this.poolSize, this.strides, this.padding)
    return [inputShape[0]!, ...spatial, inputShape.at(-1)!]
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      pool_size: [...this.poolSize],
      padding: this.padding,
      strides: [...this.strides],
      data_format: 'channels_last',
    }
  }
}

/** The largest of each window; padding never wins. Gradient to the first maximum, row by row. Input [N, H, W, C]. */
export class MaxPooling2D extends Pooling {
  static override readonly className: string = 'MaxPooling2D'
  constructor(options: MaxPoolingOptions = {}) {
    super(2, { ...options, poolSize: options.poolSize ?? 2 })
  }
  protected pool(x: Tensor, options: { poolSize: Pair; strides: Pair; padding: Padding }): Tensor {
    return ops.maxPool(x, options)
  }
}

/** The mean of each window; padding does not count. Input [N, H, W, C]. `poolSize` must be given. */
export class AveragePooling2D extends Pooling {
  static override readonly className: string = 'AveragePooling2D'
  constructor(options: PoolingOptions) {
    super(2, options)
  }
  protected pool(x: Tensor, options: { poolSize: Pair; strides: Pair; padding: Padding }): Tensor {
    return ops.averagePool(x, options)
  }
}

/** MaxPooling2D over sequences [N, L, C]. */
export class MaxPooling1D extends Pooling {
  static override readonly className: string = 'MaxPooling1D'
  constructor(options: MaxPoolingOptions = {}) {
    super(1, { ...options, poolSize: options.poolSize ?? 2 })
  }
  protected pool(x: Tensor, options: { poolSize: Pair; strides: Pair; padding: Padding }): Tensor {
    return ops.maxPool(x, options)
  }
}

/** AveragePooling2D over sequences [N, L, C]. */
export class AveragePooling1D extends Pooling {
  static override readonly className: string = 'AveragePooling1D'
  constructor(options: PoolingOptions) {
    super(1, options)
  }
  protected pool(x: Tensor, options: { poolSize: Pair; strides: Pair; padding: Padding }): Tensor {
    return ops.averagePool(x, options)
  }
}
