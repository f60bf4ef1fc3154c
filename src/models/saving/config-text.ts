// Models as JSON text in files: parsed and made, with every way in which foreign JSON can fail turned into one error.
import { FormatError, problem, TanukiError } from '../../errors.ts'
import { parseJson } from '../../formats/json-text.ts'
import { isDict } from '../tree.ts'

/** The object of a JSON text. @throws FormatError that names `where`. */
export function parseObject(where: string, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    throw new FormatError(problem({ where, expected: 'JSON', received: (error as Error).message }))
  }
  if (isDict(value)) return value
  throw new FormatError(problem({ where, expected: 'a JSON object', received: value }))
}

/** What Keras takes as a float alone: it refuses `0` as the momentum of SGD, and `1` as a learning rate. */
const floats = new Set(['learning_rate', 'momentum', 'beta', 'threshold'])

/** JSON as Python writes it where the difference matters to Keras: `0.0`, not `0`. */
export function kerasText(value: unknown): string {
  const mark = (key: string, item: unknown): unknown =>
    floats.has(key) && Number.isSafeInteger(item) ? `\0${String(item)}.0` : item
  return JSON.stringify(value, mark).replace(/"\\u0000(-?\d+\.0)"/g, '$1')
}

/**
 * What `make` gives. Configs of a wrong form make it fail in any way; the caller gets to know which file it was.
 * @throws FormatError for everything that is not an error of this library already.
 */
export function fromForeign<T>(where: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof TanukiError) throw error
    const received = error instanceof Error ? `one that fails with "${error.message}"` : String(error)
    throw new FormatError(problem({ where, expected: 'a description of a model', received }), { cause: error })
  }
}
