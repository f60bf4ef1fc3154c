// Learning-rate schedules: classes, lower-case functions that make instances, and stored configs.
import { ArgumentError, problem } from '../errors.ts'
import { closest, requireObject } from '../platform/arguments.ts'
import {
  isSerializedObject,
  ObjectRegistry,
  requireClass,
  requireInstance,
  type SerializedObject,
} from '../initializers/objects.ts'
import { classNameOf } from '../losses/class-name.ts'
import { makeChecked } from '../initializers/make-checked.ts'
import { CosineDecay, type CosineDecayOptions, CosineDecayRestarts, type CosineDecayRestartsOptions } from './cosine.ts'
import { type DecayOptions, ExponentialDecay, InverseTimeDecay } from './exponential.ts'
import { PiecewiseConstantDecay, type PiecewiseConstantDecayOptions } from './piecewise.ts'
import { PolynomialDecay, type PolynomialDecayOptions } from './polynomial.ts'
import { LearningRateSchedule } from './schedule.ts'

export * from './cosine.ts'
export * from './exponential.ts'
export * from './piecewise.ts'
export * from './polynomial.ts'
export { FunctionSchedule, LearningRateSchedule, type ScheduleOptions } from './schedule.ts'

const booleans = ['staircase', 'cycle']
const lists = ['boundaries', 'values']

/** A schedule of checked options. @throws ArgumentError for one of a wrong type, or a required one that is missing. */
function makeSchedule<T extends LearningRateSchedule, Options extends object>(
  create: (options: Options) => T,
  options: Options,
  where: string,
  ...required: readonly string[]
): T {
  requireObject(where, options, `${where}({ ${required.join(', ')} })`)
  const fail = (option: string, expected: string, received: unknown, hint = {}): never => {
    throw new ArgumentError(problem({ where, expected: `\`${option}\` to be ${expected}`, received, ...hint }))
  }
  const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
  const missing = required.find((option) => (options as Record<string, unknown>)[option] === undefined)
  if (missing !== undefined) {
    const meant = Object.keys(options).find((key) => !required.includes(key) && closest(key, [missing]) !== null)
    const hint = meant === undefined ? {} : { hint: `Did you mean it by \`${meant}\`?` }
    fail(missing, lists.includes(missing) ? 'a list of numbers' : 'a number', undefined, hint)
  }
  for (const option of lists) {
    const value = (options as Record<string, unknown>)[option]
    if (value !== undefined && !(Array.isArray(value) && value.every(isNumber)))
      fail(option, 'a list of numbers', value)
  }
  const made = makeChecked(create, options, [], where)
  for (const [option, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined || value === null || option === 'name' || lists.includes(option)) continue
    if (booleans.includes(option)) {
      if (typeof value !== 'boolean') fail(option, 'true or false', value)
    } else if (typeof value === 'string' || typeof value === 'boolean' || Number.isNaN(value))
      fail(option, 'a number', value)
  }
  return made
}

/** E.g. `optimizers.adam({ learningRate: schedules.exponentialDecay({ initialLearningRate: 1e-3, decaySteps: 100, decayRate: 0.9 }) })`. */
export const exponentialDecay = (options: DecayOptions): ExponentialDecay =>
  makeSchedule(
    (given) => new ExponentialDecay(given),
    options,
    'schedules.exponentialDecay',
    'initialLearningRate',
    'decaySteps',
    'decayRate',
  )
export const inverseTimeDecay = (options: DecayOptions): InverseTimeDecay =>
  makeSchedule(
    (given) => new InverseTimeDecay(given),
    options,
    'schedules.inverseTimeDecay',
    'initialLearningRate',
    'decaySteps',
    'decayRate',
  )
export const piecewiseConstantDecay = (options: PiecewiseConstantDecayOptions): PiecewiseConstantDecay =>
  makeSchedule(
    (given) => new PiecewiseConstantDecay(given),
    options,
    'schedules.piecewiseConstantDecay',
    'boundaries',
    'values',
  )
export const cosineDecay = (options: CosineDecayOptions): CosineDecay =>
  makeSchedule((given) => new CosineDecay(given), options, 'schedules.cosineDecay', 'initialLearningRate', 'decaySteps')
export const cosineDecayRestarts = (options: CosineDecayRestartsOptions): CosineDecayRestarts =>
  makeSchedule(
    (given) => new CosineDecayRestarts(given),
    options,
    'schedules.cosineDecayRestarts',
    'initialLearningRate',
    'firstDecaySteps',
  )
export const polynomialDecay = (options: PolynomialDecayOptions): PolynomialDecay =>
  makeSchedule(
    (given) => new PolynomialDecay(given),
    options,
    'schedules.polynomialDecay',
    'initialLearningRate',
    'decaySteps',
  )

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
  if (isSerializedObject(config)) return registry.make(config)
  const expected = 'a stored schedule: an object with class_name and config'
  throw new ArgumentError(problem({ where: 'schedules.deserialize', expected, received: config }))
}

/** The schedule as Keras stores it. */
export function serialize(schedule: LearningRateSchedule): SerializedObject {
  requireInstance('schedules.serialize', schedule, LearningRateSchedule)
  return registry.serialize(schedule)
}

/** Makes a schedule class of your own known by name, so that saved optimizers which use it can be read. */
export function register(Class: { new (options: never): LearningRateSchedule; readonly name: string }): void {
  requireClass('schedules.register', Class, LearningRateSchedule)
  registry.register(classNameOf(Class), (options) => new Class(options as never))
}
