// The committed TypeScript of the protobuf schemas is what the generator makes of them.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const committed = 'src/formats/generated'

test('npm run generate changes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tanuki-generate-'))
  try {
    await promisify(execFile)('node_modules/.bin/buf', ['generate', '-o', folder])
    const made = join(folder, committed)
    const files = readdirSync(committed).sort()
    expect(files.length).toBeGreaterThan(0)
    expect(readdirSync(made).sort()).toEqual(files)
    for (const file of files) {
      expect(readFileSync(join(made, file), 'utf8')).toBe(readFileSync(join(committed, file), 'utf8'))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
