// Reads 20,000 damaged files with every reader: node scripts/fuzz.mjs [--count N] [--seed FIRST] [--only NAME] [--record]. A failing case
// is told with its seed, also if it ended or stopped the process; put the seed into tests/faults/seeds.json, so that it stays in the
// suite. --record writes what came out into docs/file-formats.md.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const book = join(root, 'docs/file-formats.md')
const folder = mkdtempSync(join(tmpdir(), 'tanuki-fuzzing-'))
const [progress, results] = [join(folder, 'case'), join(folder, 'results')]
writeFileSync(progress, 'the beginning')
writeFileSync(results, '')

/** Milliseconds that one file may take before all is ended: more than the readers' own limits. */
const patience = 400_000

function run() {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const filter = values.only === undefined ? [] : ['-t', values.only]
  const child = spawn(process.execPath, [vitest, 'run', 'tests/faults/fuzz.test.ts', ...filter], {
    cwd: root,
    env: {
      ...process.env,
      TANUKI_FUZZ: values.count,
      TANUKI_FUZZ_SEED: values.seed,
      TANUKI_FUZZ_PROGRESS: progress,
      TANUKI_FUZZ_RESULTS: results,
    },
    stdio: 'inherit',
    // A group of its own: what it started is ended with it.
    detached: true,
  })
  const end = () => process.kill(-child.pid, 'SIGKILL')
  process.once('SIGINT', end)
  let [last, since] = ['', Date.now()]
  const watch = setInterval(() => {
    const now = readFileSync(progress, 'utf8')
    if (now !== last) [last, since] = [now, Date.now()]
    if (Date.now() - since < patience) return
    console.error(`No end of ${last}`)
    end()
  }, 1000)
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      clearInterval(watch)
      if (code !== 0) console.error(`Ended with ${code}; the last file was ${readFileSync(progress, 'utf8')}`)
      resolve(code ?? 1)
    })
  })
}

const [begin, finish] = ['<!-- fuzz -->\n', '<!-- end -->']
const heads =
  '| reader | files | first seed | read | refused | kinds of errors | grew by |\n|---|---|---|---|---|---|---|\n'

/** Rows of readers that were not run stay as they were. */
function record() {
  const text = readFileSync(book, 'utf8')
  const from = text.indexOf(begin) + begin.length
  const to = text.indexOf(finish, from)
  const rows = new Map()
  for (const line of text.slice(from, to).split('\n').slice(2)) if (line !== '') rows.set(line.split(' | ')[0], line)
  for (const line of readFileSync(results, 'utf8').trim().split('\n')) {
    const { name, files, first, accepted, refused, kinds, megabytes } = JSON.parse(line)
    const cells = [files.toLocaleString('en'), first, accepted.toLocaleString('en'), refused.toLocaleString('en'), kinds, `${megabytes} MB`] // prettier-ignore
    rows.set(`| ${name}`, `| ${name} | ${cells.join(' | ')} |`)
  }
  writeFileSync(book, `${text.slice(0, from)}${heads}${[...rows.values()].join('\n')}\n${text.slice(to)}`)
}

process.exitCode = await run()
if (values.record && process.exitCode === 0) record()
rmSync(folder, { recursive: true })
