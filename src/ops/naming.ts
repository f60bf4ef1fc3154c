// Names that nobody gave: Keras's snake_case of a class name, counted per prefix.

const counters = new Map<string, number>()

/** `SeparableConv2D` -> `separable_conv2d`, `ReLU` -> `re_lu`: Keras's rule. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
}

/** The next free automatic name: `dense`, then `dense_1`, `dense_2`, … Names given by the user do not count. */
export function autoName(prefix: string): string {
  const count = counters.get(prefix) ?? 0
  counters.set(prefix, count + 1)
  return count === 0 ? prefix : `${prefix}_${count}`
}

/** Runs `make`; if it fails, the automatic names that it took are free again. */
export function namesOnSuccess<T>(make: () => T): T {
  const before = [...counters]
  try {
    return make()
  } catch (error) {
    counters.clear()
    for (const [prefix, count] of before) counters.set(prefix, count)
    throw error
  }
}

/** Runs `make`, whose automatic names are free again afterwards. */
export function withoutNames<T>(make: () => T): T {
  const before = [...counters]
  try {
    return make()
  } finally {
    counters.clear()
    for (const [prefix, count] of before) counters.set(prefix, count)
  }
}

/** Starts automatic names afresh. */
export function clearSession(): void {
  counters.clear()
}
