// Where randomness starts: one seed for everything, derived seeds for each object, and random numbers on the host.
import { ArgumentError, problem } from '../errors.ts'
import { philoxBlock } from '../graph/philox.ts'
import { checkRules, text } from '../platform/option-rules.ts'
import { requireCount } from './checks.ts'
import { autoName } from './naming.ts'
import type { Tensor } from './tensor.ts'
import { Variable } from './variable.ts'

/** A stream of random numbers on the host: equal seeds give equal streams. */
export interface HostRandom {
  /** In [0, 1), with 53 random bits. */
  uniform(): number
  /** Mean 0, standard deviation 1. */
  normal(): number
  /** A whole number in [0, n), 1 <= n <= 2^53. */
  int(n: number): number
}

/** `seed`: a whole number; `stream` tells independent generators of one seed apart. */
export function hostRandom(seed: number, stream = 0): HostRandom {
  checkSeed('hostRandom', seed)
  requireCount('hostRandom', 'stream', stream)
  // Seeds beyond 32 bits count in full.
  const key: readonly [number, number] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]
  const words = new Uint32Array(4)
  let block = 0
  let used = 4
  const word = (): number => {
    if (used === 4) {
      // The last word of the counter keeps these streams apart from the engines' randomUniform, where it is 0.
      philoxBlock([block >>> 0, Math.floor(block / 2 ** 32), stream >>> 0, 1], key, words)
      block++
      used = 0
    }
    return words[used++]!
  }
  const uniform = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53
  let spare: number | null = null
  return {
    uniform,
    normal() {
      if (spare !== null) {
        const value = spare
        spare = null
        return value
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
      const angle = 2 * Math.PI * uniform()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
    int(n) {
      if (!Number.isSafeInteger(n) || n < 1) {
        throw new ArgumentError(problem({ where: 'hostRandom.int', expected: 'a whole number >= 1', received: n }))
      }
      return Math.floor(uniform() * n)
    },
  }
}

let seeds: HostRandom | null = null

/**
 * Fixes everything random that follows: initializers, dropout, augmentation, shuffling. Objects that were given a seed of their
 * own keep it, and those that exist already keep the one that they have drawn. `seed`: a whole number >= 0.
 */
export function setRandomSeed(seed: number): void {
  checkSeed('setRandomSeed', seed)
  seeds = hostRandom(seed, 1)
}
/** A seed in [1, 1e9] for an object that was given none: the next of those that follow from `setRandomSeed`. */
export function nextSeed(): number {
  seeds ??= hostRandom(Math.floor(Math.random() * 2 ** 53), 1)
  return 1 + seeds.int(1e9)
}

function checkSeed(where: string, seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ArgumentError(problem({ where, expected: 'a seed: a whole number >= 0', received: seed }))
  }
}

/** A source of seeds for the random operations: its state [seed, counter] is a Variable, so that a traced step moves on too. */
export class SeedGenerator {
  readonly seed: number
  readonly name: string
  /** int32 (2,), not trainable. */
  readonly state: Variable

  /** `seed`: a whole number >= 0; default: the next of `setRandomSeed`. */
  constructor(seed?: number | null, options: { name?: string } = {}) {
    if (seed !== undefined && seed !== null) checkSeed('SeedGenerator', seed)
    checkRules('SeedGenerator', options, { name: text }, 'new SeedGenerator(1, { name: "seeds" })')
    this.seed = seed ?? nextSeed()
    this.name = options.name ?? autoName('seed_generator')
    const state = Int32Array.of(this.seed, 0)
    this.state = new Variable(state, { trainable: false, name: `${this.name}_state` })
  }

  /** The current state, an int32 (2,) tensor, as the seed of one random operation. Then adds [0, 1] to it. */
  next(): Tensor {
    const current = this.state.value()
    this.state.assignAdd([0, 1])
    return current
  }
}
