// What a model is busy with; refuses what the table of rules does not allow meanwhile.
import { ArgumentError, problem } from '../../errors.ts'
import { methodRules } from './misuse.ts'
import type { GuardedMethod, MethodRules, ModelState } from './misuse.ts'

const doing: Readonly<Record<ModelState, string>> = {
  rest: 'one at rest',
  batches: 'one in fit',
  between: 'one in fit',
  evaluating: 'one in evaluate',
}

export class Activity {
  #state: ModelState = 'rest'

  get state(): ModelState {
    return this.#state
  }

  /** Goes into a state. Returns what leads back. */
  enter(state: ModelState): () => void {
    const before = this.#state
    this.#state = state
    return () => {
      this.#state = before
    }
  }

  /** @throws ArgumentError if the model is at work that does not go together with `method`. */
  check(where: string, method: GuardedMethod): void {
    const rules: MethodRules = methodRules[method]
    if (!rules.refusedIn.includes(this.#state)) return
    const hint =
      method === 'evaluate' && this.#state === 'batches' ? 'Evaluate in onEpochEnd, or after fit' : 'Wait for it to end'
    const expected = 'a model at rest'
    throw new ArgumentError(problem({ where: `${method} of ${where}`, expected, received: doing[this.#state], hint }))
  }
}
