// Layers that change the size of pictures without computing: ZeroPadding2D, Cropping2D, UpSampling2D.
import { problem, ShapeError } from '../errors.ts'
import { type DType, showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { choiceOption, dataFormatOption, sidesOption, type Sizes, sizesOption } from './checks.ts'
import type { Config } from './config.ts'
import { type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { Movement } from './reshaping.ts'

/** One number for all sides, `[height, width]`, or `[[top, bottom], [left, right]]`. */
export type Sides = number | readonly [number, number] | readonly [readonly [number, number], readonly [number, number]]

export interface ZeroPadding2DOptions extends LayerOptions {
  /** Default 1. */
  readonly padding?: Sides
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** Rows and columns of zeros around a picture [N, H, W, C]. */
export class ZeroPadding2D extends Movement {
  static override readonly className: string = 'ZeroPadding2D'
  readonly padding: readonly (readonly [number, number])[]

  constructor(options: ZeroPadding2DOptions = {}) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.padding = sidesOption(this.where, 'padding', options.padding ?? 1)
    this.inputSpec = { ndim: 4 }
  }
  override call(inputs: Tensor): Tensor {
    const [rows, columns] = this.padding.map(([low, high]): [number, number] => [low, high])
    return ops.pad(inputs, [[0, 0], rows!, columns!, [0, 0]])
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape.map((dim, axis) => {
      const sides = this.padding[axis - 1]
      return dim === null || sides === undefined ? dim : dim + sides[0] + sides[1]
    })
  }
  override get recordsBuild(): boolean {
    return true
  }
  override getConfig(): Config {
    return { ...super.getConfig(), padding: this.padding.map((pair) => [...pair]), data_format: 'channels_last' }
  }
}

export interface Cropping2DOptions extends LayerOptions {
  /** Default 0. */
  readonly cropping?: Sides
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** Cuts rows and columns off a picture [N, H, W, C]. */
export class Cropping2D extends Movement {
  static override readonly className: string = 'Cropping2D'
  readonly cropping: readonly (readonly [number, number])[]

  constructor(options: Cropping2DOptions = {}) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.cropping = sidesOption(this.where, 'cropping', options.cropping ?? 0)
    this.inputSpec = { ndim: 4 }
  }
  override call(inputs: Tensor): Tensor {
    const sizes = this.computeOutputShape(inputs.shape) as number[]
    return ops.slice(inputs, [0, this.cropping[0]![0], this.cropping[1]![0], 0], sizes)
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape.map((dim, axis) => {
      const sides = this.cropping[axis - 1]
      if (dim === null || sides === undefined) return dim
      const left = dim - sides[0] - sides[1]
      if (left > 0) return left
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `an input larger than the cropping ${JSON.stringify(this.cropping)}`,
          received: `shape ${showShape(inputShape)}`,
        }),
      )
    })
  }
  override getConfig(): Config {
    return { ...super.getConfig(), cropping: this.cropping.map((pair) => [...pair]), data_format: 'channels_last' }
  }
}

const upSamplingMethods = ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5'] as const

export interface UpSampling2DOptions extends LayerOptions {
  /** Factors; default 2. */
  readonly size?: Sizes
  /** Default `nearest`: rows and columns are repeated. */
  readonly interpolation?: (typeof upSamplingMethods)[number]
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** Enlarges pictures [N, H, W, C] by whole factors. */
export class UpSampling2D extends Movement {
  static override readonly className: string = 'UpSampling2D'
  readonly size: readonly number[]
  readonly interpolation: (typeof upSamplingMethods)[number]

  constructor(options: UpSampling2DOptions = {}) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.size = sizesOption(this.where, 'size', options.size ?? 2, 2)
    this.interpolation = choiceOption(
      this.where,
      'interpolation',
      options.interpolation ?? 'nearest',
      upSamplingMethods,
    )
    this.inputSpec = { ndim: 4 }
  }
  override call(inputs: Tensor): Tensor {
    if (this.interpolation === 'nearest')
      return this.size.reduce((x, factor, i) => (factor === 1 ? x : ops.repeat(x, factor, i + 1)), inputs)
    const [, height, width] = this.computeOutputShape(inputs.shape) as number[]
    return ops.resize(toFloat(inputs), [height!, width!], { interpolation: this.interpolation })
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape.map((dim, axis) => (dim === null ? null : dim * (this.size[axis - 1] ?? 1)))
  }
  protected override outputDtype(inputDtypes: readonly DType[]): DType {
    return this.interpolation === 'nearest' ? inputDtypes[0]! : 'float32'
  }
  override getConfig(): Config {
    const { size, interpolation } = this
    return { ...super.getConfig(), size: [...size], interpolation, data_format: 'channels_last' }
  }
}
