// Warnings: the one replaceable function through which the library says that something is odd but not wrong.

import { ArgumentError, problem } from '../errors.ts'

export type WarningHandler = (message: string) => void

const toConsole: WarningHandler = (message) => console.warn(`tanuki: ${message}`)
let handler: WarningHandler = toConsole
const said = new Set<string>()

/** Replaces where warnings go (default: `console.warn`, so stderr); null restores the default. Returns the previous one. */
export function setWarningHandler(next: WarningHandler | null): WarningHandler {
  if (next !== null && typeof next !== 'function') {
    const expected = 'a function of the message, or null'
    throw new ArgumentError(problem({ where: 'setWarningHandler', expected, received: next }))
  }
  const previous = handler
  handler = next ?? toConsole
  return previous
}

/** Gives a warning to the handler. */
export function warn(message: string): void {
  handler(message)
}

/** The same, but each text once in the life of the process. */
export function warnOnce(message: string): void {
  if (said.has(message)) return
  said.add(message)
  handler(message)
}
