// One step as a compiled function: nested batches in, named results out; traced once for each structure and batch shape.
import { compileFunction } from '../../ops/index.ts'
import type { CompiledFunction, Tensor } from '../../ops/index.ts'
import { flatten, pack, structureOf } from '../tree.ts'
import type { Nested, Structure } from '../tree.ts'

/** What a step gets: anything nested of tensors. */
export type StepInput = { readonly [name: string]: Nested<Tensor> | undefined }
export type StepBody = (input: StepInput) => Nested<Tensor>

export interface StepRun {
  /** The results, in the structure in which the step returned them. Lazy: reading waits for the run. */
  readonly outputs: Nested<Tensor>
  readonly done: Promise<void>
}

export class StepFunction {
  readonly #body: StepBody
  readonly #label: string
  readonly #eager: boolean
  readonly #functions = new Map<string, CompiledFunction>()
  readonly #structures = new Map<string, Structure>()

  /** `eager` runs the body anew at each step, without a trace kept. */
  constructor(label: string, body: StepBody, eager = false) {
    this.#label = label
    this.#body = body
    this.#eager = eager
  }

  /** Starts a step; do not wait for `done` to prepare the next. */
  run(input: StepInput): StepRun {
    if (this.#eager) {
      const outputs = this.#body(input)
      return { outputs, done: Promise.all(flatten(outputs).map((output) => output.data())).then(() => undefined) }
    }
    const leaves = flatten(input as Nested<Tensor>)
    const structure = structureOf(input)
    const key = JSON.stringify(structure)
    // The structure of the results may depend on the shapes, so it is kept for each of them.
    const signature = `${key} ${leaves.map(({ dtype, shape }) => `${dtype}(${shape.join()})`).join()}`
    let compiled = this.#functions.get(key)
    if (compiled === undefined) {
      compiled = compileFunction((...tensors) => this.#trace(structure, key, tensors), { label: this.#label })
      this.#functions.set(key, compiled)
    }
    const { outputs, done } = compiled.run(...leaves)
    return { outputs: pack(this.#structures.get(signature)!, outputs) ?? [], done }
  }

  /** The plans as text. */
  dump(): string {
    return [...this.#functions.values()].map((compiled) => compiled.dump()).join('\n\n')
  }

  #trace(structure: Structure, key: string, tensors: readonly Tensor[]): Tensor[] {
    const signature = `${key} ${tensors.map(({ dtype, shape }) => `${dtype}(${shape.join()})`).join()}`
    const outputs = this.#body(pack(structure, tensors) as StepInput)
    this.#structures.set(signature, structureOf(outputs))
    return flatten(outputs)
  }
}
