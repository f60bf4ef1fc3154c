// Normalization: (x - mean) / deviation with statistics that are given, or learned from data by `adapt`.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { type Shape, showShape, sizeOf, type TypedArray } from '../graph/types.ts'
import { toTensor } from '../ops/convert.ts'
import * as ops from '../ops/index.ts'
import { Tensor, type TensorLike, type Variable } from '../ops/index.ts'
import { axesOption, numberOption, knownDim, resolveAxis } from './checks.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'

export interface NormalizationOptions extends LayerOptions {
  /** Axes that keep their own statistics; null or [] for one mean of everything. Default -1. */
  readonly axis?: number | readonly number[] | null
  /** Given together with `variance`: then there are no weights. */
  readonly mean?: number | readonly number[] | null
  readonly variance?: number | readonly number[] | null
  /** Undo the normalization instead; default false. */
  readonly invert?: boolean
}

/** Keeps a deviation away from zero (Keras's epsilon). */
const epsilon = 1e-7

/** Weights, unless statistics are given: mean, variance, count (not trainable). */
export class Normalization extends Layer {
  static override readonly className: string = 'Normalization'
  readonly axis: readonly number[]
  readonly givenMean: number | readonly number[] | null
  readonly givenVariance: number | readonly number[] | null
  readonly invert: boolean
  mean: Variable | null = null
  variance: Variable | null = null
  count: Variable | null = null

  constructor(options: NormalizationOptions = {}) {
    super(options)
    const { axis = -1 } = options
    this.axis = axis === null ? [] : [axesOption(this.where, 'axis', axis)].flat()
    this.givenMean = options.mean ?? null
    this.givenVariance = options.variance ?? null
    this.invert = options.invert ?? false
    if ((this.givenMean === null) !== (this.givenVariance === null))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`mean` and `variance` both or neither',
          received: { mean: this.givenMean, variance: this.givenVariance },
        }),
      )
    for (const mean of [this.givenMean ?? []].flat()) numberOption(this.where, 'mean', mean)
    for (const variance of [this.givenVariance ?? []].flat()) numberOption(this.where, 'variance', variance, 0)
  }

  /** The axes that stay, sorted. */
  #kept(rank: number): number[] {
    return this.axis.map((axis) => resolveAxis(this.where, axis, rank)).sort((a, b) => a - b)
  }

  override build(inputShape: SymbolicShape): void {
    const kept = this.#kept(inputShape.length)
    const shape = kept.map((axis) => knownDim(this.where, inputShape, axis))
    this.inputSpec = {
      ndim: inputShape.length,
      axes: Object.fromEntries(kept.map((axis, i) => [axis, shape[i]!])),
    }
    if (this.givenMean !== null) return
    this.mean = this.addWeight({ name: 'mean', shape, initializer: 'zeros', trainable: false })
    this.variance = this.addWeight({ name: 'variance', shape, initializer: 'ones', trainable: false })
    this.count = this.addWeight({ name: 'count', shape: [], dtype: 'int32', initializer: 'zeros', trainable: false })
  }

  override call(inputs: Tensor): Tensor {
    const x = toFloat(inputs)
    const kept = this.#kept(x.rank)
    const spread = x.shape.map((dim, axis) => (kept.includes(axis) ? dim : 1))
    const mean = this.#statistic(this.givenMean, this.mean, spread)
    const variance = this.#statistic(this.givenVariance, this.variance, spread)
    const deviation = ops.maximum(ops.sqrt(variance), epsilon)
    if (this.invert) return ops.add(mean, ops.multiply(x, deviation))
    return ops.divide(ops.subtract(x, mean), deviation)
  }

  #statistic(given: number | readonly number[] | null, weight: Variable | null, spread: readonly number[]): Tensor {
    if (given === null) return ops.reshape(weight!, [...spread])
    const values = ops.tensor(given)
    return values.size === 1 ? ops.reshape(values, []) : ops.reshape(values, [...spread])
  }

  /**
   * Learns mean and biased variance from all of `data`: a tensor, or batches of them one after another (a Dataset of pictures
   * alone). What was learned before is forgotten.
   * @throws ArgumentError if the statistics were given, or the data is empty or not made of tensors.
   */
  async adapt(data: TensorLike | AsyncIterable<TensorLike> | Iterable<TensorLike>): Promise<void> {
    if (this.givenMean !== null)
      throw new ArgumentError(
        problem({ where: this.where, expected: 'a layer without given statistics to adapt', received: 'given `mean`' }),
      )
    const isNothing = data === undefined || data === null || typeof data === 'string'
    if (isNothing || (data as unknown) instanceof Promise || (Array.isArray(data) && data.length === 0))
      throw new ArgumentError(
        problem({ where: `${this.where}, adapt`, expected: 'a tensor, numbers, or batches of them', received: data }),
      )
    const running = new RunningStatistics()
    for await (const batch of batchesOf(data)) {
      const { values, shape } = await this.#host(batch)
      if (!this.built) this.build(shape)
      const kept = this.#kept(shape.length)
      const sizes = kept.map((axis) => shape[axis]!)
      if (showShape(sizes) !== showShape(this.mean!.shape))
        throw new ShapeError(
          problem({
            where: this.where,
            expected: `data with statistics of shape ${showShape(this.mean!.shape)}`,
            received: `shape ${showShape(shape)}`,
          }),
        )
      running.add(values, shape, kept)
    }
    if (running.count === 0)
      throw new ArgumentError(problem({ where: this.where, expected: 'data to adapt to', received: 'no batch' }))
    const { shape } = this.mean!
    this.mean!.assign(ops.tensor(Float32Array.from(running.mean), { shape }))
    this.variance!.assign(ops.tensor(Float32Array.from(running.variance), { shape }))
    // `count` stays 0, as Keras leaves it: it exists for the sake of old files.
  }

  async #host(batch: TensorLike): Promise<{ values: TypedArray; shape: Shape }> {
    if (Array.isArray(batch) && batch.some((item) => item instanceof Tensor))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'batches that are single tensors',
          received: `a batch of ${batch.length} parts`,
          hint: 'Drop the labels first: dataset.map(([x]) => x)',
        }),
      )
    const value = toTensor(batch, undefined, `${this.where}, adapt`)
    return { values: await value.data(), shape: value.shape }
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: [...this.axis],
      invert: this.invert,
      mean: this.givenMean,
      variance: this.givenVariance,
    }
  }
}

async function* batchesOf(
  data: TensorLike | AsyncIterable<TensorLike> | Iterable<TensorLike>,
): AsyncGenerator<TensorLike, void, undefined> {
  const isObject = typeof data === 'object' && data !== null
  if (isObject && Symbol.asyncIterator in data) yield* data
  else if (isObject && Symbol.iterator in data && !Array.isArray(data) && !ArrayBuffer.isView(data))
    yield* data as Iterable<TensorLike>
  else if (Array.isArray(data) && data.some((item) => item instanceof Tensor)) yield* data as TensorLike[]
  else yield data as TensorLike
}

/** Mean and biased variance over batches, in double precision (Chan, Golub and LeVeque's pairwise update). */
class RunningStatistics {
  /** Values that went into each mean so far. */
  count = 0
  mean = new Float64Array(0)
  variance = new Float64Array(0)

  add(values: TypedArray, shape: Shape, kept: readonly number[]): void {
    const groups = sizeOf(kept.map((axis) => shape[axis]!))
    const count = values.length / groups
    if (count === 0) return
    const group = groupIndex(shape, kept)
    const mean = new Float64Array(groups)
    const variance = new Float64Array(groups)
    for (let i = 0; i < values.length; i++) mean[group[i]!]! += values[i]! / count
    for (let i = 0; i < values.length; i++) variance[group[i]!]! += (values[i]! - mean[group[i]!]!) ** 2 / count
    if (this.count === 0) {
      this.mean = mean
      this.variance = variance
    } else {
      const weight = count / (this.count + count)
      for (let g = 0; g < groups; g++) {
        const [oldMean, oldVariance] = [this.mean[g]!, this.variance[g]!]
        const total = oldMean * (1 - weight) + mean[g]! * weight
        this.variance[g] =
          (oldVariance + (oldMean - total) ** 2) * (1 - weight) + (variance[g]! + (mean[g]! - total) ** 2) * weight
        this.mean[g] = total
      }
    }
    this.count += count
  }
}

/** For each element, which of the statistics it belongs to. */
function groupIndex(shape: Shape, kept: readonly number[]): Int32Array {
  const index = new Int32Array(sizeOf(shape))
  let repeat = 1
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dim = shape[axis]!
    if (kept.includes(axis)) {
      for (let i = 0; i < index.length; i++) index[i]! += (Math.floor(i / repeat) % dim) * stride
      stride *= dim
    }
    repeat *= dim
  }
  return index
}
