// RandomHue and RandomSaturation.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { ColorLayer, moveRange } from './color-layer.ts'
import type { Config } from './config.ts'
import type { ColorOptions } from './random-color.ts'
import { factorOption, perImage, type Range, within } from './random-image.ts'

/** Hue, saturation and value of pictures, each [N, H, W, 1]. */
function hsvOf(images: Tensor): [hue: Tensor, saturation: Tensor, value: Tensor] {
  return ops.split(ops.rgbToHsv(images), 3, -1) as [Tensor, Tensor, Tensor]
}
function rgbOf(...channels: readonly Tensor[]): Tensor {
  return ops.hsvToRgb(ops.concatenate(channels, -1))
}

/**
 * Turns the hue by up to half of `factor`, in full turns of the colour circle, either way: a number f draws the factor from
 * [0, f], a pair from that range; within [0, 1]. Pictures have three channels.
 */
export class RandomHue extends ColorLayer<{ readonly factor: Tensor }> {
  static override readonly className: string = 'RandomHue'
  static override readonly channels = [3]
  readonly factor: Range

  constructor(options: ColorOptions | number) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = factorOption(this.where, 'factor', all.factor, [0, 1])
  }
  /** `factor`: [N], what is added to the hue. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly factor: Tensor } {
    const [size, side] = this.draws(images.shape[0]!, 2, seeds) as [Tensor, Tensor]
    const turn = ops.multiply(within(size, this.factor), 0.5)
    return { factor: ops.where(ops.greater(side, 0.5), ops.negative(turn), turn) }
  }
  transformImages(images: Tensor, { factor }: { readonly factor: Tensor }): Tensor {
    const [hue, saturation, value] = hsvOf(moveRange(images, this.valueRange, [0, 1]))
    const turned = ops.add(hue, perImage(factor))
    const below = ops.where(ops.greater(turned, 1), ops.subtract(turned, 1), turned)
    const wrapped = ops.where(ops.less(below, 0), ops.add(below, 1), below)
    return moveRange(ops.clip(rgbOf(wrapped, saturation, value), 0, 1), [0, 1], this.valueRange)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor] }
  }
}

/** Keeps 1 / (1 - factor) finite. */
const epsilon = 1e-7

/**
 * Multiplies the saturation by factor / (1 - factor): 0 makes pictures grey, 0.5 changes nothing, 1 saturates fully. A number f
 * draws the factor from [0, f], a pair from that range. Pictures have three channels.
 */
export class RandomSaturation extends ColorLayer<{ readonly factor: Tensor }> {
  static override readonly className: string = 'RandomSaturation'
  static override readonly channels = [3]
  readonly factor: Range

  constructor(options: ColorOptions | number) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    // Negative ends (which make pictures grey) stand in configurations that Keras stored.
    this.factor = factorOption(this.where, 'factor', all.factor, [-1, 1], (f) => [0, f])
  }
  /** `factor`: [N], by which the saturation is multiplied. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly factor: Tensor } {
    const [draws] = this.draws(images.shape[0]!, 1, seeds)
    const factor = within(draws!, this.factor)
    return { factor: ops.divide(factor, ops.add(ops.subtract(1, factor), epsilon)) }
  }
  transformImages(images: Tensor, { factor }: { readonly factor: Tensor }): Tensor {
    const [hue, saturation, value] = hsvOf(images)
    // Saturation is in [0, 1]; that Keras clips it to the range of the values makes colours beyond it for [0, 255].
    return rgbOf(hue, this.clip(ops.multiply(saturation, perImage(factor))), value)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor] }
  }
}
