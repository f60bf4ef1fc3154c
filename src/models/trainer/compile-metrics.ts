// The metrics of a compiled model: found by name for each output, updated together, and named as Keras names them in logs.
import { ArgumentError, problem } from '../../errors.ts'
import * as metricsIndex from '../../metrics/index.ts'
import type { MetricIdentifier } from '../../metrics/index.ts'
import { Metric } from '../../metrics/metric.ts'
import type { MetricResult } from '../../metrics/metric.ts'
import type { Tensor } from '../../ops/index.ts'
import { isDict } from '../tree.ts'
import { isTensor, weightsByOutput } from './compile-loss.ts'
import type { TensorTypeLike } from './compile-loss.ts'
import { byOutput } from './outputs.ts'
import type { OutputLayout } from './outputs.ts'

/** A metric, its name, or a function `(yTrue, yPred) => values`. `accuracy` chooses by the shapes. */
export type MetricLike = MetricIdentifier | 'accuracy' | 'acc'
type MetricList = MetricLike | readonly MetricLike[] | null
/** Metrics of the only output; or lists for each output, in order or by name. */
export type MetricsSpec = readonly MetricLike[] | readonly MetricList[] | { readonly [output: string]: MetricList }

interface OutputMetrics {
  readonly index: number
  /** Before the names in logs; null for a single output. */
  readonly prefix: string | null
  readonly metrics: readonly Metric[]
}

/** All compiled metrics behave as one metric named `compile_metrics`. */
export class CompileMetrics {
  readonly name = 'compile_metrics'
  readonly #layout: OutputLayout
  readonly #plain: readonly OutputMetrics[]
  readonly #weighted: readonly OutputMetrics[]

  /** @throws ArgumentError for unknown metrics, or lists and names that do not fit the outputs. */
  constructor(
    metrics: MetricsSpec | null,
    weightedMetrics: MetricsSpec | null,
    layout: OutputLayout,
    yTrue: readonly (TensorTypeLike | undefined)[],
    yPred: readonly TensorTypeLike[],
  ) {
    this.#layout = layout
    const build = (what: string, spec: MetricsSpec | null): OutputMetrics[] =>
      listsByOutput(`compile, ${what}`, spec, layout).map((list, index) => ({
        index,
        prefix: layout.count > 1 ? (layout.names?.[index] ?? null) : null,
        metrics: list.map((metric) => resolve(metric, yTrue[index], yPred[index]!)),
      }))
    this.#plain = build('metrics', metrics)
    this.#weighted = build('weightedMetrics', weightedMetrics)
  }

  /** The single metrics, unweighted first. */
  get metrics(): Metric[] {
    return [...this.#plain, ...this.#weighted].flatMap(({ metrics }) => metrics)
  }

  updateState(yTrue: unknown, yPred: readonly Tensor[], sampleWeight: unknown): void {
    const labels = byOutput('labels', yTrue, this.#layout, isTensor)
    const weights = weightsByOutput(sampleWeight, this.#layout)
    for (const { index, metrics } of this.#plain) {
      for (const metric of metrics) metric.updateState(needed(labels[index], metric), yPred[index]!)
    }
    for (const { index, metrics } of this.#weighted) {
      for (const metric of metrics)
        metric.updateState(needed(labels[index], metric), yPred[index]!, weights[index] ?? null)
    }
  }

  /** Results by log name. Equal names are numbered; weighted metrics of a taken name are called `weighted_…`. */
  result(): Record<string, MetricResult> {
    const results: Record<string, MetricResult> = {}
    const counts = new Map<string, number>()
    const claim = (name: string): string => {
      const count = counts.get(name) ?? 0
      counts.set(name, count + 1)
      return count === 0 ? name : `${name}_${count}`
    }
    const withPrefix = (prefix: string | null, name: string): string => (prefix === null ? name : `${prefix}_${name}`)
    for (const { prefix, metrics } of this.#plain) {
      for (const metric of metrics) results[claim(withPrefix(prefix, metric.name))] = metric.result()
    }
    for (const { prefix, metrics } of this.#weighted) {
      for (const metric of metrics) {
        const name = withPrefix(prefix, metric.name)
        const free = counts.has(name) ? withPrefix(prefix, `weighted_${metric.name}`) : name
        results[claim(free)] = metric.result()
      }
    }
    return results
  }

  resetState(): void {
    for (const metric of this.metrics) metric.resetState()
  }
}

function needed(label: Tensor | undefined, metric: Metric): Tensor {
  if (label !== undefined) return label
  throw new ArgumentError(
    problem({ where: `metric "${metric.name}"`, expected: 'labels', received: 'data without them' }),
  )
}

function listsByOutput(where: string, spec: MetricsSpec | null, layout: OutputLayout): MetricLike[][] {
  if (spec === null) return Array.from({ length: layout.count }, () => [])
  if (layout.count === 1) {
    const given: readonly (MetricList | readonly MetricList[])[] = isDict(spec) ? Object.values(spec) : [spec]
    const list = given.flat(2).filter((metric) => metric !== null)
    for (const metric of list) requireMetric(where, metric)
    return [list]
  }
  const isList = (value: unknown): value is MetricList => Array.isArray(value) || isMetricLike(value)
  return byOutput(where, spec, layout, isNested).map((given) => {
    if (given === undefined || given === null) return []
    const list = (Array.isArray(given) ? given : [given]) as MetricLike[]
    for (const metric of list) requireMetric(where, metric)
    return list
  })

  /** A list at the top is by output, so only lists inside count as leaves. */
  function isNested(value: unknown): value is MetricList {
    return value !== spec && isList(value)
  }
}

function isMetricLike(value: unknown): value is MetricLike {
  if (typeof value === 'string' || value instanceof Metric) return true
  if (typeof value === 'function') return !(value.prototype instanceof Metric)
  return isDict(value) && typeof value.class_name === 'string'
}

function requireMetric(where: string, metric: unknown): void {
  if (isMetricLike(metric)) return
  const hint = 'Give an instance, e.g. metrics.binaryAccuracy()'
  throw new ArgumentError(problem({ where, expected: 'metrics, their names or functions', received: metric, hint }))
}

function resolve(metric: MetricLike, yTrue: TensorTypeLike | undefined, yPred: TensorTypeLike): Metric {
  if (metric !== 'accuracy' && metric !== 'acc') return metricsIndex.get(metric)
  const made = metricsIndex.resolveAccuracy(yTrue?.shape ?? yPred.shape, yPred.shape)
  made.name = metric
  return made
}
