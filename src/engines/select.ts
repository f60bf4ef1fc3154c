// Chooses the engine: by TANUKI_ENGINE, by setEngine, or the native one with the reference engine as a fallback that says so.
import { ArgumentError, EngineError, problem } from '../errors.ts'
import { closest } from '../platform/arguments.ts'
import { environmentVariable } from '../platform/environment.ts'
import { warnOnce } from '../platform/warn.ts'
import type { Engine, EngineInfo } from './engine.ts'

export type EngineName = 'native' | 'reference'
const names: readonly EngineName[] = ['native', 'reference']

let wanted: EngineName | null = null
let chosen: Engine | null = null
let choosing: Promise<Engine> | null = null

/**
 * Chooses the engine, before the first use of any. `TANUKI_ENGINE`, if set, is stronger.
 * @throws ArgumentError for an unknown name, or if another engine is already in use.
 * @throws EngineError if the engine cannot be loaded; nothing is put in its place.
 */
export async function setEngine(name: EngineName): Promise<void> {
  checkName('setEngine', name)
  const forced = environmentVariable('TANUKI_ENGINE')
  const effective = forced === undefined ? name : checkName('TANUKI_ENGINE', forced)
  if (choosing !== null) {
    const current = await choosing
    if (current.name === effective) return
    throw new ArgumentError(
      problem({
        where: 'setEngine',
        expected: 'a call before the first use of an engine',
        received: name,
        hint: `The engine "${current.name}" is in use already; call setEngine first thing in the program`,
      }),
    )
  }
  wanted = effective
  await ready()
}

/** The engine in use; chooses and loads it at the first call. @throws EngineError if the one asked for cannot be loaded. */
export function ready(): Promise<Engine> {
  choosing ??= choose().then(
    (engine) => {
      chosen = engine
      return engine
    },
    (error: unknown) => {
      // Another try, or another choice, stays possible.
      choosing = null
      throw error
    },
  )
  return choosing
}

/** The engine, if it is loaded already. */
export function loadedEngine(): Engine | null {
  return chosen
}

/** The engine in use, for whoever wants to know. */
export const engine = {
  /**
   * Which engine runs and why, its threads, instruction set and versions.
   * @throws EngineError before the first use; `await ready()` loads it.
   */
  info(): EngineInfo {
    if (chosen === null) {
      throw new EngineError(
        problem({
          where: 'engine.info',
          expected: 'an engine in use',
          received: 'none so far',
          hint: 'It is chosen at the first computation; `await ready()` chooses it now',
        }),
      )
    }
    return chosen.info()
  },
}

async function choose(): Promise<Engine> {
  const forced = environmentVariable('TANUKI_ENGINE')
  const name = forced === undefined ? wanted : checkName('TANUKI_ENGINE', forced)
  const by = `chosen by ${forced === undefined ? 'setEngine' : 'TANUKI_ENGINE'}`
  if (name === 'reference') return loadReference(by)
  try {
    return await loadNative(name === null ? 'the default' : by)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    if (name === 'native') {
      if (error instanceof EngineError) throw error
      throw new EngineError(`native engine (${by}): ${cause}`, { cause: error })
    }
    const reason = `the native engine could not be loaded: ${cause}`
    warnOnce(
      `computing with the slow reference engine, because ${reason} ` +
        `(Set TANUKI_ENGINE=reference to choose it without this message.)`,
    )
    return loadReference(reason)
  }
}

async function loadReference(reason: string): Promise<Engine> {
  const { createReferenceEngine } = await import('./reference/index.ts')
  return createReferenceEngine(reason)
}

async function loadNative(reason: string): Promise<Engine> {
  // Not a literal: bundles for browsers leave the addon out, and find no module here.
  const path: string = './native/index.ts'
  const { createNativeEngine } = (await import(path)) as typeof import('./native/index.ts')
  return createNativeEngine(reason)
}

function checkName(where: string, name: string): EngineName {
  const known = names.find((candidate) => candidate === name)
  if (known === undefined) {
    const meant = typeof name === 'string' ? closest(name, names) : null
    const hint = meant === null ? {} : { hint: `Did you mean "${meant}"?` }
    const expected = names.map((n) => `"${n}"`).join(' or ')
    throw new ArgumentError(problem({ where, expected, received: name, ...hint }))
  }
  return known
}
