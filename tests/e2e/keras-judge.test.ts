// Real Keras reads what Tanuki wrote, and Tanuki what Keras wrote: one test a file. Left out, with the reason, where there is no Keras.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { cacheFolder } from '../../src/data/cache-folder.ts'

interface Verdict {
  readonly file: string
  readonly library: string
  /** Largest difference of the outputs, relative to max(1, value). */
  readonly difference?: number
  /** The same of the logs and of the weights after the next training step. */
  readonly next?: number
  readonly weights?: number
  readonly error?: string
}
type Keras = { readonly python: string; readonly env: NodeJS.ProcessEnv } | { readonly reason: string }

const scripts = new URL('../../scripts/', import.meta.url)
const { kerasPython } = (await import(new URL('keras-python.mjs', scripts).href)) as {
  readonly kerasPython: (cache: string) => Promise<Keras>
}

/** The verdicts, and what went wrong with the judge itself. */
function judge({ python, env }: Extract<Keras, { python: string }>): Promise<{ verdicts: Verdict[]; problem: string }> {
  const script = fileURLToPath(new URL('keras-judge.mjs', scripts))
  const child = spawn(process.execPath, [script, '--json', '--python', python], { env, timeout: 300_000 })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const verdicts = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Verdict) // prettier-ignore
      // 1 means that a verdict is bad, which its own test tells.
      const ended = verdicts.length > 0 && (code === 0 || code === 1)
      resolve({ verdicts, problem: ended ? '' : `the judge ended with ${signal ?? code}\n${errors}` })
    })
  })
}

const keras = await kerasPython(cacheFolder())
if ('reason' in keras) {
  console.warn(`files are not judged by Keras: ${keras.reason}`)
  test.skip('files are judged by Keras')
} else {
  const { verdicts, problem } = await judge(keras)
  test('Keras judges', () => {
    expect(problem).toBe('')
  })
  test.each(verdicts)('$file: $library', ({ error, difference, next = 0, weights = 0 }) => {
    expect(error).toBeUndefined()
    expect(difference).toBeLessThanOrEqual(1e-6)
    expect(next).toBeLessThanOrEqual(1e-4)
    expect(weights).toBeLessThanOrEqual(1e-4)
  })
}
