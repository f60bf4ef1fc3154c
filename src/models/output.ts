// Where progress lines, summaries and messages of callbacks go: standard output, unless somebody sets another sink.

/** A text sink. `isTerminal` decides whether lines may be redrawn, `columns` how wide they may be. */
export interface Output {
  write(text: string): void
  readonly isTerminal: boolean
  /** Null if unknown (not a terminal). */
  readonly columns: number | null
  readonly colors: boolean
}

interface ProcessLike {
  stdout?: { write(text: string): boolean; isTTY?: boolean; columns?: number }
  env?: Record<string, string | undefined>
}

let replacement: Output | null = null

/** Sends everything that models print to `output`; null goes back to standard output. */
export function setOutput(output: Output | null): void {
  replacement = output
}

/** The sink in force. */
export function currentOutput(): Output {
  return replacement ?? standardOutput()
}

/** Standard output where there is a process, else the console. NO_COLOR turns colours off. */
function standardOutput(): Output {
  const { process } = globalThis as { process?: ProcessLike }
  const stdout = process?.stdout
  if (stdout === undefined) {
    const write = (text: string): void => console.log(text.replace(/\n$/, ''))
    return { write, isTerminal: false, columns: null, colors: false }
  }
  const isTerminal = stdout.isTTY === true
  return {
    write: (text) => void stdout.write(text),
    isTerminal,
    // Some terminals say that they are 0 wide: those of containers and of continuous integration.
    columns: isTerminal ? stdout.columns || 80 : null,
    colors: isTerminal && (process?.env?.NO_COLOR ?? '') === '',
  }
}
