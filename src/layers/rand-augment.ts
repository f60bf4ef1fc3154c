// RandAugment: a few operations of a fixed list, chosen anew for each batch.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import {
  applyChosen, type AugmentationName, type Augmentations, drawTransforms, makeAugmentations, type Transforms,
} from './augmentation-choice.ts' // prettier-ignore
import { choiceOption, integerOption } from './checks.ts'
import { ColorLayer, type ColorLayerOptions } from './color-layer.ts'
import type { Config } from './config.ts'
import { type Factor, factorOption, type Range } from './random-image.ts'

export interface RandAugmentOptions extends ColorLayerOptions {
  /** How many operations follow each other, default 2. */
  readonly numOps?: number
  /** Strength: a number f draws each operation's from [0, f], a pair from that range; within [0, 1]. Default 0.5. */
  readonly factor?: Factor
  /** `bilinear` (default) or `nearest`. */
  readonly interpolation?: 'bilinear' | 'nearest'
}
interface Choice {
  readonly transforms: Transforms
  readonly layerIdxes: Tensor
}

const names: readonly AugmentationName[] = [
  'randomShear', 'randomTranslation', 'randomRotation', 'randomBrightness', 'randomColorDegeneration', 'randomContrast',
  'randomSharpness', 'randomPosterization', 'solarization', 'autoContrast', 'equalization',
] // prettier-ignore

/**
 * Applies operations drawn from eleven, the same to all pictures of a batch, each picture with a strength of its own.
 * RandAugment (Cubuk et al. 2019). Pictures have three channels, or one.
 */
export class RandAugment extends ColorLayer<Choice> {
  static override readonly className: string = 'RandAugment'
  static override readonly channels = [1, 3]
  readonly numOps: number
  readonly factor: Range
  readonly interpolation: 'bilinear' | 'nearest'
  readonly augmentations: Augmentations

  constructor(options: RandAugmentOptions = {}) {
    super(options)
    this.numOps = integerOption(this.where, 'numOps', options.numOps ?? 2)
    this.factor = factorOption(this.where, 'factor', options.factor ?? 0.5, [0, 1])
    const methods = ['bilinear', 'nearest'] as const
    this.interpolation = choiceOption(this.where, 'interpolation', options.interpolation ?? 'bilinear', methods)
    this.augmentations = makeAugmentations(this)
  }
  /** `transforms`: parameters of each operation by name; `layerIdxes`: int32 [numOps], places in that order. */
  getRandomTransformation(images: Tensor, seeds: ops.SeedGenerator = this.seedGenerator): Choice {
    const layerIdxes = ops.randomInt([this.numOps], { maxval: names.length, seed: seeds.next() })
    return { transforms: drawTransforms(this.augmentations, names, images, seeds), layerIdxes }
  }
  transformImages(images: Tensor, choice: Choice): Tensor {
    return this.#apply(images, choice, 'images')
  }
  override transformSegmentationMasks(masks: Tensor, choice: Choice): Tensor {
    return this.#apply(masks, choice, 'masks')
  }
  #apply(images: Tensor, { transforms, layerIdxes }: Choice, what: 'images' | 'masks'): Tensor {
    return ops
      .unstack(layerIdxes)
      .reduce((result, index) => applyChosen(this.augmentations, transforms, index, result, what), images)
  }
  override getConfig(): Config {
    const { numOps, factor, interpolation } = this
    return { ...super.getConfig(), num_ops: numOps, factor: [...factor], interpolation }
  }
}
