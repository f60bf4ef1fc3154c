// The base class of all layers: weights, building, the symbolic and the eager call, and the config.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { type DType, showShape, type TypedArray } from '../graph/types.ts'
import { toTensor } from '../ops/convert.ts'
import { type Tensor, type TensorLike, Variable } from '../ops/index.ts'
import * as ops from '../ops/index.ts'
import { get as getRegularizer, type Regularizer } from '../regularizers/index.ts'
import { enclosingTraining, isEntryCall, withinCall, withinName } from './call-context.ts'
import { type Config, dtypePolicy, fromKeras } from './config.ts'
import { checkCallOptions, requireLayerShape, requireLoss } from './call-checks.ts'
import { checkInput, type InputSpec } from './input-spec.ts'
import { flatten, isShape, type LayerShape, mapNested, type Nested, type SymbolicShape } from './nested.ts'
import { isSpec, TensorSpec, traceOutputSpec } from './output-spec.ts'
import {
  type InboundNode, isSymbolic, isTensor, isTensorLeaf, type LayerValue, shapesOf, SymbolicTensor,
} from './symbolic.ts' // prettier-ignore
import { type LayerOptions, WeightOwner } from './weight-owner.ts'

export type { LayerOptions, WeightOptions } from './weight-owner.ts'

/** Keyword arguments of a call. An explicit null counts as not given. */
export type CallKwargs = Readonly<Record<string, unknown>> & { readonly training?: boolean | null }
/** What `call` gets besides its inputs: the resolved training flag and every other keyword argument. */
export type CallOptions = Readonly<Record<string, unknown>> & { readonly training: boolean }

/** The class side of a layer, as the registry and `fromConfig` use it. */
export interface LayerClass {
  readonly className: string
  readonly name: string
  fromConfig(config: Config): Layer
}

/**
 * Base class of layers. A layer of your own extends it, makes weights in `build(inputShape)` with `addWeight`, computes in
 * `call(inputs, { training })`, and is used with `apply`. Sub-layers are found among its own properties (also in arrays), in the
 * order of assignment; what is hidden in `#private` fields must be given to `track`.
 */
export abstract class Layer extends WeightOwner {
  /** The training flag where neither the call nor an enclosing call gives one; null acts as false. */
  static readonly defaultTraining: boolean | null = null

  /** Demands on the inputs (one entry for each); checked before every call. */
  inputSpec: InputSpec | readonly InputSpec[] | null = null
  /** The shape that the layer was built for; null before. */
  builtInputShape: LayerShape | null = null

  readonly #activityRegularizer: Regularizer | null
  readonly #inboundNodes: InboundNode[] = []
  #losses: Tensor[] = []

  /** @throws ArgumentError for a name with `/` or a `trainable` that is not a boolean. */
  constructor(options: LayerOptions = {}) {
    super(options)
    this.#activityRegularizer = getRegularizer(options.activityRegularizer)
    // `build` is wrapped once for each layer, so that a direct call also opens the name scope and records the shape.
    const build = this.build.bind(this)
    Object.defineProperty(this, 'build', { value: (shape: LayerShape) => this.#build(build, shape), enumerable: false })
  }

  // ---- What a subclass defines ----------------------------------------------------------------------------------------

  /** Makes the weights for inputs of this shape. Runs once, before the first call. */
  build(inputShape: LayerShape): void {
    void inputShape
  }

  /** Computes the outputs. Must be synchronous and, apart from assigning Variables, pure. */
  abstract call(inputs: unknown, options: CallOptions): unknown

  /** Shape of the output(s). The default traces `call` with two batch sizes. */
  computeOutputShape(inputShape: LayerShape): LayerShape {
    return shapesOfSpecs(this.#traceSpec(specsOf(inputShape, this.dtype)))
  }

  /** Type of the outputs given the inputs' types; used with `computeOutputShape`. Default: the layer's own dtype. */
  protected outputDtype(inputDtypes: readonly DType[]): DType {
    void inputDtypes
    return this.dtype
  }

  /** True if `call` takes a second parameter, and so can see the training flag. */
  get supportsTraining(): boolean {
    return this.call.length >= 2
  }

  /** Names and options, in Keras's keys; `fromConfig` gives an equal layer without the weights. */
  getConfig(): Config {
    const config: Config = { name: this.name, trainable: this.trainable, dtype: dtypePolicy(this.dtype) }
    if (this.#activityRegularizer !== null) config.activity_regularizer = this.#activityRegularizer.serialize()
    return config
  }

  /** A new layer from what `getConfig` gave. */
  static fromConfig(config: Config): Layer {
    return new (this as unknown as new (options: Record<string, unknown>) => Layer)(fromKeras(config))
  }

  /** Sub-layers in order; models give their graph's order instead. */
  override directLayers(): readonly Layer[] {
    return super.directLayers() as readonly Layer[]
  }

  // ---- Losses ---------------------------------------------------------------------------------------------------------

  /** Adds a scalar to the loss of the running call. Gone when the next outermost call begins. */
  addLoss(loss: Tensor): void {
    requireLoss(this.where, loss)
    this.#losses.push(loss)
  }

  /** Own losses, those of the sub-layers, then one penalty for each trainable weight with a regularizer. */
  get losses(): Tensor[] {
    const penalties = this.trainableWeights.flatMap((variable) =>
      variable.regularizer === null ? [] : [variable.regularizer(variable.value())],
    )
    return [...this.#callLosses(), ...penalties]
  }
  #callLosses(): Tensor[] {
    return [...this.#losses, ...this.directLayers().flatMap((layer) => layer.#callLosses())]
  }
  #clearLosses(): void {
    this.#losses = []
    for (const layer of this.directLayers()) layer.#clearLosses()
  }

  // ---- Building -------------------------------------------------------------------------------------------------------

  #build(build: (shape: LayerShape) => void, shape: LayerShape): void {
    if (this.building) return build(shape)
    requireLayerShape(`${this.where}, build`, shape)
    this.building = true
    const made = this.ownVariables
    const before = { trainable: made.trainable.length, nonTrainable: made.nonTrainable.length }
    try {
      const there = new Set(this.trainable ? [] : this.directLayers())
      withinName(this, this.name, () => build(shape))
      // What a frozen layer makes within itself is frozen, as its own weights are.
      if (!this.trainable) for (const inner of this.directLayers()) if (!there.has(inner)) inner.trainable = false
      this.builtInputShape = ops.inTrace() ? anyBatch(shape) : shape
      this.built = true
    } catch (error) {
      this.keepFirstWeights(before)
      throw error
    } finally {
      this.building = false
    }
  }

  /** The shapes that Keras stores to rebuild the layer; null for a layer without a `build` of its own. */
  getBuildConfig(): Config | null {
    if (!this.built || this.builtInputShape === null || !this.recordsBuild) return null
    return { input_shape: this.builtInputShape }
  }
  /** @internal True if the stored form of the layer, and a summary, says what it was built for. */
  get recordsBuild(): boolean {
    const prototype = Object.getPrototypeOf(this) as Layer
    return prototype.build !== Layer.prototype.build
  }
  /** Builds the layer from what `getBuildConfig` gave, if it is not built. */
  buildFromConfig(config: Config): void {
    const shape = config.input_shape as LayerShape | null | undefined
    if (!this.built && shape !== null && shape !== undefined) this.build(shape)
  }

  // ---- Calling --------------------------------------------------------------------------------------------------------

  /** Applies the layer: symbolic inputs give symbolic outputs, tensors give tensors. See `applyNested` for several outputs. */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[], kwargs?: CallKwargs): SymbolicTensor
  apply(inputs: Tensor | Variable | TypedArray | readonly Tensor[], kwargs?: CallKwargs): Tensor
  apply<V extends LayerValue>(inputs: V | readonly V[] | Readonly<Record<string, V>>, kwargs?: CallKwargs): V
  apply(inputs: unknown, kwargs: CallKwargs = {}): unknown {
    return this.applyNested(inputs, kwargs)
  }

  /** As `apply`, typed for every structure of inputs and outputs, e.g. `applyNested<[Tensor, Tensor]>(x)`. */
  applyNested<T extends Nested<LayerValue> = Nested<LayerValue>>(inputs: unknown, kwargs: CallKwargs = {}): T {
    return this.#apply(inputs, kwargs) as T
  }

  #apply(inputs: unknown, kwargs: CallKwargs): Nested<LayerValue> {
    checkCallOptions(this.where, kwargs)
    const values = this.#toValues(inputs)
    const given = Object.values(kwargs).filter(isTensorLeaf)
    const leaves = [...flatten(values, isTensorLeaf), ...given]
    if (isEntryCall()) this.#clearLosses()
    this.#checkInputs(values)
    if (!this.built) this.build(shapesOf(values))
    // A layer may refine its demands while it is built.
    this.#checkInputs(values)
    if (leaves.some(isSymbolic)) return this.#applySymbolic(values, kwargs, leaves.filter(isSymbolic))
    const training = kwargs.training ?? enclosingTraining() ?? (this.constructor as typeof Layer).defaultTraining
    return this.#run(values, kwargs, training)
  }

  #run(values: Nested<LayerValue>, kwargs: CallKwargs, training: boolean | null): Nested<Tensor> {
    const outputs = this.#named(() =>
      withinCall(this, training, () =>
        withinName(this, this.name, () => this.call(values, { ...kwargs, training: training ?? false })),
      ),
    ) as Nested<Tensor>
    if (outputs instanceof Promise || typeof outputs !== 'object' || outputs === null)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'call() to return tensors, synchronously',
          received: outputs instanceof Promise ? 'a Promise' : outputs,
          hint: 'Compute with ops.*, which need no `await`, and return the result',
        }),
      )
    if (this.#activityRegularizer !== null)
      for (const output of flatten(outputs, isTensor)) this.addLoss(penaltyOf(this.#activityRegularizer, output))
    return outputs
  }

  /** Runs `call`; a problem that an operation reports gets the name of the layer in which it arose. */
  #named(call: () => unknown): unknown {
    try {
      return call()
    } catch (error) {
      const isOurs = error instanceof ShapeError || error instanceof ArgumentError
      if (isOurs && !/\b(layer|model) "/.test(error.message)) error.message = `${this.where}, ${error.message}`
      throw error
    }
  }

  #applySymbolic(values: Nested<LayerValue>, kwargs: CallKwargs, inputs: SymbolicTensor[]): Nested<SymbolicTensor> {
    const specs = mapNested(values, isTensorLeaf, ({ shape, dtype }) => new TensorSpec(shape, dtype))
    const nodeIndex = this.#inboundNodes.length
    const outputs: SymbolicTensor[] = []
    const result = mapNested(this.computeOutputSpec(specs, kwargs), isSpec, (spec) => {
      const output = new SymbolicTensor(spec, { operation: this, nodeIndex, tensorIndex: outputs.length })
      outputs.push(output)
      return output
    })
    this.#inboundNodes.push({ operation: this, inputs, args: [values], kwargs: { ...kwargs }, outputs })
    return result
  }

  /** Types of the outputs for inputs of these types: `computeOutputShape` where a class has it, a trace of `call` otherwise. */
  computeOutputSpec(inputs: Nested<TensorSpec>, kwargs: CallKwargs = {}): Nested<TensorSpec> {
    if (this.computeOutputShape === Layer.prototype.computeOutputShape) return this.#traceSpec(inputs, kwargs)
    const dtype = this.outputDtype(flatten(inputs, isSpec).map((spec) => spec.dtype))
    return specsOf(this.computeOutputShape(shapesOfSpecs(inputs)), dtype)
  }

  #traceSpec(inputs: Nested<TensorSpec>, kwargs: CallKwargs = {}): Nested<TensorSpec> {
    if (!this.built) this.build(shapesOfSpecs(inputs))
    // Inference mode: shapes do not depend on it, and no state is touched.
    return traceOutputSpec(this.where, inputs, (tensors) => this.#run(tensors, kwargs, false))
  }

  #toValues(inputs: unknown): Nested<LayerValue> {
    if (isTensorLeaf(inputs)) return inputs
    if (inputs instanceof Variable || ArrayBuffer.isView(inputs) || typeof inputs === 'number' || isNumberArray(inputs))
      return toTensor(inputs as TensorLike, undefined, this.where)
    if (Array.isArray(inputs) && inputs.length > 0) return inputs.map((item) => this.#toValues(item))
    if (typeof inputs === 'object' && inputs !== null && Object.getPrototypeOf(inputs) === Object.prototype)
      return Object.fromEntries(Object.entries(inputs).map(([key, item]) => [key, this.#toValues(item)]))
    throw new ArgumentError(
      problem({
        where: this.where,
        expected: 'a tensor, a symbolic tensor, or a list or object of them',
        received: inputs instanceof Layer ? `a ${inputs.className} layer` : inputs,
        hint:
          inputs instanceof Layer
            ? 'Apply the layer first: apply() gives the tensor'
            : 'Make one with tensor() or input()',
      }),
    )
  }

  #checkInputs(values: Nested<LayerValue>): void {
    if (this.inputSpec === null) return
    const leaves = flatten(values, isTensorLeaf)
    const specs = Array.isArray(this.inputSpec)
      ? (this.inputSpec as readonly InputSpec[])
      : [this.inputSpec as InputSpec]
    if (leaves.length !== specs.length)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `${specs.length} input tensor${specs.length === 1 ? '' : 's'}`,
          received: `${leaves.length} of shapes ${leaves.map((leaf) => showShape(leaf.shape)).join(', ')}`,
        }),
      )
    for (const [i, spec] of specs.entries()) checkInput(this.where, i, spec, leaves[i]!.shape)
  }

  // ---- The graph ------------------------------------------------------------------------------------------------------

  /** One entry for each symbolic call. */
  get inboundNodes(): readonly InboundNode[] {
    return this.#inboundNodes
  }
  /** For symbolic calls that are made by hand (input layers, models). */
  protected addInboundNode(node: InboundNode): void {
    this.#inboundNodes.push(node)
  }
  /** The symbolic input(s) of the only symbolic call. @throws ArgumentError if there was none, or more than one. */
  get input(): SymbolicTensor | readonly SymbolicTensor[] {
    const { inputs } = this.#onlyNode('input')
    return inputs.length === 1 ? inputs[0]! : inputs
  }
  /** The symbolic output(s) of the only symbolic call. @throws ArgumentError if there was none, or more than one. */
  get output(): SymbolicTensor | readonly SymbolicTensor[] {
    const { outputs } = this.#onlyNode('output')
    return outputs.length === 1 ? outputs[0]! : outputs
  }
  #onlyNode(what: string): InboundNode {
    if (this.#inboundNodes.length === 1) return this.#inboundNodes[0]!
    throw new ArgumentError(
      problem({
        where: this.where,
        expected: `exactly one symbolic call, to have one \`${what}\``,
        received: `${this.#inboundNodes.length} calls`,
      }),
    )
  }
}

/** The penalty of an output, for one example: it must not grow with the batch. */
function penaltyOf(regularizer: Regularizer, output: Tensor): Tensor {
  const penalty = regularizer.call(output)
  return output.rank === 0 || output.shape[0] === 0 ? penalty : ops.divide(penalty, output.shape[0]!)
}

function isNumberArray(value: unknown): boolean {
  let first = value
  while (Array.isArray(first) && first.length > 0) first = first[0] as unknown
  return Array.isArray(value) && (typeof first === 'number' || typeof first === 'boolean')
}

/** The shape that a traced step was built for, which is one of any batch: the traced size may even be a probe. */
function anyBatch(shape: LayerShape): LayerShape {
  if (isShape(shape)) return shape.length < 2 ? shape : [null, ...shape.slice(1)]
  if (Array.isArray(shape)) return (shape as readonly SymbolicShape[]).map((item) => anyBatch(item) as SymbolicShape)
  return Object.fromEntries(Object.entries(shape).map(([key, item]) => [key, anyBatch(item as LayerShape)]))
}

function specsOf(shape: LayerShape, dtype: DType): Nested<TensorSpec> {
  if (isShape(shape)) return new TensorSpec(shape, dtype)
  if (Array.isArray(shape)) return (shape as readonly LayerShape[]).map((item) => specsOf(item, dtype))
  return Object.fromEntries(Object.entries(shape).map(([key, item]) => [key, specsOf(item, dtype)]))
}
function shapesOfSpecs(specs: Nested<TensorSpec>): LayerShape {
  return mapNested(specs, isSpec, (spec) => spec.shape) as LayerShape
}

/** Values as float32: pictures and labels may come as integers. */
export function toFloat(x: Tensor): Tensor {
  return x.dtype === 'float32' ? x : ops.cast(x, 'float32')
}
