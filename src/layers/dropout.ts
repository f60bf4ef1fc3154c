// Noise while training: Dropout, SpatialDropout, AlphaDropout, GaussianNoise, GaussianDropout. Outside of training they pass their input through.
import { ArgumentError, problem } from '../errors.ts'
import type { DType } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { dataFormatOption, integerOption, numberOption } from './checks.ts'
import { type Config, omit } from './config.ts'
import { type CallOptions, Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'

export interface SeededOptions extends LayerOptions {
  /** An integer; null (default) takes one from the global seed. */
  readonly seed?: number | null
}

/** A layer with a seed generator of its own, whose output has the input's shape. */
abstract class Noise extends Layer {
  readonly seed: number | null
  readonly seedGenerator: ops.SeedGenerator

  constructor(options: SeededOptions) {
    super(options)
    const { seed = null } = options
    this.seed = seed === null ? null : integerOption(this.where, 'seed', seed, -Infinity)
    this.seedGenerator = this.seed === null ? new ops.SeedGenerator() : new ops.SeedGenerator(this.seed)
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape
  }
  protected override outputDtype(inputDtypes: readonly DType[]): DType {
    return inputDtypes[0]!
  }
}

/** 1 with probability 1 - rate, else 0. */
function keep(rate: number, generator: ops.SeedGenerator, shape: readonly number[]): Tensor {
  return ops.cast(ops.greaterEqual(ops.randomUniform(shape, { seed: generator.next() }), rate), 'float32')
}

/** Values dropped with probability `rate`, the others divided by 1 - rate; `shape` is that of the mask. */
export function dropped(x: Tensor, rate: number, generator: ops.SeedGenerator, shape = x.shape): Tensor {
  if (rate === 1) return ops.zerosLike(x)
  return ops.multiply(x, ops.multiply(keep(rate, generator, shape), 1 / (1 - rate)))
}

export interface DropoutOptions extends SeededOptions {
  /** Fraction of the inputs that become 0, in [0, 1]. */
  readonly rate: number
  /** Shape of the mask; 1 shares it along a dim, null is the input's dim. Default: the input's shape. */
  readonly noiseShape?: SymbolicShape | null
}

/** While training each value becomes 0 with probability `rate`, else it is divided by 1 - rate. A new mask at each call. */
export class Dropout extends Noise {
  static override readonly className: string = 'Dropout'
  readonly rate: number
  readonly noiseShape: SymbolicShape | null

  constructor(options: DropoutOptions) {
    super(options)
    this.rate = numberOption(this.where, 'rate', options.rate, 0, 1)
    const { noiseShape = null } = options
    const fits = (dim: unknown) => dim === null || (Number.isInteger(dim) && (dim as number) > 0)
    if (noiseShape !== null && !(Array.isArray(noiseShape) && noiseShape.every(fits)))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`noiseShape` to be a list of integers and nulls',
          received: noiseShape,
        }),
      )
    this.noiseShape = noiseShape
  }

  /** The concrete shape of the mask for an input. */
  protected maskShape(shape: readonly number[]): number[] {
    const wanted = this.noiseShape
    if (wanted === null) return [...shape]
    if (wanted.length !== shape.length || wanted.some((dim, i) => dim !== null && dim !== 1 && dim !== shape[i]))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: `\`noiseShape\` to broadcast to (${shape.join(', ')})`,
          received: wanted,
        }),
      )
    return wanted.map((dim, i) => dim ?? shape[i]!)
  }

  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.rate === 0) return inputs
    const x = toFloat(inputs)
    return dropped(x, this.rate, this.seedGenerator, this.maskShape(x.shape))
  }
  override getConfig(): Config {
    const noise_shape = this.noiseShape === null ? null : [...this.noiseShape]
    return { ...super.getConfig(), rate: this.rate, seed: this.seed, noise_shape }
  }
}

// Constants of selu, whose most negative value takes the place of what is dropped.
const seluAlpha = 1.6732632423543772
const seluScale = 1.0507009873554805

/**
 * Dropout that keeps mean and variance of normal inputs (for selu): dropped values become -1.758, then all are scaled and shifted.
 */
export class AlphaDropout extends Dropout {
  static override readonly className: string = 'AlphaDropout'
  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.rate === 0) return inputs
    const x = toFloat(inputs)
    const low = -seluAlpha * seluScale
    // a (x or low) + b; with all dropped a is not finite in Keras, here everything is the mean, 0.
    if (this.rate === 1) return ops.zerosLike(x)
    const a = ((1 - this.rate) * (1 + this.rate * low ** 2)) ** -0.5
    const kept = keep(this.rate, this.seedGenerator, this.maskShape(x.shape))
    const mixed = ops.add(ops.multiply(x, kept), ops.multiply(ops.subtract(1, kept), low))
    return ops.add(ops.multiply(mixed, a), -a * low * this.rate)
  }
}

export interface SpatialDropoutOptions extends SeededOptions {
  /** Fraction of the channels that become 0, in [0, 1]. */
  readonly rate: number
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** Drops whole channels of a picture [N, H, W, C]. */
export class SpatialDropout2D extends Dropout {
  static override readonly className: string = 'SpatialDropout2D'
  constructor(options: SpatialDropoutOptions) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
    this.inputSpec = { ndim: 4 }
  }
  protected override maskShape(shape: readonly number[]): number[] {
    return [shape[0]!, 1, 1, shape[3]!]
  }
  override getConfig(): Config {
    return { ...omit(super.getConfig(), 'noise_shape', 'trainable'), dtype: this.dtype, data_format: 'channels_last' }
  }
}

/** Drops whole channels of a sequence [N, L, C]. */
export class SpatialDropout1D extends Dropout {
  static override readonly className: string = 'SpatialDropout1D'
  constructor(options: SpatialDropoutOptions) {
    super(options)
    this.inputSpec = { ndim: 3 }
  }
  protected override maskShape(shape: readonly number[]): number[] {
    return [shape[0]!, 1, shape[2]!]
  }
  override getConfig(): Config {
    return { ...omit(super.getConfig(), 'noise_shape', 'trainable'), dtype: this.dtype }
  }
}

export interface GaussianNoiseOptions extends SeededOptions {
  /** Standard deviation of the noise, >= 0. */
  readonly stddev: number
}

/** Adds normal noise while training. */
export class GaussianNoise extends Noise {
  static override readonly className: string = 'GaussianNoise'
  readonly stddev: number
  constructor(options: GaussianNoiseOptions) {
    super(options)
    this.stddev = numberOption(this.where, 'stddev', options.stddev, 0)
  }
  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.stddev === 0) return inputs
    const x = toFloat(inputs)
    const noise = ops.randomNormal(x.shape, { mean: 0, stddev: this.stddev, seed: this.seedGenerator.next() })
    return ops.add(x, noise)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), stddev: this.stddev, seed: this.seed }
  }
}

export interface GaussianDropoutOptions extends SeededOptions {
  /** As in Dropout, in [0, 1); the noise has standard deviation sqrt(rate / (1 - rate)). */
  readonly rate: number
}

/** Multiplies by normal noise around 1 while training. */
export class GaussianDropout extends Noise {
  static override readonly className: string = 'GaussianDropout'
  readonly rate: number
  constructor(options: GaussianDropoutOptions) {
    super(options)
    this.rate = numberOption(this.where, 'rate', options.rate, 0, 1)
    if (this.rate === 1)
      throw new ArgumentError(problem({ where: this.where, expected: '`rate` to be below 1', received: this.rate }))
  }
  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.rate === 0) return inputs
    const x = toFloat(inputs)
    const stddev = Math.sqrt(this.rate / (1 - this.rate))
    return ops.multiply(x, ops.randomNormal(x.shape, { mean: 1, stddev, seed: this.seedGenerator.next() }))
  }
  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed }
  }
}
