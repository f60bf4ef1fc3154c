// Writes docs/tables anew: `npm run generate`. The tables are made where their test is, from the code's own tables.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'tests/tables.test.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, TANUKI_GENERATE: '1' } },
)
process.exitCode = status ?? 1
