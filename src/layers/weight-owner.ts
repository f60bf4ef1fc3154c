// The part of a layer that owns weights: names, variables, sub-layers and the trainable flag.
import { type ConstraintLike, get as getConstraint } from '../constraints/index.ts'
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { type DType, type Shape, showShape, sizeOf, type TypedArray } from '../graph/types.ts'
import { FunctionInitializer } from '../initializers/function-initializer.ts'
import {
  Constant, getInitializer, type InitializerLike, Ones, RandomNormal, RandomUniform, VarianceScaling, Zeros,
} from '../initializers/index.ts' // prettier-ignore
import { requireDType } from '../ops/checks.ts'
import { toTensor } from '../ops/convert.ts'
import { autoName, toSnakeCase } from '../ops/naming.ts'
import { type SeedGenerator, type Tensor, tensor, type TensorLike, Variable } from '../ops/index.ts'
import { requireOptions } from '../platform/arguments.ts'
import { get as getRegularizer, type RegularizerLike } from '../regularizers/index.ts'
import { currentPath, withinName } from './call-context.ts'
import { dtypeFromKeras } from './config.ts'
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

const weightOptionNames = ['shape', 'initializer', 'dtype', 'trainable', 'regularizer', 'constraint', 'name']

function isOwner(value: object): value is WeightOwner {
  return value instanceof WeightOwner
}

/**
 * The values a weight begins with. Random ones depend on their seed alone, so they are drawn when they are first needed: not at
 * all, if a file's weights take their place.
 */
function firstValues(given: InitializerLike, shape: Shape, dtype: DType): Tensor | TypedArray | (() => TypedArray) {
  if (typeof given === 'function') return given(shape, dtype)
  const initializer = getInitializer(given)
  if (initializer instanceof FunctionInitializer) return initializer.ask(shape, dtype)
  const drawn = [RandomNormal, RandomUniform, VarianceScaling].some((kind) => initializer instanceof kind)
  // A file may describe a layer that would never fit into the memory, without having weights for it.
  const huge = sizeOf(shape) > 1 << 20 && [Zeros, Ones, Constant].some((kind) => initializer instanceof kind)
  return (drawn || huge) && dtype === 'float32'
    ? () => initializer.values(shape, dtype)
    : initializer.values(shape, dtype)
}

/** Base class of Layer; see there. */
export abstract class WeightOwner {
  /** Keras's class name; a subclass without one of its own goes by its JavaScript name. */
  static readonly className: string = 'Layer'

  name: string
  readonly dtype: DType
  built = false
  /** True while `build` runs: the time to make weights. */
  protected building = false

  readonly #tracked: WeightOwner[] = []
  readonly #ownTrainable: Variable[] = []
  readonly #ownNonTrainable: Variable[] = []
  #trainable: boolean

  /** @throws ArgumentError for a name with `/` or a `trainable` that is not a boolean. */
  constructor(options: LayerOptions) {
    const { name, trainable = true, dtype } = options
    if (name !== undefined && name !== null && (typeof name !== 'string' || name === '' || name.includes('/')))
      throw new ArgumentError(
        problem({ where: this.className, expected: '`name` to be a string without "/"', received: name }),
      )
    this.name = name ?? autoName(toSnakeCase(this.className))
    if (typeof trainable !== 'boolean')
      throw new ArgumentError(
        problem({ where: this.where, expected: '`trainable` to be a boolean', received: trainable }),
      )
    this.#trainable = trainable
    this.dtype = dtypeFromKeras(dtype, `layer "${this.name}"`)
  }

  get className(): string {
    const own = this.constructor as typeof WeightOwner
    return Object.hasOwn(own, 'className') ? own.className : own.name
  }
  /** How errors name this layer. */
  get where(): string {
    return `layer "${this.name}" (${this.className})`
  }

  /** Sub-layers in order; models give their graph's order instead. */
  directLayers(): readonly WeightOwner[] {
    return [...new Set([...this.#tracked, ...discover(this, isOwner).layers])]
  }

  /** Makes `sublayer` part of this layer where it cannot be found among the properties. Returns it. */
  track<L extends WeightOwner>(sublayer: L): L {
    const received: unknown = sublayer
    if (!(received instanceof WeightOwner))
      throw new ArgumentError(problem({ where: `${this.where}, track`, expected: 'a layer', received }))
    if (!this.#tracked.includes(sublayer)) this.#tracked.push(sublayer)
    return sublayer
  }

  /**
   * Makes a weight of this layer. Allowed in the constructor and in `build`.
   * @throws ArgumentError after the layer has been built.
   */
  addWeight(options: WeightOptions = {}): Variable {
    requireOptions(`${this.where}, addWeight`, options, weightOptionNames)
    const { shape = [], dtype = this.dtype, trainable = true, name = autoName('variable') } = options
    if (!Array.isArray(shape) || !shape.every((dim) => Number.isInteger(dim) && dim >= 0))
      throw new ArgumentError(
        problem({ where: `${this.where}, addWeight`, expected: '`shape` to be a list of sizes', received: shape }),
      )
    requireDType(`${this.where}, addWeight`, dtype)
    if (typeof trainable !== 'boolean')
      throw new ArgumentError(
        problem({
          where: `${this.where}, addWeight`,
          expected: '`trainable` to be true or false',
          received: trainable,
        }),
      )
    if (this.built && !this.building)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'weights to be made in the constructor or in build()',
          received: `addWeight("${name}") after the layer was built`,
        }),
      )
    const initial = firstValues(options.initializer ?? (dtype === 'float32' ? 'glorot_uniform' : 'zeros'), shape, dtype)
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
    for (const variable of discover(this, isOwner).variables) {
      if (this.#ownTrainable.includes(variable) || this.#ownNonTrainable.includes(variable)) continue
      ;(variable.trainable ? this.#ownTrainable : this.#ownNonTrainable).push(variable)
    }
    return { trainable: this.#ownTrainable, nonTrainable: this.#ownNonTrainable }
  }

  /** Forgets the own variables after the first ones: a build that failed is tried again from the start. */
  protected keepFirstWeights(counts: { readonly trainable: number; readonly nonTrainable: number }): void {
    this.#ownTrainable.length = counts.trainable
    this.#ownNonTrainable.length = counts.nonTrainable
  }

  /** Own seed generators. */
  get seedGenerators(): readonly SeedGenerator[] {
    return discover(this, isOwner).seeds
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
  /** Sets the flag of this layer, of the variables made as trainable, and of all sub-layers. @throws ArgumentError for others. */
  set trainable(value: boolean) {
    if (typeof value !== 'boolean')
      throw new ArgumentError(problem({ where: this.where, expected: '`trainable` to be true or false', received: value })) // prettier-ignore
    this.#trainable = value
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
    const where = `${this.where}, setWeights`
    if (!Array.isArray(values))
      throw new ArgumentError(
        problem({ where, expected: `a list of ${weights.length} weights, as getWeights gives`, received: values }),
      )
    if (values.length !== weights.length)
      throw new ShapeError(
        problem({
          where,
          expected: `a list of ${weights.length} weights`,
          received: `${values.length} weights`,
          ...(this.built ? {} : { hint: 'The layer has none yet: apply it, or call build(inputShape)' }),
        }),
      )
    const tensors = (values as readonly TensorLike[]).map((value, i) => {
      // A flat typed array of the right length stands for the weight's shape.
      const flat = ArrayBuffer.isView(value) && (value as TypedArray).length === sizeOf(weights[i]!.shape)
      const made = toTensor(value, undefined, `${where}, weight ${i}`)
      return tensor(made, flat ? { shape: weights[i]!.shape } : { dtype: weights[i]!.dtype })
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
}
