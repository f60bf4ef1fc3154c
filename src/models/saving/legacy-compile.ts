// The compile arguments of older Keras files in the form of today's.
import type { Config } from '../../layers/config.ts'
import { isDict } from '../tree.ts'

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
