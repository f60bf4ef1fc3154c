// LayerScale of Keras' ConvNeXt: every channel times a weight that begins small.
import { Layer, registerBuiltin } from '../layers/index.ts'
import type { LayerOptions, SymbolicShape } from '../layers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, Variable } from '../ops/index.ts'

export interface LayerScaleOptions extends LayerOptions {
  /** What the weights begin with. */
  readonly initValues: number
  /** Number of channels. */
  readonly projectionDim: number
}

/** x * gamma. Weight: gamma [projectionDim], which has no name of its own in Keras either. */
export class LayerScale extends Layer {
  static override readonly className: string = 'LayerScale'
  readonly initValues: number
  readonly projectionDim: number
  gamma: Variable | null = null

  constructor(options: LayerScaleOptions) {
    super(options)
    this.initValues = options.initValues
    this.projectionDim = options.projectionDim
  }
  override build(): void {
    const initializer = { class_name: 'Constant', config: { value: this.initValues } }
    this.gamma = this.addWeight({ shape: [this.projectionDim], initializer })
  }
  override call(inputs: Tensor): Tensor {
    return ops.multiply(inputs, this.gamma!)
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape
  }
  override getConfig() {
    return { ...super.getConfig(), init_values: this.initValues, projection_dim: this.projectionDim }
  }
}

registerBuiltin(LayerScale, 'keras.src.applications.convnext')
