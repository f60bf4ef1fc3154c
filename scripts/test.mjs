// `npm test`: sets up what is missing, then lint, format, types and all tests. `--fast` leaves the slow tests out.
import { join } from 'node:path'
import { root, run, runScript, say, setup } from './setup.mjs'

const args = process.argv.slice(2)
const fast = args.includes('--fast')
const vitestArgs = args.filter((arg) => arg !== '--fast')
const bin = (name, file) => join(root, 'node_modules', name, file)

const checks = [
  { name: 'lint', script: bin('eslint', 'bin/eslint.js'), args: ['--max-warnings', '0', '.'] },
  {
    name: 'import directions',
    script: bin('dependency-cruiser', 'bin/dependency-cruise.mjs'),
    args: ['--config', '.dependency-cruiser.mjs', 'src'],
  },
  { name: 'format', script: bin('prettier', 'bin/prettier.cjs'), args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'types', script: bin('typescript', 'bin/tsc'), args: ['--noEmit', '-p', 'tsconfig.check.json'] },
]

await runScript(async () => {
  // The tests read src/; the end-to-end test alone runs what was compiled.
  await setup({ build: !fast })
  const failed = []
  if (vitestArgs.length === 0 && !fast) {
    for (const check of checks) {
      const { code, output } = await run(process.execPath, ['--max-old-space-size=4096', check.script, ...check.args])
      say(`${check.name}: ${code === 0 ? 'passed' : 'FAILED'}`)
      if (code === 0) continue
      failed.push(check.name)
      say(output.trim())
    }
  }
  const env = { ...process.env, TANUKI_FAILED_CHECKS: failed.join(', '), ...(fast ? { TANUKI_FAST: '1' } : {}) }
  const { code } = await run(process.execPath, [bin('vitest', 'vitest.mjs'), 'run', ...vitestArgs], { show: true, env })
  process.exitCode = failed.length > 0 ? 1 : code
})
