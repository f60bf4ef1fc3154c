// The base class of models: a layer that can be compiled, trained, evaluated, used, described and saved.
import { ArgumentError, problem } from '../errors.ts'
import type { Config } from '../layers/config.ts'
import { Layer } from '../layers/layer.ts'
import type { CallOptions } from '../layers/layer.ts'
import type { SymbolicTensor } from '../layers/symbolic.ts'
import { Metric } from '../metrics/metric.ts'
import type { Direction } from '../metrics/metric.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import type { Optimizer } from '../optimizers/index.ts'
import type { Logs } from './callbacks/callback.ts'
import type { History } from './callbacks/history.ts'
import { requireObject } from '../platform/arguments.ts'
import { findLayer } from './find-layer.ts'
import type { LayerKey } from './find-layer.ts'
import type { NetworkGraph } from './graph.ts'
import { exportOnnx } from './export-onnx.ts'
import type { ExportOptions } from './export-onnx.ts'
import type { Functional } from './functional.ts'
import { loadWeights, saveModel, saveWeights } from './saving.ts'
import { loadCheckpoint, saveCheckpoint } from './saving/checkpoint.ts'
import type { LoadReport, LoadWeightsOptions, SaveWeightsOptions } from './saving.ts'
import { kerasText } from './saving/config-text.ts'
import { serializeAny } from './serialize.ts'
import { summarize } from './summary.ts'
import type { SummaryOptions } from './summary.ts'
import { Activity } from './trainer/activity.ts'
import { sampleWeights } from './trainer/class-weight.ts'
import { Compiled, outputTypes } from './trainer/compiled.ts'
import type { CompileOptions } from './trainer/compiled.ts'
import type { CompileMetrics } from './trainer/compile-metrics.ts'
import type { ArrayData, Batch, BatchData } from './trainer/data.ts'
import { evaluate } from './trainer/evaluate.ts'
import type { EvaluateOptions } from './trainer/evaluate.ts'
import { fit } from './trainer/fit.ts'
import type { FitOptions } from './trainer/fit.ts'
import { orderedValues } from './trainer/logs.ts'
import { batchSize, isBatchData } from './trainer/data.ts'
import { looksLikeOptions } from './trainer/option-values.ts'
import { oneBatch, runOnBatch } from './trainer/on-batch.ts'
import type { OnBatchOptions } from './trainer/on-batch.ts'
import { predict } from './trainer/predict.ts'
import type { PredictOptions } from './trainer/predict.ts'
import type { TrainingPosition } from './trainer/position.ts'
import { outsideIn } from './trainer/snapshot.ts'
import type { GuardedMethod, ModelState } from './trainer/misuse.ts'
import { StepFunction } from './trainer/step.ts'
import { flatten } from './tree.ts'
import type { Nested } from './tree.ts'

/** What the parts of a step share. */
export interface StepParts extends Batch {
  readonly yPred: Nested<Tensor>
}

export interface ModelOptions {
  /** Default: the class name in snake case, numbered. */
  readonly name?: string | null
  readonly trainable?: boolean
}

/** Values as a list in Keras' order (one number if it is only one), or by name with `returnDict`. */
type Values<O> = O extends { readonly returnDict: true } ? Logs : number | number[]

/**
 * Extend it for a model of your own: make layers in the constructor, write `call(inputs, { training })`.
 * Without a class, use `model({ inputs, outputs })` or `sequential([...])`.
 */
export class Model extends Layer {
  static override readonly className: string = 'Model'
  /** Set by callbacks (or anybody) to end training after the running step. */
  stopTraining = false
  /** Of the last (or running) fit. */
  history: History | null = null
  readonly #activity = new Activity()
  #compiled: Compiled | null = null
  #predict: StepFunction | null = null
  #resume: TrainingPosition | undefined

  /** @throws ArgumentError if it is given inputs and outputs: that is what `model()` is for. */
  constructor(options: ModelOptions = {}) {
    if ('inputs' in options || 'outputs' in options) {
      const hint = 'Use model({ inputs, outputs })'
      throw new ArgumentError(
        problem({ where: 'new Model', expected: 'a name at most', received: 'inputs and outputs', hint }),
      )
    }
    super(options)
  }

  override get where(): string {
    return `model "${this.name}" (${this.className})`
  }

  override call(_inputs: unknown, _options: CallOptions): unknown {
    const hint = 'Write call(inputs, { training }) in your class, or use model({ inputs, outputs })'
    throw new ArgumentError(
      problem({ where: this.where, expected: 'a model with a call method', received: 'none', hint }),
    )
  }

  // ---- Structure ------------------------------------------------------------------------------------------------------

  /** The layers, in order. */
  get layers(): readonly Layer[] {
    return this.directLayers()
  }
  /** @internal True for models that files list layer by layer; others are stored by their properties. */
  get listsLayers(): boolean {
    return false
  }
  /** The graph of a functional model; null for others. */
  get graph(): NetworkGraph | null {
    return null
  }
  /** @internal The functional model that computes; null for models of other classes. @throws ArgumentError for an unbuilt stack. */
  get asFunctional(): Functional | null {
    return null
  }
  /** Names of the layers that make the outputs; null if unknown. */
  get outputNames(): string[] | null {
    return null
  }
  /** The symbolic outputs, in their structure; null if unknown. */
  get outputTypes(): Nested<SymbolicTensor> | null {
    return null
  }
  /** Number of inputs; null if unknown. */
  get inputCount(): number | null {
    return null
  }
  get outputCount(): number | null {
    return this.outputTypes === null ? null : flatten(this.outputTypes).length
  }

  /**
   * A layer by name, or by index in `layers`.
   * @throws ArgumentError if there is none.
   */
  getLayer(which: LayerKey): Layer {
    return findLayer(`${this.where}, getLayer`, this.layers, which)
  }

  /** Prints the layers, shapes and parameters as Keras does; what is not built yet has no shape. */
  summary(options: SummaryOptions = {}): void {
    summarize(this, options)
  }

  /** The model's JSON text, as Keras writes it. */
  toJSON(): string {
    return kerasText(serializeAny(this))
  }

  // ---- Compiling ------------------------------------------------------------------------------------------------------

  /**
   * Sets optimizer, loss and metrics. What is trainable now is what will be trained: call it again after changing `trainable`.
   * @throws ArgumentError for unknown names, or while the model trains.
   */
  compile(options: CompileOptions = {}): void {
    this.#activity.check(this.where, 'compile')
    this.#compiled = new Compiled(this, options)
    this.stopTraining = false
  }
  get compiled(): boolean {
    return this.#compiled !== null
  }
  get optimizer(): Optimizer | null {
    return this.#compiled?.optimizer ?? null
  }
  /** @internal @throws ArgumentError if the model was not compiled. */
  requireCompiled(where: string): Compiled {
    if (this.#compiled !== null) return this.#compiled
    const hint = 'Call compile({ optimizer, loss }) first'
    throw new ArgumentError(
      problem({ where: `${where} of ${this.where}`, expected: 'a compiled model', received: 'one that is not', hint }),
    )
  }
  /** @internal What compile left behind; null before. */
  get compiledParts(): Compiled | null {
    return this.#compiled
  }
  /** @internal @throws ArgumentError if the model was not compiled. */
  requireOptimizer(where: string): Optimizer {
    return this.requireCompiled(where).optimizer
  }
  /** The compile arguments as Keras stores them; `{}` without. */
  getCompileConfig(): Config {
    return this.#compiled?.getConfig() ?? {}
  }

  /** Loss, compiled metrics, losses of single outputs, then metrics that are properties of the model and its layers. */
  get metrics(): (Metric | CompileMetrics)[] {
    const compiled = this.#compiled
    const own: (Metric | CompileMetrics)[] = []
    if (compiled !== null) {
      own.push(compiled.lossTracker)
      if (compiled.metrics !== null && compiled.hasMetrics) own.push(compiled.metrics)
      if (compiled.loss !== null) own.push(...compiled.loss.metrics)
    }
    const found = outsideIn(this).flatMap((layer) =>
      Object.values(layer)
        .flat()
        .filter((value) => value instanceof Metric),
    )
    return [...own, ...new Set(found)]
  }
  get metricsNames(): string[] {
    return this.metrics.map((metric) => metric.name)
  }
  resetMetrics(): void {
    for (const metric of this.metrics) metric.resetState()
  }
  /** Which way is better for a metric of this name; null if there is none, or it does not say. */
  metricDirection(name: string): Direction {
    const all = this.metrics.flatMap((metric) => (metric instanceof Metric ? [metric] : metric.metrics))
    return all.find((metric) => metric.name === name)?.direction ?? null
  }

  // ---- Training -------------------------------------------------------------------------------------------------------

  /**
   * Trains on arrays (`fit(x, y, options)`) or on a dataset or generator of batches (`fit(dataset, options)`).
   * @throws ArgumentError if the model is not compiled or already at work, or for data and options that do not fit;
   * AbortError after `signal` was aborted: the step that ran is finished, the weights are whole.
   */
  fit(data: BatchData, options?: FitOptions): Promise<History>
  fit(x: ArrayData, y?: ArrayData | null, options?: FitOptions): Promise<History>
  async fit(x: unknown, second?: unknown, third?: FitOptions): Promise<History> {
    const [y, options] = this.#arguments<FitOptions>('fit', x, second, third)
    return fit(this, x, y, options)
  }

  /**
   * Loss and metrics over data, in inference mode: a number if there is only the loss, else a list (loss first, then metrics in
   * the order of compile), or values by name with `returnDict: true`.
   * @throws ArgumentError as `fit`.
   */
  evaluate<O extends EvaluateOptions>(data: BatchData, options?: O): Promise<Values<O>>
  evaluate<O extends EvaluateOptions>(x: ArrayData, y?: ArrayData | null, options?: O): Promise<Values<O>>
  async evaluate(x: unknown, second?: unknown, third?: EvaluateOptions): Promise<Logs | number | number[]> {
    const [y, options] = this.#arguments<EvaluateOptions>('evaluate', x, second, third)
    const logs = await evaluate(this, x, y, options)
    return options.returnDict === true ? logs : orderedValues(logs, this.#valueNames())
  }

  /** Predictions, in inference mode, samples first. Works without compile, and while the model trains (between two steps). */
  async predict(x: ArrayData | BatchData, options: PredictOptions = {}): Promise<Tensor> {
    return (await predict(this, x, options)) as Tensor
  }
  /** As `predict`, typed for models with several outputs: `predictNested<[Tensor, Tensor]>(x)`, or a record by name. */
  async predictNested<T extends Nested<Tensor> = Nested<Tensor>>(
    x: ArrayData | BatchData,
    options: PredictOptions = {},
  ): Promise<T> {
    return (await predict(this, x, options)) as T
  }

  #arguments<O extends object>(
    where: string,
    x: unknown,
    second: unknown,
    third: O | undefined,
  ): [y: unknown, options: O] {
    if (third !== undefined) return [second, third]
    if (isBatchData(x)) return [undefined, (second ?? {}) as O]
    if (looksLikeOptions(second)) {
      const expected = `${where}(x, y, options) for arrays`
      throw new ArgumentError(problem({ where, expected, received: 'options in the place of y' }))
    }
    return [second, {} as O]
  }

  /** One step on one batch; the values are of this batch alone. */
  async trainOnBatch<O extends OnBatchOptions>(x: ArrayData, y?: ArrayData | null, options?: O): Promise<Values<O>> {
    return (await this.#onBatch('trainOnBatch', x, y, options ?? {})) as Values<O>
  }
  /** Loss and metrics of one batch alone. */
  async testOnBatch<O extends OnBatchOptions>(x: ArrayData, y?: ArrayData | null, options?: O): Promise<Values<O>> {
    return (await this.#onBatch('testOnBatch', x, y, options ?? {})) as Values<O>
  }
  /** Predictions for one batch. */
  async predictOnBatch(x: ArrayData): Promise<Tensor> {
    const batch = oneBatch('predictOnBatch', x, undefined, undefined, this.inputCount, this.outputCount)
    this.prepareToPredict(batch)
    const { outputs, done } = this.predictFunction.run({ x: batch.x })
    await done
    return outputs as Tensor
  }

  async #onBatch(
    where: 'trainOnBatch' | 'testOnBatch',
    x: unknown,
    y: unknown,
    options: OnBatchOptions,
  ): Promise<Logs | number | number[]> {
    this.requireCompiled(where)
    this.#activity.check(this.where, where)
    const logs = await runOnBatch(this, where, x, y, options)
    return options.returnDict === true ? logs : orderedValues(logs, this.#valueNames())
  }

  #valueNames(): string[] {
    return this.metrics.flatMap((metric) =>
      metric instanceof Metric ? [metric.name] : metric.metrics.map(({ name }) => name),
    )
  }

  // ---- What a subclass may override ---------------------------------------------------------------------------------

  /**
   * One training step, traced once for each batch shape: forward, loss, gradients, update, metrics (on the predictions before
   * the update). Returns the values to log.
   */
  trainStep(batch: Batch): Record<string, Tensor> {
    const compiled = this.requireCompiled('trainStep')
    const yPred = this.applyNested(batch.x, { training: true }) as Nested<Tensor>
    const loss = this.computeLoss({ ...batch, yPred })
    compiled.lossTracker.updateState(loss, batchSize(batch))
    const { variables } = compiled.snapshot
    if (variables.length > 0) {
      const gradients = ops.gradients(compiled.optimizer.scaleLoss(loss), variables)
      compiled.optimizer.apply(gradients, variables)
    }
    return this.computeMetrics({ ...batch, yPred })
  }

  /** One test step: as the training step, in inference mode and without an update. */
  testStep(batch: Batch): Record<string, Tensor> {
    const yPred = this.applyNested(batch.x, { training: false }) as Nested<Tensor>
    const loss = this.computeLoss({ ...batch, yPred })
    this.requireCompiled('testStep').lossTracker.updateState(loss, batchSize(batch))
    return this.computeMetrics({ ...batch, yPred })
  }

  /** One prediction step. */
  predictStep(batch: Batch): Nested<Tensor> {
    return this.applyNested(batch.x, { training: false }) as Nested<Tensor>
  }

  /**
   * The total loss (scalar): the compiled losses, and what the layers add (penalties included).
   * @throws ArgumentError if there is nothing to add up.
   */
  computeLoss(parts: StepParts): Tensor {
    requireObject(`${this.where}, computeLoss`, parts, 'computeLoss({ x, y, yPred })')
    const { y, yPred, sampleWeight } = parts
    const { loss, options } = this.requireCompiled('computeLoss')
    if (loss === null && options.loss !== undefined && options.loss !== null) {
      const hint = 'Losses are made for the outputs and labels of the first batch: call testOnBatch(x, y) before'
      throw new ArgumentError(problem({ where: `${this.where}, computeLoss`, expected: 'a model that has met a batch', received: 'one that has not', hint })) // prettier-ignore
    }
    const terms: Tensor[] = []
    const main = loss?.apply(y, flatten(yPred), sampleWeight) ?? null
    if (main !== null) terms.push(main)
    for (const extra of this.losses) terms.push(ops.sum(ops.cast(extra, 'float32')))
    if (terms.length > 0) return terms.reduce((total, term) => ops.add(total, term))
    const hint = 'Give `loss` to compile, or use addLoss in a layer'
    throw new ArgumentError(problem({ where: this.where, expected: 'a loss to compute', received: 'none', hint }))
  }

  /** Updates the compiled metrics and returns the values of all metrics. */
  computeMetrics({ y, yPred, sampleWeight }: StepParts): Record<string, Tensor> {
    this.requireCompiled('computeMetrics').metrics?.updateState(y, flatten(yPred), sampleWeight)
    return this.metricResults()
  }

  /** Present values of all metrics, by log name. */
  metricResults(): Record<string, Tensor> {
    const results: Record<string, Tensor> = {}
    for (const metric of this.metrics) {
      if (!(metric instanceof Metric)) {
        for (const [name, result] of Object.entries(metric.result())) add(name, result)
      } else add(metric.name, metric.result())
    }
    return results

    function add(name: string, result: Tensor | Record<string, Tensor>): void {
      if (result instanceof ops.Tensor) results[name] = result
      else Object.assign(results, result)
    }
  }

  // ---- Between the model and its trainer ------------------------------------------------------------------------------

  /** @internal Weights of samples by the class of their label. */
  weightByClass(y: Nested<Tensor> | undefined, table: Tensor): Tensor {
    const labels = flatten(y)
    if (labels.length === 1) return sampleWeights(labels[0]!, table)
    const expected = 'one output with labels, to apply `classWeight`'
    throw new ArgumentError(problem({ where: 'fit', expected, received: `${labels.length} arrays of labels` }))
  }
  /** @internal Goes into a state, after checking that `method` is allowed now. Returns what leads back. */
  enter(state: ModelState, method: GuardedMethod | null): () => void {
    if (method !== null) this.#activity.check(this.where, method)
    return this.#activity.enter(state)
  }
  /** @internal Builds the model for a batch if need be. */
  prepareToPredict(batch: Batch): void {
    if (this.built) return
    outputTypes(this, batch)
  }
  /** @internal */
  get predictFunction(): StepFunction {
    return (this.#predict ??= new StepFunction(`prediction of "${this.name}"`, ({ x }) =>
      this.predictStep({ x: x!, y: undefined, sampleWeight: undefined }),
    ))
  }
  /** @internal The structure is about to change: compiled steps are void. @throws ArgumentError while the model is at work. */
  protected forgetSteps(method: 'add' | 'pop'): void {
    this.#activity.check(this.where, method)
    this.#predict = null
    this.#compiled?.forget()
  }
  /** @internal Lets fit go on elsewhere; set by a callback at the beginning of training. */
  resumeAt(position: TrainingPosition): void {
    this.#resume = position
  }
  /** @internal */
  takeResumePosition(): TrainingPosition | undefined {
    const position = this.#resume
    this.#resume = undefined
    return position
  }

  // ---- Files ----------------------------------------------------------------------------------------------------------

  /**
   * Writes the weights, whole or not at all. The ending of the name tells the format: `.safetensors`, `.weights.h5` (Keras 3),
   * `.weights.json` (Keras 3, in several files), `.h5` (Keras 2).
   */
  saveWeights(path: string, options?: SaveWeightsOptions): Promise<void> {
    return saveWeights(this, path, options)
  }
  /**
   * Reads weights, from the files of `saveWeights` and from `.keras`. If anything does not fit, nothing is changed and the error
   * says what, name by name.
   * @throws FormatError for a damaged file or one of another model.
   */
  loadWeights(path: string, options?: LoadWeightsOptions): Promise<LoadReport> {
    return loadWeights(this, path, options)
  }
  /**
   * Writes the inference of the model as an ONNX file (opset 17) that onnxruntime runs in Node, in browsers, in Python and elsewhere.
   * @throws ArgumentError for a model that is not built or does what ONNX has no operations for.
   */
  export(path: string, options?: ExportOptions): Promise<void> {
    return exportOnnx(this, path, options)
  }
  /** Writes architecture, weights, compile arguments and the optimizer's state, as `.keras`, `.safetensors` or (Keras 2) `.h5`. */
  save(path: string): Promise<void> {
    return saveModel(this, path)
  }
  /**
   * Writes the whole state of training, whole or not at all, as a `.safetensors` file: weights, what is frozen, the optimizer's
   * state, the states of random layers, the epoch and the place in the data. Works in callbacks too, also in the midst of an epoch.
   */
  saveCheckpoint(path: string): Promise<void> {
    return saveCheckpoint(this, path)
  }
  /**
   * Brings back what `saveCheckpoint` wrote, into the same model, compiled alike. Returns where training stood:
   * `fit(data, { epochs, resume })` goes on from there as if it had never stopped.
   * @throws FormatError for a damaged file, or one of another model or optimizer: it says what does not fit, and nothing is
   * changed. ArgumentError while the model trains, or if the file holds an optimizer's state and the model is not compiled.
   */
  loadCheckpoint(path: string): Promise<TrainingPosition> {
    this.#activity.check(this.where, 'loadCheckpoint')
    return loadCheckpoint(this, path)
  }
}
