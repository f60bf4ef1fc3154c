// Turns constructor options (camelCase) into Keras's JSON config (snake_case) and back.
import { ArgumentError, problem } from '../errors.ts'
import type { DType } from '../graph/types.ts'
import { camelKeys, type Config, snakeKeys } from '../initializers/objects.ts'
import { requireObject } from '../platform/arguments.ts'
import { warn } from '../platform/warn.ts'

export {
  type Config,
  isSerializedObject,
  type SerializedObject,
  toCamelKey,
  toSnakeKey,
} from '../initializers/objects.ts'

/** Keras's config as constructor options: keys in camelCase, values untouched, the dtype policy reduced to its name. @throws ArgumentError for no config. */
export function fromKeras(config: Config): Record<string, unknown> {
  requireObject('fromConfig', config, 'fromConfig(layer.getConfig())')
  const options = camelKeys(config)
  if ('dtype' in options) options.dtype = dtypeFromKeras(options.dtype)
  return options
}

/** Constructor options as Keras's config: keys in snake_case, values untouched. */
export function toKeras(options: Record<string, unknown>): Config {
  return snakeKeys(options)
}

const dtypes: readonly string[] = ['float32', 'int32', 'uint8', 'bool']

/** The element type of a Keras dtype or dtype policy. @throws ArgumentError if there is no such type here. */
export function dtypeFromKeras(value: unknown, where = 'dtype'): DType {
  if (value === null || value === undefined) return 'float32'
  let name: unknown = value
  if (typeof value === 'object') name = (value as { config?: { name?: unknown } }).config?.name
  if (typeof name === 'string') {
    if (dtypes.includes(name)) return name as DType
    if (name === 'int64') return 'int32'
    if (name === 'mixed_bfloat16' || name === 'mixed_float16') {
      // Variables of a mixed policy are float32 already; only the rounding in between is missing.
      warn(`dtype policy "${name}" is not supported yet: the layer computes in float32`)
      return 'float32'
    }
  }
  throw new ArgumentError(problem({ where, expected: `\`dtype\` to be one of ${dtypes.join(', ')}`, received: value }))
}

/** A config without some of its keys. */
export function omit(config: Config, ...keys: readonly string[]): Config {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)))
}

/** A dtype as Keras 3 stores it in a layer's config. */
export function dtypePolicy(dtype: DType): Config {
  return { module: 'keras', class_name: 'DTypePolicy', config: { name: dtype }, registered_name: null }
}
