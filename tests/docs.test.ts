// The code examples of README and docs/ are type-checked against the sources, so that they cannot grow old unnoticed.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Example {
  readonly where: string
  readonly path: string
  readonly code: string
}

function markdownFiles(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name))
  const top = readdirSync(root)
  return [...top, ...docs].filter((name) => name.endsWith('.md')).sort()
}

function examplesIn(file: string): Example[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match, index) => {
    const line = text.slice(0, match.index).split('\n').length + 1
    const name = `${file.replaceAll(/\W+/g, '-')}-example-${index}.ts`
    return { where: `${file}:${line}`, path: join(root, name), code: `${match[1]!}\nexport {}\n` }
  })
}

/** Messages of the compiler, by path of the example. */
function typeCheck(examples: readonly Example[]): Map<string, string[]> {
  const configPath = join(root, 'tsconfig.check.json')
  const { config } = ts.readConfigFile(configPath, (path) => ts.sys.readFile(path)) as { config: unknown }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const code = new Map(examples.map((example) => [example.path, example.code]))
  const host = ts.createCompilerHost(options)
  const fileExists = host.fileExists.bind(host)
  const readFile = host.readFile.bind(host)
  host.fileExists = (path) => code.has(path) || fileExists(path)
  host.readFile = (path) => code.get(path) ?? readFile(path)
  const getSourceFile = host.getSourceFile.bind(host)
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const text = code.get(path)
    if (text === undefined) return getSourceFile(path, languageVersion, ...rest)
    return ts.createSourceFile(path, text, languageVersion, true)
  }
  const program = ts.createProgram([...code.keys()], options, host)
  return new Map(
    examples.map(({ path }) => {
      const source = program.getSourceFile(path)!
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
      return [
        path,
        found.map(({ messageText, start }) => {
          const { line } = source.getLineAndCharacterOfPosition(start ?? 0)
          return `line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
        }),
      ]
    }),
  )
}

const examples = markdownFiles().flatMap(examplesIn)
const broken: Example = {
  where: 'here',
  path: join(root, 'broken-example.ts'),
  code: "import { nothing } from 'tanuki-ml'\nnothing()\n",
}

describe('code examples', () => {
  const messages = typeCheck([...examples, broken])

  test.each(examples)('$where', ({ path }) => {
    expect(messages.get(path)).toEqual([])
  })
  test('README has examples', () => {
    expect(examples.filter(({ where }) => where.startsWith('README.md')).length).toBeGreaterThan(1)
  })
  test('a wrong example is found out', () => {
    expect(messages.get(broken.path)!.join()).toContain("has no exported member 'nothing'")
  })
})

describe('documents', () => {
  test.each(markdownFiles())('the links of %s lead somewhere', (file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const folder = join(root, file, '..')
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (target === undefined || /^(https?:|#)/.test(target)) continue
      const path = join(folder, target.replace(/#.*/, ''))
      expect(ts.sys.fileExists(path) || ts.sys.directoryExists(path), `${relative(root, path)} exists`).toBe(true)
    }
  })
})
