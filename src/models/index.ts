// Models: making, training, describing and saving them.
import { namesOnSuccess } from '../ops/naming.ts'
import { requireOptions } from '../platform/arguments.ts'
import { Functional } from './functional.ts'
import type { FunctionalOptions } from './functional.ts'
import { Sequential } from './sequential.ts'
import { registerModelClass } from './serialize.ts'

export * as callbacks from './callbacks/index.ts'
export { Callback } from './callbacks/callback.ts'
export type { Logs, RunParams } from './callbacks/callback.ts'
export { History } from './callbacks/history.ts'
export { cloneModel, modelFromJSON } from './clone.ts'
export { compileFromConfig } from './compile-config.ts'
export { exportOnnx } from './export-onnx.ts'
export type { ExportOptions } from './export-onnx.ts'
export { Functional } from './functional.ts'
export type { FunctionalOptions } from './functional.ts'
export { Model } from './model.ts'
export type { ModelOptions, StepParts } from './model.ts'
export { pythonSlice } from './get-item.ts'
export { applyOperation, Operation } from './operation.ts'
export type { OperationOptions } from './operation.ts'
export { currentOutput, setOutput } from './output.ts'
export type { Output } from './output.ts'
export {
  assignVariables,
  encodeVariables,
  uniquePaths,
  weightsFromBytes,
  weightsToBytes,
} from './safetensors-format.ts'
export { readOnnx } from './read-onnx.ts'
export type { OnnxPort, OnnxSummary } from './read-onnx.ts'
export { loadModel, registerFileFormat } from './saving.ts'
export { loadTfjsWeights } from './saving/tfjs.ts'
export type { FileFormat, LoadModelOptions, LoadReport, LoadWeightsOptions, SaveWeightsOptions } from './saving.ts'
export { Sequential, sequential } from './sequential.ts'
export type { SequentialOptions, Stackable } from './sequential.ts'
export { deserializeAny, serializeAny } from './serialize.ts'
export { summaryText } from './summary.ts'
export type { SummaryOptions } from './summary.ts'
export type { ClassWeight } from './trainer/class-weight.ts'
export type { LossLike, LossSpec, LossWeights } from './trainer/compile-loss.ts'
export type { MetricLike, MetricsSpec } from './trainer/compile-metrics.ts'
export type { CompileOptions } from './trainer/compiled.ts'
export type { ArrayData, Batch, BatchData, DatasetLike } from './trainer/data.ts'
export type { EvaluateOptions } from './trainer/evaluate.ts'
export type { FitOptions, ValidationData } from './trainer/fit.ts'
export { methodRules, otherMisuse } from './trainer/misuse.ts'
export type { GuardedMethod, MethodRules, ModelState } from './trainer/misuse.ts'
export type { OnBatchOptions } from './trainer/on-batch.ts'
export type { DataPlace, TrainingPosition } from './trainer/position.ts'
export type { PredictOptions } from './trainer/predict.ts'

registerModelClass('Functional', {
  module: 'keras.src.models.functional',
  registeredName: 'Functional',
  fromConfig: (config) => Functional.fromConfig(config),
})
registerModelClass('Sequential', {
  module: 'keras',
  registeredName: null,
  fromConfig: (config) => Sequential.fromConfig(config),
})

/**
 * A model from symbolic inputs to symbolic outputs. `inputs` may be inner tensors of another model, which is then cut there.
 * @throws ArgumentError if the outputs cannot be computed from the inputs, or two layers share a name.
 */
export function model(options: FunctionalOptions): Functional {
  requireOptions('model', options, ['inputs', 'outputs', 'name', 'trainable'], 'model({ inputs, outputs })')
  const made = namesOnSuccess(() => new Functional(options))
  if (options.trainable === false) made.trainable = false
  return made
}
