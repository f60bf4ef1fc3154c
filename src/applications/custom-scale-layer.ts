// CustomScaleLayer of Keras' InceptionResNetV2: the first input plus the second times a number.
import { Layer, registerBuiltin } from '../layers/index.ts'
import type { LayerOptions } from '../layers/index.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'

export interface CustomScaleLayerOptions extends LayerOptions {
  readonly scale: number
}

/** a + b * scale of a list [a, b] of tensors of one shape. */
export class CustomScaleLayer extends Layer {
  static override readonly className: string = 'CustomScaleLayer'
  readonly scale: number

  constructor(options: CustomScaleLayerOptions) {
    super(options)
    this.scale = options.scale
  }
  override call(inputs: readonly [Tensor, Tensor]): Tensor {
    const [a, b] = inputs
    return ops.add(a, ops.multiply(b, this.scale))
  }
  override getConfig() {
    return { ...super.getConfig(), scale: this.scale }
  }
}

registerBuiltin(CustomScaleLayer, 'keras.src.applications.inception_resnet_v2')
