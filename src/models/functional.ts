// Models given by their symbolic inputs and outputs: the calls in between are replayed, with the arguments they were made with.
import { ArgumentError, problem } from '../errors.ts'
import type { CallKwargs, CallOptions, Layer } from '../layers/layer.ts'
import { isShape, mapNested } from '../layers/nested.ts'
import type { LayerShape, SymbolicShape } from '../layers/nested.ts'
import { isSpec, TensorSpec } from '../layers/output-spec.ts'
import { readShared, writeShared } from '../layers/shared-objects.ts'
import { isSymbolic, isTensorLeaf } from '../layers/symbolic.ts'
import type { InboundNode, LayerValue, SymbolicTensor } from '../layers/symbolic.ts'
import type { Tensor } from '../ops/index.ts'
import type { Config } from '../layers/config.ts'
import { cloneFromInner } from './clone-graph.ts'
import { functionalConfig, functionalFromConfig } from './functional-config.ts'
import { fitSpec, fitTensor, inputKeys, orderInputs } from './functional-inputs.ts'
import { mapGraph } from './graph.ts'
import type { NetworkGraph } from './graph.ts'
import { Model } from './model.ts'
import { Operation } from './operation.ts'
import { flatten, mapTree } from './tree.ts'
import type { Nested } from './tree.ts'

export interface FunctionalOptions {
  /** Symbolic tensors: one, a list, or a dictionary. Inner tensors of another model may be given: the model is cut there. */
  readonly inputs: Nested<SymbolicTensor>
  /** What the model returns, in this structure. */
  readonly outputs: Nested<SymbolicTensor>
  /** Default `functional`, `functional_1`, … */
  readonly name?: string | null
  readonly trainable?: boolean
}

/** A model made of symbolic calls. Made by `model({ inputs, outputs })`. */
export class Functional extends Model {
  static override readonly className: string = 'Functional'
  readonly #inputs: Nested<SymbolicTensor>
  readonly #outputs: Nested<SymbolicTensor>
  readonly #graph: NetworkGraph
  readonly #layers: readonly Layer[]

  /** @throws ArgumentError if the outputs cannot be computed from the inputs, or two layers share a name. */
  constructor(options: FunctionalOptions) {
    super({ name: options.name ?? null, trainable: options.trainable ?? true })
    for (const [what, value] of [['inputs', options.inputs], ['outputs', options.outputs]] as const) requireSymbolic(this.where, what, value) // prettier-ignore
    const ends = cloneFromInner(this.where, options)
    this.#inputs = ends.inputs
    this.#outputs = ends.outputs
    this.#graph = mapGraph(this.where, flatten(ends.inputs), flatten(ends.outputs))
    this.#layers = this.#graph.operations.filter((operation) => !(operation instanceof Operation))
    this.built = true
  }

  /** The symbolic inputs in order. */
  get inputs(): readonly SymbolicTensor[] {
    return flatten(this.#inputs)
  }
  /** The symbolic outputs in order. */
  get outputs(): readonly SymbolicTensor[] {
    return flatten(this.#outputs)
  }
  override get input(): SymbolicTensor | readonly SymbolicTensor[] {
    return single(this.inputs)
  }
  override get output(): SymbolicTensor | readonly SymbolicTensor[] {
    return single(this.outputs)
  }
  /** Inputs and outputs as they were given. */
  get ends(): { readonly inputs: Nested<SymbolicTensor>; readonly outputs: Nested<SymbolicTensor> } {
    return { inputs: this.#inputs, outputs: this.#outputs }
  }
  /** Batch first; a list for several inputs. */
  get inputShape(): SymbolicShape | readonly SymbolicShape[] {
    const shapes = this.inputs.map((input) => input.shape)
    return shapes.length === 1 ? shapes[0]! : shapes
  }
  get outputShape(): SymbolicShape | readonly SymbolicShape[] {
    const shapes = this.outputs.map((output) => output.shape)
    return shapes.length === 1 ? shapes[0]! : shapes
  }
  get inputNames(): string[] {
    return inputKeys(this.#inputs, this.inputs)
  }
  override get asFunctional(): this {
    return this
  }
  /** Names of the layers that make the outputs. */
  override get outputNames(): string[] {
    return this.outputs.map((output) => output.history.operation.name)
  }
  override get outputTypes(): Nested<SymbolicTensor> {
    return this.#outputs
  }
  override get inputCount(): number | null {
    return this.inputs.length
  }
  /** The calls of the model, and their order. */
  override get graph(): NetworkGraph {
    return this.#graph
  }
  override directLayers(): readonly Layer[] {
    return this.#layers
  }
  override get layers(): readonly Layer[] {
    return this.#layers
  }
  override get listsLayers(): boolean {
    return true
  }
  /** Layers and operations without weights, in the order in which the summary lists them. */
  get operations(): readonly Layer[] {
    return this.#graph.operations
  }

  override call(inputs: unknown, _options?: CallOptions): Nested<Tensor> {
    const values = new Map<SymbolicTensor, unknown>()
    const given = orderInputs(this.where, inputs as Nested<Tensor>, this.#inputs, this.inputs)
    this.inputs.forEach((input, i) => values.set(input, fitTensor(this.where, given[i]!, input)))
    return this.#replay(values, (node, argument, kwargs) =>
      node.operation.applyNested(argument, kwargs),
    ) as Nested<Tensor>
  }

  override computeOutputSpec(inputs: Nested<TensorSpec>): Nested<TensorSpec> {
    const values = new Map<SymbolicTensor, unknown>()
    const given = orderInputs(this.where, inputs, this.#inputs, this.inputs)
    this.inputs.forEach((input, i) => values.set(input, fitSpec(this.where, given[i]!, input)))
    if (this.inputs.every((input) => sameShape((values.get(input) as TensorSpec).shape, input.shape)))
      return mapTree(this.#outputs, ({ shape, dtype }) => new TensorSpec(shape, dtype))
    return this.#replay(values, ({ operation }, argument, kwargs) =>
      operation.computeOutputSpec(argument as Nested<TensorSpec>, kwargs),
    ) as Nested<TensorSpec>
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    const specs = specsOf(inputShape)
    return mapNested(this.computeOutputSpec(specs), isSpec, (spec) => spec.shape) as LayerShape
  }

  /** Runs the calls in order; `values` holds what stands for each symbolic tensor. */
  #replay(
    values: Map<SymbolicTensor, unknown>,
    run: (node: InboundNode, argument: unknown, kwargs: CallKwargs) => unknown,
  ): Nested<unknown> {
    const replace = (value: LayerValue): unknown => (isSymbolic(value) ? values.get(value) : value)
    for (const node of this.#graph.order) {
      if (node.outputs.every((output) => values.has(output))) continue
      const argument = mapNested(node.args[0]!, isTensorLeaf, replace)
      const kwargs = Object.fromEntries(
        Object.entries(node.kwargs).map(([key, value]) => [key, isTensorLeaf(value) ? replace(value) : value]),
      )
      const results = flatten(run(node, argument, kwargs))
      node.outputs.forEach((output, i) => values.set(output, results[i]))
    }
    return mapTree(this.#outputs, (output) => values.get(output))
  }

  override getConfig(): Config {
    return writeShared(() => functionalConfig(this))
  }
  override getBuildConfig(): Config | null {
    return { input_shape: null }
  }
  static override fromConfig(config: Config): Functional {
    return readShared(config, (stored) => functionalFromConfig(stored, (options) => new Functional(options)))
  }
}

function single<T>(values: readonly T[]): T | readonly T[] {
  return values.length === 1 ? values[0]! : values
}

function sameShape(a: SymbolicShape, b: SymbolicShape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i])
}

function specsOf(shape: LayerShape): Nested<TensorSpec> {
  if (isShape(shape)) return new TensorSpec(shape, 'float32')
  if (Array.isArray(shape)) return (shape as readonly LayerShape[]).map(specsOf)
  return Object.fromEntries(Object.entries(shape).map(([key, item]) => [key, specsOf(item)]))
}

function requireSymbolic(where: string, what: string, value: unknown): void {
  const leaves = flatten(value)
  if (leaves.length > 0 && leaves.every(isSymbolic)) return
  const wrong = leaves.find((leaf) => !isSymbolic(leaf)) ?? value
  const hint = 'Make inputs with input({ shape }) and outputs by applying layers to them'
  throw new ArgumentError(problem({ where, expected: `symbolic tensors as \`${what}\``, received: wrong, hint }))
}
