// AutoContrast and Equalization: values spread over the whole range.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { integerOption } from './checks.ts'
import { moveRange, type ValueRange, valueRangeOption } from './color-layer.ts'
import type { Config } from './config.ts'
import { ImageLayer, type ImageOptions } from './image-layer.ts'
import type { Range } from './random-image.ts'

export interface AutoContrastOptions extends ImageOptions, ValueRange {}

/** A layer without chance that knows the range of its pictures' values. */
export abstract class LevelsLayer extends ImageLayer<null> {
  readonly valueRange: Range

  constructor(options: AutoContrastOptions = {}) {
    super(options)
    this.valueRange = valueRangeOption(this.where, options.valueRange ?? [0, 255])
  }
  getRandomTransformation(): null {
    return null
  }
  override getConfig(): Config {
    return { ...super.getConfig(), value_range: [...this.valueRange] }
  }
}

const eightBits: Range = [0, 255]

/**
 * Stretches each channel of each picture to the whole value range; channels of one value stay. Works at inference too, as
 * in Keras.
 */
export class AutoContrast extends LevelsLayer {
  static override readonly className: string = 'AutoContrast'

  protected override get alwaysActive(): boolean {
    return true
  }
  transformImages(images: Tensor): Tensor {
    const values = moveRange(images, this.valueRange, eightBits)
    const axes = { axis: [1, 2], keepdims: true }
    const [low, high] = [ops.min(values, axes), ops.max(values, axes)]
    const flat = ops.equal(low, high)
    const scale = ops.divide(255, ops.where(flat, 1, ops.subtract(high, low)))
    const offset = ops.multiply(ops.negative(low), scale)
    const stretched = ops.clip(ops.add(ops.multiply(values, scale), offset), 0, 255)
    return ops.where(flat, images, moveRange(stretched, eightBits, this.valueRange))
  }
}

export interface EqualizationOptions extends AutoContrastOptions {
  /** Bins of the histogram, default 256. */
  readonly bins?: number
}

/** Products of counts and 255 are whole int32 numbers up to here. */
const mostPixels = Math.floor(2 ** 31 / 255)

/** Equalizes the histogram of each channel, taken over the whole batch, as in Keras. */
export class Equalization extends LevelsLayer {
  static override readonly className: string = 'Equalization'
  readonly bins: number

  constructor(options: EqualizationOptions = {}) {
    super(options)
    this.bins = integerOption(this.where, 'bins', options.bins ?? 256, 2)
  }
  transformImages(images: Tensor): Tensor {
    const { bins } = this
    const channels = images.shape[3]!
    const [low, high] = this.valueRange
    const scale = 255 / (high - low)
    const values = ops.add(ops.multiply(images, scale), -low * scale)
    // Channel c counts in the bins from c * bins on.
    const bases = ops.multiply(ops.arange(0, channels, 1, 'int32'), bins)
    const bin = (scaled: Tensor) => ops.add(ops.cast(ops.clip(scaled, 0, bins - 1), 'int32'), bases)
    const counted = ops.reshape(bin(ops.divide(ops.multiply(values, bins - 1), 255)), [-1])
    const counts = ops.scatterAdd(counted, ops.full([counted.size], 1, 'int32'), channels * bins)
    const histogram = ops.reshape(counts, [channels, bins])
    const table = ops.reshape(this.#table(histogram, counted.size / channels), [-1])
    const equalized = ops.take(table, bin(ops.multiply(ops.divide(values, 255), bins - 1)))
    // A channel that fills one bin only stays.
    const filled = ops.sum(ops.cast(ops.greater(histogram, 0), 'int32'), { axis: 1 })
    const result = ops.where(ops.lessEqual(filled, 1), values, equalized)
    return ops.add(ops.multiply(result, 1 / scale), low)
  }
  /** The new values [channels, bins] in 0 to 255. */
  #table(histogram: Tensor, pixels: number): Tensor {
    const sums = ops.cumsum(histogram, { axis: 1 })
    const first = ops.min(ops.where(ops.greater(sums, 0), sums, pixels), { axis: 1, keepdims: true })
    const above = ops.maximum(ops.subtract(sums, first), 0)
    const total = ops.maximum(ops.subtract(pixels, first), 1)
    if (pixels > mostPixels) return ops.clip(ops.round(ops.multiply(ops.divide(above, total), 255)), 0, 255)
    // Keras divides in float64: exactly rounded here by whole numbers, halves to even.
    const product = ops.multiply(above, 255)
    const rest = ops.mod(product, total)
    const quotient = ops.round(ops.divide(ops.subtract(product, rest), total))
    const twice = ops.multiply(rest, 2)
    const odd = ops.equal(ops.mod(quotient, 2), 1)
    const up = ops.logicalOr(ops.greater(twice, total), ops.logicalAnd(ops.equal(twice, total), odd))
    return ops.clip(ops.add(quotient, ops.cast(up, 'float32')), 0, 255)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), bins: this.bins }
  }
}
