// What the random image layers share: one draw of parameters for each picture, batches and single pictures, pass-through at inference.
import { ArgumentError, problem } from '../errors.ts'
import type { FillMode } from '../graph/primitives.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { choiceOption, dataFormatOption, integerOption, numberOption, requireRank } from './checks.ts'
import type { Config } from './config.ts'
import { type CallOptions, Layer, type LayerOptions, toFloat } from './layer.ts'
import type { LayerShape, SymbolicShape } from './nested.ts'
import { isTensor } from './symbolic.ts'

export interface RandomImageOptions extends LayerOptions {
  /** An integer; null (default) takes one from the global seed. */
  readonly seed?: number | null
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** Pictures, alone or as the `images` of an object whose other entries stay as they are. */
type Images = Tensor | { readonly images: Tensor; readonly [key: string]: unknown }

/**
 * Pictures [H, W, C] or [N, H, W, C] of any values and type; the output is float32. In training mode, the default of a direct
 * call, each picture gets parameters of its own; otherwise pictures pass through.
 */
export abstract class RandomImageLayer<Parameters> extends Layer {
  static override readonly defaultTraining: boolean | null = true
  readonly seed: number | null
  readonly seedGenerator: ops.SeedGenerator

  constructor(options: RandomImageOptions) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    const { seed = null } = options
    this.seed = seed === null ? null : integerOption(this.where, 'seed', seed, -Infinity)
    this.seedGenerator = this.seed === null ? new ops.SeedGenerator() : new ops.SeedGenerator(this.seed)
  }

  /** Draws the parameters for a batch [N, H, W, C]. Advances the seed generator by one. */
  abstract getRandomTransformation(images: Tensor): Parameters
  /** Applies parameters to a float32 batch [N, H, W, C]. */
  abstract transformImages(images: Tensor, parameters: Parameters): Tensor

  /** `count` independent uniform draws in [0, 1) for each of `n` pictures: a list of vectors [n]. */
  protected draws(n: number, count: number): Tensor[] {
    const all = ops.randomUniform([count, n], { seed: this.seedGenerator.next() })
    return Array.from({ length: count }, (_, i) => ops.reshape(ops.slice(all, [i, 0], [1, n]), [n]))
  }

  override call(inputs: Images, { training }: CallOptions): Images {
    if (!isTensor(inputs)) {
      if (!isTensor(inputs.images))
        throw new ArgumentError(
          problem({
            where: this.where,
            expected: 'a tensor, or an object with `images`',
            received: Object.keys(inputs),
          }),
        )
      return { ...inputs, images: this.#augment(inputs.images, training) }
    }
    return this.#augment(inputs, training)
  }

  #augment(inputs: Tensor, training: boolean): Tensor {
    requireRank(this.where, inputs.shape, 3, 4)
    const images = toFloat(inputs)
    if (!training) return images
    const batch = images.rank === 3 ? ops.expandDims(images, 0) : images
    const result = this.transformImages(batch, this.getRandomTransformation(batch))
    return images.rank === 3 ? ops.squeeze(result, 0) : result
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    return inputShape
  }
  protected override get recordsBuild(): boolean {
    return true
  }
  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last' }
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

  /** The rows (a0 a1 a2 b0 b1 b2 0 0) of the maps x_in = a0 x + a1 y + a2, y_in = b0 x + b1 y + b2; entries [N] or one number. */
  protected sample(images: Tensor, entries: readonly (Tensor | number)[]): Tensor {
    const n = images.shape[0]!
    const columns = [...entries, 0, 0].map((entry) => (typeof entry === 'number' ? ops.full([n], entry) : entry))
    const { interpolation, fillMode, fillValue } = this
    return ops.affineTransform(images, ops.stack(columns, 1), { interpolation, fillMode, fillValue })
  }

  protected samplingConfig(): Config {
    return { fill_mode: this.fillMode, fill_value: this.fillValue, interpolation: this.interpolation, seed: this.seed }
  }
}

/** Shape of one size for pictures of a known or unknown batch. */
export function resized(inputShape: SymbolicShape, height: number, width: number): SymbolicShape {
  return [...inputShape.slice(0, -3), height, width, inputShape.at(-1)!]
}
