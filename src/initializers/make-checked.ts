// Makes configured objects (losses, metrics, optimizers, schedules, …) from options or from Keras's configs, refusing unknown keys.
import { ArgumentError, problem } from '../errors.ts'
import { namesOnSuccess, withoutNames } from '../ops/naming.ts'
import { closest, refuseOption, requireObject } from '../platform/arguments.ts'
import { camelKeys, type Config } from './objects.ts'

interface HasConfig {
  readonly className: string
  getConfig(): Config
}

/**
 * `new Class(options)`, after which every option must be one that the object's config knows. TypeScript says the same at
 * compile time; this is for JavaScript and for configs read from files. `alsoKnown` are options that no config holds, `where`
 * is how errors name the function (default: the class). What fails uses up no automatic names.
 * @throws ArgumentError naming the unknown option, and the one that was probably meant.
 */
export function makeChecked<T extends HasConfig, Options extends object>(
  create: (options: Options) => T,
  options: Options,
  alsoKnown: readonly string[] = [],
  where?: string,
): T {
  requireObject(where ?? 'options', options, where === undefined ? undefined : `${where}({ ... })`)
  return namesOnSuccess(() => {
    const made = explained(() => create(options), options)
    const config = camelKeys(made.getConfig())
    const known = [...Object.keys(config), ...alsoKnown]
    for (const key of Object.keys(options)) if (!known.includes(key)) refuseOption(where ?? made.className, key, known)
    checkKinds(where ?? made.className, options, defaultsOf(made, create as unknown as (options: object) => HasConfig))
    return made
  })
}

/** The lower-case function that makes a `Class` of checked options. `where` is how errors name it: `regularizers.l2`. */
export function checkedMaker<C extends new (options?: never) => HasConfig>(
  where: string,
  Class: C,
): (...options: ConstructorParameters<C>) => InstanceType<C> {
  const make = (given: object): InstanceType<C> => new Class(given as never) as InstanceType<C>
  return (...given) => {
    const [options = {}]: readonly unknown[] = given
    return makeChecked(make, options as object, [], where)
  }
}

/** Where a required option is missing because it was misspelt, the error says so. */
function explained<T>(create: () => T, options: object): T {
  try {
    return create()
  } catch (error) {
    if (!(error instanceof ArgumentError) || !error.message.includes('received undefined')) throw error
    const words = [...error.message.matchAll(/\b[a-z][A-Za-z0-9]*\b/g)].map(([word]) => word)
    for (const key of Object.keys(options)) {
      if (words.includes(key)) continue
      const meant = closest(key, words)
      if (meant === null) continue
      throw new ArgumentError(`${error.message} Did you mean \`${meant}\` by \`${key}\`?`, { cause: error })
    }
    throw error
  }
}

/** Configs with every option at its default, by class; null for classes that need options. */
const defaults = new Map<unknown, Readonly<Record<string, unknown>> | null>()

function defaultsOf(made: HasConfig, create: (options: object) => HasConfig): Readonly<Record<string, unknown>> | null {
  const known = defaults.get(made.constructor)
  if (known !== undefined) return known
  let found: Readonly<Record<string, unknown>> | null = null
  try {
    // With a seed, so that none is drawn.
    found = withoutNames(() => camelKeys(create({ seed: 0 }).getConfig()))
  } catch {
    // A class that cannot be made without options checks them itself.
  }
  defaults.set(made.constructor, found)
  return found
}

/**
 * An option whose default is a number, a boolean or a text is not given as another of these, nor as NaN. What the class itself
 * checks (ranges, names) has been checked before.
 */
function checkKinds(where: string, options: object, byDefault: Readonly<Record<string, unknown>> | null): void {
  for (const [option, value] of Object.entries(options) as [string, unknown][]) {
    const kind = option === 'name' ? 'string' : typeof byDefault?.[option]
    const fits =
      value === undefined ||
      value === null ||
      (kind === 'number' && !['string', 'boolean'].includes(typeof value) && !Number.isNaN(value)) ||
      (kind === 'boolean' && typeof value === 'boolean') ||
      (kind === 'string' && typeof value === 'string') ||
      !['number', 'boolean', 'string'].includes(kind)
    if (fits) continue
    const what = kind === 'boolean' ? 'true or false' : `a ${kind}`
    throw new ArgumentError(problem({ where, expected: `\`${option}\` to be ${what}`, received: value }))
  }
}
