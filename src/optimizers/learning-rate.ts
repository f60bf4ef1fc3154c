// The learning rate of an optimizer: a settable number in a Variable, or a schedule.
import { ArgumentError, problem } from '../errors.ts'
import { isSerializedObject, type SerializedObject } from '../initializers/objects.ts'
import * as ops from '../ops/index.ts'
import { type Tensor, type TensorLike, Variable } from '../ops/index.ts'
import { isClass } from '../platform/arguments.ts'
import { deserialize, FunctionSchedule, LearningRateSchedule } from '../schedules/index.ts'

/** A number, a schedule, or a function of the step (float32 scalar tensor) that gives a scalar tensor. */
export type LearningRate = number | LearningRateSchedule | ((step: Tensor) => Tensor)

/** A scalar Variable that also knows its value on the host, so that reading a learning rate needs no waiting. */
export class LearningRateVariable extends Variable {
  #host: number | null

  constructor(rate: number, name: string) {
    super(rate, { name: 'learning_rate', dtype: 'float32', trainable: false })
    this.path = `${name}/learning_rate`
    this.#host = Math.fround(rate)
  }

  override assign(value: TensorLike): void {
    const host = hostNumber(value)
    // Given as data rather than as a constant of the graph, so that the next step is not a new graph.
    super.assign(host === null ? value : ops.tensor(Float32Array.of(host), { shape: [] }))
    this.#host = host === null ? null : Math.fround(host)
  }

  /** @throws ArgumentError if the last assigned value was computed and not yet read. */
  get host(): number {
    if (this.#host !== null) return this.#host
    throw new ArgumentError(
      problem({
        where: 'learningRate',
        expected: 'a rate that was set to a number',
        received: 'a tensor',
        hint: 'Use await optimizer.currentLearningRate()',
      }),
    )
  }
}

function hostNumber(value: TensorLike): number | null {
  if (typeof value === 'number') return value
  if (ArrayBuffer.isView(value)) {
    const numbers = Array.from(value as unknown as ArrayLike<number>)
    return numbers.length === 1 ? numbers[0]! : null
  }
  return null
}

/**
 * A learning rate as given by the user or read from a stored config.
 * @throws ArgumentError for anything that is no learning rate.
 */
export function checkLearningRate(
  where: string,
  value: LearningRate | SerializedObject,
): number | LearningRateSchedule {
  if (value instanceof LearningRateSchedule) return value
  if (typeof value === 'function' && !isClass(value)) return new FunctionSchedule(value)
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  if (isSerializedObject(value)) return deserialize(value)
  throw new ArgumentError(
    problem({
      where,
      expected: 'learningRate: a number of at least 0, a schedule or a function of the step',
      received: value,
    }),
  )
}
