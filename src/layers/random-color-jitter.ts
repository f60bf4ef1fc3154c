// RandomColorJitter: brightness, contrast, saturation and hue, one after the other.
import type * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { ColorLayer, type ColorLayerOptions } from './color-layer.ts'
import type { Config } from './config.ts'
import type { ImageLayer } from './image-layer.ts'
import type { LayerShape } from './nested.ts'
import { type ColorOptions, RandomBrightness, RandomContrast } from './random-color.ts'
import { RandomHue, RandomSaturation } from './random-hue.ts'
import type { Factor } from './random-image.ts'

export interface RandomColorJitterOptions extends ColorLayerOptions {
  /** As RandomBrightness; null (default) leaves it out, as the other three. */
  readonly brightnessFactor?: Factor | null
  /** As RandomContrast. */
  readonly contrastFactor?: Factor | null
  /** As RandomSaturation; this and the next want pictures with three channels. */
  readonly saturationFactor?: Factor | null
  /** As RandomHue. */
  readonly hueFactor?: Factor | null
}

/** Changes brightness, contrast, saturation and hue in this order. */
export class RandomColorJitter extends ColorLayer<readonly unknown[]> {
  static override readonly className: string = 'RandomColorJitter'
  readonly #given: Config
  /** The layers of the factors that were given. */
  readonly steps: readonly ImageLayer<unknown>[]

  constructor(options: RandomColorJitterOptions = {}) {
    super(options)
    const { brightnessFactor = null, contrastFactor = null, saturationFactor = null, hueFactor = null } = options
    this.#given = {
      brightness_factor: brightnessFactor,
      contrast_factor: contrastFactor,
      saturation_factor: saturationFactor,
      hue_factor: hueFactor,
    }
    const { valueRange, seed } = this
    const step = (cls: new (options: ColorOptions) => ImageLayer<unknown>, factor: Factor | null) =>
      factor === null ? [] : [new cls({ factor, valueRange, seed })]
    this.steps = [
      ...step(RandomBrightness, brightnessFactor),
      ...step(RandomContrast, contrastFactor),
      ...step(RandomSaturation, saturationFactor),
      ...step(RandomHue, hueFactor),
    ]
  }
  override build(inputShape: LayerShape): void {
    for (const step of this.steps) step.build(inputShape)
  }
  /** Parameters of each of `steps`. */
  getRandomTransformation(images: Tensor, seeds: ops.SeedGenerator = this.seedGenerator): readonly unknown[] {
    // All from this layer's seeds: those of the steps are equal, and would tie their draws together.
    return this.steps.map((step) => step.getRandomTransformation(images, seeds))
  }
  transformImages(images: Tensor, parameters: readonly unknown[]): Tensor {
    return this.steps.reduce((result, step, i) => step.transformImages(result, parameters[i]), images)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.#given }
  }
}
