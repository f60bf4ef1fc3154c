// The base class of learning-rate schedules: a function of the optimizer's step.
import { ArgumentError, problem } from '../errors.ts'
import { type Config, optionsOf } from '../initializers/objects.ts'
import { classNameOf } from '../losses/class-name.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'

export interface ScheduleOptions {
  /** Default: Keras's name of the schedule. */
  name?: string
}

/** A learning rate that depends on the number of steps made. Computed in float32 inside of the training step. */
export abstract class LearningRateSchedule {
  readonly name: string

  constructor({ name }: ScheduleOptions = {}) {
    if (name !== undefined && name !== null && typeof name !== 'string')
      throw new ArgumentError(problem({ where: this.className, expected: '`name` to be a text', received: name }))
    this.name = name ?? this.className
  }

  /** Keras's class name, under which the schedule is stored. */
  get className(): string {
    return classNameOf(this.constructor)
  }

  /** The rate at a step (float32 scalar, 0 for the first one). */
  abstract call(step: Tensor): Tensor

  /** The rate at any step, e.g. an optimizer's `iterations`. */
  apply(step: TensorLike): Tensor {
    return this.call(ops.cast(step, 'float32'))
  }

  /** The rate at a step, as a number. */
  async at(step: number): Promise<number> {
    if (typeof step === 'number' && !(step >= 0))
      throw new ArgumentError(problem({ where: `${this.name}.at`, expected: 'a step from 0 on', received: step }))
    return this.apply(step).item()
  }

  /** Keras's config: the constructor's options with keys in snake_case. A class with options of its own adds them. */
  getConfig(): Config {
    return { name: this.name }
  }

  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(optionsOf(this.name, config) as never)
  }
}

/** A schedule made of a function of the step (float32 scalar). It becomes part of the training step's graph. */
export class FunctionSchedule extends LearningRateSchedule {
  static readonly className: string = 'FunctionSchedule'
  readonly fn: (step: Tensor) => Tensor

  constructor(fn: (step: Tensor) => Tensor, options: ScheduleOptions = {}) {
    super(options)
    this.fn = fn
  }

  override call(step: Tensor): Tensor {
    return this.fn(step)
  }

  /** A function cannot be stored: what reads this config must know a schedule of this name. */
  override getConfig(): Config {
    return { name: this.name }
  }
}

/** @throws ArgumentError unless `value` is above zero. */
export function requirePositive(where: string, option: string, value: number): number {
  if (value > 0) return value
  throw new ArgumentError(problem({ where, expected: `${option} above 0`, received: value }))
}
