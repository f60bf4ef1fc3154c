// `tanuki devices`: what computes here, and why.
import { cpus } from 'node:os'
import { cacheFolder } from '../data/index.ts'
import { pictureAddon } from '../data/picture-addon.ts'
import { engine, ready } from '../ops/index.ts'

/** Prints the engine with its reason, the processor, and the versions of what decodes and computes. */
export async function devices(print: (line: string) => void): Promise<number> {
  await ready()
  const { name, reason, threads, instructionSet, versions } = engine.info()
  const cores = cpus()
  const turbo = (await pictureAddon())?.jpeg === true
  const rows = {
    engine: `${name} (${reason})`,
    processor: `${cores[0]?.model.trim() || 'unknown'}, ${cores.length} logical cores`,
    'instruction set': instructionSet,
    threads: String(threads),
    ...versions,
    'JPEG pictures': turbo
      ? "decoded by libjpeg-turbo, with TensorFlow's values"
      : 'decoded by sharp, about one level from TensorFlow',
    'cache folder': cacheFolder(),
  }
  const width = Math.max(...Object.keys(rows).map((row) => row.length))
  for (const [row, value] of Object.entries(rows)) print(`${row.padEnd(width)}  ${value}`)
  return 0
}
