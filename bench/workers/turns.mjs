// A worker's side of taking turns: warms up, says that it is ready, and runs when told to.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** The most memory that this process has had, in MB (10^6 bytes). */
export function peakMemoryMB() {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return found === null ? null : (Number(found[1]) * 1024) / 1e6
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Writes one line for the bench. @param {unknown} value */
export function tell(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/**
 * Each line `turn` on standard input runs for about `turnMs` and answers { ms: [...] }; `end` answers with median and memory.
 * A turn of several runs begins with one that does not count: the caches hold what the other engine left there.
 * @param {{ run: () => Promise<unknown>, warmUp: number, turnMs: number, facts: (results: unknown[]) => object }} work
 */
export async function takeTurns({ run, warmUp, turnMs, facts }) {
  const timed = async () => {
    const from = performance.now()
    const result = await run()
    return { ms: performance.now() - from, result }
  }
  const warm = []
  for (let i = 0; i < warmUp; i++) warm.push(await timed())
  tell({ ready: true, ...facts(warm.map(({ result }) => result)) })
  const runs = Math.max(1, Math.min(50, Math.round(turnMs / warm.at(-1).ms)))
  const all = []
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== 'turn') break
    if (runs > 1) await run()
    const ms = []
    for (let i = 0; i < runs; i++) ms.push((await timed()).ms)
    all.push(...ms)
    tell({ ms })
  }
  if (all.length === 0) throw new Error('no turn was taken')
  tell({ medianMs: median(all), peakMemoryMB: peakMemoryMB() })
  process.exit(0)
}
