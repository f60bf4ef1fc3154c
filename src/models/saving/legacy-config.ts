// The JSON of a model as Keras 2 wrote it, for whole-model `.h5` files: readable for tf_keras and for Keras 3.
import type { Config, SerializedObject } from '../../layers/config.ts'
import type { Model } from '../model.ts'
import { twiceKey } from '../node-config.ts'
import { isOperation, serializeAny } from '../serialize.ts'
import { isDict } from '../tree.ts'

/**
 * `{class_name, config}` with calls as `[[[layer, node, tensor, kwargs], …], …]`. Models with calls that this form cannot say
 * (operations without a layer, tensors among the keyword arguments) stay in the form of Keras 3.
 */
export function legacyModelConfig(model: Model): Config {
  const stored = serializeAny(model)
  try {
    return toLegacy(stored)
  } catch (error) {
    if (!(error instanceof Unsayable)) throw error
    return { module: stored.module, class_name: stored.class_name, config: stored.config, registered_name: stored.registered_name } // prettier-ignore
  }
}

class Unsayable extends Error {}

function toLegacy(stored: SerializedObject): Config {
  if (isOperation(stored)) throw new Unsayable()
  const { class_name, config, shared_object_id: id } = stored
  const shared = id === undefined ? {} : { shared_object_id: id }
  if (class_name === 'Functional' && Array.isArray(config.layers))
    return { class_name, config: functional(config), ...shared }
  if (class_name === 'Sequential' && Array.isArray(config.layers)) {
    const layers = (config.layers as SerializedObject[]).map(toLegacy)
    return { class_name, config: { name: config.name, layers }, ...shared }
  }
  return { class_name, config: layerConfig(class_name, config), ...shared }
}

/**
 * tf_keras counts the calls of nested models from 1 (0 is the model's own making), Keras 3 from 0. So each of their calls is stored
 * twice: call k stands at 2k + 1 for both, and of the two nobody uses the other.
 * `twiceKey` tells our own reader.
 */
function functional(config: Config): Config {
  const layers = config.layers as (SerializedObject & { name: string; inbound_nodes: readonly Config[] })[]
  const doubled = new Set(layers.filter(isCountedFromOne).map(({ name }) => name))
  const nested = new Set(layers.filter(({ class_name }) => class_name === 'Functional').map(({ name }) => name))
  const indexOf: IndexOf = (layer, index) => (doubled.has(layer) ? 2 * index + 1 : index)
  // Keras 3's own form counts calls of functional models from 1 here, and only here.
  const end = ([layer, index, tensor]: Reference): Reference => [layer, indexOf(layer, nested.has(layer) ? index - 1 : index), tensor] // prettier-ignore
  return {
    name: config.name,
    trainable: config.trainable,
    layers: layers.map((layer) => ({
      ...toLegacy(layer),
      name: layer.name,
      ...(doubled.has(layer.name) ? { [twiceKey]: true } : {}),
      inbound_nodes: layer.inbound_nodes.flatMap((node) => {
        const stored = call(node, indexOf)
        return doubled.has(layer.name) ? [stored, stored] : [stored]
      }),
    })),
    input_layers: ends(config.input_layers).map(end),
    output_layers: ends(config.output_layers).map(end),
  }
}

type Reference = readonly [layer: string, node: number, tensor: number]
type IndexOf = (layer: string, index: number) => number

/** True for nested models that begin with an input of their own. */
function isCountedFromOne({ config }: SerializedObject): boolean {
  if (!Array.isArray(config.layers)) return false
  return (config.layers as SerializedObject[])[0]?.class_name === 'InputLayer'
}

function call(node: Config, indexOf: IndexOf): unknown[] {
  const args = node.args as readonly unknown[]
  const kwargs = node.kwargs as Config
  if (args.length !== 1 || Object.values(kwargs).some(isTensor)) throw new Unsayable()
  const inputs = Array.isArray(args[0]) ? (args[0] as unknown[]) : [args[0]]
  return inputs.map((input) => {
    if (!isTensor(input)) throw new Unsayable()
    const [layer, index, tensor] = input.config.keras_history
    return [layer, indexOf(layer, index), tensor, kwargs]
  })
}

interface StoredTensor {
  readonly config: { readonly keras_history: Reference }
}
function isTensor(value: unknown): value is StoredTensor {
  return isDict(value) && value.class_name === '__keras_tensor__'
}

/** Always a list. */
function ends(value: unknown): readonly Reference[] {
  if (!Array.isArray(value)) throw new Unsayable()
  return (typeof value[0] === 'string' ? [value] : value) as readonly Reference[]
}

/** Options of Keras 3 that Keras 2 does not know; left out, they have the value that they have there. */
const newOptions = [
  'quantization_config', 'synchronized', 'renorm', 'renorm_clipping', 'renorm_momentum', 'rms_scaling', 'optional', 'input_axes', 'output_axes',
  'loss_scale_factor', 'gradient_accumulation_steps',
] // prettier-ignore

/** A stored object without options that older versions refuse, unless somebody has set them. */
export function withoutNewOptions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNewOptions)
  if (!isDict(value)) return value
  const kept = Object.entries(value).filter(
    ([key, item]) =>
      !(newOptions.includes(key) && !isSet(key, item)) && !(key === 'data_format' && item === 'channels_last'),
  )
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNewOptions(item)]))
}

function isSet(key: string, value: unknown): boolean {
  return value !== null && value !== false && key !== 'renorm_momentum'
}

function layerConfig(className: string, config: Config): Config {
  const kept = withoutNewOptions(config) as Config
  if (isDict(kept.dtype)) kept.dtype = (kept.dtype.config as Config | undefined)?.name ?? 'float32'
  if (className === 'InputLayer') {
    const { batch_shape: shape, ...rest } = kept
    return { batch_input_shape: shape, ...rest }
  }
  return kept
}
