// TensorFlow.js models (`model.json`): layers-models become models, weights of either kind go into a model by their names.
import { FormatError, problem } from '../../errors.ts'
import type { TfjsModel, TfjsTensor } from '../../formats/tfjs.ts'
import { sameShape, showShape } from '../../graph/types.ts'
import { toSnakeKey } from '../../layers/config.ts'
import type { Layer } from '../../layers/layer.ts'
import { type Tensor, tensor, type Variable } from '../../ops/index.ts'
import { opening } from '../../platform/opening.ts'
import { checkValue, filePath } from '../../platform/option-rules.ts'
import type { Model } from '../model.ts'
import { isDict } from '../tree.ts'
import { fromForeign, parseObject } from './config-text.ts'
import { modelOf } from './keras-archive.ts'
import { compileLegacy, withPlainNames } from './legacy-model.ts'
import { plainName } from './legacy-weights.ts'
import { setVariable } from './matching.ts'
import { mismatch } from './report.ts'
import type { LoadReport, LoadWeightsOptions } from './report.ts'

const read = async (path: string): Promise<TfjsModel> => (await import('../../formats/tfjs.ts')).readTfjs(path)

/**
 * The weights of a TensorFlow.js model (`model.json`, layers-model or graph-model) as tensors by the names that stand in the file.
 * @throws FormatError for damaged files, or a manifest that names files outside of its folder; ArgumentError for what is no path of a file
 * that can be read.
 */
export async function loadTfjsWeights(path: string): Promise<Map<string, Tensor>> {
  checkValue('loadTfjsWeights', 'path', path, filePath)
  const { weights } = await opening('loadTfjsWeights', path, 'read', () => read(path))
  return new Map([...weights].map(([name, { data, shape, dtype }]) => [name, tensor(data, { shape, dtype })]))
}

/** The model of a layers-model. @throws FormatError for a graph-model, damaged files, or weights that do not fit. */
export async function tfjsModelFrom(path: string, compile: boolean): Promise<Model> {
  const file = await read(path)
  if (file.format === 'graph-model') {
    const hint = 'Build the model with layers, and call its loadWeights with this file'
    throw new FormatError(problem({ where: path, expected: 'a layers-model', received: 'a graph-model, which knows no layers', hint })) // prettier-ignore
  }
  const { topology } = file
  if (topology === null)
    throw new FormatError(problem({ where: path, expected: 'a model', received: 'weights alone', hint: 'Build the model, and call its loadWeights' })) // prettier-ignore
  const stored = topology.model_config ?? topology
  const config = typeof stored === 'string' ? parseObject(`${path}, model_config`, stored) : stored
  const model = fromForeign(path, () => modelOf(path, withPlainNames(isDict(config) ? config : {})))
  const shape = model.built ? null : inputShapeOf(config)
  if (shape !== null) fromForeign(path, () => model.build(shape))
  setWeights(path, model, file, {})
  const training = file.trainingConfig ?? topology.training_config
  if (compile && isDict(training)) compileLegacy(path, model, kerasTraining(training))
  return model
}

/** The input shape of a sequential model, which stands in its first layer; null if there is none. */
function inputShapeOf(config: unknown): (number | null)[] | null {
  const own = isDict(config) && isDict(config.config) ? config.config : {}
  if (Array.isArray(own.batch_input_shape)) return own.batch_input_shape as (number | null)[]
  return Array.isArray(own.layers) ? inputShapeOf(own.layers[0]) : null
}

/** A training configuration with the optimizer in Keras' words; TensorFlow.js has its own. */
function kerasTraining(training: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { optimizer_config: optimizer } = training
  if (!isDict(optimizer) || !isDict(optimizer.config)) return { ...training }
  const { useNesterov, ...options } = optimizer.config
  const isRmsProp = optimizer.class_name === 'RMSProp'
  const names: Readonly<Record<string, string>> = {
    beta1: 'beta_1',
    beta2: 'beta_2',
    ...(isRmsProp ? { decay: 'rho' } : {}),
  }
  const entries = Object.entries(options).map(([key, value]) => [names[key] ?? toSnakeKey(key), value] as const)
  const config = Object.fromEntries(useNesterov === undefined ? entries : [...entries, ['nesterov', useNesterov]])
  const classes: Readonly<Record<string, string>> = { Momentum: 'SGD', RMSProp: 'RMSprop', AdaMax: 'Adamax' }
  const class_name = classes[String(optimizer.class_name)] ?? optimizer.class_name
  return { ...training, optimizer_config: { class_name, config } }
}

/** Sets the weights of a model by name. @throws FormatError, and changes nothing, if something does not fit. */
export async function setTfjsWeights(model: Model, path: string, options: LoadWeightsOptions): Promise<LoadReport> {
  return setWeights(`${path}, ${model.where}`, model, await read(path), options)
}

function setWeights(where: string, model: Model, file: TfjsModel, options: LoadWeightsOptions): LoadReport {
  const problems: string[] = []
  const values: { variable: Variable; stored: TfjsTensor }[] = []
  const unused = new Map<string, string[]>()
  for (const [name, { ofOptimizer }] of file.weights) {
    if (ofOptimizer) continue
    const key = keyOf(name)
    unused.set(key, [...(unused.get(key) ?? []), name])
  }
  for (const { keys, variable } of keyed(model)) {
    // Layers of several inner models may have one name: they come in the same order on both sides.
    const name = keys
      .map((key) => unused.get(key))
      .find((names) => names !== undefined && names.length > 0)
      ?.shift()
    const stored = name === undefined ? undefined : file.weights.get(name)
    if (stored === undefined) problems.push(`"${variable.path}" is not in the file`)
    else if (!sameShape(stored.shape, variable.shape))
      problems.push(
        `"${name}" has shape ${showShape(stored.shape)} in the file, ${showShape(variable.shape)} in the model`,
      )
    else if ((stored.dtype === 'float32') !== (variable.dtype === 'float32'))
      problems.push(`"${name}" is ${stored.dtype} in the file, ${variable.dtype} in the model`)
    else values.push({ variable, stored })
  }
  // Graphs hold many constants that are no weights.
  if (file.format === 'layers-model')
    for (const name of [...unused.values()].flat()) problems.push(`"${name}" of the file is not in the model`)
  if (problems.length > 0 && options.skipMismatch !== true) throw mismatch(where, problems)
  for (const { variable, stored } of values) setVariable(variable, stored.data)
  return { loaded: values.map(({ variable }) => variable.path), skipped: problems }
}

/** Every variable of the layers inside, each once, with the keys by which a file may name it. */
function keyed(model: Model): { keys: readonly string[]; variable: Variable }[] {
  const found = new Map<Variable, readonly string[]>()
  const visit = (layer: Layer): void => {
    for (const variable of [...layer.ownVariables.trainable, ...layer.ownVariables.nonTrainable]) {
      const name = lastPart(variable.path)
      // Keras 2 had a name of its own for the kernel of a DepthwiseConv2D.
      const names = layer.className === 'DepthwiseConv2D' && name === 'kernel' ? [name, 'depthwise_kernel'] : [name]
      const keys = names.map((each) => `${layer.name}/${each}`)
      if (!found.has(variable)) found.set(variable, keys)
    }
    for (const inner of layer.directLayers()) visit(inner)
  }
  visit(model)
  const order = new Map(model.weights.map((variable, i) => [variable, i]))
  return [...found]
    .filter(([variable]) => order.has(variable))
    .map(([variable, keys]) => ({ keys, variable }))
    .sort((a, b) => order.get(a.variable)! - order.get(b.variable)!)
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** What reads a weight in a graph of TensorFlow 2, and which weight that is. */
const readers: Readonly<Record<string, string>> = {
  'Conv2D/ReadVariableOp': 'kernel',
  'Conv1D/ExpandDims_1/ReadVariableOp': 'kernel',
  'MatMul/ReadVariableOp': 'kernel',
  'depthwise/ReadVariableOp': 'kernel',
  'separable_conv2d/ReadVariableOp': 'depthwise_kernel',
  'separable_conv2d/ReadVariableOp_1': 'pointwise_kernel',
  'BiasAdd/ReadVariableOp': 'bias',
  'FusedBatchNormV3/ReadVariableOp': 'moving_mean',
  'FusedBatchNormV3/ReadVariableOp_1': 'moving_variance',
  'batchnorm/ReadVariableOp': 'moving_variance',
  'batchnorm/mul/ReadVariableOp': 'gamma',
  'batchnorm/ReadVariableOp_1': 'moving_mean',
  'batchnorm/ReadVariableOp_2': 'beta',
  ReadVariableOp: 'gamma',
  ReadVariableOp_1: 'beta',
}
const longestFirst = Object.entries(readers).sort(([a], [b]) => b.length - a.length)

/**
 * `layer/weight` of a name in a file: its last two parts, after the name of the model and `:0` are gone; of graphs the name of the
 * layer and what reads the weight.
 */
function keyOf(name: string): string {
  let plain = name.replace(/:\d+$/, '').replace(/\/(resource|Read)$/, '')
  for (const [reader, weight] of longestFirst) {
    if (!plain.endsWith(`/${reader}`)) continue
    plain = `${plain.slice(0, -reader.length)}${weight}`
    break
  }
  const parts = plain.split('/')
  return parts.length < 2 ? plain : `${plainName(parts.at(-2)!)}/${parts.at(-1)!}`
}
