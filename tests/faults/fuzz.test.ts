// Thousands of damaged files for every reader: each is read or refused with an error of the library, in bounded time and memory, and a
// refused file leaves the model as it was. A few of each in the suite; `npm run fuzz` runs 20,000 of each.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TanukiError } from '../../src/errors.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'
import { dataTargets } from './data-targets.ts'
import { modelTargets } from './model-targets.ts'

const count = Number(process.env.TANUKI_FUZZ ?? 60)
const first = Number(process.env.TANUKI_FUZZ_SEED ?? 1)
/** Where the case at hand is written before it is tried: who ends the process, or sees it end, can tell which it was. */
const progress = process.env.TANUKI_FUZZ_PROGRESS
/** Where one line of JSON is added for each reader. */
const results = process.env.TANUKI_FUZZ_RESULTS
/** Seeds that once failed are tried for ever. */
const kept = JSON.parse(readFileSync('tests/faults/seeds.json', 'utf8')) as Record<string, number[]>
/** Bytes that the process may grow by. */
const maxMemory = 1.5e9

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanuki-fuzz-'))
  setWarningHandler(() => undefined)
})
afterAll(() => {
  rmSync(folder, { recursive: true })
  setWarningHandler(null)
})

/** Errors that differ only in numbers and in the file's place are one kind. */
function kindOf({ message }: Error): string {
  return message.replaceAll(folder, '').replace(/\d+/g, '0').slice(0, 200)
}
/** The greatest size that this process has had, in bytes. */
function greatest(): number {
  return process.resourceUsage().maxRSS * 1024
}

describe('damaged files', () => {
  for (const target of [...modelTargets, ...dataTargets]) {
    const { name, sealed = false } = target
    test(name, { timeout: 60_000 + count * 200 }, async () => {
      const read = await target.prepare(folder)
      const [before, greatestBefore] = [process.memoryUsage.rss(), greatest()]
      const seeds = [...(kept[name] ?? []), ...Array.from({ length: count }, (_, i) => first + i)]
      const failures: string[] = []
      const kinds = new Set<string>()
      let refused = 0
      let most = before
      for (const seed of seeds) {
        if (progress !== undefined) writeFileSync(progress, `${name}, seed ${seed}`)
        const start = performance.now()
        try {
          await read(seed)
        } catch (error) {
          refused++
          kinds.add(kindOf(error as Error))
          if (!(error instanceof TanukiError)) failures.push(`seed ${seed}: ${(error as Error).stack}`)
        }
        if (performance.now() - start > 300_000) failures.push(`seed ${seed}: took ${performance.now() - start} ms`)
        most = Math.max(most, process.memoryUsage.rss(), greatest() > greatestBefore ? greatest() : 0)
        if (most - before > maxMemory) failures.push(`seed ${seed}: ${(most - before) / 1e6} MB more than before`)
        if (failures.length >= 5) break
      }
      const megabytes = Math.round((most - before) / 1e6)
      const accepted = seeds.length - refused
      const line = { name, files: seeds.length, first, accepted, refused, kinds: kinds.size, megabytes }
      if (results !== undefined) appendFileSync(results, `${JSON.stringify(line)}\n`)
      if (count > 1000) console.log(JSON.stringify(line))
      expect(failures.join('\n')).toBe('')
      // A mutation that never does harm, or is always found at the gate, would test nothing.
      expect(refused).toBeGreaterThan(seeds.length / 20)
      if (count > 1000 && !sealed) expect(accepted).toBeGreaterThan(0)
      if (count > 1000) expect(kinds.size).toBeGreaterThan(3)
    })
  }
})
