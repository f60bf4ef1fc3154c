// The base class of all layers: weights, building, the symbolic and the eager call, and the config.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { type DType, type Shape, showShape, sizeOf, type TypedArray } from '../graph/types.ts'
import { type ConstraintLike, get as getConstraint } from '../constraints/index.ts'
import { type InitializerLike, get as getInitializer } from '../initializers/index.ts'
import { autoName, toSnakeCase } from '../ops/naming.ts'
import { type SeedGenerator, type Tensor, tensor, type TensorLike, Variable } from '../ops/index.ts'
import * as ops from '../ops/index.ts'
import { get as getRegularizer, type Regularizer, type RegularizerLike } from '../regularizers/index.ts'
import { currentPath, enclosingTraining, isEntryCall, withinCall, withinName } from './call-context.ts'
import { type Config, dtypePolicy, dtypeFromKeras, fromKeras } from './config.ts'
import { checkInput, type InputSpec } from './input-spec.ts'
import { flatten, isShape, type LayerShape, mapNested, type Nested } from './nested.ts'
import { isSpec, TensorSpec, traceOutputSpec } from './output-spec.ts'
import {
  type InboundNode, isSymbolic, isTensor, isTensorLeaf, type LayerValue, shapesOf, SymbolicTensor,
} from './symbolic.ts' // prettier-ignore
import { discover } from './tracking.ts'

/** Options that every layer takes. */
export interface LayerOptions {
  /** Unique within a model, without `/`. Default: the class name in snake case, numbered. */
  readonly name?: string | null
  /** Default true. */
  readonly trainable?: boolean
  /** Type of the weights and the computation; default float32. */
  readonly dtype?: DType
  readonly activityRegularizer?: RegularizerLike | null
}

/** Options of `addWeight`. */
export interface WeightOptions {
  /** Default: a scalar. */
  readonly shape?: Shape
  /** Default `glorotUniform` for float32, zeros otherwise. */
  readonly initializer?: InitializerLike | null
  readonly dtype?: DType
  readonly trainable?: boolean
  readonly regularizer?: RegularizerLike | null
  readonly constraint?: ConstraintLike | null
  readonly name?: string
}

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

function isLayer(value: object): value is Layer {
  return value instanceof Layer
}

/**
 * Base class of layers. A layer of your own extends it, makes weights in `build(inputShape)` with `addWeight`, computes in
 * `call(inputs, { training })`, and is used with `apply`. Sub-layers are found among its own properties (also in arrays), in the
 * order of assignment; what is hidden in `#private` fields must be given to `track`.
 */
export abstract class Layer {
  /** Keras's class name; a subclass without one of its own goes by its JavaScript name. */
  static readonly className: string = 'Layer'
  /** The training flag where neither the call nor an enclosing call gives one; null acts as false. */
  static readonly defaultTraining: boolean | null = null

  name: string
  readonly dtype: DType
  /** Demands on the inputs (one entry for each); checked before every call. */
  inputSpec: InputSpec | readonly InputSpec[] | null = null
  built = false
  /** The shape that the layer was built for; null before. */
  builtInputShape: LayerShape | null = null

  readonly #activityRegularizer: Regularizer | null
  readonly #tracked: Layer[] = []
  readonly #ownTrainable: Variable[] = []
  readonly #ownNonTrainable: Variable[] = []
  readonly #inboundNodes: InboundNode[] = []
  #losses: Tensor[] = []
  #trainable: boolean
  #building = false

  /** @throws ArgumentError for a name with `/` or a `trainable` that is not a boolean. */
  constructor(options: LayerOptions = {}) {
    const { name, trainable = true, dtype, activityRegularizer } = options
    if (name !== undefined && name !== null && (typeof name !== 'string' || name === '' || name.includes('/')))
      throw new ArgumentError(
        problem({ where: this.className, expected: '`name` to be a string without "/"', received: name }),
      )
    this.name = name ?? autoName(toSnakeCase(this.className))
    if (typeof trainable !== 'boolean')
      throw new ArgumentError(problem({ where: this.where, expected: '`trainable` to be a boolean', received: trainable }))
    this.#trainable = trainable
    this.dtype = dtypeFromKeras(dtype)
    this.#activityRegularizer = getRegularizer(activityRegularizer)
    // `build` is wrapped once for each layer, so that a direct call also opens the name scope and records the shape.
    const build = this.build.bind(this)
    Object.defineProperty(this, 'build', { value: (shape: LayerShape) => this.#build(build, shape), enumerable: false })
  }

  get className(): string {
    const own = this.constructor as typeof Layer
    return Object.hasOwn(own, 'className') ? own.className : own.name
  }
  /** How errors name this layer. */
  get where(): string {
    return `layer "${this.name}" (${this.className})`
  }

  // ---- What a subclass defines ----------------------------------------------------------------------------------------

  /** Makes the weights for inputs of this shape. Runs once, before the first call. */
  build(_inputShape: LayerShape): void {}

  /** Computes the outputs. Must be synchronous and, apart from assigning Variables, pure. */
  abstract call(inputs: unknown, options: CallOptions): unknown

  /** Shape of the output(s). The default traces `call` with two batch sizes. */
  computeOutputShape(inputShape: LayerShape): LayerShape {
    return shapesOfSpecs(this.#traceSpec(specsOf(inputShape, this.dtype)))
  }

  /** Type of the outputs given the inputs' types; used with `computeOutputShape`. Default: the layer's own dtype. */
  protected outputDtype(_inputDtypes: readonly DType[]): DType {
    return this.dtype
  }

  /** True if `call` takes a second parameter, and so can see the training flag. */
  get supportsTraining(): boolean {
    return this.call.length >= 2
  }

  /** Names and options, in Keras's keys; `fromConfig` gives an equal layer without the weights. */
  getConfig(): Config {
    const config: Config = { name: this.name, trainable: this.#trainable, dtype: dtypePolicy(this.dtype) }
    if (this.#activityRegularizer !== null) config.activity_regularizer = this.#activityRegularizer.serialize()
    return config
  }

  /** A new layer from what `getConfig` gave. */
  static fromConfig(config: Config): Layer {
    return new (this as unknown as new (options: Record<string, unknown>) => Layer)(fromKeras(config))
  }

  // ---- Weights --------------------------------------------------------------------------------------------------------

  /** Sub-layers in order; models give their graph's order instead. */
  directLayers(): readonly Layer[] {
    return [...new Set([...this.#tracked, ...discover(this, isLayer).layers])]
  }

  /** Makes `sublayer` part of this layer where it cannot be found among the properties. Returns it. */
  track<L extends Layer>(sublayer: L): L {
    if (!this.#tracked.includes(sublayer)) this.#tracked.push(sublayer)
    return sublayer
  }

  /**
   * Makes a weight of this layer. Allowed in the constructor and in `build`.
   * @throws ArgumentError after the layer has been built.
   */
  addWeight(options: WeightOptions = {}): Variable {
    const { shape = [], dtype = this.dtype, trainable = true, name = autoName('variable') } = options
    if (this.built && !this.#building)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'weights to be made in the constructor or in build()',
          received: `addWeight("${name}") after the layer was built`,
        }),
      )
    const initializer = getInitializer(options.initializer ?? (dtype === 'float32' ? 'glorot_uniform' : 'zeros'))
    const initial: Tensor | TypedArray = initializer(shape, dtype)
    // A weight of a frozen layer starts frozen, yet comes alive with the layer.
    const variable = new Variable(initial, { shape, dtype, trainable: trainable && this.#trainable, name })
    variable.path = withinName(this, this.name, () => `${currentPath()}/${name}`)
    variable.regularizer = getRegularizer(options.regularizer)?.asFunction() ?? null
    variable.constraint = getConstraint(options.constraint)?.asFunction() ?? null
    ;(trainable ? this.#ownTrainable : this.#ownNonTrainable).push(variable)
    return variable
  }

  /** Own variables by the kind they were made as, including Variables that were simply assigned as properties. */
  get ownVariables(): { readonly trainable: readonly Variable[]; readonly nonTrainable: readonly Variable[] } {
    for (const variable of discover(this, isLayer).variables) {
      if (this.#ownTrainable.includes(variable) || this.#ownNonTrainable.includes(variable)) continue
      ;(variable.trainable ? this.#ownTrainable : this.#ownNonTrainable).push(variable)
    }
    return { trainable: this.#ownTrainable, nonTrainable: this.#ownNonTrainable }
  }

  /** Own seed generators. */
  get seedGenerators(): readonly SeedGenerator[] {
    return discover(this, isLayer).seeds
  }

  /** Own trainable, own non-trainable, then those of the sub-layers; each once. Without seeds. */
  get weights(): Variable[] {
    return this.#collect(false)
  }
  /** As `weights`, with the states of seed generators after the own variables. */
  get variables(): Variable[] {
    return this.#collect(true)
  }
  get trainableWeights(): Variable[] {
    return this.#trainable ? this.weights.filter((variable) => variable.trainable) : []
  }
  get nonTrainableWeights(): Variable[] {
    return this.#trainable ? this.weights.filter((variable) => !variable.trainable) : this.weights
  }
  get trainableVariables(): Variable[] {
    return this.#trainable ? this.variables.filter((variable) => variable.trainable) : []
  }
  get nonTrainableVariables(): Variable[] {
    return this.#trainable ? this.variables.filter((variable) => !variable.trainable) : this.variables
  }

  #collect(withSeeds: boolean): Variable[] {
    const { trainable, nonTrainable } = this.ownVariables
    const all = new Set<Variable>([...trainable, ...nonTrainable])
    if (withSeeds) for (const seed of this.seedGenerators) all.add(seed.state)
    for (const layer of this.directLayers())
      for (const variable of withSeeds ? layer.variables : layer.weights) all.add(variable)
    return [...all]
  }

  get trainable(): boolean {
    return this.#trainable
  }
  /** Sets the flag of this layer, of the variables made as trainable, and of all sub-layers. */
  set trainable(value: boolean) {
    this.#trainable = Boolean(value)
    for (const variable of this.ownVariables.trainable) variable.trainable = this.#trainable
    for (const layer of this.directLayers()) layer.trainable = this.#trainable
  }

  /** Number of values in all weights. @throws ArgumentError before the layer is built. */
  countParams(): number {
    if (!this.built)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'a built layer to count the parameters of',
          received: 'a layer without weights yet',
          hint: 'Apply the layer, or call build(inputShape)',
        }),
      )
    return this.weights.reduce((sum, variable) => sum + sizeOf(variable.shape), 0)
  }

  /** Snapshots of the weights, in `weights` order. */
  getWeights(): Tensor[] {
    return this.weights.map((variable) => variable.value())
  }

  /** Assigns all weights. @throws ShapeError unless the count and every shape fit; nothing is assigned then. */
  setWeights(values: readonly TensorLike[]): void {
    const weights = this.weights
    if (values.length !== weights.length)
      throw new ShapeError(
        problem({ where: this.where, expected: `a list of ${weights.length} weights`, received: `${values.length} weights` }),
      )
    const tensors = values.map((value, i) => {
      // A flat typed array of the right length stands for the weight's shape.
      const flat = ArrayBuffer.isView(value) && (value as TypedArray).length === sizeOf(weights[i]!.shape)
      return tensor(value, flat ? { shape: weights[i]!.shape } : { dtype: weights[i]!.dtype })
    })
    for (const [i, { path, shape }] of weights.entries()) {
      if (showShape(tensors[i]!.shape) !== showShape(shape))
        throw new ShapeError(
          problem({
            where: this.where,
            expected: `weight ${i} ("${path}") of shape ${showShape(shape)}`,
            received: `shape ${showShape(tensors[i]!.shape)}`,
          }),
        )
    }
    for (const [i, variable] of weights.entries()) variable.assign(tensors[i]!)
  }

  // ---- Losses ---------------------------------------------------------------------------------------------------------

  /** Adds a scalar to the loss of the running call. Gone when the next outermost call begins. */
  addLoss(loss: Tensor): void {
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
    if (this.#building) return build(shape)
    this.#building = true
    try {
      withinName(this, this.name, () => build(shape))
      this.builtInputShape = shape
      this.built = true
    } finally {
      this.#building = false
    }
  }

  /** The shapes that Keras stores to rebuild the layer; null for a layer without a `build` of its own. */
  getBuildConfig(): Config | null {
    if (!this.built || this.builtInputShape === null || !this.recordsBuild) return null
    return { input_shape: this.builtInputShape }
  }
  /** True if the stored form of the layer says what it was built for. */
  protected get recordsBuild(): boolean {
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

  /** As `apply`, typed for every structure of inputs and outputs. */
  applyNested(inputs: unknown, kwargs: CallKwargs = {}): Nested<LayerValue> {
    const values = this.#toValues(inputs)
    const given = Object.values(kwargs).filter(isTensorLeaf)
    const leaves = [...flatten(values, isTensorLeaf), ...given]
    if (isEntryCall()) this.#clearLosses()
    this.#checkInputs(values)
    if (!this.built) this.build(shapesOf(values))
    // A layer may refine its demands while it is built.
    this.#checkInputs(values)
    if (leaves.some(isSymbolic)) return this.#applySymbolic(values, kwargs, leaves.filter(isSymbolic))
    const training =
      kwargs.training ?? enclosingTraining() ?? (this.constructor as typeof Layer).defaultTraining
    return this.#run(values, kwargs, training)
  }

  #run(values: Nested<LayerValue>, kwargs: CallKwargs, training: boolean | null): Nested<Tensor> {
    const outputs = withinCall(this, training, () =>
      withinName(this, this.name, () => this.call(values, { ...kwargs, training: training ?? false })),
    ) as Nested<Tensor>
    if (outputs instanceof Promise || outputs === undefined || outputs === null)
      throw new ArgumentError(
        problem({ where: this.where, expected: 'call() to return tensors, synchronously', received: outputs }),
      )
    if (this.#activityRegularizer !== null)
      for (const output of flatten(outputs, isTensor)) this.addLoss(this.#activityRegularizer.call(output))
    return outputs
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
      return tensor(inputs as TensorLike)
    if (Array.isArray(inputs) && inputs.length > 0) return inputs.map((item) => this.#toValues(item))
    if (typeof inputs === 'object' && inputs !== null && Object.getPrototypeOf(inputs) === Object.prototype)
      return Object.fromEntries(Object.entries(inputs).map(([key, item]) => [key, this.#toValues(item)]))
    throw new ArgumentError(
      problem({
        where: this.where,
        expected: 'a tensor, a symbolic tensor, or a list or object of them',
        received: inputs,
        hint: inputs instanceof Layer ? 'Apply the layer first: apply() gives the tensor' : 'Make one with tensor() or input()',
      }),
    )
  }

  #checkInputs(values: Nested<LayerValue>): void {
    if (this.inputSpec === null) return
    const leaves = flatten(values, isTensorLeaf)
    const specs = Array.isArray(this.inputSpec) ? (this.inputSpec as readonly InputSpec[]) : [this.inputSpec as InputSpec]
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

function isNumberArray(value: unknown): boolean {
  let first = value
  while (Array.isArray(first) && first.length > 0) first = first[0] as unknown
  return Array.isArray(value) && (typeof first === 'number' || typeof first === 'boolean')
}

function specsOf(shape: LayerShape, dtype: DType): Nested<TensorSpec> {
  if (isShape(shape)) return new TensorSpec(shape, dtype)
  if (Array.isArray(shape)) return (shape as readonly LayerShape[]).map((item) => specsOf(item, dtype))
  return Object.fromEntries(Object.entries(shape).map(([key, item]) => [key, specsOf(item as LayerShape, dtype)]))
}
function shapesOfSpecs(specs: Nested<TensorSpec>): LayerShape {
  return mapNested(specs, isSpec, (spec) => spec.shape) as LayerShape
}

/** Values as float32: pictures and labels may come as integers. */
export function toFloat(x: Tensor): Tensor {
  return x.dtype === 'float32' ? x : ops.cast(x, 'float32')
}
