// RandomContrast and RandomBrightness.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { ColorLayer, type ColorLayerOptions } from './color-layer.ts'
import type { Config } from './config.ts'
import { type Factor, factorOption, perImage, type Range, within } from './random-image.ts'

export interface ColorOptions extends ColorLayerOptions {
  readonly factor: Factor
}

/**
 * Moves values away from or towards the mean of their channel: `(x - mean) * c + mean`. A number f draws c from
 * [1 - f, 1 + f], a pair [a, b] from [1 - a, 1 + b].
 */
export class RandomContrast extends ColorLayer<{ readonly contrast: Tensor }> {
  static override readonly className: string = 'RandomContrast'
  readonly factor: Range

  constructor(options: ColorOptions | number) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    // A pair is not a range here but how far down and up, so it is not sorted.
    const pair: Factor = typeof all.factor === 'number' ? [all.factor, all.factor] : all.factor
    factorOption(this.where, 'factor', pair, [0, 1])
    this.factor = [pair[0]!, pair[1]!]
  }
  /** `contrast`: [N]. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly contrast: Tensor } {
    const [draws] = this.draws(images.shape[0]!, 1, seeds)
    return { contrast: within(draws!, [1 - this.factor[0], 1 + this.factor[1]]) }
  }
  transformImages(images: Tensor, { contrast }: { readonly contrast: Tensor }): Tensor {
    const mean = ops.mean(images, { axis: [1, 2], keepdims: true })
    return this.clip(ops.add(ops.multiply(ops.subtract(images, mean), perImage(contrast)), mean))
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor] }
  }
}

/** Adds a fraction of the value range: a number f draws it from [-f, f], a pair from that range; within [-1, 1]. */
export class RandomBrightness extends ColorLayer<{ readonly delta: Tensor }> {
  static override readonly className: string = 'RandomBrightness'
  readonly factor: Range

  constructor(options: ColorOptions | number) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = factorOption(this.where, 'factor', all.factor, [-1, 1])
  }
  /** `delta`: [N], what is added. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly delta: Tensor } {
    const [draws] = this.draws(images.shape[0]!, 1, seeds)
    const span = this.valueRange[1] - this.valueRange[0]
    return { delta: ops.multiply(within(draws!, this.factor), span) }
  }
  transformImages(images: Tensor, { delta }: { readonly delta: Tensor }): Tensor {
    return this.clip(ops.add(images, perImage(delta)))
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor] }
  }
}
