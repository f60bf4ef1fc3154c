// Pipeline: layers one after the other, as one layer.
import { ArgumentError, problem } from '../errors.ts'
import type { Tensor } from '../ops/index.ts'
import { type Config, isSerializedObject, type SerializedObject } from './config.ts'
import { type CallOptions, Layer, type LayerOptions } from './layer.ts'
import { type LayerShape, mapNested, type Nested } from './nested.ts'
import { isSpec, type TensorSpec } from './output-spec.ts'
import { layerFromConfig, serializeLayer } from './registry.ts'

export interface PipelineOptions extends LayerOptions {
  /** Layers, or their stored forms. */
  readonly layers: readonly (Layer | SerializedObject)[]
}

/** Applies layers in order; training unless told otherwise. Made for augmentation in `Dataset.map`. */
export class Pipeline extends Layer {
  static override readonly className: string = 'Pipeline'
  static override readonly defaultTraining: boolean | null = true
  readonly layers: readonly Layer[]

  constructor(options: PipelineOptions) {
    super(options)
    const list: unknown = options.layers
    if (!Array.isArray(list) || !list.every((item) => item instanceof Layer || isSerializedObject(item)))
      throw new ArgumentError(
        problem({ where: this.where, expected: '`layers` to be a list of layers', received: list }),
      )
    this.layers = (list as PipelineOptions['layers']).map((item) =>
      item instanceof Layer ? item : layerFromConfig(item),
    )
  }
  override call(inputs: Tensor, { training }: CallOptions): unknown {
    return this.layers.reduce<unknown>((value, layer) => layer.applyNested(value, { training }), inputs)
  }
  override computeOutputSpec(inputs: Nested<TensorSpec>): Nested<TensorSpec> {
    return this.layers.reduce((specs, layer) => {
      if (!layer.built) layer.build(mapNested(specs, isSpec, ({ shape }) => shape) as LayerShape)
      return layer.computeOutputSpec(specs)
    }, inputs)
  }
  override getConfig(): Config {
    return { layers: this.layers.map(serializeLayer), name: this.name }
  }
}
