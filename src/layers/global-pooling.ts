// Pooling over all of a picture or sequence.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { dataFormatOption } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'

export interface GlobalPoolingOptions extends LayerOptions {
  /** Keep the pooled dims with size 1; default false. */
  readonly keepdims?: boolean
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

abstract class GlobalPooling extends Layer {
  readonly keepdims: boolean
  readonly #axes: number[]

  constructor(rank: number, options: GlobalPoolingOptions) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.keepdims = options.keepdims ?? false
    this.#axes = Array.from({ length: rank }, (_, i) => i + 1)
    this.inputSpec = { ndim: rank + 2 }
  }
  protected abstract reduce(x: Tensor, options: { axis: number[]; keepdims: boolean }): Tensor

  override call(inputs: Tensor): Tensor {
    return this.reduce(toFloat(inputs), { axis: this.#axes, keepdims: this.keepdims })
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return [inputShape[0]!, ...(this.keepdims ? this.#axes.map(() => 1) : []), inputShape.at(-1)!]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last', keepdims: this.keepdims }
  }
}

/** Mean over H and W: [N, H, W, C] -> [N, C]. */
export class GlobalAveragePooling2D extends GlobalPooling {
  static override readonly className: string = 'GlobalAveragePooling2D'
  constructor(options: GlobalPoolingOptions = {}) {
    super(2, options)
  }
  protected reduce(x: Tensor, options: { axis: number[]; keepdims: boolean }): Tensor {
    return ops.mean(x, options)
  }
}

/** Maximum over H and W: [N, H, W, C] -> [N, C]. Equal maxima share the gradient. */
export class GlobalMaxPooling2D extends GlobalPooling {
  static override readonly className: string = 'GlobalMaxPooling2D'
  constructor(options: GlobalPoolingOptions = {}) {
    super(2, options)
  }
  protected reduce(x: Tensor, options: { axis: number[]; keepdims: boolean }): Tensor {
    return ops.max(x, options)
  }
}

/** Mean over the steps: [N, L, C] -> [N, C]. */
export class GlobalAveragePooling1D extends GlobalPooling {
  static override readonly className: string = 'GlobalAveragePooling1D'
  constructor(options: GlobalPoolingOptions = {}) {
    super(1, options)
  }
  protected reduce(x: Tensor, options: { axis: number[]; keepdims: boolean }): Tensor {
    return ops.mean(x, options)
  }
}

/** Maximum over the steps: [N, L, C] -> [N, C]. */
export class GlobalMaxPooling1D extends GlobalPooling {
  static override readonly className: string = 'GlobalMaxPooling1D'
  constructor(options: GlobalPoolingOptions = {}) {
    super(1, options)
  }
  protected reduce(x: Tensor, options: { axis: number[]; keepdims: boolean }): Tensor {
    return ops.max(x, options)
  }
}
