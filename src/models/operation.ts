// Graph nodes that are plain operations, not layers: Keras' `x * 0.5 + y` and `ops.relu(x)` on symbolic tensors.
import { ArgumentError, FormatError, problem } from '../errors.ts'
import type { Config } from '../layers/config.ts'
import { Layer } from '../layers/layer.ts'
import type { CallOptions } from '../layers/layer.ts'
import { isSymbolic, isTensorLeaf } from '../layers/symbolic.ts'
import type { InboundNode, SymbolicTensor } from '../layers/symbolic.ts'
import { tensor } from '../ops/index.ts'
import type { NestedData, Tensor } from '../ops/index.ts'
import { autoName, toSnakeCase } from '../ops/naming.ts'
import { dtypeOption } from './operation-rules.ts'
import { operationTable } from './operation-table.ts'
import { isDict } from './tree.ts'
import type { Nested } from './tree.ts'

/** A place in the arguments where a symbolic tensor goes. */
const hole = Symbol('tensor')

/** The arguments of one call without its tensors. It goes with the call through the graph, as its only keyword argument. */
interface Template {
  readonly args: readonly unknown[]
  readonly kwargs: Config
}

export interface OperationOptions {
  /** Keras' class name: `Add`, `Multiply`, `Relu`, `Concatenate`, … */
  readonly className: string
  readonly name?: string | null
  /** Attributes with Keras' keys, e.g. `{ axis: -1 }`. */
  readonly attributes?: Config
}

/** An operation without weights. It belongs to the graph, but not to `model.layers`. */
export class Operation extends Layer {
  static override readonly className: string = 'Operation'
  readonly #className: string
  readonly #attributes: Config

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
  /** The arguments of a call as Keras stores them, `place` standing where a tensor was. */
  storedCall(node: InboundNode, place: (tensor: SymbolicTensor) => unknown): { args: unknown[]; kwargs: Config } {
    const { args, kwargs } = node.kwargs.template as Template
    let next = 0
    const filled = fill([args, kwargs], () => place(node.inputs[next++]!), (value) => refuseTensor(this.where, value)) as [unknown[], Config] // prettier-ignore
    return { args: filled[0], kwargs: filled[1] }
  }

  /**
   * Applies the operation to arguments as Keras takes them: tensors, numbers, lists of them, and what Keras stores for slices and
   * constants. A few operations (Split, Unstack, TopK) give a list.
   */
  applyTo(args: readonly unknown[], kwargs: Config = {}): Nested<SymbolicTensor> {
    const tensors: SymbolicTensor[] = []
    const [first, rest] = punch([args, kwargs], tensors) as [unknown[], Config]
    if (tensors.length === 0) {
      throw new ArgumentError(
        problem({ where: this.where, expected: 'a symbolic tensor among the arguments', received: args }),
      )
    }
    return this.applyNested(tensors, { template: { args: first, kwargs: rest } }) as Nested<SymbolicTensor>
  }

  override call(inputs: unknown, { template }: CallOptions): Tensor | readonly Tensor[] {
    const tensors = inputs as readonly Tensor[]
    let next = 0
    const { args, kwargs } = template as Template
    const [first, rest] = fill([args, kwargs], () => tensors[next++], asIs, constantOf) as [unknown[], Config]
    return operationTable[this.#className]!.run(first, { ...this.#attributes, ...rest })
  }

  override getConfig(): Config {
    return { name: this.name, ...this.#attributes }
  }
}

/**
 * Applies an operation by Keras' class name, e.g. `applyOperation('Add', [x, y])` for `x + y`.
 * @throws ArgumentError for operations that give several tensors: `new Operation({ className }).applyTo(args)` returns them.
 */
export function applyOperation(
  className: string,
  args: readonly unknown[],
  options: Omit<OperationOptions, 'className'> = {},
): SymbolicTensor {
  const operation = new Operation({ className, ...options })
  const result = operation.applyTo(args)
  if (isSymbolic(result)) return result
  const hint = 'Take new Operation({ className }).applyTo(args), which returns the list'
  throw new ArgumentError(problem({ where: operation.where, expected: 'one result', received: 'a list of them', hint }))
}

function punch(value: unknown, tensors: SymbolicTensor[]): unknown {
  if (isSymbolic(value)) {
    tensors.push(value)
    return hole
  }
  if (Array.isArray(value)) return value.map((item) => punch(item, tensors))
  if (!isDict(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, punch(item, tensors)]))
}

/** The arguments with `next` in the holes; `leaf` and `dict` may replace other values. */
function fill(
  value: unknown,
  next: () => unknown,
  leaf: (value: unknown) => unknown,
  dict: (value: Config) => unknown = () => null,
): unknown {
  if (value === hole) return next()
  if (Array.isArray(value)) return value.map((item) => fill(item, next, leaf, dict))
  if (!isDict(value)) return leaf(value)
  const replaced = dict(value)
  if (replaced !== null) return replaced
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, next, leaf, dict)]))
}

function asIs(value: unknown): unknown {
  return value
}

/** A constant of the graph, as Keras stores it; null for anything else. */
function constantOf({ class_name: className, config }: Config): Tensor | null {
  if ((className !== '__tensor__' && className !== '__numpy__') || !isDict(config)) return null
  return tensor(config.value as NestedData, { dtype: dtypeOption(config.dtype) ?? 'float32' })
}

/** The values of a tensor are not known while a config is written. */
function refuseTensor(where: string, value: unknown): unknown {
  if (!isTensorLeaf(value)) return value
  const hint = "Give numbers, lists of numbers or { class_name: '__tensor__', config: { value, dtype } }"
  const received = 'a concrete tensor among the arguments'
  throw new FormatError(problem({ where: `config of ${where}`, expected: 'constants whose values are known', received, hint })) // prettier-ignore
}
