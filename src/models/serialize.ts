// Layers, models and operations as Keras stores them: `{module, class_name, config, registered_name, build_config, …}`.
import type { Config, SerializedObject } from '../layers/config.ts'
import type { Layer } from '../layers/layer.ts'
import { layerFromConfig, serializeLayer } from '../layers/registry.ts'
import { readShared, sharedId, sharedLayer, writeShared } from '../layers/shared-objects.ts'
import { Operation } from './operation.ts'

/** Where Keras keeps the model classes, by class name. The models add themselves. */
interface ModelHome {
  readonly module: string
  readonly registeredName: string | null
  fromConfig(config: Config): Layer
}
const homes = new Map<string, ModelHome>()

/** Makes a model class known to files and configs under Keras' name and module. */
export function registerModelClass(className: string, home: ModelHome): void {
  homes.set(className, home)
}

/** A model's compile arguments in stored form; `{}` if it was not compiled. Models give it, other layers do not. */
interface Compilable {
  getCompileConfig(): Config
}
function isCompilable(layer: Layer): layer is Layer & Compilable {
  return 'getCompileConfig' in layer
}

/** The stored form of a layer, a nested model or an operation; a layer in several places has one `shared_object_id`. */
export function serializeAny(layer: Layer): SerializedObject & { compile_config?: Config } {
  return writeShared(() => serializeOne(layer))
}

function serializeOne(layer: Layer): SerializedObject & { compile_config?: Config } {
  if (layer instanceof Operation) {
    const { className, module } = layer
    return { module, class_name: className, config: layer.getConfig(), registered_name: className }
  }
  const home = homes.get(layer.className)
  if (home === undefined || !isCompilable(layer)) {
    const stored = serializeLayer(layer)
    return isCompilable(layer) ? { ...stored, compile_config: layer.getCompileConfig() } : stored
  }
  const buildConfig = layer.getBuildConfig()
  return {
    module: home.module,
    class_name: layer.className,
    config: layer.getConfig(),
    registered_name: home.registeredName,
    ...(buildConfig === null ? {} : { build_config: buildConfig }),
    compile_config: layer.getCompileConfig(),
    ...sharedId(layer),
  }
}

/**
 * The layer, model or operation of a stored form; models come uncompiled. Old names of classes are understood.
 * With `build: false` the model around builds the layer.
 */
export function deserializeAny(stored: SerializedObject, { build = true }: { readonly build?: boolean } = {}): Layer {
  return readShared(stored, (complete) => deserializeOne(complete, build))
}

function deserializeOne(stored: SerializedObject, build: boolean): Layer {
  const className = stored.class_name === 'Model' ? 'Functional' : stored.class_name
  if (isOperation(stored)) {
    const { name, ...attributes } = stored.config
    return new Operation({ className, name: typeof name === 'string' ? name : null, attributes })
  }
  const home = homes.get(className)
  if (home !== undefined && looksLikeGraph(stored.config))
    return sharedLayer(stored, () => home.fromConfig(stored.config))
  return layerFromConfig(build || builtAlone(stored) ? stored : { ...stored, build_config: null })
}

/** True for a layer that was built for data of its own (as `adapt` does), before it came into a model: no batch is left open. */
function builtAlone(stored: SerializedObject): boolean {
  const shape = stored.build_config?.input_shape
  return Array.isArray(shape) && typeof shape[0] === 'number'
}

/** True for what is stored as a plain operation, not as a layer. */
export function isOperation({ module }: SerializedObject): boolean {
  return typeof module === 'string' && /^keras\.src\.(ops|activations)\./.test(module)
}

function looksLikeGraph(config: Config): boolean {
  return Array.isArray(config.layers)
}
