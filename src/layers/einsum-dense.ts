// EinsumDense: a dense layer whose product is written as an Einstein sum.
import { type Activation, type ActivationLike, get as getActivation, serialize } from '../activations/index.ts'
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape, sizeOf } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { knownDim } from './checks.ts'
import { type Config, omit } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { type BiasOptions, type KernelOptions, recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

export interface EinsumDenseOptions extends LayerOptions, KernelOptions, Omit<BiasOptions, 'useBias'> {
  /** `input,kernel->output` in single letters, e.g. `abc,cd->abd`; every letter of the kernel in the input is summed over. */
  readonly equation: string
  /** The output's shape without the batch; null for dims that come from the input. */
  readonly outputShape: number | readonly (number | null)[]
  readonly activation?: ActivationLike
  /** Letters of the output that have a bias; default none. */
  readonly biasAxes?: string | null
}

/** Weights: kernel, bias (if `biasAxes` is given). */
export class EinsumDense extends Layer {
  static override readonly className: string = 'EinsumDense'
  readonly equation: string
  readonly partialOutputShape: readonly (number | null)[]
  readonly activation: Activation
  readonly biasAxes: string | null
  kernel: Variable | null = null
  bias: Variable | null = null
  readonly #recipes: { readonly kernel: WeightRecipe; readonly bias: WeightRecipe }
  readonly #letters: { readonly input: string; readonly kernel: string; readonly output: string }

  constructor(options: EinsumDenseOptions) {
    super(options)
    this.equation = options.equation
    const parts = /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/.exec(String(options.equation).replace(/\s/g, ''))
    if (parts === null || options.outputShape === undefined)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`equation` like "abc,cd->abd", and an `outputShape`',
          received: { equation: options.equation, outputShape: options.outputShape },
        }),
      )
    const [, input, kernel, output] = parts as unknown as readonly [string, string, string, string]
    this.#letters = { input, kernel, output }
    // What the input and the kernel share is summed; what only one of them has stays.
    const summed = [...input].filter((letter) => kernel.includes(letter))
    const kept = [...input, ...kernel].filter((letter) => !summed.includes(letter))
    if ([...output].sort().join('') !== kept.sort().join(''))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'an `equation` that sums over exactly the letters that input and kernel share',
          received: options.equation,
        }),
      )
    this.partialOutputShape = typeof options.outputShape === 'number' ? [options.outputShape] : options.outputShape
    this.activation = getActivation(options.activation)
    this.biasAxes = options.biasAxes ?? null
    this.inputSpec = { ndim: input.length }
    this.#recipes = {
      kernel: recipe(options.kernelInitializer, 'glorot_uniform', options.kernelRegularizer, options.kernelConstraint),
      bias: recipe(options.biasInitializer, 'zeros', options.biasRegularizer, options.biasConstraint),
    }
  }

  /** Sizes by letter; the output's known dims are checked against the input's. */
  #sizes(inputShape: SymbolicShape): Map<string, number | null> {
    const { input, output } = this.#letters
    const sizes = new Map<string, number | null>()
    for (const [i, letter] of [...input].entries()) sizes.set(letter, inputShape[i] ?? null)
    const full = [inputShape[0] ?? null, ...this.partialOutputShape]
    if (full.length !== output.length)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `an \`outputShape\` of ${output.length - 1} dims`,
          received: full.slice(1),
        }),
      )
    for (const [i, letter] of [...output].entries()) {
      const dim = full[i]!
      const known = sizes.get(letter) ?? null
      if (i > 0 && dim !== null && known !== null && known !== dim)
        throw new ShapeError(
          problem({
            where: this.where,
            expected: `size ${dim} for "${letter}"`,
            received: `shape ${showShape(inputShape)}`,
          }),
        )
      if (known === null) sizes.set(letter, dim)
    }
    return sizes
  }

  override build(inputShape: SymbolicShape): void {
    const { kernel, input, output } = this.#letters
    const sizes = this.#sizes(inputShape)
    const shape = [...kernel].map(
      (letter) => sizes.get(letter) ?? knownDim(this.where, inputShape, input.indexOf(letter)),
    )
    this.kernel = this.addWeight({ name: 'kernel', shape, ...this.#recipes.kernel })
    if (this.biasAxes === null) return
    // From the first letter with a bias on, the others have size 1.
    const first = Math.min(...[...this.biasAxes].map((letter) => output.indexOf(letter)))
    const biasShape = [...output]
      .slice(first)
      .map((letter) => (this.biasAxes!.includes(letter) ? sizes.get(letter)! : 1))
    this.bias = this.addWeight({ name: 'bias', shape: biasShape, ...this.#recipes.bias })
  }

  override call(inputs: Tensor): Tensor {
    const x = toFloat(inputs)
    const letters = this.#letters
    const summed = [...letters.kernel].filter((letter) => letters.input.includes(letter))
    const rows = [...letters.input].filter((letter) => !summed.includes(letter))
    const columns = [...letters.kernel].filter((letter) => !summed.includes(letter))
    const kernel = this.kernel!.value()
    const rowShape = rows.map((letter) => x.shape[letters.input.indexOf(letter)]!)
    const columnShape = columns.map((letter) => kernel.shape[letters.kernel.indexOf(letter)]!)
    const inner = sizeOf(summed.map((letter) => kernel.shape[letters.kernel.indexOf(letter)]!))
    const a = ops.transpose(
      x,
      [...rows, ...summed].map((letter) => letters.input.indexOf(letter)),
    )
    const b = ops.transpose(
      kernel,
      [...summed, ...columns].map((letter) => letters.kernel.indexOf(letter)),
    )
    const product = ops.matmul(ops.reshape(a, [sizeOf(rowShape), inner]), ops.reshape(b, [inner, sizeOf(columnShape)]))
    const order = [...rows, ...columns]
    const laid = ops.transpose(
      ops.reshape(product, [...rowShape, ...columnShape]),
      [...letters.output].map((letter) => order.indexOf(letter)),
    )
    return this.activation(this.bias === null ? laid : ops.add(laid, this.bias))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const sizes = this.#sizes(inputShape)
    return [...this.#letters.output].map((letter) => sizes.get(letter) ?? null)
  }

  override getConfig(): Config {
    const config = super.getConfig()
    const activity_regularizer = config.activity_regularizer ?? null
    return {
      ...omit(config, 'activity_regularizer'),
      output_shape: [...this.partialOutputShape],
      equation: this.equation,
      activation: serialize(this.activation),
      bias_axes: this.biasAxes,
      ...recipeConfig(this.#recipes, { activity_regularizer }),
    }
  }
}
