// Adaptive pooling: windows that depend on the input's size, so that the output's is always the same.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { dataFormatOption, knownDim, type Sizes, sizesOption } from './checks.ts'
import type { Config } from './config.ts'
import { asPicture, fromPicture } from './conv-base.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import type { Pair } from './pairs.ts'

export interface AdaptivePoolingOptions extends LayerOptions {
  /** Size of the output: one number or one for each dim. */
  readonly outputSize: Sizes
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** Output i of n comes from the inputs floor(i L / n) up to ceil((i + 1) L / n), one dim after the other. */
abstract class AdaptivePooling extends Layer {
  readonly outputSize: readonly number[]

  constructor(rank: number, options: AdaptivePoolingOptions) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.outputSize = sizesOption(this.where, 'outputSize', options.outputSize, rank)
    this.inputSpec = { ndim: rank + 2 }
  }

  /** Pools pictures. */
  protected abstract pool(x: Tensor, options: { poolSize: Pair; strides: Pair }): Tensor

  override build(inputShape: SymbolicShape): void {
    for (const i of this.outputSize.keys()) knownDim(this.where, inputShape, i + 1)
  }

  override call(inputs: Tensor): Tensor {
    const rank = this.outputSize.length
    const pooled = this.outputSize.reduce(
      (x, size, i) => this.#along(x, 3 - rank + i, size),
      asPicture(toFloat(inputs)),
    )
    return fromPicture(pooled, rank)
  }

  #along(x: Tensor, axis: number, size: number): Tensor {
    const length = x.shape[axis]!
    const pooled = (window: number, stride: number): Tensor => {
      const pair = (n: number): Pair => (axis === 1 ? [n, 1] : [1, n])
      return this.pool(x, { poolSize: pair(window), strides: pair(stride) })
    }
    if (length % size === 0) return pooled(length / size, length / size)
    // Every window has one of two lengths: pool with both, and pick.
    const small = Math.ceil(length / size)
    const windows = Array.from({ length: size }, (_, i) => {
      const start = Math.floor((i * length) / size)
      return { start, large: Math.ceil(((i + 1) * length) / size) - start > small }
    })
    const all = [pooled(small, 1)]
    if (windows.some(({ large }) => large)) all.push(pooled(small + 1, 1))
    const picks = windows.map(({ start, large }) => start + (large ? length - small + 1 : 0))
    const both = all.length === 1 ? all[0]! : ops.concatenate(all, axis)
    return ops.take(both, Int32Array.from(picks), axis)
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return [inputShape[0]!, ...this.outputSize, inputShape.at(-1)!]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), output_size: [...this.outputSize], data_format: 'channels_last' }
  }
}

/** Means: [N, H, W, C] -> [N, ...outputSize, C]. */
export class AdaptiveAveragePooling2D extends AdaptivePooling {
  static override readonly className: string = 'AdaptiveAveragePooling2D'
  constructor(options: AdaptivePoolingOptions) {
    super(2, options)
  }
  protected pool(x: Tensor, options: { poolSize: Pair; strides: Pair }): Tensor {
    return ops.averagePool(x, options)
  }
}

/** Maxima: [N, H, W, C] -> [N, ...outputSize, C]. */
export class AdaptiveMaxPooling2D extends AdaptivePooling {
  static override readonly className: string = 'AdaptiveMaxPooling2D'
  constructor(options: AdaptivePoolingOptions) {
    super(2, options)
  }
  protected pool(x: Tensor, options: { poolSize: Pair; strides: Pair }): Tensor {
    return ops.maxPool(x, options)
  }
}

/** Means: [N, L, C] -> [N, outputSize, C]. */
export class AdaptiveAveragePooling1D extends AdaptivePooling {
  static override readonly className: string = 'AdaptiveAveragePooling1D'
  constructor(options: AdaptivePoolingOptions) {
    super(1, options)
  }
  protected pool(x: Tensor, options: { poolSize: Pair; strides: Pair }): Tensor {
    return ops.averagePool(x, options)
  }
}

/** Maxima: [N, L, C] -> [N, outputSize, C]. */
export class AdaptiveMaxPooling1D extends AdaptivePooling {
  static override readonly className: string = 'AdaptiveMaxPooling1D'
  constructor(options: AdaptivePoolingOptions) {
    super(1, options)
  }
  protected pool(x: Tensor, options: { poolSize: Pair; strides: Pair }): Tensor {
    return ops.maxPool(x, options)
  }
}
