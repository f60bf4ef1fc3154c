// The compile arguments of older Keras files in the form of today's, and back.
import type { Config } from '../../layers/config.ts'
import { Metric } from '../../metrics/index.ts'
import type { Model } from '../model.ts'
import { isDict } from '../tree.ts'
import { withoutNewOptions } from './legacy-config.ts'

/** Keys of Keras 2 that say how TensorFlow runs an optimizer, not what it does. */
const notOptions = ['is_legacy_optimizer', 'jit_compile', 'decay', 'lr', 'fn', 'mesh']

/** `training_config` of a whole-model `.h5` file as `compile_config`. */
export function legacyCompileConfig(training: Record<string, unknown>): Config {
  const { optimizer_config: optimizer, loss, metrics, weighted_metrics, loss_weights } = training
  return {
    optimizer: isDict(optimizer) ? optimizerConfig(optimizer) : null,
    loss: mapObjects(loss, lossConfig),
    metrics: mapObjects(metrics, metricConfig),
    weighted_metrics: mapObjects(weighted_metrics, metricConfig),
    loss_weights: loss_weights ?? null,
  }
}

/** Lists and dictionaries by output stay as they are around the stored objects. */
function mapObjects(value: unknown, change: (object: Config, config: Config) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, change))
  if (!isDict(value)) return value ?? null
  if (typeof value.class_name === 'string') return change(value, isDict(value.config) ? value.config : {})
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapObjects(item, change)]))
}

function optimizerConfig(stored: Config): Config {
  const config = isDict(stored.config) ? stored.config : {}
  const kept = without(config, notOptions)
  const rate = config.learning_rate ?? config.lr
  if (rate !== undefined) kept.learning_rate = rate
  // The old optimizers' own decay: rate / (1 + decay * step).
  if (typeof config.decay === 'number' && config.decay > 0 && typeof rate === 'number')
    kept.learning_rate = {
      class_name: 'InverseTimeDecay',
      config: { initial_learning_rate: rate, decay_steps: 1, decay_rate: config.decay },
    }
  return { class_name: plainClass(stored.class_name), config: kept }
}

/** The compile arguments of a model as `training_config`, for tf_keras and for Keras 3. */
export function legacyTrainingConfig(model: Model): Config {
  const { optimizer, metrics, weighted_metrics, ...rest } = model.getCompileConfig()
  return {
    ...rest,
    metrics: withChosenAccuracy(model, metrics),
    weighted_metrics: withChosenAccuracy(model, weighted_metrics),
    optimizer_config: isDict(optimizer) ? olderOptimizer(optimizer) : optimizer,
  }
}

/** "accuracy" as the class that it became at the first batch: tf_keras would choose by the shape of the outputs alone. */
function withChosenAccuracy(model: Model, stored: unknown): unknown {
  if (!Array.isArray(stored) || model.outputNames?.length !== 1) return stored
  const all = model.metrics.flatMap((metric) => (metric instanceof Metric ? [metric] : metric.metrics))
  return stored.map((item: unknown) => {
    const chosen = item === 'accuracy' || item === 'acc' ? all.find(({ name }) => name === item) : undefined
    return chosen === undefined ? item : { class_name: chosen.className, config: chosen.getConfig() }
  })
}

/**
 * Class and config alone: older readers know no modules. From this format tf_keras makes its optimizers of before 2.11, which refuse
 * options that came later; left out, these have the value that they have here.
 */
function olderOptimizer(stored: Config): Config {
  const config = withoutNewOptions(stored.config) as Config
  if (config.weight_decay === null) delete config.weight_decay
  const averaged = config.use_ema === true
  return {
    class_name: stored.class_name,
    config: averaged ? config : without(config, ['use_ema', 'ema_momentum', 'ema_overwrite_frequency']),
  }
}

function lossConfig(stored: Config, config: Config): unknown {
  if (stored.class_name === 'LossFunctionWrapper' && typeof config.fn === 'string') return config.fn
  const kept = without(config, ['fn'])
  if (kept.reduction === 'auto') kept.reduction = 'sum_over_batch_size'
  return { class_name: plainClass(stored.class_name), config: kept }
}

function metricConfig(stored: Config, config: Config): unknown {
  const kept = without(config, ['fn'])
  if (stored.class_name === 'MeanMetricWrapper' && typeof config.fn === 'string')
    return { class_name: pascal(config.fn), config: kept }
  return { class_name: plainClass(stored.class_name), config: kept }
}

function without(config: Config, keys: readonly string[]): Config {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)))
}

/** tf_keras calls its own optimizers `Custom>Adam`. */
function plainClass(name: unknown): unknown {
  return typeof name === 'string' ? name.replace(/^Custom>/, '') : name
}

/** `sparse_categorical_accuracy` -> `SparseCategoricalAccuracy`. */
function pascal(name: string): string {
  return name.replace(/(^|_)([a-z])/g, (_, _before: string, letter: string) => letter.toUpperCase())
}
