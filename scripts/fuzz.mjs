// Reads 20,000 damaged files with every reader: node scripts/fuzz.mjs [--count N] [--seed FIRST] [--only NAME]. A failing case is told with
// its seed; put it into tests/faults/seeds.json, so that it stays in the suite.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const filter = values.only === undefined ? [] : ['-t', values.only]
const { status } = spawnSync(process.execPath, [vitest, 'run', 'tests/faults/fuzz.test.ts', ...filter], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, TANUKI_FUZZ: values.count, TANUKI_FUZZ_SEED: values.seed },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
