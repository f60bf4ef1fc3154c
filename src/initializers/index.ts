// Initializers: the first values of weights.
import { ArgumentError, problem } from '../errors.ts'
import { type DType, type Shape, showShape, type TypedArray } from '../graph/types.ts'
import type { Tensor } from '../ops/index.ts'
import { toSnakeCase } from '../ops/naming.ts'
import { isClass } from '../platform/arguments.ts'
import { Constant, Identity, Ones, Zeros } from './constants.ts'
import { Initializer } from './initializer.ts'
import { makeChecked } from './make-checked.ts'
import {
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
export { fansOf, Initializer } from './initializer.ts'
export * from './random.ts'

/** A function may stand for an initializer. */
export type InitializerFunction = (shape: Shape, dtype: DType) => Tensor | TypedArray
/** An object, a name (`he_normal`, `HeNormal`, `heNormal`), a stored config, or a function. */
export type InitializerLike = Initializer | InitializerFunction | string | SerializedObject

type Options = Record<string, unknown>
type Maker = new (options: never) => Initializer
const registry = new ObjectRegistry<Initializer>('initializer', 'keras.initializers')

const builtin: readonly Maker[] = [
  Zeros, Ones, Constant, Identity, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, GlorotUniform, GlorotNormal,
  HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal,
] // prettier-ignore
const aliases: Record<string, readonly string[]> = {
  Identity: ['IdentityInitializer'],
  Orthogonal: ['OrthogonalInitializer'],
  RandomNormal: ['normal'],
  RandomUniform: ['uniform'],
  Ones: ['one'],
  Zeros: ['zero'],
}
for (const cls of builtin) {
  const { className } = cls as unknown as typeof Initializer
  const camel = className[0]!.toLowerCase() + className.slice(1)
  registry.addBuiltin([className, toSnakeCase(className), camel, ...(aliases[className] ?? [])], make(cls))
}
function make(cls: Maker): (options: Options) => Initializer {
  return (options) => new (cls as new (options: Options) => Initializer)(options)
}

/** Makes a class of your own readable from stored configs. */
export function register(cls: Maker & { readonly className: string; readonly name: string }): void {
  requireClass('initializers.register', cls, Initializer)
  registry.register(classNameOf(cls), make(cls))
}

/** An initializer that asks a function. */
class FunctionInitializer extends Initializer {
  static override readonly className: string = 'FunctionInitializer'
  readonly ask: InitializerFunction
  constructor(ask: InitializerFunction) {
    super()
    this.ask = ask
  }
  values(shape: Shape, dtype: DType): TypedArray {
    const result = this.ask(shape, dtype)
    if (ArrayBuffer.isView(result)) return result
    throw new ArgumentError(
      problem({
        where: 'initializer',
        expected: `a typed array with the values of shape ${showShape(shape)}`,
        received: result,
        hint: 'Initializers run on the host; return values, not a tensor, where values are asked for',
      }),
    )
  }
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

/** A function that makes an initializer of checked options. */
function maker<C extends new (options?: never) => Initializer>(
  name: string,
  Class: C,
): (...options: ConstructorParameters<C>) => InstanceType<C> {
  const make = (given: object): InstanceType<C> => new Class(given as never) as InstanceType<C>
  return (...given) => {
    const [options = {}]: readonly unknown[] = given
    return makeChecked(make, options as object, [], `initializers.${name}`)
  }
}

export const zeros = maker('zeros', Zeros)
export const ones = maker('ones', Ones)
export const constant = maker('constant', Constant)
export const identity = maker('identity', Identity)
export const randomNormal = maker('randomNormal', RandomNormal)
export const randomUniform = maker('randomUniform', RandomUniform)
export const truncatedNormal = maker('truncatedNormal', TruncatedNormal)
export const varianceScaling = maker('varianceScaling', VarianceScaling)
export const glorotUniform = maker('glorotUniform', GlorotUniform)
export const glorotNormal = maker('glorotNormal', GlorotNormal)
export const heUniform = maker('heUniform', HeUniform)
export const heNormal = maker('heNormal', HeNormal)
export const lecunUniform = maker('lecunUniform', LecunUniform)
export const lecunNormal = maker('lecunNormal', LecunNormal)
export const orthogonal = maker('orthogonal', Orthogonal)
