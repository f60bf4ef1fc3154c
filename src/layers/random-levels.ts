// RandomInvert, RandomPosterization and Solarization: what each value becomes by itself.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { ColorLayer, type ColorLayerOptions, moveRange } from './color-layer.ts'
import type { Config } from './config.ts'
import { type Factor, factorOption, perImage, type Range, within } from './random-image.ts'

export interface RandomInvertOptions extends ColorLayerOptions {
  /** Probability that a picture is inverted: a number f draws it from [0, f], a pair from that range. Default 1. */
  readonly factor?: Factor
}

/** Replaces x by (largest value - x) in some pictures. */
export class RandomInvert extends ColorLayer<{ readonly applyInversion: Tensor }> {
  static override readonly className: string = 'RandomInvert'
  readonly factor: Range

  constructor(options: RandomInvertOptions | number = {}) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = factorOption(this.where, 'factor', all.factor ?? 1, [0, 1])
  }
  /** `applyInversion`: bool [N]. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): { readonly applyInversion: Tensor } {
    return { applyInversion: this.chances(images.shape[0]!, this.factor, seeds) }
  }
  transformImages(images: Tensor, { applyInversion }: { readonly applyInversion: Tensor }): Tensor {
    return ops.where(perImage(applyInversion), ops.subtract(this.valueRange[1], images), images)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor] }
  }
}

/** The range that bits and thresholds are meant for. */
const eightBits: Range = [0, 255]

export interface RandomPosterizationOptions extends ColorLayerOptions {
  /**
   * How many of eight bits are kept: a pair [a, b] draws from a to b - 1, or keeps a bits if b = a; a number b is [1, b]. Whole
   * numbers from 1 to 8.
   */
  readonly factor: Factor
}

/** Keeps only the highest bits of each value. */
export class RandomPosterization extends ColorLayer<{ readonly shiftFactor: Tensor }> {
  static override readonly className: string = 'RandomPosterization'
  readonly factor: Range

  constructor(options: RandomPosterizationOptions | number) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = factorOption(this.where, 'factor', all.factor, [1, 8], (f) => [1, f])
    if (!this.factor.every(Number.isInteger))
      throw new ArgumentError(
        problem({ where: this.where, expected: '`factor` to be whole numbers of bits', received: all.factor }),
      )
  }
  /** `shiftFactor`: int32 [N], how many bits are lost. */
  getRandomTransformation(
    images: Tensor,
    seeds: ops.SeedGenerator = this.seedGenerator,
  ): { readonly shiftFactor: Tensor } {
    const n = images.shape[0]!
    const [minval, maxval] = this.factor
    const kept =
      minval === maxval ? ops.full([n], minval, 'int32') : ops.randomInt([n], { minval, maxval, seed: seeds.next() })
    return { shiftFactor: ops.subtract(8, kept) }
  }
  transformImages(images: Tensor, { shiftFactor }: { readonly shiftFactor: Tensor }): Tensor {
    const powers = ops.tensor([1, 2, 4, 8, 16, 32, 64, 128])
    const step = perImage(ops.take(powers, shiftFactor))
    const bytes = ops.floor(ops.clip(moveRange(images, this.valueRange, eightBits), 0, 255))
    return moveRange(ops.multiply(ops.floor(ops.divide(bytes, step)), step), eightBits, this.valueRange)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor] }
  }
}

export interface SolarizationOptions extends ColorLayerOptions {
  /** What is added first, as a part of the value range: a number f draws it from [0, f], a pair from that range. Default 0. */
  readonly additionFactor?: Factor
  /** Values below this part of the range stay; drawn as the addition. Default 0: all are inverted. */
  readonly thresholdFactor?: Factor
}
interface Solar {
  readonly additions: Tensor
  readonly thresholds: Tensor
}

/** Inverts the values above a threshold. */
export class Solarization extends ColorLayer<Solar> {
  static override readonly className: string = 'Solarization'
  readonly additionFactor: Range
  readonly thresholdFactor: Range

  constructor(options: SolarizationOptions = {}) {
    super(options)
    this.additionFactor = factorOption(this.where, 'additionFactor', options.additionFactor ?? 0, [0, 1])
    this.thresholdFactor = factorOption(this.where, 'thresholdFactor', options.thresholdFactor ?? 0, [0, 1])
  }
  /** `additions`, `thresholds`: [N], for values in [0, 255]. */
  getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): Solar {
    const [first, second] = this.draws(images.shape[0]!, 2, seeds) as [Tensor, Tensor]
    return {
      additions: ops.multiply(within(first, this.additionFactor), 255),
      thresholds: ops.multiply(within(second, this.thresholdFactor), 255),
    }
  }
  transformImages(images: Tensor, { additions, thresholds }: Solar): Tensor {
    const values = ops.clip(ops.add(moveRange(images, this.valueRange, eightBits), perImage(additions)), 0, 255)
    const results = ops.where(ops.less(values, perImage(thresholds)), values, ops.subtract(255, values))
    return moveRange(results, eightBits, this.valueRange)
  }
  override getConfig(): Config {
    const { additionFactor, thresholdFactor } = this
    const factors = { addition_factor: [...additionFactor], threshold_factor: [...thresholdFactor] }
    return { ...super.getConfig(), ...factors }
  }
}
