// The new values of one optimizer step before they are assigned.
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'

/**
 * Later parts of a step see what earlier parts have written, while each Variable is assigned once. Conditions become
 * selections between the new and the old value.
 */
export class PendingValues {
  readonly #values = new Map<Variable, Tensor>()

  read(variable: Variable): Tensor {
    return this.#values.get(variable) ?? variable.value()
  }

  write(variable: Variable, value: Tensor): void {
    this.#values.set(variable, value)
  }

  /** Everything written so far holds only where `condition` (bool scalar) is true. */
  restrictTo(condition: Tensor): void {
    for (const [variable, value] of this.#values)
      this.#values.set(variable, ops.where(condition, value, variable.value()))
  }

  /** Assigns all values, or keeps all old ones where `condition` is false. */
  commit(condition: Tensor | null): void {
    if (condition !== null) this.restrictTo(condition)
    for (const [variable, value] of this.#values) variable.assign(value)
    this.#values.clear()
  }
}
