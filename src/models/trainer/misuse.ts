// What a model allows in which state: the table that the code obeys, the tests walk through and the documentation prints.

/** What the model is doing. In callbacks between two epochs, fit is `between`; in those around batches, `batches`. */
export type ModelState = 'rest' | 'batches' | 'between' | 'evaluating'

export interface MethodRules {
  /** Refused with an ArgumentError in these states; allowed in all others. */
  readonly refusedIn: readonly ModelState[]
  /** Refused before compile. */
  readonly needsCompile: boolean
  /** Refused before the model has weights. */
  readonly needsBuilt: boolean
  /** Why, and what happens where it is allowed. */
  readonly note: string
}

const busy = ['batches', 'between', 'evaluating'] as const
const metricsInUse = ['batches', 'evaluating'] as const

export const methodRules = {
  fit: { refusedIn: busy, needsCompile: true, needsBuilt: false, note: 'One training at a time; two models may train at once, step by step in turn.' },
  evaluate: { refusedIn: metricsInUse, needsCompile: true, needsBuilt: false, note: 'Training and evaluation share the metrics; between two epochs they are free.' },
  trainOnBatch: { refusedIn: busy, needsCompile: true, needsBuilt: false, note: 'Would change the optimizer under the running training. Calls that are not awaited are queued.' },
  testOnBatch: { refusedIn: busy, needsCompile: true, needsBuilt: false, note: 'Would reset the metrics of the running training.' },
  predict: { refusedIn: [], needsCompile: false, needsBuilt: false, note: 'Runs between two steps, with the weights of that moment.' },
  predictOnBatch: { refusedIn: [], needsCompile: false, needsBuilt: false, note: 'As predict.' },
  compile: { refusedIn: busy, needsCompile: false, needsBuilt: false, note: 'The optimizer cannot be changed under the running training.' },
  add: { refusedIn: busy, needsCompile: false, needsBuilt: false, note: 'The layers of a Sequential cannot be changed while it is at work. Afterwards its steps are traced anew.' },
  pop: { refusedIn: busy, needsCompile: false, needsBuilt: false, note: 'As add.' },
  saveWeights: { refusedIn: [], needsCompile: false, needsBuilt: true, note: 'Stores the weights of one moment, between two steps.' },
  save: { refusedIn: [], needsCompile: false, needsBuilt: true, note: 'As saveWeights, with the optimizer.' },
  loadWeights: { refusedIn: [], needsCompile: false, needsBuilt: true, note: 'Takes effect with the next step. If anything does not fit, nothing is changed.' },
  saveCheckpoint: { refusedIn: [], needsCompile: false, needsBuilt: true, note: 'Stores the state of one moment, between two steps.' },
  loadCheckpoint: { refusedIn: busy, needsCompile: false, needsBuilt: true, note: 'Would change the optimizer under the running training. If anything does not fit, nothing is changed.' },
  summary: { refusedIn: [], needsCompile: false, needsBuilt: false, note: 'Reads no values; what is not built has no shape yet.' },
} as const satisfies Record<string, MethodRules> // prettier-ignore

export type GuardedMethod = keyof typeof methodRules

/** Further misuse and what comes of it: no method is refused, but somebody should know. */
export const otherMisuse = [
  { misuse: '`trainable` changed after compile', outcome: 'warning', note: 'Training goes on as it was compiled; call compile() again.' },
  { misuse: 'data that ends before `stepsPerEpoch`', outcome: 'warning', note: 'The epoch ends there; the next one begins a new pass.' },
  { misuse: 'a generator for more epochs than it lasts', outcome: 'warning', note: 'Training ends with the last full epoch.' },
  { misuse: 'an infinite dataset without steps', outcome: 'error', note: 'ArgumentError before the first step.' },
  { misuse: 'an empty dataset or array', outcome: 'error', note: 'ArgumentError before the first step.' },
  { misuse: 'arrays of different lengths', outcome: 'error', note: 'ArgumentError that lists the lengths.' },
  { misuse: 'inputs or labels of a wrong shape', outcome: 'error', note: 'ShapeError before the first step; nothing has been changed.' },
  { misuse: 'labels that are no numbers', outcome: 'error', note: 'ArgumentError before the first step.' },
  { misuse: 'a class number outside of the classes', outcome: 'error', note: 'EngineError that names the number; the step changes nothing.' },
  { misuse: 'labels missing for an output with a loss', outcome: 'error', note: 'ArgumentError that names the output.' },
  { misuse: 'a loss that is NaN', outcome: 'allowed', note: 'Training goes on; History holds NaN. callbacks.terminateOnNaN() ends it.' },
  { misuse: 'an error in a callback or in the data', outcome: 'error', note: 'fit rejects with it; the weights are those after the last step, the model is at rest.' },
  { misuse: 'an aborted signal', outcome: 'error', note: 'AbortError after the running step; onTrainEnd is not called, so that backups stay.' },
  { misuse: 'no trainable weights', outcome: 'warning', note: 'Losses and metrics are computed, nothing is updated.' },
] as const satisfies readonly { misuse: string; outcome: 'warning' | 'error' | 'allowed'; note: string }[] // prettier-ignore
