// Every public function and class has its table of mistakes, or a reason why it needs none.
import { expect, test } from 'vitest'
import { all, type Exported, isClass, tables } from './exported.ts'

/** Why a name needs no table. A name that ends in a dot stands for all that begin with it. */
const reasons: Readonly<Record<string, readonly string[]>> = {
  'base classes, which are extended, not called': [
    'Callback', 'Layer', 'callbacks.MonitorCallback', 'constraints.Constraint', 'initializers.Initializer', 'layers.ColorLayer',
    'layers.ImageLayer', 'layers.Merge', 'layers.Movement', 'layers.RandomImageLayer', 'layers.SamplingLayer', 'layers.Wrapper', 'losses.Loss',
    'metrics.Metric', 'optimizers.Optimizer', 'regularizers.Regularizer', 'schedules.LearningRateSchedule',
  ],
  'made by the library, never by its user': [
    'Functional', 'History', 'datasets.KnownDataset', 'report.ImageGrid', 'report.Svg', 'Operation', 'Tensor', 'callbacks.ProgbarLogger', 'layers.InputLayer', 'layers.SymbolicTensor',
    'losses.LossFunctionWrapper', 'optimizers.LearningRateVariable', 'schedules.FunctionSchedule',
  ],
  'the errors themselves': [
    'AbortError', 'ArgumentError', 'DownloadError', 'EngineError', 'FormatError', 'ShapeError', 'TanukiError', 'problem',
  ],
  'take no arguments': ['applications.list', 'data.cacheFolder', 'datasets.list', 'callbacks.TerminateOnNaN', 'callbacks.terminateOnNaN', 'clearSession', 'currentOutput', 'datasets.text', 'engine.info', 'nextSeed', 'ops.flush', 'ops.inTrace', 'ready'],
  'take anything': ['activations.linear', 'layers.isSerializedObject', 'layers.isShape', 'layers.isSymbolic', 'layers.isTensor', 'layers.isTensorLeaf'],
  'what layers, losses, metrics and models are made of, for those who extend them; given what was checked before': [
    'applyOperation', 'assignVariables', 'compileFromConfig', 'deserializeAny', 'encodeVariables', 'initializers.fansOf',
    'layers.dtypeFromKeras', 'layers.dtypePolicy', 'layers.enclosingTraining', 'layers.fromKeras', 'layers.layerClass', 'layers.registerBuiltin',
    'layers.shapesOf', 'layers.toKeras', 'layers.withinCall', 'layers.withinName', 'losses.alignPair', 'losses.alignRanks', 'losses.applyMask',
    'losses.cosineSimilarityOf', 'losses.divideNoNan', 'losses.outputKind', 'losses.reduceWeighted', 'losses.resolveCrossentropy',
    'metrics.resolveAccuracy', 'ops.autoName', 'ops.frozenGraph', 'ops.samePadding', 'ops.toSnakeCase', 'pythonSlice', 'registerFileFormat', 'serializeAny',
    'setOutput', 'summaryText', 'uniquePaths', 'weightsFromBytes', 'weightsToBytes',
  ],
  'of the layers of saved models': ['applications.CustomScaleLayer', 'applications.LayerScale'],
} // prettier-ignore
const excused = Object.values(reasons).flat()
const isExcused = (name: string): boolean =>
  excused.some((excuse) => (excuse.endsWith('.') ? name.startsWith(excuse) : name === excuse))

/** Why a table is shorter than ten. */
const fewer: Readonly<Record<string, readonly string[]>> = {
  'take no arguments: only data can be wrong': ['data.Dataset.elementSpec', 'data.Dataset.unbatch'],
}

const headings = [...tables()]
/** The names that tables are kept under: headings, up to what follows the name. */
const inTables = new Set(headings.map(([heading]) => /^[\w.]+/.exec(heading)![0]))

test('every public function and class has its mistakes', () => {
  const makers = new Set([...inTables].map((name) => name.toLowerCase()))
  // `Dense` is what `dense` makes; and one function under several names needs one table, or one reason.
  const isHeld = ({ name, value }: Exported): boolean =>
    inTables.has(name) || isExcused(name) || (isClass(value) && makers.has(name.toLowerCase()))
  const held = new Set(all.filter(isHeld).map(({ value }) => value))
  expect(all.filter(({ value }) => !held.has(value)).map(({ name }) => name)).toEqual([])
})

test('no reason is kept for what is not exported, or has a table', () => {
  const names = all.map(({ name }) => name)
  const matches = (excuse: string, name: string): boolean =>
    excuse.endsWith('.') ? name.startsWith(excuse) : name === excuse
  expect(excused.filter((excuse) => !names.some((name) => matches(excuse, name)))).toEqual([])
  expect(excused.filter((excuse) => [...inTables].some((name) => matches(excuse, name)))).toEqual([])
})

test('a table has ten mistakes, or a reason for fewer', () => {
  const short = headings.filter(([, count]) => count < 10).map(([heading]) => heading)
  const allowed = Object.values(fewer).flat()
  expect(short.filter((heading) => !allowed.includes(heading))).toEqual([])
  expect(allowed.filter((heading) => !short.includes(heading))).toEqual([])
})
