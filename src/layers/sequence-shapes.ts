// Layers that change the length of sequences [N, L, C] without computing: ZeroPadding1D, Cropping1D, UpSampling1D.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { dataFormatOption, integerOption, sidesOption } from './checks.ts'
import type { Config } from './config.ts'
import type { LayerOptions } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { Movement } from './reshaping.ts'

export interface ZeroPadding1DOptions extends LayerOptions {
  /** One number for both ends, or `[before, after]`; default 1. */
  readonly padding?: number | readonly [number, number]
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** Steps of zeros before and after. */
export class ZeroPadding1D extends Movement {
  static override readonly className: string = 'ZeroPadding1D'
  readonly padding: readonly [number, number]

  constructor(options: ZeroPadding1DOptions = {}) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.padding = sidesOption(this.where, 'padding', options.padding ?? 1, 1)[0]!
    this.inputSpec = { ndim: 3 }
  }
  override call(inputs: Tensor): Tensor {
    return ops.pad(inputs, [[0, 0], [...this.padding], [0, 0]])
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const [examples, steps, channels] = inputShape as readonly [number | null, number | null, number | null]
    return [examples, steps === null ? null : steps + this.padding[0] + this.padding[1], channels]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), padding: [...this.padding], data_format: 'channels_last' }
  }
}

export interface Cropping1DOptions extends LayerOptions {
  /** One number for both ends, or `[before, after]`; default 1. */
  readonly cropping?: number | readonly [number, number]
}

/** Cuts steps off both ends. */
export class Cropping1D extends Movement {
  static override readonly className: string = 'Cropping1D'
  readonly cropping: readonly [number, number]

  constructor(options: Cropping1DOptions = {}) {
    super(options)
    this.cropping = sidesOption(this.where, 'cropping', options.cropping ?? 1, 1)[0]!
    this.inputSpec = { ndim: 3 }
  }
  override call(inputs: Tensor): Tensor {
    return ops.slice(inputs, [0, this.cropping[0], 0], this.computeOutputShape(inputs.shape) as number[])
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const [examples, steps, channels] = inputShape as readonly [number | null, number | null, number | null]
    const left = steps === null ? null : steps - this.cropping[0] - this.cropping[1]
    if (left !== null && left <= 0)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `an input longer than the cropping (${this.cropping.join(', ')})`,
          received: `shape ${showShape(inputShape)}`,
        }),
      )
    return [examples, left, channels]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), cropping: [...this.cropping] }
  }
}

export interface UpSampling1DOptions extends LayerOptions {
  /** How often each step comes; default 2. */
  readonly size?: number
}

/** Repeats every step. */
export class UpSampling1D extends Movement {
  static override readonly className: string = 'UpSampling1D'
  readonly size: number

  constructor(options: UpSampling1DOptions = {}) {
    super(options)
    this.size = integerOption(this.where, 'size', options.size ?? 2)
    this.inputSpec = { ndim: 3 }
  }
  override call(inputs: Tensor): Tensor {
    return ops.repeat(inputs, this.size, 1)
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const [examples, steps, channels] = inputShape as readonly [number | null, number | null, number | null]
    return [examples, steps === null ? null : steps * this.size, channels]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), size: this.size }
  }
}
