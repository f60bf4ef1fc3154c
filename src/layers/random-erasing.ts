// RandomErasing: a rectangle of noise or of one colour.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { type Boxes, insideBoxes, placeBoxes } from './boxes.ts'
import { ColorLayer, type ColorLayerOptions } from './color-layer.ts'
import type { Config } from './config.ts'
import { type Factor, factorOption, perImage, type Range, within } from './random-image.ts'

export interface RandomErasingOptions extends ColorLayerOptions {
  /** Probability that a picture loses a part: a number f draws it from [0, f], a pair from that range. Default 1. */
  readonly factor?: Factor
  /** The squares of the parts of width and height are drawn from this range; a number s is [0, s]. Default [0.02, 0.33]. */
  readonly scale?: Factor
  /** One value, or one for each channel; null (default) draws normally distributed noise as wide as the largest value. */
  readonly fillValue?: number | readonly number[] | null
}
interface Erasing {
  readonly applyErasing: Tensor
  readonly boxes: Boxes
  readonly fill: Tensor
}

/** Erases a rectangle in some pictures. Random Erasing (Zhong et al. 2017). */
export class RandomErasing extends ColorLayer<Erasing> {
  static override readonly className: string = 'RandomErasing'
  readonly factor: Range
  readonly scale: Range
  readonly fillValue: number | readonly number[] | null

  constructor(options: RandomErasingOptions = {}) {
    super(options)
    this.factor = factorOption(this.where, 'factor', options.factor ?? 1, [0, 1])
    this.scale = factorOption(this.where, 'scale', options.scale ?? [0.02, 0.33], [0, 1])
    const fill: unknown = options.fillValue ?? null
    const list: unknown[] = Array.isArray(fill) ? fill : [fill ?? 0]
    if (list.length === 0 || !list.every((value) => typeof value === 'number' && Number.isFinite(value)))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`fillValue` to be a number, one for each channel, or null',
          received: fill,
        }),
      )
    this.fillValue = fill as number | readonly number[] | null
  }
  /** `applyErasing`: bool [N]; `boxes`; `fill`: a scalar, one value a channel, or values for every pixel. */
  getRandomTransformation(images: Tensor, seeds: ops.SeedGenerator = this.seedGenerator): Erasing {
    const n = images.shape[0]!
    const [a, b, x, y] = this.draws(n, 4, seeds) as [Tensor, Tensor, Tensor, Tensor]
    const part = (draw: Tensor) => ops.sqrt(within(draw, this.scale))
    const boxes = placeBoxes(images, [part(a), part(b)], [x, y])
    const applyErasing = this.chances(n, this.factor, seeds)
    const fill =
      this.fillValue === null
        ? ops.randomNormal(images.shape, { stddev: this.valueRange[1], seed: seeds.next() })
        : ops.tensor(this.fillValue)
    return { applyErasing, boxes, fill: this.clip(fill) }
  }
  transformImages(images: Tensor, { applyErasing, boxes, fill }: Erasing): Tensor {
    if (fill.rank === 1 && fill.shape[0] !== images.shape[3])
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: `\`fillValue\` for ${images.shape[3]!} channels`,
          received: this.fillValue,
        }),
      )
    const erased = ops.logicalAnd(insideBoxes(images, boxes), perImage(applyErasing))
    return ops.where(erased, fill, images)
  }
  override getConfig(): Config {
    const { factor, scale, fillValue } = this
    const fill_value = typeof fillValue === 'number' || fillValue === null ? fillValue : [...fillValue]
    return { ...super.getConfig(), factor: [...factor], scale: [...scale], fill_value }
  }
}
