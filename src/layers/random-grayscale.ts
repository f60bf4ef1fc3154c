// RandomGrayscale and RandomColorDegeneration.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { numberOption } from './checks.ts'
import { ColorLayer } from './color-layer.ts'
import type { Config } from './config.ts'
import type { ColorOptions } from './random-color.ts'
import {
  factorOption,
  perImage,
  RandomImageLayer,
  type RandomImageOptions,
  type Range,
  within,
} from './random-image.ts'

export interface RandomGrayscaleOptions extends RandomImageOptions {
  /** Probability that a picture becomes grey, default 0.5. */
  readonly factor?: number
}

/** Makes some pictures grey, with all channels alike. Pictures have three channels, or one. */
export class RandomGrayscale extends RandomImageLayer<{ readonly shouldApply: Tensor }> {
  static override readonly className: string = 'RandomGrayscale'
  static override readonly channels = [1, 3]
  readonly factor: number

  constructor(options: RandomGrayscaleOptions | number = {}) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = numberOption(this.where, 'factor', all.factor ?? 0.5, 0, 1)
  }
  /** `shouldApply`: bool [N]. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly shouldApply: Tensor } {
    const [draws] = this.draws(images.shape[0]!, 1, seeds)
    return { shouldApply: ops.less(draws!, this.factor) }
  }
  transformImages(images: Tensor, { shouldApply }: { readonly shouldApply: Tensor }): Tensor {
    return ops.where(perImage(shouldApply), ops.rgbToGrayscale(images), images)
  }
  override getConfig(): Config {
    // Keras stores no seed here; without it the draws of a stored layer would not come back.
    const seed = this.seed === null ? {} : { seed: this.seed }
    return { ...super.getConfig(), factor: this.factor, ...seed }
  }
}

/**
 * Blends pictures with their grey form: 0 changes nothing, 1 gives the grey form. A number f draws the factor from [0, f], a pair
 * from that range; negative factors make colours stronger. Pictures have three channels, or one.
 */
export class RandomColorDegeneration extends ColorLayer<{ readonly factor: Tensor }> {
  static override readonly className: string = 'RandomColorDegeneration'
  static override readonly channels = [1, 3]
  readonly factor: Range

  constructor(options: ColorOptions | number) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = factorOption(this.where, 'factor', all.factor, [-1, 1], (f) => [0, f])
  }
  /** `factor`: [N], the part of grey. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly factor: Tensor } {
    const [draws] = this.draws(images.shape[0]!, 1, seeds)
    return { factor: within(draws!, this.factor) }
  }
  transformImages(images: Tensor, { factor }: { readonly factor: Tensor }): Tensor {
    const grey = ops.rgbToGrayscale(images)
    return this.clip(ops.add(images, ops.multiply(perImage(factor), ops.subtract(grey, images))))
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor] }
  }
}
