// Makes configured objects (losses, metrics, optimizers, schedules) from options or from Keras's configs, refusing unknown keys.
import { ArgumentError, problem } from '../errors.ts'
import { camelKeys, type Config } from '../initializers/objects.ts'

interface HasConfig {
  readonly className: string
  getConfig(): Config
}

/**
 * `new Class(options)`, after which every option must be one that the object's config knows. TypeScript says the same at
 * compile time; this is for JavaScript and for configs read from files. `alsoKnown` are options that no config holds.
 * @throws ArgumentError naming the unknown option.
 */
export function makeChecked<T extends HasConfig, Options extends object>(
  create: (options: Options) => T,
  options: Options,
  alsoKnown: readonly string[] = [],
): T {
  const made = create(options)
  const known = [...Object.keys(camelKeys(made.getConfig())), ...alsoKnown]
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    throw new ArgumentError(
      problem({
        where: made.className,
        expected: `options among ${[...new Set(known)].sort().join(', ')}`,
        received: key,
      }),
    )
  }
  return made
}
