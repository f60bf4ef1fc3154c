// The `tanuki` command: what it prints, its exit codes, and what an installed package needs to build the addon.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { engine, ready } from '../../src/index.ts'

async function tanuki(...given: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await run(given, (line) => void out.push(line), (line) => void err.push(line)) // prettier-ignore
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('devices tells what computes and how pictures are decoded', async () => {
  const { code, out, err } = await tanuki('devices')
  await ready()
  const { name, instructionSet, threads } = engine.info()
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(new RegExp(`^engine +${name} \\(.+\\)$`, 'm'))
  expect(out).toMatch(new RegExp(`^instruction set +${instructionSet}$`, 'm'))
  expect(out).toMatch(new RegExp(`^threads +${threads}$`, 'm'))
  expect(out).toMatch(/^JPEG pictures +decoded by (libjpeg-turbo|sharp), /m)
  expect(out).toMatch(/^cache folder +\S/m)
})

test.each([[['--help'], 0], [['help'], 0], [['devices', '--help'], 0], [[], 2]] as const)('%j lists the commands', async (given, code) => {
  const answer = await tanuki(...given)
  expect(answer.code).toBe(code)
  expect(answer.out).toMatch(/^Usage: tanuki COMMAND[^]*devices[^]*build-native/)
}) // prettier-ignore

test('a command that is not there is refused with the one that was meant', async () => {
  const { code, out, err } = await tanuki('device')
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('there is no command "device"; did you mean "devices"?')
  expect((await tanuki('constructor')).code).toBe(2)
})

test('arguments that a command does not take are refused', async () => {
  expect(await tanuki('devices', '--json')).toEqual({
    code: 2,
    out: '',
    err: 'tanuki devices: takes no arguments; received --json',
  })
})

test('what the build of the addon needs is installed with the package', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const { bin, dependencies, files } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string> & string[]
  >
  const wanted = [...read('scripts/build-native.mjs').matchAll(/require(?:\.resolve)?\('([^/']+)/g)].map(
    (match) => match[1]!,
  )
  expect(wanted.length).toBeGreaterThan(0)
  expect(Object.keys(dependencies!)).toEqual(expect.arrayContaining(wanted))
  expect(files).toEqual(expect.arrayContaining(['native', 'scripts']))
  expect(bin).toEqual({ tanuki: 'dist/cli/main.js' })
})
