// Saving and loading models and weights; the ending of the file name tells the format.
import { ArgumentError, problem } from '../errors.ts'
import { requireOptions } from '../platform/arguments.ts'
import { opening } from '../platform/opening.ts'
import type { Model } from './model.ts'
import { safetensorsFormat } from './safetensors-format.ts'
import { kerasFormats } from './saving/formats.ts'
import type { LoadReport, LoadWeightsOptions } from './saving/report.ts'

export type { LoadReport, LoadWeightsOptions } from './saving/report.ts'

const loadWeightsOptions: Readonly<Record<keyof LoadWeightsOptions, true>> = { skipMismatch: true, byName: true }

export interface SaveWeightsOptions {
  /** Size of one file in GB (2^30 bytes), for `.weights.json` alone; default 5. */
  readonly maxShardSize?: number
}

const saveWeightsOptions: Readonly<Record<keyof SaveWeightsOptions, true>> = { maxShardSize: true }

export interface LoadModelOptions {
  /** Compiles the model with the stored arguments and restores the optimizer; default true. */
  readonly compile?: boolean
}

const loadModelOptions: Readonly<Record<keyof LoadModelOptions, true>> = { compile: true }

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
  // The methods of Model are named otherwise than those of formats.
  const where = method === 'saveModel' ? 'save' : method
  if (typeof path !== 'string')
    throw new ArgumentError(problem({ where, expected: 'the path of a file', received: path }))
  const able = formats.filter((format) => format[method] !== undefined)
  const endings = able.flatMap((format) => format.endings.map((ending) => ({ format, ending })))
  const fitting = endings
    .filter(({ ending }) => path.endsWith(ending))
    .sort((a, b) => b.ending.length - a.ending.length)
  if (fitting.length > 0) return fitting[0]!.format as FileFormat & Required<Pick<FileFormat, M>>
  const expected = `a file name that ends with ${endings.map(({ ending }) => ending).join(' or ')}`
  throw new ArgumentError(problem({ where, expected, received: path }))
}

export async function saveWeights(model: Model, path: string, options: SaveWeightsOptions = {}): Promise<void> {
  requireBuilt('saveWeights', model)
  requireOptions('saveWeights', options, Object.keys(saveWeightsOptions), 'saveWeights(path, { maxShardSize: 2 })')
  const format = formatFor(path, 'saveWeights')
  await opening('saveWeights', path, 'written', () => format.saveWeights(model, path, options))
}

export async function loadWeights(model: Model, path: string, options: LoadWeightsOptions = {}): Promise<LoadReport> {
  requireBuilt('loadWeights', model)
  requireOptions('loadWeights', options, Object.keys(loadWeightsOptions), 'loadWeights(path, { skipMismatch: true })')
  const format = formatFor(path, 'loadWeights')
  return opening('loadWeights', path, 'read', () => format.loadWeights(model, path, options))
}

export async function saveModel(model: Model, path: string): Promise<void> {
  requireBuilt('save', model)
  const format = formatFor(path, 'saveModel')
  await opening('save', path, 'written', () => format.saveModel(model, path))
}

/**
 * Reads a model that `save` wrote: architecture, weights and, unless told otherwise, the compiled state.
 * @throws FormatError for a damaged file or one that holds only weights.
 */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<Model> {
  requireOptions('loadModel', options, Object.keys(loadModelOptions), 'loadModel(path, { compile: false })')
  if (options.compile !== undefined && typeof options.compile !== 'boolean')
    throw new ArgumentError(
      problem({ where: 'loadModel', expected: '`compile` to be true or false', received: options.compile }),
    )
  const format = formatFor(path, 'loadModel')
  return opening('loadModel', path, 'read', () => format.loadModel(path, options))
}

export function requireBuilt(where: string, model: Model): void {
  if (model.built) return
  const hint = 'Call build(inputShape), or the model on data, first'
  throw new ArgumentError(problem({ where: `${where} of ${model.where}`, expected: 'a built model', received: 'one without weights yet', hint })) // prettier-ignore
}
