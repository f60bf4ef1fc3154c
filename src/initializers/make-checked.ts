// Makes configured objects (losses, metrics, optimizers, schedules, …) from options or from Keras's configs, refusing unknown keys.
import { ArgumentError } from '../errors.ts'
import { namesOnSuccess } from '../ops/naming.ts'
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
  requireObject(where ?? 'options', options)
  return namesOnSuccess(() => {
    const made = explained(() => create(options), options)
    const known = [...Object.keys(camelKeys(made.getConfig())), ...alsoKnown]
    for (const key of Object.keys(options)) if (!known.includes(key)) refuseOption(where ?? made.className, key, known)
    return made
  })
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
