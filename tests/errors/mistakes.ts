// Runs tables of mistakes: each must end in an error of ours that says where, what was expected and what came; the texts are
// kept in files to be read.
import { beforeEach, expect, test } from 'vitest'
import { clearSession, setRandomSeed, TanukiError } from '../../src/index.ts'

/** What a newcomer does wrong, in words, and the call that does it. */
export type Mistakes = Readonly<Record<string, () => unknown>>

/** What TypeScript would refuse, as a JavaScript user may write it. */
export const wrong = (value: unknown): never => value as never

/** The functions of a module or object, to be called with anything. */
export type Loose = Record<string, (...given: unknown[]) => unknown>
export const loose = (value: object): Loose => value as unknown as Loose

/** One mistake for each of the values. */
export function each(call: (value: unknown) => unknown, values: Readonly<Record<string, unknown>>): Mistakes {
  return Object.fromEntries(Object.entries(values).map(([what, value]) => [what, () => call(value)]))
}

// What speaks may be an address, with colons of its own.
const form = /^(?:[^:]|:\/\/|:\d)*: expected .+, received .+\.( .+[.?!]|.*\n- .+)?$/s
const engineRoom =
  /is not a function|Cannot (read|destructure|convert)|is not iterable|is not a constructor|\[object|undefined is/

/** The message of the error that `make` ends in, or why there is none that would help. */
async function messageOf(make: () => unknown): Promise<{ text: string; poor: boolean }> {
  try {
    await make()
    return { text: 'ACCEPTED', poor: true }
  } catch (error) {
    const { name, message } = error as Error
    const poor = !(error instanceof TanukiError) || !form.test(message) || engineRoom.test(message)
    return { text: `${name}: ${message}`, poor: poor || message.length > 1200 }
  }
}

/**
 * One test for each function (`exports.test.ts` counts the mistakes), and one that compares all messages with `messages/<family>.txt`
 * (`npx vitest run tests/errors -u` writes it anew: read what changed). `hide` are texts that differ from run to run.
 */
export function checkMistakes(
  family: string,
  table: Readonly<Record<string, Mistakes>>,
  { hide = {} }: { hide?: Readonly<Record<string, string>> } = {},
): void {
  beforeEach(() => {
    clearSession()
    setRandomSeed(1)
  })
  const texts = new Map<string, string>()

  test.each(Object.keys(table))('%s', async (name) => {
    const lines: string[] = []
    const poor: string[] = []
    for (const [mistake, make] of Object.entries(table[name]!)) {
      const found = await messageOf(make)
      let text = found.text
      // Long lists of names grow with the library; the first ones tell enough.
      text = text.replace(/([\w.]+, [\w.]+, [\w.]+)(?:, (?!received)[\w.]+){4,}/g, '$1, …')
      for (const [secret, shown] of Object.entries(hide)) text = text.replaceAll(secret, shown)
      lines.push(`  ${mistake}\n    ${text.replaceAll('\n', '\n    ')}`)
      if (found.poor) poor.push(`${mistake}: ${text}`)
    }
    texts.set(name, `${name}\n${lines.join('\n')}\n`)
    expect(poor).toEqual([])
  })

  test(`the messages read as in messages/${family}.txt`, async () => {
    // With a filter on names there is only a part of them.
    if (texts.size < Object.keys(table).length) return
    await expect([...texts.values()].join('\n')).toMatchFileSnapshot(`messages/${family}.txt`)
  })
}

/** The names of all functions and classes that `module` exports, apart from `but`. */
export function functionsOf(module: object, but: readonly string[] = []): string[] {
  return Object.entries(module)
    .filter(([name, value]) => typeof value === 'function' && !but.includes(name))
    .map(([name]) => name)
    .sort()
}
