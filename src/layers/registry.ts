// The registry of layer classes: from a stored config to a layer and back.
import { ArgumentError, problem } from '../errors.ts'
import { type Config, isSerializedObject, type SerializedObject } from './config.ts'
import { classNameOf, requireClass, requireInstance } from '../initializers/objects.ts'
import { Layer, type LayerClass } from './layer.ts'
import { sharedId, sharedLayer } from './shared-objects.ts'

const classes = new Map<string, LayerClass>()
const builtin = new Map<LayerClass, string>()

/** Makes a class of your own readable from stored configs. Its name is `className`, or the JavaScript name without one. */
export function registerLayer(cls: LayerClass): void {
  requireClass('registerLayer', cls, Layer)
  classes.set(classNameOf(cls), cls)
  classes.set(`Custom>${classNameOf(cls)}`, cls)
}

/** Registers a class of the library; `module` is where Keras has it. */
export function registerBuiltin(cls: LayerClass, module = 'keras.layers'): void {
  classes.set(classNameOf(cls), cls)
  builtin.set(cls, module)
}

/** The class registered under a name, if any. */
export function layerClass(name: string): LayerClass | undefined {
  return classes.get(name)
}

/**
 * A new layer from `{class_name, config}` as Keras (or `serializeLayer`) wrote it; built if the object says for which shape.
 * @throws ArgumentError for something else, or an unknown class.
 */
export function layerFromConfig(object: SerializedObject): Layer {
  if (!isSerializedObject(object))
    throw new ArgumentError(
      problem({ where: 'layerFromConfig', expected: 'an object with class_name and config', received: object }),
    )
  const { class_name, registered_name } = object
  const cls = classes.get(registered_name ?? class_name) ?? classes.get(class_name)
  if (cls === undefined)
    throw new ArgumentError(
      problem({
        where: 'layerFromConfig',
        expected: 'a known layer class',
        received: class_name,
        hint: 'Call registerLayer(YourLayer) before loading',
      }),
    )
  return sharedLayer(object, () => {
    const layer = cls.fromConfig(object.config)
    if (object.build_config !== undefined && object.build_config !== null) layer.buildFromConfig(object.build_config)
    return layer
  })
}

/** The form that Keras stores: `{module, class_name, config, registered_name[, build_config]}`. */
export function serializeLayer(layer: Layer): SerializedObject {
  requireInstance('serializeLayer', layer, Layer)
  const module = builtin.get(layer.constructor as unknown as LayerClass)
  const object: Config = {
    module: module ?? null,
    class_name: layer.className,
    config: layer.getConfig(),
    registered_name: module === undefined ? layer.className : null,
  }
  const build = layer.getBuildConfig()
  if (build !== null) object.build_config = build
  Object.assign(object, sharedId(layer))
  return object as unknown as SerializedObject
}
