// The eleven operations of RandAugment and AugMix, and the application of one that is chosen while the graph runs.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { AutoContrast, Equalization } from './equalization.ts'
import type { ImageLayer } from './image-layer.ts'
import { RandomBrightness, RandomContrast } from './random-color.ts'
import { RandomRotation, RandomTranslation } from './random-geometry.ts'
import { RandomColorDegeneration } from './random-grayscale.ts'
import { type Range, SamplingLayer } from './random-image.ts'
import { RandomPosterization, Solarization } from './random-levels.ts'
import { RandomSharpness } from './random-sharpness.ts'
import { RandomShear } from './random-shear.ts'

export type AugmentationName =
  | 'randomShear'
  | 'randomTranslation'
  | 'randomRotation'
  | 'randomBrightness'
  | 'randomColorDegeneration'
  | 'randomContrast'
  | 'randomSharpness'
  | 'randomPosterization'
  | 'solarization'
  | 'autoContrast'
  | 'equalization'
export type Augmentations = Readonly<Record<AugmentationName, ImageLayer<unknown>>>

export interface AugmentationSettings {
  readonly factor: Range
  readonly interpolation: 'bilinear' | 'nearest'
  readonly valueRange: Range
  readonly seed: number | null
}

/** The operations at the strength of a factor range within [0, 1], as RandAugment and AugMix of Keras have them. */
export function makeAugmentations({ factor, interpolation, valueRange, seed }: AugmentationSettings): Augmentations {
  const color = { factor, valueRange, seed }
  const bits = Math.max(1, Math.trunc(8 * factor[1]))
  return {
    randomShear: new RandomShear({ xFactor: factor, yFactor: factor, interpolation, seed }),
    randomTranslation: new RandomTranslation({ heightFactor: factor, widthFactor: factor, interpolation, seed }),
    randomRotation: new RandomRotation({ factor, interpolation, seed }),
    randomBrightness: new RandomBrightness(color),
    randomColorDegeneration: new RandomColorDegeneration(color),
    randomContrast: new RandomContrast(color),
    randomSharpness: new RandomSharpness(color),
    randomPosterization: new RandomPosterization({ factor: bits, valueRange, seed }),
    solarization: new Solarization({ additionFactor: factor, thresholdFactor: factor, valueRange, seed }),
    autoContrast: new AutoContrast({ valueRange }),
    equalization: new Equalization({ valueRange }),
  }
}

/** Parameters of operations by name, in the order that an index counts. */
export type Transforms = Readonly<Partial<Record<AugmentationName, unknown>>>

/** Parameters of each operation of `names`, all from one generator. */
export function drawTransforms(
  layers: Augmentations,
  names: readonly AugmentationName[],
  images: Tensor,
  seeds: ops.SeedGenerator,
): Transforms {
  return Object.fromEntries(names.map((name) => [name, layers[name].getRandomTransformation(images, seeds)]))
}

/**
 * Pictures after the operation whose place in `transforms` is `index` (an int32 scalar); any other index leaves them alone. A graph
 * has no branches, so that all are computed and one is kept; those that only read pixels at other places share one reading.
 */
export function applyChosen(
  layers: Augmentations,
  transforms: Transforms,
  index: Tensor,
  images: Tensor,
  what: 'images' | 'masks' = 'images',
): Tensor {
  const chosen = Object.entries(transforms).map(([name, parameters], i) => ({
    layer: layers[name as AugmentationName],
    parameters,
    isChosen: ops.equal(index, i),
  }))
  let result = images
  let maps: Tensor | null = null
  let reader: SamplingLayer<unknown> | null = null
  let reads: Tensor | null = null
  for (const { layer, parameters, isChosen } of chosen) {
    if (layer instanceof SamplingLayer) {
      const own = layer.transforms(images, parameters)
      maps = maps === null ? own : ops.where(isChosen, own, maps)
      reads = reads === null ? isChosen : ops.logicalOr(reads, isChosen)
      reader ??= layer as SamplingLayer<unknown>
    } else if (what === 'images') result = ops.where(isChosen, layer.transformImages(images, parameters), result)
  }
  if (reader === null) return result
  const read = reader.sample(images, maps!, what === 'masks' ? 'nearest' : reader.interpolation)
  return ops.where(reads!, read, result)
}
