// Reading the results of steps: names sorted as Keras sorts them, values as numbers.
import type { Tensor } from '../../ops/index.ts'
import { isDict, sortedKeys } from '../tree.ts'
import type { Nested } from '../tree.ts'
import type { Logs } from '../callbacks/callback.ts'

/** The results of a step as numbers, by sorted name. A vector becomes `name_0`, `name_1`, … */
export async function readLogs(outputs: Nested<Tensor>): Promise<Logs> {
  const logs: Logs = {}
  if (!isDict(outputs)) return logs
  const names = sortedKeys(outputs)
  const values = await Promise.all(names.map((name) => (outputs[name] as Tensor).data()))
  names.forEach((name, i) => {
    const data = values[i]!
    if ((outputs[name] as Tensor).shape.length === 0) logs[name] = data[0]!
    else data.forEach((value, k) => (logs[`${name}_${k}`] = value))
  })
  return logs
}

/** The same values by sorted name. */
export function sortedLogs(logs: Logs): Logs {
  return Object.fromEntries(sortedKeys(logs).map((name) => [name, logs[name]!]))
}

/** Values in the order in which `evaluate` returns them: by metric (Keras' rule), then what is left by name. */
export function orderedValues(logs: Logs, names: readonly string[]): number | number[] {
  const known = names.filter((name) => Object.hasOwn(logs, name))
  const rest = sortedKeys(logs).filter((name) => !names.includes(name))
  const values = [...known, ...rest].map((name) => logs[name]!)
  return values.length === 1 ? values[0]! : values
}
