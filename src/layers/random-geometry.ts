// RandomFlip, RandomRotation, RandomZoom, RandomTranslation and RandomCrop.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { choiceOption, integerOption } from './checks.ts'
import type { Config } from './config.ts'
import { isShape, type LayerShape } from './nested.ts'
import {
  affineRows, type Factor, factorOption, perImage, RandomImageLayer, type RandomImageOptions, type Range, resized,
  SamplingLayer, type SamplingOptions, within,
} from './random-image.ts' // prettier-ignore

export interface RandomFlipOptions extends RandomImageOptions {
  /** `horizontal_and_vertical` (default: both at once, or neither), `horizontal` (left and right) or `vertical`. */
  readonly mode?: 'horizontal' | 'vertical' | 'horizontal_and_vertical'
}

/** Mirrors every second picture, by chance. */
export class RandomFlip extends RandomImageLayer<{ readonly flips: Tensor }> {
  static override readonly className: string = 'RandomFlip'
  readonly mode: 'horizontal' | 'vertical' | 'horizontal_and_vertical'

  constructor(options: RandomFlipOptions | string = {}) {
    const all = typeof options === 'string' ? { mode: options } : options
    super(all as RandomFlipOptions)
    this.mode = choiceOption(this.where, 'mode', all.mode ?? 'horizontal_and_vertical', [
      'horizontal',
      'vertical',
      'horizontal_and_vertical',
    ])
  }
  /** `flips`: bool [N]. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly flips: Tensor } {
    const [draws] = this.draws(images.shape[0]!, 1, seeds)
    return { flips: ops.lessEqual(draws!, 0.5) }
  }
  transformImages(images: Tensor, { flips }: { readonly flips: Tensor }): Tensor {
    const axes = this.mode === 'horizontal' ? [2] : this.mode === 'vertical' ? [1] : [1, 2]
    return ops.where(perImage(flips), ops.flip(images, axes), images)
  }
  override transformSegmentationMasks(masks: Tensor, parameters: { readonly flips: Tensor }): Tensor {
    return this.transformImages(masks, parameters)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), seed: this.seed, mode: this.mode }
  }
}

export interface RandomRotationOptions extends SamplingOptions {
  /** In full turns, within [-1, 1]: 0.1 is up to 36 degrees either way. Positive turns counter-clockwise. */
  readonly factor: Factor
}

/** Turns pictures about their centre. */
export class RandomRotation extends SamplingLayer<{ readonly angle: Tensor }> {
  static override readonly className: string = 'RandomRotation'
  readonly factor: Range

  constructor(options: RandomRotationOptions | number) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = factorOption(this.where, 'factor', all.factor, [-1, 1])
  }
  /** `angle`: degrees [N]. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly angle: Tensor } {
    const [draws] = this.draws(images.shape[0]!, 1, seeds)
    const [low, high] = this.factor
    return { angle: within(draws!, [low * 360, high * 360]) }
  }
  transforms(images: Tensor, { angle }: { readonly angle: Tensor }): Tensor {
    const centreX = (images.shape[2]! - 1) / 2
    const centreY = (images.shape[1]! - 1) / 2
    const radians = ops.multiply(angle, Math.PI / 180)
    const [cos, sin] = [ops.cos(radians), ops.sin(radians)]
    // Keras's order of operations: at quarter turns the last bit decides on which side of a border a pixel is read.
    const offsetX = ops.add(ops.subtract(centreX, ops.multiply(cos, centreX)), ops.multiply(sin, centreY))
    const offsetY = ops.subtract(ops.subtract(centreY, ops.multiply(sin, centreX)), ops.multiply(cos, centreY))
    return affineRows(images.shape[0]!, [cos, ops.negative(sin), offsetX, sin, cos, offsetY])
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor], ...this.samplingConfig() }
  }
}

export interface RandomZoomOptions extends SamplingOptions {
  /** Within (-1, 1]: 0.2 shows up to 20 % more (zooms out) or less. */
  readonly heightFactor: Factor
  /** Default null: the same as the height, so that nothing is distorted. */
  readonly widthFactor?: Factor | null
}

/** Zooms about the centre. */
export class RandomZoom extends SamplingLayer<{ readonly heightZoom: Tensor; readonly widthZoom: Tensor }> {
  static override readonly className: string = 'RandomZoom'
  readonly heightFactor: Range
  readonly widthFactor: Range | null
  readonly #given: Config

  constructor(options: RandomZoomOptions) {
    super(options)
    this.#given = { height_factor: options.heightFactor, width_factor: options.widthFactor ?? null }
    this.heightFactor = factorOption(this.where, 'heightFactor', options.heightFactor, [-1, 1])
    const { widthFactor = null } = options
    this.widthFactor = widthFactor === null ? null : factorOption(this.where, 'widthFactor', widthFactor, [-1, 1])
  }
  /** `heightZoom`, `widthZoom`: [N], the part of the picture that is seen. */
  getRandomTransformation(
    images: Tensor,
    seeds?: ops.SeedGenerator,
  ): { readonly heightZoom: Tensor; readonly widthZoom: Tensor } {
    const [first, second] = this.draws(images.shape[0]!, 2, seeds) as [Tensor, Tensor]
    const heightZoom = ops.add(within(first, this.heightFactor), 1)
    if (this.widthFactor === null) return { heightZoom, widthZoom: heightZoom }
    return { heightZoom, widthZoom: ops.add(within(second, this.widthFactor), 1) }
  }
  transforms(
    images: Tensor,
    { heightZoom, widthZoom }: { readonly heightZoom: Tensor; readonly widthZoom: Tensor },
  ): Tensor {
    const offset = (zoom: Tensor, size: number) => ops.multiply(ops.subtract(1, zoom), (size - 1) / 2)
    const [, height, width] = images.shape
    return affineRows(images.shape[0]!, [
      widthZoom,
      0,
      offset(widthZoom, width!),
      0,
      heightZoom,
      offset(heightZoom, height!),
    ])
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.#given, ...this.samplingConfig() }
  }
}

export interface RandomTranslationOptions extends SamplingOptions {
  /** Fraction of the height, within [-1, 1]; positive moves down. */
  readonly heightFactor: Factor
  /** Fraction of the width, within [-1, 1]; positive moves right. */
  readonly widthFactor: Factor
}

/** Moves pictures. */
export class RandomTranslation extends SamplingLayer<{ readonly heightShift: Tensor; readonly widthShift: Tensor }> {
  static override readonly className: string = 'RandomTranslation'
  readonly heightFactor: Range
  readonly widthFactor: Range
  readonly #given: Config

  constructor(options: RandomTranslationOptions) {
    super(options)
    this.#given = { height_factor: options.heightFactor, width_factor: options.widthFactor }
    this.heightFactor = factorOption(this.where, 'heightFactor', options.heightFactor, [-1, 1])
    this.widthFactor = factorOption(this.where, 'widthFactor', options.widthFactor, [-1, 1])
  }
  /** `heightShift`, `widthShift`: pixels [N]. */
  getRandomTransformation(
    images: Tensor,
    seeds?: ops.SeedGenerator,
  ): { readonly heightShift: Tensor; readonly widthShift: Tensor } {
    const [n, height, width] = images.shape
    const [first, second] = this.draws(n!, 2, seeds) as [Tensor, Tensor]
    return {
      heightShift: ops.multiply(within(first, this.heightFactor), height!),
      widthShift: ops.multiply(within(second, this.widthFactor), width!),
    }
  }
  transforms(
    images: Tensor,
    { heightShift, widthShift }: { readonly heightShift: Tensor; readonly widthShift: Tensor },
  ): Tensor {
    return affineRows(images.shape[0]!, [1, 0, ops.negative(widthShift), 0, 1, ops.negative(heightShift)])
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.#given, ...this.samplingConfig() }
  }
}

export interface RandomCropOptions extends RandomImageOptions {
  readonly height: number
  readonly width: number
}

/** The upper left corner of a part: int32 scalars where it is drawn, numbers where it is not. */
type Corner = { readonly top: Tensor; readonly left: Tensor } | { readonly top: number; readonly left: number }

/**
 * A part of the given size at a random place, the same for all pictures of a batch. Pictures that are not larger in both
 * dims are cut in the middle and resized. At inference pictures pass unchanged, as in Keras 3.15.
 */
export class RandomCrop extends RandomImageLayer<Corner> {
  static override readonly className: string = 'RandomCrop'
  readonly height: number
  readonly width: number

  constructor(options: RandomCropOptions) {
    super(options)
    this.height = integerOption(this.where, 'height', options.height)
    this.width = integerOption(this.where, 'width', options.width)
  }
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): Corner {
    const [, inputHeight, inputWidth] = images.shape as readonly [number, number, number, number]
    const rows = inputHeight - this.height
    const columns = inputWidth - this.width
    if (rows <= 0 || columns <= 0) {
      const cropHeight = Math.max(Math.min(inputHeight, Math.trunc((inputWidth * this.height) / this.width)), 1)
      const cropWidth = Math.max(Math.min(inputWidth, Math.trunc((inputHeight * this.width) / this.height)), 1)
      return { top: Math.trunc((inputHeight - cropHeight) / 2), left: Math.trunc((inputWidth - cropWidth) / 2) }
    }
    const draws = this.draws(1, 2, seeds)
    const [top, left] = [rows, columns].map((spare, i) =>
      ops.cast(ops.floor(ops.multiply(ops.reshape(draws[i]!, []), spare + 1)), 'int32'),
    )
    return { top: top!, left: left! }
  }
  transformImages(images: Tensor, corner: Corner): Tensor {
    return this.#crop(images, corner, 'bilinear')
  }
  override transformSegmentationMasks(masks: Tensor, corner: Corner): Tensor {
    return this.#crop(masks, corner, 'nearest')
  }
  #crop(images: Tensor, { top, left }: Corner, interpolation: 'bilinear' | 'nearest'): Tensor {
    if (typeof top !== 'number') {
      const rows = ops.add(ops.arange(0, this.height, 1, 'int32'), top)
      const columns = ops.add(ops.arange(0, this.width, 1, 'int32'), left)
      return ops.take(ops.take(images, rows, 1), columns, 2)
    }
    const [n, height, width, channels] = images.shape as readonly [number, number, number, number]
    const across = left as number
    const size: [number, number] = [Math.min(this.height, height - top), Math.min(this.width, width - across)]
    const part = ops.slice(images, [0, top, across, 0], [n, ...size, channels])
    if (size[0] === this.height && size[1] === this.width) return part
    return ops.resize(part, [this.height, this.width], { interpolation, antialias: false })
  }
  override computeOutputShape(inputShape: LayerShape): LayerShape {
    return isShape(inputShape) ? resized(inputShape, this.height, this.width) : inputShape
  }
  override getConfig(): Config {
    return { ...super.getConfig(), height: this.height, width: this.width, seed: this.seed }
  }
}
