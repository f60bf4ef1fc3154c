// RandomShear.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import type { Config } from './config.ts'
import { affineRows, type Factor, factorOption, type Range, SamplingLayer, type SamplingOptions, within } from './random-image.ts' // prettier-ignore

export interface RandomShearOptions extends SamplingOptions {
  /** How many pixels a row moves sideways for each row above it: a number f draws from [-f, f], a pair from that range. Default 0. */
  readonly xFactor?: Factor
  /** The same of columns. */
  readonly yFactor?: Factor
}
interface Shear {
  readonly shearX: Tensor
  readonly shearY: Tensor
}

/** Slants pictures about their upper left corner; one in two times with both factors negated. */
export class RandomShear extends SamplingLayer<Shear> {
  static override readonly className: string = 'RandomShear'
  readonly xFactor: Range
  readonly yFactor: Range

  constructor(options: RandomShearOptions = {}) {
    super(options)
    this.xFactor = factorOption(this.where, 'xFactor', options.xFactor ?? 0, [-1, 1])
    this.yFactor = factorOption(this.where, 'yFactor', options.yFactor ?? 0, [-1, 1])
  }
  /** `shearX`, `shearY`: [N]. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): Shear {
    const [x, y, side] = this.draws(images.shape[0]!, 3, seeds) as [Tensor, Tensor, Tensor]
    const sign = ops.where(ops.greater(side, 0.5), -1, 1)
    return {
      shearX: ops.multiply(within(x, this.xFactor), sign),
      shearY: ops.multiply(within(y, this.yFactor), sign),
    }
  }
  transforms(images: Tensor, { shearX, shearY }: Shear): Tensor {
    return affineRows(images.shape[0]!, [1, shearX, 0, shearY, 1, 0])
  }
  override getConfig(): Config {
    const { xFactor, yFactor } = this
    return { ...super.getConfig(), x_factor: [...xFactor], y_factor: [...yFactor], ...this.samplingConfig() }
  }
}
