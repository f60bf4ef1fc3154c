// SpectralNormalization (Miyato et al. 2018): a layer whose kernel is kept at a largest singular value of about 1.
import { ArgumentError, problem } from '../errors.ts'
import { TruncatedNormal } from '../initializers/index.ts'
import * as ops from '../ops/index.ts'
import { type Tensor, Variable } from '../ops/index.ts'
import { integerOption, knownDim } from './checks.ts'
import type { Config } from './config.ts'
import type { CallOptions } from './layer.ts'
import type { LayerShape, SymbolicShape } from './nested.ts'
import { Wrapper, type WrapperOptions } from './wrapper.ts'

export interface SpectralNormalizationOptions extends WrapperOptions {
  /** Steps of the power iteration at each training call; default 1. */
  readonly powerIterations?: number
}

/**
 * While training the kernel (or the embeddings) of the layer inside is divided by an estimate of its largest singular value before
 * each call. Weights: kernel, vector_u [1, outputs] (not trainable), then the rest of the layer's.
 */
export class SpectralNormalization extends Wrapper {
  static override readonly className: string = 'SpectralNormalization'
  readonly powerIterations: number
  kernel: Variable | null = null
  vectorU: Variable | null = null

  constructor(options: SpectralNormalizationOptions) {
    super(options)
    this.powerIterations = integerOption(this.where, 'powerIterations', options.powerIterations ?? 1)
  }

  override build(inputShape: LayerShape): void {
    super.build(inputShape)
    this.inputSpec = { minNdim: 1, axes: { [-1]: knownDim(this.where, inputShape as SymbolicShape, -1) } }
    const { kernel, embeddings } = this.layer as { kernel?: unknown; embeddings?: unknown }
    const weight = kernel ?? embeddings
    if (!(weight instanceof Variable))
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'a layer with a `kernel` or `embeddings`',
          received: this.layer.className,
        }),
      )
    this.kernel = weight
    this.vectorU = this.addWeight({
      name: 'vector_u',
      shape: [1, weight.shape.at(-1)!],
      initializer: new TruncatedNormal({ stddev: 0.02 }),
      trainable: false,
    })
  }

  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    // Keras normalizes a frozen layer too; here what is frozen stays.
    if (training && this.trainable) this.#normalize(this.kernel!, this.vectorU!)
    return this.layer.apply(inputs)
  }

  #normalize(kernel: Variable, vectorU: Variable): void {
    // The step of the optimizer is one from the normalized kernel, as if it had been there before.
    const former = ops.stopGradient(kernel)
    const weights = ops.reshape(former, [-1, kernel.shape.at(-1)!])
    let u: Tensor = vectorU.value()
    let v!: Tensor
    for (let i = 0; i < this.powerIterations; i++) {
      v = unit(ops.matmul(u, weights, { transposeB: true }))
      u = unit(ops.matmul(v, weights))
    }
    const sigma = ops.matmul(ops.matmul(v, weights), u, { transposeB: true })
    // A kernel of zeros has nothing to normalize, and stays.
    const empty = ops.all(ops.equal(weights, 0))
    vectorU.assign(ops.where(empty, vectorU, u))
    kernel.assign(ops.where(empty, former, ops.divide(former, ops.reshape(sigma, []))))
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    return this.layer.computeOutputShape(inputShape)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), power_iterations: this.powerIterations }
  }
}

/** A row of Euclidean length 1: x / max(|x|, 1e-7). */
function unit(x: Tensor): Tensor {
  return ops.l2Normalize(x, { axis: -1, epsilon: 1e-14 })
}
