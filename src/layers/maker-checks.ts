// What the makers of layers check before and after the constructor, so that JavaScript users are told what TypeScript tells others.
import { get as getActivation } from '../activations/index.ts'
import { get as getConstraint } from '../constraints/index.ts'
import { ArgumentError, problem } from '../errors.ts'
import { getInitializer } from '../initializers/index.ts'
import { requireObject, requireOptions } from '../platform/arguments.ts'
import { get as getRegularizer } from '../regularizers/index.ts'
import { exampleOf, optionKinds } from './option-names.ts'

/**
 * @param alone Types of what may be given instead of an object of options.
 * @throws ArgumentError for several arguments, something else than options, unknown options, or booleans that are none.
 */
export function checkArguments(
  where: string,
  className: string,
  given: readonly unknown[],
  alone: readonly string[],
): void {
  const example = exampleOf(where, className)
  if (given.length > 1)
    throw new ArgumentError(
      problem({
        where,
        expected: 'one argument, the options',
        received: `${given.length} arguments`,
        hint: `Options stand in one object, ${example}; apply(x) applies the layer to a tensor`,
      }),
    )
  const options = given[0] ?? {}
  if (alone.includes(typeof options)) return
  const kinds = optionKinds(className)
  if (kinds === undefined) return requireObject(where, options, example)
  requireOptions(where, options, Object.keys(kinds), example)
  for (const [option, value] of Object.entries(options)) {
    // null means the default, as in Keras.
    if (kinds[option] !== 'boolean' || typeof value === 'boolean' || value === null || value === undefined) continue
    throw new ArgumentError(problem({ where, expected: `\`${option}\` to be true or false`, received: value }))
  }
}

/** Options by their endings: what looks up their values, and how it names itself in errors. */
const lookups: readonly (readonly [ending: RegExp, name: string, get: (value: never) => unknown])[] = [
  [/activation$/i, 'activation', getActivation],
  [/initializer$/i, 'initializer', getInitializer],
  [/regularizer$/i, 'regularizer', getRegularizer],
  [/constraint$/i, 'constraint', getConstraint],
]

/** Runs `make`; an error that only says "initializer: …" gets the names of the layer and the option. */
export function locateProblem<T>(where: string, options: unknown, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ArgumentError) || typeof options !== 'object' || options === null) throw error
    for (const [option, value] of Object.entries(options)) {
      for (const [ending, name, get] of lookups) {
        if (!ending.test(option) || value === null || !error.message.startsWith(`${name}: `)) continue
        if (messageOf(() => get(value as never)) !== error.message) continue
        throw new ArgumentError(`${where}, \`${option}\`${error.message.slice(name.length)}`, { cause: error })
      }
    }
    throw error
  }
}

function messageOf(run: () => unknown): string | null {
  try {
    run()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : null
  }
}
