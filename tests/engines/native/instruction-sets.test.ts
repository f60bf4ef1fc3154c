// Every instruction set that this processor has, forced once: values of all primitives, and whole networks. One process each, since it is chosen at load.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'
import { loadBinding } from '../../../src/engines/native/binding.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const order = ['portable', 'avx2', 'avx512']
let best = ''

beforeAll(() => {
  best = loadBinding().information().instructionSet
})

it.each(order)('%s', { timeout: 300_000 }, async (isa) => {
  if (order.indexOf(isa) > order.indexOf(best)) return // this processor cannot be made to run it
  const files = ['tests/conformance/values.test.ts', 'tests/conformance/random-graphs.test.ts']
  const { stdout } = await run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...files], {
    cwd: root,
    env: { ...process.env, TANUKI_ISA: isa, TANUKI_CONFORMANCE: 'native', TANUKI_FAILED_CHECKS: '', NO_COLOR: '1' },
    maxBuffer: 1 << 26,
  })
  expect(stdout).toMatch(/^\d{4,} passed, 0 failed/m)
})
