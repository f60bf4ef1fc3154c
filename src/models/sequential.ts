// Models that are a plain stack of layers.
import { ArgumentError, problem } from '../errors.ts'
import { dtypePolicy } from '../layers/config.ts'
import type { Config, SerializedObject } from '../layers/config.ts'
import { input, InputLayer } from '../layers/index.ts'
import { Layer } from '../layers/layer.ts'
import type { CallKwargs, CallOptions } from '../layers/layer.ts'
import { isShape } from '../layers/nested.ts'
import type { LayerShape, SymbolicShape } from '../layers/nested.ts'
import type { TensorSpec } from '../layers/output-spec.ts'
import { readShared, writeShared } from '../layers/shared-objects.ts'
import { SymbolicTensor } from '../layers/symbolic.ts'
import type { Nested } from './tree.ts'
import { namesOnSuccess } from '../ops/naming.ts'
import { requireOptions } from '../platform/arguments.ts'
import { Functional } from './functional.ts'
import { Model } from './model.ts'
import { deserializeAny, serializeAny } from './serialize.ts'

export interface SequentialOptions {
  readonly name?: string | null
  readonly trainable?: boolean
}

/** What can be put on a stack: a layer, a model, or the symbolic tensor of `input()`, first. */
export type Stackable = Layer | SymbolicTensor

/** A stack of layers. With an input it is built at once, else at the first call or by `build(shape)`. */
export class Sequential extends Model {
  static override readonly className: string = 'Sequential'
  readonly #stack: Layer[] = []
  #functional: Functional | null = null

  /** @throws ArgumentError for something that is no layer, and for layers of equal names. */
  constructor(layers: readonly Stackable[] = [], options: SequentialOptions = {}) {
    super({ name: options.name ?? null, trainable: options.trainable ?? true })
    for (const layer of layers) this.#push(layer)
    if (layers.length > 0) this.#rebuild()
  }

  /** Puts a layer on top; with an input the model is rebuilt. */
  add(layer: Stackable): void {
    this.forgetSteps('add')
    this.#push(layer)
    try {
      this.#rebuild()
    } catch (error) {
      this.#stack.pop()
      this.#rebuild()
      throw error
    }
  }

  /** Takes the last layer off and returns it. @throws ArgumentError if there is none. */
  pop(): Layer {
    this.forgetSteps('pop')
    const layer = this.layers.length === 0 ? undefined : this.#stack.pop()
    if (layer === undefined) {
      throw new ArgumentError(
        problem({ where: this.where, expected: 'a layer to take off', received: 'an empty model' }),
      )
    }
    this.#rebuild()
    return layer
  }

  #push(given: Stackable): void {
    const layer = given instanceof SymbolicTensor ? given.history.operation : given
    if (!(layer instanceof Layer)) {
      const hint =
        typeof given === 'function'
          ? 'Make an instance, for example layers.dense({ units: 10 })'
          : 'For example sequential([input({ shape: [3] }), layers.dense({ units: 10 })])'
      throw new ArgumentError(problem({ where: this.where, expected: 'layers', received: given, hint }))
    }
    const isInput = layer instanceof InputLayer
    if (given instanceof SymbolicTensor && !isInput) {
      const expected = 'layers, or what input() gives'
      throw new ArgumentError(problem({ where: this.where, expected, received: `the output of layer ${layer.name}` }))
    }
    if (isInput && this.#stack.length > 0) {
      const expected = 'an input only as the first element'
      throw new ArgumentError(problem({ where: this.where, expected, received: `input ${layer.name} after ${this.#stack[0]!.name}` })) // prettier-ignore
    }
    if (this.#stack.some((other) => other !== layer && other.name === layer.name)) {
      const hint = 'Give one of them another `name`'
      throw new ArgumentError(problem({ where: this.where, expected: 'layers of different names', received: `${layer.name} twice`, hint })) // prettier-ignore
    }
    this.#stack.push(layer)
  }

  #rebuild(): void {
    this.built = false
    this.#functional = null
    const first = this.#stack[0]
    if (first === undefined || this.#stack.length < 2) return
    const shape = first instanceof InputLayer ? (first.output as SymbolicTensor).shape : knownInputShape(first)
    if (shape !== null) this.build(shape)
  }

  /** Builds the layers for inputs of this shape (batch first). */
  override build(inputShape: LayerShape): void {
    if (!isShape(inputShape)) {
      throw new ArgumentError(
        problem({ where: this.where, expected: 'one input', received: JSON.stringify(inputShape) }),
      )
    }
    if (this.#stack.length === 0) {
      throw new ArgumentError(
        problem({ where: this.where, expected: 'at least one layer', received: 'an empty model' }),
      )
    }
    if (!(this.#stack[0] instanceof InputLayer)) {
      // The batch of the call that happens to build the model binds nobody.
      const first = this.#stack[0]!
      const shape = inputShape.slice(1)
      const dtype = first instanceof Functional ? first.inputs[0]!.dtype : undefined
      this.#stack.unshift(input({ shape, ...(dtype === undefined ? {} : { dtype }) }).history.operation)
    }
    const inputs = this.#stack[0]!.inboundNodes[0]!.outputs[0]!
    let outputs: SymbolicTensor = inputs
    for (const layer of this.#stack.slice(1)) outputs = layer.apply(outputs)
    const functional = new Functional({ inputs, outputs })
    // Errors speak of the model that the user knows. The automatic name is used up all the same, as in Keras.
    functional.name = this.name
    this.#functional = functional
  }

  /** The functional model behind the stack. @throws ArgumentError before it is built. */
  get functional(): Functional {
    if (this.#functional !== null) return this.#functional
    const hint = 'Start with input({ shape }), call the model, or build(shape)'
    throw new ArgumentError(
      problem({ where: this.where, expected: 'a built model', received: 'one without a known input', hint }),
    )
  }
  get inputs(): readonly SymbolicTensor[] {
    return this.functional.inputs
  }
  get outputs(): readonly SymbolicTensor[] {
    return this.functional.outputs
  }
  override get input(): SymbolicTensor | readonly SymbolicTensor[] {
    return this.functional.input
  }
  override get output(): SymbolicTensor | readonly SymbolicTensor[] {
    return this.functional.output
  }
  get inputShape(): SymbolicShape | readonly SymbolicShape[] {
    return this.functional.inputShape
  }
  get outputShape(): SymbolicShape | readonly SymbolicShape[] {
    return this.functional.outputShape
  }
  override get asFunctional(): Functional {
    return this.functional
  }
  override get outputNames(): string[] | null {
    return this.#functional?.outputNames ?? null
  }
  override get outputTypes(): Nested<SymbolicTensor> | null {
    return this.#functional?.outputTypes ?? null
  }
  override get inputCount(): number | null {
    return 1
  }
  override directLayers(): readonly Layer[] {
    return this.#stack
  }
  /** The layers, without the input. */
  override get layers(): readonly Layer[] {
    return this.#stack.filter((layer) => !(layer instanceof InputLayer))
  }

  override get listsLayers(): boolean {
    return true
  }

  override call(inputs: unknown, options: CallOptions): unknown {
    return this.functional.call(inputs, options)
  }
  override computeOutputSpec(inputs: Nested<TensorSpec>, _kwargs?: CallKwargs): Nested<TensorSpec> {
    if (!this.built) this.build((inputs as TensorSpec).shape)
    return this.functional.computeOutputSpec(inputs)
  }
  override computeOutputShape(inputShape: LayerShape): LayerShape {
    if (!this.built) this.build(inputShape)
    return this.functional.computeOutputShape(inputShape)
  }

  override getConfig(): Config {
    const shape = this.#functional === null ? null : this.inputShape
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: dtypePolicy(this.dtype),
      layers: writeShared(() => this.#stack.map(serializeAny)),
      ...(shape === null ? {} : { build_input_shape: shape }),
    }
  }
  override getBuildConfig(): Config | null {
    return this.#functional === null ? null : { input_shape: this.inputShape }
  }
  static override fromConfig(config: Config): Sequential {
    const shape = config.build_input_shape
    // A stack that will be built gives its layers their shapes itself, and its name to the paths of their weights.
    const build = !isShape(shape)
    const layers = readShared(config.layers as readonly SerializedObject[], (all) =>
      all.map((stored) => deserializeAny(stored, { build })),
    )
    const model = new Sequential(layers, {
      name: typeof config.name === 'string' ? config.name : null,
      trainable: config.trainable !== false,
    })
    if (!model.built && isShape(shape) && model.layers.length > 0) model.build(shape)
    return model
  }
}

function knownInputShape(layer: Layer): SymbolicShape | null {
  if (layer instanceof Functional || (layer instanceof Sequential && layer.built)) {
    const shape = layer.inputShape
    if (isShape(shape)) return shape
  }
  return null
}

/** A stack of layers, e.g. `sequential([input({ shape: [3] }), layers.dense({ units: 1 })])`. */
export function sequential(layers: readonly Stackable[] = [], options: SequentialOptions = {}): Sequential {
  if (!Array.isArray(layers)) {
    const hint = 'Write sequential([first, second, …])'
    throw new ArgumentError(problem({ where: 'sequential', expected: 'a list of layers', received: layers, hint }))
  }
  requireOptions('sequential', options, ['name', 'trainable'], 'sequential([ ... ], { name: "head" })')
  const made = namesOnSuccess(() => new Sequential(layers, options))
  if (options.trainable === false) made.trainable = false
  return made
}
