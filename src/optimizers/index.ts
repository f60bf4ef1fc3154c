// Optimizers: classes, and lower-case functions that make instances of them.
import { makeChecked } from '../initializers/make-checked.ts'
import { Adadelta, type AdadeltaOptions } from './adadelta.ts'
import { Adafactor, type AdafactorOptions } from './adafactor.ts'
import { Adagrad, type AdagradOptions } from './adagrad.ts'
import { Adam, type AdamOptions, AdamW } from './adam.ts'
import { Adamax, type AdamaxOptions } from './adamax.ts'
import { Ftrl, type FtrlOptions } from './ftrl.ts'
import { Lamb, type LambOptions } from './lamb.ts'
import type { LearningRate } from './learning-rate.ts'
import { Lion, type LionOptions } from './lion.ts'
import { LossScaleOptimizer, type LossScaleOptimizerOptions } from './loss-scale.ts'
import { Muon, type MuonOptions } from './muon.ts'
import { Nadam, type NadamOptions } from './nadam.ts'
import type { Optimizer } from './optimizer.ts'
import { LearningRateSchedule } from '../schedules/index.ts'
import type { OptimizerOptions } from './options.ts'
import { RMSprop, type RMSpropOptions } from './rmsprop.ts'
import { ScheduleFreeAdamW, type ScheduleFreeAdamWOptions } from './schedule-free-adamw.ts'
import { SGD, type SGDOptions } from './sgd.ts'

export * from './adadelta.ts'
export * from './adafactor.ts'
export * from './adagrad.ts'
export * from './adam.ts'
export * from './adamax.ts'
export * from './ftrl.ts'
export * from './lamb.ts'
export { type LearningRate, LearningRateVariable } from './learning-rate.ts'
export * from './lion.ts'
export * from './loss-scale.ts'
export type { LearningRateMultipliers } from './multipliers.ts'
export * from './muon.ts'
export * from './nadam.ts'
export { Optimizer } from './optimizer.ts'
export type { OptimizerOptions } from './options.ts'
export * from './registry.ts'
export * from './rmsprop.ts'
export * from './schedule-free-adamw.ts'
export * from './sgd.ts'

/** Options, or the learning rate alone. */
type Given<Options> = Options | LearningRate

function maker<T extends Optimizer, Options extends OptimizerOptions>(
  name: string,
  create: (options: Options) => T,
): (options?: Given<Options>) => T {
  return (options = {} as Options) => {
    const rateAlone =
      typeof options === 'number' || typeof options === 'function' || options instanceof LearningRateSchedule
    const given = (rateAlone ? { learningRate: options } : options) as Options
    return makeChecked(create, given, ['learningRateMultipliers'], `optimizers.${name}`)
  }
}

export const adadelta = maker('adadelta', (options: AdadeltaOptions) => new Adadelta(options))
export const adafactor = maker('adafactor', (options: AdafactorOptions) => new Adafactor(options))
export const adagrad = maker('adagrad', (options: AdagradOptions) => new Adagrad(options))
/** E.g. `optimizers.adam(1e-5)` or `optimizers.adam({ learningRate: 1e-5, clipnorm: 1 })`. */
export const adam = maker('adam', (options: AdamOptions) => new Adam(options))
export const adamW = maker('adamW', (options: AdamOptions) => new AdamW(options))
export const adamax = maker('adamax', (options: AdamaxOptions) => new Adamax(options))
export const ftrl = maker('ftrl', (options: FtrlOptions) => new Ftrl(options))
export const lamb = maker('lamb', (options: LambOptions) => new Lamb(options))
export const lion = maker('lion', (options: LionOptions) => new Lion(options))
export const muon = maker('muon', (options: MuonOptions) => new Muon(options))
export const nadam = maker('nadam', (options: NadamOptions) => new Nadam(options))
export const rmsprop = maker('rmsprop', (options: RMSpropOptions) => new RMSprop(options))
export const scheduleFreeAdamW = maker(
  'scheduleFreeAdamW',
  (options: ScheduleFreeAdamWOptions) => new ScheduleFreeAdamW(options),
)
export const sgd = maker('sgd', (options: SGDOptions) => new SGD(options))
export const lossScaleOptimizer = (options: LossScaleOptimizerOptions): LossScaleOptimizer =>
  makeChecked((given) => new LossScaleOptimizer(given), options, [], 'optimizers.lossScaleOptimizer')
