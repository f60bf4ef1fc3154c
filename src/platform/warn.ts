// Warnings: the one replaceable function through which the library says that something is odd but not wrong.

export type WarningHandler = (message: string) => void

const toConsole: WarningHandler = (message) => console.warn(`tanuki: ${message}`)
let handler: WarningHandler = toConsole
const said = new Set<string>()

/** Replaces where warnings go (default: `console.warn`, so stderr); null restores the default. Returns the previous one. */
export function setWarningHandler(next: WarningHandler | null): WarningHandler {
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
