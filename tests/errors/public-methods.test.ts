// Every public method that a user calls has its table of mistakes, or a reason why it needs none.
import { expect, test } from 'vitest'
import { publicMethods, tables } from './exported.ts'

/** Why a method needs no table. A name that begins with a dot stands for the method of any class. */
const reasons: Readonly<Record<string, readonly string[]>> = {
  'written by classes, called by the library with what it has checked': [
    '.call', '.checkShapes', '.chances', '.clip', '.computeOutputShape', '.computeOutputSpec', '.convolve', '.createSlots', '.createState', '.decayOf', '.draw', '.draws',
    '.getConfig', '.getRandomTransformation', '.improves', '.maskShape', '.measures', '.merge', '.monitored', '.outputDtype', '.periods', '.pick', '.pool', '.prepare',
    '.sample', '.samplingConfig', '.scores', '.smallerIsBetter', '.transformImages', '.transformLabels', '.transformSegmentationMasks', '.transforms', '.update', '.values',
    '.withAxes', 'GlobalAveragePooling1D.reduce', 'GlobalAveragePooling2D.reduce', 'GlobalMaxPooling1D.reduce', 'GlobalMaxPooling2D.reduce', 'Model.predictStep', 'Model.testStep',
    'Model.trainStep', 'Operation.applyTo', 'Operation.storedCall',
  ],
  'called by fit, evaluate and predict': [
    'Callback.onBatchBegin', 'Callback.onBatchEnd', 'Callback.onEpochBegin', 'Callback.onEpochEnd', 'Callback.onPredictBatchBegin', 'Callback.onPredictBatchEnd',
    'Callback.onPredictBegin', 'Callback.onPredictEnd', 'Callback.onTestBatchBegin', 'Callback.onTestBatchEnd', 'Callback.onTestBegin', 'Callback.onTestEnd',
    'Callback.onTrainBatchBegin', 'Callback.onTrainBatchEnd', 'Callback.onTrainBegin', 'Callback.onTrainEnd', 'Callback.readsTestBatches', 'Callback.readsTrainBatches',
    'Callback.setModel', 'Callback.setParams', 'ProgbarLogger.batchDone',
  ],
  'take no arguments': [
    '.result', '.serialize', '.toString', 'Constraint.asFunction', 'Dataset.cardinality', 'Dataset.toArray', 'Dataset.unique', 'Layer.countParams', 'Layer.directLayers', 'Layer.getBuildConfig',
    'Layer.getWeights', 'Metric.resetState', 'Model.getCompileConfig', 'Model.metricResults', 'Model.resetMetrics', 'Model.toJSON', 'Optimizer.currentLearningRate', 'Optimizer.keepAsAverages',
    'Optimizer.swapAverages', 'RandomState.uint32', 'Regularizer.asFunction', 'SeedGenerator.next', 'Sequential.pop', 'Tensor.array', 'Tensor.data', 'Tensor.item', 'Variable.array',
    'Variable.data', 'Variable.item', 'Variable.value',
  ],
  'two methods in one, both with tables': ['Metric.apply'],
  'the same as another, with other types': ['Layer.applyNested', 'Model.predictNested'],
  'what classes use that extend others, protected': [
    'AUC.count', 'PrecisionAtRecall.count', 'RecallAtPrecision.count', 'SensitivityAtSpecificity.count', 'SpecificityAtSensitivity.count', 'Callback.print', 'Layer.addInboundNode', 'Layer.keepFirstWeights',
    'Loss.mask', 'Metric.addVariable', 'Metric.checkDType', 'Model.computeMetrics', 'Model.forgetSteps', 'Optimizer.addSlot', 'Optimizer.addSlots', 'Optimizer.addVariable', 'Optimizer.keepSlot',
    'Optimizer.read', 'Optimizer.slot', 'Optimizer.write',
  ],
  'between parts of the library': [
    'Layer.buildFromConfig', 'Model.enter', 'Model.metricDirection', 'Model.prepareToPredict', 'Model.requireCompiled', 'Model.requireOptimizer', 'Model.resumeAt', 'Model.takeResumePosition',
    'Model.weightByClass', 'Optimizer.applyWhere', 'Optimizer.finalizeVariableValues', 'Optimizer.unbuild', 'Tensor.settle', 'Variable.abandon', 'Variable.adopt', 'Variable.current',
    'Variable.currentNode', 'Variable.replace',
  ],
} // prettier-ignore
const excuses = Object.values(reasons).flat()
const methods = publicMethods()
const held = new Set(
  [...tables().keys()].map((heading) => heading.replace(', ', '.').split('.').slice(-2).join('.').toLowerCase()),
)
const excusesOf = (method: string): string[] =>
  excuses.filter((excuse) => (excuse.startsWith('.') ? method.endsWith(excuse) : method === excuse))

test('every public method has its mistakes', () => {
  expect(methods.filter((name) => !held.has(name.toLowerCase()) && excusesOf(name).length === 0)).toEqual([])
})

test('no method is excused that has a table, or is not there', () => {
  const needed = methods.filter((name) => !held.has(name.toLowerCase()))
  expect(excuses.filter((excuse) => !needed.some((name) => excusesOf(name).includes(excuse)))).toEqual([])
  expect(methods.filter((name) => held.has(name.toLowerCase()) && excuses.includes(name))).toEqual([])
})
