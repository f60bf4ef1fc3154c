// Graph nodes that are plain operations, not layers: Keras' `x * 0.5 + y` and `ops.relu(x)` on symbolic tensors.
import { ArgumentError, problem } from '../errors.ts'
import type { Config } from '../layers/config.ts'
import { Layer } from '../layers/layer.ts'
import { isSymbolic } from '../layers/symbolic.ts'
import type { SymbolicTensor } from '../layers/symbolic.ts'
import type { Tensor } from '../ops/index.ts'
import { autoName, toSnakeCase } from '../ops/naming.ts'
import { operationTable } from './operation-table.ts'

/** A place in the arguments where a symbolic tensor goes. */
const hole = Symbol('tensor')
type Argument = unknown

export interface OperationOptions {
  /** Keras' class name: `Add`, `Multiply`, `Relu`, `Concatenate`, … */
  readonly className: string
  readonly name?: string | null
  /** Attributes with Keras' keys, e.g. `{ axis: -1 }`. */
  readonly attributes?: Config
}

/** An operation without weights. It belongs to the graph, but not to `model.layers`. One call each. */
export class Operation extends Layer {
  static override readonly className: string = 'Operation'
  readonly #className: string
  readonly #attributes: Config
  #template: readonly Argument[] = []

  /** @throws ArgumentError for an operation that is not known. */
  constructor({ className, name, attributes = {} }: OperationOptions) {
    if (!Object.hasOwn(operationTable, className)) {
      const expected = `one of ${Object.keys(operationTable).join(', ')}`
      throw new ArgumentError(problem({ where: 'operation', expected, received: className }))
    }
    super({ name: name ?? autoName(toSnakeCase(className)) })
    this.#className = className
    this.#attributes = attributes
  }

  override get className(): string {
    return this.#className
  }
  /** Where Keras keeps the class. */
  get module(): string {
    return operationTable[this.#className]!.module
  }
  /** The positional arguments of its call, `place` standing where a tensor was. */
  argumentsWith(place: (index: number) => unknown): unknown[] {
    let next = 0
    return this.#template.map((argument) => fill(argument, () => place(next++)))
  }

  /** Applies the operation to positional arguments as Keras takes them: tensors, numbers, or lists of them. */
  applyTo(...args: readonly unknown[]): SymbolicTensor {
    const tensors: SymbolicTensor[] = []
    this.#template = args.map((argument) => punch(argument, tensors))
    if (tensors.length === 0) {
      throw new ArgumentError(
        problem({ where: this.where, expected: 'a symbolic tensor among the arguments', received: args }),
      )
    }
    return this.apply(tensors)
  }

  override call(inputs: unknown): Tensor {
    const tensors = (Array.isArray(inputs) ? inputs : [inputs]) as Tensor[]
    const args = this.argumentsWith((index) => tensors[index])
    return operationTable[this.#className]!.run(args as never, this.#attributes)
  }

  override getConfig(): Config {
    return { name: this.name, ...this.#attributes }
  }
}

/** Applies an operation by Keras' class name, e.g. `applyOperation('Add', [x, y])` for `x + y`. */
export function applyOperation(
  className: string,
  args: readonly unknown[],
  options: Omit<OperationOptions, 'className'> = {},
): SymbolicTensor {
  return new Operation({ className, ...options }).applyTo(...args)
}

function punch(argument: unknown, tensors: SymbolicTensor[]): Argument {
  if (isSymbolic(argument)) {
    tensors.push(argument)
    return hole
  }
  return Array.isArray(argument) ? argument.map((item) => punch(item, tensors)) : argument
}

function fill(argument: Argument, next: () => unknown): unknown {
  if (argument === hole) return next()
  return Array.isArray(argument) ? argument.map((item) => fill(item, next)) : argument
}
