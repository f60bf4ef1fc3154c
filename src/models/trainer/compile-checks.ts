// What compile can check before it knows any data: names of losses and metrics, makers that were not called, classes.
import { ArgumentError, problem } from '../../errors.ts'
import * as losses from '../../losses/index.ts'
import * as metrics from '../../metrics/index.ts'
import * as optimizers from '../../optimizers/index.ts'
import { isClass, requireOptions } from '../../platform/arguments.ts'
import { isDict } from '../tree.ts'
import type { CompileOptions } from './compiled.ts'

const optionNames: Readonly<Record<keyof CompileOptions, true>> = {
  optimizer: true,
  loss: true,
  lossWeights: true,
  metrics: true,
  weightedMetrics: true,
  runEagerly: true,
}

/** @throws ArgumentError for unknown options, losses, metrics or optimizers. */
export function checkCompileOptions(options: CompileOptions): void {
  requireOptions('compile', options, Object.keys(optionNames), 'compile({ optimizer: "adam", loss: "mse" })')
  const { optimizer, loss, metrics: plain, weightedMetrics, runEagerly } = options
  refuseUncalled('compile, optimizer', 'optimizers', optimizers, optimizer)
  if (typeof optimizer === 'number')
    throw new ArgumentError(
      problem({
        where: 'compile',
        expected: '`optimizer` to be an optimizer or its name',
        received: optimizer,
        hint: `The learning rate goes into the optimizer: optimizers.adam(${String(optimizer)})`,
      }),
    )
  for (const one of leaves(loss)) checkLoss(one)
  for (const [where, spec] of [
    ['metrics', plain],
    ['weightedMetrics', weightedMetrics],
  ] as const)
    // prettier-ignore
    for (const one of leaves(spec)) checkMetric(`compile, ${where}`, one)
  if (runEagerly !== undefined && typeof runEagerly !== 'boolean')
    throw new ArgumentError(
      problem({ where: 'compile', expected: '`runEagerly` to be true or false', received: runEagerly }),
    )
}

function checkLoss(loss: unknown): void {
  const where = 'compile, loss'
  refuseUncalled(where, 'losses', losses, loss)
  if (typeof loss === 'string') {
    if (loss !== 'crossentropy' && loss !== 'ce') located(where, () => losses.get(loss as losses.LossName))
    return
  }
  if (typeof loss === 'function' || loss instanceof losses.Loss || isStored(loss)) return
  throw new ArgumentError(
    problem({ where, expected: 'a loss, its name or a function (yTrue, yPred) => values', received: loss }),
  )
}

function checkMetric(where: string, metric: unknown): void {
  refuseUncalled(where, 'metrics', metrics, metric)
  if (typeof metric === 'string') {
    if (metric !== 'accuracy' && metric !== 'acc') located(where, () => metrics.get(metric as metrics.MetricName))
    return
  }
  if (typeof metric === 'function' || metric instanceof metrics.Metric || isStored(metric)) return
  const hint = 'For example "accuracy" or metrics.binaryAccuracy()'
  throw new ArgumentError(problem({ where, expected: 'metrics, their names or functions', received: metric, hint }))
}

function isStored(value: unknown): boolean {
  return isDict(value) && typeof value.class_name === 'string'
}

/** Everything in lists and dictionaries by output; stored forms are leaves. */
function leaves(spec: unknown): unknown[] {
  if (spec === undefined || spec === null) return []
  if (Array.isArray(spec)) return spec.flatMap(leaves)
  return isDict(spec) && !isStored(spec) ? Object.values(spec).flatMap(leaves) : [spec]
}

/** @throws ArgumentError for `losses.huber` and `losses.Huber` where `losses.huber()` is wanted. */
function refuseUncalled(where: string, module: string, exported: object, value: unknown): void {
  if (typeof value !== 'function') return
  const names = Object.entries(exported).flatMap(([name, known]) => (known === value ? [name] : []))
  // Functions such as `huberValues` compute losses themselves.
  if (names.length === 0 ? !isClass(value) : names.some((name) => name.endsWith('Values'))) return
  const name = names[0] ?? value.name
  const maker = names.length === 0 ? `new ${name}()` : `${module}.${name[0]!.toLowerCase()}${name.slice(1)}()`
  const received = isClass(value) ? value : `the function ${module}.${name} itself`
  throw new ArgumentError(problem({ where, expected: 'an instance', received, hint: `Call it: ${maker}` }))
}

/** Runs a look-up; its problem gets the name of the option. */
export function located<T>(where: string, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (error instanceof ArgumentError) error.message = error.message.replace(/^\w+(?=:)/, where)
    throw error
  }
}
