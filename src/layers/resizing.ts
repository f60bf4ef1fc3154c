// Resizing and CenterCrop: pictures of one size, while training and otherwise.
import { ArgumentError, problem } from '../errors.ts'
import type { FillMode } from '../graph/primitives.ts'
import type { DType } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { choiceOption, dataFormatOption, integerOption, numberOption, requireRank } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { cropToAspectRatio, padToAspectRatio } from '../ops/aspect-ratio.ts'

const methods = ['bilinear', 'nearest', 'bicubic', 'area', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic'] as const
export type Interpolation = (typeof methods)[number]

export interface SizeOptions extends LayerOptions {
  readonly height: number
  readonly width: number
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** A layer that gives pictures [H, W, C] or [N, H, W, C] a fixed size. */
abstract class SizeLayer extends Layer {
  readonly height: number
  readonly width: number

  constructor(options: SizeOptions) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.height = integerOption(this.where, 'height', options.height)
    this.width = integerOption(this.where, 'width', options.width)
    this.inputSpec = { minNdim: 3, maxNdim: 4 }
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    requireRank(this.where, inputShape, 3, 4)
    return [...inputShape.slice(0, -3), this.height, this.width, inputShape.at(-1)!]
  }
  override get recordsBuild(): boolean {
    return true
  }
  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last', height: this.height, width: this.width }
  }
}

export interface ResizingOptions extends SizeOptions {
  /** Default `bilinear`; half-pixel centres, as tf.image.resize. */
  readonly interpolation?: Interpolation
  /** Cut the longer side first, so that nothing is distorted; default false. */
  readonly cropToAspectRatio?: boolean
  /** Fill the shorter side first; default false. */
  readonly padToAspectRatio?: boolean
  /** Only `constant`. */
  readonly fillMode?: FillMode
  /** Default 0. */
  readonly fillValue?: number
  /** Smooth before making smaller; default false. */
  readonly antialias?: boolean
}

/** Integer pictures are rounded (half to even) and stay integers; float pictures stay unrounded. */
export class Resizing extends SizeLayer {
  static override readonly className: string = 'Resizing'
  readonly interpolation: Interpolation
  readonly cropToAspectRatio: boolean
  readonly padToAspectRatio: boolean
  readonly fillValue: number
  readonly antialias: boolean

  constructor(options: ResizingOptions) {
    super(options)
    this.interpolation = choiceOption(this.where, 'interpolation', options.interpolation ?? 'bilinear', methods)
    this.cropToAspectRatio = options.cropToAspectRatio ?? false
    this.padToAspectRatio = options.padToAspectRatio ?? false
    if (this.cropToAspectRatio && this.padToAspectRatio)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`cropToAspectRatio` or `padToAspectRatio`, not both',
          received: 'both true',
        }),
      )
    choiceOption(this.where, 'fillMode', options.fillMode ?? 'constant', ['constant'])
    this.fillValue = numberOption(this.where, 'fillValue', options.fillValue ?? 0)
    this.antialias = options.antialias ?? false
  }

  override call(inputs: Tensor): Tensor {
    const { height, width, interpolation, antialias } = this
    if (inputs.shape.at(-3) === height && inputs.shape.at(-2) === width) return inputs
    let images = inputs.rank === 3 ? ops.expandDims(inputs, 0) : inputs
    if (this.cropToAspectRatio) images = cropToAspectRatio(images, [height, width])
    if (this.padToAspectRatio) images = padToAspectRatio(images, [height, width], this.fillValue)
    const resized = ops.resize(toFloat(images), [height, width], { interpolation, antialias })
    const result = inputs.dtype === 'float32' ? resized : roundTo(resized, inputs.dtype)
    return inputs.rank === 3 ? ops.squeeze(result, 0) : result
  }
  protected override outputDtype(inputDtypes: readonly DType[]): DType {
    return inputDtypes[0]!
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      interpolation: this.interpolation,
      crop_to_aspect_ratio: this.cropToAspectRatio,
      pad_to_aspect_ratio: this.padToAspectRatio,
      fill_mode: 'constant',
      fill_value: this.fillValue,
      antialias: this.antialias,
    }
  }
}

/** Rounded half to even; uint8 is kept within 0..255, for bicubic overshoots. */
function roundTo(x: Tensor, dtype: DType): Tensor {
  const rounded = ops.round(x)
  return ops.cast(dtype === 'uint8' ? ops.clip(rounded, 0, 255) : rounded, dtype)
}

/** The middle of a picture; a picture that is too small is resized, without distortion, instead. Gives float32. */
export class CenterCrop extends SizeLayer {
  static override readonly className: string = 'CenterCrop'

  override call(inputs: Tensor): Tensor {
    return centerCrop(toFloat(inputs), this.height, this.width)
  }
}

/** The middle `height` x `width` of [..., H, W, C], or the whole picture cut to the aspect ratio and resized. */
export function centerCrop(x: Tensor, height: number, width: number): Tensor {
  const [rows, columns] = [x.shape.at(-3)! - height, x.shape.at(-2)! - width]
  if (rows < 0 || columns < 0) return smartResize(x, height, width)
  if (rows === 0 && columns === 0) return x
  const lead = x.shape.slice(0, -3)
  const starts = [...lead.map(() => 0), Math.floor(rows / 2), Math.floor(columns / 2), 0]
  return ops.slice(x, starts, [...lead, height, width, x.shape.at(-1)!])
}

/** Cut to the aspect ratio, then bilinear without antialias (Keras's smart_resize). */
export function smartResize(x: Tensor, height: number, width: number): Tensor {
  const images = cropToAspectRatio(x.rank === 3 ? ops.expandDims(x, 0) : x, [height, width])
  const resized = ops.resize(images, [height, width], { interpolation: 'bilinear', antialias: false })
  return x.rank === 3 ? ops.squeeze(resized, 0) : resized
}
