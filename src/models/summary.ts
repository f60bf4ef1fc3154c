// The text of model.summary(), as Keras 3 prints it.
import { ArgumentError, problem } from '../errors.ts'
import { bytesPerElement, sizeOf } from '../graph/types.ts'
import { Layer } from '../layers/layer.ts'
import { flatten, isShape } from '../layers/nested.ts'
import { isSymbolic } from '../layers/symbolic.ts'
import type { InboundNode } from '../layers/symbolic.ts'
import type { Variable } from '../ops/index.ts'
import { requireOptions } from '../platform/arguments.ts'
import type { NetworkGraph } from './graph.ts'
import type { Model } from './model.ts'
import { Operation } from './operation.ts'
import { currentOutput } from './output.ts'
import { drawTable } from './table.ts'
import type { Column } from './table.ts'

export interface SummaryOptions {
  /** Width of the table; default what fits the terminal (80 columns without one), at most 88 or 108. */
  readonly lineLength?: number
  /** Ends of the columns, as fractions of the width or (if the last is above 1) in characters. */
  readonly positions?: readonly number[]
  /** Gets the whole text in one call instead of standard output. */
  readonly printFn?: (text: string) => void
  /** Lists the layers of nested models too. */
  readonly expandNested?: boolean
  /** Adds a column that tells Y or N for layers with weights. */
  readonly showTrainable?: boolean
  /** Two regular expressions: the first and the last layer to list, by the beginning of their names. */
  readonly layerRange?: readonly [string, string]
}

/** Prints the summary. @throws ArgumentError for a table too narrow, or a range without layers. */
export function summarize(model: Model, options: SummaryOptions): void {
  checkSummaryOptions(options)
  const text = summaryText(model, options)
  if (options.printFn === undefined) currentOutput().write(text)
  else options.printFn(text)
}

/** The summary as text, with a line feed at the end. */
export function summaryText(model: Model, options: SummaryOptions = {}): string {
  checkSummaryOptions(options)
  if (!(model instanceof Layer))
    throw new ArgumentError(problem({ where: 'summary', expected: 'a model', received: model }))
  const { graph } = model
  const isChain = graph === null || isSequentialLike(graph, model)
  const all = graph === null ? model.layers : graph.operations
  const [from, to] = layerRange(all, options.layerRange)
  const rows = all.slice(from, to).flatMap((layer) => layerRows(layer, 0, isChain ? null : graph, options))
  const table = drawTable(columnsOf(isChain, options), rows)
  return [`Model: "${model.name}"`, table, ...footer(model), ''].join('\n')
}

const optionChecks: Readonly<
  Record<keyof SummaryOptions, readonly [expected: string, fits: (value: unknown) => boolean]>
> = {
  lineLength: ['a whole number of columns', (value) => Number.isInteger(value)],
  positions: ['a list of numbers', (value) => Array.isArray(value) && value.every(Number.isFinite)],
  printFn: ['a function', (value) => typeof value === 'function'],
  expandNested: ['true or false', (value) => typeof value === 'boolean'],
  showTrainable: ['true or false', (value) => typeof value === 'boolean'],
  layerRange: ['a list of two texts', (value) => Array.isArray(value) && value.length === 2],
}

function checkSummaryOptions(options: SummaryOptions): void {
  requireOptions('summary', options, Object.keys(optionChecks), 'summary({ lineLength: 80 })')
  for (const [option, value] of Object.entries(options)) {
    const [expected, fits] = optionChecks[option as keyof SummaryOptions]
    if (value !== undefined && !fits(value))
      throw new ArgumentError(
        problem({ where: 'summary', expected: `\`${option}\` to be ${expected}`, received: value as unknown }),
      )
  }
}

/** True if every depth has one call on at most one tensor and no layer is called twice. */
function isSequentialLike(graph: NetworkGraph, model: Model): boolean {
  for (const level of graph.levels) if (level.length > 1 || level[0]!.inputs.length > 1) return false
  return model.layers.every((layer) => layer.inboundNodes.filter((node) => graph.nodes.has(node)).length <= 1)
}

function columnsOf(isChain: boolean, options: SummaryOptions): Column[] {
  const titles = ['Layer (type)', 'Output Shape', 'Param #']
  let positions = options.positions ?? (isChain ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1])
  let length = isChain ? 88 : 108
  if (!isChain) titles.push('Connected to')
  if (options.showTrainable === true) {
    length += 12
    positions = [...positions.map((position) => position * 0.9), 1]
    titles.push('Trainable')
  }
  if (positions.length !== titles.length) {
    const expected = `${titles.length} \`positions\`, one for each column`
    throw new ArgumentError(problem({ where: 'summary', expected, received: options.positions }))
  }
  const width = options.lineLength ?? Math.min(length, (currentOutput().columns ?? 80) - 4)
  const unit = (options.positions?.at(-1) ?? 1) > 1 ? 1 : width
  let used = 0
  return positions.map((position, i) => {
    const column = Math.trunc(position * unit) - used
    if (column < 4) {
      const expected = 'room for the table'
      throw new ArgumentError(
        problem({ where: 'summary', expected, received: `a width of ${width}`, hint: 'Give a larger lineLength' }),
      )
    }
    used += column
    const title = titles[i] ?? ''
    return { title, width: column, align: title === 'Param #' ? 'right' : title === 'Trainable' ? 'center' : 'left' }
  })
}

function layerRows(layer: Layer, level: number, graph: NetworkGraph | null, options: SummaryOptions): string[][] {
  const prefix = level === 0 ? '' : `${'   '.repeat(level)}└ `
  const row = [`${prefix}${layer.name} (${layer.className})`, outputShape(layer), paramCount(layer)]
  if (graph !== null) row.push(connections(layer, graph.nodes))
  if (options.showTrainable === true) row.push(layer.weights.length === 0 ? '-' : layer.trainable ? 'Y' : 'N')
  const inner = options.expandNested === true ? nestedLayers(layer) : []
  return [row, ...inner.flatMap((each) => layerRows(each, level + 1, graph, options))]
}

function nestedLayers(layer: Layer): readonly Layer[] {
  const { layers } = layer as { layers?: unknown }
  return Array.isArray(layers) ? (layers as readonly Layer[]) : []
}

function paramCount(layer: Layer): string {
  if (layer instanceof Operation) return '0'
  return awaitsBuild(layer) ? '0 (unbuilt)' : grouped(totalOf(layer.weights).count)
}

/** The class itself imports this file. */
function isModel(layer: Layer): layer is Model {
  return 'outputTypes' in layer
}

/** True if the layer is yet to be built: one without anything to build, like Dropout, never is. */
function awaitsBuild(layer: Layer): boolean {
  if (layer.built) return false
  return layer.recordsBuild || isModel(layer) || layer.directLayers().some(awaitsBuild)
}

/** The shape(s) of the last call, or those of the shape it was built for. */
function outputShape(layer: Layer): string {
  const node = layer.inboundNodes.at(-1)
  if (node !== undefined) return list(node.outputs.map((output) => output.shape))
  if (isModel(layer) && layer.outputTypes !== null && !layer.recordsBuild)
    return list(flatten(layer.outputTypes, isSymbolic).map((output) => output.shape))
  // As in Keras, layers without anything to build don't remember what they were called on.
  if (layer.builtInputShape === null || !layer.recordsBuild) return '?'
  try {
    const shapes = layer.computeOutputShape(layer.builtInputShape)
    return isShape(shapes) ? list([shapes]) : Array.isArray(shapes) ? list(shapes) : '?'
  } catch {
    // A layer that cannot tell its shape without data is still worth a row.
    return '?'
  }
}

function list(shapes: readonly (readonly (number | null)[])[]): string {
  const texts = shapes.map((shape) => `(${shape.map((dim) => (dim === null ? 'None' : String(dim))).join(', ')})`)
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
}

function connections(layer: Layer, nodes: ReadonlySet<InboundNode>): string {
  const inputs = layer.inboundNodes.filter((node) => nodes.has(node)).flatMap((node) => node.inputs)
  if (inputs.length === 0) return '-'
  return inputs
    .map(({ history }) => `${history.operation.name}[${history.nodeIndex}][${history.tensorIndex}]`)
    .join(', ')
}

/** Indices [from, to) of the layers between two names. */
function layerRange(layers: readonly Layer[], range: readonly [string, string] | undefined): [number, number] {
  if (range === undefined) return [0, layers.length]
  const [first, last] = range.map((pattern) => {
    const expression = new RegExp(`^(?:${pattern})`)
    return layers.flatMap((layer, i) => (expression.test(layer.name) ? [i] : []))
  }) as [number[], number[]]
  if (first.length === 0 || last.length === 0) {
    const expected = `layers that match, among ${layers.map((layer) => layer.name).join(', ')}`
    throw new ArgumentError(problem({ where: 'summary, layerRange', expected, received: range }))
  }
  if (Math.min(...first) > Math.max(...last)) return [Math.min(...last), Math.max(...first) + 1]
  return [Math.min(...first), Math.max(...last) + 1]
}

interface Total {
  readonly count: number
  readonly bytes: number
}

function footer(model: Model): string[] {
  const trainable = totalOf(model.trainableWeights)
  const rest = totalOf(model.nonTrainableWeights)
  const { optimizer } = model
  const state =
    optimizer === null || !optimizer.built ? null : optimizerTotal(optimizer.variables, optimizer.iterations)
  const parts = state === null ? [trainable, rest] : [trainable, rest, state]
  const total = { count: sum(parts.map(({ count }) => count)), bytes: sum(parts.map(({ bytes }) => bytes)) }
  return [
    line('Total', total),
    line('Trainable', trainable),
    line('Non-trainable', rest),
    ...(state === null ? [] : [line('Optimizer', state)]),
  ]
}

function line(what: string, { count, bytes }: Total): string {
  return ` ${what} params: ${grouped(count)} (${memorySize(bytes)})`
}

function totalOf(variables: readonly Variable[]): Total {
  return {
    count: sum(variables.map(({ shape }) => sizeOf(shape))),
    bytes: sum(variables.map(({ shape, dtype }) => sizeOf(shape) * bytesPerElement[dtype])),
  }
}

/** Keras counts the iteration as int64. */
function optimizerTotal(variables: readonly Variable[], iterations: Variable): Total {
  const { count, bytes } = totalOf(variables)
  return { count, bytes: bytes + (variables.includes(iterations) ? 4 : 0) }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Base 1024, two decimals. */
function memorySize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']
  let unit = 0
  let size = bytes
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${size.toFixed(2)} ${units[unit]!}`
}
