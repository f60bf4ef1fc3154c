// The committed tables are those that the code gives. `npm run generate` writes them anew.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { layersTable, primitivesTable } from './tables.ts'

test.each([
  ['layers', layersTable],
  ['primitives', primitivesTable],
] as const)('docs/tables/%s.md is current', (name, make) => {
  const path = fileURLToPath(new URL(`../docs/tables/${name}.md`, import.meta.url))
  if (process.env.TANUKI_GENERATE === '1') {
    mkdirSync(fileURLToPath(new URL('../docs/tables/', import.meta.url)), { recursive: true })
    writeFileSync(path, make())
  }
  expect(readFileSync(path, 'utf8'), 'run `npm run generate`').toBe(make())
})
