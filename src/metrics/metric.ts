// The base class of metrics: state in Variables, updated lazily, so that a training step's metrics are part of its graph.
import { ArgumentError, problem } from '../errors.ts'
import { allocate, type DType, type Shape, sizeOf } from '../graph/types.ts'
import { type Config, optionsOf } from '../initializers/objects.ts'
import { classNameOf } from '../losses/class-name.ts'
import { autoName, toSnakeCase } from '../ops/naming.ts'
import * as ops from '../ops/index.ts'
import { type Tensor, type TensorLike, Variable } from '../ops/index.ts'

/** Whether more is better: what `auto` means in callbacks that watch a metric. */
export type Direction = 'up' | 'down' | null

export interface MetricOptions {
  /** Default: the class name in snake_case, as Keras has it. */
  name?: string
  /** Metrics are computed in float32. */
  dtype?: 'float32'
}

/** What a metric says: one value, or several by name. */
export type MetricResult = Tensor | Record<string, Tensor>

/** A measure that is accumulated over batches. Subclasses create Variables with `addVariable` and write `updateState` and `result`. */
export abstract class Metric {
  /** Under which the result is logged. */
  name: string
  readonly dtype: string = 'float32'
  readonly direction: Direction = null
  readonly #variables: Variable[] = []

  /** @throws ArgumentError for a dtype other than float32. */
  constructor({ name, dtype }: MetricOptions = {}) {
    this.name = name ?? autoName(toSnakeCase(this.className))
    this.checkDType(dtype)
  }

  protected checkDType(dtype: string | null | undefined): void {
    if (dtype === undefined || dtype === null || dtype === 'float32') return
    throw new ArgumentError(problem({ where: this.name, expected: 'dtype float32', received: dtype }))
  }

  /** Keras's class name, under which the metric is stored. */
  get className(): string {
    return classNameOf(this.constructor)
  }

  /** The state. Never part of a model's weights. */
  get variables(): Variable[] {
    return [...this.#variables]
  }

  /** Takes a batch into account. Lazy, like every assignment. */
  abstract updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void

  /** The measure over everything since the last reset; computed when it is read. */
  abstract result(): MetricResult

  /** Forgets everything. */
  resetState(): void {
    for (const variable of this.#variables) variable.assign(zerosOf(variable.shape, variable.dtype))
  }

  /** `updateState`, then `result`. */
  apply(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): MetricResult {
    this.updateState(yTrue, yPred, sampleWeight)
    return this.result()
  }

  /** Keras's config: the constructor's options with keys in snake_case. */
  getConfig(): Config {
    return { name: this.name, dtype: this.dtype }
  }

  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(optionsOf(this.name, config) as never)
  }

  /** A Variable of zeros that belongs to the state. */
  protected addVariable(name: string, shape: Shape = [], dtype: DType = 'float32'): Variable {
    const variable = new Variable(allocate(dtype, sizeOf(shape)), { shape, dtype, trainable: false, name })
    variable.path = `${this.name}/${name}`
    this.#variables.push(variable)
    return variable
  }
}

/** Zeros as data: as a constant, they would make the next step a new graph. */
function zerosOf(shape: Shape, dtype: DType): Tensor {
  return ops.tensor(allocate(dtype, sizeOf(shape)), { shape, dtype })
}
