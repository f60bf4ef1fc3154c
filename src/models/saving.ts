// Saving and loading models and weights; the ending of the file name tells the format.
import { ArgumentError, problem } from '../errors.ts'
import type { Model } from './model.ts'
import { safetensorsFormat } from './safetensors-format.ts'
import { kerasFormats } from './saving/formats.ts'
import type { LoadReport, LoadWeightsOptions } from './saving/report.ts'

export type { LoadReport, LoadWeightsOptions } from './saving/report.ts'

export interface SaveWeightsOptions {
  /** Size of one file in GB (2^30 bytes), for `.weights.json` alone; default 5. */
  readonly maxShardSize?: number
}

export interface LoadModelOptions {
  /** Compiles the model with the stored arguments and restores the optimizer; default true. */
  readonly compile?: boolean
}

/** How one kind of file is written and read. */
export interface FileFormat {
  /** Endings of file names, with the dot; the longest that fits wins. */
  readonly endings: readonly string[]
  saveWeights?(model: Model, path: string, options: SaveWeightsOptions): Promise<void>
  loadWeights?(model: Model, path: string, options: LoadWeightsOptions): Promise<LoadReport>
  saveModel?(model: Model, path: string): Promise<void>
  loadModel?(path: string, options: LoadModelOptions): Promise<Model>
}

const formats: FileFormat[] = [safetensorsFormat, ...kerasFormats]

/** Adds a format for `save`, `saveWeights`, `loadWeights` and `loadModel`. */
export function registerFileFormat(format: FileFormat): void {
  formats.unshift(format)
}

function formatFor<M extends keyof FileFormat>(path: string, method: M): FileFormat & Required<Pick<FileFormat, M>> {
  const able = formats.filter((format) => format[method] !== undefined)
  const endings = able.flatMap((format) => format.endings.map((ending) => ({ format, ending })))
  const fitting = endings
    .filter(({ ending }) => path.endsWith(ending))
    .sort((a, b) => b.ending.length - a.ending.length)
  if (fitting.length > 0) return fitting[0]!.format as FileFormat & Required<Pick<FileFormat, M>>
  const expected = `a file name that ends with ${endings.map(({ ending }) => ending).join(' or ')}`
  throw new ArgumentError(problem({ where: method, expected, received: path }))
}

export async function saveWeights(model: Model, path: string, options: SaveWeightsOptions = {}): Promise<void> {
  requireBuilt('saveWeights', model)
  await formatFor(path, 'saveWeights').saveWeights(model, path, options)
}

export async function loadWeights(model: Model, path: string, options: LoadWeightsOptions = {}): Promise<LoadReport> {
  requireBuilt('loadWeights', model)
  return formatFor(path, 'loadWeights').loadWeights(model, path, options)
}

export async function saveModel(model: Model, path: string): Promise<void> {
  requireBuilt('save', model)
  await formatFor(path, 'saveModel').saveModel(model, path)
}

/**
 * Reads a model that `save` wrote: architecture, weights and, unless told otherwise, the compiled state.
 * @throws FormatError for a damaged file or one that holds only weights.
 */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<Model> {
  return formatFor(path, 'loadModel').loadModel(path, options)
}

function requireBuilt(where: string, model: Model): void {
  if (model.built) return
  const hint = 'Call build(inputShape), or the model on data, first'
  throw new ArgumentError(problem({ where: `${where} of ${model.where}`, expected: 'a built model', received: 'one without weights yet', hint })) // prettier-ignore
}
