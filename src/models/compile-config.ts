// Compile arguments in Keras' stored form, made effective.
import { isDict } from './tree.ts'
import type { Config } from '../layers/config.ts'
import type { Model } from './model.ts'

/**
 * Compiles a model with what `getCompileConfig` (or Keras) stored; an empty config leaves it uncompiled.
 * @throws ArgumentError for optimizers, losses or metrics that are not known.
 */
export function compileFromConfig(model: Model, config: Config): Model {
  if (Object.keys(config).length === 0) return model
  // Stored objects can be given as they are: compile understands them.
  const options: Record<string, unknown> = {}
  const take = (key: string, name: string): void => {
    const value = config[key]
    if (value !== null && value !== undefined) options[name] = value
  }
  take('loss', 'loss')
  take('loss_weights', 'lossWeights')
  take('metrics', 'metrics')
  take('weighted_metrics', 'weightedMetrics')
  if (typeof config.optimizer === 'string' || isDict(config.optimizer)) options.optimizer = config.optimizer
  if (config.run_eagerly === true) options.runEagerly = true
  model.compile(options)
  return model
}
