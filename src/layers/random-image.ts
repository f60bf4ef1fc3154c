// What the random image layers share: seeds, draws for each picture, factors, and reading pixels at other places.
import { ArgumentError, problem } from '../errors.ts'
import type { FillMode } from '../graph/primitives.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { choiceOption, integerOption, numberOption } from './checks.ts'
import type { Config } from './config.ts'
import { ImageLayer, type ImageOptions } from './image-layer.ts'
import type { SymbolicShape } from './nested.ts'

export interface RandomImageOptions extends ImageOptions {
  /** An integer; null (default) takes one from the global seed. */
  readonly seed?: number | null
}

/** A layer that draws parameters of its own for each picture. */
export abstract class RandomImageLayer<Parameters> extends ImageLayer<Parameters> {
  readonly seed: number | null
  readonly seedGenerator: ops.SeedGenerator

  constructor(options: RandomImageOptions) {
    super(options)
    const { seed = null } = options
    this.seed = seed === null ? null : integerOption(this.where, 'seed', seed, -Infinity)
    this.seedGenerator = this.seed === null ? new ops.SeedGenerator() : new ops.SeedGenerator(this.seed)
  }

  /** `count` independent uniform draws in [0, 1) for each of `n` pictures: a list of vectors [n]. Takes one seed. */
  protected draws(n: number, count: number, seeds: ops.SeedGenerator = this.seedGenerator): Tensor[] {
    return ops.unstack(ops.randomUniform([count, n], { seed: seeds.next() }))
  }
  /** Bool [n]: true with a probability that is drawn from `factor` for each picture. Takes one seed. */
  protected chances(n: number, factor: Range, seeds?: ops.SeedGenerator): Tensor {
    const [probability, threshold] = this.draws(n, 2, seeds) as [Tensor, Tensor]
    return ops.less(threshold, within(probability, factor))
  }
}

export type Range = readonly [number, number]
/** One number f, usually meaning [-f, f], or a range. */
export type Factor = number | readonly number[]

/** The range of a factor: a number f is `symmetric(f)`, a pair is sorted. @throws ArgumentError outside of `bounds`. */
export function factorOption(
  where: string,
  option: string,
  value: unknown,
  bounds: Range,
  symmetric: (f: number) => Range = (f) => [Math.max(bounds[0], -f), f],
): Range {
  const fits = (n: unknown): n is number => typeof n === 'number' && n >= bounds[0] && n <= bounds[1]
  if (typeof value === 'number' && fits(Math.abs(value))) return symmetric(Math.abs(value))
  if (Array.isArray(value) && value.length === 2 && value.every(fits))
    return value[0]! <= value[1]! ? [value[0]!, value[1]!] : [value[1]!, value[0]!]
  throw new ArgumentError(
    problem({
      where,
      expected: `\`${option}\` to be a number or a pair of numbers in [${bounds[0]}, ${bounds[1]}]`,
      received: value,
    }),
  )
}

/** Maps draws in [0, 1) to a range. */
export function within(draws: Tensor, [low, high]: Range): Tensor {
  return ops.add(ops.multiply(draws, high - low), low)
}

/** A vector [N] that broadcasts over pictures [N, H, W, C]. */
export function perImage(vector: Tensor): Tensor {
  return ops.reshape(vector, [vector.shape[0]!, 1, 1, 1])
}

export interface SamplingOptions extends RandomImageOptions {
  /** What lies beyond the border: `reflect` (default, dcba|abcd|dcba), `constant`, `nearest` or `wrap`. */
  readonly fillMode?: FillMode
  /** `bilinear` (default) or `nearest`. */
  readonly interpolation?: 'bilinear' | 'nearest'
  /** The value of `constant`; default 0. */
  readonly fillValue?: number
}

/** A random layer that reads each output pixel at another place of the input. */
export abstract class SamplingLayer<Parameters> extends RandomImageLayer<Parameters> {
  readonly fillMode: FillMode
  readonly interpolation: 'bilinear' | 'nearest'
  readonly fillValue: number

  constructor(options: SamplingOptions) {
    super(options)
    const modes = ['reflect', 'constant', 'nearest', 'wrap'] as const
    this.fillMode = choiceOption(this.where, 'fillMode', options.fillMode ?? 'reflect', modes)
    this.interpolation = choiceOption(this.where, 'interpolation', options.interpolation ?? 'bilinear', [
      'bilinear',
      'nearest',
    ])
    this.fillValue = numberOption(this.where, 'fillValue', options.fillValue ?? 0)
  }

  /** The maps as rows a0 a1 a2 b0 b1 b2 c0 c1 of [N, 8]: see `ops.affineTransform`. */
  abstract transforms(images: Tensor, parameters: Parameters): Tensor

  transformImages(images: Tensor, parameters: Parameters): Tensor {
    return this.sample(images, this.transforms(images, parameters))
  }
  override transformSegmentationMasks(masks: Tensor, parameters: Parameters): Tensor {
    return this.sample(masks, this.transforms(masks, parameters), 'nearest')
  }
  /** Reads pictures by maps [N, 8] with the fill of this layer. */
  sample(images: Tensor, transforms: Tensor, interpolation = this.interpolation): Tensor {
    const { fillMode, fillValue } = this
    return ops.affineTransform(images, transforms, { interpolation, fillMode, fillValue })
  }

  protected samplingConfig(): Config {
    return { fill_mode: this.fillMode, fill_value: this.fillValue, interpolation: this.interpolation, seed: this.seed }
  }
}

/** Shape of one size for pictures of a known or unknown batch. */
export function resized(inputShape: SymbolicShape, height: number, width: number): SymbolicShape {
  return [...inputShape.slice(0, -3), height, width, inputShape.at(-1)!]
}

/** The rows (a0 a1 a2 b0 b1 b2 0 0) of the maps x_in = a0 x + a1 y + a2, y_in = b0 x + b1 y + b2; entries [n] or one number. */
export function affineRows(n: number, entries: readonly (Tensor | number)[]): Tensor {
  const columns = [...entries, 0, 0].map((entry) => (typeof entry === 'number' ? ops.full([n], entry) : entry))
  return ops.stack(columns, 1)
}
