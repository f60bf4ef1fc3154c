// What compile leaves behind: optimizer, losses, metrics, the frozen trainable flags, and the compiled steps.
import type { Config } from '../../layers/config.ts'
import { TensorSpec } from '../../layers/output-spec.ts'
import { Loss, serialize as serializeLoss } from '../../losses/index.ts'
import { serialize as serializeMetric } from '../../metrics/index.ts'
import { Mean } from '../../metrics/mean.ts'
import { Metric } from '../../metrics/metric.ts'
import { shapeOnly } from '../../ops/index.ts'
import type { Tensor } from '../../ops/index.ts'
import * as optimizers from '../../optimizers/index.ts'
import type { Optimizer, OptimizerIdentifier } from '../../optimizers/index.ts'
import { warn } from '../../platform/warn.ts'
import type { Model } from '../model.ts'
import { flatten, isDict, mapTree, pack, structureOf } from '../tree.ts'
import type { Nested } from '../tree.ts'
import { checkCompileOptions, located } from './compile-checks.ts'
import { CompileLoss, isTensor } from './compile-loss.ts'
import type { LossSpec, LossWeights } from './compile-loss.ts'
import { CompileMetrics } from './compile-metrics.ts'
import type { MetricsSpec } from './compile-metrics.ts'
import type { Batch } from './data.ts'
import { byOutput, layoutOf } from './outputs.ts'
import { untrained } from './position.ts'
import type { TrainingPosition } from './position.ts'
import { TrainableSnapshot } from './snapshot.ts'
import { StepFunction } from './step.ts'

export interface CompileOptions {
  /** Default `rmsprop`. */
  readonly optimizer?: OptimizerIdentifier
  /** One loss, or one for each output; none if the layers add their own. */
  readonly loss?: LossSpec | null
  /** Factors of the outputs' losses in the total. */
  readonly lossWeights?: LossWeights | null
  /** Never weighted by sampleWeight or classWeight. */
  readonly metrics?: MetricsSpec | null
  readonly weightedMetrics?: MetricsSpec | null
  /** Runs each step anew instead of replaying its graph: slow, for looking into a step. Default false. */
  readonly runEagerly?: boolean
}

export class Compiled {
  readonly options: CompileOptions
  readonly optimizer: Optimizer
  readonly lossTracker = new Mean({ name: 'loss' })
  loss: CompileLoss | null = null
  metrics: CompileMetrics | null = null
  /** Where fit stands, or has ended. */
  position: TrainingPosition = untrained
  readonly #model: Model
  #snapshot: TrainableSnapshot | null
  #train: StepFunction | null = null
  #test: StepFunction | null = null
  #warned = false

  /** @throws ArgumentError for unknown options or an unknown optimizer. */
  constructor(model: Model, options: CompileOptions) {
    checkCompileOptions(options)
    this.#model = model
    this.options = options
    this.optimizer = located('compile, optimizer', () => optimizers.get(options.optimizer ?? 'rmsprop'))
    // What is built has its flags; what is not gets its picture at the first step.
    this.#snapshot = model.built ? new TrainableSnapshot(model) : null
  }

  /** Whether metrics were given, be it an empty list: without, Keras has no `compile_metrics` among the metrics. */
  get hasMetrics(): boolean {
    return (this.options.metrics ?? this.options.weightedMetrics ?? null) !== null
  }

  /** The flags in force. Before the first step of an unbuilt model there are none. */
  get snapshot(): TrainableSnapshot {
    return (this.#snapshot ??= new TrainableSnapshot(this.#model))
  }

  /** Forgets compiled steps and flags: the model has another structure now. */
  forget(): void {
    this.#snapshot = null
    this.#train = null
    this.#test = null
    this.loss = null
    this.metrics = null
  }

  /** Takes the present flags as those in force, as if they had been so at compile. */
  refreeze(): void {
    this.#snapshot = new TrainableSnapshot(this.#model)
    this.#train = null
    this.#test = null
  }

  /**
   * Builds what depends on the data: the model, losses and metrics, and for training the optimizer's state.
   * @param withinStep As of `Optimizer.build`: Keras builds the optimizer before fit, but in the first step of trainOnBatch.
   */
  prepare(batch: Batch, forTraining: boolean, withinStep = false): void {
    const yPred = outputTypes(this.#model, batch)
    if (this.metrics === null) {
      const layout = layoutOf(yPred, this.#model.outputNames)
      const predictions = flatten(yPred)
      const labels = byOutput('labels', batch.y, layout, isTensor)
      const { loss, lossWeights, metrics, weightedMetrics } = this.options
      if (loss !== undefined && loss !== null)
        this.loss = new CompileLoss(loss, lossWeights ?? null, layout, labels, predictions)
      this.metrics = new CompileMetrics(metrics ?? null, weightedMetrics ?? null, layout, labels, predictions)
    }
    const { snapshot } = this
    if (!forTraining) return
    if (snapshot.variables.length === 0) warn(`${this.#model.where}: the model does not have any trainable weights`)
    else this.optimizer.build(snapshot.variables, withinStep)
    if (this.#warned || !snapshot.isStale()) return
    this.#warned = true
    warn(
      `${this.#model.where}: \`trainable\` was changed after compile(); training goes on as it was compiled. ` +
        'Call compile() again to apply the change',
    )
  }

  /** The training step: from a batch to new weights, slots and metric totals. */
  get trainStep(): StepFunction {
    return (this.#train ??= this.#step('training step', (batch) => this.#model.trainStep(batch)))
  }
  /** The test step: loss and metrics. */
  get testStep(): StepFunction {
    return (this.#test ??= this.#step('test step', (batch) => this.#model.testStep(batch)))
  }

  #step(label: string, run: (batch: Batch) => Record<string, Tensor>): StepFunction {
    const name = `${label} of "${this.#model.name}"`
    const body = ({ x, y, sampleWeight, classWeights }: Record<string, Nested<Tensor> | undefined>): Nested<Tensor> => {
      const weights = classWeights === undefined ? sampleWeight : this.#model.weightByClass(y, classWeights as Tensor)
      return this.snapshot.during(() => run({ x: x!, y, sampleWeight: weights }))
    }
    return new StepFunction(name, body, this.options.runEagerly === true)
  }

  /** The compile arguments as Keras stores them. */
  getConfig(): Config {
    const { loss, lossWeights, metrics, weightedMetrics, runEagerly } = this.options
    return {
      optimizer: optimizers.serialize(this.optimizer),
      loss: store(loss),
      loss_weights: lossWeights ?? null,
      metrics: store(metrics),
      weighted_metrics: store(weightedMetrics),
      run_eagerly: runEagerly ?? false,
      steps_per_execution: 1,
      jit_compile: false,
    }
  }
}

/** Losses and metrics in stored form; names stay names, functions leave their name. */
function store(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (value instanceof Loss) return serializeLoss(value)
  if (value instanceof Metric) return serializeMetric(value)
  if (typeof value === 'function') return value.name
  if (Array.isArray(value)) return value.map(store)
  if (isDict(value) && typeof value.class_name !== 'string') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, store(item)]))
  }
  return value
}

/** Types of the outputs for a batch, in their structure. Builds the model if it is not built. */
export function outputTypes(model: Model, batch: Batch): Nested<TensorSpec> {
  if (model.built && model.outputTypes !== null) {
    return mapTree(model.outputTypes, ({ shape, dtype }) => new TensorSpec(shape, dtype))
  }
  const leaves = flatten(batch.x)
  const structure = structureOf(batch.x)
  let outputs: Nested<Tensor> | undefined
  const types = shapeOnly((...tensors) => {
    outputs = model.applyNested(pack(structure, tensors), { training: false }) as Nested<Tensor>
    return flatten(outputs)
  }, leaves)
  let next = 0
  return mapTree(outputs!, () => {
    const { shape, dtype } = types[next++]!
    return new TensorSpec(shape, dtype)
  })
}
