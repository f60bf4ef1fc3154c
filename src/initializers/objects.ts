// Named objects that live in Keras configs (initializers, regularizers, constraints): looking them up and writing them down.
import { ArgumentError, problem } from '../errors.ts'
import { closest, requireObject } from '../platform/arguments.ts'

/** JSON as Keras writes it: keys in snake_case. */
export type Config = Record<string, unknown>

/** `he_normal` to `heNormal`, as a type. */
export type CamelName<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelName<B>>}` : S

/** An object as Keras stores it. */
export interface SerializedObject {
  readonly class_name: string
  readonly config: Config
  readonly module?: string | null
  readonly registered_name?: string | null
  readonly build_config?: Config | null
  /** Equal for all places of one object in a stored model. */
  readonly shared_object_id?: unknown
}

export function isSerializedObject(value: unknown): value is SerializedObject {
  if (typeof value !== 'object' || value === null) return false
  const { class_name, config } = value as Record<string, unknown>
  return typeof class_name === 'string' && (config === undefined || (typeof config === 'object' && config !== null))
}

/** `kernelSize` -> `kernel_size`, `beta1` -> `beta_1`. */
export function toSnakeKey(key: string): string {
  return key.replace(/([A-Z])/g, (letter) => `_${letter.toLowerCase()}`).replace(/([a-z])(\d)/g, '$1_$2')
}

/** `kernel_size` -> `kernelSize`, `beta_1` -> `beta1`. */
export function toCamelKey(key: string): string {
  return key.replace(/_([a-z\d])/g, (_, character: string) => character.toUpperCase())
}

/** The same values under camelCase keys. */
export function camelKeys(config: Config): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [toCamelKey(key), value]))
}

/** The options in what `getConfig` gave, for `fromConfig` of the class `name`. @throws ArgumentError for what is no config. */
export function optionsOf(name: string, config: Config): Record<string, unknown> {
  requireObject(`${name}.fromConfig`, config, `${name}.fromConfig(object.getConfig())`)
  return camelKeys(config)
}

/** The same values under snake_case keys. */
export function snakeKeys(options: Record<string, unknown>): Config {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [toSnakeKey(key), value]))
}

/** Keras's name of a class: its own static `className`, or else its JavaScript name. */
export function classNameOf(cls: { readonly className: string; readonly name: string }): string {
  return Object.hasOwn(cls, 'className') ? cls.className : cls.name
}

/** What a base class makes, for a check against it. */
type Base = abstract new (...args: never) => unknown

/** @throws ArgumentError unless `cls` is a class that extends `base`: a class of the user's, to be registered. */
export function requireClass(where: string, cls: unknown, base: Base): void {
  if (typeof cls === 'function' && cls.prototype instanceof base) return
  const hint = cls instanceof base ? { hint: 'Give the class itself, not an object of it' } : {}
  throw new ArgumentError(problem({ where, expected: `a class that extends ${base.name}`, received: cls, ...hint }))
}

/** @throws ArgumentError unless `object` is one of `base`, to be stored. */
export function requireInstance(where: string, object: unknown, base: Base): void {
  if (object instanceof base) return
  const article = /^[AEIOU]/.test(base.name) ? 'an' : 'a'
  throw new ArgumentError(problem({ where, expected: `${article} ${base.name}`, received: object }))
}

/** Something with a Keras class name and config. */
export interface Configured {
  readonly className: string
  getConfig(): Config
}

/** Objects of one kind by class name or snake_case alias. */
export class ObjectRegistry<T extends Configured> {
  readonly #kind: string
  readonly #module: string
  readonly #makers = new Map<string, (options: Record<string, unknown>) => T>()
  readonly #builtin = new Set<string>()
  readonly #shortNames: string[] = []

  /** `kind` names the objects in errors; `module` is Keras's module of the built-in ones. */
  constructor(kind: string, module: string) {
    this.#kind = kind
    this.#module = module
  }

  /** Adds a built-in class under its Keras name and further names. */
  addBuiltin(names: readonly string[], make: (options: Record<string, unknown>) => T): void {
    for (const name of names) this.#makers.set(name, make)
    this.#builtin.add(names[0]!)
  }

  /** Further names, known to whoever asks this registry, for the advice about misspelt ones. */
  addShortNames(names: readonly string[]): void {
    this.#shortNames.push(...names)
  }

  /** Adds a class of the user's, so that saved configs that mention it can be read. */
  register(className: string, make: (options: Record<string, unknown>) => T): void {
    this.#makers.set(className, make)
    this.#makers.set(`Custom>${className}`, make)
  }

  /** A new object by name or from a stored config. @throws ArgumentError for an unknown name. */
  make(identifier: string | SerializedObject): T {
    const name = typeof identifier === 'string' ? identifier : identifier.class_name
    const registered = typeof identifier === 'string' ? null : identifier.registered_name
    const make = this.#makers.get(registered ?? name) ?? this.#makers.get(name)
    if (make === undefined) {
      const meant = closest(name, [...this.#shortNames, ...this.#makers.keys()])
      throw new ArgumentError(
        problem({
          where: this.#kind,
          expected: `one of ${[...this.#builtin].sort().join(', ')}`,
          received: name,
          hint: meant === null ? `Register classes of your own first` : `Did you mean "${meant}"?`,
        }),
      )
    }
    return make(typeof identifier === 'string' ? {} : camelKeys(identifier.config ?? {}))
  }

  /** The form that Keras stores. */
  serialize(object: T): SerializedObject {
    const builtin = this.#builtin.has(object.className)
    return {
      module: builtin ? this.#module : null,
      class_name: object.className,
      config: object.getConfig(),
      registered_name: builtin ? null : object.className,
    }
  }
}
