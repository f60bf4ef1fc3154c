// A folder for the files of mistakes, and silence: what the calls warn of is no part of the tables.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { setWarningHandler } from '../../src/index.ts'

/** Makes a folder at once, since tables name it; it is gone, and warnings are heard again, after the tests of the file. */
export function quietFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tanuki-errors-'))
  beforeAll(() => {
    setWarningHandler(() => undefined)
  })
  afterAll(() => {
    setWarningHandler(null)
    rmSync(folder, { recursive: true })
  })
  return folder
}
