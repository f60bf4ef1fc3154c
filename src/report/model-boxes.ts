// What a picture of a model shows: a box for each layer, frames around nested models, and arrows; the rules of Keras' model_to_dot.
import { ArgumentError, problem } from '../errors.ts'
import { InputLayer, type Layer } from '../layers/index.ts'
import type { InboundNode, SymbolicTensor } from '../layers/symbolic.ts'
import { Functional, type Model, Sequential } from '../models/index.ts'
import { flatten, isDict } from '../models/tree.ts'
import type { Nested } from '../models/tree.ts'

export interface BoxOptions {
  /** Shapes of inputs and outputs; default false. */
  readonly showShapes?: boolean
  /** Types of outputs; default false. */
  readonly showDtype?: boolean
  /** Names of layers before their classes. */
  readonly showLayerNames?: boolean
  /** Names of activation functions; default false. */
  readonly showLayerActivations?: boolean
  /** Whether layers with weights are trainable; default false. */
  readonly showTrainable?: boolean
  /** Draws what nested models consist of, in frames; default false. */
  readonly expandNested?: boolean
}

/** Text whose middle part is bold. */
export interface Cell {
  readonly before: string
  readonly bold: string
  readonly after: string
  /** Background; white unless said. */
  readonly fill?: 'black' | 'forestgreen' | 'firebrick'
}

export interface Box {
  readonly title: Cell
  readonly activation: Cell | null
  /** Side by side below. */
  readonly cells: readonly Cell[]
}

/** Boxes and frames in the order in which the model has its layers. */
export interface Frame {
  /** null around the whole picture. */
  readonly name: string | null
  readonly children: readonly (Box | Frame)[]
}

export interface Picture {
  readonly frame: Frame
  readonly arrows: readonly (readonly [from: Box, to: Box])[]
}

type Container = Functional | Sequential

export function isFrame(child: Box | Frame): child is Frame {
  return 'children' in child
}

/** @throws ArgumentError for a model that is not built. */
export function modelPicture(model: Model, options: BoxOptions): Picture {
  if (!model.built) {
    const hint = 'Call build(inputShape), or the model on data'
    throw new ArgumentError(
      problem({
        where: `picture of ${model.where}`,
        expected: 'a built model',
        received: 'one without weights yet',
        hint,
      }),
    )
  }
  const boxes = new Map<Layer, Box>()
  if (!isContainer(model)) return { frame: { name: null, children: [boxOf(model, options)] }, arrows: [] }
  const expands = (layer: Layer): layer is Container => options.expandNested === true && isContainer(layer)
  const frameOf = (container: Container, name: string | null): Frame => ({
    name,
    children: shown(container).map((layer) => {
      if (expands(layer)) return frameOf(layer, layer.name)
      const box = boxes.get(layer) ?? boxOf(layer, options)
      boxes.set(layer, box)
      return box
    }),
  })
  const frame = frameOf(model, null)
  const arrows = new Map<string, readonly [Box, Box]>()
  const numbers = new Map([...boxes.values()].map((box, i) => [box, i]))
  const visit = (container: Container): void => {
    for (const [source, destination] of connections(container, expands)) {
      const ends = [boxes.get(source), boxes.get(destination)] as const
      // What a nested model was cut from lies outside of the picture.
      if (ends[0] === undefined || ends[1] === undefined) continue
      arrows.set(`${numbers.get(ends[0])} ${numbers.get(ends[1])}`, [ends[0], ends[1]])
    }
    for (const layer of shown(container)) if (expands(layer)) visit(layer)
  }
  visit(model)
  return { frame, arrows: [...arrows.values()] }
}

function isContainer(layer: Layer): layer is Container {
  return layer instanceof Functional || layer instanceof Sequential
}

/** A Sequential does not show its input. */
function shown(container: Container): readonly Layer[] {
  return container instanceof Sequential ? container.layers : container.operations
}

/** Pairs of layers between which a tensor goes. In nested models that are expanded, these are the layers at their ends. */
function connections(container: Container, expands: (layer: Layer) => layer is Container): [Layer, Layer][] {
  const graph = container instanceof Sequential ? container.functional.graph : container.graph
  const pairs: [Layer, Layer][] = []
  for (const node of graph.order) {
    for (const [index, input] of node.inputs.entries()) {
      const source = lastLayer(input, expands)
      if (container instanceof Sequential && source instanceof InputLayer) continue
      pairs.push([source, firstLayer(node, index, expands)])
    }
  }
  return pairs
}

function lastLayer(tensor: SymbolicTensor, expands: (layer: Layer) => layer is Container): Layer {
  let { operation, tensorIndex } = tensor.history
  while (expands(operation)) ({ operation, tensorIndex } = operation.outputs[tensorIndex]!.history)
  return operation
}

function firstLayer(node: InboundNode, index: number, expands: (layer: Layer) => layer is Container): Layer {
  let layer: Layer = node.operation
  while (expands(layer)) {
    if (layer instanceof Functional) layer = layer.inputs[index]!.history.operation
    else layer = layer.layers[0]!
  }
  return layer
}

// ---- One box --------------------------------------------------------------------------------------------------------

const plain = (bold: string, before = '', after = ''): Cell => ({ before, bold, after })

function boxOf(layer: Layer, options: BoxOptions): Box {
  const { className } = layer
  const title = options.showLayerNames === true ? plain(layer.name, '', ` (${className})`) : plain(className)
  const activation = options.showLayerActivations === true ? activationOf(layer) : null
  return {
    title: { ...title, fill: 'black' },
    activation: activation === null ? null : plain(activation, 'Activation: '),
    cells: cellsOf(layer, options),
  }
}

function cellsOf(layer: Layer, options: BoxOptions): Cell[] {
  const ends = endsOf(layer)
  const cells: Cell[] = []
  if (options.showShapes === true) {
    if (!(layer instanceof InputLayer)) cells.push(plain(shapeText(ends?.input), 'Input shape: '))
    cells.push(plain(shapeText(ends?.output), 'Output shape: '))
  }
  if (options.showDtype === true) cells.push(plain(dtypeText(ends?.output), 'Output dtype: '))
  if (options.showTrainable === true && layer.weights.length > 0) {
    const [bold, fill] = layer.trainable
      ? (['Trainable', 'forestgreen'] as const)
      : (['Non-trainable', 'firebrick'] as const)
    cells.push({ ...plain(bold), fill })
  }
  return cells
}

/** Name of a layer's activation; null for layers without one. */
function activationOf(layer: Layer): string | null {
  const { activation } = layer.getConfig()
  if (typeof activation === 'string') return activation
  if (!isDict(activation)) return null
  const { config, class_name: name } = activation
  return typeof config === 'string' ? config : String(name)
}

/** What goes in and comes out: of a model what it was made of, of a layer what its first call had. */
function endsOf(layer: Layer): { input: Nested<SymbolicTensor>; output: Nested<SymbolicTensor> } | null {
  if (isContainer(layer)) {
    const { inputs, outputs } = layer instanceof Sequential ? layer.functional.ends : layer.ends
    return { input: inputs, output: outputs }
  }
  const node = layer.inboundNodes[0]
  if (node === undefined) return null
  const one = (tensors: readonly SymbolicTensor[]): Nested<SymbolicTensor> =>
    tensors.length === 1 ? tensors[0]! : [...tensors]
  return { input: one(node.inputs), output: one(node.outputs) }
}

/** Shapes as Python writes tuples. */
function shapeText(tensors: Nested<SymbolicTensor> | undefined): string {
  if (tensors === undefined) return '?'
  if (isDict(tensors)) {
    return Object.entries(tensors)
      .map(([key, item]) => `${key}: ${shapeText(item)}`)
      .join(', ')
  }
  if (Array.isArray(tensors)) return `[${(tensors as Nested<SymbolicTensor>[]).map(shapeText).join(', ')}]`
  const { shape } = flatten(tensors)[0]!
  const dims = shape.map((dim) => (dim === null ? 'None' : String(dim)))
  return dims.length === 1 ? `(${dims[0]!},)` : `(${dims.join(', ')})`
}

function dtypeText(tensors: Nested<SymbolicTensor> | undefined): string {
  if (tensors === undefined) return '?'
  const quoted = (item: Nested<SymbolicTensor>): string => {
    const text = dtypeText(item)
    return Array.isArray(item) || isDict(item) ? text : `'${text}'`
  }
  if (isDict(tensors)) {
    const entries = Object.entries(tensors).map(([key, item]) => `'${key}': ${quoted(item as Nested<SymbolicTensor>)}`)
    return `{${entries.join(', ')}}`
  }
  if (Array.isArray(tensors)) return `[${(tensors as Nested<SymbolicTensor>[]).map(quoted).join(', ')}]`
  return flatten(tensors)[0]!.dtype
}
