// MixUp and CutMix: pictures mixed with others of their batch, labels with them.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { type Boxes, insideBoxes, placeBoxes } from './boxes.ts'
import { numberOption } from './checks.ts'
import type { Config } from './config.ts'
import { toFloat } from './layer.ts'
import { type Nested, sortedEntries } from './nested.ts'
import { isSpec, TensorSpec } from './output-spec.ts'
import { type Factor, factorOption, perImage, RandomImageLayer, type RandomImageOptions, type Range, within } from './random-image.ts' // prettier-ignore

interface Mix {
  readonly permutationOrder: Tensor
  readonly mixWeight: Tensor
}

/** A layer that gives each picture a partner of the same batch. */
abstract class MixingLayer<Parameters extends Mix> extends RandomImageLayer<Parameters> {
  /** Labels in the parts of the pictures: `w * own + (1 - w) * partner's`. They come as one-hot vectors, or as float32 numbers. */
  override transformLabels(labels: Tensor, { permutationOrder, mixWeight }: Parameters): Tensor {
    const n = mixWeight.shape[0]!
    if (labels.rank === 0 || labels.shape[0] !== n)
      throw new ShapeError(
        problem({ where: this.where, expected: `labels for ${n} pictures`, received: showShape(labels.shape) }),
      )
    if (labels.dtype !== 'float32' && (labels.rank === 1 || labels.shape.at(-1) === 1))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'one-hot labels, which can be mixed',
          received: `${labels.dtype} labels of shape ${showShape(labels.shape)}`,
          hint: 'Use ops.oneHot, or labelMode "categorical"; labels that are 0 or 1 can be cast to float32',
        }),
      )
    const own = toFloat(labels)
    const weight = ops.reshape(mixWeight, [n, ...labels.shape.slice(1).map(() => 1)])
    return blend(own, ops.take(own, permutationOrder, 0), weight)
  }
  override computeOutputSpec(inputs: Nested<TensorSpec>): Nested<TensorSpec> {
    const specs = super.computeOutputSpec(inputs)
    if (isSpec(specs)) return specs
    const entries = sortedEntries(specs as Readonly<Record<string, Nested<TensorSpec>>>)
    return Object.fromEntries(
      entries.map(([key, spec]) => [
        key,
        key === 'labels' && isSpec(spec) ? new TensorSpec(spec.shape, 'float32') : spec,
      ]),
    )
  }
}

/** a * weight + b * (1 - weight) */
function blend(a: Tensor, b: Tensor, weight: Tensor): Tensor {
  return ops.add(ops.multiply(weight, a), ops.multiply(ops.subtract(1, weight), b))
}

export interface MixUpOptions extends RandomImageOptions {
  /** Both parameters of the beta distribution of the weight: small ones leave pictures nearly alone. Default 0.2. */
  readonly alpha?: number
}

/**
 * Blends each picture with another of the batch, and the labels in the same parts: call it with `{ images, labels }`.
 * mixup (Zhang et al. 2017).
 */
export class MixUp extends MixingLayer<Mix> {
  static override readonly className: string = 'MixUp'
  readonly alpha: number

  constructor(options: MixUpOptions | number = {}) {
    const all = typeof options === 'number' ? { alpha: options } : options
    super(all)
    this.alpha = numberOption(this.where, 'alpha', all.alpha ?? 0.2, 1e-6)
  }
  /** `permutationOrder`: int32 [N], each picture's partner; `mixWeight`: [N], the picture's own part. */
  getRandomTransformation(images: Tensor, seeds: ops.SeedGenerator = this.seedGenerator): Mix {
    const n = images.shape[0]!
    const permutationOrder = ops.randomPermutation(n, { seed: seeds.next() })
    return {
      permutationOrder,
      mixWeight: ops.randomBeta([n], { alpha: this.alpha, beta: this.alpha, seed: seeds.next() }),
    }
  }
  transformImages(images: Tensor, { permutationOrder, mixWeight }: Mix): Tensor {
    return blend(images, ops.take(images, permutationOrder, 0), perImage(mixWeight))
  }
  override transformSegmentationMasks(masks: Tensor, mix: Mix): Tensor {
    return this.transformImages(masks, mix)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), alpha: this.alpha, seed: this.seed }
  }
}

export interface CutMixOptions extends RandomImageOptions {
  /** Both parameters of the beta distribution of the kept part: a number f draws them from [0, f], a pair from that range. Default 1. */
  readonly factor?: Factor
}
interface CutMixture extends Mix {
  readonly boxes: Boxes
}

/**
 * Replaces a rectangle of each picture by that of another of the batch, and mixes the labels in proportion to the areas: call
 * it with `{ images, labels }`. A single picture stays. CutMix (Yun et al. 2019).
 */
export class CutMix extends MixingLayer<CutMixture> {
  static override readonly className: string = 'CutMix'
  readonly factor: Range

  constructor(options: CutMixOptions | number = {}) {
    const all = typeof options === 'number' ? { factor: options } : options
    super(all)
    this.factor = factorOption(this.where, 'factor', all.factor ?? 1, [0, 1])
  }
  /** `permutationOrder`: int32 [N], each picture's partner; `boxes`: what is replaced; `mixWeight`: [N], the part that is not. */
  getRandomTransformation(images: Tensor, seeds: ops.SeedGenerator = this.seedGenerator): CutMixture {
    const [n, height, width] = images.shape as readonly [number, number, number, number]
    const [draw] = this.draws(1, 1, seeds)
    const alpha = ops.add(within(draw!, this.factor), 1e-6)
    const kept = ops.randomBeta([n], { alpha, beta: alpha, seed: seeds.next() })
    const part = ops.sqrt(ops.subtract(1, kept))
    const boxes = placeBoxes(images, [part, part], this.draws(n, 2, seeds) as [Tensor, Tensor])
    const area = ops.multiply(ops.subtract(boxes.x1, boxes.x0), ops.subtract(boxes.y1, boxes.y0))
    return {
      permutationOrder: ops.randomPermutation(n, { seed: seeds.next() }),
      boxes,
      mixWeight: ops.subtract(1, ops.divide(area, width * height)),
    }
  }
  transformImages(images: Tensor, { permutationOrder, boxes }: CutMixture): Tensor {
    return ops.where(insideBoxes(images, boxes), ops.take(images, permutationOrder, 0), images)
  }
  override transformSegmentationMasks(masks: Tensor, mixture: CutMixture): Tensor {
    return this.transformImages(masks, mixture)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), factor: [...this.factor], seed: this.seed }
  }
}
