// Initializers: the first values of weights.
import { ArgumentError, problem } from '../errors.ts'
import { isClass } from '../platform/arguments.ts'
import { Constant, Identity, Ones, Zeros } from './constants.ts'
import { FunctionInitializer, type InitializerFunction } from './function-initializer.ts'
import { Initializer } from './initializer.ts'
import { checkedMaker } from './make-checked.ts'
import {
  type CamelName,
  classNameOf,
  isSerializedObject,
  ObjectRegistry,
  requireClass,
  requireInstance,
  type SerializedObject,
} from './objects.ts'
import {
  GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform, Orthogonal, RandomNormal,
  RandomUniform, TruncatedNormal, VarianceScaling,
} from './random.ts' // prettier-ignore

export * from './constants.ts'
export type { InitializerFunction } from './function-initializer.ts'
export { fansOf, Initializer } from './initializer.ts'
export * from './random.ts'

type Options = Record<string, unknown>
type Maker = new (options: never) => Initializer
const registry = new ObjectRegistry<Initializer>('initializer', 'keras.initializers')

const builtin = {
  zeros: Zeros, ones: Ones, constant: Constant, identity: Identity, random_normal: RandomNormal, random_uniform: RandomUniform,
  truncated_normal: TruncatedNormal, variance_scaling: VarianceScaling, glorot_uniform: GlorotUniform, glorot_normal: GlorotNormal,
  he_uniform: HeUniform, he_normal: HeNormal, lecun_uniform: LecunUniform, lecun_normal: LecunNormal, orthogonal: Orthogonal,
} as const satisfies Record<string, Maker> // prettier-ignore
const aliases = {
  identity: ['IdentityInitializer'],
  orthogonal: ['OrthogonalInitializer'],
  random_normal: ['normal'],
  random_uniform: ['uniform'],
  ones: ['one'],
  zeros: ['zero'],
} as const satisfies Partial<Record<keyof typeof builtin, readonly string[]>>

type SnakeName = keyof typeof builtin
/** What an initializer is called here: `he_normal`, `heNormal` or `HeNormal`. Those of your own are given themselves. */
export type InitializerName =
  SnakeName | CamelName<SnakeName> | Capitalize<CamelName<SnakeName>> | (typeof aliases)[keyof typeof aliases][number]
/** An object, a name, a stored config, or a function. */
export type InitializerLike = Initializer | InitializerFunction | InitializerName | SerializedObject

const others: Readonly<Partial<Record<string, readonly string[]>>> = aliases
for (const [snake, cls] of Object.entries<Maker>(builtin)) {
  const { className } = cls as unknown as typeof Initializer
  const camel = className[0]!.toLowerCase() + className.slice(1)
  registry.addBuiltin([className, snake, camel, ...(others[snake] ?? [])], make(cls))
}
function make(cls: Maker): (options: Options) => Initializer {
  return (options) => new (cls as new (options: Options) => Initializer)(options)
}

/** Makes a class of your own readable from stored configs. */
export function register(cls: Maker & { readonly className: string; readonly name: string }): void {
  requireClass('initializers.register', cls, Initializer)
  registry.register(classNameOf(cls), make(cls))
}

/** The function that makes a weight's first values. @throws ArgumentError for an unknown name or kind. */
export function get(identifier: InitializerLike): InitializerFunction {
  if (typeof identifier === 'function' && !isClass(identifier)) return identifier
  const initializer = getInitializer(identifier)
  return (shape, dtype) => initializer.values(shape, dtype)
}

/** The initializer object. A function is wrapped; it cannot be stored in a config. */
export function getInitializer(identifier: InitializerLike): Initializer {
  if (identifier instanceof Initializer) return identifier
  if (typeof identifier === 'function' && !isClass(identifier)) return new FunctionInitializer(identifier)
  if (typeof identifier === 'string' || isSerializedObject(identifier)) return registry.make(identifier)
  throw new ArgumentError(
    problem({
      where: 'initializer',
      expected: 'a name, an initializer or a function',
      received: identifier,
      hint: 'For example "he_normal" or initializers.constant({ value: 0.1 })',
    }),
  )
}

/** The form that Keras stores. @throws ArgumentError for a plain function. */
export function serialize(initializer: Initializer): SerializedObject {
  if (initializer instanceof FunctionInitializer)
    throw new ArgumentError(
      problem({
        where: 'initializer',
        expected: 'an Initializer, to be stored in a config',
        received: initializer.ask,
        hint: 'Extend Initializer and register it',
      }),
    )
  requireInstance('initializers.serialize', initializer, Initializer)
  return registry.serialize(initializer)
}

export const zeros = checkedMaker('initializers.zeros', Zeros)
export const ones = checkedMaker('initializers.ones', Ones)
export const constant = checkedMaker('initializers.constant', Constant)
export const identity = checkedMaker('initializers.identity', Identity)
export const randomNormal = checkedMaker('initializers.randomNormal', RandomNormal)
export const randomUniform = checkedMaker('initializers.randomUniform', RandomUniform)
export const truncatedNormal = checkedMaker('initializers.truncatedNormal', TruncatedNormal)
export const varianceScaling = checkedMaker('initializers.varianceScaling', VarianceScaling)
export const glorotUniform = checkedMaker('initializers.glorotUniform', GlorotUniform)
export const glorotNormal = checkedMaker('initializers.glorotNormal', GlorotNormal)
export const heUniform = checkedMaker('initializers.heUniform', HeUniform)
export const heNormal = checkedMaker('initializers.heNormal', HeNormal)
export const lecunUniform = checkedMaker('initializers.lecunUniform', LecunUniform)
export const lecunNormal = checkedMaker('initializers.lecunNormal', LecunNormal)
export const orthogonal = checkedMaker('initializers.orthogonal', Orthogonal)
