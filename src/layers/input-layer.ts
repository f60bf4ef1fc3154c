// The entry of a functional model: a symbolic tensor without a past.
import { ArgumentError, problem } from '../errors.ts'
import type { DType } from '../graph/types.ts'
import { integerOption } from './checks.ts'
import { type Config, dtypeFromKeras } from './config.ts'
import { Layer } from './layer.ts'
import { checkArguments } from './maker-checks.ts'
import { namesOnSuccess } from '../ops/naming.ts'
import type { LayerShape, SymbolicShape } from './nested.ts'
import { SymbolicTensor } from './symbolic.ts'
import type { Tensor } from '../ops/index.ts'

export interface InputOptions {
  /** Without the batch; null for dims that may vary. */
  readonly shape?: SymbolicShape
  /** Default null: any. */
  readonly batchSize?: number | null
  /** The shape with the batch, instead of `shape` and `batchSize`. */
  readonly batchShape?: SymbolicShape
  /** Default float32. */
  readonly dtype?: DType
  readonly name?: string | null
  /** Accepted for Keras's sake; only false. */
  readonly sparse?: boolean
  readonly ragged?: boolean
  readonly optional?: boolean
}

export class InputLayer extends Layer {
  static override readonly className: string = 'InputLayer'
  /** With the batch first. */
  readonly batchShape: SymbolicShape

  /** @throws ArgumentError unless exactly one of `shape` and `batchShape` is given, of dims that are positive or null. */
  constructor(options: InputOptions) {
    super({ name: options.name ?? null, dtype: options.dtype ?? 'float32' })
    const { shape, batchSize = null } = options
    // Files of older versions say batch_input_shape.
    const batchShape = options.batchShape ?? (options as { batchInputShape?: SymbolicShape }).batchInputShape
    if ((shape === undefined) === (batchShape === undefined))
      throw new ArgumentError(
        problem({
          where: 'input',
          expected: 'either `shape` (without the batch) or `batchShape`',
          received: shape === undefined ? 'neither' : 'both',
          hint: 'For example input({ shape: [150, 150, 3] })',
        }),
      )
    if (batchSize !== null) integerOption('input', 'batchSize', batchSize)
    const full: unknown = batchShape ?? (Array.isArray(shape) ? [batchSize, ...(shape as SymbolicShape)] : shape)
    const fits = (dim: unknown) => dim === null || (typeof dim === 'number' && Number.isInteger(dim) && dim >= 0)
    if (!Array.isArray(full) || !full.every(fits))
      throw new ArgumentError(
        problem({
          where: 'input',
          expected: 'a shape of integers >= 0 and nulls',
          received: shape ?? batchShape,
          hint: 'For example [150, 150, 3], or [null, null, 3] for pictures of any size',
        }),
      )
    if (options.sparse === true || options.ragged === true)
      throw new ArgumentError(
        problem({ where: 'input', expected: 'a dense input', received: 'sparse or ragged: true' }),
      )
    this.batchShape = full as SymbolicShape
    this.built = true
    this.builtInputShape = this.batchShape
    const type = { shape: this.batchShape, dtype: this.dtype, name: this.name }
    const output = new SymbolicTensor(type, { operation: this, nodeIndex: 0, tensorIndex: 0 })
    this.addInboundNode({ operation: this, inputs: [], args: [], kwargs: {}, outputs: [output] })
  }

  override call(inputs: Tensor): Tensor {
    return inputs
  }
  override computeOutputShape(inputShape: LayerShape): LayerShape {
    return inputShape
  }
  override getConfig(): Config {
    return {
      batch_shape: [...this.batchShape],
      dtype: this.dtype,
      sparse: false,
      ragged: false,
      name: this.name,
      optional: false,
    }
  }
  static override fromConfig(config: Config): InputLayer {
    const { batch_shape, batch_input_shape, dtype, name } = config
    return new InputLayer({
      batchShape: (batch_shape ?? batch_input_shape) as SymbolicShape,
      dtype: dtypeFromKeras(dtype),
      name: (name ?? null) as string | null,
    })
  }
}

/** A symbolic tensor to build a model from: `shape` without the batch. The layer behind it is `history.operation`. */
export function input(options: InputOptions = {}): SymbolicTensor {
  checkArguments('input', 'InputLayer', [options], [])
  return namesOnSuccess(() => new InputLayer(options)).output as SymbolicTensor
}
