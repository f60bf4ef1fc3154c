// Learning-rate schedules: classes, lower-case functions that make instances, and stored configs.
import { ObjectRegistry, type SerializedObject } from '../initializers/objects.ts'
import { makeChecked } from '../initializers/make-checked.ts'
import { CosineDecay, type CosineDecayOptions, CosineDecayRestarts, type CosineDecayRestartsOptions } from './cosine.ts'
import { type DecayOptions, ExponentialDecay, InverseTimeDecay } from './exponential.ts'
import { PiecewiseConstantDecay, type PiecewiseConstantDecayOptions } from './piecewise.ts'
import { PolynomialDecay, type PolynomialDecayOptions } from './polynomial.ts'
import type { LearningRateSchedule } from './schedule.ts'

export * from './cosine.ts'
export * from './exponential.ts'
export * from './piecewise.ts'
export * from './polynomial.ts'
export { FunctionSchedule, LearningRateSchedule, type ScheduleOptions } from './schedule.ts'

/** E.g. `optimizers.adam({ learningRate: schedules.exponentialDecay({ initialLearningRate: 1e-3, decaySteps: 100, decayRate: 0.9 }) })`. */
export const exponentialDecay = (options: DecayOptions): ExponentialDecay =>
  makeChecked((given) => new ExponentialDecay(given), options)
export const inverseTimeDecay = (options: DecayOptions): InverseTimeDecay =>
  makeChecked((given) => new InverseTimeDecay(given), options)
export const piecewiseConstantDecay = (options: PiecewiseConstantDecayOptions): PiecewiseConstantDecay =>
  makeChecked((given) => new PiecewiseConstantDecay(given), options)
export const cosineDecay = (options: CosineDecayOptions): CosineDecay =>
  makeChecked((given) => new CosineDecay(given), options)
export const cosineDecayRestarts = (options: CosineDecayRestartsOptions): CosineDecayRestarts =>
  makeChecked((given) => new CosineDecayRestarts(given), options)
export const polynomialDecay = (options: PolynomialDecayOptions): PolynomialDecay =>
  makeChecked((given) => new PolynomialDecay(given), options)

const registry = new ObjectRegistry<LearningRateSchedule>('schedules', 'keras.optimizers.schedules')
registry.addBuiltin(['ExponentialDecay'], (options) => exponentialDecay(options as unknown as DecayOptions))
registry.addBuiltin(['InverseTimeDecay'], (options) => inverseTimeDecay(options as unknown as DecayOptions))
registry.addBuiltin(['PiecewiseConstantDecay'], (options) =>
  piecewiseConstantDecay(options as unknown as PiecewiseConstantDecayOptions),
)
registry.addBuiltin(['CosineDecay'], (options) => cosineDecay(options as unknown as CosineDecayOptions))
registry.addBuiltin(['CosineDecayRestarts'], (options) =>
  cosineDecayRestarts(options as unknown as CosineDecayRestartsOptions),
)
registry.addBuiltin(['PolynomialDecay'], (options) => polynomialDecay(options as unknown as PolynomialDecayOptions))

/** The schedule that a stored config describes. @throws ArgumentError for an unknown class. */
export function deserialize(config: SerializedObject): LearningRateSchedule {
  return registry.make(config)
}

/** The schedule as Keras stores it. */
export function serialize(schedule: LearningRateSchedule): SerializedObject {
  return registry.serialize(schedule)
}

/** Makes a schedule class of your own known by name, so that saved optimizers which use it can be read. */
export function register(Class: { new (options: never): LearningRateSchedule; readonly name: string }): void {
  registry.register(Class.name, (options) => new Class(options as never))
}
