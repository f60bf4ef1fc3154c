// EinsumDense: a dense layer whose product is written as an Einstein sum.
import { type Activation, type ActivationLike, get as getActivation, serialize } from '../activations/index.ts'
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape, sizeOf } from '../graph/types.ts'
import { VarianceScaling } from '../initializers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'
import { knownDim } from './checks.ts'
import { type Config, omit } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { type BiasOptions, type KernelOptions, recipe, recipeConfig, type WeightRecipe } from './weight-options.ts'

export interface EinsumDenseOptions extends LayerOptions, KernelOptions, Omit<BiasOptions, 'useBias'> {
  /**
   * `input,kernel->output` in single letters, e.g. `abc,cd->abd`; what the output lacks is summed over. `...` at the beginning
   * (`...x,xy->...y`) or at the end of input and output stands for any number of dims.
   */
  readonly equation: string
  /** The output's shape without the batch and without the dims of `...`; null for dims that come from the input. */
  readonly outputShape: number | readonly (number | null)[]
  readonly activation?: ActivationLike
  /** Letters of the output that have a bias; default none. */
  readonly biasAxes?: string | null
}

/** The letters of input, kernel and output. */
interface Letters {
  readonly input: string
  readonly kernel: string
  readonly output: string
}

const equationForm = String.raw`^(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?$`
const alphabet = Array.from({ length: 52 }, (_, i) => String.fromCharCode(i < 26 ? 97 + i : 39 + i))

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
  readonly #letters: Letters
  readonly #elided: 'left' | 'right' | null

  constructor(options: EinsumDenseOptions) {
    super(options)
    this.equation = options.equation
    const parts = new RegExp(equationForm).exec(String(options.equation).replace(/\s/g, ''))
    const [, leftIn, input = '', rightIn, kernel = '', leftOut, output = '', rightOut] = parts ?? []
    const distinct = [input, kernel, output].every((letters) => new Set(letters).size === letters.length)
    const balanced = leftIn === leftOut && rightIn === rightOut && (leftIn === undefined || rightIn === undefined)
    if (parts === null || !distinct || !balanced || options.outputShape === undefined)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: '`equation` like "abc,cd->abd" or "...x,xy->...y", and an `outputShape`',
          received: { equation: options.equation, outputShape: options.outputShape },
        }),
      )
    this.#letters = { input, kernel, output }
    this.#elided = leftIn !== undefined ? 'left' : rightIn !== undefined ? 'right' : null
    const strange = [
      ...[...output].filter((letter) => !input.includes(letter) && !kernel.includes(letter)),
      ...[...kernel].filter((letter) => !input.includes(letter) && !output.includes(letter)),
    ]
    if (strange.length > 0)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected:
            'an `equation` whose output has letters of input and kernel alone, and whose kernel of input and output',
          received: options.equation,
        }),
      )
    this.partialOutputShape = typeof options.outputShape === 'number' ? [options.outputShape] : options.outputShape
    this.activation = getActivation(options.activation)
    this.biasAxes = options.biasAxes ?? null
    if (this.biasAxes !== null && (this.biasAxes === '' || ![...this.biasAxes].every((one) => output.includes(one))))
      throw new ArgumentError(
        problem({ where: this.where, expected: `\`biasAxes\` to be letters of "${output}"`, received: this.biasAxes }),
      )
    this.inputSpec = this.#elided === null ? { ndim: input.length } : { minNdim: input.length }
    this.#recipes = {
      kernel: recipe(options.kernelInitializer, 'glorot_uniform', options.kernelRegularizer, options.kernelConstraint),
      bias: recipe(options.biasInitializer, 'zeros', options.biasRegularizer, options.biasConstraint),
    }
  }

  /** The letters for an input of `rank` dims: those that `...` stands for get letters of their own. */
  #lettersFor(rank: number): Letters & { readonly hidden: string } {
    const { input, kernel, output } = this.#letters
    const free = alphabet.filter((letter) => !`${input}${kernel}${output}`.includes(letter))
    const hidden = free.slice(0, Math.max(0, rank - input.length)).join('')
    if (this.#elided === 'left') return { input: hidden + input, kernel, output: hidden + output, hidden }
    return { input: input + hidden, kernel, output: output + hidden, hidden }
  }

  /** Sizes by letter; the output's known dims are checked against the input's. */
  #sizes(inputShape: SymbolicShape): Map<string, number | null> {
    const { input, output, hidden } = this.#lettersFor(inputShape.length)
    const sizes = new Map<string, number | null>()
    for (const [i, letter] of [...input].entries()) sizes.set(letter, inputShape[i] ?? null)
    const dims = [...hidden].map((letter) => sizes.get(letter)!)
    const batch = inputShape[0] ?? null
    const full =
      this.#elided === 'left' && dims.length > 0
        ? [...dims, ...this.partialOutputShape]
        : [batch, ...this.partialOutputShape, ...(this.#elided === 'right' ? dims : [])]
    if (full.length !== output.length)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: `an \`outputShape\` of ${output.length - full.length + this.partialOutputShape.length} dims`,
          received: this.partialOutputShape,
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
    const { kernel, input, output, hidden } = this.#lettersFor(inputShape.length)
    const sizes = this.#sizes(inputShape)
    const kernelShape = [...kernel].map(
      (letter) => sizes.get(letter) ?? knownDim(this.where, inputShape, input.indexOf(letter)),
    )
    // What the output keeps of the kernel counts as its outputs, the rest as its inputs.
    const axes = (kept: boolean) =>
      kernelShape.map((_, axis) => axis).filter((axis) => output.includes(kernel[axis]!) === kept)
    const { initializer, ...rest } = this.#recipes.kernel
    const scaled =
      initializer instanceof VarianceScaling && (initializer.inputAxes === null || initializer.outputAxes === null)
        ? initializer.withAxes(axes(false), axes(true))
        : initializer
    this.kernel = this.addWeight({ name: 'kernel', shape: kernelShape, initializer: scaled, ...rest })
    this.inputSpec = { ndim: inputShape.length }
    if (this.biasAxes === null) return
    // From the first letter with a bias on, the others have size 1.
    const visible = this.#letters.output
    const first = Math.min(...[...this.biasAxes].map((letter) => visible.indexOf(letter)))
    const biasShape = [...visible]
      .slice(first)
      .map((letter) => (this.biasAxes!.includes(letter) ? sizes.get(letter)! : 1))
    const after = this.#elided === 'right' ? [...hidden].map(() => 1) : []
    this.bias = this.addWeight({ name: 'bias', shape: [...biasShape, ...after], ...this.#recipes.bias })
  }

  override call(inputs: Tensor): Tensor {
    const { input: all, kernel: kernelLetters, output } = this.#lettersFor(inputs.rank)
    const gone = [...all].filter((letter) => !kernelLetters.includes(letter) && !output.includes(letter))
    const input = [...all].filter((letter) => !gone.includes(letter))
    let x = toFloat(inputs)
    if (gone.length > 0) x = ops.sum(x, { axis: gone.map((letter) => all.indexOf(letter)) })
    const kernel = this.kernel!.value()
    const shared = [...kernelLetters].filter((letter) => input.includes(letter))
    const batch = shared.filter((letter) => output.includes(letter))
    const summed = shared.filter((letter) => !output.includes(letter))
    const rows = input.filter((letter) => !shared.includes(letter))
    const columns = [...kernelLetters].filter((letter) => !shared.includes(letter))
    const sizesOf = (letters: readonly string[], from: readonly string[], of: Tensor) =>
      letters.map((letter) => of.shape[from.indexOf(letter)]!)
    const laid = (of: Tensor, from: readonly string[], to: readonly string[]) =>
      ops.transpose(
        of,
        to.map((letter) => from.indexOf(letter)),
      )
    const batchShape = sizesOf(batch, input, x)
    const rowShape = sizesOf(rows, input, x)
    const columnShape = sizesOf(columns, [...kernelLetters], kernel)
    const inner = sizeOf(sizesOf(summed, input, x))
    const before = batch.length === 0 ? [] : [sizeOf(batchShape)]
    const a = ops.reshape(laid(x, input, [...batch, ...rows, ...summed]), [...before, sizeOf(rowShape), inner])
    const b = ops.reshape(laid(kernel, [...kernelLetters], [...batch, ...summed, ...columns]), [
      ...before,
      inner,
      sizeOf(columnShape),
    ])
    const product = ops.reshape(ops.matmul(a, b), [...batchShape, ...rowShape, ...columnShape])
    const y = laid(product, [...batch, ...rows, ...columns], [...output])
    return this.activation(this.bias === null ? y : ops.add(y, this.bias))
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const sizes = this.#sizes(inputShape)
    return [...this.#lettersFor(inputShape.length).output].map((letter) => sizes.get(letter) ?? null)
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
      quantization_config: null,
    }
  }
}
