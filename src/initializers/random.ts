// Random initializers. One seed gives the same values on every call; without a seed each object draws its own when it is made.
import { ArgumentError, problem } from '../errors.ts'
import { philoxUniform } from '../graph/philox.ts'
import { type DType, type Shape, sizeOf, type TypedArray } from '../graph/types.ts'
import { nextSeed } from '../ops/index.ts'
import { fansOf, Initializer } from './initializer.ts'
import type { Config } from './objects.ts'

export interface SeedOption {
  /** An integer; null (default) draws one from the global seed. */
  readonly seed?: number | null
}

/** A stream of uniform and normal numbers, drawn from Philox in blocks; each block has its own second key word. */
class Draws {
  readonly #seed: number
  readonly #block = new Float32Array(4096)
  #blocks = 0
  #next = this.#block.length
  #spare: number | null = null

  constructor(seed: number) {
    this.#seed = seed
  }
  /** In [0, 1). */
  uniform(): number {
    if (this.#next === this.#block.length) {
      philoxUniform(this.#seed, this.#blocks++, this.#block)
      this.#next = 0
    }
    return this.#block[this.#next++]!
  }
  /** Standard normal, by Box and Muller. */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare
      this.#spare = null
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    const angle = 2 * Math.PI * this.uniform()
    this.#spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  /** Standard normal within two standard deviations. */
  truncatedNormal(): number {
    for (;;) {
      const value = this.normal()
      if (Math.abs(value) < 2) return value
    }
  }
}

abstract class RandomInitializer extends Initializer {
  /** As given; null if none was. */
  readonly seed: number | null
  /** The seed that is used. */
  protected readonly drawn: number

  constructor(options: SeedOption) {
    super()
    const { seed = null } = options
    if (seed !== null && !Number.isInteger(seed))
      throw new ArgumentError(
        problem({ where: this.className, expected: '`seed` to be an integer or null', received: seed }),
      )
    this.seed = seed
    this.drawn = seed ?? nextSeed()
  }

  /** One value at a time, in row-major order. */
  protected abstract draw(shape: Shape, draws: Draws): () => number

  values(shape: Shape, dtype: DType): TypedArray {
    if (dtype !== 'float32')
      throw new ArgumentError(problem({ where: this.className, expected: 'a float32 weight', received: dtype }))
    const out = new Float32Array(sizeOf(shape))
    const draw = this.draw(shape, new Draws(this.drawn))
    for (let i = 0; i < out.length; i++) out[i] = draw()
    return out
  }
}

export class RandomUniform extends RandomInitializer {
  static override readonly className: string = 'RandomUniform'
  readonly minval: number
  readonly maxval: number
  /** Uniform in [minval, maxval); default [-0.05, 0.05). */
  constructor(options: SeedOption & { readonly minval?: number; readonly maxval?: number } = {}) {
    super(options)
    this.minval = options.minval ?? -0.05
    this.maxval = options.maxval ?? 0.05
  }
  protected draw(_shape: Shape, draws: Draws): () => number {
    return () => this.minval + (this.maxval - this.minval) * draws.uniform()
  }
  override getConfig(): Config {
    return { seed: this.seed, minval: this.minval, maxval: this.maxval }
  }
}

/** Mean and standard deviation of a normal initializer. */
export interface NormalOptions extends SeedOption {
  /** Default 0. */
  readonly mean?: number
  /** Default 0.05. */
  readonly stddev?: number
}

export class RandomNormal extends RandomInitializer {
  static override readonly className: string = 'RandomNormal'
  readonly mean: number
  readonly stddev: number
  constructor(options: NormalOptions = {}) {
    super(options)
    this.mean = options.mean ?? 0
    this.stddev = options.stddev ?? 0.05
  }
  protected draw(_shape: Shape, draws: Draws): () => number {
    return () => this.mean + this.stddev * draws.normal()
  }
  override getConfig(): Config {
    return { seed: this.seed, mean: this.mean, stddev: this.stddev }
  }
}

/** Normal, drawn again beyond two standard deviations. */
export class TruncatedNormal extends RandomNormal {
  static override readonly className: string = 'TruncatedNormal'
  protected override draw(_shape: Shape, draws: Draws): () => number {
    return () => this.mean + this.stddev * draws.truncatedNormal()
  }
}

export type ScalingMode = 'fan_in' | 'fan_out' | 'fan_avg'
export type ScalingDistribution = 'truncated_normal' | 'untruncated_normal' | 'uniform'

/** Which axes of a weight count its inputs and outputs, where they are not the last two (EinsumDense). */
export interface FanAxes {
  readonly inputAxes?: readonly number[] | null
  readonly outputAxes?: readonly number[] | null
}

export interface VarianceScalingOptions extends SeedOption, FanAxes {
  /** Default 1. */
  readonly scale?: number
  /** Default `fan_in`. */
  readonly mode?: ScalingMode
  /** Default `truncated_normal`. */
  readonly distribution?: ScalingDistribution
}

/** Standard deviation of a standard normal cut at two. */
const truncatedStddev = 0.87962566103423978

/** Variance scale / fan, so that activations keep their size through the layer (Glorot, He, LeCun). */
export class VarianceScaling extends RandomInitializer {
  static override readonly className: string = 'VarianceScaling'
  readonly scale: number
  readonly mode: ScalingMode
  readonly distribution: ScalingDistribution
  readonly inputAxes: readonly number[] | null
  readonly outputAxes: readonly number[] | null
  constructor(options: VarianceScalingOptions = {}) {
    super(options)
    const where = 'initializers.varianceScaling'
    this.inputAxes = options.inputAxes ?? null
    this.outputAxes = options.outputAxes ?? null
    this.scale = options.scale ?? 1
    if (!(this.scale > 0))
      throw new ArgumentError(problem({ where, expected: '`scale` to be positive', received: options.scale }))
    this.mode = oneOf(where, 'mode', options.mode ?? 'fan_in', ['fan_in', 'fan_out', 'fan_avg'])
    // Older files say `normal` for the truncated one.
    const distribution = (options.distribution ?? 'truncated_normal') as string
    this.distribution = oneOf(where, 'distribution', distribution === 'normal' ? 'truncated_normal' : distribution, [
      'truncated_normal',
      'untruncated_normal',
      'uniform',
    ])
  }
  protected draw(shape: Shape, draws: Draws): () => number {
    const { fanIn, fanOut } = this.#fans(shape)
    const fan = this.mode === 'fan_in' ? fanIn : this.mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2
    const variance = this.scale / Math.max(1, fan)
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance)
      return () => limit * (2 * draws.uniform() - 1)
    }
    const stddev = Math.sqrt(variance)
    if (this.distribution === 'untruncated_normal') return () => stddev * draws.normal()
    return () => (stddev / truncatedStddev) * draws.truncatedNormal()
  }
  #fans(shape: Shape): { fanIn: number; fanOut: number } {
    const { inputAxes, outputAxes } = this
    if (inputAxes === null || outputAxes === null) return fansOf(shape)
    const product = (axes: readonly number[]) => sizeOf(axes.map((axis) => shape[axis]!))
    return { fanIn: product(inputAxes), fanOut: product(outputAxes) }
  }
  /** The same draws, scaled by other fans. */
  withAxes(inputAxes: readonly number[], outputAxes: readonly number[]): VarianceScaling {
    const { scale, mode, distribution, drawn: seed } = this
    return new VarianceScaling({ scale, mode, distribution, seed, inputAxes, outputAxes })
  }
  override getConfig(): Config {
    const { seed, scale, mode, distribution, inputAxes: input_axes, outputAxes: output_axes } = this
    return { seed, scale, mode, distribution, input_axes, output_axes }
  }
}

function oneOf<T extends string>(where: string, option: string, value: string, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T
  throw new ArgumentError(
    problem({ where, expected: `\`${option}\` to be one of ${choices.join(', ')}`, received: value }),
  )
}

/** The named special cases; their configs hold the seed and the axes alone. */
abstract class NamedScaling extends VarianceScaling {
  override getConfig(): Config {
    return { seed: this.seed, input_axes: this.inputAxes, output_axes: this.outputAxes }
  }
}

/** Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio 2010); the default of kernels. */
export class GlorotUniform extends NamedScaling {
  static override readonly className: string = 'GlorotUniform'
  constructor(options: SeedOption & FanAxes = {}) {
    super({ ...options, scale: 1, mode: 'fan_avg', distribution: 'uniform' })
  }
}

/** Truncated normal of variance 2 / (fanIn + fanOut). */
export class GlorotNormal extends NamedScaling {
  static override readonly className: string = 'GlorotNormal'
  constructor(options: SeedOption & FanAxes = {}) {
    super({ ...options, scale: 1, mode: 'fan_avg', distribution: 'truncated_normal' })
  }
}

/** Uniform in ±sqrt(6 / fanIn) (He et al. 2015). */
export class HeUniform extends NamedScaling {
  static override readonly className: string = 'HeUniform'
  constructor(options: SeedOption & FanAxes = {}) {
    super({ ...options, scale: 2, mode: 'fan_in', distribution: 'uniform' })
  }
}

/** Truncated normal of variance 2 / fanIn. */
export class HeNormal extends NamedScaling {
  static override readonly className: string = 'HeNormal'
  constructor(options: SeedOption & FanAxes = {}) {
    super({ ...options, scale: 2, mode: 'fan_in', distribution: 'truncated_normal' })
  }
}

/** Uniform in ±sqrt(3 / fanIn). */
export class LecunUniform extends NamedScaling {
  static override readonly className: string = 'LecunUniform'
  constructor(options: SeedOption & FanAxes = {}) {
    super({ ...options, scale: 1, mode: 'fan_in', distribution: 'uniform' })
  }
}

/** Truncated normal of variance 1 / fanIn. */
export class LecunNormal extends NamedScaling {
  static override readonly className: string = 'LecunNormal'
  constructor(options: SeedOption & FanAxes = {}) {
    super({ ...options, scale: 1, mode: 'fan_in', distribution: 'truncated_normal' })
  }
}

/** Orthonormal rows or columns (Saxe et al. 2013): the Q of a random normal matrix, signs fixed by the diagonal of R. */
export class Orthogonal extends RandomInitializer {
  static override readonly className: string = 'Orthogonal'
  readonly gain: number
  /** `gain` (default 1) multiplies the matrix. */
  constructor(options: SeedOption & { readonly gain?: number } = {}) {
    super(options)
    this.gain = options.gain ?? 1
  }
  protected draw(shape: Shape, draws: Draws): () => number {
    if (shape.length < 2)
      throw new ArgumentError(
        problem({ where: 'initializers.orthogonal', expected: 'a weight of rank 2 or more', received: shape }),
      )
    const columns = shape.at(-1)!
    const rows = sizeOf(shape.slice(0, -1))
    const [long, short] = rows >= columns ? [rows, columns] : [columns, rows]
    const basis = orthonormalVectors(long, short, draws)
    let i = 0
    return () => {
      const [row, column] = [Math.floor(i / columns), i++ % columns]
      return this.gain * (rows >= columns ? basis[column]![row]! : basis[row]![column]!)
    }
  }
  override getConfig(): Config {
    return { seed: this.seed, gain: this.gain }
  }
}

/** `count` orthonormal vectors of `length` numbers: Gram and Schmidt, twice over, on normal draws (R's diagonal is positive so). */
function orthonormalVectors(length: number, count: number, draws: Draws): Float64Array[] {
  const vectors: Float64Array[] = []
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => draws.normal())
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        let dot = 0
        for (let i = 0; i < length; i++) dot += vector[i]! * other[i]!
        for (let i = 0; i < length; i++) vector[i]! -= dot * other[i]!
      }
    }
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
    // A draw that (nearly) depends on the others is drawn again.
    if (norm > 1e-6) vectors.push(vector.map((value) => value / norm))
  }
  return vectors
}
