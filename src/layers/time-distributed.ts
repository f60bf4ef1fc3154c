// TimeDistributed: one layer applied to every step of a sequence.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { type Config, isSerializedObject, type SerializedObject } from './config.ts'
import { Layer, type LayerOptions } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { layerFromConfig, serializeLayer } from './registry.ts'

export interface TimeDistributedOptions extends LayerOptions {
  /** The layer for one step, or its stored form. */
  readonly layer: Layer | SerializedObject
}

/** [N, T, ...] -> [N, T, ...]: the steps of all examples are one batch for the layer inside. */
export class TimeDistributed extends Layer {
  static override readonly className: string = 'TimeDistributed'
  readonly layer: Layer

  constructor(options: TimeDistributedOptions) {
    super(options)
    const { layer } = options
    if (!(layer instanceof Layer) && !isSerializedObject(layer))
      throw new ArgumentError(problem({ where: this.where, expected: '`layer` to be a layer', received: layer }))
    this.layer = layer instanceof Layer ? layer : layerFromConfig(layer)
    this.inputSpec = { minNdim: 3 }
  }

  #stepShape(inputShape: SymbolicShape): SymbolicShape {
    if (inputShape.length >= 3) return [inputShape[0]!, ...inputShape.slice(2)]
    throw new ShapeError(
      problem({
        where: this.where,
        expected: 'an input of rank 3 or more',
        received: `shape ${showShape(inputShape)}`,
      }),
    )
  }
  override build(inputShape: SymbolicShape): void {
    if (!this.layer.built) this.layer.build(this.#stepShape(inputShape))
  }
  override call(inputs: Tensor): Tensor {
    const [examples, steps, ...rest] = inputs.shape as readonly [number, number, ...number[]]
    const output = this.layer.apply(ops.reshape(inputs, [examples * steps, ...rest]))
    return ops.reshape(output, [examples, steps, ...output.shape.slice(1)])
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const step = this.layer.computeOutputShape(this.#stepShape(inputShape)) as SymbolicShape
    return [inputShape[0]!, inputShape[1]!, ...step.slice(1)]
  }
  override getConfig(): Config {
    return { ...super.getConfig(), layer: serializeLayer(this.layer) }
  }
}
