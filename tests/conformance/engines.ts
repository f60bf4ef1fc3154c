// The engines that the suite runs on: the reference always, others where they load.
import { existsSync } from 'node:fs'
import type { Engine } from '../../src/engines/engine.ts'
import { createReferenceEngine } from '../../src/engines/reference/index.ts'

export interface EngineEntry {
  readonly name: string
  /** A fresh engine, sharing nothing with others. */
  readonly create: () => Promise<Engine>
}

const referenceEntry: EngineEntry = { name: 'reference', create: () => Promise.resolve(createReferenceEngine()) }

const nativeModule = new URL('../../src/engines/native/index.ts', import.meta.url)

async function nativeEntry(): Promise<EngineEntry> {
  const module = (await import(nativeModule.href)) as { createNativeEngine: () => Engine | Promise<Engine> }
  const entry = { name: 'native', create: async () => module.createNativeEngine() }
  // Loading the module loads no addon yet; making an engine does.
  await entry.create()
  return entry
}

/**
 * `TANUKI_CONFORMANCE` names the engines, comma-separated; one that does not load is then an error.
 * Without it: the reference engine, and the native one if it loads.
 */
export async function engines(): Promise<readonly EngineEntry[]> {
  const wanted = process.env['TANUKI_CONFORMANCE']?.split(',').map((name) => name.trim())
  if (wanted === undefined) {
    if (!existsSync(nativeModule)) return [referenceEntry]
    try {
      return [referenceEntry, await nativeEntry()]
    } catch (error) {
      console.warn(`conformance: without the native engine, which does not load: ${String(error)}`)
      return [referenceEntry]
    }
  }
  return Promise.all(
    wanted.map(async (name) => {
      if (name === 'reference') return referenceEntry
      if (name === 'native') return nativeEntry()
      throw new Error(`TANUKI_CONFORMANCE: expected reference or native, received "${name}"`)
    }),
  )
}
