// Activations: functions of one tensor, by name or as functions.
import { ArgumentError, problem } from '../errors.ts'
import type { Tensor } from '../ops/index.ts'
import {
  type CamelName,
  isSerializedObject,
  type SerializedObject,
  toCamelKey,
  toSnakeKey,
} from '../initializers/objects.ts'
import { closest, isClass } from '../platform/arguments.ts'
import * as functions from './functions.ts'

export * from './functions.ts'
export { silu as swish, hardSilu as hardSwish } from './functions.ts'

export type Activation = (x: Tensor) => Tensor
// `threshold` needs its options, so it has no bare name.
const named = {
  linear: functions.linear,
  relu: (x: Tensor) => functions.relu(x),
  relu6: functions.relu6,
  leaky_relu: (x: Tensor) => functions.leakyRelu(x),
  softmax: (x: Tensor) => functions.softmax(x),
  log_softmax: (x: Tensor) => functions.logSoftmax(x),
  sigmoid: functions.sigmoid,
  log_sigmoid: functions.logSigmoid,
  hard_sigmoid: functions.hardSigmoid,
  tanh: functions.tanh,
  hard_tanh: functions.hardTanh,
  tanh_shrink: functions.tanhShrink,
  silu: functions.silu,
  hard_silu: functions.hardSilu,
  gelu: (x: Tensor) => functions.gelu(x),
  elu: (x: Tensor) => functions.elu(x),
  selu: functions.selu,
  celu: (x: Tensor) => functions.celu(x),
  softplus: functions.softplus,
  softsign: functions.softsign,
  exponential: functions.exponential,
  mish: functions.mish,
  hard_shrink: (x: Tensor) => functions.hardShrink(x),
  soft_shrink: (x: Tensor) => functions.softShrink(x),
  squareplus: (x: Tensor) => functions.squareplus(x),
  sparse_plus: functions.sparsePlus,
  sparse_sigmoid: functions.sparseSigmoid,
  sparsemax: (x: Tensor) => functions.sparsemax(x),
  glu: (x: Tensor) => functions.glu(x),
} satisfies Record<string, Activation>

const aliases = { swish: 'silu', hard_swish: 'hard_silu' } as const satisfies Record<string, keyof typeof named>
type SnakeName = keyof typeof named | keyof typeof aliases
/** What a function is called here: `leaky_relu` or `leakyRelu`. Functions of your own are given themselves. */
export type ActivationName = SnakeName | CamelName<SnakeName>
/** A function, its name, a stored config, or null for linear. */
export type ActivationLike = Activation | ActivationName | SerializedObject | null

const custom = new Map<string, Activation>()

/** Makes a function of your own known by a name, so that stored configs can mention it. */
export function register(name: string, activation: Activation): void {
  const where = 'activations.register'
  if (typeof name !== 'string' || name === '')
    throw new ArgumentError(problem({ where, expected: 'a name that is not empty, then the function', received: name }))
  if (typeof activation !== 'function' || isClass(activation))
    throw new ArgumentError(problem({ where, expected: 'a function of one tensor', received: activation }))
  custom.set(name, activation)
}

/** The function. @throws ArgumentError for an unknown name or kind. */
export function get(identifier: ActivationLike | undefined): Activation {
  if (identifier === null || identifier === undefined) return functions.linear
  if (typeof identifier === 'function' && !isClass(identifier)) return exported.get(identifier) ?? identifier
  const name = nameOf(identifier)
  if (name !== null) {
    const own = custom.get(name)
    if (own !== undefined) return own
    const snake = toSnakeKey(name).replace(/_(\d)/, '$1')
    const key = Object.hasOwn(aliases, snake) ? aliases[snake as keyof typeof aliases] : snake
    if (Object.hasOwn(named, key)) return named[key as keyof typeof named]
  }
  const meant = name === null ? null : closest(name, [...Object.keys(named), ...Object.keys(aliases), ...custom.keys()])
  throw new ArgumentError(
    problem({
      where: 'activation',
      expected: `a function, null, or one of ${Object.keys(named).join(', ')}`,
      received: name ?? identifier,
      ...(meant === null ? {} : { hint: `Did you mean "${meant}"?` }),
    }),
  )
}

/** Stored functions are plain names or `{class_name: 'function', config: name}`. */
function nameOf(identifier: unknown): string | null {
  if (typeof identifier === 'string') return identifier
  if (typeof identifier !== 'object' || identifier === null) return null
  const { class_name, config } = identifier as { class_name?: unknown; config?: unknown }
  if (class_name === 'function' && typeof config === 'string') return config
  return isSerializedObject(identifier) ? toSnakeKey(identifier.class_name).replace(/^_/, '') : null
}

// The exported functions take options; by name they are the ones with none.
const exported = new Map<unknown, Activation>(
  Object.entries(named).flatMap(([name, bare]): [unknown, Activation][] => {
    const full = (functions as unknown as Record<string, unknown>)[toCamelKey(name)]
    return full === undefined ? [] : [[full, bare]]
  }),
)

/** Keras's name of the function. @throws ArgumentError for a function that is neither built in nor registered. */
export function serialize(activation: Activation): string {
  const bare = exported.get(activation) ?? activation
  for (const [name, known] of [...Object.entries(named), ...custom]) if (known === bare) return name
  throw new ArgumentError(
    problem({
      where: 'activation',
      expected: 'a built-in or registered function, to be stored in a config',
      received: activation,
      hint: 'Call activations.register(name, function) first',
    }),
  )
}
