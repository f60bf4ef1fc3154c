// Finds the command that the arguments name and runs it.
import { closest } from '../platform/arguments.ts'
import { buildNative } from './build-native.ts'
import { devices } from './devices.ts'

export interface Command {
  readonly summary: string
  /** @returns The exit code. */
  readonly run: (print: (line: string) => void) => Promise<number>
}

const commands: Readonly<Record<string, Command>> = {
  devices: { summary: 'which engine computes here, on what, and how pictures are decoded', run: devices },
  'build-native': {
    summary: 'build the native engine for this machine (needs g++ and Python 3 with pip)',
    run: buildNative,
  },
}

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const list = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: tanuki COMMAND\n\n${list.join('\n')}\n`
}

/**
 * Runs the `tanuki` command.
 * @param given What stands behind `tanuki`.
 * @returns The exit code: 0; 1 where the command failed; 2 where the arguments are wrong.
 */
export async function run(
  given: readonly string[],
  print: (line: string) => void = console.log,
  complain: (line: string) => void = console.error,
): Promise<number> {
  const [name, ...rest] = given
  if (name === undefined || name === 'help' || given.includes('--help') || given.includes('-h')) {
    print(usage())
    return name === undefined ? 2 : 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    const near = closest(name, Object.keys(commands))
    complain(`tanuki: there is no command "${name}"${near === null ? '' : `; did you mean "${near}"?`}\n\n${usage()}`)
    return 2
  }
  if (rest.length > 0) {
    complain(`tanuki ${name}: takes no arguments; received ${rest.join(' ')}`)
    return 2
  }
  return command.run(print)
}
