// AugMix: a blend of the pictures and of chains of operations on them.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import {
  applyChosen, type AugmentationName, type Augmentations, drawTransforms, makeAugmentations, type Transforms,
} from './augmentation-choice.ts' // prettier-ignore
import { choiceOption, integerOption, numberOption } from './checks.ts'
import { ColorLayer, type ColorLayerOptions } from './color-layer.ts'
import type { Config } from './config.ts'
import { type Factor, factorOption, type Range } from './random-image.ts'

export interface AugMixOptions extends ColorLayerOptions {
  /** Chains that are blended, default 3. */
  readonly numChains?: number
  /** Operations of a chain at most, default 3. */
  readonly chainDepth?: number
  /** Strength: a number f draws each operation's from [0, f], a pair from that range; within [0, 1]. Default 0.3. */
  readonly factor?: Factor
  /** Parameter of the beta and Dirichlet distributions of the weights, default 1. */
  readonly alpha?: number
  /** Brightness, color degeneration, contrast and sharpness among the operations; default true. */
  readonly allOps?: boolean
  /** `bilinear` (default) or `nearest`. */
  readonly interpolation?: 'bilinear' | 'nearest'
}
/** One link of a chain: the operation at place `index` of `transforms`, or none. */
interface Link {
  readonly index: Tensor
  readonly transforms: Transforms
}
interface Mixture {
  readonly chainMixingWeights: Tensor
  readonly weightSample: Tensor
  readonly chainTransforms: readonly (readonly Link[])[]
}

const someNames: readonly AugmentationName[] = [
  'randomShear', 'randomTranslation', 'randomRotation', 'randomPosterization', 'solarization', 'autoContrast', 'equalization',
] // prettier-ignore
const allNames: readonly AugmentationName[] = [
  ...someNames, 'randomBrightness', 'randomColorDegeneration', 'randomContrast', 'randomSharpness',
] // prettier-ignore

/**
 * Blends pictures with several chains of operations on them; the operations are the same for all pictures of a batch, and drawn
 * anew for each. AugMix (Hendrycks et al. 2019). Pictures have three channels, or one.
 */
export class AugMix extends ColorLayer<Mixture> {
  static override readonly className: string = 'AugMix'
  static override readonly channels = [1, 3]
  readonly numChains: number
  readonly chainDepth: number
  readonly factor: Range
  readonly alpha: number
  readonly allOps: boolean
  readonly interpolation: 'bilinear' | 'nearest'
  readonly augmentations: Augmentations

  constructor(options: AugMixOptions = {}) {
    super(options)
    this.numChains = integerOption(this.where, 'numChains', options.numChains ?? 3)
    this.chainDepth = integerOption(this.where, 'chainDepth', options.chainDepth ?? 3)
    this.factor = factorOption(this.where, 'factor', options.factor ?? 0.3, [0, 1])
    this.alpha = numberOption(this.where, 'alpha', options.alpha ?? 1, 1e-6)
    this.allOps = options.allOps ?? true
    const methods = ['bilinear', 'nearest'] as const
    this.interpolation = choiceOption(this.where, 'interpolation', options.interpolation ?? 'bilinear', methods)
    this.augmentations = makeAugmentations(this)
  }
  /** `chainMixingWeights`: [numChains]; `weightSample`: the pictures' own part, a scalar; `chainTransforms`: links by chain. */
  getRandomTransformation(images: Tensor, seeds: ops.SeedGenerator = this.seedGenerator): Mixture {
    const { alpha, numChains, chainDepth } = this
    const names = this.allOps ? allNames : someNames
    const link = (): Link => {
      // One place more than there are operations: no operation.
      const [index] = ops.unstack(ops.randomInt([1], { maxval: names.length + 1, seed: seeds.next() }))
      return { index: index!, transforms: drawTransforms(this.augmentations, names, images, seeds) }
    }
    return {
      chainMixingWeights: ops.randomDirichlet([numChains], { alpha, seed: seeds.next() }),
      weightSample: ops.randomBeta([], { alpha, beta: alpha, seed: seeds.next() }),
      chainTransforms: Array.from({ length: numChains }, () => Array.from({ length: chainDepth }, link)),
    }
  }
  transformImages(images: Tensor, mixture: Mixture): Tensor {
    return this.clip(this.#mix(images, mixture, 'images'))
  }
  override transformSegmentationMasks(masks: Tensor, mixture: Mixture): Tensor {
    return this.#mix(masks, mixture, 'masks')
  }
  #mix(images: Tensor, mixture: Mixture, what: 'images' | 'masks'): Tensor {
    const { chainMixingWeights, weightSample, chainTransforms } = mixture
    const weights = ops.unstack(chainMixingWeights)
    const chains = chainTransforms.map((links, i) => {
      const end = links.reduce(
        (result, { index, transforms }) => applyChosen(this.augmentations, transforms, index, result, what),
        images,
      )
      return ops.multiply(end, weights[i]!)
    })
    const blended = chains.reduce((a, b) => ops.add(a, b))
    return ops.add(ops.multiply(weightSample, images), ops.multiply(ops.subtract(1, weightSample), blended))
  }
  override getConfig(): Config {
    const { numChains, chainDepth, factor, alpha, allOps, interpolation } = this
    const chains = { num_chains: numChains, chain_depth: chainDepth }
    return { ...super.getConfig(), ...chains, factor: [...factor], alpha, all_ops: allOps, interpolation }
  }
}
