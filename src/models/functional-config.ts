// The JSON of a functional model: its layers, their calls with tensors as references, its inputs and outputs; and back.
import { FormatError, problem } from '../errors.ts'
import type { Config, SerializedObject } from '../layers/config.ts'
import { InputLayer } from '../layers/index.ts'
import type { Layer } from '../layers/layer.ts'
import { mapNested } from '../layers/nested.ts'
import { isSymbolic, isTensorLeaf } from '../layers/symbolic.ts'
import type { InboundNode, SymbolicTensor } from '../layers/symbolic.ts'
import { fromStoredCall, toStoredCall } from './attention-calls.ts'
import type { Functional, FunctionalOptions } from './functional.ts'
import { explicitKey, readNodes, twiceKey } from './node-config.ts'
import type { Find, StoredNode } from './node-config.ts'
import { Operation } from './operation.ts'
import { deserializeAny, serializeAny } from './serialize.ts'
import { isDict, mapTree } from './tree.ts'
import type { Nested } from './tree.ts'

type Reference = readonly [layer: string, node: number, tensor: number]

/** A stored layer of a functional model. */
interface StoredLayer extends SerializedObject {
  readonly name?: string
  readonly inbound_nodes?: readonly unknown[]
  readonly [twiceKey]?: unknown
}

/** Keras' `get_config` of a functional model. */
export function functionalConfig(model: Functional): Config {
  const own = model.graph.nodes
  /** Index of a call among those that belong to this model. */
  const indexOf = (node: InboundNode): number =>
    node.operation.inboundNodes.filter((each) => own.has(each)).indexOf(node)
  const reference = (tensor: SymbolicTensor): Reference => {
    const { operation, nodeIndex, tensorIndex } = tensor.history
    return [operation.name, indexOf(operation.inboundNodes[nodeIndex]!), tensorIndex]
  }
  const tensorConfig = (tensor: SymbolicTensor): Config => ({
    class_name: '__keras_tensor__',
    config: { shape: tensor.shape, dtype: tensor.dtype, keras_history: reference(tensor) },
  })
  /** Keras counts the calls of nested functional models from 1 here, and only here. */
  const endReference = (tensor: SymbolicTensor): Reference => {
    const [name, node, index] = reference(tensor)
    return [name, tensor.history.operation.className === 'Functional' ? node + 1 : node, index]
  }
  const layers = model.operations.map((layer) => ({
    ...serializeAny(layer),
    name: layer.name,
    inbound_nodes: layer.inboundNodes
      .filter((node) => own.has(node) && node.inputs.length > 0)
      .map((node) => storedCall(node, tensorConfig)),
  }))
  const { inputs, outputs } = model.ends
  return {
    name: model.name,
    trainable: model.trainable,
    layers,
    input_layers: mapTree<SymbolicTensor, unknown>(inputs, endReference),
    output_layers: mapTree<SymbolicTensor, unknown>(outputs, endReference),
  }
}

function storedCall(node: InboundNode, tensorConfig: (tensor: SymbolicTensor) => Config): Config {
  const { operation } = node
  if (operation instanceof Operation) return operation.storedCall(node, tensorConfig)
  const kwargs = kwargsOf(node, tensorConfig)
  const explicit = looksLikeDefault(operation, kwargs) ? { [explicitKey]: ['training'] } : {}
  const argument = mapNested(node.args[0]!, isTensorLeaf, (leaf) =>
    isSymbolic(leaf) ? tensorConfig(leaf) : refuseConstant(operation),
  )
  return { ...toStoredCall(operation, argument, kwargs), ...explicit }
}

function kwargsOf(node: InboundNode, tensorConfig: (tensor: SymbolicTensor) => Config): Config {
  return Object.fromEntries(
    Object.entries(node.kwargs).map(([key, value]) => [key, isSymbolic(value) ? tensorConfig(value) : value]),
  )
}

function refuseConstant(operation: Layer): never {
  throw new FormatError(
    problem({
      where: `config of "${operation.name}"`,
      expected: 'calls on symbolic tensors only',
      received: 'a concrete tensor among the arguments',
      hint: 'Keep constants inside of a layer of your own',
    }),
  )
}

/**
 * The model of a stored config, new weights included.
 * @throws FormatError if calls refer to layers that are not there, or to each other in a circle.
 */
export function functionalFromConfig(config: Config, make: (options: FunctionalOptions) => Functional): Functional {
  const where = `functional model ${JSON.stringify(config.name ?? '')}`
  const stored = config.layers as readonly StoredLayer[]
  const created = new Map<string, Layer>()
  const waiting = new Map<Layer, StoredNode[]>()
  const twice = new Set<string>()
  for (const entry of stored) {
    // Its calls give each layer its shape.
    const layer = deserializeAny(entry, { build: false })
    const name = entry.name ?? layer.name
    if (created.has(name))
      throw new FormatError(problem({ where, expected: 'unique layer names', received: `${name} twice` }))
    if (waiting.has(layer))
      throw new FormatError(problem({ where, expected: 'each layer once', received: `${layer.name} under two names` }))
    created.set(name, layer)
    const isTwice = entry[twiceKey] === true
    if (isTwice) twice.add(name)
    waiting.set(
      layer,
      readNodes(
        where,
        (entry.inbound_nodes ?? []).filter((_, i) => !isTwice || i % 2 === 1),
      ),
    )
  }
  // Stored calls are numbered within this model; a layer that a nested model shares was called there before.
  const callsBefore = new Map([...waiting.keys()].map((layer) => [layer, layer.inboundNodes.length]))
  const find: Find = (layerName, node, tensor, old = false) => {
    const layer = created.get(layerName)
    const before = layer === undefined || layer instanceof InputLayer ? 0 : callsBefore.get(layer)!
    const outputOf = (index: number): SymbolicTensor | undefined => layer?.inboundNodes[before + index]?.outputs[tensor]
    if (twice.has(layerName)) return outputOf((node - 1) / 2)
    const isNested = layer?.className === 'Functional' || layer?.className === 'Sequential'
    return old && isNested && node > 0 ? outputOf(node - 1) : outputOf(node)
  }
  makeCalls(where, waiting, find)
  // Older versions wrote lists where there was but one.
  const isLegacy = stored.some((entry) => Array.isArray(entry.inbound_nodes?.[0]))
  const end = (reference: Reference): SymbolicTensor => {
    const [name, node, tensor] = reference
    const layer = created.get(name)
    // Nested functional models are counted from 1 here; old files are not always so.
    const index = layer?.className === 'Functional' && node > 0 && !twice.has(name) ? node - 1 : node
    const found = find(name, index, tensor) ?? (isLegacy ? find(name, node, tensor, true) : undefined)
    if (found !== undefined) return found
    throw new FormatError(problem({ where, expected: 'inputs and outputs among the layers', received: reference }))
  }
  const ends = (value: unknown): Nested<SymbolicTensor> => {
    const found = mapReferences(value, end)
    return isLegacy && Array.isArray(found) && found.length === 1 ? (found[0] as Nested<SymbolicTensor>) : found
  }
  return make({
    inputs: ends(config.input_layers),
    outputs: ends(config.output_layers),
    name: typeof config.name === 'string' ? config.name : null,
    trainable: config.trainable !== false,
  })
}

/** Makes the calls whose inputs are there, in the order of the layers, again and again until none is left. */
function makeCalls(where: string, waiting: Map<Layer, StoredNode[]>, find: Find): void {
  let left = [...waiting.values()].reduce((sum, nodes) => sum + nodes.length, 0)
  while (left > 0) {
    const before = left
    for (const [layer, nodes] of waiting) {
      while (nodes.length > 0) {
        const call = nodes[0]!.resolve(find)
        if (call === null) break
        if (layer instanceof Operation) layer.applyTo(call.args, call.kwargs)
        else {
          const given = call.isExplicit ? call.kwargs : givenKwargs(layer, call.kwargs)
          const { argument, kwargs } = fromStoredCall(layer, call.args, given)
          layer.applyNested(argument, kwargs)
        }
        nodes.shift()
        left--
      }
    }
    if (left === before) {
      const names = [...waiting].filter(([, nodes]) => nodes.length > 0).map(([layer]) => layer.name)
      throw new FormatError(problem({ where, expected: 'calls whose inputs can be found', received: names.join(', ') }))
    }
  }
}

/** Layers whose call has `training=False` in Keras' signature, and with which Keras stores that. */
const trainingFalse =
  /^(Dropout|SpatialDropout[123]D|GaussianDropout|GaussianNoise|AlphaDropout|SpectralNormalization)$/

/** True for a `training` that Keras would also store if nobody had given it. */
function looksLikeDefault(layer: Layer, kwargs: Readonly<Record<string, unknown>>): boolean {
  const { defaultTraining } = layer.constructor as typeof Layer
  const usual = trainingFalse.test(layer.className) ? false : defaultTraining
  return usual !== null && kwargs.training === usual
}

/**
 * The keyword arguments that somebody gave. Keras 3.15 also stores `training` as its signature's default has it, and overrides it
 * itself when the model runs; taken at its word it would augment in `predict`, and switch Dropout off in `fit`.
 */
function givenKwargs(layer: Layer, kwargs: Record<string, unknown>): Record<string, unknown> {
  if (!looksLikeDefault(layer, kwargs)) return kwargs
  const { training: _, ...rest } = kwargs
  return rest
}

/** `["name", 0, 0]`, a list of such, or a dictionary of such. */
function mapReferences(value: unknown, end: (reference: Reference) => SymbolicTensor): Nested<SymbolicTensor> {
  if (isDict(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapReferences(item, end)]))
  const list = value as readonly unknown[]
  if (typeof list[0] === 'string') return end(list as unknown as Reference)
  const tensors = list.map((item) => mapReferences(item, end))
  return tensors
}
