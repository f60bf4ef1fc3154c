// RandomSharpness and RandomGaussianBlur: what a small convolution does to each channel.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { type Sizes, sizesOption } from './checks.ts'
import { ColorLayer, type ColorLayerOptions } from './color-layer.ts'
import type { Config } from './config.ts'
import type { ColorOptions } from './random-color.ts'
import { type Factor, factorOption, perImage, type Range, within } from './random-image.ts'

/** Each channel of pictures by itself with one kernel [height, width]; beyond the border are zeros. */
function convolveChannels(images: Tensor, kernel: Tensor): Tensor {
  const [height, width] = kernel.shape as readonly [number, number]
  const channels = images.shape[3]!
  const wide = ops.broadcastTo(ops.reshape(kernel, [height, width, 1, 1]), [height, width, channels, 1])
  return ops.depthwiseConv(images, wide, { padding: 'same' })
}

/**
 * Blurs or sharpens: a factor of 0 gives the blurred picture, 0.5 changes nothing, 1 takes the blur away a second time. A number f
 * draws the factor from [0, f], a pair from that range; within [0, 1].
 */
export class RandomSharpness extends ColorLayer<{ readonly factor: Tensor }> {
  static override readonly className: string = 'RandomSharpness'
  readonly factor: Range

  constructor(options: ColorOptions | number) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = factorOption(this.where, 'factor', all.factor, [0, 1])
  }
  /** `factor`: [N]. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly factor: Tensor } {
    const [draws] = this.draws(images.shape[0]!, 1, seeds)
    return { factor: within(draws!, this.factor) }
  }
  transformImages(images: Tensor, { factor }: { readonly factor: Tensor }): Tensor {
    const [side, centre] = [1 / 13, 5 / 13]
    const smooth = convolveChannels(images, ops.tensor([[side, side, side], [side, centre, side], [side, side, side]])) // prettier-ignore
    const blur = ops.subtract(1, ops.multiply(perImage(factor), 2))
    return this.clip(ops.add(images, ops.multiply(blur, ops.subtract(smooth, images))))
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor] }
  }
}

export interface RandomGaussianBlurOptions extends ColorLayerOptions {
  /** Probability that a picture is blurred: a number f draws it from [0, f], a pair from that range. Default 1. */
  readonly factor?: Factor
  /** Odd size of the kernel, or two of them; default 3. */
  readonly kernelSize?: Sizes
  /** Standard deviation of the kernel in pixels: a number s draws it from [0, s], a pair from that range; within [0, 1]. Default 1. */
  readonly sigma?: Factor
}
interface Blur {
  readonly shouldApplyBlur: Tensor
  readonly blurFactor: Tensor
}

/** Blurs some pictures; those of one batch with the same kernel. */
export class RandomGaussianBlur extends ColorLayer<Blur> {
  static override readonly className: string = 'RandomGaussianBlur'
  readonly factor: Range
  readonly kernelSize: readonly [number, number]
  readonly sigma: Range

  constructor(options: RandomGaussianBlurOptions = {}) {
    super(options)
    this.factor = factorOption(this.where, 'factor', options.factor ?? 1, [0, 1])
    const size = options.kernelSize ?? 3
    this.kernelSize = sizesOption(this.where, 'kernelSize', size, 2) as [number, number]
    if (this.kernelSize.some((n) => n % 2 === 0))
      throw new ArgumentError(problem({ where: this.where, expected: '`kernelSize` to be odd', received: size }))
    this.sigma = factorOption(this.where, 'sigma', options.sigma ?? 1, [0, 1])
  }
  /** `shouldApplyBlur`: bool [N]; `blurFactor`: [2], the deviations of the two sides of the kernel. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): Blur {
    const shouldApplyBlur = this.chances(images.shape[0]!, this.factor, seeds)
    const [draws] = this.draws(2, 1, seeds)
    return { shouldApplyBlur, blurFactor: ops.add(within(draws!, this.sigma), 1e-6) }
  }
  transformImages(images: Tensor, { shouldApplyBlur, blurFactor }: Blur): Tensor {
    const [first, second] = ops.unstack(blurFactor) as [Tensor, Tensor]
    const [height, width] = this.kernelSize
    const columns = ops.reshape(gaussian(width, second), [width, 1])
    const outer = ops.multiply(columns, ops.reshape(gaussian(height, first), [1, height]))
    // Keras reads the product [width, height] as [height, width]: the same for square kernels only.
    const blurred = convolveChannels(images, ops.reshape(outer, [height, width]))
    return this.clip(ops.where(perImage(shouldApplyBlur), blurred, images))
  }
  override getConfig(): Config {
    const { factor, kernelSize, sigma } = this
    return { ...super.getConfig(), factor: [...factor], kernel_size: [...kernelSize], sigma: [...sigma] }
  }
}

/** exp(-(x / sigma)^2 / 2) at `size` pixels about the middle, with sum 1. */
function gaussian(size: number, sigma: Tensor): Tensor {
  const x = ops.subtract(ops.arange(0, size, 1, 'float32'), (size - 1) / 2)
  const weights = ops.exp(ops.multiply(ops.square(ops.divide(x, sigma)), -0.5))
  return ops.divide(weights, ops.sum(weights))
}
