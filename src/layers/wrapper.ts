// The base of layers around one other layer.
import { ArgumentError, problem } from '../errors.ts'
import { withinName } from './call-context.ts'
import { type Config, isSerializedObject, type SerializedObject } from './config.ts'
import { Layer, type LayerOptions } from './layer.ts'
import type { LayerShape } from './nested.ts'
import { layerFromConfig, serializeLayer } from './registry.ts'

export interface WrapperOptions extends LayerOptions {
  /** The layer inside, or its stored form. */
  readonly layer: Layer | SerializedObject
}

/** Builds and stores the layer inside; a subclass says in `call` what happens to it. */
export abstract class Wrapper extends Layer {
  readonly layer: Layer

  constructor(options: WrapperOptions) {
    super(options)
    const { layer } = options
    if (!(layer instanceof Layer) && !isSerializedObject(layer))
      throw new ArgumentError(problem({ where: this.where, expected: '`layer` to be a layer', received: layer }))
    // A stored layer may be built at once: its weights are named below this one.
    this.layer = layer instanceof Layer ? layer : withinName(this, this.name, () => layerFromConfig(layer))
  }
  override build(inputShape: LayerShape): void {
    if (!this.layer.built) this.layer.build(inputShape)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), layer: serializeLayer(this.layer) }
  }
}
