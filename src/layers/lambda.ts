// Lambda: a function as a layer.
import { ArgumentError, problem } from '../errors.ts'
import type { Config } from './config.ts'
import { type CallOptions, Layer, type LayerOptions } from './layer.ts'
import type { LayerShape } from './nested.ts'

export interface LambdaOptions extends LayerOptions {
  /** Synchronous and pure: tensors in, tensors out. */
  readonly function: (inputs: never, options: CallOptions) => unknown
  /** The shape without the batch, or a function of the input's shape (with the batch). Default: found by tracing. */
  readonly outputShape?: readonly (number | null)[] | ((inputShape: LayerShape) => LayerShape) | null
}

/** Has no weights, and no stored form: code does not belong in a model file. */
export class Lambda extends Layer {
  static override readonly className: string = 'Lambda'
  readonly function: (inputs: never, options: CallOptions) => unknown
  readonly outputShape: LambdaOptions['outputShape']

  constructor(options: LambdaOptions | LambdaOptions['function']) {
    const all = typeof options === 'function' ? { function: options } : options
    super(all)
    if (typeof all.function !== 'function')
      throw new ArgumentError(
        problem({ where: this.where, expected: '`function` to be a function of tensors', received: all.function }),
      )
    this.function = all.function
    const { outputShape } = all
    this.outputShape = outputShape ?? null
    // Tracing is the base class's way; it is asked for by having no rule of its own.
    if (this.outputShape !== null)
      this.computeOutputShape = (inputShape) =>
        typeof this.outputShape === 'function'
          ? this.outputShape(inputShape)
          : [(inputShape as readonly (number | null)[])[0]!, ...(this.outputShape as readonly (number | null)[])]
  }
  override call(inputs: unknown, options: CallOptions): unknown {
    return this.function(inputs as never, options)
  }
  override getConfig(): Config {
    throw new ArgumentError(
      problem({
        where: this.where,
        expected: 'a layer that can be stored',
        received: 'a Lambda, whose code cannot',
        hint: 'Extend Layer and register the class',
      }),
    )
  }
  static override fromConfig(): never {
    throw new ArgumentError(
      problem({
        where: 'Lambda',
        expected: 'a layer without code of its own',
        received: 'a stored Lambda',
        hint: 'Stored code is not run; rebuild the model in TypeScript and load the weights',
      }),
    )
  }
}
